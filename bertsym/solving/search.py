"""A complete search of a lattice of integer configurations for the counts nearest to a target.

A count usually grows with every size. Then the last unknown is never enumerated: with the others fixed, the search
inverts the count exactly. It walks outward from the target, and stops as soon as no value can be among the best.
Constraints that are linear in an unknown narrow its interval first; the others are checked at each point. In a large
space a sieve (`sieve`) chooses the rows to search.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from sympy import Expr, Symbol

from bertsym.algebra import evaluate, free
from bertsym.solving.compiled_count import Count
from bertsym.solving.constraints import Constraint
from bertsym.solving.interval_propagation import Axis, Limits, both, narrow
from bertsym.solving.polynomial import DoesNotGrow, Exact, NotPolynomial, Piece, horner, largest_at_most
from bertsym.values import value

if TYPE_CHECKING:
    from bertsym.solving.sieve import Sieve

# A report more often slows the search; one less often lets the progress line stand still.
REPORT_EVERY = 256
# Fewer rows are searched sooner than numpy is imported.
FEW_ROWS = 20_000

Key = tuple[Exact, ...]
# A listener that hears the size of a space and the share of it that is done.
Progress = Callable[[int, float], None]
# The values of a size beside a configuration: the preferred ones, and those to try if no preferred one is legal.
Companions = Callable[[Mapping[Symbol, Exact]], tuple[list[int], list[int]]]


@value
class Budget:
    """A count that must lie between two bounds, either of which may be open; `total` is the count as an expression."""

    count: Count
    total: Expr
    low: Exact | None = None
    high: Exact | None = None

    def keeps(self, count: Exact) -> bool:
        """Return True if a count keeps to the budget."""
        return (self.low is None or count >= self.low) and (self.high is None or count <= self.high)


@value
class Space:
    """The space of a search: the axes in the order of the request, the constraints, and the target.

    `unknowns` are the axes that a count depends on, in the order of enumeration, the inverted one last. `count` and the
    budgets are over them. `idle` are the other axes, `fixed` the sizes that are known. `company` are the sizes that
    accompany a configuration, each with its values there. `total` is the count as an expression.

    The best configurations have the smallest keys. A key is the value of `lead`, the error, and the values in the order
    of the axes; without a lead, it begins with the error.
    A space that is not `bounded` has all values of its one unknown. A configuration must be `accepted` with its
    company, which is chosen without regard to that.
    """

    axes: tuple[Axis, ...]
    unknowns: tuple[Axis, ...]
    idle: tuple[Axis, ...]
    count: Count
    total: Expr
    target: int
    budgets: tuple[Budget, ...]
    constraints: tuple[Constraint, ...]
    fixed: Mapping[Symbol, Exact]
    lead: Expr | None = None
    company: tuple[tuple[Symbol, Companions], ...] = ()
    bounded: bool = True
    accepted: tuple[Constraint, ...] = ()

    @property
    def size(self) -> int:
        """Return the number of configurations before any constraint."""
        return prod(axis.size for axis in self.axes)

    @property
    def rows(self) -> int:
        """Return the number of ways to choose all unknowns but the last, before any constraint."""
        return prod(axis.size for axis in self.unknowns[:-1])


@value
class Configuration:
    """A configuration, its exact count, its key, and the sizes beside it."""

    key: Key
    values: tuple[Exact, ...]
    count: int
    company: tuple[int, ...] = ()


@value
class Outcome:
    """The best configurations in order, the number that were counted, and whether the search is complete."""

    best: tuple[Configuration, ...]
    counted: int
    complete: bool


@value
class Incumbent:
    """The last of the best, which a better configuration precedes: by its lead, its error, and its values in order."""

    lead: Fraction
    error: int
    tail: tuple[int, ...]


@value
class Listener:
    """The exact search behind a sieve.

    `worst` returns the last of the best, or None while there are too few. `row` searches a row, `configuration` tries
    one configuration. `report` hears which share of the space is done.
    """

    worst: Callable[[], Incumbent | None]
    row: Callable[[dict[Symbol, int]], None]
    configuration: Callable[[dict[Symbol, int]], None]
    report: Callable[[float], None]


class WorkLimitReached(Exception):
    """The end of a search that has counted as many configurations as it may."""


class Search:
    """One search; `best` holds the best so far.

    `exists` says whether a model of that count exists at a configuration: the constraints alone do not. `most` is the
    largest number of configurations to count. `progress` hears the size of the space and the share that is done.
    """

    def __init__(
        self,
        space: Space,
        top: int,
        progress: Progress | None = None,
        *,
        exists: Callable[[Mapping[Symbol, Exact], int], bool] | None = None,
        most: int | None = None,
    ) -> None:
        self.space = space
        self.top = top
        self.progress = progress
        self.exists = exists
        self.most = most
        self.best: list[Configuration] = []
        self.counted = 0
        self.leaves = 0
        self.done = 0.0
        # The errors lead the keys of the values of the last unknown, because the lead is the same at all of them.
        still = {axis.symbol for axis in space.unknowns[:-1]} | space.fixed.keys()
        self.outward = space.lead is None or free(space.lead) <= still
        self.checked: tuple[tuple[Budget, Count], ...] = ()
        # By depth: the constraints decided at it, those of them that other unknowns move, and what the rest leaves.
        self.ready: dict[int, tuple[Constraint, ...]] = {}
        self.moving: list[tuple[Constraint, ...]] = []
        self.limits: list[Limits] = []
        known: set[Symbol] = set(space.fixed)
        axes = (*space.unknowns, *space.idle)
        for depth, symbol in enumerate((*(axis.symbol for axis in axes), *(symbol for symbol, _ in space.company))):
            before = frozenset(known)
            known.add(symbol)
            ready = [c for c in space.constraints if c.symbols <= known and not (c.symbols <= before and depth)]
            self.ready[depth] = tuple(ready)
            if depth >= len(axes):
                continue
            axis = axes[depth]
            alone = [c for c in ready if c.symbols <= {symbol, *space.fixed}]
            self.moving.append(tuple(c for c in ready if c not in alone))
            self.limits.append(narrow(axis, alone, space.fixed, axis.start, axis.stop))

    def run(self) -> Outcome:
        """Search to the end, or until interrupted."""
        complete = True
        try:
            rows = self._sieve()
            if rows is None:
                self._enumerate(0, dict(self.space.fixed), self._counts(), 1.0)
            else:
                rows.run()
        except (KeyboardInterrupt, WorkLimitReached):
            complete = False
        return Outcome(tuple(self.best), self.counted, complete)

    def _counts(self) -> tuple[Count, ...]:
        return (self.space.count, *(budget.count for budget in self.space.budgets))

    # With a sieve.

    def _sieve(self) -> Sieve | None:
        """Return a sieve over the rows, if there are so many that one pays."""
        if self.most is not None or self.space.rows < FEW_ROWS:
            return None
        try:
            from bertsym.solving.sieve import sieve  # noqa: PLC0415  # numpy is an extra, and slow to import
        except ModuleNotFoundError:
            return None
        return sieve(self.space, Listener(self._worst, self._search_row, self._try_configuration, self._report))

    def _worst(self) -> Incumbent | None:
        if len(self.best) < self.top:
            return None
        key = self.best[-1].key
        lead, error, *tail = key if self.space.lead is not None else (0, *key)
        return Incumbent(Fraction(lead), int(error), tuple(map(int, tail)))

    def _search_row(self, values: Mapping[Symbol, int]) -> None:
        """Search the last unknown, the others being known."""
        known: dict[Symbol, Exact] = {**self.space.fixed, **values}
        counts = self._counts()
        for depth, axis in enumerate(self.space.unknowns[:-1]):
            if not self._holds(depth, known):
                return
            counts = tuple(count.at(known[axis.symbol]) for count in counts)
        self._last(known, counts)

    def _try_configuration(self, values: Mapping[Symbol, int]) -> None:
        """Try one configuration of the unknowns that a count depends on."""
        *others, last = (axis.symbol for axis in self.space.unknowns)
        known: dict[Symbol, Exact] = {**self.space.fixed, **values}
        counts = self._counts()
        for depth, symbol in enumerate(others):
            if not self._holds(depth, known):
                return
            counts = tuple(count.at(known[symbol]) for count in counts)
        self._try_each(range(values[last], values[last] + 1), last, known, counts)

    def _report(self, done: float) -> None:
        if self.progress is not None:
            self.progress(self.space.size, done)

    # Row by row.

    def _enumerate(self, depth: int, known: dict[Symbol, Exact], counts: tuple[Count, ...], share: float) -> None:
        """Enumerate the values of an unknown, the earlier ones being known; `share` is the part of the space there."""
        if depth == len(self.space.unknowns) - 1:
            self._last(known, counts)
            self._finish(share)
            return
        axis = self.space.unknowns[depth]
        low, high, among = self._limits(axis, depth, known)
        rows = [count.rows() for count in counts] if depth == len(self.space.unknowns) - 2 else [None]
        numbers = axis.within(low, high, among)
        for number in numbers:
            known[axis.symbol] = number
            part = share / len(numbers)
            if not self._holds(depth, known):
                self._finish(part)
            elif None in rows:
                self._enumerate(depth + 1, known, tuple(count.at(number) for count in counts), part)
            else:
                last = self.space.unknowns[depth + 1]
                self._invert(last, known, [_piece(last, row, number) for row in rows if row is not None], ())
                self._finish(part)
        known.pop(axis.symbol, None)

    def _finish(self, share: float) -> None:
        self.done += share
        self.leaves += 1
        if self.leaves % REPORT_EVERY == 0:
            self._report(min(self.done, 1.0))

    def _last(self, known: dict[Symbol, Exact], counts: tuple[Count, ...]) -> None:
        """Search the last unknown: invert the counts along it, or try each value."""
        axis = self.space.unknowns[-1]
        try:
            pieces = [list(count.pieces(axis.start, axis.stop)) for count in counts]
        except (DoesNotGrow, NotPolynomial):
            within = axis.within(*self._limits(axis, len(self.space.unknowns) - 1, known))
            self._try_each(within, axis.symbol, known, counts)
            return
        self._invert(axis, known, pieces, counts)

    def _limits(self, axis: Axis, depth: int, known: dict[Symbol, Exact]) -> Limits:
        low, high, among = self.limits[depth]
        if not self.moving[depth]:
            return low, high, among
        low, high, more = narrow(axis, self.moving[depth], known, low, high)
        common = both(among, more)
        return (low, low - 1, among) if common is None else (low, high, common)

    def _holds(self, depth: int, known: dict[Symbol, Exact]) -> bool:
        return all(constraint.holds(known) for constraint in self.ready[depth])

    # The last unknown.

    def _invert(
        self, axis: Axis, known: dict[Symbol, Exact], pieces: list[list[Piece]], counts: tuple[Count, ...]
    ) -> None:
        """Search the last unknown; `pieces` are the target's count and the budgets' along it."""
        low, high, among = self._limits(axis, len(self.space.unknowns) - 1, known)
        for budget, stretches in zip(self.space.budgets, pieces[1:], strict=True):
            low, high = _within_budget(budget, stretches, low, high)
        if low > high:
            return
        conditional = zip(self.space.budgets, counts[1:], strict=False)
        self.checked = tuple((budget, count) for budget, count in conditional if count.conditional)
        for start, stop, coefficients in pieces[0]:
            numbers = axis.within(max(low, start), min(high, stop), among)
            self._walk(numbers, coefficients, known, axis.symbol)
        known.pop(axis.symbol, None)

    def _walk(self, numbers: range, coefficients: list[Exact], known: dict[Symbol, Exact], symbol: Symbol) -> None:
        """Try values outward from the one nearest the target, while one could still be among the best."""
        # A constant count: the values come in the order of their keys.
        still = len(coefficients) == 1 and not self.space.idle and self.outward
        leading = 1 if self.space.lead is None else 2
        for number in _outward(numbers, coefficients, self.space.target) if self.outward else numbers:
            count = horner(coefficients, number)
            error = max(count - self.space.target, self.space.target - count)
            known[symbol] = number
            if self.outward and len(self.best) == self.top:
                key = (error,) if leading == 1 else self._key(error, known)[:leading]
                if key > self.best[-1].key[:leading]:
                    return
            self._count_one()
            depth = len(self.space.unknowns) - 1
            within_budgets = all(budget.keeps(spent.at(number).constant) for budget, spent in self.checked)
            if within_budgets and Fraction(count).denominator == 1 and self._holds(depth, known):
                self._complete(0, known, int(count), error)
            if still and len(self.best) == self.top and self.best[-1].key <= self._key(error, known):
                return

    def _try_each(self, numbers: range, symbol: Symbol, known: dict[Symbol, Exact], counts: tuple[Count, ...]) -> None:
        """Try every value of a last unknown, if a count does not always grow with it."""
        for number in numbers:
            self._count_one()
            known[symbol] = number
            count, *others = (piecewise.at(number).constant for piecewise in counts)
            error = max(count - self.space.target, self.space.target - count)
            within_budgets = all(budget.keeps(spent) for budget, spent in zip(self.space.budgets, others, strict=True))
            if within_budgets and Fraction(count).denominator == 1 and self._holds(len(self.space.unknowns) - 1, known):
                self._complete(0, known, int(count), error)
        known.pop(symbol, None)

    def _count_one(self) -> None:
        if self.most is not None and self.counted >= self.most:
            raise WorkLimitReached
        self.counted += 1

    def _complete(self, index: int, known: dict[Symbol, Exact], count: int, error: Exact) -> None:
        """Choose the unknowns that no count depends on, and keep the configuration if it is among the best."""
        if index == len(self.space.idle):
            self._accompany(0, known, count, error)
            return
        axis = self.space.idle[index]
        depth = len(self.space.unknowns) + index
        low, high, among = self._limits(axis, depth, known)
        for number in axis.within(low, high, among):
            known[axis.symbol] = number
            if self._holds(depth, known):
                self._complete(index + 1, known, count, error)
        known.pop(axis.symbol, None)

    def _accompany(self, index: int, known: dict[Symbol, Exact], count: int, error: Exact) -> bool:
        """Keep a configuration with the sizes beside it; return True if such a model exists."""
        if index == len(self.space.company):
            return self._keep(known, count, error)
        symbol, values = self.space.company[index]
        depth = len(self.space.unknowns) + len(self.space.idle) + index
        preferred, otherwise = values(known)
        legal = False
        for number in (*preferred, *otherwise):
            if legal and number not in preferred:
                break
            known[symbol] = number
            legal = (self._holds(depth, known) and self._accompany(index + 1, known, count, error)) or legal
        known.pop(symbol, None)
        return legal

    def _key(self, error: Exact, known: Mapping[Symbol, Exact]) -> Key:
        """Return the key of a configuration, from its error and its values."""
        tail = tuple(known[axis.symbol] for axis in self.space.axes if axis.symbol in known)
        return (error, *tail) if self.space.lead is None else (evaluate(self.space.lead, known), error, *tail)

    def _keep(self, known: dict[Symbol, Exact], count: int, error: Exact) -> bool:
        key = self._key(error, known)
        if len(self.best) == self.top and key >= self.best[-1].key:
            return True
        if not all(constraint.holds(known) for constraint in self.space.accepted):
            return True
        if self.exists is not None and not self.exists(known, count):
            return False
        values = tuple(known[axis.symbol] for axis in self.space.axes)
        company = tuple(int(known[symbol]) for symbol, _ in self.space.company)
        insort(self.best, Configuration(key, values, count, company), key=lambda configuration: configuration.key)
        del self.best[self.top :]
        return True


def _piece(axis: Axis, rows: list[list[Exact]], number: Exact) -> list[Piece]:
    return [(axis.start, axis.stop, [horner(row, number) for row in rows])]


def _within_budget(budget: Budget, pieces: list[Piece], low: int, high: int) -> tuple[int, int]:
    """Return the interval of the last unknown in which a growing count keeps to its budget.

    If an open condition could break the growth, the interval is the hull of those of its stretches.
    """
    starts, stops = [], []
    for start, stop, coefficients in pieces:
        first, last = max(start, low), min(stop, high)
        if first > last:
            continue
        if budget.high is not None and horner(coefficients, last) > budget.high:
            most = largest_at_most(coefficients, budget.high)
            last = first - 1 if most is None else min(last, most)
        if budget.low is not None and first <= last and horner(coefficients, first) < budget.low:
            most = largest_at_most(coefficients, budget.low)
            exact = most is not None and horner(coefficients, most) == budget.low
            first = last + 1 if most is None else max(first, most if exact else most + 1)
        if first <= last:
            starts.append(first)
            stops.append(last)
    return (min(starts), max(stops)) if starts else (low, low - 1)


def _outward(numbers: range, coefficients: list[Exact], target: int) -> Iterator[int]:
    """Yield the numbers by the distance of their counts from the target, nearest first."""
    if not numbers:
        return
    most = largest_at_most(coefficients, target)
    if most is None:
        upward = len(coefficients) == 1 or horner(coefficients, numbers[0]) > target
        yield from numbers if upward else reversed(numbers)
        return
    last = (numbers.stop - 1 - numbers.start) // numbers.step
    below = max(-1, min(last, (most - numbers.start) // numbers.step))
    above = below + 1
    while below >= 0 or above <= last:
        if below < 0:
            take_above = True
        elif above > last:
            take_above = False
        else:
            over = horner(coefficients, numbers[above]) - target
            take_above = over < target - horner(coefficients, numbers[below])
        yield numbers[above] if take_above else numbers[below]
        above, below = (above + 1, below) if take_above else (above, below - 1)
