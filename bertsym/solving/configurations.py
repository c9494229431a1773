"""Which configurations meet a target: several unknowns over a lattice, under constraints and budgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from fractions import Fraction

from sympy import Expr, Symbol

from bertsym.algebra import Value, free, monomials
from bertsym.convention import EXACT, Convention
from bertsym.errors import BertsymError, Conflict, UnknownName, Unreadable
from bertsym.model import Model
from bertsym.solving.constraints import Comparison, Constraint, Term, symbols_of
from bertsym.solving.narrowing import Axis
from bertsym.solving.polynomial import Exact, piecewise
from bertsym.solving.search import Budget, Key, Outcome, Search, Space
from bertsym.solving.unknowns import Tie, formula_over, require, substituted, with_assumed, without
from bertsym.symbols import BY_SYMBOL, H, Kind, L, Size
from bertsym.values import replace, value

# How far an unknown runs where nobody says: (lowest, highest, multiple of).
RANGES: dict[Kind, tuple[int, int, int]] = {
    Kind.DEPTH: (1, 128, 1),
    Kind.WIDTH: (64, 16384, 64),
    Kind.HEADS: (1, 128, 1),
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
class NothingFits(BertsymError):
    """A space in which no configuration satisfies what was asked."""

    size: int
    why: str

    def __str__(self) -> str:
        if not self.size:
            return f"the space is empty: {self.why}"
        return f"none of the {self.size:,} configurations satisfies {self.why}"


@value
class Limit:
    """A budget: a convention's count, at most or at least so many."""

    convention: Convention
    most: int | None = None
    least: int | None = None

    @property
    def title(self) -> str:
        """In words."""
        bound = f"at most {self.most:,}" if self.most is not None else f"at least {self.least:,}"
        return f"{self.convention.title} {bound}"


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
    tied = [symbol for symbol, _ in request.ties]
    clash = next((s for s in request.unknowns if s in tied), None)
    if clash is not None:
        raise Conflict(f"--for {clash}", f"--tie {clash}", "a tied size is no unknown")
    moving = (*request.unknowns, *tied)
    ready, assumed = with_assumed(without(model, moving), moving, keep_head_size=True)
    space = _space(ready, request)
    if not space.size:
        empty = next(axis for axis in space.axes if not len(axis))
        raise NothingFits(0, f"{empty.symbol} has no multiple of {empty.step} from {empty.start} to {empty.stop}")
    outcome = Search(space, request.top, progress).run()
    if outcome.complete and not outcome.best:
        raise NothingFits(space.size, _in_words(request))
    return Configurations(request, space.axes, ready.given, assumed, space.size, outcome)


def _in_words(request: Request) -> str:
    wanted = [constraint.text for constraint in request.constraints] + [limit.title for limit in request.limits]
    if request.tolerance is not None:
        wanted.append(f"within {float(request.tolerance * 100):g}% of {request.target:,}")
    return " and ".join(wanted) or "the divisibility of its sizes"


def _space(model: Model, request: Request) -> Space:
    axes = tuple(_axis(BY_SYMBOL[symbol], request) for symbol in request.unknowns)
    totals = [_counted(model, request, request.convention)]
    totals += [_counted(model, request, limit.convention) for limit in request.limits]
    for symbol in request.unknowns:
        if all(symbol not in free(t) for t in totals) and BY_SYMBOL[symbol].kind is not Kind.HEADS:
            require(totals[0], symbol, model)
    order = _enumeration(axes, totals)
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
    if size.symbol in request.ranges:
        low, high = request.ranges[size.symbol]
    step = request.multiples.get(size.symbol, multiple)
    if low < size.minimum or high > MOST:
        raise Unreadable(f"range of {size.name}", f"{low}..{high}", f"values from {size.minimum} on")
    return Axis(size.symbol, -(-low // step) * step, high, step)


def _enumeration(axes: tuple[Axis, ...], totals: list[Expr]) -> tuple[Axis, ...]:
    """The axes that some count depends on, the longest that can be inverted last."""
    counted = [axis for axis in axes if any(axis.symbol in free(total) for total in totals)]
    invertible = [
        axis
        for axis in counted
        if BY_SYMBOL[axis.symbol].kind is not Kind.RATIO
        and all(dict(m).get(axis.symbol, 0) >= 0 for total in totals for m in monomials(total))
        and axis.symbol in free(totals[0])
    ]
    if not invertible:
        return ()
    last = max(invertible, key=len)
    return (*sorted((axis for axis in counted if axis is not last), key=len), last)


def _divisibility(model: Model, request: Request) -> Iterable[Constraint]:
    """Derived sizes must come out whole: H % heads == 0 for the head size, ffn_ratio*H for the feed-forward width."""
    moving = {*request.unknowns, *(symbol for symbol, _ in request.ties)}
    for definition in model.architecture.definitions:
        symbol, follows = definition.symbol, definition.value
        if symbol in model.given or symbol in request.unknowns:
            if definition.inverse is None or definition.adjusts is None or _is_ratio(definition.adjusts):
                continue
            symbol, follows = definition.adjusts, definition.inverse
        if free(follows) & moving:
            yield _whole(f"{symbol} = {follows}", follows)
    for quotient in model.architecture.whole:
        if free(quotient) & moving:
            yield _whole(str(quotient), quotient)


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
        replace(
            c, left=_put_in(_put_in(c.left, entailed), entailed), right=_put_in(_put_in(c.right, entailed), entailed)
        )
        for c in constraint.comparisons
    )
    numbers = {symbol for symbol, number in model.given.items() if not isinstance(number, bool)}
    for comparison in comparisons:
        for symbol in (*symbols_of(comparison.left), *symbols_of(comparison.right)):
            if symbol not in numbers | set(request.unknowns):
                names = [str(s) for s in model.symbols]
                raise UnknownName(f"size of {model.architecture.name} in {constraint.text}", str(symbol), names)
    return Constraint(constraint.text, comparisons)


def _put_in(term: Term, values: Mapping[Symbol, Term]) -> Term:
    if term.symbol is not None:
        return values.get(term.symbol, term)
    if term.left is None or term.right is None:
        return term
    return replace(term, left=_put_in(term.left, values), right=_put_in(term.right, values))


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
