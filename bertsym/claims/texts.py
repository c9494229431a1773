"""The claims in a paper or a README: formulas in its mathematics and code spans, and numbers of parameters."""

from __future__ import annotations

import re

from bertsym.claims.formula import FormulaVerdict, judge_formula
from bertsym.claims.ledger import Ledger, TooManyJudged, at_base
from bertsym.claims.number import Count as Counted
from bertsym.claims.number import NumberVerdict, census, judge_number
from bertsym.claims.parsed_formula import Reading
from bertsym.claims.parser import read
from bertsym.claims.polynomial import expand
from bertsym.claims.question import Question, all_heads
from bertsym.claims.spans import Places, formulas, readable
from bertsym.claims.standing import Standing, together
from bertsym.errors import BertsymError, UnknownName
from bertsym.model import Model
from bertsym.quantities import parse_stated
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value
from bertsym.zoo import named

# Bounds on hostile input: different formulas and numbers of a text, and the characters of a line searched for names.
MAX_FORMULAS = 5_000
MAX_NUMBERS = 1_000
MAX_LINE = 2_000

_NUMBER = re.compile(
    r"(?<![\w.,$])(?P<number>\d[\d,]*(?:\.\d+)?)(?:\s|~|\\,|-)?(?P<unit>[KMB]|million|billion)?(?:\s|~|-|\\ )+"
    r"(?:(?:total|trainable|learnable|model)\s+)?(?:parameters?|params?)\b"
)
_ABOUT_COUNTS = re.compile(r"param|weights|learnable|trainable", re.IGNORECASE)
_MODEL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)+|GPT-?2", re.IGNORECASE)
_UNITS = {"million": "M", "billion": "B", None: ""}


@value
class JudgedClaim:
    """A formula or a number in a text with its line, and the verdict on it or the reason why there is none."""

    line: int
    text: str
    verdict: FormulaVerdict | NumberVerdict | None
    unread: str = ""

    @property
    def standing(self) -> Standing:
        """Return the verdict."""
        return Standing.UNREAD if self.verdict is None else self.verdict.standing

    @property
    def finding(self) -> bool:
        """Return True if the claim was judged and is wrong."""
        return self.verdict is not None and not self.verdict.stands


@value
class TextVerdict:
    """The judged claims of a text, in the order of its lines."""

    claims: tuple[JudgedClaim, ...]

    @property
    def stands(self) -> bool:
        """Return True if no claim that could be judged is wrong."""
        return not any(claim.finding for claim in self.claims)

    @property
    def standing(self) -> Standing:
        """Return the verdict on the claims together."""
        return together(claim.standing for claim in self.claims)


@value
class TooMany(BertsymError):
    """A text with more claims that differ than anybody has written down.

    >>> print(TooMany("formulas", 20_000, 5_000))
    the text has 20,000 different formulas; the limit is 5,000: split it
    """

    what: str
    size: int
    limit: int

    def __str__(self) -> str:
        return f"the text has {self.size:,} different {self.what}; the limit is {self.limit:,}: split it"


def judge_text(text: str, question: Question, *, tex: bool) -> TextVerdict:
    """Judge every claim in a text; skip mathematics in paragraphs that do not mention parameters.

    Raises `TooMany` or `TooManyJudged` beyond what a text holds. Claims of the same words are judged once.
    """
    bare = readable(text, tex=tex)
    audit = _Audit(Places(bare, _ABOUT_COUNTS), question)
    candidates = [(position, piece) for position, piece in formulas(bare, tex=tex) if audit.places.spoken_of(position)]
    different = len({piece.strip() for _, piece in candidates})
    if different > MAX_FORMULAS:
        raise TooMany("formulas", different, MAX_FORMULAS)
    claims = [audit.formula(position, piece) for position, piece in candidates]
    claims += [audit.number(match) for match in _NUMBER.finditer(bare)]
    return TextVerdict(tuple(sorted((claim for claim in claims if claim), key=lambda claim: claim.line)))


class _Audit:
    """The audit of one text, which judges equal claims once."""

    def __init__(self, places: Places, question: Question) -> None:
        self.places = places
        self.question = question
        self.ledger = Ledger(question.model, question.heads)
        self.formulas: dict[str, tuple[FormulaVerdict | None, str] | None] = {}
        self.numbers: dict[tuple[str, str], tuple[NumberVerdict | None, str]] = {}
        self.models: dict[str, Model | None] = {}
        self.names: dict[int, list[tuple[int, Model]]] = {}
        self.counts: dict[str, tuple[Counted, ...]] = {}

    def formula(self, position: int, piece: str) -> JudgedClaim | None:
        bare = piece.strip()
        if bare not in self.formulas:
            self.formulas[bare] = self._judged(bare)
        judged = self.formulas[bare]
        line = self.places.line(position + len(piece) - len(piece.lstrip()))
        return None if judged is None else JudgedClaim(line, " ".join(piece.split()), *judged)

    def _judged(self, bare: str) -> tuple[FormulaVerdict | None, str] | None:
        try:
            reading = read(bare, self.question.notation, self.question.where, self.question.model)
            if not _is_count(reading):
                return None
            return judge_formula(reading, self.question.model, self.question.heads, ledger=self.ledger), ""
        except TooManyJudged:
            raise
        except BertsymError as error:
            return (None, str(error).removeprefix("the formula, ")) if _could_count(bare) else None

    def number(self, match: re.Match[str]) -> JudgedClaim:
        line = self.places.line(match.start())
        shown = " ".join(match.group().split())
        model = self.question.model
        chosen = self._model_at(match.start()) or (model if model.given else None)
        if chosen is None:
            return JudgedClaim(
                line, shown, None, "the line names no model that is known: pass --model with a named size"
            )
        unit = match.group("unit")
        stated = match.group("number") + _UNITS.get(unit, unit)
        key = (stated, _name(chosen))
        if key not in self.numbers:
            if len(self.numbers) == MAX_NUMBERS:
                raise TooMany("numbers of parameters", MAX_NUMBERS + 1, MAX_NUMBERS)
            self.numbers[key] = self._judged_number(stated, chosen)
        return JudgedClaim(line, shown, *self.numbers[key])

    def _judged_number(self, stated: str, model: Model) -> tuple[NumberVerdict | None, str]:
        heads = all_heads(model)
        try:
            if _name(model) not in self.counts:
                self.counts[_name(model)] = census(model, heads)
            return judge_number(parse_stated(stated), model, heads, self.counts[_name(model)]), ""
        except BertsymError as error:
            return None, str(error)

    def _model_at(self, position: int) -> Model | None:
        """Return the last model that the line names before the number, else the first after it."""
        start, stop = self.places.bounds(position)
        if start not in self.names:
            line = self.places.text[start : min(stop, start + MAX_LINE)]
            matches = ((match.start() + start, self._known(match.group())) for match in _MODEL_NAME.finditer(line))
            self.names[start] = [(at, model) for at, model in matches if model is not None]
        named_here = self.names[start]
        before = [model for at, model in named_here if at < position]
        return before[-1] if before else named_here[0][1] if named_here else None

    def _known(self, name: str) -> Model | None:
        if name not in self.models:
            self.models[name] = _known(name)
        return self.models[name]


def _name(model: Model) -> str:
    return f"{model.label} {model.head}"


def _is_count(reading: Reading) -> bool:
    """Return True if a formula has the degree of a count: some product of two widths, tables or layers."""
    return any(
        sum(power for base, power in monomial if base in BY_SYMBOL and BY_SYMBOL[base].kind is not Kind.RATIO) >= 2
        for side in reading.sides
        for monomial in expand(side.form)
    )


def _could_count(piece: str) -> bool:
    """Return True if unreadable text might have been a count: it has a digit, and more than one word."""
    return bool(re.search(r"\d", piece)) and len(piece.strip()) > 2


def _known(name: str) -> Model | None:
    folded = name.casefold().replace("_", "-")
    for spelled in (folded, f"{folded}-uncased", folded.replace("gpt-2", "gpt2"), f"{folded}-v1"):
        try:
            model = named(spelled)
        except UnknownName:
            continue
        return model if model.given else at_base(model)
    return None
