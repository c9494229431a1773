"""The verdict on a table: one explanation of all rows by a counting, a unit, a rounding, and sizes not stated."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

from sympy import Expr, Symbol

from bertsym.algebra import Value, evaluate, free
from bertsym.claims.integer_bounds import Bound, Entangled, Interval, at, solve
from bertsym.claims.ledger import at_base
from bertsym.claims.named_rows import NamedRow, family_of, judge_named, models_named
from bertsym.claims.standing import Standing
from bertsym.claims.table_hypotheses import Hypothesis, hypotheses
from bertsym.claims.tablefile import SizedRow, SizedTable
from bertsym.claims.tensor_polynomials import known_sizes, minus, put_in, symbols
from bertsym.errors import BertsymError
from bertsym.formulas.monomial_order import Terms
from bertsym.model import Architecture, Model
from bertsym.symbols import BY_SYMBOL, Kind, in_order, kv_heads
from bertsym.symbols import heads as query_heads
from bertsym.values import replace, value

# The sizes that a table may leave open: `integer_bounds` is exact for at most two.
MAX_UNKNOWNS = 2
BINARY = "in binary units, 2^20 or 2^30 sold as M or B"


@value
class Fit:
    """A hypothesis that explains the rows, the sizes that it takes, and how the numbers were written down.

    `rows` are those that it explains; one interval for two unknowns is all that the rows determine. `published` are the
    sizes that the table does not state, if its rows have the sizes of published models.
    """

    hypothesis: Hypothesis
    how: str
    unknowns: tuple[Symbol, ...]
    intervals: tuple[Interval, ...]
    rows: tuple[SizedRow, ...]
    cost: int
    published: Mapping[Symbol, Value] = MappingProxyType({})


@value
class Contradiction:
    """A row whose sizes contradict each other: the size that it states, and the one that follows from the others."""

    row: SizedRow
    symbol: Symbol
    stated: Value
    implied: Value
    formula: Expr


@value
class TableVerdict:
    """Every explanation of all rows, the simplest first; without one, the best partial one and the rows it leaves.

    `named` are the rows judged against the published models that they name, which decide if `by_name` is True.
    `beside` are the verdicts on the numbers of further columns.
    """

    table: SizedTable
    model: Model
    fits: tuple[Fit, ...]
    partial: Fit | None
    assumed: Mapping[Symbol, Value | Symbol]
    contradictions: tuple[Contradiction, ...] = ()
    named: tuple[NamedRow, ...] = ()
    by_name: bool = False
    beside: tuple[TableVerdict, ...] = ()

    @property
    def stands(self) -> bool:
        """Return True if a usual counting fits all rows, or each fits the model that it names, in every column."""
        right = all(row.stands for row in self.named) if self.by_name else any(f.hypothesis.sound for f in self.fits)
        return right and not self.contradictions and all(verdict.stands for verdict in self.beside)

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
    """Judge a table about a model, or about a formula; raises `TooManyUnknown`.

    If each row names a published model, its number is judged against that model. Otherwise one counting has to explain
    all rows at the sizes that they state. Labels that name models only behind the family's name decide if no counting
    does.
    """
    unsized = formula is None and not model.given
    models = models_named(table) if unsized else ()
    if not models:
        behind = models_named(table, family_of(model)) if unsized else ()
        try:
            verdict = _explained(table, model, heads, formula)
        except TooManyUnknown:
            if not behind:
                raise
        else:
            if verdict.stands or not behind:
                return _consistent(verdict)
        models = behind
    contradictions = _contradictions(table, model)
    beside = tuple(judge_table(column, model, heads) for column in table.beside)
    named = judge_named(table, models)
    by_line = {row.line: named_model for row, named_model in zip(table.rows, models, strict=True)}
    for column in table.stored:
        rows = judge_named(column, [by_line[row.line] for row in column.rows])
        beside += (TableVerdict(column, model, (), None, {}, (), rows, by_name=True),)
    return TableVerdict(table, model, (), None, {}, contradictions, named, by_name=True, beside=beside)


def _explained(table: SizedTable, model: Model, heads: Sequence[str], formula: Terms | None) -> TableVerdict:
    """Return the explanations of a table by one counting at the sizes of its rows; raises `TooManyUnknown`."""
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
    table = replace(table, rows=tuple(_with_ratios(row, model, ratios.keys() - given.keys()) for row in table.rows))
    open_ratios = {s for s in ratios if s not in given and any(s not in row.sizes for row in table.rows)}
    assumed: dict[Symbol, Value | Symbol] = {s: v for s, v in ratios.items() if s in open_ratios}
    known = {**ratios, **given}
    if kv_heads in model.symbols and kv_heads not in stated and kv_heads not in given:
        assumed[kv_heads] = query_heads
    if formula is not None:
        guesses = [Hypothesis("the formula", formula, 0)]
    else:
        guesses = list(hypotheses(model, heads, frozenset(stated), table.words))
    first = [_case(guess, known, table) for guess in guesses[:1]]
    cases = first + [_case(guess, known, table) for guess in guesses[1:] if _possible(guess, known, table)]
    if cases and len(cases[0].unknowns) > MAX_UNKNOWNS:
        raise TooManyUnknown(cases[0].unknowns)
    cases = [case for case in cases if len(case.unknowns) <= MAX_UNKNOWNS]
    try:
        published = sorted(_at_published(guesses, table, model), key=_rank) if formula is None else []
        solved = sorted((fit for case in cases for fit in case.fits()), key=_rank)
        fits = _distinct([*published, *solved])
        simple = [case.best() for case in cases if not fits and case.guess.cost <= 1]
    except Entangled:
        raise TooManyUnknown(cases[0].unknowns) from None
    best = max(simple, key=lambda fit: (len(fit.rows), -fit.cost), default=None)
    beside = tuple(judge_table(column, model, heads, formula) for column in table.beside)
    return TableVerdict(table, model, tuple(fits), best, assumed, _contradictions(table, model), beside=beside)


def _published(row: SizedRow, model: Model) -> Mapping[Symbol, Value]:
    """Return the sizes of the published model that has all sizes of a row; empty if there is none."""
    for given, known in _named_sizes(model.architecture) if len(row.sizes) > 1 else ():
        if all(known.get(symbol) == size for symbol, size in row.sizes.items()):
            return given
    return {}


@lru_cache(8)
def _named_sizes(architecture: Architecture) -> tuple[tuple[Mapping[Symbol, Value], Mapping[Symbol, Value]], ...]:
    """Return the sizes of each published model of an architecture, and these with all that follow from them."""
    models = [
        Model(architecture, next(iter(architecture.heads))).with_sizes(s.values) for s in architecture.sizes.values()
    ]
    return tuple((sized.given, known_sizes(sized)) for sized in models)


def _with_ratios(row: SizedRow, model: Model, ratios: AbstractSet[Symbol]) -> SizedRow:
    """Return a row with the ratios of the published model that has its sizes.

    Llama's feed-forward width is no fixed multiple of H: 11,008 of 4,096, but 13,824 of 5,120.
    """
    known = {symbol: size for symbol, size in _published(row, model).items() if symbol in ratios}
    return replace(row, sizes={**known, **row.sizes}) if known else row


def _at_published(guesses: Sequence[Hypothesis], table: SizedTable, model: Model) -> Iterator[Fit]:
    """Yield the simple explanations of a table whose rows all have the sizes of published models, at those sizes."""
    known = [_published(row, model) for row in table.rows]
    if model.given or not all(known):
        return
    rows = tuple(replace(row, sizes={**more, **row.sizes}) for row, more in zip(table.rows, known, strict=True))
    stated = {symbol for row in table.rows for symbol in row.sizes}
    common = {s: v for s, v in known[0].items() if s not in stated and all(more.get(s) == v for more in known)}
    for guess in guesses:
        case = _case(guess, {}, replace(table, rows=rows))
        if guess.sound and guess.cost <= 1 and not case.unknowns:
            needed = {symbol: size for symbol, size in common.items() if symbol in symbols(guess.terms)}
            yield from (replace(fit, published=needed) for fit in case.fits())


def _rank(fit: Fit) -> tuple[bool, int]:
    """Return a sort key: the ways in which people count first, then those of few words."""
    return (not fit.hypothesis.sound, fit.cost)


def _consistent(verdict: TableVerdict) -> TableVerdict:
    """Put the explanations first whose unknown sizes agree with those of the other columns.

    A T5 with one table of 64,256 tokens has the numbers of one with two tables of 32,128; its encoder tells them apart.
    """
    others = [fit for column in verdict.beside for fit in column.fits[:1]]

    def agrees(fit: Fit) -> bool:
        return all(_meet(fit.intervals, other.intervals) for other in others)

    fits = sorted(verdict.fits, key=lambda fit: not agrees(fit))
    return replace(verdict, fits=tuple(fits))


def _meet(first: Sequence[Interval], second: Sequence[Interval]) -> bool:
    """Return True if no two intervals for the same size are apart."""
    pairs = [(a, b) for a in first for b in second if dict(a.weights) == dict(b.weights)]
    return all(a.low <= b.high and b.low <= a.high for a, b in pairs)


def _contradictions(table: SizedTable, model: Model) -> tuple[Contradiction, ...]:
    """Return the rows that state a size which does not follow from their others: heads times head size is not H."""
    result = []
    for row in table.rows:
        for definition in model.architecture.definitions:
            needed = free(definition.value)
            if definition.adjusts is None or definition.symbol not in row.sizes or not needed <= set(row.sizes):
                continue
            implied = evaluate(definition.value, row.sizes)
            if implied != row.sizes[definition.symbol]:
                stated = row.sizes[definition.symbol]
                result.append(Contradiction(row, definition.symbol, stated, implied, definition.value))
    return tuple(result)


@value
class _Case:
    """A hypothesis with the sizes of every row put in."""

    guess: Hypothesis
    table: SizedTable
    left: tuple[Terms, ...]
    slacks: tuple[int, ...]
    unknowns: tuple[Symbol, ...]

    def fits(self) -> Iterator[Fit]:
        """Yield the roundings under which the hypothesis explains all rows."""
        for how, cost, bounds in _readings(self.table, self.left, self.slacks):
            solved = solve(bounds, self.unknowns)
            if solved is not None:
                yield Fit(self.guess, how, self.unknowns, solved, self.table.rows, self.guess.cost + cost)

    def best(self) -> Fit:
        """Return the fit to the most rows at one value of the unknown, or to rows that each fit, if there are two."""
        how, _, bounds = next(_readings(self.table, self.left, self.slacks))
        singles = [solve([bound], self.unknowns) for bound in bounds]
        explained = [solution is not None for solution in singles]
        if len(self.unknowns) == 1:
            candidates = _widest([solution[0] for solution in singles if solution])
            explained = max((_fitting(bounds, self.unknowns[0], n) for n in candidates), key=sum, default=explained)
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
    terms = put_in(guess.terms, known)
    left, slacks = (put_in(terms, table.rows[0].sizes),), (_slack(terms, table.rows[0]),)
    unknown_symbols = symbols(left[0])
    if len(unknown_symbols) > MAX_UNKNOWNS:
        return True
    unknowns = tuple(in_order(unknown_symbols))
    try:
        return any(solve(bounds, unknowns) is not None for _, _, bounds in _readings(table, left, slacks))
    except Entangled:
        return True


def _case(guess: Hypothesis, known: Mapping[Symbol, Value], table: SizedTable) -> _Case:
    terms = put_in(guess.terms, known)
    left = tuple(put_in(terms, row.sizes) for row in table.rows)
    unknown_symbols = {symbol for polynomial in left for symbol in symbols(polynomial)}
    slacks = tuple(_slack(terms, row) for row in table.rows)
    return _Case(guess, table, left, slacks, tuple(in_order(unknown_symbols)))


def _fitting(bounds: Sequence[Bound], unknown: Symbol, number: int) -> list[bool]:
    return [bound.low <= at(bound.terms, unknown, number) <= bound.high for bound in bounds]


def _slack(terms: Terms, row: SizedRow) -> int:
    """Return by how much a count may be off because sizes of the row are rounded, as a vocabulary of 128K is."""
    if not row.steps:
        return 0
    exact = {s: v for s, v in row.sizes.items() if s not in row.steps}
    least = {s: row.sizes[s] - step // 2 for s, step in row.steps.items()}
    most = {s: row.sizes[s] + step // 2 for s, step in row.steps.items()}
    spread = minus(put_in(terms, {**exact, **most}), put_in(terms, {**exact, **least}))
    number = spread.get((), Fraction(0)) / 2
    return -(-number.numerator // number.denominator)


def _readings(
    table: SizedTable, left: Sequence[Terms], slacks: Sequence[int]
) -> Iterator[tuple[str, int, list[Bound]]]:
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
                Bound(
                    poly,
                    row.stated.value - low * step // 2 - slack,
                    row.stated.value + high * step // 2 - (step > 1) + slack,
                )
                for poly, row, step, slack in zip(left, rows, steps, slacks, strict=True)
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
    for fit in fits:
        chosen.setdefault(fit.hypothesis.name, fit)
    return list(chosen.values())
