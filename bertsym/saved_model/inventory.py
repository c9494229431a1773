"""The names that the rows of a saved inventory use, and a tensor moved under another prefix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bertsym.tree import Loop, Tensor
from bertsym.values import replace

Inventory = tuple[Tensor, ...]

COMPLEMENT = "complement"
"""The last part of a loop that runs over the indices which its range leaves out."""


def at_sizes(tensor: Tensor, table: Mapping[Any, Any], loops: tuple[Loop, ...] | None = None) -> Tensor:
    """Return the tensor with some sizes replaced by others, in its shape, its conditions and its loops."""
    return replace(
        tensor,
        shape=tuple(side.xreplace(table) for side in tensor.shape),
        loops=tuple(loop.replaced(table) for loop in (tensor.loops if loops is None else loops)),
        when=tensor.when.xreplace(table),
        tied_when=tensor.tied_when.xreplace(table),
        routing=None if tensor.routing is None else tensor.routing.with_sizes(table),
    )


def under_prefix(tensor: Tensor, prefix: str) -> Tensor:
    """Return the tensor of another head under the name that it has here."""
    tied_to = None if tensor.tied_to is None else prefix + tensor.tied_to
    return replace(tensor, name=prefix + tensor.name, tied_to=tied_to) if prefix else tensor
