"""Mixtral: Jiang et al. 2024, "Mixtral of Experts", arXiv:2401.04088.

Mistral's layers with many gated feed-forward nets in place of one: a router scores them all, and for each token the few
best work. transformers 5 keeps the experts of a layer in two arrays, gate and up side by side in the first.
"""

from collections.abc import Mapping

from sympy import Integer, Symbol, floor

from bertsym.algebra import Value
from bertsym.layers import Attend, Embedding, Linear, Parameter, RMSNorm, Role
from bertsym.model import Architecture, Head, NamedSize
from bertsym.schema import Field, Schema
from bertsym.symbols import F, H, L, V, d, experts, experts_per_token, heads, kv_heads, labels, tied, window
from bertsym.tree import Block, Component, Repeat, Routed
from bertsym.zoo.llama import lm_head
from bertsym.zoo.parts import FEED_FORWARD, FREE_HEAD_SIZE, ROTATED

gate_and_up = Parameter(
    (experts, 2 * F, H), Role.MATRIX, "gate and up of every expert, one weight per output and input"
)
down = Parameter((experts, H, F), Role.MATRIX, "down of every expert, one weight per output and input")
layer = Block(
    self_attn=Block(
        "attention",
        q_proj=Linear(H, heads * d, bias=False),
        k_proj=Linear(H, kv_heads * d, bias=False),
        v_proj=Linear(H, kv_heads * d, bias=False),
        heads=Attend(heads, d, kv_heads=kv_heads, causal=True, window=window),
        o_proj=Linear(heads * d, H, bias=False),
    ),
    mlp=Block(
        gate=Component("router", Linear(H, experts, bias=False)),
        experts=Routed(experts_per_token, experts, Block("experts", gate_up_proj=gate_and_up, down_proj=down)),
    ),
    input_layernorm=Component("attention", RMSNorm(H)),
    post_attention_layernorm=Component("experts", RMSNorm(H)),
)
model = Block(
    embed_tokens=Component("embeddings", Embedding(V, H, "one row per token of the vocabulary")),
    layers=Repeat(L, layer),
    norm=Component("final-norm", RMSNorm(H)),
)

HEADS = {
    "model": Head("MixtralModel", model),
    "causal-lm": Head("MixtralForCausalLM", Block("lm-head", model=model, lm_head=lm_head)),
    "sequence-classification": Head(
        "MixtralForSequenceClassification", Block("classifier", model=model, score=Linear(H, labels, bias=False))
    ),
    "token-classification": Head(
        "MixtralForTokenClassification", Block("classifier", model=model, score=Linear(H, labels))
    ),
    "question-answering": Head(
        "MixtralForQuestionAnswering", Block("classifier", model=model, qa_outputs=Linear(H, 2))
    ),
}

SEVEN: Mapping[Symbol, Value] = {V: 32000, H: 4096, L: 32, heads: 32, kv_heads: 8, F: 14336}
TWENTY_TWO: Mapping[Symbol, Value] = {**SEVEN, H: 6144, L: 56, heads: 48, F: 16384}
TWO_OF_EIGHT: Mapping[Symbol, Value] = {experts: 8, experts_per_token: 2, window: 0}
CARD = "mistralai model card"
SIZES = {
    "Mixtral-8x7B-v0.1": NamedSize({**SEVEN, **TWO_OF_EIGHT}, "arXiv:2401.04088, Table 1"),
    "Mixtral-8x22B-v0.1": NamedSize({**TWENTY_TWO, **TWO_OF_EIGHT}, CARD),
    "Mixtral-8x22B-Instruct-v0.1": NamedSize({**TWENTY_TWO, V: 32768, **TWO_OF_EIGHT}, CARD),
}

mixtral = Architecture(
    name="mixtral",
    title="Mixtral",
    paper="Jiang et al. 2024, arXiv:2401.04088",
    heads=HEADS,
    definitions=(FREE_HEAD_SIZE, FEED_FORWARD),
    whole=(heads / kv_heads, ROTATED),
    defaults={tied: False},
    accepted=frozenset({window}),
    sizes=SIZES,
    base="Mixtral-8x7B-v0.1",
    schema=Schema(
        "mixtral",
        (
            Field("vocab_size", V, 32000),
            Field("hidden_size", H, 4096),
            Field("num_hidden_layers", L, 32),
            Field("num_attention_heads", heads, 32),
            Field("num_key_value_heads", kv_heads, 8, otherwise=heads),
            Field("head_dim", d, None, otherwise=floor(H / heads)),
            Field("intermediate_size", F, 14336),
            Field("sliding_window", window, None, otherwise=Integer(0)),
            Field("num_local_experts", experts, 8, aliases=("num_experts",)),
            Field("num_experts_per_tok", experts_per_token, 2),
            Field("tie_word_embeddings", tied, default=False),
        ),
        fixed={"token_classification_bias": (True,)},
    ),
)
