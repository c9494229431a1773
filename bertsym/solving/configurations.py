"""Which configurations meet a target: several unknowns over a lattice, under constraints and budgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from fractions import Fraction

from sympy import Expr, Symbol

from bertsym.algebra import Value, free, monomials, substitute
from bertsym.convention import EXACT, Convention
from bertsym.errors import BertsymError, Conflict, UnknownName, Unreadable
from bertsym.model import Model
from bertsym.solving.constraints import Comparison, Constraint, Term, put_in, symbols_of
from bertsym.solving.demands import Demand, Limit, NothingFits
from bertsym.solving.narrowing import Axis
from bertsym.solving.polynomial import Exact, piecewise
from bertsym.solving.search import Budget, Key, Outcome, Search, Space
from bertsym.solving.unknowns import (
    Tie,
    formula_over,
    only_unknowns,
    require,
    resolved,
    substituted,
    with_assumed,
    without,
)
from bertsym.symbols import BY_SYMBOL, H, Kind, L, Size
from bertsym.values import replace, value
from bertsym.wording import said

# How far an unknown runs where nobody says: (lowest, highest, multiple of).
RANGES: dict[Kind, tuple[int, int, int]] = {
    Kind.DEPTH: (1, 128, 1),
    Kind.WIDTH: (64, 16384, 64),
    Kind.HEADS: (1, 128, 1),
    Kind.EXPERTS: (1, 256, 1),
    Kind.RATIO: (1, 8, 1),
    Kind.ROWS: (1, 262144, 1),
}
MOST = 10**60


class Order(Enum):
    """What makes a configuration come first."""

    ERROR = "error"
    DEPTH = "depth"
    WIDTH = "width"
    ASPECT = "aspect"

    @classmethod
    def named(cls, name: str) -> Order:
        """The member of that name; raises `UnknownName`."""
        if name not in {member.value for member in cls}:
            raise UnknownName("order", name, [member.value for member in cls])
        return cls(name)


@value
class EmptySpace(BertsymError):
    """A range that holds no value of the stated step."""

    symbol: str
    step: int
    low: int
    high: int

    def __str__(self) -> str:
        return f"the space is empty: {self.symbol} has no multiple of {self.step} from {self.low} to {self.high}"


@value
class Request:
    """What to look for: unknowns in the order they are shown, their ranges, and what must hold."""

    unknowns: tuple[Symbol, ...]
    target: int
    convention: Convention = EXACT
    ranges: Mapping[Symbol, tuple[int, int]] = {}
    multiples: Mapping[Symbol, int] = {}
    constraints: tuple[Constraint, ...] = ()
    ties: tuple[Tie, ...] = ()
    limits: tuple[Limit, ...] = ()
    tolerance: Fraction | None = None
    order: Order = Order.ERROR
    top: int = 20


@value
class Configurations:
    """What was found: values of the unknowns, exact counts, and how much was looked at."""

    request: Request
    axes: tuple[Axis, ...]
    known: Mapping[Symbol, Value]
    assumed: tuple[Symbol, ...]
    searched: int
    outcome: Outcome


def find(model: Model, request: Request, progress: Callable[[Fraction], None] | None = None) -> Configurations:
    """The best configurations of the stated space, completely; raises `NothingFits`.

    An interrupt ends the search with the best so far.
    """
    model.check_known(request.unknowns)
    only_unknowns(request.unknowns, {"--range": request.ranges, "--multiple-of": request.multiples})
    request = replace(request, ties=resolved(model, request.ties))
    tied = [symbol for symbol, _ in request.ties]
    clash = next((s for s in request.unknowns if s in tied), None)
    if clash is not None:
        raise Conflict(f"--for {clash}", f"--tie {clash}", "a tied size is no unknown")
    moving = (*request.unknowns, *tied)
    ready, assumed = with_assumed(without(model, moving), moving, keep_head_size=True)
    space = _space(ready, request)
    if not space.size:
        empty = next(axis for axis in space.axes if not axis.size)
        low, high = request.ranges.get(empty.symbol, (empty.start, empty.stop))
        raise EmptySpace(str(empty.symbol), empty.step, low, high)
    outcome = Search(space, request.top, progress).run()
    if outcome.complete and not outcome.best:
        demand = Demand(request.constraints, request.limits, request.tolerance)
        raise NothingFits(f"none of the {space.size:,} configurations", demand.in_words(request.target))
    return Configurations(request, space.axes, ready.given, assumed, space.size, outcome)


def _space(model: Model, request: Request) -> Space:
    axes = tuple(_axis(BY_SYMBOL[symbol], request) for symbol in request.unknowns)
    totals = [_counted(model, request, request.convention)]
    totals += [_counted(model, request, limit.convention) for limit in request.limits]
    for symbol in request.unknowns:
        if all(symbol not in free(t) for t in totals) and BY_SYMBOL[symbol].kind is not Kind.HEADS:
            require(totals[0], symbol, model)
    order = _enumeration(axes, totals, request)
    idle = tuple(axis for axis in axes if axis not in order)
    if not order:
        require(totals[0], request.unknowns[0], model)
    counts = [piecewise(total, [axis.symbol for axis in order]) for total in totals]
    budgets = [Budget(count, limit.least, limit.most) for limit, count in zip(request.limits, counts[1:], strict=True)]
    if request.tolerance is not None:
        slack = request.target * request.tolerance
        budgets.append(Budget(counts[0], request.target - slack, request.target + slack))
    return Space(
        axes,
        order,
        idle,
        counts[0],
        request.target,
        tuple(budgets),
        tuple(_public(model, request, c) for c in (*request.constraints, *_divisibility(model, request))),
        {s: v for s, v in model.given.items() if not isinstance(v, bool)},
        _rank(request),
        by_error=request.order is Order.ERROR,
    )


def _counted(model: Model, request: Request, convention: Convention) -> Expr:
    return substituted(formula_over(model, request.unknowns, convention, request.ties), model, request.unknowns)


def _axis(size: Size, request: Request) -> Axis:
    low, high, multiple = RANGES.get(size.kind, (1, 1, 1))
    low = min(low, size.minimum) if size.default is not None else low
    if size.symbol in request.ranges:
        low, high = request.ranges[size.symbol]
    step = request.multiples.get(size.symbol, multiple)
    if low < size.minimum or high > MOST:
        raise Unreadable(f"range of {size.name}", f"{low}..{high}", f"values from {size.minimum} on")
    return Axis(size.symbol, -(-low // step) * step, high, step)


def _enumeration(axes: tuple[Axis, ...], totals: list[Expr], request: Request) -> tuple[Axis, ...]:
    """The axes that some count depends on, the longest that can be inverted last."""
    counted = [axis for axis in axes if any(axis.symbol in free(total) for total in totals)]
    invertible = [
        axis
        for axis in counted
        if all(dict(m).get(axis.symbol, 0) >= 0 for total in totals for m in monomials(total))
        and axis.symbol in free(totals[0])
    ]
    if not invertible:
        return ()
    # A size that an equality pins to another one is quickly enumerated: let a loose one be inverted.
    loose = [axis for axis in invertible if axis.symbol not in _pinned(request)]
    last = max(loose or invertible, key=lambda axis: axis.size)
    return (*sorted((axis for axis in counted if axis is not last), key=lambda axis: axis.size), last)


def _pinned(request: Request) -> set[Symbol]:
    """The unknowns that stand in an equality with another unknown."""
    found: set[Symbol] = set()
    for constraint in request.constraints:
        for comparison in constraint.comparisons:
            both = {*symbols_of(comparison.left), *symbols_of(comparison.right)} & set(request.unknowns)
            if comparison.relation == "==" and len(both) > 1:
                found |= both
    return found


def _divisibility(model: Model, request: Request) -> Iterable[Constraint]:
    """Derived sizes must come out whole, H/heads and ffn_ratio*H; and no more experts are chosen than there are."""
    moving = {*request.unknowns, *(symbol for symbol, _ in request.ties)}
    for definition in model.architecture.definitions:
        symbol, follows = definition.symbol, definition.value
        if symbol in model.given or symbol in request.unknowns:
            if definition.inverse is None or definition.adjusts is None or _is_ratio(definition.adjusts):
                continue
            symbol, follows = definition.adjusts, definition.inverse
        if free(follows) & moving:
            yield _whole(f"{symbol} = {said(follows)}", follows)
    defined = {d.symbol: d.value for d in model.architecture.definitions if d.symbol not in model.given}
    for quotient in model.architecture.whole:
        followed = substitute(quotient, {s: v for s, v in defined.items() if s not in request.unknowns})
        if free(followed) & moving:
            yield _whole(said(quotient), followed)
    for routing in model.architecture.routings:
        if routing.chosen is not None and free(routing.chosen - routing.among) & moving:
            enough = Comparison(_term(routing.chosen), "<=", _term(routing.among))
            yield Constraint(f"{said(routing.chosen)} <= {said(routing.among)}", (enough,))


def _is_ratio(symbol: Symbol) -> bool:
    return BY_SYMBOL[symbol].kind is Kind.RATIO


def _whole(name: str, quotient: Expr) -> Constraint:
    top, bottom = quotient.as_numer_denom()
    remainder = Comparison(Term("%", left=_term(top), right=_term(bottom)), "==", Term("number"))
    return Constraint(f"{name} is whole", (remainder,))


def _term(expression: Expr) -> Term:
    if expression.is_Integer:
        return Term("number", number=int(expression))
    if expression.is_Symbol:
        return Term("symbol", symbol=expression)
    operation = "*" if expression.is_Mul else "+"
    first, *rest = (_term(argument) for argument in expression.args)
    for term in rest:
        first = Term(operation, left=first, right=term)
    return first


def _public(model: Model, request: Request, constraint: Constraint) -> Constraint:
    """The constraint in the unknowns and known sizes: tied and derived sizes put in. Raises `UnknownName`."""
    entailed: dict[Symbol, Term] = dict(request.ties)
    for definition in model.architecture.definitions:
        if definition.symbol in request.unknowns or definition.symbol in model.given:
            if definition.adjusts is not None and definition.inverse is not None:
                top, bottom = definition.inverse.as_numer_denom()
                entailed[definition.adjusts] = Term("/", left=_term(top), right=_term(bottom))
        else:
            top, bottom = definition.value.as_numer_denom()
            entailed[definition.symbol] = Term("/", left=_term(top), right=_term(bottom))
    comparisons = tuple(
        replace(c, left=put_in(put_in(c.left, entailed), entailed), right=put_in(put_in(c.right, entailed), entailed))
        for c in constraint.comparisons
    )
    numbers = {symbol for symbol, number in model.given.items() if not isinstance(number, bool)}
    for comparison in comparisons:
        for symbol in (*symbols_of(comparison.left), *symbols_of(comparison.right)):
            if symbol not in numbers | set(request.unknowns):
                names = [str(s) for s in model.symbols]
                raise UnknownName(f"size of {model.architecture.name} in {constraint.text}", str(symbol), names)
    return Constraint(constraint.text, comparisons)


def _rank(request: Request) -> Callable[[Exact, dict[Symbol, Exact]], Key]:
    """The key by which configurations are ordered: what was asked for, then the error, then the values."""

    def key(error: Exact, values: dict[Symbol, Exact]) -> Key:
        tail = tuple(values[symbol] for symbol in request.unknowns)
        depth, width = values.get(L, 1), values.get(H, 1)
        match request.order:
            case Order.DEPTH:
                return (-depth, error, *tail)
            case Order.WIDTH:
                return (-width, error, *tail)
            case Order.ASPECT:
                return (-Fraction(width) / Fraction(depth), error, *tail)
            case _:
                return (error, *tail)

    for symbol, order in ((L, Order.DEPTH), (H, Order.WIDTH)):
        if request.order is order and symbol not in {*request.unknowns}:
            raise Conflict(
                f"--order {order.value}", f"--for {', '.join(map(str, request.unknowns))}", f"{symbol} is fixed"
            )
    return key
