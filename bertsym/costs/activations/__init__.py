"""The arrays that autograd saves in a forward pass, for each architecture that a test has compared.

`TREES` has a tree of `Activation` leaves for each head. The model's code runs in training mode, with dropout as by
default, and without a cache, packed sequences or a loss. Parameters and buffers are not among the arrays. Inputs are,
if the backward pass needs them.
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
