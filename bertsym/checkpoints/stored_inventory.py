"""Write the tensors of a class as a checkpoint stores them: in a GGUF file, with experts one by one, or as declared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from bertsym.checkpoints import expert_layouts
from bertsym.checkpoints.gguf_layout import gguf_shapes, gguf_tensors
from bertsym.checkpoints.gguf_names import is_gguf
from bertsym.checkpoints.tensor_types import Array
from bertsym.tree import Tensor


def stored_tensors(inventory: Iterable[Tensor], names: Collection[str]) -> tuple[Tensor, ...]:
    """Return the inventory as a checkpoint with these names stores it."""
    if is_gguf(names):
        return tuple(gguf_tensors(inventory, names))
    return expert_layouts.stored_tensors(inventory, names)


def stored_shapes(
    shapes: Mapping[str, tuple[int, ...]], arrays: Mapping[str, Array]
) -> dict[str, list[tuple[str, tuple[int, ...]]]]:
    """Return the stored arrays, with their shapes, for each tensor of a class; none if the format drops the tensor.

    Raise TooLarge above 200,000 arrays.
    """
    return gguf_shapes(shapes, arrays) if is_gguf(arrays) else expert_layouts.stored_shapes(shapes, arrays)
