"""The breakdown of a total by component, role, layer or module."""

from __future__ import annotations

from fractions import Fraction

from sympy import Expr

from bertsym.answers.answer_context import Subject, shown, subject
from bertsym.convention import EXACT, Convention
from bertsym.count import By, countable
from bertsym.document import Column, Count, Document, Inline, Share, Table
from bertsym.formulas.styles import Style, form, style_of_parts
from bertsym.formulas.tree import Form
from bertsym.model import Model
from bertsym.quantities import Unit
from bertsym.report import AsLatex, Record
from bertsym.values import value


@value
class Row:
    """A named part of a total; count and share of the whole are known once all sizes are."""

    name: str
    expression: Form
    count: int | None
    share: Fraction | None

    def cells(self, unit: Unit) -> tuple[Inline, ...]:
        """Return the cells of the row, with a count of that unit."""
        if self.count is None:
            return (self.name, self.expression)
        share = "" if self.share is None else Share(self.share)
        return (self.name, self.expression, Count(self.count, unit=unit), share)

    def record(self) -> Record:
        """Return the row for programs."""
        return {
            "name": self.name,
            "expression": self.expression,
            "latex": AsLatex(self.expression),
            "count": self.count,
            "share": None if self.share is None else Share(self.share),
        }


@value
class Breakdown:
    """A total in parts: the rows sum to it."""

    subject: Subject
    by: By
    rows: tuple[Row, ...]
    total: Row

    def document(self) -> Document:
        """Return a table with the total at its foot."""
        unit = self.subject.convention.unit
        columns = [Column(self.by.value), Column(unit.title)]
        if self.total.count is not None:
            columns = [Column(self.by.value), Column("formula"), Column(unit.title, right=True)]
            columns.append(Column("share", right=True))
        table = Table(tuple(columns), tuple(row.cells(unit) for row in self.rows), self.total.cells(unit))
        return (*self.subject.remarks(), table)

    def record(self) -> Record:
        """Return the rows and the total for programs."""
        return {
            **self.subject.record(),
            "by": self.by.value,
            "at": self.subject.sizes(),
            "rows": [row.record() for row in self.rows],
            "total": self.total.record(),
        }


def broken_down(
    model: Model, convention: Convention = EXACT, by: By = By.COMPONENT, style: Style = Style.COLLECTED
) -> Breakdown:
    """Break a total down by component, role, layer or module."""
    counted_model = countable(model, convention)
    whole = counted_model.total()
    number = counted_model.number(whole)
    like = style_of_parts(shown(model, whole, whole), style)

    def row(name: str, expression: Expr, value: int | None) -> Row:
        counted = value if number is not None else None
        share = Fraction(counted, number) if counted is not None and number else None
        return Row(name, form(shown(model, expression, whole), like), counted, share)

    rows = tuple(row(part.name, part.expression, part.count) for part in counted_model.breakdown(by))
    return Breakdown(subject(model, convention), by, rows, row("total", whole, number))
