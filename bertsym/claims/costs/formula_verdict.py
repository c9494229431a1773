"""The verdict on a formula of a cost. It is compared term by term with every counting, in each notation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import chain

from sympy import Expr, Symbol

from bertsym.algebra import free, monomials, substitute
from bertsym.claims.costs.amounts import Amount
from bertsym.claims.costs.circumstances import Circumstances
from bertsym.claims.costs.countings import DTYPES, ONE_LAYER, UNUSUAL, CostCounting, CostModel
from bertsym.claims.costs.notations import ITEM, PARAMETERS, TOKENS, CostReading, speaking
from bertsym.claims.polynomial import expand, expression
from bertsym.claims.standing import Standing
from bertsym.claims.tensor_polynomials import minus, number
from bertsym.convention import ACTIVE, EXACT, MATRICES, NON_EMBEDDING, Convention
from bertsym.costs.flops import FORWARD_PASS
from bertsym.count import total
from bertsym.errors import BertsymError, TooLarge
from bertsym.formulas.monomial_order import Monomial, Terms
from bertsym.formulas.tree import Form
from bertsym.model import Model
from bertsym.quantities import Stated
from bertsym.symbols import BY_SYMBOL, B, Kind, S, heads, kv_heads
from bertsym.values import replace, value

MAX_TERMS = 256
"""The most terms of one side. No formula of a cost has a quarter of that."""
PER = ("", "sequence", "token")
_COUNTED: tuple[tuple[str, Convention], ...] = (
    ("all parameters", EXACT),
    ("the parameters without tables", NON_EMBEDDING),
    ("the weight matrices of the layers", replace(MATRICES, layers_only=True)),
    ("the parameters that work on a token", ACTIVE),
)
"""The numbers of parameters that people call N."""
# A term that a counting lacks weighs more than a wrong coefficient.
_ABSENT, _DIFFERENT = 8, 2


@value
class CostTerm:
    """A term in which a claim differs from the nearest counting, with its error at the sizes of the claim."""

    monomial: Monomial
    claimed: Fraction
    exact: Fraction
    error: Fraction | None


@value
class Equal:
    """A counting that a formula equals, for a batch, a sequence or a token; `reading` says what its letters mean."""

    counting: CostCounting
    per: str
    reading: CostReading
    form: Form
    counted: str = ""
    item: int = 0


@value
class CostFigure:
    """A number that a claim gives for its formula, and the exact value, None if a size is unknown."""

    said: str
    exact: Fraction | None
    holds: bool


@value
class CostFormulaVerdict:
    """Every counting that a formula equals in some notation; without one the nearest, and the terms that differ.

    `figures` are the numbers that the claim gives for the formula. `agree` is True if its sides are equal.
    """

    reading: CostReading
    of: str
    model: Model
    sizes: Mapping[Symbol, object]
    equal: tuple[Equal, ...] = ()
    nearest: Equal | None = None
    rows: tuple[CostTerm, ...] = ()
    figures: tuple[CostFigure, ...] = ()
    agree: bool = True
    problem: str = ""

    @property
    def standing(self) -> Standing:
        """Return the verdict; unread for a right formula whose number cannot be compared."""
        if self.problem:
            return Standing.UNREAD
        if not self.agree or not self.equal or any(not figure.holds for figure in self.figures):
            unknown = bool(self.figures) and all(figure.exact is None for figure in self.figures)
            return Standing.UNREAD if self.equal and self.agree and unknown else Standing.FINDING
        return Standing.STANDS


def _holds(stated: Fraction, exact: Fraction | None) -> bool:
    """Return True if a number rounds to the stated one."""
    if exact is None or stated.denominator != 1:
        return False
    digits = str(stated.numerator)
    zeros = len(digits) - len(digits.rstrip("0")) if len(digits) > 4 else 0  # 2048 has no open zeros
    steps = Stated(stated.numerator, tuple(10**zero for zero in range(zeros + 1)))
    whole = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    return any(steps.holds(whole, step) in ("exact", "rounded") for step in steps.steps)


def judge_cost_formula(
    read: Sequence[CostReading],
    about: Circumstances,
    costs: CostModel,
    run: Mapping[Symbol, int],
    result: Amount | None = None,
) -> CostFormulaVerdict:
    """Judge a formula in each notation that reads it, under every convention of a quantity.

    Raises `NotKnownOf` or `HasNo` for a model without the cost, and `TooLarge` for too many terms.
    """
    costs.check()
    length = {S: about.lengths[0]} if about.lengths else {}
    sizes = costs.sizes({**about.sizes, **length, **run})
    verdicts = [_Case(reading, about, costs, sizes, result).verdict() for reading in read]
    standing = [verdict for verdict in verdicts if verdict.equal]
    if standing:
        return standing[0]
    return min(verdicts, key=_distance_of)


def _distance_of(verdict: CostFormulaVerdict) -> tuple[int, int]:
    """Return the weight and the number of the terms in which the nearest counting differs."""
    weight = sum(_ABSENT if 0 in (row.claimed, row.exact) else _DIFFERENT for row in verdict.rows)
    return (weight, len(verdict.rows)) if verdict.nearest is not None else (10**9, 0)


@value
class _Claim:
    """A side in public symbols, with what its N counts and the bytes of its numbers."""

    terms: Terms
    counted: str
    item: int


OF_PARAMETERS = (
    "",
    "the layers",
    "weight matrices of the layers",
    "weights",
    "gradients",
    "optimizer",
    "without the optimizer's steps",
    "master copy and moments",
)
"""The parts whose cost people state as a multiple of N."""


class _Case:
    """One formula in one notation."""

    def __init__(
        self,
        reading: CostReading,
        about: Circumstances,
        costs: CostModel,
        sizes: Mapping[Symbol, object],
        result: Amount | None,
    ) -> None:
        self.result = result
        self.reading = reading
        self.about = about
        self.costs = costs
        self.sizes = sizes
        self.asked = speaking(costs.model)
        formulas = [side.form for side in reading.reading.sides if set(expand(side.form)) - {()}]
        self.form = max(formulas, key=lambda form: len(expand(form))) if formulas else reading.reading.main.form
        self.formulas = formulas
        self.used = free(expression(expand(self.form)))

    def verdict(self) -> CostFormulaVerdict:
        """Return the verdict in this notation."""
        verdict = CostFormulaVerdict(self.reading, self.costs.of, self.costs.model, self.sizes)
        if not self.formulas:
            return replace(verdict, problem="a calculation of numbers alone: write its sizes as letters")
        claims = list(self._claims())
        agree = all(self._same(form) for form in self.formulas)
        verdict = replace(verdict, agree=agree, figures=tuple(self._figures(claims)))
        for stage in (self.costs.wholes, self.costs.parts, self.costs.others):
            equal = tuple(self._equal(list(stage), claims))
            if equal:
                return replace(verdict, equal=equal)
        candidates = list(chain(self.costs.wholes, self.costs.parts))
        scored = [
            (*_weight(claim.terms, terms), counting.scope != "", place, counting, per, claim)
            for place, (counting, per, claim, terms) in enumerate(self._compared(candidates, claims))
        ]
        if not scored:
            return replace(verdict, problem="no convention counts what the claim says")
        *_, counting, per, claim = min(scored, key=lambda entry: entry[:4])
        exact = self._terms(counting, per)
        rows = tuple(self._row(monomial, claim.terms, exact) for monomial in minus(claim.terms, exact))
        return replace(verdict, nearest=self._as_equal(counting, per, claim), rows=rows)

    def _same(self, form: Form) -> bool:
        """Return True if a side equals the longest one."""
        return minus(self._public(form), self._public(self.form)) == {}

    def _public(self, form: Form) -> Terms:
        claim = expression(expand(form))
        return monomials(self.asked.public(claim, free(claim) & {heads, kv_heads}))

    def _claims(self) -> Iterator[_Claim]:
        """Yield the claim in public symbols, for each number of parameters that N may be and each type of numbers."""
        written = expand(self.form)
        if len(written) > MAX_TERMS:
            raise TooLarge("the formula multiplied out", len(written), MAX_TERMS)
        plain = substitute(expression(written), {TOKENS: B * S})
        items = [bits // 8 for _, bits in DTYPES if not self.about.bits or bits in self.about.bits]
        for item in items if ITEM in self.used else (0,):
            sized = substitute(plain, {ITEM: item}) if item else plain
            for counted, number_of in self._parameters():
                whole = substitute(sized, {PARAMETERS: number_of}) if counted else sized
                public = self.asked.public(whole, free(whole) & {kv_heads})
                yield _Claim(monomials(substitute(public, self._fill)), counted, item)

    def _parameters(self) -> Iterator[tuple[str, Expr]]:
        """Yield the numbers that N may mean, in public symbols; one empty name if the formula has no N."""
        if PARAMETERS not in self.used:
            yield "", None
            return
        model = self.costs.model.with_head(self.costs.heads[0])
        seen: set[Expr] = set()
        for name, convention in _COUNTED:
            try:
                found = total(model, convention)
            except BertsymError:
                continue
            if found not in seen:
                seen.add(found)
                yield name, found

    @cached_property
    def _fill(self) -> dict[Symbol, object]:
        """Return values for sizes that the claim does not name: a usual ratio, as many key heads as query heads."""
        model = self.costs.model
        base = model.architecture.sizes[model.architecture.base].values
        known = {**base, **model.given}
        fill: dict[Symbol, object] = {
            symbol: number
            for symbol, number in known.items()
            if BY_SYMBOL[symbol].kind in (Kind.RATIO, Kind.SWITCH) and symbol not in self.used
        }
        if kv_heads in model.symbols and kv_heads not in self.used:
            fill[kv_heads] = heads if model.given.get(kv_heads) in (None, model.given.get(heads)) else known[kv_heads]
        return fill

    def _terms(self, counting: CostCounting, per: str) -> Terms:
        return counting.terms(self._fill, per)

    def _compared(
        self, countings: Sequence[CostCounting], claims: Sequence[_Claim]
    ) -> Iterator[tuple[CostCounting, str, _Claim, Terms]]:
        """Yield each counting that the claim may mean, for a batch, a sequence and a token, with each of `claims`."""
        said = self._per()
        for counting in countings:
            if not self._speaks_of(counting):
                continue
            for per in said:
                terms = self._terms(counting, per)
                for claim in claims:
                    if not claim.item or counting.setting.rpartition(" ")[2] in _of_size(claim.item):
                        yield counting, per, claim, terms

    def _per(self) -> tuple[str, ...]:
        """Return the units that the formula may count for: the one that the claim names, else all."""
        text = self.reading.reading.text.casefold()
        if self.about.per:
            return (self.about.per,)
        return ("token",) if "per token" in text else PER

    def _speaks_of(self, counting: CostCounting) -> bool:
        """Return True unless the words or the letters of the claim exclude the counting.

        Parts of a model come to multiples of N by chance: 4N is a training step of GPT-2's feed-forward nets.
        """
        if PARAMETERS in self.used and counting.scope not in OF_PARAMETERS:
            return False
        if self.about.unit and counting.convention.unit.title != self.about.unit:
            return False
        if counting.setting in UNUSUAL and not self.about.bits and ITEM not in self.used:
            return False
        layer = self.about.layer
        if layer != counting.scope.startswith(ONE_LAYER) and (layer or (B not in self.used and S not in self.used)):
            return not layer and not counting.scope.startswith(ONE_LAYER)
        if counting.trains is not None and self.about.trains != self.about.infers:
            return counting.trains == self.about.trains or counting.convention.name not in FORWARD_PASS
        return True

    def _equal(self, countings: Sequence[CostCounting], claims: Sequence[_Claim]) -> Iterator[Equal]:
        for counting, per, claim, terms in self._compared(countings, claims):
            if claim.terms == terms:
                yield self._as_equal(counting, per, claim)

    def _as_equal(self, counting: CostCounting, per: str, claim: _Claim) -> Equal:
        return Equal(counting, per, self.reading, self.form, claim.counted, claim.item)

    def _row(self, monomial: Monomial, claimed: Terms, exact: Terms) -> CostTerm:
        ours, theirs = claimed.get(monomial, Fraction(0)), exact.get(monomial, Fraction(0))
        error = number({monomial: ours - theirs}, self.sizes)  # type: ignore[arg-type]
        return CostTerm(monomial, ours, theirs, error)

    def _figures(self, claims: Sequence[_Claim]) -> Iterator[CostFigure]:
        """Yield the numbers of a chain, each with the value of the formula at the sizes of the claim."""
        for side in self.reading.reading.sides:
            terms = expand(side.form)
            if set(terms) <= {()}:
                stated = terms.get((), Fraction(0))
                exact = number(claims[0].terms, self.sizes)  # type: ignore[arg-type]
                yield CostFigure(f"{stated:,}", exact, _holds(stated, exact))
        if self.result is not None:
            exact = number(claims[0].terms, self.sizes)  # type: ignore[arg-type]
            yield CostFigure(self.result.text, exact, exact is not None and self.result.holds(exact) is not None)


def _of_size(item: int) -> tuple[str, ...]:
    return tuple(name for name, bits in DTYPES if bits == 8 * item)


def _weight(claimed: Terms, exact: Terms) -> tuple[int, Fraction]:
    """Return the weight of the terms in which a claim differs, and the sum of the errors of their coefficients."""
    weight, shares = 0, Fraction(0)
    for monomial, difference in minus(claimed, exact).items():
        ours, theirs = claimed.get(monomial, Fraction(0)), exact.get(monomial, Fraction(0))
        weight += _ABSENT if 0 in (ours, theirs) else _DIFFERENT
        shares += abs(difference) / max(abs(ours), abs(theirs))
    return weight, shares
