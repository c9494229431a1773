"""Answers: what was asked of which model under which convention, and what came out. Neutral of any syntax."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.convention import Convention
from bertsym.document import Document
from bertsym.forms import Form


@dataclass(frozen=True)
class Subject:
    """Which model, as which class, counted how, at which sizes: it travels with every answer."""

    model: str
    cls: str
    convention: Convention
    at: Mapping[Symbol, Value]


@dataclass(frozen=True)
class Formula:
    """A total: its formula, and its number where every size is known."""

    subject: Subject
    expression: Form
    count: int | None


@dataclass(frozen=True)
class Row:
    """A named part of a total; `share` of the whole is known where the counts are."""

    name: str
    expression: Form
    count: int | None
    share: Fraction | None


@dataclass(frozen=True)
class Breakdown:
    """A total by component, role or layer: the rows sum to it."""

    subject: Subject
    by: str
    rows: tuple[Row, ...]
    total: Row


@dataclass(frozen=True)
class Entry:
    """One tensor of the inventory; `repeat` is how many of its kind there are, 1 once it is written out.

    A bound name index shows as `*`.
    """

    name: str
    shape: tuple[Form, ...]
    role: str
    component: str
    tied_to: str | None
    repeat: Form


@dataclass(frozen=True)
class Inventory:
    """The tensors of a model, in symbols or, with every size known, one by one."""

    subject: Subject
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Derivative:
    """How a total changes with a size.

    `elasticity` is (dP/dS) S/P: the percentage by which the total grows when the size grows by one percent; `held`
    are the other symbols. Where the total does not depend on the size, `cancels` is the definition it drops out of.
    """

    subject: Subject
    by: Symbol
    order: int
    expression: Form
    value: Fraction | None
    elasticity: Form | None
    elasticity_value: Fraction | None
    held: tuple[Symbol, ...]
    independent: bool
    cancels: tuple[Symbol, Form] | None


@dataclass(frozen=True)
class Derivation:
    """A total derived step by step."""

    subject: Subject
    text: Document


@dataclass(frozen=True)
class Named:
    """A published size with its count and source."""

    name: str
    architecture: str
    at: Mapping[Symbol, Value]
    count: int
    source: str


@dataclass(frozen=True)
class Catalogue:
    """The models there are: architectures (name, title, paper, heads with their classes) and named sizes."""

    architectures: tuple[tuple[str, str, str, Mapping[str, str]], ...]
    sizes: tuple[Named, ...]


@dataclass(frozen=True)
class Glossary:
    """The symbols and the conventions there are."""

    symbols: tuple[tuple[Symbol, str, str, str], ...]
    conventions: tuple[Convention, ...]


Report = Formula | Breakdown | Inventory | Derivative | Derivation | Catalogue | Glossary
