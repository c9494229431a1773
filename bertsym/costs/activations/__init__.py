"""The arrays that autograd saves in a forward pass, for each architecture of which a test has compared them.

`TREES` has a tree of `Activation` leaves for each head. It is that of the model's code in training mode: dropout as by
default, no cache, no packed sequences, no loss. Parameters and buffers are not among the arrays; the inputs are, where
the backward pass needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bertsym.costs.activations import bert, gpt2, llama, mixtral
from bertsym.costs.activations.kernels import Run
from bertsym.tree import Node

TREES: Mapping[str, Mapping[str, Callable[[Run], Node]]] = {
    "bert": bert.HEADS,
    "gpt2": gpt2.HEADS,
    "llama": llama.HEADS,
    "mixtral": mixtral.HEADS,
}

IN_16_BITS = frozenset({"mixtral"})
"""The architectures whose experts multiply by `grouped_mm`, which saves other arrays in 32 bits."""

IN_THE_PAPER = frozenset({"bert", "gpt2"})
"""The architectures whose layers are those of Korthikanti et al.: one GELU, dropout, and LayerNorms."""
