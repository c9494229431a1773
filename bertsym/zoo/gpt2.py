"""GPT-2: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".

A decoder with learned positions, norms before the sublayers and one more at the end; query, key and value are one
matrix, stored transposed. Without its biases it is nanoGPT.
"""

from sympy import Expr, Not

from bertsym.layers import Attend, Embedding, LayerNorm, Linear, Role
from bertsym.model import Architecture, Head, NamedSize
from bertsym.schema import Field, Schema
from bertsym.symbols import (
    B,
    F,
    H,
    L,
    N,
    S_source,
    V,
    biases,
    cross_attention,
    d,
    ffn_ratio,
    heads,
    labels,
    summary,
    summary_to_labels,
    tied,
)
from bertsym.tree import Block, Component, Over, Repeat, Stack, Tied, When
from bertsym.zoo.parts import FEED_FORWARD, HEAD_SIZE


def linear(inputs: Expr, outputs: Expr) -> Linear:
    """Return the Conv1D of the original code: a linear layer whose weight is stored as (inputs, outputs)."""
    return Linear(inputs, outputs, bias=biases, transposed=True)


norm = LayerNorm(H, bias=biases)
attention = Block(
    "attention",
    c_attn=linear(H, 3 * heads * d),
    heads=Attend(heads, d, causal=True),
    c_proj=linear(heads * d, H),
)
cross = Block(
    "cross-attention",
    c_attn=Over(B * S_source, linear(H, 2 * heads * d)),
    q_attn=linear(H, heads * d),
    heads=Attend(heads, d, S_source),
    c_proj=linear(heads * d, H),
)
layer = Block(
    ln_1=Component("attention", norm),
    attn=attention,
    ln_2=Component("feed-forward", norm),
    crossattention=When(cross_attention, cross),
    ln_cross_attn=When(cross_attention, Component("cross-attention", norm)),
    mlp=Block("feed-forward", c_fc=linear(H, F), c_proj=linear(F, H)),
)
model = Block(
    wte=Component("embeddings", Embedding(V, H, "one row per token of the vocabulary")),
    wpe=Component("embeddings", Embedding(N, H, "one row per position, learned", N)),
    h=Repeat(L, layer),
    ln_f=Component("final-norm", norm),
)
lm_head = Tied(Linear(H, V, bias=False, role=Role.EMBEDDING), when=tied, weight="transformer.wte.weight")
of_choice = Stack(
    When(summary & summary_to_labels, Linear(H, 1)),
    When(summary & Not(summary_to_labels), Linear(H, H)),
)
choice = Over(B, Block(summary=of_choice))

HEADS = {
    "model": Head("GPT2Model", model),
    "causal-lm": Head("GPT2LMHeadModel", Block("lm-head", transformer=model, lm_head=lm_head)),
    "double-heads": Head(
        "GPT2DoubleHeadsModel",
        Block(
            transformer=model,
            lm_head=Component("lm-head", lm_head),
            multiple_choice_head=Component("classifier", choice),
        ),
    ),
    "sequence-classification": Head(
        "GPT2ForSequenceClassification", Block("classifier", transformer=model, score=Linear(H, labels, bias=False))
    ),
    "token-classification": Head(
        "GPT2ForTokenClassification", Block("classifier", transformer=model, classifier=Linear(H, labels))
    ),
    "question-answering": Head(
        "GPT2ForQuestionAnswering", Block("classifier", transformer=model, qa_outputs=Linear(H, 2))
    ),
}


def published(layers: int, hidden: int, source: str = "openai/gpt-2 DEVELOPERS.md") -> NamedSize:
    """1,024 positions, heads of 64 features."""
    return NamedSize({V: 50257, N: 1024, H: hidden, L: layers, heads: hidden // 64, ffn_ratio: 4}, source)


NANO = published(12, 768, "karpathy/nanoGPT transformer_sizing.ipynb, bias=False")
SIZES = {
    "gpt2-small": published(12, 768),
    "openai-community/gpt2": published(12, 768),
    "gpt2-medium": published(24, 1024),
    "gpt2-large": published(36, 1280),
    "gpt2-xl": published(48, 1600),
    "distilgpt2": published(6, 768, "Sanh et al. 2019, arXiv:1910.01108, model card"),
    "nanogpt": NamedSize({**NANO.values, biases: False}, NANO.source),
}

gpt2 = Architecture(
    name="gpt2",
    title="GPT-2",
    paper="Radford et al. 2019, Language Models are Unsupervised Multitask Learners",
    heads=HEADS,
    definitions=(HEAD_SIZE, FEED_FORWARD),
    sizes=SIZES,
    base="gpt2-small",
    schema=Schema(
        "gpt2",
        (
            Field("vocab_size", V, 50257),
            Field("n_positions", N, 1024, aliases=("max_position_embeddings",)),
            Field("n_embd", H, 768, aliases=("hidden_size",)),
            Field("n_layer", L, 12, aliases=("num_hidden_layers",)),
            Field("n_head", heads, 12, aliases=("num_attention_heads",)),
            Field("n_inner", F, None, otherwise=4 * H),
            Field("tie_word_embeddings", tied, default=True),
            Field("add_cross_attention", cross_attention, default=False),
            Field("summary_use_proj", summary, default=True),
            Field("summary_proj_to_labels", summary_to_labels, default=True),
        ),
    ),
)
