"""The configurations that meet a target: several unknowns over a lattice, under constraints and budgets."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from sympy import Expr, Symbol

from bertsym.algebra import Value, evaluate, expand, free
from bertsym.convention import Convention
from bertsym.count import declared
from bertsym.existence import check_routing
from bertsym.model import Model, is_head_size
from bertsym.solving.closing import close
from bertsym.solving.closure import Closure, plain
from bertsym.solving.constraints import Constraint, negation
from bertsym.solving.interval_propagation import Axis, narrow
from bertsym.solving.legality import Recounter
from bertsym.solving.polynomial import DoesNotGrow, Exact, NotPolynomial
from bertsym.solving.request import MAX_ANSWERS, Order, Request, check
from bertsym.solving.requirements import Demand, NothingFits
from bertsym.solving.search import Configuration, Outcome, Progress, Search, Space
from bertsym.solving.shapes import tiers
from bertsym.solving.space import MAX_VALUE, axis_of, public, require_values, space_of
from bertsym.symbols import BY_SYMBOL, in_order
from bertsym.values import replace, value

# The tolerance of a search that is ordered by something else than the error. Without one, the deepest model of any size
# would come first.
USUAL_TOLERANCE = Fraction(1, 100)
# A published shape that misses the target by more is no better than any other.
WIDE_TOLERANCE = Fraction(5, 100)
# The tier of the shapes that nobody published.
UNPUBLISHED = 2
# Two answers with all sizes closer than this are one shape to a designer.
UNLIKE = Fraction(5, 4)
# A `--diverse` search finds this many times the answers that are shown, and again if they are too much alike.
POOL = 5


@value
class Answer:
    """A configuration that exists: the unknowns, all sizes that it names, its exact count and those of the budgets."""

    values: tuple[Exact, ...]
    at: Mapping[Symbol, Value]
    count: int
    spent: tuple[int, ...] = ()


@value
class Configurations:
    """The answers to a request, and how much of the space was searched.

    `fixed` are sizes that a condition names and that neither the user gave nor the condition frees.
    """

    request: Request
    axes: tuple[Axis, ...]
    known: Mapping[Symbol, Value]
    assumed: tuple[Symbol, ...]
    searched: int
    outcome: Outcome
    answers: tuple[Answer, ...]
    bounded: bool = True
    fixed: Mapping[Symbol, Value] = {}


def find(model: Model, request: Request, progress: Progress | None = None) -> Configurations:
    """Return the best configurations of the stated space, completely; raises `NothingFits`.

    An interrupt ends the search with the best so far.
    """
    check(request)
    if request.tolerance is None and request.order not in (Order.ERROR, Order.SHAPE):
        request = replace(request, tolerance=USUAL_TOLERANCE)
    closure, totals = closed(model, request, accompanied=len(request.unknowns) == 1)
    axes = tuple(axis_of(model, BY_SYMBOL[symbol], request) for symbol in request.unknowns)
    require_values(axes, request)
    space = space_of(model, closure, request, axes, totals)
    if request.target is None and len(axes) == 1 and not request.ranges:
        space = unbounded(space)
    find_best = by_shape if request.order is Order.SHAPE and request.target is not None else search
    outcome, answers = (spread if request.diverse else find_best)(closure, request, space, progress)
    if outcome.complete and not answers:
        demand = Demand((*request.constraints, *request.rules), request.limits, request.tolerance)
        tried = f"none of the {space.size:,} configurations" if space.bounded else f"no {request.unknowns[0]}"
        tried += f" ({request.applied})" if request.applied else ""
        raise NothingFits(tried, demand.in_words(request.target), standing(model, closure, request))
    return Configurations(
        request,
        space.axes,
        closure.ready.given,
        closure.assumed,
        space.size,
        outcome,
        answers,
        space.bounded,
        fixed(model, closure, request),
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


def by_shape(
    closure: Closure, request: Request, space: Space, progress: Progress | None = None
) -> tuple[Outcome, tuple[Answer, ...]]:
    """Return the best of a space in the order of `Order.SHAPE`.

    A place in that order never falls with a smaller error of the same tier of shapes. So the best of each tier by the
    error are enough.
    """
    found: list[tuple[tuple[int, int, Exact], Answer]] = []
    counted, complete = 0, True
    for tier, conditions in enumerate(tiers_of(closure)):
        floating = {floating.symbol for floating in closure.floating}
        after = tuple(condition for condition in conditions if condition.symbols & floating)
        before = tuple(condition for condition in conditions if condition not in after)
        within = replace(space, constraints=(*space.constraints, *before), accepted=after)
        outcome, answers = search(closure, request, within, progress)
        counted, complete = counted + outcome.counted, complete and outcome.complete
        found += [(place_of(answer.count, tier, request), answer) for answer in answers]
        if not complete or (len(answers) == request.top and found[-1][0][:2] == (0, 0)):
            break
    found.sort(key=lambda entry: entry[0])
    return Outcome((), counted, complete), tuple(answer for _, answer in found[: request.top])


def place_of(count: int, tier: int, request: Request) -> tuple[int, int, Exact]:
    """Return the place of an answer: its class, its tier, its error.

    The classes are: published shapes that miss the target by at most 1%; those that miss it by at most 5%; other shapes
    that miss it by at most 1%; the rest, by the error alone.
    """
    error = abs(count - request.aim)
    share = Fraction(error, request.aim)
    if tier < UNPUBLISHED:
        kind = 0 if share <= USUAL_TOLERANCE else 1 if share <= WIDE_TOLERANCE else 3
    else:
        kind = 2 if share <= USUAL_TOLERANCE else 3
    return kind, 0 if kind == 3 else tier, error


def tiers_of(closure: Closure) -> list[tuple[Constraint, ...]]:
    """Return the conditions of each tier of shapes over the unknowns: no two tiers have a shape in common."""
    moving = {*closure.unknowns, *(floating.symbol for floating in closure.floating)}
    kept = [tuple(c for c in public(closure, tier) if c.symbols & moving) for tier in tiers(closure.ready)]
    outside = [(negation(tier),) if tier else () for tier in kept]
    if not any(kept):
        return [()]
    return [kept[0], (*outside[0], *kept[1]), (*outside[0], *outside[1])]


def spread(
    closure: Closure, request: Request, space: Space, progress: Progress | None = None, counted: int | None = None
) -> tuple[Outcome, tuple[Answer, ...]]:
    """Return the best of a space of which no two are alike: an unknown of each differs by a quarter from every other's.

    The best answer comes first, then the best of those that are unlike it, and so on. A search that may count so many
    values at most, that of one unknown, is by the error alone.
    """
    shaped = request.order is Order.SHAPE and request.target is not None and counted is None
    most = min(MAX_ANSWERS, request.top * POOL)
    while True:
        wider = replace(request, top=most)
        outcome, answers = (
            by_shape(closure, wider, space, progress) if shaped else search(closure, wider, space, progress, counted)
        )
        chosen: list[Answer] = []
        for answer in answers:
            if all(unlike(answer.values, other.values) for other in chosen):
                chosen.append(answer)
        if len(chosen) >= request.top or len(answers) < most or most == MAX_ANSWERS or not outcome.complete:
            return outcome, tuple(chosen[: request.top])
        most = min(MAX_ANSWERS, most * POOL)


def unlike(first: tuple[Exact, ...], second: tuple[Exact, ...]) -> bool:
    """Return True if one of two answers has a size that is at least 5/4 of the other's."""
    return any(max(a, b) >= UNLIKE * min(a, b) and a != b for a, b in zip(first, second, strict=True))


def fixed(model: Model, closure: Closure, request: Request) -> dict[Symbol, Value]:
    """Return the fixed sizes that a condition names and that the user did not give."""
    followed = {symbol for symbol, _ in request.followed}
    named = {*request.named, *(s for symbol, term in request.ties if symbol in followed for s in term.symbols())}
    numbers = {s: v for s, v in closure.numbers.items() if s in named and s not in model.pinned}
    tied = {symbol for symbol, _ in request.ties}
    for symbol in in_order(named & closure.follows.keys() - tied):
        if not free(closure.follows[symbol]) and not free(closure.rules[symbol]) <= model.pinned.keys():
            numbers[symbol] = plain(evaluate(closure.follows[symbol], {}))
    return numbers


def standing(model: Model, closure: Closure, request: Request) -> str:
    """Return the fixed sizes that a condition names, and how to free them, for the sentence that nothing fits."""
    kept = fixed(model, closure, request)
    sizes = {d.symbol for d in closure.ready.architecture.definitions if is_head_size(d)} & set(closure.assumed)
    numbers = {**{s: v for s, v in closure.numbers.items() if s in {*request.named, *sizes}}, **kept}
    words = [f"{s} = {v}" + (", which is assumed" if s in closure.assumed else "") for s, v in numbers.items()]
    advice = (
        f"; --for {','.join(map(str, (*request.unknowns, *kept)))} searches {'it' if len(kept) == 1 else 'them'} too"
    )
    return "; ".join(words) + (advice if kept else "")
