"""The verdict on a formula: expanded and compared with every counting of the model, term by term."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache

from sympy import Symbol

from bertsym.algebra import Value, monomials
from bertsym.claims.discrepancies import Row, rows, without_heads
from bertsym.claims.interpretations import Counting, countings
from bertsym.claims.parsed_formula import Reading
from bertsym.claims.polynomial import expand, expression
from bertsym.claims.scopes import scope_named
from bertsym.claims.standing import Standing
from bertsym.claims.tensor_polynomials import Part, add, minus, number, parts, symbols
from bertsym.errors import BertsymError, TooLarge
from bertsym.formulas.monomial_order import Monomial, Terms
from bertsym.formulas.tree import Form
from bertsym.model import Model
from bertsym.quantities import Stated
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

# The cost up to which a counting explains a claim. A counting with more words may match by chance.
SIMPLE = 2
# The terms of one side. No count in the atlas has a quarter of that.
MAX_TERMS = 256
# The different sides of one formula, each of which is compared with every counting.
MAX_SIDES = 32
# The steps of judging one text. A formula takes two for each of its terms, at least 16. The tensors under a head take
# 64, for each choice of sizes that a formula leaves out.
MAX_JUDGING_STEPS = 32_000
# More cache memory would save work only for a text that mixes many heads and many sets of sizes.
MAX_CACHED_INVENTORIES = 24
MAX_CACHED_NUMBERS = 50_000
# Distances of a claim from a counting: a term that the counting lacks weighs more than a wrong coefficient.
_ABSENT = 8
_DIFFERENT = 2


@value
class Judgement:
    """The judgement of one claimed polynomial.

    `equal` are the countings that the claim equals, the simplest first. Without a simple one the claim is a finding,
    and `rows` say where it differs from `nearest`. `baked` are sizes that the claim holds as numbers. `words` say what
    the claim counts. `beside` are the other tensors of the counted components. `short` is the claim less the whole
    model.
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

    @property
    def stands(self) -> bool:
        """Return True if the claim is exactly what a simple counting counts."""
        return bool(self.equal) and self.equal[0].cost <= SIMPLE

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
    """The judgement of every different side of a formula, and whether the sides agree with each other."""

    reading: Reading
    model: Model
    judgements: tuple[Judgement, ...]
    figures: tuple[Figure, ...]
    agree: bool
    sizes: Mapping[Symbol, Value]

    @property
    def stands(self) -> bool:
        """Return True if nothing in the formula is wrong."""
        sound = all(judgement.stands for judgement in self.judgements) and all(figure.how for figure in self.figures)
        return self.agree and sound

    @property
    def standing(self) -> Standing:
        """Return the verdict."""
        return Standing.STANDS if self.stands else Standing.FINDING


@value
class TooManyJudged(BertsymError):
    """Formulas or sides of formulas beyond what is judged for one question.

    >>> print(TooManyJudged("different sides of a formula", 2_500, 32))
    different sides of a formula: 2,500; the limit is 32: ask about fewer at a time
    """

    what: str
    size: int
    limit: int

    def __str__(self) -> str:
        return f"{self.what}: {self.size:,}; the limit is {self.limit:,}: ask about fewer at a time"


class Ledger:
    """The tensors of a model and their countings under each head, laid out once for all formulas about it."""

    def __init__(self, model: Model, heads: Sequence[str]) -> None:
        self.model = model
        self.heads = tuple(heads)
        self.steps = 0
        self.weighed: dict[int, tuple[Counting, Fraction | None]] = {}
        self.inventory = lru_cache(MAX_CACHED_INVENTORIES)(self._inventory)
        self.countings = lru_cache(MAX_CACHED_INVENTORIES)(self._countings)

    @cached_property
    def base(self) -> Ledger:
        """Return a ledger at the sizes that the model's paper calls base."""
        return Ledger(at_base(self.model), self.heads)

    def step(self, steps: int) -> None:
        """Note that so much more was done; raises `TooManyJudged`."""
        self.steps += steps
        if self.steps > MAX_JUDGING_STEPS:
            raise TooManyJudged("steps of judging formulas", self.steps, MAX_JUDGING_STEPS)

    def number(self, counting: Counting, sizes: Mapping[Symbol, Value]) -> Fraction | None:
        """Return the value of a counting at the sizes of the question, evaluated once."""
        entry = self.weighed.get(id(counting))
        if entry is None or entry[0] is not counting:
            if len(self.weighed) > MAX_CACHED_NUMBERS:
                self.weighed.clear()
            entry = self.weighed[id(counting)] = (counting, number(counting.terms, sizes))
        return entry[1]

    def _inventory(
        self, head: str, keep: frozenset[Symbol], fill: tuple[tuple[Symbol, Value], ...]
    ) -> tuple[Part, ...]:
        self.step(64)
        headed = self.model.with_head(head)
        return parts(headed, keep & headed.symbols, dict(fill))

    def _countings(
        self, head: str, keep: frozenset[Symbol], fill: tuple[tuple[Symbol, Value], ...]
    ) -> tuple[Counting, ...]:
        cls = self.model.architecture.heads[head].cls
        return tuple(countings(cls, self.inventory(head, keep, fill), whole=head != self.heads[0]))


def judge_formula(
    reading: Reading, model: Model, heads: Sequence[str], of: str = "", *, ledger: Ledger | None = None
) -> FormulaVerdict:
    """Judge a formula about a model under these heads, the expected head first.

    `of` says what the formula counts; without it the label of the formula does. `ledger` keeps what the next formula
    about the same model under the same heads needs again. Raises `TooManyJudged`, or `TooLarge` for too many terms.
    """
    ledger = Ledger(model, heads) if ledger is None else ledger
    if not model.given and not reading.names:
        ledger = ledger.base
    bench = _Bench(ledger, tuple(expand(form) for form in reading.remainders))
    sides = [(side.form, bench.public(side.form)) for side in reading.sides]
    widest = max((len(terms) for _, terms in sides), default=0)
    if widest > MAX_TERMS:
        raise TooLarge("the formula multiplied out", widest, MAX_TERMS)
    formulas = [(form, terms) for form, terms in sides if set(terms) - {()}] or sides[:1]
    distinct: dict[tuple[object, ...], Form] = {}
    for form, terms in formulas:
        distinct.setdefault(tuple(sorted(terms.items(), key=str)), form)
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
    figures = [f for value in numbers for form in distinct.values() if (f := bench.figure(value, form)) is not None]
    return FormulaVerdict(reading, ledger.model, tuple(judgements), tuple(figures), len(distinct) <= 1, bench.sizes)


def at_base(model: Model) -> Model:
    """Return the model at the sizes that its paper calls base, under their name."""
    base = model.architecture.base
    return Model(model.architecture, model.head, label=base).with_sizes(model.architecture.sizes[base].values)


class _Bench:
    """The model's tensors under each head as polynomials, made once for all sides of a formula."""

    def __init__(self, ledger: Ledger, remainders: tuple[Terms, ...]) -> None:
        self.ledger = ledger
        self.model = model = ledger.model
        self.heads = ledger.heads
        self.remainders = tuple(dict.fromkeys(monomial for terms in remainders for monomial in terms))
        if len(self.remainders) > MAX_SIDES:
            raise TooManyJudged("different remainders O(...) of a formula", len(self.remainders), MAX_SIDES)
        self.sizes = dict((model if model.given else at_base(model)).given)

    def public(self, form: Form) -> Terms:
        """Return the claim in the symbols of its comparison: heads * d becomes H."""
        claim = expand(form)
        return monomials(self.model.public(expression(claim), self._kept(claim)))

    def figure(self, value: Fraction, form: Form) -> Figure | None:
        """Compare a number with the value of the formula at the model's sizes; None while a size is unknown."""
        exact = number(self.public(form), self.model.given)
        if exact is None or value.denominator != 1 or exact.denominator != 1:
            return None
        digits = str(value.numerator)
        zeros = len(digits) - len(digits.rstrip("0")) if len(digits) > 4 else 0
        stated = Stated(value.numerator, tuple(10**zero for zero in range(zeros + 1)))
        how = next((kind for step in stated.steps if (kind := stated.holds(exact.numerator, step))), "")
        return Figure(value.numerator, exact, how)

    def judge(self, form: Form, words: str) -> Judgement:
        """Judge one side, also with the model's sizes that it does not name as numbers in it."""
        claim = self.public(form)
        self.ledger.step(max(16, 2 * len(claim)))
        used = symbols(claim)
        ratios = {s: v for s, v in self.sizes.items() if BY_SYMBOL[s].kind is Kind.RATIO and s not in used}
        known = {s: v for s, v in self.model.given.items() if s not in used}
        plain = self._compare(form, claim, words, ratios)
        if plain.stands or not known or known == ratios:
            return plain
        baked = self._compare(form, claim, words, {**ratios, **known})
        return baked if baked.stands or not used else plain

    def _kept(self, claim: Terms) -> frozenset[Symbol]:
        used = symbols(claim)
        derived = {definition.symbol for definition in self.model.architecture.definitions}
        return frozenset(used & (derived | {s for s in used if BY_SYMBOL[s].default is not None}))

    def _countings(
        self, heads: Sequence[str], claim: Terms, fill: Mapping[Symbol, Value], words: str
    ) -> list[Counting]:
        scope = scope_named(words)
        every: list[Counting] = []
        for head in heads:
            every += self.ledger.countings(head, self._kept(claim), tuple(fill.items()))
        return [c for c in every if scope is not None and scope(c)] or (
            [] if scope and heads != self.heads[:1] else every
        )

    def _compare(self, form: Form, claim: Terms, words: str, fill: Mapping[Symbol, Value]) -> Judgement:
        known = self._countings(self.heads[:1], claim, fill, words)
        equal = self._equal(known, claim)
        if not equal or equal[0].cost > SIMPLE:
            equal = sorted(equal + self._equal(self._countings(self.heads[1:], claim, fill, words), claim), key=_cost)
        simple = [counting for counting in known if counting.cost <= SIMPLE] or known
        mended = _without_heads(claim)
        stands = equal and equal[0].cost <= SIMPLE
        nearest = equal[0] if stands else self._nearest(simple, mended)
        whole = self.ledger.inventory(self.heads[0], self._kept(claim), tuple(fill.items()))
        others = [part for part in whole if part not in nearest.parts]
        differing = () if stands else rows(claim, mended, nearest, others, self.sizes)
        components = {part.tensor.component for part in nearest.parts}
        beside = tuple(p for p in others if p.tensor.component in components and nearest.amount(p)) if stands else ()
        short = minus(claim, Counting("", "", (), whole).terms)
        baked = {s: v for s, v in fill.items() if BY_SYMBOL[s].kind is not Kind.RATIO}
        return Judgement(form, words, claim, tuple(equal), nearest, differing, beside, short, baked, self.sizes)

    def _nearest(self, known: Sequence[Counting], claim: Terms) -> Counting:
        """Return the counting that is closest to a claim."""
        claimed = number(claim, self.sizes)

        def distance(counting: Counting) -> tuple[int, Fraction, int]:
            size = self.ledger.number(counting, self.sizes)
            if claimed is not None and size is not None:
                return _distance(counting, claim, claimed - size, size)
            miss = number(minus(claim, counting.terms), self.sizes)
            return _distance(counting, claim, miss, size)

        return min(known, key=distance)

    def _equal(self, known: Sequence[Counting], claim: Terms) -> list[Counting]:
        wanted = self._coarse(claim)
        return sorted((counting for counting in known if self._coarse(counting.terms) == wanted), key=_cost)

    def _coarse(self, terms: Terms) -> Terms:
        """Drop the terms that an O(...) of the claim covers."""
        if not self.remainders:
            return terms
        return {m: value for m, value in terms.items() if not any(_within(m, bound) for bound in self.remainders)}


def _cost(counting: Counting) -> int:
    return counting.cost


def _within(monomial: Monomial, bound: Monomial) -> bool:
    powers = dict(bound)
    return all(power <= powers.get(base, 0) for base, power in monomial)


def _without_heads(claim: Terms) -> Terms:
    """Return the claim with its heads cancelled."""
    return add({without_heads(monomial): value} for monomial, value in claim.items())


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
