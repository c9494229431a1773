"""DistilBERT: Sanh et al. 2019, "DistilBERT, a distilled version of BERT", arXiv:1910.01108.

Half of BERT's layers; no segment types and no pooler.
"""

from sympy import Expr

from bertsym.layers import Attend, Embedding, LayerNorm, Linear, Role
from bertsym.model import Architecture, Head, NamedSize
from bertsym.schema import Field, Schema
from bertsym.symbols import B, F, H, L, N, V, d, ffn_ratio, heads, labels, tied
from bertsym.tree import Block, Component, Over, Repeat, Tied
from bertsym.zoo.parts import FEED_FORWARD, HEAD_SIZE

embeddings = Block(
    "embeddings",
    word_embeddings=Embedding(V, H, "one row per token of the vocabulary"),
    position_embeddings=Embedding(N, H, "one row per position, learned or sinusoidal", N),
    LayerNorm=LayerNorm(H),
)
attention = Block(
    "attention",
    q_lin=Linear(H, heads * d),
    k_lin=Linear(H, heads * d),
    v_lin=Linear(H, heads * d),
    heads=Attend(heads, d),
    out_lin=Linear(heads * d, H),
)
layer = Block(
    attention=attention,
    sa_layer_norm=Component("attention", LayerNorm(H)),
    ffn=Block("feed-forward", lin1=Linear(H, F), lin2=Linear(F, H)),
    output_layer_norm=Component("feed-forward", LayerNorm(H)),
)
model = Block(embeddings=embeddings, transformer=Block(layer=Repeat(L, layer)))

masked_lm = Block(
    "lm-head",
    distilbert=model,
    vocab_transform=Linear(H, H),
    vocab_layer_norm=LayerNorm(H),
    vocab_projector=Tied(
        Linear(H, V, role=Role.EMBEDDING), when=tied, weight="distilbert.embeddings.word_embeddings.weight"
    ),
)


def classified(outputs: Expr | int) -> Block:
    """Return the model under a classifier of two layers, which replaces BERT's pooler."""
    hidden, output = Over(B, Linear(H, H)), Over(B, Linear(H, outputs))
    return Block("classifier", distilbert=model, pre_classifier=hidden, classifier=output)


HEADS = {
    "model": Head("DistilBertModel", model),
    "masked-lm": Head("DistilBertForMaskedLM", masked_lm),
    "sequence-classification": Head("DistilBertForSequenceClassification", classified(labels)),
    "token-classification": Head(
        "DistilBertForTokenClassification", Block("classifier", distilbert=model, classifier=Linear(H, labels))
    ),
    "question-answering": Head(
        "DistilBertForQuestionAnswering", Block("classifier", distilbert=model, qa_outputs=Linear(H, 2))
    ),
    "multiple-choice": Head("DistilBertForMultipleChoice", classified(1)),
}

CARD = "arXiv:1910.01108, model card"
SIZES = {
    name: NamedSize({V: vocabulary, N: 512, H: 768, L: 6, heads: 12, ffn_ratio: 4}, CARD)
    for name, vocabulary in {
        "distilbert-base-uncased": 30522,
        "distilbert-base-cased": 28996,
        "distilbert-base-multilingual-cased": 119547,
    }.items()
}

distilbert = Architecture(
    name="distilbert",
    title="DistilBERT",
    paper="Sanh et al. 2019, arXiv:1910.01108",
    heads=HEADS,
    definitions=(HEAD_SIZE, FEED_FORWARD),
    sizes=SIZES,
    base="distilbert-base-uncased",
    schema=Schema(
        "distilbert",
        (
            Field("vocab_size", V, 30522),
            Field("max_position_embeddings", N, 512),
            Field("dim", H, 768, aliases=("hidden_size",)),
            Field("n_layers", L, 6, aliases=("num_hidden_layers",)),
            Field("n_heads", heads, 12, aliases=("num_attention_heads",)),
            Field("hidden_dim", F, 3072),
            Field("tie_word_embeddings", tied, default=True),
        ),
    ),
)
