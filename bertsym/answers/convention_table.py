"""One model under every convention of a quantity: the totals, and the components in which they differ."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from bertsym.answers.answer_context import Subject, shown, subject
from bertsym.convention import Convention
from bertsym.count import countable
from bertsym.document import Code, Column, Count, Decimal, Document, Element, Inline, Remark, Table
from bertsym.errors import NoShape
from bertsym.formulas.styles import form
from bertsym.formulas.tree import Form
from bertsym.model import Model
from bertsym.report import AsLatex, Record
from bertsym.values import value


@value
class Under:
    """A total under one convention; `parts` are its components, `count` and their numbers None while a size is open."""

    convention: Convention
    expression: Form
    count: int | None
    parts: Mapping[str, int | None]

    def record(self, reference: Fraction | None) -> Record:
        """Return the total for programs, with its ratio to that of the first convention."""
        return {
            "convention": self.convention.title,
            "meaning": self.convention.meaning,
            "used_by": self.convention.used_by,
            "unit": self.convention.unit.title,
            "expression": self.expression,
            "latex": AsLatex(self.expression),
            "count": self.count,
            "ratio": reference,
            "parts": dict(self.parts),
        }


@value
class ConventionTable:
    """A model under conventions, the default one first; `problems` say why one has no number at these sizes."""

    subject: Subject
    rows: tuple[Under, ...]
    problems: Mapping[str, str]

    @property
    def conventions(self) -> tuple[Convention, ...]:
        """Return the conventions of the rows."""
        return tuple(row.convention for row in self.rows)

    def document(self) -> Document:
        """Return a table of totals, one of components if every size is known, and what each convention counts."""
        first, *remarks = self.subject.remarks()
        del first  # it speaks of one convention
        parts: list[Element] = [Remark((f"{self.subject.cls}, under each convention",)), *remarks]
        parts += [Remark((f"{name} is left out: {problem}",)) for name, problem in self.problems.items()]
        parts.append(self._totals())
        if all(row.count is not None for row in self.rows):
            parts.append(self._components())
        meanings = ((Code(row.convention.name), row.convention.meaning, row.convention.used_by) for row in self.rows)
        parts.append(Table((Column("convention"), Column("counts"), Column("used by")), tuple(meanings)))
        return tuple(parts)

    def _totals(self) -> Table:
        if any(row.count is None for row in self.rows):
            return Table(
                (Column("convention"), Column("formula")),
                tuple((Code(row.convention.name), row.expression) for row in self.rows),
            )
        columns = (Column("convention"), Column("total", right=True), Column("rounded", right=True))
        rows: tuple[tuple[Inline, ...], ...] = tuple(
            (
                Code(row.convention.name),
                Count(row.count or 0, unit=row.convention.unit),
                row.convention.unit.rounded(row.count or 0),
                ratio,
            )
            for row in self.rows
            for ratio in (Decimal(self._ratio(row) or Fraction(0)),)
        )
        return Table((*columns, Column(f"of {self.rows[0].convention.name}", right=True)), rows)

    def _components(self) -> Table:
        """Return the components of each total, rounded: they say what a convention leaves out."""
        names = list(dict.fromkeys(name for row in self.rows for name in row.parts))
        columns = (Column("convention"), *(Column(name, right=True) for name in names))
        rows: tuple[tuple[Inline, ...], ...] = tuple(
            (Code(row.convention.name), *(row.convention.unit.rounded(row.parts.get(name) or 0) for name in names))
            for row in self.rows
        )
        return Table(columns, rows)

    def _ratio(self, row: Under) -> Fraction | None:
        whole = self.rows[0].count
        return Fraction(row.count, whole) if row.count is not None and whole else None

    def record(self) -> Record:
        """Return the totals for programs, in the order of the conventions."""
        record = self.subject.record()
        named: dict[str, Record] = {name: part for name, part in record.items() if name not in ("convention", "unit")}
        return {**named, "at": self.subject.sizes(), "rows": [row.record(self._ratio(row)) for row in self.rows]}


def under_conventions(measured: Mapping[Convention, Model]) -> ConventionTable:
    """Count one model under each convention; `measured` has the model with the entries that each convention sums."""
    rows = []
    about = None
    problems: dict[str, str] = {}
    for convention, model in measured.items():
        try:
            counted = countable(model, convention)
            whole = counted.total()
            number = counted.number(whole)
            parts = {part.name: part.count for part in counted.breakdown()}
        except NoShape as problem:  # a script counts a fraction of the tokens
            problems[convention.name] = str(problem)
            continue
        rows.append(Under(convention, form(shown(model, whole, whole)), number, parts))
        about = about or subject(model, convention)
    if about is None:
        raise AssertionError("a quantity has a convention")
    return ConventionTable(about, tuple(rows), problems)
