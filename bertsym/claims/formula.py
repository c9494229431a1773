"""The verdict on a formula: expanded and compared with every counting of the model, term by term."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice, pairwise
from types import MappingProxyType

from sympy import Expr, Symbol

from bertsym.algebra import Value, monomials
from bertsym.claims.discrepancies import Row, cancelled, rows
from bertsym.claims.interpretations import Counting
from bertsym.claims.ledger import Ledger, TooManyJudged
from bertsym.claims.omissions import Omissions, omissions
from bertsym.claims.parsed_formula import Reading
from bertsym.claims.parts import OF_ONE_HEAD
from bertsym.claims.polynomial import expand, expression
from bertsym.claims.scopes import scope_named
from bertsym.claims.size_numbers import LEAST_WIDTH, SizedForm, leaves, sized_forms, unsized
from bertsym.claims.standing import Standing
from bertsym.claims.tensor_polynomials import Part, minus, number, symbols
from bertsym.errors import TooLarge
from bertsym.formulas.monomial_order import Monomial, Terms
from bertsym.formulas.tree import Form, Number, children
from bertsym.model import EMPTY, Model, is_head_size
from bertsym.quantities import Stated
from bertsym.symbols import BY_SYMBOL, Kind, heads, kv_heads
from bertsym.values import replace, value

EMPTY_SYMBOLS: Mapping[Symbol, Symbol] = MappingProxyType({})
# The cost up to which a counting explains a claim. A counting with more words may match by chance.
SIMPLE = 2
# The terms of one side. No count in the atlas has a quarter of that.
MAX_TERMS = 256
# The different sides of one formula, each of which is compared with every counting.
MAX_SIDES = 32
# The readings of plain numbers as sizes among which the closest to a counting is chosen.
MAX_NEAREST = 6
# A number without its trailing zeros is off by this share at most, as two digits are.
COARSE = Fraction(1, 20)
# Distances of a claim from a counting: a term that the counting lacks weighs more than a wrong coefficient.
_ABSENT = 8
_DIFFERENT = 2


@value
class Judgement:
    """The judgement of one claimed polynomial.

    `equal` are the countings that the claim equals, the simplest first. Without a simple one the claim is a finding,
    and `rows` say where it differs from `nearest`. `baked` are sizes that the claim holds as numbers. `words` say what
    the claim counts. `beside` are the other tensors of the counted components. `short` is the claim less the whole
    model. `assumed` are sizes that are as large as others, if the claim holds only so; `contrary` are assumptions under
    which it would hold, but which the model contradicts. `sized` is a claim of plain numbers, read as sizes.
    `omissions` are the parts that the claim leaves out of a usual counting. `tolerance` is the share that may be left
    out. `rounds` is what an approximation drops of the side before it.
    """

    form: Form
    words: str
    claim: Terms
    equal: tuple[Counting, ...]
    nearest: Counting
    rows: tuple[Row, ...]
    beside: tuple[Part, ...]
    short: Terms
    baked: Mapping[Symbol, Value]
    sizes: Mapping[Symbol, Value]
    assumed: Mapping[Symbol, Symbol] = EMPTY_SYMBOLS
    contrary: Mapping[Symbol, Symbol] = EMPTY_SYMBOLS
    sized: SizedForm | None = None
    omissions: Omissions | None = None
    tolerance: Fraction = Fraction(0)
    rounds: Terms | None = None

    @property
    def stands(self) -> bool:
        """Return True if the claim is exactly what people count, or close enough to it as an approximation."""
        return _simple(self.equal) or self.rounds is not None or self.tolerated

    @property
    def tolerated(self) -> bool:
        """Return True if what the claim leaves out is within the tolerance of the question."""
        share = None if self.omissions is None or not self.nearly else self.omissions.share(self.sizes)
        return share is not None and share <= self.tolerance

    @property
    def nearly(self) -> bool:
        """Return True if the claim is all of the model except one small part."""
        return not _simple(self.equal) and self.omissions is not None and self.omissions.negligible(self.sizes)

    @property
    def cost(self) -> Fraction | None:
        """Return by how much the claim misses the nearest count at the sizes of the question."""
        return number(minus(self.claim, self.nearest.terms), self.sizes)

    @property
    def left_out(self) -> Fraction | None:
        """Return by how much the claim misses the whole model."""
        return number(self.short, self.sizes)


@value
class Figure:
    """A number that a formula is said to come to, and what it does come to."""

    claimed: int
    exact: Fraction
    how: str


@value
class FormulaVerdict:
    """The judgement of every different side of a formula, and whether the sides agree with each other.

    `unjudged` are numbers that cannot be compared: a size is open, or they are no whole numbers.
    """

    reading: Reading
    model: Model
    judgements: tuple[Judgement, ...]
    figures: tuple[Figure, ...]
    agree: bool
    sizes: Mapping[Symbol, Value]
    unjudged: tuple[Fraction, ...] = ()

    @property
    def stands(self) -> bool:
        """Return True if nothing in the formula is wrong."""
        sound = all(judgement.stands for judgement in self.judgements) and all(figure.how for figure in self.figures)
        return self.agree and sound and not self.unjudged

    @property
    def standing(self) -> Standing:
        """Return the verdict; a number that cannot be compared leaves a formula that is right unread."""
        if self.stands:
            return Standing.STANDS
        if self.unjudged and self.agree and all(judgement.stands for judgement in self.judgements):
            return Standing.UNREAD
        close = all(judgement.stands or judgement.nearly for judgement in self.judgements)
        return Standing.NEARLY if self.agree and close and all(f.how for f in self.figures) else Standing.FINDING


def judge_formula(
    reading: Reading,
    model: Model,
    heads: Sequence[str],
    of: str = "",
    *,
    ledger: Ledger | None = None,
    tolerance: Fraction = Fraction(0),
) -> FormulaVerdict:
    """Judge a formula about a model under these heads, the expected head first.

    `of` says what the formula counts; without it the label of the formula does. `ledger` keeps what the next formula
    about the same model under the same heads needs again. `tolerance` is the share of a count that a claim may leave
    out in one named part. Raises `TooManyJudged`, or `TooLarge` for too many terms.
    """
    ledger = Ledger(model, heads) if ledger is None else ledger
    if not model.given and not reading.names:
        ledger = ledger.base
    bench = _Bench(ledger, tuple(expand(form) for form in reading.remainders))
    sides = [(side.form, bench.public(side.form)) for side in reading.sides]
    widest = max((len(terms) for _, terms in sides), default=0)
    if widest > MAX_TERMS:
        raise TooLarge("the formula multiplied out", widest, MAX_TERMS)
    longest = max(sides, key=lambda side: len(list(leaves(side[0]))))
    formulas = [(form, terms) for form, terms in sides if set(terms) - {()}] or [longest]
    distinct: dict[tuple[object, ...], Form] = {}
    for form, terms in formulas:
        distinct.setdefault(tuple(sorted(terms.items(), key=str)), form)
    about = {id(side.form) for side in reading.sides if side.about}
    agree = all(id(form) in about or terms == before for (_, before), (form, terms) in pairwise(formulas))
    taken = {id(form) for form, _ in formulas}
    numbers = list(dict.fromkeys(terms.get((), Fraction(0)) for side, terms in sides if id(side) not in taken))
    marked = [
        (form, words)
        for side in reading.sides
        for form, words in side.annotated
        if scope_named(words) and form != side.form
    ]
    sized = max(len(distinct) + len(marked), len(numbers))
    if sized > MAX_SIDES:
        raise TooManyJudged("different sides of a formula", sized, MAX_SIDES)
    beside = {side.form: words for side in reading.sides for form, words in side.annotated if form == side.form}
    judgements = [bench.judge(form, of or beside.get(form, reading.label)) for form in distinct.values()]
    judgements += [bench.judge(form, words) for form, words in marked]
    judgements = [replace(judgement, tolerance=tolerance) for judgement in judgements]
    rounded = [form for form in distinct.values() if id(form) in about]
    judgements = [_as_approximation(j, judgements) if j.form in rounded else j for j in judgements]
    precise = [form for form in distinct.values() if form not in rounded] or list(distinct.values())
    figures, unjudged = [], []
    for stated in numbers:
        compared = [figure for form in precise if (figure := bench.figure(stated, form)) is not None]
        figures += compared
        unjudged += [] if compared else [stated]
    return FormulaVerdict(reading, ledger.model, tuple(judgements), tuple(figures), agree, bench.sizes, tuple(unjudged))


def _as_approximation(judgement: Judgement, judgements: Sequence[Judgement]) -> Judgement:
    """Let an approximation stand that only drops terms of a side that stands, and less than half of it."""
    if judgement.stands:
        return judgement
    for exact in judgements:
        dropped = minus(exact.claim, judgement.claim)
        kept = all(exact.claim.get(monomial) == value for monomial, value in judgement.claim.items())
        amount, whole = number(dropped, exact.sizes), number(exact.claim, exact.sizes)
        if exact.stands and exact is not judgement and kept and amount is not None and whole and 2 * amount < whole:
            return replace(judgement, rounds=dropped, rows=(), nearest=exact.nearest)
    return judgement


class _Bench:
    """The model's tensors under each head as polynomials, made once for all sides of a formula."""

    def __init__(self, ledger: Ledger, remainders: tuple[Terms, ...]) -> None:
        self.ledger = ledger
        self.model = ledger.model
        self.heads = ledger.heads
        self.remainders = tuple(dict.fromkeys(monomial for terms in remainders for monomial in terms))
        if len(self.remainders) > MAX_SIDES:
            raise TooManyJudged("different remainders O(...) of a formula", len(self.remainders), MAX_SIDES)
        self.sizes = ledger.sizes

    def public(self, form: Form) -> Terms:
        """Return the claim in the symbols of its comparison: heads * d becomes H."""
        claim = expand(form)
        return monomials(self.model.public(expression(claim), self._kept(claim)))

    def figure(self, value: Fraction, form: Form) -> Figure | None:
        """Compare a number with the value of the formula at the sizes of the question; None if a size is unknown."""
        exact = number(self.public(form), self.sizes)
        if exact is None or value.denominator != 1 or exact.denominator != 1:
            return None
        digits = str(value.numerator)
        zeros = len(digits) - len(digits.rstrip("0")) if len(digits) > 4 else 0
        stated = Stated(value.numerator, tuple(10**zero for zero in range(zeros + 1)))
        near = abs(value - exact) <= COARSE * abs(exact)
        how = next((kind for step in stated.steps if near and (kind := stated.holds(exact.numerator, step))), "")
        return Figure(value.numerator, exact, how)

    def judge(self, form: Form, words: str) -> Judgement:
        """Judge one side, as it is, with equal numbers of heads, and with sizes that it does not name as numbers."""
        claim = self.public(form)
        self.ledger.step(max(16, 2 * len(claim)))
        if not symbols(claim):
            return self._of_numbers(form, words)
        case = _Case(form, claim, words)
        fills = self._fills(claim)
        for fill in fills:
            equal = self._equal_to(case, fill)
            if _simple(equal):
                return self._judgement(case, fill, equal)
        last = next(fill for fill in reversed(fills) if fill.holds)
        numbers = {s: v for s, v in self.sizes.items() if s not in symbols(claim) and s not in last.assumed}
        baked = _Fill({**last.values, **numbers}, last.assumed)
        equal = self._equal_to(case, baked)
        if _simple(equal):
            return self._judgement(case, baked, equal)
        equal = self._equal_to(case, last)
        return self._judgement(case, last, equal) if equal else self._nearest_reading(case, last)

    def _nearest_reading(self, case: _Case, fill: _Fill) -> Judgement:
        """Judge a claim that is no counting, with those of its numbers as sizes that bring it nearest to one.

        A small number is a depth that the claim does not name, or a coefficient, as the 12 of 12LH².
        """
        as_written = SizedForm(case.form, {})
        equal: list[Counting] = []
        closest = (self._far(case, fill), case, fill, equal, as_written)
        named = symbols(case.claim)
        depths = {s for s in self.sizes.keys() - named if BY_SYMBOL[s].kind is Kind.DEPTH}
        sizes = {s: v for s, v in self.sizes.items() if s in depths or v >= LEAST_WIDTH}
        for sized, read in islice(self._readings(case.form, case.words, sizes), MAX_NEAREST):
            self.ledger.step(max(16, 2 * len(read.claim)))
            put_in = next(fill for fill in reversed(self._fills(read.claim)) if fill.holds)
            equal = self._equal_to(read, put_in, self.heads[:1])
            if _simple(equal):
                return self._judgement(read, put_in, equal, sized=sized)
            distance = self._far(read, put_in)
            if distance < closest[0]:
                closest = (distance, read, put_in, equal, sized)
        _, read, put_in, equal, reading = closest
        return self._judgement(read, put_in, equal, sized=reading if reading.sizes else None)

    def _of_numbers(self, form: Form, words: str) -> Judgement:
        """Judge a side without letters: its numbers are read as sizes, for two counts may be equal by chance.

        If no reading stands, the value stands if it is all of a class or what the words name. A sum of plain numbers
        also stands if it is a component: the numbers are those of its tables.
        """
        closest: tuple[tuple[int, int, Fraction, int], _Case, SizedForm] | None = None
        for index, (sized, case) in enumerate(self._readings(form, words, self.sizes)):
            fills = self._fills(case.claim)
            for fill in fills:
                equal = self._equal_to(case, fill, self.heads[: 1 if index else None])
                if _simple(equal):
                    return self._judgement(case, fill, equal, sized=sized)
            if index < MAX_NEAREST:
                distance = (unsized(sized, self.sizes), *self._far(case, fills[0]))
                if closest is None or distance < closest[0]:
                    closest = (distance, case, sized)
        plain = _Case(form, self.public(form), words)
        numbers = _Fill(self.sizes)
        equal = self._equal_to(plain, numbers)
        added = all(isinstance(part, Number) for part in children(form))
        named = [c for c in equal if scope_named(words) or c.custom is not None or (added and c.cost <= 1)]
        if named or closest is None:
            return self._judgement(plain, numbers, named)
        _, case, sized = closest
        return self._judgement(case, self._fills(case.claim)[0], [], sized=sized)

    def _readings(self, form: Form, words: str, sizes: Mapping[Symbol, Value]) -> Iterator[tuple[SizedForm, _Case]]:
        """Yield the readings of a side with some of its numbers as sizes, each polynomial once."""
        seen: set[tuple[object, ...]] = set()
        for sized in sized_forms(form, sizes):
            claim = self.public(sized.form)
            key = tuple(sorted(claim.items(), key=str))
            if sized.sizes and key not in seen:
                seen.add(key)
                yield sized, _Case(form, claim, words)

    def _far(self, case: _Case, fill: _Fill) -> tuple[int, Fraction, int]:
        """Return how far a claim is from the counting that is nearest to it."""
        nearest = self._nearest(self._pool(case, fill, self.heads[:1]), case.claim)
        return _distance(nearest, case.claim, *self._miss(nearest, case.claim))

    def _fills(self, claim: Terms) -> list[_Fill]:
        """Return what is put in for symbols that a claim does not name, the least first.

        Key and value heads are assumed to be as many as query heads: claims about grouped attention forget the groups.
        """
        used = symbols(claim)
        ratios = {s: v for s, v in self.sizes.items() if BY_SYMBOL[s].kind is Kind.RATIO and s not in used}
        if kv_heads not in self.model.symbols - used:
            return [_Fill(ratios)]
        given = self.model.given
        assumed = {kv_heads: heads}
        holds = given.get(kv_heads) == given.get(heads)
        return [_Fill(ratios), _Fill({**ratios, **assumed}, assumed, holds)]

    def _kept(self, claim: Terms) -> frozenset[Symbol]:
        used = symbols(claim)
        derived = {definition.symbol for definition in self.model.architecture.definitions}
        return frozenset(used & (derived | {s for s in used if BY_SYMBOL[s].default is not None}))

    def _pool(self, case: _Case, fill: _Fill, heads: Sequence[str], *, parts: bool = False) -> list[Counting]:
        """Return the countings that a claim may be; with words, those that the words describe, if there are any."""
        keep, items = self._kept(case.claim), tuple(fill.values.items())
        scope = scope_named(case.words)
        every = [counting for head in heads for counting in self.ledger.countings(head, keep, items)]
        if (parts or scope is not None) and self.heads[0] in heads:
            of_a_head = _is_of_a_head(case, self.model)
            named = self.ledger.named_parts(keep, items)
            every += [counting for counting in named if of_a_head or not counting.scope.endswith(OF_ONE_HEAD)]
        described = [counting for counting in every if scope is not None and scope(counting)]
        return described or ([] if scope and heads != self.heads[:1] else every)

    def _equal_to(self, case: _Case, fill: _Fill, heads: Sequence[str] = ()) -> list[Counting]:
        """Return the countings that a claim equals, the simplest first; of other heads only if the first has none."""
        equal = self._equal(self._pool(case, fill, self.heads[:1], parts=True), case.claim)
        others = tuple(heads or self.heads)[1:]
        if not _simple(equal) and others:
            equal = sorted(equal + self._equal(self._pool(case, fill, others), case.claim), key=_cost)
        return equal

    def _judgement(
        self, case: _Case, fill: _Fill, equal: Sequence[Counting], sized: SizedForm | None = None
    ) -> Judgement:
        """Compare a claim with the counting that it equals, or else with the nearest one.

        If it equals a counting under an assumption that the model contradicts, that counting is the nearest.
        """
        claim = case.claim
        contrary = EMPTY_SYMBOLS
        if _simple(equal) and not fill.holds:
            contrary, meant, fill = fill.assumed, equal[0].name, _Fill({**fill.values}).without(fill.assumed)
            pool = self._pool(case, fill, self.heads, parts=True)
            nearest, equal = next(counting for counting in pool if counting.name == meant), ()
        elif _simple(equal):
            nearest = equal[0]
        else:
            known = self._pool(case, fill, self.heads[:1])
            usual = [c for c in known if c.cost <= SIMPLE and (c.sound or not equal)]
            nearest = self._nearest(usual or known, claim)
        stands = _simple(equal)
        whole = self.ledger.inventory(self.heads[0], self._kept(claim), tuple(fill.values.items()))
        counted = {part.tensor.name for part in nearest.parts}
        others = [part for part in whole if part.tensor.name not in counted]
        shown = stands and nearest.cls == self.model.with_head(self.heads[0]).cls
        components = {part.tensor.component for part in nearest.parts if shown}
        return Judgement(
            form=case.form,
            words=case.words,
            claim=claim,
            equal=tuple(equal),
            nearest=nearest,
            rows=() if stands else rows(claim, nearest, others, self.sizes),
            beside=tuple(part for part in others if part.tensor.component in components and nearest.amount(part)),
            short=minus(claim, Counting("", "", (), whole).terms),
            baked=self._baked(claim, nearest, fill),
            sizes=self.sizes,
            assumed=fill.assumed if _depends(nearest, fill.assumed) else EMPTY_SYMBOLS,
            contrary=contrary,
            sized=sized,
            omissions=None if stands or not equal else omissions(equal[0], self._pool(case, fill, self.heads)),
        )

    def _baked(self, claim: Terms, counting: Counting, fill: _Fill) -> Mapping[Symbol, Value]:
        """Return the sizes that a claim holds as numbers: those that were put in and that the counting depends on."""
        if not symbols(claim):
            return EMPTY
        named = (self.model.public(side) for part in counting.parts for side in _measured(part))
        needed = {symbol for side in named for symbol in side.free_symbols}
        numbers = {s: v for s, v in fill.values.items() if s in needed and not isinstance(v, Symbol)}
        return {s: v for s, v in numbers.items() if BY_SYMBOL[s].kind is not Kind.RATIO}

    def _miss(self, counting: Counting, claim: Terms) -> tuple[Fraction | None, Fraction | None]:
        """Return by how much a claim misses a counting, and the counting's own number."""
        claimed, size = number(claim, self.sizes), self.ledger.number(counting, self.sizes)
        if claimed is not None and size is not None:
            return claimed - size, size
        return number(minus(claim, counting.terms), self.sizes), size

    def _nearest(self, known: Sequence[Counting], claim: Terms) -> Counting:
        """Return the counting that is closest to a claim, its heads cancelled where they should be."""

        def distance(counting: Counting) -> tuple[int, Fraction, int]:
            mended = cancelled(claim, counting.terms)
            return _distance(counting, mended, *self._miss(counting, mended))

        return min(known, key=distance)

    def _equal(self, known: Sequence[Counting], claim: Terms) -> list[Counting]:
        """Return the countings that a claim equals, but for terms that an O(...) of the claim covers.

        A term that the claim states is compared, whatever O(...) covers. What O(...) hides has to be less than what
        the claim states.
        """
        return sorted((counting for counting in known if self._holds(counting.terms, claim)), key=_cost)

    def _holds(self, exact: Terms, claim: Terms) -> bool:
        if not self.remainders or not claim:
            return exact == claim
        hidden = {m: v for m, v in exact.items() if m not in claim and any(_within(m, b) for b in self.remainders)}
        if minus(exact, hidden) != claim:
            return False
        amount, stated = number(hidden, self.sizes), number(claim, self.sizes)
        return amount is None or stated is None or amount < stated


@value
class _Case:
    """A side of a formula, its polynomial and the words that say what it counts."""

    form: Form
    claim: Terms
    words: str


@value
class _Fill:
    """Values put in for symbols that a claim does not name; `holds` is False if the model contradicts `assumed`."""

    values: Mapping[Symbol, Value | Symbol]
    assumed: Mapping[Symbol, Symbol] = EMPTY_SYMBOLS
    holds: bool = True

    def without(self, assumed: Mapping[Symbol, Symbol]) -> _Fill:
        """Return what is put in besides some assumptions."""
        return _Fill({symbol: number for symbol, number in self.values.items() if symbol not in assumed})


def _depends(counting: Counting, assumed: Mapping[Symbol, Symbol]) -> bool:
    """Return True if the tensors of a counting depend on an assumed size."""
    return any(side.free_symbols & assumed.keys() for part in counting.parts for side in part.tensor.shape)


def _simple(equal: Sequence[Counting]) -> bool:
    """Return True if people count in one of the ways that a claim equals."""
    return any(counting.sound and counting.cost <= SIMPLE for counting in equal)


def _is_of_a_head(case: _Case, model: Model) -> bool:
    """Return True if a claim may count one head: it names the head size, or its words name a head.

    3H²/heads has the number of heads instead: there the heads were meant to cancel.
    """
    sizes = {definition.symbol for definition in model.architecture.definitions if is_head_size(definition)}
    return bool(symbols(case.claim) & sizes) or re.search(r"\bheads?\b", case.words.casefold()) is not None


def _measured(part: Part) -> tuple[Expr, ...]:
    return (*part.tensor.shape, *(loop.times for loop in part.tensor.loops))


def _cost(counting: Counting) -> tuple[bool, int]:
    """Return a sort key: the ways in which people count first, then those of few words."""
    return (not counting.sound, counting.cost)


def _within(monomial: Monomial, bound: Monomial) -> bool:
    powers = dict(bound)
    return all(power <= powers.get(base, 0) for base, power in monomial)


def _distance(
    counting: Counting, claim: Terms, miss: Fraction | None, size: Fraction | None
) -> tuple[int, Fraction, int]:
    """Return a sort key: terms that the counting lacks, terms that differ, the numbers, then the words."""
    terms = counting.terms
    absent = sum(1 for monomial in claim if monomial not in terms)
    differing = sum(1 for monomial, value in terms.items() if claim.get(monomial) != value)
    far = abs(miss / size) if miss is not None and size else Fraction(1)
    return (
        _ABSENT * absent + _DIFFERENT * differing,
        min(far, Fraction(9)) + Fraction(counting.cost, 20),
        counting.cost,
    )
