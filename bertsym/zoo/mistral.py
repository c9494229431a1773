"""Mistral: Jiang et al. 2023, "Mistral 7B", arXiv:2310.06825.

Llama's layers with grouped queries from the start, no biases anywhere, and heads whose size need not be H/heads.
"""

from collections.abc import Mapping

from sympy import Integer, Symbol, floor

from bertsym.algebra import Value
from bertsym.model import Architecture, NamedSize
from bertsym.schema import Field, Schema
from bertsym.symbols import F, H, L, V, d, heads, kv_heads, tied, window
from bertsym.zoo.llama import attention, body, task_heads
from bertsym.zoo.parts import FEED_FORWARD, FREE_HEAD_SIZE, ROTATED

model = body(attention(window))
HEADS = task_heads("Mistral", model, "model")

SEVEN: Mapping[Symbol, Value] = {V: 32000, H: 4096, L: 32, heads: 32, kv_heads: 8, F: 14336}
SIZES = {
    "Mistral-7B-v0.1": NamedSize({**SEVEN, window: 4096}, "arXiv:2310.06825, Table 1"),
    "Mistral-7B-v0.3": NamedSize({**SEVEN, V: 32768, window: 0}, "mistralai model card"),
    "Mistral-Nemo-Base-2407": NamedSize(
        {**SEVEN, V: 131072, H: 5120, L: 40, d: 128, window: 0}, "mistralai model card"
    ),
}

mistral = Architecture(
    name="mistral",
    title="Mistral",
    paper="Jiang et al. 2023, arXiv:2310.06825",
    heads=HEADS,
    definitions=(FREE_HEAD_SIZE, FEED_FORWARD),
    whole=(heads / kv_heads, ROTATED),
    defaults={tied: False},
    accepted=frozenset({window}),
    sizes=SIZES,
    base="Mistral-7B-v0.1",
    schema=Schema(
        "mistral",
        (
            Field("vocab_size", V, 32000),
            Field("hidden_size", H, 4096),
            Field("num_hidden_layers", L, 32),
            Field("num_attention_heads", heads, 32),
            Field("num_key_value_heads", kv_heads, 8, otherwise=heads),
            Field("head_dim", d, None, otherwise=floor(H / heads)),
            Field("intermediate_size", F, 14336),
            Field("sliding_window", window, 4096, otherwise=Integer(0)),
            Field("tie_word_embeddings", tied, default=False),
        ),
        fixed={"token_classification_bias": (True,)},
    ),
)
