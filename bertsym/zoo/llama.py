"""Llama: Touvron et al. 2023, "LLaMA: Open and Efficient Foundation Language Models", arXiv:2302.13971, and successors.

Rotary positions, which have no parameters; RMS norms, which only scale; a gated feed-forward net; no biases; from
Llama 2 on, groups of query heads that share a key and a value head.
"""

from collections.abc import Mapping

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Value
from bertsym.layers import Attend, Embedding, Linear, RMSNorm, Role
from bertsym.model import Architecture, Head, NamedSize
from bertsym.schema import Field, Schema
from bertsym.symbols import F, H, L, V, attention_bias, d, heads, kv_heads, labels, mlp_bias, tied
from bertsym.tree import Block, Component, Repeat, Tied
from bertsym.zoo.parts import FEED_FORWARD, FREE_HEAD_SIZE, ROTATED


def attention(window: Expr = sympy.S.Zero) -> Block:
    """Attention whose groups of query heads share keys and values; Mistral's looks back over a window only."""
    return Block(
        "attention",
        q_proj=Linear(H, heads * d, bias=attention_bias),
        k_proj=Linear(H, kv_heads * d, bias=attention_bias),
        v_proj=Linear(H, kv_heads * d, bias=attention_bias),
        heads=Attend(heads, d, kv_heads=kv_heads, causal=True, window=window),
        o_proj=Linear(heads * d, H, bias=attention_bias),
    )


feed_forward = Block(
    "feed-forward",
    gate_proj=Linear(H, F, bias=mlp_bias),
    up_proj=Linear(H, F, bias=mlp_bias),
    down_proj=Linear(F, H, bias=mlp_bias),
)


def body(self_attn: Block) -> Block:
    """Return the model whose layers have this attention."""
    layer = Block(
        self_attn=self_attn,
        mlp=feed_forward,
        input_layernorm=Component("attention", RMSNorm(H)),
        post_attention_layernorm=Component("feed-forward", RMSNorm(H)),
    )
    return Block(
        embed_tokens=Component("embeddings", Embedding(V, H, "one row per token of the vocabulary")),
        layers=Repeat(L, layer),
        norm=Component("final-norm", RMSNorm(H)),
    )


model = body(attention())
lm_head = Tied(Linear(H, V, bias=False, role=Role.EMBEDDING), when=tied, weight="model.embed_tokens.weight")


def task_heads(prefix: str, model: Block, name_in_answering: str) -> dict[str, Head]:
    """Return the classes over a model, named with a prefix; they differ in how one of them names the model."""
    classifier = Block("classifier", model=model, score=Linear(H, labels))
    unbiased = Block("classifier", model=model, score=Linear(H, labels, bias=False))
    answering = Block("classifier", **{name_in_answering: model}, qa_outputs=Linear(H, 2))
    return {
        "model": Head(f"{prefix}Model", model),
        "causal-lm": Head(f"{prefix}ForCausalLM", Block("lm-head", model=model, lm_head=lm_head)),
        "sequence-classification": Head(f"{prefix}ForSequenceClassification", unbiased),
        "token-classification": Head(f"{prefix}ForTokenClassification", classifier),
        "question-answering": Head(f"{prefix}ForQuestionAnswering", answering),
    }


HEADS = task_heads("Llama", model, "transformer")


def published(
    vocabulary: int, layers: int, hidden: int, query_and_key_heads: tuple[int, int], feed_forward: int, source: str
) -> NamedSize:
    """Heads of H/heads features and an output embedding of its own, as all but the smallest have."""
    sizes: Mapping[Symbol, Value] = {V: vocabulary, H: hidden, L: layers, F: feed_forward}
    return NamedSize({**sizes, heads: query_and_key_heads[0], kv_heads: query_and_key_heads[1]}, source)


def with_tied_output(size: NamedSize) -> NamedSize:
    """Return the size with its output embedding tied to the word embedding."""
    return NamedSize({**size.values, tied: True}, size.source)


ONE = "arXiv:2302.13971, Table 2"
TWO = "Touvron et al. 2023, arXiv:2307.09288, model card"
THREE = "Dubey et al. 2024, arXiv:2407.21783, Table 3, model card"
SMALL = "meta-llama model card"
STORIES = "karpathy/llama2.c"
SIZES = {
    "llama-7b": published(32000, 32, 4096, (32, 32), 11008, ONE),
    "llama-13b": published(32000, 40, 5120, (40, 40), 13824, ONE),
    "llama-30b": published(32000, 60, 6656, (52, 52), 17920, ONE),
    "llama-65b": published(32000, 80, 8192, (64, 64), 22016, ONE),
    "Llama-2-7b-hf": published(32000, 32, 4096, (32, 32), 11008, TWO),
    "Llama-2-13b-hf": published(32000, 40, 5120, (40, 40), 13824, TWO),
    "Llama-2-70b-hf": published(32000, 80, 8192, (64, 8), 28672, TWO),
    "Meta-Llama-3-8B": published(128256, 32, 4096, (32, 8), 14336, THREE),
    "Meta-Llama-3-70B": published(128256, 80, 8192, (64, 8), 28672, THREE),
    "Llama-3.1-405B": published(128256, 126, 16384, (128, 8), 53248, THREE),
    "Llama-3.2-1B": with_tied_output(published(128256, 16, 2048, (32, 8), 8192, SMALL)),
    "Llama-3.2-3B": with_tied_output(published(128256, 28, 3072, (24, 8), 8192, SMALL)),
    "stories15M": with_tied_output(published(32000, 6, 288, (6, 6), 768, STORIES)),
    "stories42M": with_tied_output(published(32000, 8, 512, (8, 8), 1376, STORIES)),
    "stories110M": with_tied_output(published(32000, 12, 768, (12, 12), 2048, STORIES)),
}

llama = Architecture(
    name="llama",
    title="Llama",
    paper="Touvron et al. 2023, arXiv:2302.13971",
    heads=HEADS,
    definitions=(FREE_HEAD_SIZE, FEED_FORWARD),
    whole=(heads / kv_heads, ROTATED),
    defaults={tied: False},
    sizes=SIZES,
    base="llama-7b",
    schema=Schema(
        "llama",
        (
            Field("vocab_size", V, 32000),
            Field("hidden_size", H, 4096),
            Field("num_hidden_layers", L, 32),
            Field("num_attention_heads", heads, 32),
            Field("num_key_value_heads", kv_heads, None, otherwise=heads),
            Field("head_dim", d, None),
            Field("intermediate_size", F, 11008),
            Field("attention_bias", attention_bias, default=False),
            Field("mlp_bias", mlp_bias, default=False),
            Field("tie_word_embeddings", tied, default=False),
        ),
        fixed={"token_classification_bias": (True,)},
    ),
)
