"""The values that the stages of derive hand on, from the configuration fields to the candidate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from sympy import Symbol

from bertsym.derive.layer_list_field import ListField
from bertsym.errors import BertsymError, echo
from bertsym.files.jsonfile import Json
from bertsym.tree import Tensor
from bertsym.values import value

if TYPE_CHECKING:
    from bertsym.derive.derivation import SynthesisInput

NO_EFFECT = "no size changes its tensors"
"""The problem of a target that builds the same at all sizes."""

Number = int | bool | Fraction
Fields = Mapping[str, Number]
Sizes = Mapping[Symbol, Number]
Arguments = Mapping[str, Json]
"""The arguments of a callable by name, or the settings of a configuration by path: `{"q_lora_rank": None}`."""


@value
class CannotDerive(BertsymError):
    """A target for which there are no formulas: its code does not build at its defaults, or a stage gave up."""

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

_NUMBER = re.compile(r"\b\d+\b")


def tensor_kinds(inventory: Inventory) -> set[str]:
    """Return the names of the tensors with `#` for each number, so that the layers of a stack are one kind.

    >>> entry = Entry((2,), "layer.0.bias", "bias")
    >>> tensor_kinds({"layer.0.bias": entry, "layer.1.bias": entry})
    {'layer.#.bias'}
    """
    return set(map(kind_of, inventory))


def kind_of(name: str) -> str:
    """Return the name of a tensor with `#` for each number.

    >>> kind_of("layer.0.bias")
    'layer.#.bias'
    """
    return _NUMBER.sub("#", name)


@value
class Description:
    """The class that the target builds, the file of its code, and the fields that may vary with their defaults.

    `lists` describes the fields with an entry a layer; a field's number chooses its list.
    """

    cls: str
    source: str
    fields: Fields
    lists: tuple[ListField, ...] = ()

    def list_at(self, path: str) -> ListField | None:
        """Return the field with an entry a layer at this path, None for any other field."""
        return next((field for field in self.lists if field.path == path), None)


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
    """A tensor template without a formula: the part that failed, the reason, and the sizes that may explain it.

    The part is `dimension 0`, `existence`, `tie`, `shape`, `repeat 0`, or start, end or step of a repeat. The evidence
    is computed on demand, by `bertsym.derive.synthesis.evidence.explain_tensor`.
    """

    tensor: str
    part: str
    reason: str
    sizes: frozenset[Symbol] = frozenset()


@value
class Candidate:
    """The tensors with formulas that fit all observations so far, and the failures, one for each other template."""

    tensors: tuple[Tensor, ...]
    refused: tuple[Failure, ...]


@value
class NotDerived(CannotDerive):
    """A search that ended without formulas, with the last synthesis, so that a user can look at its evidence."""

    target: str
    problem: str
    candidate: Candidate
    evidence: SynthesisInput

    def __str__(self) -> str:
        named = f"'{self.candidate.refused[0].tensor}'" if self.candidate.refused else "TENSOR"
        return f"{super().__str__()}; --why {named} shows the observations, --trace FILE the stages"
