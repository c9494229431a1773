"""Marginal costs: parameters of one more layer or of 64 more hidden units, and their exchange rates."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from sympy import Symbol

from bertsym.algebra import Value, evaluate, free
from bertsym.convention import EXACT, Convention
from bertsym.count import total
from bertsym.model import Model
from bertsym.symbols import BY_SYMBOL, Kind, in_order
from bertsym.values import value

# The steps that a designer would take: one layer or head, 64 features, a thousand rows.
STEPS: dict[Kind, int] = {
    Kind.DEPTH: 1,
    Kind.WIDTH: 64,
    Kind.ROWS: 1000,
    Kind.RATIO: 1,
    Kind.HEADS: 1,
    Kind.EXPERTS: 1,
    Kind.RUN: 1,
}


@value
class Marginal:
    """A step of one size, its exact cost in parameters, and the amount of each other size for that cost."""

    symbol: Symbol
    step: int
    cost: int
    buys: Mapping[Symbol, Fraction]


def marginals(model: Model, convention: Convention = EXACT) -> tuple[Marginal, ...]:
    """Return the steps at the model's sizes, all known, of every size that the count depends on.

    A cost is the difference of two exact counts; an exchange rate is a quotient of two costs, in units of the size.
    """
    expression = total(model, convention)
    sizes: dict[Symbol, Value] = {s: v for s, v in model.given.items() if not isinstance(v, bool)}
    here = evaluate(expression, sizes)
    costs: dict[Symbol, Fraction] = {}
    for symbol in in_order(free(expression)):
        cost = evaluate(expression, {**sizes, symbol: sizes[symbol] + _step(symbol)}) - here
        # A step that costs nothing buys nothing, and one to a width that is not whole has no cost.
        if cost > 0 and cost.denominator == 1:
            costs[symbol] = cost
    return tuple(
        Marginal(
            symbol, _step(symbol), int(cost), {s: cost * _step(s) / c for s, c in costs.items() if s is not symbol}
        )
        for symbol, cost in costs.items()
    )


def _step(symbol: Symbol) -> int:
    return STEPS[BY_SYMBOL[symbol].kind]
