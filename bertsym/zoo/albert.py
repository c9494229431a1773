"""ALBERT: Lan et al. 2019, "ALBERT: A Lite BERT for Self-supervised Learning", arXiv:1909.11942.

Tokens are embedded in E features, fewer than H, and projected up. One layer is applied again and again: the work of L
layers for the parameters of one, or of one a group.
"""

from sympy import Expr

from bertsym.layers import Attend, LayerNorm, Linear, Parameter, Role
from bertsym.model import Architecture, Head, NamedSize
from bertsym.schema import Field, Schema
from bertsym.symbols import B, E, F, H, L, N, T, V, d, ffn_ratio, groups, heads, inner_groups, labels, tied
from bertsym.tree import Block, Component, Over, Repeat, Reuse, Tied
from bertsym.zoo.bert import embeddings
from bertsym.zoo.parts import FEED_FORWARD, HEAD_SIZE

attention = Block(
    "attention",
    query=Linear(H, heads * d),
    key=Linear(H, heads * d),
    value=Linear(H, heads * d),
    heads=Attend(heads, d),
    dense=Linear(heads * d, H),
    LayerNorm=LayerNorm(H),
)
layer = Block(
    "feed-forward", full_layer_layer_norm=LayerNorm(H), attention=attention, ffn=Linear(H, F), ffn_output=Linear(F, H)
)
encoder = Block(
    embedding_hidden_mapping_in=Component("embeddings", Linear(E, H)),
    albert_layer_groups=Repeat(groups, Reuse(L / groups, Block(albert_layers=Repeat(inner_groups, layer)))),
)
model = Block(embeddings=embeddings(E), encoder=encoder, pooler=Over(B, Component("pooler", Linear(H, H))))
without_pooler = Block(embeddings=embeddings(E), encoder=encoder)

predictions = Block(
    "lm-head",
    bias=Parameter((V,), Role.BIAS, "one bias per token of the vocabulary"),
    LayerNorm=LayerNorm(E),
    dense=Linear(H, E),
    decoder=Tied(
        Linear(E, V, role=Role.EMBEDDING),
        when=tied,
        weight="albert.embeddings.word_embeddings.weight",
        bias="predictions.bias",
    ),
)
sentence_order = Over(B, Block("sop-head", classifier=Linear(H, labels)))


def classified(outputs: Expr | int) -> Block:
    """Return the model under a linear classifier of sequences."""
    return Block("classifier", albert=model, classifier=Over(B, Linear(H, outputs)))


HEADS = {
    "model": Head("AlbertModel", model),
    "pretraining": Head(
        "AlbertForPreTraining", Block(albert=model, predictions=predictions, sop_classifier=sentence_order)
    ),
    "masked-lm": Head("AlbertForMaskedLM", Block(albert=without_pooler, predictions=predictions)),
    "sequence-classification": Head("AlbertForSequenceClassification", classified(labels)),
    "token-classification": Head(
        "AlbertForTokenClassification", Block("classifier", albert=without_pooler, classifier=Linear(H, labels))
    ),
    "question-answering": Head(
        "AlbertForQuestionAnswering", Block("classifier", albert=without_pooler, qa_outputs=Linear(H, labels))
    ),
    "multiple-choice": Head("AlbertForMultipleChoice", classified(1)),
}


def published(layers: int, hidden: int, number_of_heads: int) -> NamedSize:
    """Table 1 of the paper: E = 128, 30,000 tokens, one group."""
    sizes = {V: 30000, N: 512, T: 2, E: 128, H: hidden, L: layers, heads: number_of_heads, ffn_ratio: 4}
    return NamedSize({**sizes, groups: 1, inner_groups: 1}, "arXiv:1909.11942, Table 1; google-research/albert")


SIZES = {
    f"albert-{size}{version}": named
    for size, named in {
        "base": published(12, 768, 12),
        "large": published(24, 1024, 16),
        "xlarge": published(24, 2048, 16),
        "xxlarge": published(12, 4096, 64),
    }.items()
    for version in ("", "-v1", "-v2")
}

albert = Architecture(
    name="albert",
    title="ALBERT",
    paper="Lan et al. 2019, arXiv:1909.11942",
    heads=HEADS,
    definitions=(HEAD_SIZE, FEED_FORWARD),
    whole=(L / groups,),
    sizes=SIZES,
    base="albert-base-v2",
    schema=Schema(
        "albert",
        (
            Field("vocab_size", V, 30000),
            Field("max_position_embeddings", N, 512),
            Field("type_vocab_size", T, 2),
            Field("embedding_size", E, 128),
            Field("hidden_size", H, 4096),
            Field("num_hidden_layers", L, 12),
            Field("num_hidden_groups", groups, 1),
            Field("inner_group_num", inner_groups, 1),
            Field("num_attention_heads", heads, 64),
            Field("intermediate_size", F, 16384),
            Field("tie_word_embeddings", tied, default=True),
        ),
        fixed={"position_embedding_type": ("absolute", None)},
    ),
)
