"""Map joined expert weights to the separate arrays that checkpoints store.

A class of transformers 5 holds all experts of a layer in one array. It joins them when it loads a checkpoint and splits
them when it saves (conversion_mapping.py). The files on the hub hold an array for each expert.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from sympy import Expr

from bertsym.errors import TooLarge
from bertsym.tree import Loop, Tensor
from bertsym.values import replace, value

MOST_TENSORS = 200_000
Side = TypeVar("Side", int, Expr)


@value
class Layout:
    """The file's names for the parts of each joined array, and for the block that holds the experts."""

    seen: re.Pattern[str]
    parts: Mapping[str, tuple[str, ...]]
    block: str = "mlp"

    def named(self, name: str) -> str:
        """Return the file's spelling of a name of the class."""
        return re.sub(r"(^|\.)mlp\.", rf"\g<1>{self.block}.", name)

    def parted(self, name: str, shape: tuple[Side, ...]) -> tuple[tuple[str, tuple[Side, ...]], ...]:
        """Return the arrays of one expert, with `*` for its number, or nothing if the array is not joined."""
        home, _, last = name.rpartition(".")
        parts = self.parts.get(last, ())
        if not home.endswith("experts") or len(shape) != 3 or not parts or shape[1] % len(parts) != 0:
            return ()
        sides = (shape[1] // len(parts), shape[2])
        return tuple((f"{self.named(home)}.*.{part}.weight", sides) for part in parts)


LAYOUTS = (
    Layout(
        re.compile(r"(^|\.)block_sparse_moe\.experts\.[^.]+\.w1\."),
        {"gate_up_proj": ("w1", "w3"), "down_proj": ("w2",)},
        "block_sparse_moe",
    ),
    Layout(
        re.compile(r"\.experts\.[^.]+\.(gate|up|down)_proj\."),
        {"gate_up_proj": ("gate_proj", "up_proj"), "down_proj": ("down_proj",), "up_proj": ("up_proj",)},
    ),
)


def layout_of(names: Iterable[str]) -> Layout | None:
    """Return the layout that the names of a checkpoint show, or None if they are those of the class.

    >>> found = layout_of(["model.layers.0.block_sparse_moe.experts.0.w1.weight"])
    >>> found.parted("layers.0.mlp.experts.down_proj", (8, 64, 96)) if found else None
    (('layers.0.block_sparse_moe.experts.*.w2.weight', (64, 96)),)
    """
    for name in names:
        for layout in LAYOUTS:
            if layout.seen.search(name):
                return layout
    return None


def stored_tensors(inventory: Iterable[Tensor], names: Collection[str]) -> tuple[Tensor, ...]:
    """Return the inventory as a checkpoint with these names stores it, with a loop over the experts."""
    layout = layout_of(names)
    return tuple(inventory) if layout is None else tuple(_tensors(layout, inventory))


def _tensors(layout: Layout, inventory: Iterable[Tensor]) -> Iterator[Tensor]:
    for tensor in inventory:
        parts = layout.parted(tensor.name, tensor.shape)
        loops = (*tensor.loops, Loop(tensor.shape[0] * 0, tensor.shape[0])) if parts else tensor.loops
        for name, shape in parts:
            yield replace(tensor, name=name.replace("*", "{}"), shape=shape, loops=loops)
        if not parts:
            yield replace(tensor, name=layout.named(tensor.name))


def stored_shapes(
    shapes: Mapping[str, tuple[int, ...]], names: Iterable[str]
) -> dict[str, list[tuple[str, tuple[int, ...]]]]:
    """Return the stored arrays, with their shapes, for each tensor of a class; raise TooLarge above 200,000 arrays."""
    layout = layout_of(names)
    if layout is None:
        return {name: [(name, shape)] for name, shape in shapes.items()}
    size = sum(shape[0] if len(shape) == 3 else 1 for shape in shapes.values())
    if size > MOST_TENSORS:
        raise TooLarge("the inventory", size, MOST_TENSORS)
    return {name: _shapes(layout, name, shape) for name, shape in shapes.items()}


def _shapes(layout: Layout, name: str, shape: tuple[int, ...]) -> list[tuple[str, tuple[int, ...]]]:
    parts = layout.parted(name, shape)
    if not parts:
        return [(layout.named(name), shape)]
    return [(part.replace("*", str(expert)), sides) for expert in range(shape[0]) for part, sides in parts]
