"""Questions to answers: the reports that the command line and the API both give."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import free, substitute
from bertsym.convention import CONVENTIONS, EXACT, Convention
from bertsym.count import By, breakdown, count, count_or_none, total, written_out
from bertsym.explain import derive
from bertsym.forms import Form, Name, Quotient, Style, form, product
from bertsym.model import Model
from bertsym.report import (
    Breakdown,
    Catalogue,
    Derivation,
    Derivative,
    Entry,
    Formula,
    Glossary,
    Inventory,
    Named,
    Row,
    Subject,
)
from bertsym.sensitivity import differentiate
from bertsym.symbols import SIZES
from bertsym.tree import Tensor
from bertsym.zoo import ARCHITECTURES, named


def subject(model: Model, convention: Convention) -> Subject:
    """What travels with every answer about the model."""
    at = {size.symbol: model.given[size.symbol] for size in SIZES if size.symbol in model.given}
    return Subject(model.label or model.architecture.name, model.cls, convention, at)


def shown(model: Model, expression: Expr, whole: Expr) -> Expr:
    """The formula of an answer: known sizes are put in while others are open; once all are known it stays a formula."""
    return expression if free(whole) <= set(model.given) else sympy.expand(substitute(expression, model.given))


def formula(
    model: Model, convention: Convention = EXACT, style: Style = Style.COLLECTED, keep: Iterable[Symbol] = ()
) -> Formula:
    """The total; `keep` leaves derived sizes (F, d) and sizes with a default (T) as symbols in the formula."""
    expression = total(model, convention, keep)
    reduced = total(model, convention)
    written = form(shown(model, expression, reduced), style)
    return Formula(subject(model, convention), written, count_or_none(model, reduced))


def broken_down(
    model: Model, convention: Convention = EXACT, by: By = By.COMPONENT, style: Style = Style.COLLECTED
) -> Breakdown:
    """The total by component, role or layer."""
    whole = total(model, convention)
    number = count_or_none(model, whole)

    def row(name: str, expression: Expr, value: int | None) -> Row:
        known = value if number is not None else None
        share = Fraction(known, number) if known is not None and number else None
        return Row(name, form(shown(model, expression, whole), style), known, share)

    rows = tuple(row(part.name, part.expression, part.count) for part in breakdown(model, convention, by))
    return Breakdown(subject(model, convention), by.value, rows, row("total", whole, number))


def inventory(model: Model, convention: Convention = EXACT) -> Inventory:
    """The tensors that count: one entry each where every size is known, else one per declaration with its repeats."""
    counted = tuple(t for t in model.tensors if convention.counts(t))
    sides = [side for t in counted for side in (*t.shape, t.times)]
    if all(free(model.public(side)) <= set(model.given) for side in sides):
        entries = tuple(
            _entry(model, tensor, name, tuple(form(sympy.Integer(side)) for side in shape), form(sympy.Integer(1)))
            for name, shape, tensor in written_out(model)
            if convention.counts(tensor)
        )
    else:
        entries = tuple(
            _entry(model, t, t.name.replace("{}", "*"), _sides(model, t), form(model.public(t.times)))
            for t in counted
            if model.public(t.times) != 0
        )
    return Inventory(subject(model, convention), entries)


def _sides(model: Model, tensor: Tensor) -> tuple[Form, ...]:
    return tuple(form(substitute(model.public(side), model.given)) for side in tensor.shape)


def _entry(model: Model, tensor: Tensor, name: str, shape: tuple[Form, ...], repeat: Form) -> Entry:
    tied = tensor.tied_to if tensor.tied_to and model.public(tensor.own) == 0 else None
    return Entry(name, shape, tensor.role.value, tensor.component, tied, repeat)


def derivative(
    model: Model, by: Symbol, order: int = 1, convention: Convention = EXACT, style: Style = Style.COLLECTED
) -> Derivative:
    """The derivative of the total by a size, with its value and the elasticity where every size is known."""
    whole = total(model, convention, keep=[by])
    slope = differentiate(model, by, order, convention)
    independent = by not in free(whole)
    known = set(model.given)
    complete = free(model.public(whole)) <= known
    elasticity: Form | None = None
    elasticity_value: Fraction | None = None
    if order == 1 and whole != 0:
        elasticity = (
            form(slope) if independent else Quotient(product([Name(by), form(slope, style)]), form(whole, style))
        )
        if complete and free(model.public(by)) <= known:
            elasticity_value = model.number(slope * by) / model.number(whole)
    written = slope if complete else sympy.expand(substitute(slope, model.given))
    return Derivative(
        subject(model, convention),
        by,
        order,
        form(written, style),
        model.number(slope) if free(model.public(slope)) <= known else None,
        elasticity,
        elasticity_value,
        tuple(size.symbol for size in SIZES if size.symbol in free(whole) - {by}),
        independent,
        _cancels(model, by) if independent else None,
    )


def _cancels(model: Model, by: Symbol) -> tuple[Symbol, Form] | None:
    """The definition through which a size enters that does not matter in the end."""
    for definition in model.architecture.definitions:
        if by in free(definition.value):
            return definition.symbol, form(definition.value)
    return None


def derivation(model: Model, convention: Convention = EXACT, component: str | None = None) -> Derivation:
    """The total, or one component, derived step by step."""
    return Derivation(subject(model, convention), derive(model, convention, component))


def catalogue() -> Catalogue:
    """The architectures and named sizes there are."""
    architectures = tuple(
        (a.name, a.title, a.paper, {name: head.cls for name, head in a.heads.items()}) for a in ARCHITECTURES.values()
    )
    sizes = tuple(
        Named(name, a.name, subject(named(name), EXACT).at, count(named(name)), size.source)
        for a in ARCHITECTURES.values()
        for name, size in a.sizes.items()
    )
    return Catalogue(architectures, sizes)


def glossary() -> Glossary:
    """The symbols and the conventions there are."""
    symbols = tuple(
        (s.symbol, s.meaning, s.kind.value, "" if s.default is None else str(s.default).lower()) for s in SIZES
    )
    return Glossary(symbols, tuple(CONVENTIONS.values()))
