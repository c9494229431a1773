"""The configurations that meet a target: several unknowns over a lattice, under constraints and budgets."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from sympy import Expr, Symbol

from bertsym.algebra import Value, expand, free
from bertsym.convention import Convention
from bertsym.count import declared
from bertsym.existence import check_routing
from bertsym.model import Model
from bertsym.solving.closing import close
from bertsym.solving.closure import Closure
from bertsym.solving.interval_propagation import Axis, narrow
from bertsym.solving.legality import Recounter
from bertsym.solving.polynomial import DoesNotGrow, Exact, NotPolynomial
from bertsym.solving.request import Order, Request, check
from bertsym.solving.requirements import Demand, NothingFits
from bertsym.solving.search import Configuration, Outcome, Progress, Search, Space
from bertsym.solving.space import MAX_VALUE, axis_of, require_values, space_of
from bertsym.symbols import BY_SYMBOL
from bertsym.values import replace, value

# The tolerance of a search that is ordered by something else than the error. Without one, the deepest model of any size
# would come first.
USUAL_TOLERANCE = Fraction(1, 100)


@value
class Answer:
    """A configuration that exists: the unknowns, all sizes that it names, its exact count and those of the budgets."""

    values: tuple[Exact, ...]
    at: Mapping[Symbol, Value]
    count: int
    spent: tuple[int, ...] = ()


@value
class Configurations:
    """The answers to a request, and how much of the space was searched."""

    request: Request
    axes: tuple[Axis, ...]
    known: Mapping[Symbol, Value]
    assumed: tuple[Symbol, ...]
    searched: int
    outcome: Outcome
    answers: tuple[Answer, ...]
    bounded: bool = True


def find(model: Model, request: Request, progress: Progress | None = None) -> Configurations:
    """Return the best configurations of the stated space, completely; raises `NothingFits`.

    An interrupt ends the search with the best so far.
    """
    check(request)
    if request.tolerance is None and request.order is not Order.ERROR:
        request = replace(request, tolerance=USUAL_TOLERANCE)
    closure, totals = closed(model, request, accompanied=len(request.unknowns) == 1)
    axes = tuple(axis_of(BY_SYMBOL[symbol], request) for symbol in request.unknowns)
    require_values(axes, request)
    space = space_of(model, closure, request, axes, totals)
    if request.target is None and len(axes) == 1 and not request.ranges:
        space = unbounded(space)
    outcome, answers = search(closure, request, space, progress)
    if outcome.complete and not answers:
        demand = Demand(request.constraints, request.limits, request.tolerance)
        tried = f"none of the {space.size:,} configurations" if space.bounded else f"no {request.unknowns[0]}"
        raise NothingFits(tried, demand.in_words(request.target), standing(closure, request))
    return Configurations(
        request, space.axes, closure.ready.given, closure.assumed, space.size, outcome, answers, space.bounded
    )


def unbounded(space: Space) -> Space:
    """Return the space of one unknown without an end, if every count can be inverted along it.

    Raises `NothingFits` if the budgets do not bound the unknown.
    """
    axis = replace(space.axes[0], stop=MAX_VALUE)
    try:
        for count in (space.count, *(budget.count for budget in space.budgets)):
            list(count.pieces(axis.start, axis.stop))
    except (DoesNotGrow, NotPolynomial):
        return space
    _, last, among = narrow(axis, space.constraints, space.fixed, axis.start, axis.stop)
    beyond = axis.within(MAX_VALUE - 2 * axis.step * among[0], last, among)
    if beyond and all(budget.keeps(budget.count.at(beyond[0]).constant) for budget in space.budgets):
        raise NothingFits(
            f"no largest {axis.symbol}", "the budgets, which do not bound it; add a budget that grows with it"
        )
    return replace(space, axes=(axis,), unknowns=(axis,), bounded=False)


def closed(model: Model, request: Request, *, accompanied: bool = False) -> tuple[Closure, list[Expr]]:
    """Return the closure of a request, and its counts over the unknowns: the target's, then those of the budgets."""
    counted = _counted(request)
    for head, convention in counted:
        check_routing(Model(model.architecture, head or model.head), convention)
    raw = [declared(model.architecture, head or model.head, convention) for head, convention in counted]
    spoken_of = frozenset(s for c in request.constraints for s in c.symbols)
    still: frozenset[Symbol] = frozenset()
    while True:
        closure = close(
            model, request.unknowns, request.ties, spoken_of=spoken_of, still=still, accompanied=accompanied
        )
        totals = [expand(closure.over(total)) for total in raw]
        moving = {
            floating.symbol for floating in closure.floating if any(floating.symbol in free(total) for total in totals)
        }
        if not moving:
            for total in totals:
                closure.require_known(total)
            return closure, totals
        still |= moving


def _counted(request: Request) -> tuple[tuple[str, Convention], ...]:
    """Return the head and the convention of each count: the target's, then those of the budgets."""
    return (("", request.convention), *((limit.quantity, limit.convention) for limit in request.limits))


def search(
    closure: Closure,
    request: Request,
    space: Space,
    progress: Progress | None = None,
    most: int | None = None,
) -> tuple[Outcome, tuple[Answer, ...]]:
    """Return the best of a space, each recounted as `total` counts.

    The conditions of the space exclude nearly all models that do not exist: only the best configurations are recounted.
    If the recount refuses one of them, the search is repeated, and recounts every configuration that it would keep.
    """
    recounter = Recounter(closure, _counted(request))
    limits = request.limits
    recounted: dict[tuple[Exact, ...], tuple[int, ...] | None] = {}

    def counts_at(values: Mapping[Symbol, Exact]) -> tuple[int, ...] | None:
        key = tuple(values[s] for s in moving)
        if key not in recounted:
            recounted[key] = recounter.recount({s: values[s] for s in moving})
        return recounted[key]

    def exists(values: Mapping[Symbol, Exact], count: int) -> bool:
        counts = counts_at(values)
        return (
            counts is not None
            and counts[0] == count
            and all(
                (limit.most is None or count_beside <= limit.most)
                and (limit.least is None or count_beside >= limit.least)
                for limit, count_beside in zip(limits, counts[1:], strict=True)
            )
        )

    moving = (*closure.unknowns, *(floating.symbol for floating in closure.floating))

    def values(configuration: Configuration) -> dict[Symbol, Exact]:
        return dict(zip(moving, (*configuration.values, *configuration.company), strict=True))

    outcome = Search(space, request.top, progress, most=most).run()
    if not all(exists(values(configuration), configuration.count) for configuration in outcome.best):
        if outcome.complete or most is not None:
            outcome = Search(space, request.top, progress, exists=exists, most=most).run()
        else:
            existing = tuple(
                configuration for configuration in outcome.best if exists(values(configuration), configuration.count)
            )
            outcome = replace(outcome, best=existing)
    answers = []
    for configuration in outcome.best:
        sizes = closure.at(values(configuration)) or {}
        shown = {s: sizes[s] for s in closure.shown if s in sizes}
        _, *spent = counts_at(values(configuration)) or (configuration.count,)
        answers.append(Answer(configuration.values, shown, configuration.count, tuple(spent)))
    return outcome, tuple(answers)


def standing(closure: Closure, request: Request) -> str:
    """Return the fixed sizes that a condition names, for the sentence that no configuration meets the requirements."""
    spoken_of = {s for c in request.constraints for s in c.symbols}
    numbers = {s: v for s, v in closure.numbers.items() if s in spoken_of}
    words = [f"{s} = {v}" + (", which is assumed" if s in closure.assumed else "") for s, v in numbers.items()]
    return "; ".join(words)
