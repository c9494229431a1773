"""What an answer says, apart from any syntax: the vocabulary that every renderer of documents knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sympy import Symbol

from bertsym.forms import Form


@dataclass(frozen=True)
class Code:
    """A name from somebody's code, set in a typewriter face."""

    text: str


@dataclass(frozen=True)
class Count:
    """A number of parameters, with its rounding where `short` asks for it."""

    value: int
    short: bool = False


@dataclass(frozen=True)
class Rounded:
    """A number of parameters in the largest fitting unit, two decimals."""

    value: int


@dataclass(frozen=True)
class Share:
    """A part of a whole, shown in percent."""

    value: Fraction


@dataclass(frozen=True)
class Decimal:
    """An exact number shown to some decimal places."""

    value: Fraction
    places: int = 3


@dataclass(frozen=True)
class Shape:
    """The sides of a tensor."""

    sides: tuple[Form, ...]


@dataclass(frozen=True)
class Sizes:
    """A list of sizes and their values."""

    values: Mapping[Symbol, object]


Inline = str | Form | Code | Count | Rounded | Share | Decimal | Shape | Sizes


@dataclass(frozen=True)
class Heading:
    """A section's title."""

    parts: tuple[Inline, ...]


@dataclass(frozen=True)
class Paragraph:
    """Running text with mathematics in it."""

    parts: tuple[Inline, ...]


@dataclass(frozen=True)
class Remark:
    """What an answer counts and at which sizes: text that must travel with it without becoming part of it."""

    parts: tuple[Inline, ...]


@dataclass(frozen=True)
class Equation:
    """left = step = step = ...: each step follows from the one before."""

    steps: tuple[Inline, ...]


@dataclass(frozen=True)
class Result:
    """The formula that was asked for, and its number where there is one: alone, ready to be embedded."""

    steps: tuple[Inline, ...]


@dataclass(frozen=True)
class Column:
    """A table's column; numbers stand to the right."""

    title: str
    right: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells; `footer` is set apart below a rule."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Inline, ...], ...]
    footer: tuple[Inline, ...] = ()


Element = Heading | Paragraph | Remark | Equation | Result | Table
Document = tuple[Element, ...]
