"""The space of a request: the values of each unknown, the constraints, and the order of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import gcd

from sympy import Expr, Integer, Symbol

from bertsym.algebra import evaluate as evaluated
from bertsym.algebra import free, monomials
from bertsym.errors import BertsymError, Conflict, UnknownName, Unreadable
from bertsym.expressions.evaluate import evaluate
from bertsym.expressions.tree import Node, Op
from bertsym.model import Model
from bertsym.quantities import MAX_DIGITS
from bertsym.solving.closure import Closure, Floating
from bertsym.solving.compiled_count import counted
from bertsym.solving.constraints import Constraint, from_expression, put_in
from bertsym.solving.interval_propagation import Axis
from bertsym.solving.legality import conditions
from bertsym.solving.open_model import base_sizes, require
from bertsym.solving.polynomial import Exact
from bertsym.solving.request import Order, Request
from bertsym.solving.search import Budget, Companions, Space
from bertsym.symbols import BY_SYMBOL, H, Kind, L, Size
from bertsym.values import value
from bertsym.wording import said

# The values of an unknown without --range: (lowest, highest, multiple of). A wider range finds more
# models and costs time; widths are multiples of 64, as hardware wants them.
RANGES: dict[Kind, tuple[int, int, int]] = {
    Kind.DEPTH: (1, 128, 1),
    Kind.WIDTH: (64, 16384, 64),
    Kind.HEADS: (1, 128, 1),
    Kind.EXPERTS: (1, 256, 1),
    Kind.RATIO: (1, 8, 1),
    Kind.ROWS: (1, 262144, 1),
    Kind.RUN: (1, 262144, 1),
}
# A patch, a kernel or a number of channels is less than a width: every value may be built.
SMALL = (1, 1024, 1)
# Larger than any number that can be typed.
MAX_VALUE = 10**MAX_DIGITS
# Numbers of heads that are tried beside a width which neither the former number nor the former size of heads divides:
# more find rarer models, and each costs a check.
MAX_HEADS_TRIED = 256


@value
class EmptySpace(BertsymError):
    """A range that holds no value of the stated step."""

    symbol: str
    step: int
    low: int
    high: int

    def __str__(self) -> str:
        return f"the space is empty: {self.symbol} has no multiple of {self.step} from {self.low} to {self.high}"


def require_values(axes: tuple[Axis, ...], request: Request) -> None:
    """Raise `EmptySpace` if an unknown has no value."""
    for axis in axes:
        if not axis.size:
            low, high = request.ranges.get(axis.symbol, (axis.start, axis.stop))
            raise EmptySpace(str(axis.symbol), axis.step, low, high)


def space_of(model: Model, closure: Closure, request: Request, axes: tuple[Axis, ...], totals: list[Expr]) -> Space:
    """Return the space to search for a request, along the axes."""
    lowest = {axis.symbol: axis.start for axis in axes} | {floating.symbol: 1 for floating in closure.floating}
    legal = tuple(conditions(closure, lowest))
    linked = {s for c in legal for s in c.symbols if len(c.symbols & set(closure.unknowns)) > 1}
    for symbol in closure.unknowns:
        free_to_move = BY_SYMBOL[symbol].kind is Kind.HEADS or symbol in linked
        if not free_to_move and all(symbol not in free(total) for total in totals):
            require(totals[0], symbol, model)
    constraints = (*public(closure, (*request.constraints, *request.rules)), *legal)
    lead = _lead(request, closure)
    order = _enumeration(axes, totals, constraints, set() if lead is None else free(lead))
    if not order:
        require(totals[0], closure.unknowns[0], model)
    counts = [counted(total, order) for total in totals]
    budgets = [
        Budget(count, total, limit.least, limit.most)
        for limit, count, total in zip(request.limits, counts[1:], totals[1:], strict=True)
    ]
    if request.tolerance is not None and request.target is not None:
        slack = request.target * request.tolerance
        budgets.append(Budget(counts[0], totals[0], request.target - slack, request.target + slack))
    return Space(
        axes,
        order,
        tuple(axis for axis in axes if axis not in order),
        counts[0],
        totals[0],
        request.aim,
        tuple(budgets),
        constraints,
        {s: v for s, v in closure.numbers.items() if not isinstance(v, bool)},
        lead,
        company=tuple((floating.symbol, _company(floating, closure)) for floating in closure.floating),
    )


def usual_range(model: Model, size: Size) -> tuple[int, int, int]:
    """Return the lowest and the highest value of an unknown without a range, and its step.

    The step of a width divides the width of the architecture's base: 96 features (Swin) are no multiple of 64.
    """
    low, high, step = RANGES.get(size.kind, (1, 1, 1))
    if size.kind is not Kind.WIDTH:
        return low, high, step
    base = base_sizes(model)
    public = Model(model.architecture, model.head, base).public(size.symbol)
    width = evaluated(public, base) if free(public) <= base.keys() else Fraction(step)
    if width.denominator != 1 or width < 1:
        return low, high, step
    step = gcd(step, int(width))
    return SMALL if width < low else (step, high, step)


def axis_of(model: Model, size: Size, request: Request) -> Axis:
    """Return the values that an unknown may have: those of the request, else the usual ones of its kind."""
    low, high, multiple = usual_range(model, size)
    low = min(low, size.minimum) if size.default is not None else low
    if size.symbol in request.ranges:
        low, high = request.ranges[size.symbol]
    step = usual_step(size.symbol, request, multiple)
    if low < size.minimum or high > MAX_VALUE:
        raise Unreadable(f"range of {size.name}", f"{low}..{high}", f"values from {size.minimum} on")
    return Axis(size.symbol, -(-low // step) * step, high, step)


def usual_step(symbol: Symbol, request: Request, multiple: int) -> int:
    """Return the step of an unknown: that of the request, else the usual one, unless a condition names its values."""
    named = any(
        constraint.symbols == {symbol} and any(_has(Op.EQUAL, part) for part in constraint.parts)
        for constraint in request.constraints
    )
    return request.steps.get(symbol, 1 if named else multiple)


def _has(op: Op, tree: Node) -> bool:
    """Return True if the operator stands anywhere in a tree."""
    return tree.op is op or any(_has(op, operand) for operand in tree.operands)


def _enumeration(
    axes: tuple[Axis, ...], totals: list[Expr], constraints: tuple[Constraint, ...], leading: set[Symbol]
) -> tuple[Axis, ...]:
    """Return the axes that some count depends on: those that lead the order first, the longest invertible one last."""
    counted = [axis for axis in axes if any(axis.symbol in free(total) for total in totals)]
    if not any(axis.symbol in free(totals[0]) for axis in counted):
        return ()
    powers = [dict(monomial) for total in totals for monomial in monomials(total)]
    inside = {s for monomial in powers for generator in monomial if not generator.is_Symbol for s in free(generator)}
    invertible = [
        axis
        for axis in counted
        if axis.symbol in free(totals[0]) and all(monomial.get(axis.symbol, 0) >= 0 for monomial in powers)
    ]
    plain = [axis for axis in invertible if axis.symbol not in inside] or invertible
    # A size that an equality or a divisibility ties to another has few values: enumerate it, and invert a loose one.
    pinned = _pinned(constraints, {axis.symbol for axis in axes})
    loose = [axis for axis in plain if axis.symbol not in pinned]
    degree = {axis: max(monomial.get(axis.symbol, 0) for monomial in powers) for axis in counted}
    last = max(loose or plain or counted, key=lambda axis: (axis.symbol not in leading, axis.size, -degree[axis]))
    others = _linked_first([axis for axis in counted if axis is not last], constraints)
    return (*sorted(others, key=lambda axis: axis.symbol not in leading), last)


def _linked_first(axes: list[Axis], constraints: tuple[Constraint, ...]) -> list[Axis]:
    """Return the axes in an order in which constraints exclude values early; of those alike, the shortest first.

    An axis comes first if it completes the sizes of a constraint, and then if a constraint names it at all: the order
    with the most constrained unknown first (Haralick and Elliott 1980).
    """
    unknowns = {axis.symbol for axis in axes}
    links = [symbols for c in constraints for part in c.parts if len(symbols := set(part.symbols()) & unknowns) > 1]
    ordered: list[Axis] = []
    while len(ordered) < len(axes):
        known = {axis.symbol for axis in ordered}

        def cost(axis: Axis, known: set[Symbol] = known) -> tuple[bool, bool, int]:
            own = [link for link in links if axis.symbol in link]
            return not any(link <= {*known, axis.symbol} for link in own), not own, axis.size

        ordered.append(min((axis for axis in axes if axis.symbol not in known), key=cost))
    return ordered


def _pinned(constraints: tuple[Constraint, ...], unknowns: set[Symbol]) -> set[Symbol]:
    """Return the unknowns that stand in an equality or a divisibility with another unknown."""
    pinned: set[Symbol] = set()
    for constraint in constraints:
        for part in constraint.parts:
            sides = set(part.symbols()) & unknowns
            if part.op is Op.EQUAL and len(sides) > 1:
                pinned |= sides
    return pinned


def public(closure: Closure, constraints: Iterable[Constraint]) -> tuple[Constraint, ...]:
    """Return constraints over unknowns and known sizes; raises `UnknownName`, `MissingSize` or `Conflict`."""
    return tuple(_public(closure, constraint) for constraint in constraints if constraint.parts)


def _public(closure: Closure, constraint: Constraint) -> Constraint:
    """Return the constraint over unknowns and known sizes, with the sizes that follow put in; raises `UnknownName`."""
    model = closure.ready
    entailed: dict[Symbol, Node] = {}
    for symbol in constraint.symbols:
        if symbol not in model.symbols:
            names = [str(s) for s in model.symbols]
            raise UnknownName(f"size of {model.architecture.name} in {constraint.text}", str(symbol), names)
        closure.require_known(closure.over(symbol))
        if symbol in closure.follows:
            term = from_expression(closure.follows[symbol])
            if term is None:
                why = f"{symbol} = {said(closure.rules[symbol])} is no quotient of sums and products"
                raise Conflict(constraint.text, "a condition", why)
            entailed[symbol] = term
    return Constraint(constraint.text, tuple(put_in(part, entailed) for part in constraint.parts))


def _company(floating: Floating, closure: Closure) -> Companions:
    """Return the numbers of heads beside a width: the former number, the former size, else the nearest number."""
    width = from_expression(closure.over(floating.width))

    def values(known: Mapping[Symbol, Exact]) -> tuple[list[int], list[int]]:
        preferred = [floating.kept]
        if width is not None and floating.size:
            number = evaluate(width, known) / floating.size
            if number.denominator == 1 and number >= 1 and number != floating.kept:
                preferred.append(int(number))
        others = [number for number in range(1, MAX_HEADS_TRIED + 1) if number not in preferred]
        return preferred, sorted(others, key=lambda n: (abs(n - floating.kept), n))

    return values


def _lead(request: Request, closure: Closure) -> Expr | None:
    """Return the size or the quotient by which the best come first, the smallest leading; None if the error leads."""
    symbol = {Order.DEPTH: L, Order.WIDTH: H}.get(request.order)
    moving = {*closure.unknowns, *(s for s, e in closure.follows.items() if free(e))}
    if symbol is not None and symbol not in moving:
        wanted = ", ".join(map(str, request.unknowns))
        raise Conflict(f"--order {request.order.value}", f"--for {wanted}", f"{symbol} is fixed")
    # A size that the model does not have is 1.
    depth, width = (closure.over(s) if s in closure.ready.symbols else Integer(1) for s in (L, H))
    match request.order:
        case Order.DEPTH:
            return -depth
        case Order.WIDTH:
            return -width
        case Order.ASPECT:
            return -width / depth
        case _:
            return None
