"""The size that meets a target: its closed form, the real root, the integers around it, and those that can be built."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import chain, product

from sympy import Symbol

from bertsym.algebra import Value, evaluate, expand, free
from bertsym.convention import EXACT, Convention
from bertsym.count import declared
from bertsym.errors import BertsymError
from bertsym.expressions.tree import Op, constant
from bertsym.expressions.tree import size as leaf
from bertsym.model import Model
from bertsym.solving.closed_form import ClosedForm, solve_symbolically
from bertsym.solving.closing import close
from bertsym.solving.closure import Closure, plain
from bertsym.solving.configurations import closed, fixed, search, spread, standing
from bertsym.solving.constraints import Constraint, compare, from_expression
from bertsym.solving.interval_propagation import Axis
from bertsym.solving.legality import Recounter
from bertsym.solving.open_model import Tie, require
from bertsym.solving.request import Request, check
from bertsym.solving.requirements import Demand, NothingFits
from bertsym.solving.search import Space
from bertsym.solving.space import MAX_VALUE, axis_of, public, require_values, space_of, usual_range, usual_step
from bertsym.solving.univariate import UnivariateCount
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import replace, value

ANYTHING = Demand()
# Bounds the work if the search cannot invert the count and tries it value by value. The answer says how far it came.
MAX_COUNTED = 300_000


@value
class TooSmall(BertsymError):
    """No model of the stated sizes is as small as the target."""

    target: int
    least: int
    at: str

    def __str__(self) -> str:
        return f"no such model has {self.target:,} parameters or fewer: the smallest, at {self.at}, has {self.least:,}"


@value
class Point:
    """A value of the unknown, with the sizes that follow from it, its exact count and the signed error."""

    value: Value
    at: Mapping[Symbol, Value]
    count: int
    error: int


@value
class Solution:
    """A target solved for one size.

    `known` are the other sizes, `assumed` those among them that nobody gave. `root` is real, rounded;
    `step` is what the size must be a multiple of for every width to come out whole;
    `floor` is the largest size not over the target and `ceil` the smallest not under it. Each is None if there is none,
    or if it fails the demand;
    `candidates` can be built: the best of the values of `axis`, of all of them where the search is `complete`.
    A count that does not always grow with the size (`grows`) has neither root nor bracket.
    """

    symbol: Symbol
    target: int
    known: Mapping[Symbol, Value]
    assumed: tuple[Symbol, ...]
    closed: ClosedForm
    step: int
    root: Fraction | None
    floor: Point | None
    ceil: Point | None
    candidates: tuple[Point, ...]
    axis: Axis
    complete: bool
    grows: bool
    fixed: Mapping[Symbol, Value] = {}


def solve(
    model: Model,
    symbol: Symbol,
    target: int,
    convention: Convention = EXACT,
    *,
    ties: tuple[Tie, ...] = (),
    multiple_of: int | None = None,
    top: int = 5,
    demand: Demand = ANYTHING,
) -> Solution:
    """Solve the target for one size; the model's own value of that size is ignored.

    The candidates meet the demand. Raises `NotDependent`, `TooSmall`, `NotPolynomial` or `NothingFits`.
    """
    request = Request(
        (symbol,),
        target,
        convention,
        {} if demand.range is None else {symbol: demand.range},
        {} if multiple_of is None else {symbol: multiple_of},
        demand.constraints,
        ties,
        demand.limits,
        tolerance=demand.tolerance,
        top=top,
    )
    return solve_request(model, request)


def solve_request(model: Model, request: Request) -> Solution:
    """Solve a request of one unknown, which has a target; raises what `solve` raises."""
    check(request)
    (symbol,) = request.unknowns
    model.check_known([symbol])
    target, convention = request.aim, request.convention
    demand = Demand(
        (*request.constraints, *request.rules), request.limits, request.tolerance, request.ranges.get(symbol)
    )
    plain = close(model, (symbol,), request.ties, accompanied=True)
    general = expand(plain.symbolic(declared(model.architecture, model.head, convention)))
    require(general, symbol, model)
    inner = _by_width(model, request)
    (unknown,) = inner.unknowns
    closure, totals = closed(model, inner, accompanied=True)
    if closure.floating != plain.floating:
        # A count depends on the number of heads, so that it does not float.
        general = expand(closure.symbolic(declared(model.architecture, model.head, convention)))
    if unknown not in free(totals[0]):
        require(totals[0], symbol, model)
    minimum = BY_SYMBOL[unknown].minimum
    space = space_of(model, closure, inner, (Axis(unknown, minimum, MAX_VALUE),), totals)
    line = _line(closure, inner, space)
    grows = line.grows()
    below, above = _bracket(line, target) if grows else (None, None)
    axis = _axis(model, unknown, inner, max(below or 0, above or 0) if grows else line.reaching(target))
    require_values((axis,), inner)
    space = replace(space, axes=(axis,), unknowns=(axis,))
    outcome, answers = (spread if request.diverse else search)(closure, inner, space, None, MAX_COUNTED)
    if not answers and (demand != ANYTHING or not outcome.complete or not grows):
        where = f"from {axis.start:,} to {axis.stop:,}" + (f" by {axis.step}" if axis.step > 1 else "")
        tried = f"no {unknown} {where}"
        if not outcome.complete:
            tried = f"none of the {outcome.counted:,} values of {unknown} nearest to the target, {where},"
        tried += f" ({request.applied})" if request.applied else ""
        raise NothingFits(tried, replace(demand, range=None).in_words(target), standing(model, closure, inner))

    def point(at: Mapping[Symbol, Value], count: int) -> Point:
        return Point(at[symbol], at, count, count - target)

    def bound(number: int | None) -> Point | None:
        if number is None or not _meets(inner, space, number):
            return None
        return point(_beside(closure, symbol, number), int(line.count(number)))

    shown = dict.fromkeys((symbol, *closure.shown))
    points = [point({s: answer.at[s] for s in shown}, answer.count) for answer in answers]
    places = 2 if symbol is unknown else 6
    root = line.root(target, places) if grows else None
    return Solution(
        symbol,
        target,
        closure.ready.given,
        closure.assumed,
        solve_symbolically(general, symbol) if grows else ClosedForm(0, None),
        line.step,
        root if root is None or symbol is unknown else _translated(closure, symbol, root),
        bound(below),
        bound(above),
        tuple(sorted(points, key=lambda p: (abs(p.error), p.value))),
        axis,
        outcome.complete,
        grows,
        fixed(model, closure, request),
    )


def _bracket(line: UnivariateCount, target: int) -> tuple[int | None, int | None]:
    """Return the sizes on either side of the target; raises `TooSmall`, or `NothingFits` without any model."""
    least = line.smallest()
    if least is None:
        raise NothingFits(f"no {line.unknown}", "the definitions and the ties of the other sizes")
    if line.count(least) > target:
        raise TooSmall(target, int(line.count(least)), f"{line.unknown} = {least}")
    return line.below(target), line.above(target)


def _by_width(model: Model, request: Request) -> Request:
    """Return the request with the width F in place of a ratio, which becomes a tie: ffn_ratio = F/H."""
    (symbol,) = request.unknowns
    ratio = BY_SYMBOL[symbol].kind is Kind.RATIO
    definition = next((d for d in model.architecture.definitions if d.adjusts == symbol and ratio), None)
    mentioned = {s for name, term in request.ties for s in (name, *term.symbols())}
    if definition is None or definition.inverse is None or {definition.symbol, symbol} & {*mentioned, *model.pinned}:
        return request
    term = from_expression(definition.inverse)
    if term is None:
        return request
    constraints = list(request.constraints)
    for low, high in request.ranges.values():
        lowest = compare(constant(low), Op.AT_MOST, leaf(symbol))
        highest = compare(leaf(symbol), Op.AT_MOST, constant(high))
        constraints.append(Constraint(f"{low} <= {symbol} <= {high}", (lowest, highest)))
    return replace(
        request,
        unknowns=(definition.symbol,),
        ranges={},
        multiples=dict.fromkeys([definition.symbol] if symbol in request.steps else [], request.steps.get(symbol, 1)),
        multiple=None,
        constraints=tuple(constraints),
        ties=(*request.ties, (symbol, term)),
    )


def _line(closure: Closure, request: Request, space: Space) -> UnivariateCount:
    """Return the count at every value of the unknown at which a model exists, whatever the request demands."""
    (unknown,) = request.unknowns
    recounter = Recounter(closure, (("", request.convention),))
    # A single head divides every width. A size that follows from the number of heads may need more of them.
    single = {floating.symbol: 1 for floating in closure.floating}
    kept = {floating.symbol: floating.kept for floating in closure.floating}

    def exists(number: int, count: int) -> bool:
        return any(recounter.recount({unknown: number, **beside}) == (count,) for beside in (single, kept))

    alone = {unknown, *space.fixed}
    legal = tuple(
        c
        for c in space.constraints[len(public(closure, (*request.constraints, *request.rules))) :]
        if c.symbols <= alone
    )
    return UnivariateCount(unknown, space.count, BY_SYMBOL[unknown].minimum, legal, exists)


def _meets(request: Request, space: Space, number: int) -> bool:
    """Return True if a value of the unknown meets the demands of the request, beside some number of heads that floats.

    The usual range and the usual step are no demands.
    """
    (unknown,) = request.unknowns
    low, high = request.ranges.get(unknown, (number, number))
    if not low <= number <= high or number % request.steps.get(unknown, 1):
        return False
    if not all(budget.keeps(budget.count.at(number).constant) for budget in space.budgets):
        return False
    if not any(constraint.parts for constraint in (*request.constraints, *request.rules)):
        return True
    known = {**space.fixed, unknown: number}
    beside = (chain(*numbers(known)) for _, numbers in space.company)
    floating = [symbol for symbol, _ in space.company]
    return any(
        all(constraint.holds({**known, **dict(zip(floating, heads, strict=True))}) for constraint in space.constraints)
        for heads in product(*beside)
    )


def _axis(model: Model, unknown: Symbol, request: Request, bracket: int) -> Axis:
    """Return the values to try: the range of the request, else the usual one, to twice the target's size at least."""
    size = BY_SYMBOL[unknown]
    _, high, step = usual_range(model, size)
    step = usual_step(unknown, request, step)
    if unknown in request.ranges:
        return axis_of(model, size, request)
    return Axis(unknown, -(-size.minimum // step) * step, max(high, 2 * bracket, step), step)


def _beside(closure: Closure, symbol: Symbol, number: int) -> dict[Symbol, Value]:
    """Return the values of the symbol, the unknown and the tied sizes that do not depend on a number of heads."""
    (unknown,) = closure.unknowns
    at: dict[Symbol, Value] = {}
    for shown in dict.fromkeys((symbol, unknown, *closure.tied, *closure.displaced, *closure.derived)):
        expression = closure.over(shown)
        if free(expression) <= {unknown}:
            at[shown] = plain(evaluate(expression, {unknown: number}))
    return at


def _translated(closure: Closure, symbol: Symbol, root: Fraction) -> Fraction:
    return evaluate(closure.over(symbol), {closure.unknowns[0]: root})
