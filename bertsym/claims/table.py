"""The verdict on a table: one explanation of all rows by a counting, a unit, a rounding, and sizes not stated."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.claims.integer_bounds import Bound, Entangled, Interval, at, solve
from bertsym.claims.interpretations import countings
from bertsym.claims.ledger import at_base
from bertsym.claims.standing import Standing
from bertsym.claims.tablefile import SizedRow, SizedTable
from bertsym.claims.tensor_polynomials import parts, put_in, symbols
from bertsym.errors import BertsymError
from bertsym.formulas.monomial_order import Terms
from bertsym.model import Model
from bertsym.symbols import BY_SYMBOL, SIZES, Kind
from bertsym.values import value

# The sizes that a table may leave open: `integer_bounds` is exact for at most two.
MAX_UNKNOWNS = 2
# The cost of a hypothesis. A dearer one may fit a short table by chance.
MAX_COST = 2
BINARY = "in binary units, 2^20 or 2^30 sold as M or B"


@value
class Hypothesis:
    """A formula that could explain the table: its name, its terms in the sizes, its price."""

    name: str
    terms: Terms
    cost: int


@value
class Fit:
    """A hypothesis that explains the rows, the sizes that it takes, and how the numbers were written down.

    `rows` are those that it explains; one interval for two unknowns is all that the rows determine.
    """

    hypothesis: Hypothesis
    how: str
    unknowns: tuple[Symbol, ...]
    intervals: tuple[Interval, ...]
    rows: tuple[SizedRow, ...]
    cost: int


@value
class TableVerdict:
    """Every explanation of all rows, the simplest first; without one, the best partial one and the rows it leaves."""

    table: SizedTable
    model: Model
    fits: tuple[Fit, ...]
    partial: Fit | None
    assumed: Mapping[Symbol, Value]

    @property
    def stands(self) -> bool:
        """Return True if one explanation fits all rows."""
        return bool(self.fits)

    @property
    def standing(self) -> Standing:
        """Return the verdict."""
        return Standing.STANDS if self.stands else Standing.FINDING

    @property
    def misfits(self) -> tuple[SizedRow, ...]:
        """Return the rows that the best explanation does not fit."""
        explained = self.partial.rows if self.partial else ()
        return () if self.fits else tuple(row for row in self.table.rows if row not in explained)


class TooManyUnknown(BertsymError):
    """A table that leaves more than two sizes open."""

    def __init__(self, unknown: Sequence[Symbol]) -> None:
        super().__init__(unknown)
        self.unknown = tuple(unknown)

    def __str__(self) -> str:
        names = ", ".join(f"{s} ({BY_SYMBOL[s].meaning})" for s in self.unknown)
        return (
            f"the table leaves {names} open: at most two that do not multiply can be solved for; pass others with --at"
        )


def judge_table(table: SizedTable, model: Model, heads: Sequence[str], formula: Terms | None = None) -> TableVerdict:
    """Judge a table about a model, or about a formula; raises `TooManyUnknown`."""
    base = at_base(model).given
    stated = {s for row in table.rows for s in row.sizes}
    derived = {definition.symbol: definition.adjusts for definition in model.architecture.definitions}
    settled = {s for s, adjusts in derived.items() if s in stated and adjusts is not None}
    ratios = {
        s: v
        for s, v in base.items()
        if BY_SYMBOL[s].kind is Kind.RATIO and s not in stated and not any(derived[f] == s for f in settled)
    }
    given = {s: v for s, v in model.given.items() if s not in stated}
    assumed = {s: v for s, v in ratios.items() if s not in given}
    known = {**assumed, **given}
    if formula is not None:
        guesses = [Hypothesis("the formula", formula, 0)]
    else:
        guesses = list(_hypotheses(model, heads, frozenset(stated)))
    first = [_case(guess, known, table) for guess in guesses[:1]]
    cases = first + [_case(guess, known, table) for guess in guesses[1:] if _possible(guess, known, table)]
    if cases and len(cases[0].unknowns) > MAX_UNKNOWNS:
        raise TooManyUnknown(cases[0].unknowns)
    cases = [case for case in cases if len(case.unknowns) <= MAX_UNKNOWNS]
    try:
        fits = sorted(_distinct([fit for case in cases for fit in case.fits()]), key=lambda fit: fit.cost)
    except Entangled:
        raise TooManyUnknown(cases[0].unknowns) from None
    simple = [case.best() for case in cases if not fits and case.guess.cost <= 1]
    best = max(simple, key=lambda fit: (len(fit.rows), -fit.cost), default=None)
    return TableVerdict(table, model, tuple(fits), best, assumed)


@value
class _Case:
    """A hypothesis with the sizes of every row put in."""

    guess: Hypothesis
    table: SizedTable
    left: tuple[Terms, ...]
    unknowns: tuple[Symbol, ...]

    def fits(self) -> Iterator[Fit]:
        """Yield the roundings under which the hypothesis explains all rows."""
        for how, cost, bounds in _readings(self.table, self.left):
            solved = solve(bounds, self.unknowns)
            if solved is not None:
                yield Fit(self.guess, how, self.unknowns, solved, self.table.rows, self.guess.cost + cost)

    def best(self) -> Fit:
        """Return the fit to the most rows at one value of the unknown, or to rows that each fit, if there are two."""
        how, _, bounds = next(_readings(self.table, self.left))
        singles = [solve([bound], self.unknowns) for bound in bounds]
        explained = [solution is not None for solution in singles]
        if len(self.unknowns) == 1:
            candidates = _widest([solution[0] for solution in singles if solution])
            explained = max((_explained(bounds, self.unknowns[0], n) for n in candidates), key=sum, default=explained)
        chosen = [bound for bound, keep in zip(bounds, explained, strict=True) if keep]
        intervals = (solve(chosen, self.unknowns) or ()) if len(self.unknowns) == 1 and chosen else ()
        rows = tuple(row for row, keep in zip(self.table.rows, explained, strict=True) if keep)
        return Fit(self.guess, how, self.unknowns, intervals, rows, self.guess.cost)


def _widest(intervals: Sequence[Interval]) -> list[int]:
    """Return the starts that most intervals share, at most eight, in order."""
    lows, highs = sorted(interval.low for interval in intervals), sorted(interval.high for interval in intervals)
    shared = {low: bisect_right(lows, low) - bisect_left(highs, low) for low in dict.fromkeys(lows)}
    most = max(shared.values(), default=0)
    return [low for low in dict.fromkeys(interval.low for interval in intervals) if shared[low] == most][:8]


def _possible(guess: Hypothesis, known: Mapping[Symbol, Value], table: SizedTable) -> bool:
    """Return False if a hypothesis cannot explain the first row, however it was written down, and is not a simple one.

    So most hypotheses cost one row of a long table, except the few that may explain it or come closest.
    """
    if guess.cost <= 1:
        return True
    left = (put_in(put_in(guess.terms, known), table.rows[0].sizes),)
    unknown_symbols = symbols(left[0])
    if len(unknown_symbols) > MAX_UNKNOWNS:
        return True
    unknowns = tuple(size.symbol for size in SIZES if size.symbol in unknown_symbols)
    try:
        return any(solve(bounds, unknowns) is not None for _, _, bounds in _readings(table, left))
    except Entangled:
        return True


def _case(guess: Hypothesis, known: Mapping[Symbol, Value], table: SizedTable) -> _Case:
    terms = put_in(guess.terms, known)
    left = tuple(put_in(terms, row.sizes) for row in table.rows)
    unknown_symbols = {symbol for polynomial in left for symbol in symbols(polynomial)}
    return _Case(guess, table, left, tuple(size.symbol for size in SIZES if size.symbol in unknown_symbols))


def _explained(bounds: Sequence[Bound], unknown: Symbol, number: int) -> list[bool]:
    return [bound.low <= at(bound.terms, unknown, number) <= bound.high for bound in bounds]


def _hypotheses(model: Model, heads: Sequence[str], stated: frozenset[Symbol]) -> Iterator[Hypothesis]:
    seen: set[tuple[object, ...]] = set()
    derived = {definition.symbol for definition in model.architecture.definitions}
    for index, head in enumerate(heads):
        headed = model.with_head(head)
        inventory = parts(headed, stated & (derived | headed.symbols))
        for counting in countings(headed.cls, inventory, whole=True, most=MAX_COST):
            terms = counting.terms
            key = tuple(sorted(terms.items(), key=str))
            cost = counting.cost + (index > 0)
            if cost <= MAX_COST and terms and key not in seen:
                seen.add(key)
                yield Hypothesis(counting.name, terms, cost)


def _readings(table: SizedTable, left: Sequence[Terms]) -> Iterator[tuple[str, int, list[Bound]]]:
    """Yield the rows as inequalities: rounded or truncated, with or without trailing zeros, binary units.

    `left` may hold the first rows only.
    """
    rows = table.rows[: len(left)]
    open_ended = any(len(row.stated.steps) > 1 for row in table.rows)
    for coarse in (False, True) if open_ended else (False,):
        every = [row.stated.steps[-1 if coarse else 0] for row in table.rows]
        steps = every[: len(left)]
        zeros = ", trailing zeros not significant" if coarse else ""
        exact = all(step == 1 for step in every)
        for how, cost, low, high in _ways(exact=exact):
            bounds = [
                Bound(poly, row.stated.value - low * step // 2, row.stated.value + high * step // 2 - (step > 1))
                for poly, row, step in zip(left, rows, steps, strict=True)
            ]
            yield how + zeros, cost + coarse, bounds
    if all(row.stated.steps[0] > 1 for row in table.rows):
        yield BINARY, 2, [_binary(poly, row) for poly, row in zip(left, rows, strict=True)]


def _ways(*, exact: bool) -> list[tuple[str, int, int, int]]:
    return [("exact", 0, 0, 0)] if exact else [("rounded", 0, 1, 1), ("truncated", 1, 0, 2)]


def _binary(terms: Terms, row: SizedRow) -> Bound:
    """Return the row as if its unit were a power of two."""
    unit, binary = (10**9, 2**30) if row.stated.value >= 10**9 and row.stated.steps[0] >= 10**7 else (10**6, 2**20)
    step = row.stated.steps[0]
    low, high = (2 * row.stated.value - step) * binary, (2 * row.stated.value + step) * binary
    return Bound(terms, -(-low // (2 * unit)), (high - 1) // (2 * unit))


def _distinct(fits: Sequence[Fit]) -> list[Fit]:
    """Yield one fit per hypothesis: the rounding that needs the fewest words."""
    chosen: dict[str, Fit] = {}
    for fit in sorted(fits, key=lambda fit: fit.cost):
        chosen.setdefault(fit.hypothesis.name, fit)
    return list(chosen.values())
