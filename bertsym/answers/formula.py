"""How many parameters: the formula, and the number where every size is known."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Symbol

from bertsym.answers.subject import Subject, shown, subject
from bertsym.convention import EXACT, Convention
from bertsym.count import count_or_none, total
from bertsym.document import Count, Document, Inline, Result
from bertsym.forms import Form, Style, form
from bertsym.model import Model
from bertsym.report import AsLatex, Record
from bertsym.values import value


@value
class Formula:
    """A total."""

    subject: Subject
    expression: Form
    count: int | None

    def document(self) -> Document:
        """The formula, and the number it comes to."""
        steps: tuple[Inline, ...] = (self.expression,)
        if self.count is not None:
            steps += (Count(self.count, short=True),)
        return (*self.subject.remarks(), Result(steps))

    def record(self) -> Record:
        """`count` is null while a size is unknown."""
        return {
            **self.subject.record(),
            "expression": self.expression,
            "latex": AsLatex(self.expression),
            "at": self.subject.sizes(),
            "count": self.count,
        }


def formula(
    model: Model, convention: Convention = EXACT, style: Style = Style.COLLECTED, keep: Iterable[Symbol] = ()
) -> Formula:
    """The total; `keep` leaves derived sizes (F, d) and sizes with a default (T) in the formula as symbols."""
    whole = total(model, convention)
    written = form(shown(model, total(model, convention, keep), whole), style)
    return Formula(subject(model, convention), written, count_or_none(model, whole))
