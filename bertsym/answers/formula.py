"""The total: its formula, and its number if every size is known."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Symbol

from bertsym.answers.answer_context import Subject, shown, subject
from bertsym.convention import EXACT, Convention
from bertsym.count import countable
from bertsym.document import Count, Document, Inline, Result
from bertsym.formulas.styles import Style, form, style_of_parts
from bertsym.formulas.tree import Form, Name, Named, Sum
from bertsym.model import Model
from bertsym.quantities import PARAMETERS
from bertsym.report import AsLatex, Record
from bertsym.symbols import P
from bertsym.values import value


@value
class Formula:
    """A total."""

    subject: Subject
    expression: Form
    count: int | None

    def document(self) -> Document:
        """Return the formula and its number."""
        steps: tuple[Inline, ...] = (self.expression,)
        if self.count is not None:
            steps += (Count(self.count, short=True, unit=self.subject.convention.unit),)
        left = Name(P) if self.subject.convention.unit == PARAMETERS else None
        return (*self.subject.remarks(), Result(steps, left))

    def record(self) -> Record:
        """Return the formula for programs; `count` is null while a size is unknown."""
        return {
            **self.subject.record(),
            "expression": self.expression,
            "latex": AsLatex(self.expression),
            "at": self.subject.sizes(),
            "count": self.count,
        }


BY_COMPONENT = "components"


def formula_written(model: Model, convention: Convention, form_name: str, keep: Iterable[Symbol] = ()) -> Formula:
    """Return the total in the form of that name, which may be `components`; raises `UnknownName`."""
    if form_name == BY_COMPONENT:
        return formula(model, convention, keep=keep, by_component=True)
    return formula(model, convention, Style.named(form_name, BY_COMPONENT), keep)


def formula(
    model: Model,
    convention: Convention = EXACT,
    style: Style = Style.COLLECTED,
    keep: Iterable[Symbol] = (),
    *,
    by_component: bool = False,
) -> Formula:
    """Return the total; `keep` leaves derived sizes (F, d) and sizes with a default (T) in it as symbols."""
    kept = tuple(keep)
    counted = countable(model, convention)
    whole = counted.total()
    if by_component:
        parts = counted.breakdown(keep=kept)
        like = style_of_parts(shown(model, whole, whole), style)
        named = (Named(form(shown(model, part.expression, whole), like), part.name) for part in parts)
        written: Form = Sum(tuple(named))
    else:
        written = form(shown(model, counted.total(kept), whole), style)
    return Formula(subject(model, convention), written, counted.number(whole))
