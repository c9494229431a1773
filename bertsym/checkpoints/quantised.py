"""Describe how a quantiser stores a weight, and compare that with the header of a checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

from bertsym.checkpoints.tensor_types import GGML_BLOCKS, Array
from bertsym.values import value

Dimensions = tuple[int, ...]
Types = frozenset[str]

WHOLE = frozenset({"F64", "F32", "F16", "BF16"})
"""The types in which weights are trained and saved."""

LOADED = WHOLE | frozenset(GGML_BLOCKS)
"""The types that a weight may have in its declared shape without anything beside it."""

EIGHT_BITS = frozenset({"F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ"})
"""Types of eight bits into which a framework casts a weight, with a scale or without one."""

NEVER = frozenset({"BOOL", "C64", "F8_E8M0"})
"""Types of masks, spectra and scales: no real weight is stored in them."""


@value
class Weight:
    """A weight with its declared shape, its stored array and the stored companions.

    `form` is the stored name's replacement for the declared one, such as `qweight`. `beside` maps a role, such as
    `scales`, to the companion. `transposed` is true if the declared shape is (inputs, outputs).
    """

    shape: Dimensions
    array: Array
    form: str
    beside: Mapping[str, Array]
    transposed: bool = False

    @property
    def outputs(self) -> int:
        """The number of outputs of the linear layer."""
        return self.shape[-1] if self.transposed else self.shape[-2]

    @property
    def inputs(self) -> int:
        """The number of inputs of the linear layer."""
        return self.shape[-2] if self.transposed else self.shape[-1]

    @property
    def lead(self) -> Dimensions:
        """The dimensions before inputs and outputs: the experts, or none."""
        return self.shape[:-2]

    @property
    def numel(self) -> int:
        """Return the number of declared entries."""
        return prod(self.shape)

    def groups(self, role: str, side: int, place: int = -1) -> int:
        """Return the number of groups along a side that the tensor in a role shows, 1 if it shows none."""
        array = self.beside.get(role)
        if array is None or len(array.shape) != len(self.shape):
            return 1
        return array.shape[place] if grouped(side, array.shape[place]) else 1


@value
class Part:
    """A companion that a scheme stores beside a weight, with its possible types and shapes."""

    dtypes: Types
    shapes: tuple[Dimensions, ...]
    required: bool = True


@value
class Layout:
    """One way of storing a weight, with the companions that are needed to read it back."""

    scheme: str
    bits: int
    dtypes: Types
    shape: Dimensions
    parts: Mapping[str, Part]

    def faults(self, weight: Weight) -> list[str]:
        """Return the differences from this layout, none if the weight fits."""
        found = []
        for role, part in self.parts.items():
            array = weight.beside.get(role)
            name = role.lstrip("._")
            if array is None:
                found += [f"no {name}"] if part.required else []
            elif array.dtype not in part.dtypes:
                found.append(f"{name} is {array.dtype}, not {' or '.join(sorted(part.dtypes))}")
            elif array.shape not in part.shapes:
                found.append(f"{name} is {sides(array.shape)}, not {' or '.join(map(sides, part.shapes))}")
        return found


@value
class Fit:
    """A weight that a framework loads: its scheme, bits an entry, and the roles of the companions it uses."""

    scheme: str
    bits: int
    roles: tuple[str, ...] = ()


def grouped(side: int, groups: int) -> bool:
    """Return True if groups of one length, the last perhaps shorter, divide a side into that many.

    >>> grouped(768, 6), grouped(300, 3), grouped(10, 7)
    (True, True, False)
    """
    return 0 < groups <= side and filled(side, filled(side, groups)) == groups


def filled(size: int, word: int) -> int:
    """Return the number of words that a size takes, rounded up."""
    return -(-size // word)


def sides(shape: Iterable[int]) -> str:
    """Return a shape as text for a sentence.

    >>> sides((768, 6)), sides(())
    ('768 × 6', 'a scalar')
    """
    return " × ".join(map(str, shape)) or "a scalar"
