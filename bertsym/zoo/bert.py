"""BERT: Devlin et al. 2018, "BERT: Pre-training of Deep Bidirectional Transformers", arXiv:1810.04805."""

from sympy import Expr

from bertsym.layers import Attend, Embedding, LayerNorm, Linear, Parameter, Role
from bertsym.model import Architecture, Head, NamedSize
from bertsym.schema import Field, Schema
from bertsym.symbols import B, F, H, L, N, S, S_source, T, V, cross_attention, d, ffn_ratio, heads, labels, tied
from bertsym.tree import Block, Over, Repeat, Tied, When
from bertsym.zoo.parts import FEED_FORWARD, HEAD_SIZE


def embeddings(width: Expr, longest: Expr = N) -> Block:
    """Token, position and segment looked up and added; BERT's are H features wide, its relatives' may be fewer.

    BERT's positions serve `longest` tokens, all N; RoBERTa's serve fewer.
    """
    return Block(
        "embeddings",
        word_embeddings=Embedding(V, width, "one row per token of the vocabulary"),
        position_embeddings=Embedding(N, width, "one row per position, learned", longest),
        token_type_embeddings=Embedding(T, width, "one row per segment type"),
        LayerNorm=LayerNorm(width),
    )


def attention(component: str, keys: Expr = S) -> Block:
    """Multi-head attention over `keys` tokens: query, key and value into heads x d features, and a projection back."""
    return Block(
        component,
        self=Block(
            query=Linear(H, heads * d),
            key=Over(B * keys, Linear(H, heads * d)),
            value=Over(B * keys, Linear(H, heads * d)),
            heads=Attend(heads, d, keys),
        ),
        output=Block(dense=Linear(heads * d, H), LayerNorm=LayerNorm(H)),
    )


layer = Block(
    attention=attention("attention"),
    crossattention=When(cross_attention, attention("cross-attention", S_source)),
    intermediate=Block("feed-forward", dense=Linear(H, F)),
    output=Block("feed-forward", dense=Linear(F, H), LayerNorm=LayerNorm(H)),
)
encoder = Block(layer=Repeat(L, layer))
pooler = Over(B, Block("pooler", dense=Linear(H, H)))
model = Block(embeddings=embeddings(H), encoder=encoder, pooler=pooler)
without_pooler = Block(embeddings=embeddings(H), encoder=encoder)

predictions = Block(
    "lm-head",
    bias=Parameter((V,), Role.BIAS, "one bias per token of the vocabulary"),
    transform=Block(dense=Linear(H, H), LayerNorm=LayerNorm(H)),
    decoder=Tied(
        Linear(H, V, role=Role.EMBEDDING),
        when=tied,
        weight="bert.embeddings.word_embeddings.weight",
        bias="cls.predictions.bias",
    ),
)
next_sentence = Over(B, Linear(H, 2))

HEADS = {
    "model": Head("BertModel", model),
    "pretraining": Head(
        "BertForPreTraining",
        Block(bert=model, cls=Block("nsp-head", predictions=predictions, seq_relationship=next_sentence)),
    ),
    "masked-lm": Head("BertForMaskedLM", Block(bert=without_pooler, cls=Block(predictions=predictions))),
    "causal-lm": Head("BertLMHeadModel", Block(bert=without_pooler, cls=Block(predictions=predictions))),
    "next-sentence": Head(
        "BertForNextSentencePrediction", Block(bert=model, cls=Block("nsp-head", seq_relationship=next_sentence))
    ),
    "sequence-classification": Head(
        "BertForSequenceClassification", Block("classifier", bert=model, classifier=Over(B, Linear(H, labels)))
    ),
    "token-classification": Head(
        "BertForTokenClassification", Block("classifier", bert=without_pooler, classifier=Linear(H, labels))
    ),
    "question-answering": Head(
        "BertForQuestionAnswering", Block("classifier", bert=without_pooler, qa_outputs=Linear(H, labels))
    ),
    "multiple-choice": Head("BertForMultipleChoice", Block("classifier", bert=model, classifier=Over(B, Linear(H, 1)))),
}


def published(vocabulary: int, layers: int, hidden: int, source: str) -> NamedSize:
    """Sizes as the paper draws them: heads of 64 features, a feed-forward net four times as wide, 512 positions."""
    sizes = {V: vocabulary, N: 512, H: hidden, L: layers, heads: hidden // 64, ffn_ratio: 4, T: 2}
    return NamedSize(sizes, source)


README = "google-research/bert"
TURC = "Turc et al. 2019, arXiv:1908.08962"
MINIATURES = {
    f"bert_uncased_L-{layers}_H-{hidden}_A-{hidden // 64}": published(30522, layers, hidden, TURC)
    for layers in (2, 4, 6, 8, 10, 12)
    for hidden in (128, 256, 512, 768)
}
SIZES = {
    "bert-base-uncased": published(30522, 12, 768, README),
    "bert-large-uncased": published(30522, 24, 1024, README),
    "bert-base-cased": published(28996, 12, 768, README),
    "bert-large-cased": published(28996, 24, 1024, README),
    "bert-base-multilingual-cased": published(119547, 12, 768, README),
    "bert-base-multilingual-uncased": published(105879, 12, 768, README),
    "bert-base-chinese": published(21128, 12, 768, README),
    "bert-tiny": published(30522, 2, 128, TURC),
    "bert-mini": published(30522, 4, 256, TURC),
    "bert-small": published(30522, 4, 512, TURC),
    "bert-medium": published(30522, 8, 512, TURC),
    **MINIATURES,
}

bert = Architecture(
    name="bert",
    title="BERT",
    paper="Devlin et al. 2018, arXiv:1810.04805",
    heads=HEADS,
    definitions=(HEAD_SIZE, FEED_FORWARD),
    sizes=SIZES,
    base="bert-base-uncased",
    schema=Schema(
        "bert",
        (
            Field("vocab_size", V, 30522),
            Field("max_position_embeddings", N, 512),
            Field("hidden_size", H, 768),
            Field("num_hidden_layers", L, 12),
            Field("num_attention_heads", heads, 12),
            Field("intermediate_size", F, 3072),
            Field("type_vocab_size", T, 2),
            Field("tie_word_embeddings", tied, default=True),
            Field("add_cross_attention", cross_attention, default=False, needs="is_decoder"),
        ),
        fixed={"position_embedding_type": ("absolute", None), "feed_forward_type": ("original", None)},
    ),
)
