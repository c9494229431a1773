"""The vocabulary of documents: what an answer says, apart from any syntax."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from sympy import Symbol

from bertsym.formulas.tree import Form
from bertsym.quantities import PARAMETERS, Unit
from bertsym.values import value


@value
class Code:
    """A name from somebody's code, set in a typewriter face."""

    text: str


@value
class Count:
    """A number of parameters or of another unit, with its rounding if `short`."""

    value: int
    short: bool = False
    unit: Unit = PARAMETERS


@value
class Rounded:
    """A number of parameters or of another unit in the largest fitting unit, two decimals; of bytes the decimal one."""

    value: int
    unit: Unit = PARAMETERS

    @property
    def text(self) -> str:
        """Return the number with its unit."""
        return self.unit.rounded(self.value).partition(",")[0]


@value
class Share:
    """A part of a whole, shown in percent to some decimal places."""

    value: Fraction
    places: int = 1


@value
class Decimal:
    """A number shown to some decimal places; it is `rounded` if it was not exact to begin with."""

    value: Fraction
    places: int = 3
    rounded: bool = False


@value
class Shape:
    """The sides of a tensor."""

    sides: tuple[Form, ...]


@value
class Sizes:
    """A list of sizes and their values."""

    values: Mapping[Symbol, object]


@value
class Matrix:
    """A weight matrix in words of papers: a W with a letter or a word `below` it, or alone."""

    below: str = ""


@value
class Equal:
    """An equality in running text, as d = H/A; a fraction in it stands on one line."""

    left: Form
    right: Form


Inline = str | Form | Code | Count | Rounded | Share | Decimal | Shape | Sizes | Matrix | Equal


@value
class Title:
    """The title of a document of its own; a fragment has none."""

    parts: tuple[Inline, ...]


@value
class Heading:
    """A section's title. With a `clause`, it begins a sentence that goes on with a display: no section in a paper."""

    parts: tuple[Inline, ...]
    clause: tuple[Inline, ...] | None = None


@value
class Paragraph:
    """Running text with mathematics in it."""

    parts: tuple[Inline, ...]


@value
class Remark:
    """A line that says what an answer counts and at which sizes; it travels with the answer, apart from it."""

    parts: tuple[Inline, ...]


@value
class Equation:
    """left = step = step = ...: each step follows from the one before."""

    steps: tuple[Inline, ...]


@value
class Line:
    """A line of an alignment: its label, a product if it starts with one, and steps that follow from each other."""

    label: tuple[Inline, ...]
    steps: tuple[Inline, ...]
    start: Form | None = None


@value
class Alignment:
    """Lines below each other, aligned at their labels and at the signs before their steps."""

    lines: tuple[Line, ...]


@value
class Rate:
    """The derivative of a quantity by a size, of some order, on the left of an equation."""

    of: Symbol
    by: Symbol
    order: int = 1


@value
class Result:
    """The formula that answers the question, and its number if it has one; it is printed alone, to be embedded.

    `left` is what the formula is, for a display on paper. `short` is the formula with the coefficients of `let` in it.
    """

    steps: tuple[Inline, ...]
    left: Form | Rate | None = None
    short: Form | None = None
    let: tuple[tuple[Symbol, Form], ...] = ()


@value
class Column:
    """A table's column; numbers stand to the right. Cells that stay `whole` are not broken over lines."""

    title: str
    right: bool = False
    whole: bool = False


@value
class Table:
    """Rows of cells; `footer` is set apart below a rule."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Inline, ...], ...]
    footer: tuple[Inline, ...] = ()


Element = Title | Heading | Paragraph | Remark | Equation | Alignment | Result | Table
Document = tuple[Element, ...]


def rewritten(document: Document, change: Callable[[str], str]) -> Document:
    """Change the words and names of a document, and leave its mathematics as it is."""
    return tuple(_rewritten(element, change) for element in document)


def _rewritten(element: Element, change: Callable[[str], str]) -> Element:
    def words(parts: tuple[Inline, ...]) -> tuple[Inline, ...]:
        return tuple(
            change(part) if isinstance(part, str) else Code(change(part.text)) if isinstance(part, Code) else part
            for part in parts
        )

    match element:
        case Title(parts):
            return Title(words(parts))
        case Heading(parts, clause):
            return Heading(words(parts), None if clause is None else words(clause))
        case Paragraph(parts):
            return Paragraph(words(parts))
        case Remark(parts):
            return Remark(words(parts))
        case Equation(steps):
            return Equation(words(steps))
        case Alignment(lines):
            return Alignment(tuple(Line(words(line.label), words(line.steps), line.start) for line in lines))
        case Result(steps):
            return Result(words(steps))
        case Table(columns, rows, footer):
            titles = tuple(Column(change(column.title), column.right, column.whole) for column in columns)
            return Table(titles, tuple(map(words, rows)), words(footer))
