"""The derivative of a total by a size, its value and the elasticity."""

from __future__ import annotations

from fractions import Fraction

from sympy import Symbol

from bertsym.algebra import free
from bertsym.answers.answer_context import Subject, known, shown, subject
from bertsym.convention import EXACT, Convention
from bertsym.count import total
from bertsym.document import Count, Decimal, Document, Element, Inline, Rate, Remark, Result, Share
from bertsym.formulas.styles import Style, form
from bertsym.formulas.tree import Form, Name, Quotient, product
from bertsym.model import Model
from bertsym.quantities import PARAMETERS
from bertsym.report import AsLatex, Record
from bertsym.sensitivity import differentiate
from bertsym.symbols import P, in_order
from bertsym.values import value


@value
class Derivative:
    """The change of a total with one size.

    `elasticity` is (dP/dS) S/P: the percentage by which the total grows when the size grows by one percent. `held` are
    the symbols kept fixed. Where the total does not depend on the size, `cancels` is the definition it drops out of,
    or `shared` says that it only repeats layers whose parameters are shared.
    """

    subject: Subject
    by: Symbol
    order: int
    expression: Form
    value: Fraction | None
    elasticity: Form | None
    elasticity_value: Fraction | None
    held: tuple[Symbol, ...]
    independent: bool
    cancels: tuple[Symbol, Form] | None
    shared: bool

    def document(self) -> Document:
        """Return the derivative, its value, and what the value means."""
        steps: tuple[Inline, ...] = (self.expression,)
        if self.value is not None and not self.independent:
            whole = self.value.denominator == 1
            steps += (Count(self.value.numerator, unit=self.subject.convention.unit) if whole else Decimal(self.value),)
        times = f"derivative of order {self.order}" if self.order > 1 else "derivative"
        held: tuple[Inline, ...] = (" with ", *_listed(self.held), " held fixed") if self.held else ()
        heading = Remark((f"{times} by ", Name(self.by), *held))
        return (*self.subject.remarks(), heading, Result(steps, self._left), *self._meaning())

    @property
    def _left(self) -> Rate | None:
        return Rate(P, self.by, self.order) if self.subject.convention.unit == PARAMETERS else None

    def _meaning(self) -> tuple[Element, ...]:
        if self.independent:
            return (Remark(("the total does not depend on ", Name(self.by), *self._why())),)
        if self.elasticity_value is not None:
            growth = f": percent more {self.subject.convention.unit.title} for 1 percent more "
            return (Remark(("elasticity ", Decimal(self.elasticity_value), growth, Name(self.by))),)
        return () if self.elasticity is None else (Remark(("elasticity ", self.elasticity)),)

    def _why(self) -> tuple[Inline, ...]:
        if self.shared:
            return (": layers share their parameters, and more of them only do more work",)
        if self.cancels is None:
            return ()
        definition, value = self.cancels
        return (": it enters only through ", Name(definition), " = ", value, ", and cancels")

    def record(self) -> Record:
        """Return the derivative for programs; `value` and `elasticity` are null while a size is unknown."""
        return {
            **self.subject.record(),
            "by": str(self.by),
            "order": self.order,
            "expression": self.expression,
            "latex": AsLatex(self.expression),
            "at": self.subject.sizes(),
            "value": self.value,
            "elasticity": None if self.elasticity_value is None else Share(self.elasticity_value),
            "elasticity_expression": self.elasticity,
        }


def _listed(symbols: tuple[Symbol, ...]) -> tuple[Inline, ...]:
    parts: list[Inline] = []
    for symbol in symbols:
        parts += [", ", Name(symbol)] if parts else [Name(symbol)]
    return tuple(parts)


def derivative(
    model: Model, by: Symbol, order: int = 1, convention: Convention = EXACT, style: Style = Style.COLLECTED
) -> Derivative:
    """Differentiate the total by a size; a derived size (F, d) is taken as a variable of its own."""
    whole = total(model, convention, keep=[by])
    slope = differentiate(model, by, order, convention)
    independent = by not in free(whole)
    elasticity: Form | None = None
    elasticity_value: Fraction | None = None
    if order == 1 and not independent:
        elasticity = Quotient(product([Name(by), form(slope, style)]), form(whole, style))
        if known(model, whole) and known(model, by):
            elasticity_value = model.number(slope * by) / model.number(whole)
    return Derivative(
        subject(model, convention),
        by,
        order,
        form(shown(model, slope, whole), style),
        model.number(slope) if known(model, slope) else None,
        elasticity,
        elasticity_value,
        tuple(in_order(free(whole) - {by})),
        independent,
        _cancels(model, by) if independent else None,
        independent and any(by in free(tensor.reuse) for tensor in model.tensors),
    )


def _cancels(model: Model, by: Symbol) -> tuple[Symbol, Form] | None:
    """Return the definition that a size enters through although it cancels in the total."""
    for definition in model.architecture.definitions:
        if by in free(definition.value):
            return definition.symbol, form(definition.value)
    return None
