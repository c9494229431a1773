"""The configurations that meet a target: several unknowns over a lattice, under constraints and budgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from sympy import Expr, Symbol

from bertsym.algebra import Value, expand, free
from bertsym.count import declared
from bertsym.existence import check_routing
from bertsym.model import Model
from bertsym.solving.closing import close
from bertsym.solving.closure import Closure
from bertsym.solving.interval_propagation import Axis
from bertsym.solving.legality import Recounter
from bertsym.solving.polynomial import Exact
from bertsym.solving.request import Order, Request, check
from bertsym.solving.requirements import Demand, NothingFits
from bertsym.solving.search import Configuration, Outcome, Search, Space
from bertsym.solving.space import axis_of, require_values, space_of
from bertsym.symbols import BY_SYMBOL
from bertsym.values import replace, value

# The tolerance of a search that is ordered by something else than the error. Without one, the deepest model of any size
# would come first.
USUAL_TOLERANCE = Fraction(1, 100)


@value
class Answer:
    """A configuration that exists: the unknowns, all sizes that it names, and its exact count."""

    values: tuple[Exact, ...]
    at: Mapping[Symbol, Value]
    count: int


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


def find(model: Model, request: Request, progress: Callable[[Fraction], None] | None = None) -> Configurations:
    """Return the best configurations of the stated space, completely; raises `NothingFits`.

    An interrupt ends the search with the best so far.
    """
    check(request)
    if request.tolerance is None and request.order is not Order.ERROR:
        request = replace(request, tolerance=USUAL_TOLERANCE)
    closure, totals = closed(model, request)
    axes = tuple(axis_of(BY_SYMBOL[symbol], request) for symbol in request.unknowns)
    require_values(axes, request)
    space = space_of(model, closure, request, axes, totals)
    outcome, answers = search(closure, request, space, progress)
    if outcome.complete and not answers:
        demand = Demand(request.constraints, request.limits, request.tolerance)
        tried = f"none of the {space.size:,} configurations"
        raise NothingFits(tried, demand.in_words(request.target), standing(closure, request))
    return Configurations(request, space.axes, closure.ready.given, closure.assumed, space.size, outcome, answers)


def closed(model: Model, request: Request, *, accompanied: bool = False) -> tuple[Closure, list[Expr]]:
    """Return the closure of a request, and its counts over the unknowns: the target's, then those of the budgets."""
    bare = Model(model.architecture, model.head)
    wanted = [request.convention, *(limit.convention for limit in request.limits)]
    for convention in wanted:
        check_routing(bare, convention)
    raw = [declared(model.architecture, model.head, convention) for convention in wanted]
    spoken_of = frozenset(s for c in request.constraints for s in c.symbols)
    still: frozenset[Symbol] = frozenset()
    while True:
        closure = close(
            model, request.unknowns, request.ties, spoken_of=spoken_of, still=still, accompanied=accompanied
        )
        totals = [expand(closure.over(total)) for total in raw]
        counted = {
            floating.symbol for floating in closure.floating if any(floating.symbol in free(total) for total in totals)
        }
        if not counted:
            for total in totals:
                closure.require_known(total)
            return closure, totals
        still |= counted


def search(
    closure: Closure,
    request: Request,
    space: Space,
    progress: Callable[[Fraction], None] | None = None,
    most: int | None = None,
) -> tuple[Outcome, tuple[Answer, ...]]:
    """Return the best of a space, each recounted as `total` counts.

    The conditions of the space exclude nearly all models that do not exist: only the best configurations are recounted.
    If the recount refuses one of them, the search is repeated, and recounts every configuration that it would keep.
    """
    recounter = Recounter(closure, (request.convention, *(limit.convention for limit in request.limits)))
    limits = request.limits
    known: dict[tuple[Exact, ...], bool] = {}

    def exists(values: Mapping[Symbol, Exact], count: int) -> bool:
        unknowns = {s: v for s, v in values.items() if s in moving}
        key = tuple(unknowns[s] for s in moving)
        if key not in known:
            counts = recounter.recount(unknowns)
            known[key] = (
                counts is not None
                and counts[0] == count
                and all(
                    (limit.most is None or count_beside <= limit.most)
                    and (limit.least is None or count_beside >= limit.least)
                    for limit, count_beside in zip(limits, counts[1:], strict=True)
                )
            )
        return known[key]

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
        answers.append(
            Answer(configuration.values, {s: sizes[s] for s in closure.shown if s in sizes}, configuration.count)
        )
    return outcome, tuple(answers)


def standing(closure: Closure, request: Request) -> str:
    """Return the fixed sizes that a condition names, for the sentence that no configuration meets the requirements."""
    spoken_of = {s for c in request.constraints for s in c.symbols}
    numbers = {s: v for s, v in closure.numbers.items() if s in spoken_of}
    words = [f"{s} = {v}" + (", which is assumed" if s in closure.assumed else "") for s, v in numbers.items()]
    return "; ".join(words)
