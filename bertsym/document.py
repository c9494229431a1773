"""The vocabulary of documents: what an answer says, apart from any syntax."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from sympy import Symbol

from bertsym.formulas.tree import Form, Name, Number
from bertsym.quantities import PARAMETERS, Unit, rounded_to
from bertsym.values import replace, value


@value
class Code:
    """A name from somebody's code, set in a typewriter face."""

    text: str


@value
class Citation:
    """A reference to an entry of the bibliography, by its key, where a paper has one."""

    key: str


@value
class Count:
    """A number of parameters or of another unit, with its rounding if `short`."""

    value: int
    short: bool = False
    unit: Unit = PARAMETERS


@value
class Rounded:
    """A number of parameters or of another unit, to two decimals in its largest fitting decimal multiple."""

    value: int
    unit: Unit = PARAMETERS

    @property
    def text(self) -> str:
        """Return the number with its unit."""
        return self.unit.rounded(self.value).partition(",")[0]


@value
class Scaled:
    """A number in a multiple of its unit, rounded to `places`; `symbol` is empty if a heading has it.

    Negative places round to tens.
    """

    value: int
    scale: int
    places: int
    symbol: str = ""

    @property
    def exact(self) -> bool:
        """Return True if no digit was rounded away."""
        return (Fraction(self.value, self.scale) * Fraction(10) ** self.places).denominator == 1

    @property
    def number(self) -> str:
        """Return the digits, with a hyphen before a negative number.

        >>> Scaled(109482240, 10**6, 1, "M").number
        '109.5'
        """
        return rounded_to(Fraction(self.value, self.scale), self.places)


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
    """A weight matrix as papers write it: a W, with letters or words `below` it or alone."""

    below: str = ""

    @property
    def index(self) -> tuple[tuple[str, bool], ...]:
        """Return the parts below the W, each with True for letters that are variables, as 1, Q and QKV are.

        >>> Matrix("QKV").index, Matrix("gate,up").index
        ((('QKV', True),), (('gate', False), ('up', False)))
        """
        return tuple((part, len(part) == 1 or part.isupper()) for part in self.below.split(",") if part)


@value
class Equal:
    """An equality in running text, as d = H/A; a fraction in it stands on one line."""

    left: Form
    right: Form


Numeral = Count | Rounded | Scaled | Share | Decimal
"""The numbers that stand in text as they stand in a table."""

Inline = str | Form | Code | Citation | Numeral | Shape | Sizes | Matrix | Equal


@value
class Title:
    """The title of a document of its own; a fragment has none."""

    parts: tuple[Inline, ...]


@value
class Heading:
    """A section's title; with a `clause`, a paper has it as the beginning of a sentence that ends in a display."""

    parts: tuple[Inline, ...]
    clause: tuple[Inline, ...] | None = None

    @property
    def line(self) -> tuple[Inline, ...]:
        """Return the title and its clause as the title of a section."""
        return (*self.parts, *(self.clause or ()))


@value
class Paragraph:
    """Running text with mathematics in it."""

    parts: tuple[Inline, ...]


@value
class Remark:
    """A line beside an answer, which says what the answer counts and at which sizes."""

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

    `left` is the left side of the equation on paper. `short` is the formula with the coefficients of `let` in it.
    """

    steps: tuple[Inline, ...]
    left: Form | Rate | None = None
    short: Form | None = None
    let: tuple[tuple[Symbol, Form], ...] = ()

    @property
    def sides(self) -> tuple[Form | Rate | None, tuple[Inline, ...]]:
        """Return the left side, which a name before other steps is too, and the steps right of it."""
        if self.left is None and isinstance(self.steps[0], Name) and len(self.steps) > 1:
            return self.steps[0], self.steps[1:]
        return self.left, self.steps


@value
class Column:
    """A table's column; numbers stand to the right. Cells that stay `whole` are not broken over lines.

    A size as `title` is a `Name`, so that paper sets it by the notation. Neighbours with one `group` share a heading.
    A `name` stands for an empty title in sentences. A narrow terminal leaves out other columns before one that `stays`.
    """

    title: Inline
    right: bool = False
    whole: bool = False
    group: str = ""
    name: str = ""
    stays: bool = False


@value
class Table:
    """Rows of cells; `footer` is set apart below a rule.

    A rule stands above each row whose index is in `rules` too. With `dashes`, a count of 0 is shown as a dash.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Inline, ...], ...]
    footer: tuple[Inline, ...] = ()
    rules: tuple[int, ...] = ()
    dashes: bool = False


NONE = "—"
"""The dash for a count of 0."""


def dashed(table: Table) -> Table:
    """Return the table with a dash for each count of 0 if it asks for dashes."""
    if not table.dashes:
        return table

    def shown(cells: tuple[Inline, ...]) -> tuple[Inline, ...]:
        return tuple(NONE if _is_zero(cell) else cell for cell in cells)

    return replace(table, rows=tuple(map(shown, table.rows)), footer=shown(table.footer), dashes=False)


def _is_zero(cell: Inline) -> bool:
    return isinstance(cell, Count | Decimal | Number | Scaled | Share) and cell.value == 0


def groups(columns: tuple[Column, ...]) -> tuple[tuple[str, int], ...]:
    """Return the headings over neighbouring columns, each with the number of its columns; nothing if there are none.

    >>> groups((Column("part"), Column("formula", group="BERT"), Column("count", group="BERT")))
    (('', 1), ('BERT', 2))
    """
    runs: list[tuple[str, int]] = []
    for column in columns:
        if runs and column.group and runs[-1][0] == column.group:
            runs[-1] = (column.group, runs[-1][1] + 1)
        else:
            runs.append((column.group, 1))
    return tuple(runs) if any(name for name, _ in runs) else ()


def is_rounded(part: Inline) -> bool:
    """Return True if a number is not written to its last digit, so that no equals sign stands before it."""
    match part:
        case Scaled():
            return not part.exact
        case Decimal(value, places, rounded):
            return rounded or (value * 10**places).denominator != 1
        case _:
            return False


Element = Title | Heading | Paragraph | Remark | Equation | Alignment | Result | Table
Document = tuple[Element, ...]


def cites(document: Document) -> bool:
    """Return True if the text refers to an entry of the bibliography."""
    return any(isinstance(part, Citation) for each in document if isinstance(each, Paragraph) for part in each.parts)


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
        case Title(parts) | Paragraph(parts) | Remark(parts):
            return replace(element, parts=words(parts))
        case Heading(parts, clause):
            return Heading(words(parts), None if clause is None else words(clause))
        case Equation(steps) | Result(steps):
            return replace(element, steps=words(steps))
        case Alignment(lines):
            return Alignment(tuple(Line(words(line.label), words(line.steps), line.start) for line in lines))
        case Table(columns, rows, footer):
            titles = tuple(
                replace(column, title=words((column.title,))[0], group=change(column.group)) for column in columns
            )
            return replace(element, columns=titles, rows=tuple(map(words, rows)), footer=words(footer))
