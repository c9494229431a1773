"""The values that the stages of derive hand on, from the configuration fields to the candidate."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from sympy import Symbol

from bertsym.errors import BertsymError, echo
from bertsym.tree import Tensor
from bertsym.values import value

Number = int | bool | Fraction
Fields = Mapping[str, Number]
Sizes = Mapping[Symbol, Number]


@value
class CannotDerive(BertsymError):
    """The code does not build, not even at the sizes it comes with."""

    target: str
    problem: str

    def __str__(self) -> str:
        return f"cannot derive {echo(self.target)}: {self.problem}"


class Entry(NamedTuple):
    """A real tensor: `first` is the first of its names, its own unless it is tied."""

    shape: tuple[int, ...]
    first: str
    role: str


Inventory = Mapping[str, Entry]


@value
class Description:
    """What the code is called, where it is from, and the fields that may vary with the values they come with."""

    cls: str
    source: str
    fields: Fields


@value
class Rejection:
    """The outcome of a build without an inventory: the error that the model code raised, or a time limit exceeded."""

    reason: str
    timed_out: bool = False


@value
class Observation:
    """The tensors that the model code builds at some sizes.

    `changed_from` is the observation from which only the size `changed` differs, with the sizes that must follow it.
    """

    sizes: Sizes
    inventory: Inventory
    changed_from: Observation | None = None
    changed: Symbol | None = None


@value
class OneFieldChange:
    """Two rows of a table of observations between which one size was changed, with those that must follow it."""

    before: int
    after: int
    symbol: Symbol


@value
class Failure:
    """A tensor that has no formula here, which part of it, and the sizes that may be why."""

    tensor: str
    part: str
    why: str
    sizes: frozenset[Symbol] = frozenset()


@value
class Candidate:
    """The tensors that have formulas, and those that do not."""

    tensors: tuple[Tensor, ...]
    refused: tuple[Failure, ...]
