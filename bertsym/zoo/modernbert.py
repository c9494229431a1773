"""ModernBERT: Warner et al. 2024, "Smarter, Better, Faster, Longer", arXiv:2412.13663.

Rotary positions instead of a table, a gate in the feed-forward net, no biases, and norms before the sublayers. The
attention of the first layer has no norm, because the embeddings end in one. The first of `every` layers attends to all
tokens, the others within a window.
"""

from sympy import Expr

from bertsym.layers import Attend, Embedding, LayerNorm, Linear, Role
from bertsym.model import Architecture, Head, NamedSize
from bertsym.schema import Field, Schema
from bertsym.symbols import (
    B,
    F,
    H,
    L,
    V,
    attention_bias,
    classifier_bias,
    d,
    decoder_bias,
    every,
    heads,
    labels,
    mlp_bias,
    norm_bias,
    tied,
    window,
)
from bertsym.tree import Block, Component, Over, Repeat, Stack, Tied
from bertsym.zoo.parts import FEED_FORWARD, HEAD_SIZE, ROTATED

norm = LayerNorm(H, bias=norm_bias)
layer = Block(
    attn=Block(
        "attention",
        Wqkv=Linear(H, 3 * heads * d, bias=attention_bias),
        heads=Attend(heads, d, window=window, mixed=True),
        Wo=Linear(heads * d, H, bias=attention_bias),
    ),
    mlp_norm=Component("feed-forward", norm),
    mlp=Block("feed-forward", Wi=Linear(H, 2 * F, bias=mlp_bias), Wo=Linear(F, H, bias=mlp_bias)),
)
model = Block(
    embeddings=Block("embeddings", tok_embeddings=Embedding(V, H, "one row per token of the vocabulary"), norm=norm),
    layers=Stack(Repeat(1, L, Block("attention", attn_norm=norm)), Repeat(L, layer)),
    final_norm=Component("final-norm", norm),
)
head = Block(dense=Linear(H, H, bias=classifier_bias), norm=norm)
decoder = Tied(
    Linear(H, V, bias=decoder_bias, role=Role.EMBEDDING), when=tied, weight="model.embeddings.tok_embeddings.weight"
)


def classified(outputs: Expr | int) -> Block:
    """Return the model under the prediction head and a linear classifier of tokens."""
    return Block("classifier", model=model, head=head, classifier=Linear(H, outputs))


def pooled(outputs: Expr | int) -> Block:
    """Return the model under the prediction head and a linear classifier of sequences."""
    return Block("classifier", model=model, head=Over(B, head), classifier=Over(B, Linear(H, outputs)))


HEADS = {
    "model": Head("ModernBertModel", model),
    "masked-lm": Head("ModernBertForMaskedLM", Block("lm-head", model=model, head=head, decoder=decoder)),
    "sequence-classification": Head("ModernBertForSequenceClassification", pooled(labels)),
    "token-classification": Head("ModernBertForTokenClassification", classified(labels)),
    "question-answering": Head("ModernBertForQuestionAnswering", classified(labels)),
    "multiple-choice": Head("ModernBertForMultipleChoice", pooled(1)),
}

SOURCE = "arXiv:2412.13663, Table 4; answerdotai model cards"
LOCAL = {window: 128, every: 3}
SIZES = {
    "ModernBERT-base": NamedSize({V: 50368, H: 768, L: 22, heads: 12, F: 1152, **LOCAL}, SOURCE),
    "ModernBERT-large": NamedSize({V: 50368, H: 1024, L: 28, heads: 16, F: 2624, **LOCAL}, SOURCE),
}

modernbert = Architecture(
    name="modernbert",
    title="ModernBERT",
    paper="Warner et al. 2024, arXiv:2412.13663",
    heads=HEADS,
    definitions=(HEAD_SIZE, FEED_FORWARD),
    whole=(ROTATED,),
    accepted=frozenset({window, every}),
    sizes=SIZES,
    base="ModernBERT-base",
    schema=Schema(
        "modernbert",
        (
            Field("vocab_size", V, 50368),
            Field("hidden_size", H, 768),
            Field("num_hidden_layers", L, 22),
            Field("num_attention_heads", heads, 12),
            Field("intermediate_size", F, 1152),
            Field("norm_bias", norm_bias, default=False),
            Field("attention_bias", attention_bias, default=False),
            Field("mlp_bias", mlp_bias, default=False),
            Field("decoder_bias", decoder_bias, default=True),
            Field("classifier_bias", classifier_bias, default=False),
            Field("tie_word_embeddings", tied, default=True),
        ),
    ),
)
