"""The names that the rows of a saved inventory use, and a tensor moved under another prefix."""

from __future__ import annotations

from bertsym.tree import Tensor
from bertsym.values import replace

Inventory = tuple[Tensor, ...]

COMPLEMENT = "complement"
"""The last part of a loop that runs over the indices which its range leaves out."""


def under_prefix(tensor: Tensor, prefix: str) -> Tensor:
    """Return the tensor of another head under the name that it has here."""
    tied_to = None if tensor.tied_to is None else prefix + tensor.tied_to
    return replace(tensor, name=prefix + tensor.name, tied_to=tied_to) if prefix else tensor
