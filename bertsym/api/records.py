"""The rows of an answer as Python values, and as a table of pandas: exact, without a float."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from bertsym.document import Code, Count, Decimal, Document, Element, Inline, Remark, Share, Table
from bertsym.errors import MissingExtra, UnknownName
from bertsym.formulas.tree import Form, Number, to_sympy
from bertsym.handed_out import NO_NAMES, public
from bertsym.render import words
from bertsym.report import AsLatex, AsText, Record, Report
from bertsym.straight_line import INT64
from bertsym.values import replace, value

if TYPE_CHECKING:
    import pandas as pd

_LISTS = ("rows", "candidates", "phases", "sizes", "models")
"""The keys of the records that hold rows."""
_SIZES = ("at", "values")
"""The keys of an entry that hold sizes by name."""


class Row(Mapping[str, Any]):
    """A row of an answer: a mapping of names to exact values, which are attributes too.

    Numbers are integers or fractions, and formulas are sympy expressions.

    >>> row = Row({"name": "embeddings", "count": 23837184})
    >>> row["count"] == row.count
    True
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        """Hold the values."""
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(str(UnknownName("column", name, () if name.startswith("_") else self._values)))
        return self._values[name]

    def __hash__(self) -> int:
        return hash(tuple(self._values))

    def __reduce__(self) -> tuple[Any, ...]:
        return Row, (self._values,)

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{name}={value!s}' for name, value in self._values.items())})"


def rows(report: Report, names: Mapping[str, str] = NO_NAMES) -> tuple[Row, ...]:
    """Return the rows of an answer: those of its record, else those of its tables, else the answer as one row.

    The methods of a formula take the other `names` of its symbols too.
    """
    record = report.record()
    if isinstance(record, Sequence) and not isinstance(record, str):
        return tuple(Row(_flat(entry, names)) for entry in record if isinstance(entry, Mapping))
    if isinstance(record, Mapping):
        for name in _LISTS:
            listed = record.get(name)
            if isinstance(listed, Sequence) and not isinstance(listed, str):
                entries = (entry for entry in listed if isinstance(entry, Mapping))
                return tuple(Row(row) for entry in entries for row in _rows(entry, record, names))
    tables = [element for element in report.document() if isinstance(element, Table)]
    if tables:
        return tuple(Row(row) for table in tables for row in _cells(table, names))
    return (Row(_flat(record, names)),) if isinstance(record, Mapping) else ()


def _rows(
    entry: Mapping[str, Record], record: Mapping[str, Record], names: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of an entry: one, or in a comparison one a model."""
    sides, models = entry.get("models"), record.get("models")
    if not (isinstance(sides, Sequence) and isinstance(models, Sequence)):
        yield _flat(entry, names)
        return
    for side, model in zip(sides, models, strict=True):
        if isinstance(side, Mapping) and isinstance(model, Mapping):
            beside = {name: part for name, part in entry.items() if name != "models"}
            yield _flat({**beside, "model": model["title"], **side}, names)


def _flat(entry: Mapping[str, Record], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of an entry; sizes stand beside them, and parts of other mappings under longer names.

    LaTeX is left out by its name, so that all rows of an answer have the same keys.
    """
    flat: dict[str, Any] = {}
    for name, part in entry.items():
        if isinstance(part, Mapping):
            for key, inner in _flat(part, names).items():
                flat[key if name in _SIZES and key not in entry else f"{name}_{key}"] = inner
        elif name.rpartition("_")[2] != "latex":
            flat[name] = exact(part, names)
    return flat


def exact(part: Record, names: Mapping[str, str] = NO_NAMES) -> Any:
    """Return a part of a record as an exact value of Python or sympy."""
    match part:
        case None | bool() | int() | str():
            return part
        case Fraction():
            return part.numerator if part.denominator == 1 else part
        case Share(number):
            return exact(number)
        case AsText(document):
            from bertsym.render import text

            return text.document(document)
        case AsLatex(form):
            from bertsym.render.mathtex import math

            return math(form)
        case Mapping():
            return {name: exact(inner, names) for name, inner in part.items()}
        case Sequence():
            return tuple(exact(inner, names) for inner in part)
        case _:
            return _number_or_formula(part, names)


def _number_or_formula(form: Form, names: Mapping[str, str]) -> Any:
    if isinstance(form, Number):
        return exact(form.value)
    formula = public(to_sympy(form), names)
    if formula.is_Rational:
        return exact(Fraction(int(formula.p), int(formula.q)))
    return formula


def _cells(table: Table, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table, by its headings."""
    heads = [": ".join(filter(None, (column.group, words.inline(column.title)))) for column in table.columns]
    for row in table.rows:
        yield {head: _cell(cell, names) for head, cell in zip(heads, row, strict=False)}


def _cell(cell: Inline, names: Mapping[str, str]) -> Any:
    match cell:
        case Count(number) | Share(number) | Decimal(number):
            return exact(number)
        case Code(text):
            return text
        case _ if isinstance(cell, Form):
            return _number_or_formula(cell, names)
        case _:
            return words.inline(cell)


def frame(listed: Iterable[Row], what: str) -> pd.DataFrame:
    """Return a table of pandas; integers beyond 64 bits and fractions stay Python's. Raises `MissingExtra`."""
    try:
        import pandas as pd
    except ImportError:
        raise MissingExtra(what, "pandas", "pandas") from None
    rows = list(listed)
    names = dict.fromkeys(name for row in rows for name in row)
    return pd.DataFrame({name: _series(pd, [row.get(name) for row in rows]) for name in names})


def _series(pd: Any, values: list[Any]) -> Any:
    """Return a column: pandas itself would read integers beside None as floats."""
    whole = all(type(value) is int and INT64[0] <= value <= INT64[1] for value in values)
    plain = all(isinstance(value, str) for value in values) or all(isinstance(value, bool) for value in values)
    if whole:
        return pd.Series(values, dtype="int64")
    return pd.Series(values) if plain else pd.Series(values, dtype="object")


@value
class Shortened:
    """An answer with the first rows of each table, as a notebook shows it."""

    report: Report
    most: int

    def document(self) -> Document:
        """Return the document with shorter tables, and a line that says how many rows are left out."""
        return tuple(part for element in self.report.document() for part in self._shortened(element))

    def _shortened(self, element: Element) -> Iterator[Element]:
        hidden = len(element.rows) - self.most if isinstance(element, Table) else 0
        if isinstance(element, Table) and hidden > 0:
            yield replace(element, rows=element.rows[: self.most])
            yield Remark((f"{hidden:,} more rows",))
        else:
            yield element

    def record(self) -> Record:
        """Return the whole answer for programs."""
        return self.report.record()


def as_dictionary(report: Report) -> dict[str, Any]:
    """Return the record of an answer as JSON has it."""
    from bertsym.render import jsontext

    plain: Any = jsontext.plain_record(report)
    return plain if isinstance(plain, dict) else {"tensors": plain}
