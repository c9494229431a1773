"""DeBERTa: He et al. 2020, arXiv:2006.03654, version 2, and DeBERTaV3: He et al. 2021, arXiv:2111.09543.

Attention scores content and position apart. All layers share one normed embedding of relative positions, k to either
side. The matrices of the content project it, or matrices of its own. Version 2 adds a convolution.
"""

from collections.abc import Mapping

from sympy import Expr, Ne, Not, Symbol

from bertsym.algebra import Value
from bertsym.layers import Attend, Conv1D, Embedding, LayerNorm, Linear, Parameter, Product, Role
from bertsym.model import Architecture, Definition, Head, NamedSize
from bertsym.schema import Field, FirstPositive, Mention, Schema
from bertsym.symbols import (
    B,
    E,
    F,
    H,
    L,
    N,
    T,
    V,
    absolute,
    c2p,
    d,
    ffn_ratio,
    heads,
    kernel,
    labels,
    legacy,
    p2c,
    relative,
    relative_norm,
    shared_keys,
    span,
    tied,
)
from bertsym.tree import Block, Over, Repeat, Stack, Tied, When
from bertsym.zoo.parts import FEED_FORWARD, FREE_HEAD_SIZE

embeddings = Block(
    "embeddings",
    word_embeddings=Embedding(V, E, "one row per token of the vocabulary"),
    position_embeddings=When(absolute, Embedding(N, E, "one row per position, learned", N)),
    token_type_embeddings=When(T > 0, Embedding(T, E, "one row per segment type")),
    embed_proj=When(Ne(E, H), Linear(E, H, bias=False)),
    LayerNorm=LayerNorm(H),
)
of_positions = Over(2 * span, Linear(H, heads * d))
used, unused = (Over(2 * span, Product((H, heads * d), role)) for role in (Role.MATRIX, Role.OTHER))
attention = Block(
    "attention",
    self=Block(
        query_proj=Linear(H, heads * d),
        key_proj=Linear(H, heads * d),
        value_proj=Linear(H, heads * d),
        heads=Attend(heads, d),
        pos_key_proj=When(relative & c2p & Not(shared_keys), of_positions),
        pos_query_proj=When(relative & p2c & Not(shared_keys), of_positions),
        shared_query=When(relative & shared_keys, Stack(When(p2c, used), When(Not(p2c), unused))),
        shared_key=When(relative & shared_keys, Stack(When(c2p, used), When(Not(c2p), unused))),
        content_to_position=When(relative & c2p, Product((heads, d, 2 * span))),
        position_to_content=When(relative & p2c, Product((heads, d, 2 * span))),
    ),
    output=Block(dense=Linear(H, H), LayerNorm=LayerNorm(H)),
)
layer = Block(
    attention=attention,
    intermediate=Block("feed-forward", dense=Linear(H, F)),
    output=Block("feed-forward", dense=Linear(F, H), LayerNorm=LayerNorm(H)),
)
encoder = Block(
    "relative-positions",
    layer=Repeat(L, layer),
    rel_embeddings=When(relative, Embedding(2 * span, H, "one row per distance, for all layers")),
    LayerNorm=When(relative_norm, LayerNorm(H)),
    conv=When(kernel > 0, Block("convolution", conv=Conv1D(H, H, kernel), LayerNorm=LayerNorm(H))),
)
model = Block(embeddings=embeddings, encoder=encoder)

vocabulary_bias = Parameter((V,), Role.BIAS, "one bias per token of the vocabulary")
predictions = Block(
    bias=vocabulary_bias,
    transform=Block(dense=Linear(H, E), LayerNorm=LayerNorm(E)),
    decoder=Tied(
        Linear(E, V, role=Role.EMBEDDING),
        when=tied,
        weight="deberta.embeddings.word_embeddings.weight",
        bias="cls.predictions.bias",
    ),
)
of_words = Product((H, V), Role.EMBEDDING)
rewritten = Block(bias=vocabulary_bias, dense=Linear(H, H), LayerNorm=LayerNorm(H), word_embeddings=of_words)


def pooled(outputs: Expr | int) -> Block:
    """Return the model under a pooler and a linear classifier."""
    pooler = Block("pooler", dense=Linear(H, H))
    return Block("classifier", deberta=model, pooler=Over(B, pooler), classifier=Over(B, Linear(H, outputs)))


HEADS = {
    "model": Head("DebertaV2Model", model),
    "masked-lm": Head(
        "DebertaV2ForMaskedLM",
        Block(
            "lm-head",
            deberta=model,
            cls=When(legacy, Block(predictions=predictions)),
            lm_predictions=When(Not(legacy), Block(lm_head=rewritten)),
        ),
    ),
    "sequence-classification": Head("DebertaV2ForSequenceClassification", pooled(labels)),
    "token-classification": Head(
        "DebertaV2ForTokenClassification", Block("classifier", deberta=model, classifier=Linear(H, labels))
    ),
    "question-answering": Head(
        "DebertaV2ForQuestionAnswering", Block("classifier", deberta=model, qa_outputs=Linear(H, labels))
    ),
    "multiple-choice": Head("DebertaV2ForMultipleChoice", pooled(1)),
}


def published(layers: int, hidden: int, vocabulary: int = 128100, convolution: int = 0) -> Mapping[Symbol, Value]:
    """256 distances to either side, heads of 64 features."""
    sizes: Mapping[Symbol, Value] = {V: vocabulary, H: hidden, L: layers, heads: hidden // 64, ffn_ratio: 4}
    return {**sizes, span: 256, kernel: convolution}


TWO = "microsoft/DeBERTa README, model cards"
THREE = "arXiv:2111.09543, model cards"
SIZES = {
    "deberta-v2-xlarge": NamedSize(published(24, 1536, convolution=3), TWO),
    "deberta-v2-xxlarge": NamedSize(published(48, 1536, convolution=3), TWO),
    "deberta-v3-xsmall": NamedSize(published(12, 384), THREE),
    "deberta-v3-small": NamedSize(published(6, 768), THREE),
    "deberta-v3-base": NamedSize(published(12, 768), THREE),
    "deberta-v3-large": NamedSize(published(24, 1024), THREE),
    "mdeberta-v3-base": NamedSize(published(12, 768, 251000), THREE),
}

deberta_v2 = Architecture(
    name="deberta-v2",
    title="DeBERTa-v2 and DeBERTaV3",
    paper="He et al. 2020, arXiv:2006.03654; He et al. 2021, arXiv:2111.09543",
    heads=HEADS,
    definitions=(FREE_HEAD_SIZE, FEED_FORWARD, Definition(E, H)),
    defaults={absolute: False, T: 0},
    sizes=SIZES,
    base="deberta-v3-base",
    schema=Schema(
        "deberta-v2",
        (
            Field("vocab_size", V, 128100),
            Field("hidden_size", H, 1536),
            Field("num_hidden_layers", L, 24),
            Field("num_attention_heads", heads, 24),
            Field("intermediate_size", F, 6144),
            Field("type_vocab_size", T, 0),
            Field("max_position_embeddings", N, 512),
            Field("embedding_size", E, None),
            Field("attention_head_size", d, None),
            Field("position_biased_input", absolute, default=True),
            Field("relative_attention", relative, default=False),
            FirstPositive(span, {"position_buckets": -1, "max_relative_positions": -1, "max_position_embeddings": 512}),
            Mention("pos_att_type", c2p, "c2p", None),
            Mention("pos_att_type", p2c, "p2c", None),
            Field("share_att_key", shared_keys, default=False),
            Mention("norm_rel_ebd", relative_norm, "layer_norm", "none"),
            Field("conv_kernel_size", kernel, 0),
            Field("legacy", legacy, default=True),
            Field("tie_word_embeddings", tied, default=True),
        ),
        fixed={"pooler_hidden_size": (H,), "conv_groups": (1,)},
    ),
)
