"""The elasticities of a total by each of its sizes: the data of a tornado."""

from __future__ import annotations

from fractions import Fraction

from sympy import Symbol

from bertsym.answers.answer_context import Subject, subject
from bertsym.answers.derivative import derivative
from bertsym.charts import Ranking
from bertsym.convention import EXACT, Convention
from bertsym.count import count
from bertsym.document import Column, Decimal, Document, Inline, Remark, Table
from bertsym.formulas.tree import Name
from bertsym.model import Model
from bertsym.report import Record
from bertsym.sensitivity import NoDerivative
from bertsym.solving.requirements import NothingFits
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value


@value
class Elasticities:
    """The elasticity by each size that the total depends on, the largest first.

    `flat` are sizes without effect, and the total has no derivative by those `in_steps`.
    """

    subject: Subject
    rows: tuple[tuple[Symbol, Fraction], ...]
    flat: tuple[Symbol, ...]
    in_steps: tuple[Symbol, ...]

    def chart(self) -> Ranking:
        """Return a bar for each size."""
        return Ranking(self.rows, self._title)

    @property
    def _title(self) -> str:
        return f"% more {self.subject.convention.unit.title} for 1% more of a size"

    def document(self) -> Document:
        """Return the elasticities as a table."""
        columns = (Column("size"), Column("meaning"), Column("elasticity", right=True))
        rows = tuple((Name(symbol), BY_SYMBOL[symbol].meaning, Decimal(share)) for symbol, share in self.rows)
        return (*self.remarks(), Remark((self._title,)), Table(columns, rows))

    def remarks(self) -> Document:
        """Return the lines that say what is counted, at which sizes, and which sizes have no bar."""
        lines = list(self.subject.remarks())
        if self.flat:
            lines.append(Remark(("the total does not depend on ", *_listed(self.flat))))
        if self.in_steps:
            lines.append(Remark(("the total goes in steps with ", *_listed(self.in_steps))))
        return tuple(lines)

    def record(self) -> Record:
        """Return the elasticities for programs, exactly."""
        return {
            **self.subject.record(),
            "at": self.subject.sizes(),
            "elasticities": [{"by": str(symbol), "elasticity": share} for symbol, share in self.rows],
            "independent": [str(symbol) for symbol in self.flat],
        }


def _listed(symbols: tuple[Symbol, ...]) -> tuple[Inline, ...]:
    parts: list[Inline] = []
    for symbol in symbols:
        parts += [", ", Name(symbol)] if parts else [Name(symbol)]
    return tuple(parts)


def elasticities(model: Model, convention: Convention = EXACT) -> Elasticities:
    """Return the elasticity of the total by each size that the model has; raises `MissingSize` or `NothingFits`."""
    count(model, convention)  # raises `MissingSize`, for which a derivative has a formula instead of a value
    of = subject(model, convention)
    rows, flat, in_steps = [], [], []
    for symbol, size in of.at.items():
        if BY_SYMBOL[symbol].kind is Kind.SWITCH or not size:
            continue
        try:
            answer = derivative(model, symbol, convention=convention)
        except NoDerivative:
            in_steps.append(symbol)
            continue
        if answer.independent or answer.elasticity_value is None:
            flat.append(symbol)
        elif answer.elasticity_value:
            rows.append((symbol, answer.elasticity_value))
    if not rows:
        raise NothingFits("no size", "a total that depends on it")
    rows.sort(key=lambda row: -abs(row[1]))
    return Elasticities(of, tuple(rows), tuple(flat), tuple(in_steps))
