"""The legality of an answer: conditions under which a model exists, for a search, and the recount that decides.

The conditions exclude most configurations without a model. The answers are recounted as `total` counts, which refuses
the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sympy
from sympy import Expr, Integer, Symbol

from bertsym.algebra import Iverson, Value, monomials
from bertsym.convention import Convention
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.existence import doubtful, whole_quotients
from bertsym.expressions.tree import Node, Op, constant
from bertsym.model import Model
from bertsym.solving.closure import Closure
from bertsym.solving.constraints import Constraint, compare, from_expression
from bertsym.solving.requirements import NothingFits
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import replace, value
from bertsym.wording import said


@value
class Recounter:
    """The recount of an answer as `total` counts: the sizes are put into a model, and the model is counted."""

    closure: Closure
    counted: tuple[tuple[str, Convention], ...]

    def recount(self, values: Mapping[Symbol, Value]) -> tuple[int, ...] | None:
        """Return the counts at values of the unknowns; None if no such model exists.

        Each count is that of a head under a convention. An empty name stands for the head of the model.
        """
        sizes = self.closure.at(values)
        if sizes is None:
            return None
        bare = Model(self.closure.ready.architecture, self.closure.ready.head)
        try:
            model = bare.with_sizes(sizes)
            return tuple(
                count(replace(model, head=head or model.head), convention) for head, convention in self.counted
            )
        except BertsymError:
            return None


def conditions(closure: Closure, lowest: Mapping[Symbol, int]) -> Iterator[Constraint]:
    """Yield the conditions for a model to exist that are not sure to hold from the `lowest` unknowns on.

    Raises `NothingFits` if one fails whatever the unknowns are.
    """
    moving = {*closure.unknowns, *(floating.symbol for floating in closure.floating)}
    for constraint in _conditions(closure, lowest):
        if constraint is not None and constraint.symbols & moving:
            yield constraint
        elif constraint is not None and not constraint.symbols and not constraint.holds({}):
            raise NothingFits("no model", constraint.text)


def _conditions(closure: Closure, lowest: Mapping[Symbol, int]) -> Iterator[Constraint | None]:
    architecture = closure.ready.architecture
    for symbol, expression in closure.follows.items():
        size = BY_SYMBOL[symbol]
        if size.kind is Kind.RATIO:
            yield _at_least(f"{symbol} > 0", expression, 0, lowest, Op.ABOVE if size.minimum else Op.AT_LEAST)
        elif size.kind is not Kind.SWITCH:
            yield _whole(f"{symbol} = {said(closure.rules[symbol])} is whole", expression)
            yield _at_least(f"{symbol} >= {size.minimum}", expression, size.minimum, lowest)
    for symbol, right in closure.equations:
        yield _compared(f"{symbol} = {said(right)}", closure.over(symbol), Op.EQUAL, closure.over(right))
    for quotient in whole_quotients(architecture):
        yield _whole(f"{said(quotient)} is whole", closure.over(quotient))
    bounded = (symbol for symbol in architecture.most if BY_SYMBOL[symbol].kind is not Kind.SWITCH)
    for symbol, most in ((symbol, architecture.most[symbol]) for symbol in bounded):
        yield _compared(f"{symbol} <= {most}", closure.over(symbol), Op.AT_MOST, Integer(most))
    for routing in architecture.routings:
        if routing.chosen is not None:
            chosen, among = closure.over(routing.chosen), closure.over(routing.among)
            yield _compared(f"{said(routing.chosen)} <= {said(routing.among)}", chosen, Op.AT_MOST, among)
    for tensor, parts in doubtful(architecture, closure.ready.head):
        if closure.over(Iverson(tensor.when)) == 1:
            for what, part in parts:
                side = closure.over(part)
                yield _whole(f"a {what} of {tensor.name} is whole", side)
                yield _at_least(f"a {what} of {tensor.name} is not negative", side, 0, lowest)


def _whole(name: str, expression: Expr) -> Constraint | None:
    terms = monomials(expression)
    integral = all(coefficient.denominator == 1 for coefficient in terms.values())
    if integral and all(generator.is_Symbol and power >= 0 for monomial in terms for generator, power in monomial):
        return None
    top, bottom = (from_expression(part) for part in sympy.together(expression).as_numer_denom())
    if top is None or bottom is None:
        return None
    return Constraint(name, (compare(Node(Op.REMAINDER, (top, bottom)), Op.EQUAL, constant(0)),))


def _at_least(
    name: str, expression: Expr, least: int, lowest: Mapping[Symbol, int], relation: Op = Op.AT_LEAST
) -> Constraint | None:
    terms = monomials(expression)
    positive = bool(terms) and all(c > 0 and all(lowest.get(g, 0) > 0 for g, _ in m) for m, c in terms.items())
    # A whole number above 0 is at least 1.
    return None if positive and least <= 1 else _compared(name, expression, relation, Integer(least))


def _compared(name: str, left: Expr, relation: Op, right: Expr) -> Constraint | None:
    sides = from_expression(left), from_expression(right)
    return None if sides[0] is None or sides[1] is None else Constraint(name, (compare(sides[0], relation, sides[1]),))
