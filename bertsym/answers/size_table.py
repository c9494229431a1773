"""The table of sizes of a paper: a model in each row, and in the columns sizes, counts, or what its layers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from sympy import Symbol

from bertsym.answers.answer_context import Subject, subject
from bertsym.answers.model_sizes import named_sizes, size_value, value_cell
from bertsym.answers.titles import expansion, titles
from bertsym.convention import CONVENTIONS, EXACT, Convention
from bertsym.count import count, countable
from bertsym.document import NONE, Code, Column, Count, Document, Element, Inline, Remark, Table
from bertsym.errors import UnknownName
from bertsym.formulas.tree import Name
from bertsym.model import Model
from bertsym.report import Record
from bertsym.values import value


class Property(Enum):
    """A column about the model rather than about a size or a count."""

    ID = "id"
    CLASS = "class"
    SHARING = "sharing"


COUNT_OF_ALL = "parameters"
"""The column of the exact count, as a paper heads it."""

COUNTS = ("params", "#params", "total", "count", "参数量")
"""The names that papers give to that column, unless a model has a size of the name."""

USUAL = ("L", "H", "heads", COUNT_OF_ALL)
"""The columns of the table in the paper of BERT."""

HINT = "`bertsym symbols` lists sizes and conventions"


@value
class Asked:
    """The content of a column: a property, the count of a component or under a convention, or else a size."""

    name: str
    property: Property | None = None
    convention: Convention | None = None
    size: Symbol | None = None
    component: str = ""

    def cell(self, model: Model) -> Inline:
        """Return the cell of a model; raises `MissingSize` for a count of a model with an open size."""
        if self.convention is not None:
            return Count(count(model, self.convention))
        if self.component:
            return Count(_components(model).get(self.component, 0))
        match self.property:
            case Property.ID:
                return Code(model.name)
            case Property.CLASS:
                return Code(model.cls)
            case Property.SHARING:
                return "yes" if _shares(model) else "no"
            case None:
                return value_cell(size_value(model, self.size))

    def head(self) -> Column:
        """Return the column: a size is headed by its symbol."""
        if self.property is not None:
            return Column(self.name)
        return Column(self.name if self.size is None else Name(self.size), right=True)


@value
class SizeTable:
    """Models with their sizes and counts, in the order in which they were named."""

    subjects: tuple[Subject, ...]
    titles: tuple[str, ...]
    columns: tuple[Asked, ...]
    cells: tuple[tuple[Inline, ...], ...]

    @property
    def conventions(self) -> tuple[Convention, ...]:
        """Return the conventions of the columns, each once; a table of sizes alone has none."""
        counts = (EXACT if column.component else column.convention for column in self.columns)
        return tuple(dict.fromkeys(convention for convention in counts if convention is not None))

    def document(self) -> Document:
        """Return the table; remarks say what is counted, and of which class."""
        counted = self.conventions
        remarks: list[Element] = [Remark((f"{kind.title}: {kind.meaning}",)) for kind in counted]
        reasons = dict.fromkeys(element for one in self.subjects for element in one.reason()) if counted else {}
        for title, one in zip(self.titles, self.subjects, strict=True):
            remarks += [*one.origin(), Remark((expansion(title, one),))]
        heads = (Column("model"), *(column.head() for column in self.columns))
        rows = tuple((title, *cells) for title, cells in zip(self.titles, self.cells, strict=True))
        return (*remarks, *reasons, Table(heads, rows, dashes=True))

    def record(self) -> Record:
        """Return the models for programs, with a value for each column."""
        return {
            "columns": [column.name for column in self.columns],
            "models": [
                {
                    "title": title,
                    "model": one.model,
                    "class": one.cls,
                    "values": {column.name: _plain(cell) for column, cell in zip(self.columns, cells, strict=True)},
                }
                for title, one, cells in zip(self.titles, self.subjects, self.cells, strict=True)
            ],
        }


def size_table(models: Sequence[Model], columns: Sequence[str] = USUAL, names: Sequence[str | None] = ()) -> SizeTable:
    """Return the table of models with columns that are named as in `asked_for`.

    Raises `UnknownName`, `AmbiguousName`, and `MissingSize` for a count of a model with an open size.
    """
    asked = tuple(dict.fromkeys(asked_for(models, name) for name in columns))
    cells = tuple(tuple(column.cell(model) for column in asked) for model in models)
    subjects = tuple(subject(model, EXACT) for model in models)
    return SizeTable(subjects, titles(models, names), asked, cells)


def asked_for(models: Sequence[Model], column: str) -> Asked:
    """Return what a column holds: `parameters` or a convention, a property, a size, or a component.

    A symbol is a size (`experts`), and a component is none that it sounds like (`feed-forward`); raises `UnknownName`.
    """
    if column == COUNT_OF_ALL:
        return Asked(column, convention=EXACT)
    properties = {kind.value: kind for kind in Property}
    if column in CONVENTIONS or column in properties:
        return Asked(column, properties.get(column), CONVENTIONS.get(column))
    symbols = {str(symbol) for model in models for symbol in model.symbols}
    if column not in symbols and any(tensor.component == column for model in models for tensor in model.tensors):
        return Asked(column, component=column)
    try:
        return Asked(column, size=named_sizes(models, [column])[0])
    except UnknownName:
        if column.casefold() in COUNTS:
            return Asked(COUNT_OF_ALL, convention=EXACT)
        raise UnknownName("column", column, (COUNT_OF_ALL, *CONVENTIONS, *properties, *sorted(symbols)), HINT) from None


def _components(model: Model) -> Mapping[str, int]:
    """Return the counts of the components of a model; raises `MissingSize`."""
    counted = countable(model)
    counted.count()
    return {part.name: part.count or 0 for part in counted.breakdown()}


def _shares(model: Model) -> bool:
    """Return True if a layer is applied more than once."""
    return any(tensor.reuse != 1 and model.number(tensor.reuse) != 1 for tensor in model.tensors)


def _plain(cell: Inline) -> Record:
    """Return a cell for programs: a number, a word, or None for a dash."""
    match cell:
        case Count(value=number):
            return number
        case Code(text):
            return text
        case str():
            return None if cell == NONE else cell
        case _:
            raise AssertionError("a cell is a number or a word")
