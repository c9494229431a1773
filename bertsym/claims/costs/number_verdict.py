"""The verdict on an amount: the conventions under which a model's cost rounds to it, or the nearest one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from sympy import Symbol

from bertsym.claims.costs.amounts import BYTES, ELEMENTS, FLOPS, MACS, PARAMETERS, SEQUENCE, TOKEN, Amount
from bertsym.claims.costs.circumstances import CACHE, LORA, MEMORY, STATES, Circumstances
from bertsym.claims.costs.countings import DTYPES, UNUSUAL, CostCounting, CostModel
from bertsym.claims.standing import Standing
from bertsym.model import Model
from bertsym.symbols import B, S, S_source, r
from bertsym.values import replace, value

_UNITS = {
    "flops": (FLOPS, MACS),
    CACHE: (ELEMENTS, BYTES),
    STATES: (BYTES,),
    MEMORY: (BYTES,),
    LORA: (PARAMETERS,),
}
DEFAULT_RANKS = "pass --at r=8"
OTHER_CLASS_DIGITS = 3
"""The least number of digits in which another class than the expected one has to agree to make a number right."""


@value
class CostMatch:
    """A counting with its number at the sizes of a claim, for a batch, a sequence or a token."""

    counting: CostCounting
    number: Fraction
    said: str = ""
    digits: int = 0
    length: int = 0


@value
class CostNumberVerdict:
    """All countings that come to an amount; the nearest; the sizes of the run.

    `problem` says why the amount could not be judged. `assumed` names sizes that the claim leaves out.
    """

    amount: Amount
    of: str
    model: Model
    sizes: Mapping[Symbol, int]
    matches: tuple[CostMatch, ...] = ()
    explained: tuple[CostMatch, ...] = ()
    nearest: tuple[CostMatch, ...] = ()
    problem: str = ""
    assumed: tuple[str, ...] = ()

    @property
    def stands(self) -> bool:
        """Return True if a convention of the whole model, or of the named part, comes to the amount."""
        return bool(self.matches)

    @property
    def standing(self) -> Standing:
        """Return the verdict."""
        if self.stands:
            return Standing.STANDS
        return Standing.UNREAD if self.problem else Standing.FINDING


def judge_cost_number(
    amount: Amount, about: Circumstances, costs: CostModel, *, words: str = "", run: Mapping[Symbol, int]
) -> CostNumberVerdict:
    """Judge an amount about a model whose sizes are known, under every convention of a quantity.

    `about` are the circumstances that the sentence states. `run` has the sizes of a run that the user gave; these come
    first. `words` name the part that the amount counts. Raises `NotKnownOf` or `HasNo` for a model without the cost.
    """
    blank = CostNumberVerdict(amount, costs.of, costs.model, {})
    problem = amount.problem or about.problem or _foreign(amount, costs.of)
    if problem:
        return replace(blank, problem=problem)
    costs.check()
    lengths = (run[S],) if S in run else about.lengths or (0,)
    bench = _Bench(amount, about, costs, "activations" if about.quantity == MEMORY else words)
    verdicts = [bench.verdict({**about.sizes, **run}, length) for length in lengths]
    return next((verdict for verdict in verdicts if verdict.stands), verdicts[0])


def _foreign(amount: Amount, of: str) -> str:
    """Return the problem if the unit of an amount is not one of the quantity's, else an empty text."""
    expected = _UNITS[of]
    return "" if amount.unit in expected else f"{amount.unit} are no unit of {of}, which is in {' or '.join(expected)}"


class _Bench:
    """The countings of one claim."""

    def __init__(self, amount: Amount, about: Circumstances, costs: CostModel, words: str) -> None:
        self.amount = amount
        self.about = about
        self.costs = costs
        self.words = words.casefold().strip()

    def verdict(self, given: Mapping[Symbol, int], length: int) -> CostNumberVerdict:
        """Return the verdict at one reading of the sequence length, 0 if it is not known."""
        run = {symbol: number for symbol, number in given.items() if symbol is not S}
        if length:
            run[S] = length
        assumed: tuple[str, ...] = ()
        per = self.amount.per
        if B not in run and (per in (TOKEN, SEQUENCE) or not self.about.tokens):
            run[B] = 1
            batch = per == "" and self.costs.of in ("flops", CACHE)
            assumed = ("one sequence, as the claim says no batch size",) if batch else ()
        verdict = CostNumberVerdict(self.amount, self.costs.of, self.costs.model, run, assumed=assumed)
        wholes = list(self._counted(self.costs.wholes, run))
        parts = list(self._counted(self.costs.parts, run)) if self.words else []
        named = [match for match in parts if self._is_named(match.counting)]
        candidates = named or wholes
        if not candidates:
            return replace(verdict, problem=self._missing(run))
        matches = self._matching(candidates)
        if not matches and not named:
            others = self._matching(self._counted(self.costs.others, run))
            matches = [match for match in others if match.digits >= OTHER_CLASS_DIGITS]
        if matches:
            return replace(verdict, matches=tuple(matches))
        nearest = sorted(candidates, key=self._miss)
        left_open = [counting for counting in self.costs.wholes if self._speaks_of(counting)]
        if len(left_open) > len(wholes):  # the claim may mean a counting that needs a size which the claim leaves out
            return replace(verdict, problem=self._missing(run), nearest=tuple(nearest[:3]))
        batch_unsaid = B not in given and per == "" and self.about.trains and self.costs.of == "flops"
        if batch_unsaid and not self.about.tokens:
            return replace(verdict, problem="a training step needs its batch size: pass --at B=1", nearest=())
        explained = self._matching(self._counted(self.costs.parts, run))
        return replace(verdict, explained=tuple(explained), nearest=tuple(nearest[:3]))

    def _counted(self, countings: Iterable[CostCounting], run: Mapping[Symbol, int]) -> Iterable[CostMatch]:
        """Yield the countings that the claim may mean and whose sizes are known, with their numbers."""
        for counting in countings:
            number = self._number(counting, run) if self._speaks_of(counting) else None
            if number is not None:
                yield CostMatch(counting, number, length=run.get(S, 0))

    def _speaks_of(self, counting: CostCounting) -> bool:
        """Return True unless the unit, or the words of the claim, exclude the counting."""
        unit = counting.convention.unit.title
        if self.amount.unit in (MACS, ELEMENTS, BYTES) and unit != self.amount.unit:
            return False
        if counting.trains is not None and self.amount.unit != MACS and self.about.trains != self.about.infers:
            return counting.trains == self.about.trains
        dtypes = [name for name, bits in DTYPES if bits in self.about.bits]
        setting = counting.setting.rpartition(" ")[2]
        if counting.setting in UNUSUAL:
            return setting in dtypes
        return not (dtypes and setting in dict(DTYPES) and setting not in dtypes)

    def _number(self, counting: CostCounting, run: Mapping[Symbol, int]) -> Fraction | None:
        """Return the number of a counting for a batch, a sequence or a token; None while a size is unknown."""
        sizes = self.costs.sizes(run)
        whole_run = self.about.tokens if self.amount.per == "" else 0
        if S not in run and (self.amount.per == TOKEN or whole_run):
            if S in counting.open_sizes(sizes) and any(power != 1 for power in _powers(counting, S)):
                return None
            sizes[S] = 1
        if whole_run:
            sizes[B] = 1
        if counting.open_sizes(sizes):
            return None
        number = counting.number(sizes)
        tokens = int(str(sizes.get(S, 1)))
        if whole_run:
            return number * Fraction(whole_run, tokens)
        if self.amount.per == TOKEN:
            return number / (int(str(sizes[B])) * tokens)
        return number / int(str(sizes[B])) if self.amount.per == SEQUENCE else number

    def _matching(self, counted: Iterable[CostMatch]) -> list[CostMatch]:
        """Return the countings that come to the amount, those that agree in the most digits first."""
        found = []
        for match in counted:
            held = self.amount.holds(match.number)
            if held is not None:
                found.append(replace(match, said=held[0], digits=held[1]))
        return sorted(found, key=lambda match: (-match.digits, bool(match.counting.scope)))

    def _miss(self, match: CostMatch) -> Fraction:
        """Return the error of the amount as a share of a number."""
        return min(abs(self.amount.value_of(scale) - match.number) for scale, _ in self.amount.scales) / match.number

    def _is_named(self, counting: CostCounting) -> bool:
        """Return True if the words of the claim name the part of a counting, and nothing else."""
        return bool(self.words) and counting.scope.casefold() == self.words

    def _missing(self, run: Mapping[Symbol, int]) -> str:
        """Return the problem: the size that the claim leaves out, and the option that gives it."""
        known = self.costs.sizes(run)
        wanted = [counting.open_sizes(known) for counting in self.costs.wholes if self._speaks_of(counting)]
        if not wanted:
            return "no convention counts what the claim says"
        least = min(wanted, key=len)
        if S in least or any(S in missing for missing in wanted):
            return "the claim does not say the sequence length: pass --at S=512"
        if r in least:
            return f"the claim does not say the rank of the adapter: {DEFAULT_RANKS}"
        if S_source in least:
            return "the claim does not say the length of the encoder's sequence: pass --at S_source=512"
        return f"the claim does not say {', '.join(sorted(map(str, least)))}: pass --at"


def _powers(counting: CostCounting, symbol: Symbol) -> Iterable[int]:
    """Yield the power of a symbol in each term."""
    for monomial in counting.terms({}):
        yield dict(monomial).get(symbol, 0)
