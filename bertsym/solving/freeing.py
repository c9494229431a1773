"""The sizes that a condition frees: those that it names and that nobody gave.

A model's name brings sizes along, and a base lends those that stay open. In `--for H,L --where "H/heads == 128"` such a
number of heads would fix H. So a size that a condition names is a number only if the user gave it, or if the condition
holds as it is. Otherwise the size follows from the condition, if this is an equation, or becomes an unknown. Sizes of
the data, such as the vocabulary, stay fixed.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Symbol

from bertsym.algebra import evaluate, free
from bertsym.expressions.evaluate import holds
from bertsym.expressions.reader import to_sympy
from bertsym.expressions.tree import LOGIC, Node, Op, constant, size
from bertsym.model import Model, is_head_size
from bertsym.solving.closing import close
from bertsym.solving.closure import Closure
from bertsym.solving.configurations import closed
from bertsym.solving.constraints import Constraint, compare, from_expression, put_in
from bertsym.solving.request import Request, check_unknowns
from bertsym.symbols import BY_SYMBOL, Kind, in_order
from bertsym.values import replace

# The sizes of a shape, in the order in which an equation determines them.
SHAPE = (Kind.HEADS, Kind.RATIO, Kind.WIDTH, Kind.DEPTH, Kind.EXPERTS)


def freed(model: Model, request: Request) -> Request:
    """Return the request with the ties and the unknowns that its conditions imply, until none implies another.

    A rule that would fix a size in this way is a condition too. Raises what `close` raises.
    """
    check_unknowns(request)
    if request.rules:
        names = _Names(model, request, _close(model, request))
        failing = tuple(rule for rule in request.rules if any(map(names.frees, rule.parts)))
        rules = tuple(rule for rule in request.rules if rule not in failing)
        request = replace(request, constraints=(*request.constraints, *failing), rules=rules)
    while request.named:
        further = _followed(model, request) or _searched(model, request)
        if further is None:
            break
        request = further
    return _bounded(request)


def _bounded(request: Request) -> Request:
    """Return the request with conditions in place of the ranges and the steps of sizes that follow."""
    followed = {symbol for symbol, _ in request.followed}
    constraints = list(request.constraints)
    for symbol, (low, high) in request.ranges.items():
        if symbol in followed:
            above = compare(constant(low), Op.AT_MOST, size(symbol))
            below = compare(size(symbol), Op.AT_MOST, constant(high))
            constraints.append(Constraint(f"{low} <= {symbol} <= {high}", (above, below)))
    for symbol, step in request.multiples.items():
        if symbol in followed:
            rest = Node(Op.REMAINDER, (size(symbol), constant(step)))
            constraints.append(Constraint(f"{symbol} % {step} == 0", (compare(rest, Op.EQUAL, constant(0)),)))
    return replace(
        request,
        constraints=tuple(constraints),
        ranges={symbol: ends for symbol, ends in request.ranges.items() if symbol not in followed},
        multiples={symbol: step for symbol, step in request.multiples.items() if symbol not in followed},
    )


def _followed(model: Model, request: Request) -> Request | None:
    """Return the request with one more size that follows from an equation, or None."""
    names = _Names(model, request, _close(model, request))
    for index, constraint in enumerate(request.constraints):
        for place, part in enumerate(constraint.parts):
            tie = names.tie(part)
            if tie is not None:
                rest = Constraint(constraint.text, constraint.parts[:place] + constraint.parts[place + 1 :])
                constraints = (*request.constraints[:index], rest, *request.constraints[index + 1 :])
                followed = (*request.followed, (tie[0], constraint.text))
                return replace(request, constraints=constraints, ties=(*request.ties, tie), followed=followed)
    return None


def _searched(model: Model, request: Request) -> Request | None:
    """Return the request with the unknowns that its other conditions free, or None."""
    closure = _close(model, request)
    if closure.floating:
        # Only the counts tell whether a number of heads can float beside a width.
        closure, _ = closed(model, request, accompanied=len(request.unknowns) == 1)
    names = _Names(model, request, closure)
    parts = [part for constraint in request.constraints for part in constraint.parts]
    further = in_order({symbol for part in parts for symbol in names.open(part)})
    if not further:
        return None
    return replace(request, unknowns=(*request.unknowns, *further), freed=(*request.freed, *further))


def _close(model: Model, request: Request) -> Closure:
    single = len(request.unknowns) == 1
    return close(model, request.unknowns, request.ties, spoken_of=request.named, accompanied=single)


class _Names:
    """The sizes that the conditions of a request name, and what decides each of them."""

    def __init__(self, model: Model, request: Request, closure: Closure) -> None:
        self.closure = closure
        self.given = {*model.pinned, *request.unknowns, *(symbol for symbol, _ in request.ties)}
        self.floating = {floating.symbol for floating in closure.floating}
        self.moving = {*request.unknowns, *self.floating}
        self.head_sizes: dict[Symbol, Node] = {}
        for definition in model.architecture.definitions:
            quotient = from_expression(definition.value)
            in_force = closure.rules.get(definition.symbol) == definition.value
            if is_head_size(definition) and in_force and quotient and definition.symbol not in self.given:
                self.head_sizes[definition.symbol] = quotient

    def tie(self, condition: Node) -> tuple[Symbol, Node] | None:
        """Return the size that an equation determines, with its value; None if all sizes were given, or it holds."""
        if condition.op is not Op.EQUAL or condition.operands[0].op is Op.REMAINDER:
            return None
        condition = put_in(condition, self.head_sizes)
        left, right = condition.operands
        candidates = [symbol for symbol in in_order(set(condition.symbols())) if self._adjustable(symbol)]
        if not candidates or self._holds_already(condition):
            return None
        alone = [side.symbol for side in (left, right) if side.symbol in candidates]
        shape = [symbol for symbol in candidates if BY_SYMBOL[symbol].kind in SHAPE]
        # Of the two numbers of heads, that of keys and values follows.
        shape.sort(key=lambda symbol: (SHAPE.index(BY_SYMBOL[symbol].kind), -candidates.index(symbol)))
        for symbol in (*alone, *shape):
            term = _solved(left, right, symbol)
            if term is not None:
                return symbol, term
        return None

    def open(self, condition: Node) -> Iterator[Symbol]:
        """Yield the sizes of a shape that a condition frees: none of one that holds whatever the unknowns are."""
        condition = put_in(condition, self.head_sizes)
        if self._holds_already(condition):
            return
        named = set(condition.symbols())
        if not self._moves(condition):
            named |= {base for symbol in named for base in free(self.closure.rules.get(symbol, symbol))}
        for symbol in named - self.given - self.floating:
            if symbol in self.closure.numbers and BY_SYMBOL[symbol].kind in SHAPE:
                yield symbol

    def _adjustable(self, symbol: Symbol) -> bool:
        """Return True if a size has its value from the model's name or base, directly or through a definition."""
        if symbol in self.given or BY_SYMBOL[symbol].kind is Kind.SWITCH:
            return False
        base = free(self.closure.rules.get(symbol, symbol))
        return any(part in self.floating or part in self.closure.numbers for part in base - self.given)

    def _holds_already(self, condition: Node) -> bool:
        """Return True if a condition holds whatever the unknowns are."""
        if condition.op in (Op.AND, Op.OR):
            parts = map(self._holds_already, condition.operands)
            return all(parts) if condition.op is Op.AND else any(parts)
        if self._moves(condition):
            return False
        # Unknowns that cancel, as in F/H of a feed-forward net that is a multiple of H, may be any number.
        anywhere = dict.fromkeys(self.moving, sympy.Integer(1))
        numbers = {symbol: self.closure.over(symbol).xreplace(anywhere) for symbol in condition.symbols()}
        if not all(number.is_Rational for number in numbers.values()):
            return False
        return holds(condition, {symbol: evaluate(number, {}) for symbol, number in numbers.items()})

    def frees(self, rule: Node) -> bool:
        """Return True if a rule always fails, or bounds the size of heads whose number nobody gave."""
        sizes = self.head_sizes.keys() & set(rule.symbols())
        heads = {symbol for size in sizes for symbol in self.head_sizes[size].symbols()}
        if any(BY_SYMBOL[symbol].kind is Kind.HEADS and self._adjustable(symbol) for symbol in heads):
            return True
        return not self._moves(rule) and not self._holds_already(rule)

    def _moves(self, condition: Node) -> bool:
        """Return True if a condition depends on an unknown."""
        if condition.op in LOGIC:
            return any(self._moves(part) for part in condition.operands)
        left, right = (self.closure.over(to_sympy(side)) for side in condition.operands)
        if (free(left) | free(right)).isdisjoint(self.moving):
            return False
        return right.is_positive is not True or not free(sympy.cancel(left / right)).isdisjoint(self.moving)


def _solved(left: Node, right: Node, symbol: Symbol) -> Node | None:
    """Return the value of a size that is equivalent to an equation; None if there is none at every value of the others.

    >>> from bertsym.solving.constraints import parse_constraint
    >>> from bertsym.symbols import H, heads
    >>> (equation,) = parse_constraint("H/heads == 128").parts
    >>> to_sympy(_solved(*equation.operands, heads))
    H/128
    """
    if left.symbol == symbol and symbol not in set(right.symbols()):
        return right
    if right.symbol == symbol and symbol not in set(left.symbols()):
        return left
    top, bottom = sympy.together(to_sympy(left) - to_sympy(right)).as_numer_denom()
    try:
        polynomial = sympy.Poly(top, symbol)
    except sympy.PolynomialError:
        return None
    if polynomial.degree() != 1 or bottom.is_positive is not True:
        return None
    slope, constant = polynomial.all_coeffs()
    if slope.is_positive is not True and slope.is_negative is not True:
        return None
    return from_expression(sympy.cancel(-constant / slope))
