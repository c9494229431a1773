"""RoBERTa: Liu et al. 2019, "RoBERTa: A Robustly Optimized BERT Pretraining Approach", arXiv:1907.11692.

BERT's layers, trained longer, on more text, without next-sentence prediction. Its position table has two rows more than
there are positions (514 for 512): fairseq numbers positions from the padding index on.
"""

from bertsym.layers import LayerNorm, Linear, Parameter, Role
from bertsym.model import Architecture, Head, NamedSize
from bertsym.schema import Field, Schema
from bertsym.symbols import B, F, H, L, N, T, V, cross_attention, ffn_ratio, heads, labels, tied
from bertsym.tree import Block, Over, Tied
from bertsym.zoo.bert import embeddings, encoder, pooler
from bertsym.zoo.parts import FEED_FORWARD, HEAD_SIZE

tables = embeddings(H, N - 2)
model = Block(embeddings=tables, encoder=encoder, pooler=pooler)
without_pooler = Block(embeddings=tables, encoder=encoder)

lm_head = Block(
    "lm-head",
    bias=Parameter((V,), Role.BIAS, "one bias per token of the vocabulary"),
    dense=Linear(H, H),
    layer_norm=LayerNorm(H),
    decoder=Tied(
        Linear(H, V, role=Role.EMBEDDING),
        when=tied,
        weight="roberta.embeddings.word_embeddings.weight",
        bias="lm_head.bias",
    ),
)
output_first = Block(lm_head=lm_head, roberta=without_pooler)  # as the classes of XLM-R and CamemBERT list them
classifier = Over(B, Block("classifier", dense=Linear(H, H), out_proj=Linear(H, labels)))

HEADS = {
    "model": Head("RobertaModel", model),
    "masked-lm": Head("RobertaForMaskedLM", Block(roberta=without_pooler, lm_head=lm_head)),
    "causal-lm": Head("RobertaForCausalLM", Block(roberta=without_pooler, lm_head=lm_head)),
    "sequence-classification": Head(
        "RobertaForSequenceClassification", Block(roberta=without_pooler, classifier=classifier)
    ),
    "token-classification": Head(
        "RobertaForTokenClassification", Block("classifier", roberta=without_pooler, classifier=Linear(H, labels))
    ),
    "question-answering": Head(
        "RobertaForQuestionAnswering", Block("classifier", roberta=without_pooler, qa_outputs=Linear(H, labels))
    ),
    "multiple-choice": Head(
        "RobertaForMultipleChoice", Block("classifier", roberta=model, classifier=Over(B, Linear(H, 1)))
    ),
}


def published(vocabulary: int, layers: int, hidden: int, source: str) -> NamedSize:
    """Sizes as fairseq trains them: 514 rows of positions, one segment type, heads of 64 features."""
    sizes = {V: vocabulary, N: 514, T: 1, H: hidden, L: layers, heads: hidden // 64, ffn_ratio: 4}
    return NamedSize(sizes, source)


def schema(model_type: str, vocabulary: int) -> Schema:
    """Return the schema of RoBERTa's configuration; XLM-R and CamemBERT differ in the default vocabulary only."""
    return Schema(
        model_type,
        (
            Field("vocab_size", V, vocabulary),
            Field("max_position_embeddings", N, 512),
            Field("hidden_size", H, 768),
            Field("num_hidden_layers", L, 12),
            Field("num_attention_heads", heads, 12),
            Field("intermediate_size", F, 3072),
            Field("type_vocab_size", T, 2),
            Field("tie_word_embeddings", tied, default=True),
            Field("add_cross_attention", cross_attention, default=False, needs="is_decoder"),
        ),
        fixed={"position_embedding_type": ("absolute", None)},
    )


FAIRSEQ = "fairseq examples/roberta"
SIZES = {
    "roberta-base": published(50265, 12, 768, FAIRSEQ),
    "roberta-large": published(50265, 24, 1024, FAIRSEQ),
    "distilroberta-base": published(50265, 6, 768, "Sanh et al. 2019, arXiv:1910.01108, model card"),
}

roberta = Architecture(
    name="roberta",
    title="RoBERTa",
    paper="Liu et al. 2019, arXiv:1907.11692",
    heads=HEADS,
    definitions=(HEAD_SIZE, FEED_FORWARD),
    defaults={T: 1},
    sizes=SIZES,
    base="roberta-base",
    schema=schema("roberta", 50265),
)
