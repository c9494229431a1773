"""The claims in a paper or a README: formulas in its mathematics and code spans, and numbers of parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bertsym.claims.formula import Verdict, at_base, judge
from bertsym.claims.number import NumberVerdict, judge_number
from bertsym.claims.polynomial import expand
from bertsym.claims.reader import read
from bertsym.claims.reading import Reading
from bertsym.claims.tokens import LONGEST_FORMULA
from bertsym.errors import BertsymError, UnknownName
from bertsym.model import Model
from bertsym.quantities import parse_stated
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value
from bertsym.zoo import named

_ENVIRONMENTS = "equation|align|gather|multline|displaymath|eqnarray|math"
_MATHS = re.compile(
    rf"\\begin\{{({_ENVIRONMENTS})(\*?)\}}(?P<block>.{{1,8000}}?)\\end\{{\1\2\}}"
    r"|\$\$(?P<display>[^$]{1,8000})\$\$|(?<![\\$])\$(?P<inline>[^$\n]{1,2000})\$(?!\d)"
    r"|\\\[(?P<bracket>.{1,8000}?)\\\]|\\\((?P<paren>.{1,2000}?)\\\)",
    re.DOTALL,
)
_CODE = re.compile(r"`(?P<code>[^`\n]{1,500})`")
_NUMBER = re.compile(
    r"(?<![\w.,$])(?P<number>\d[\d,]*(?:\.\d+)?)(?:\s|~|\\,|-)?(?P<unit>[KMB]|million|billion)?(?:\s|~|-|\\ )+"
    r"(?:(?:total|trainable|learnable|model)\s+)?(?:parameters?|params?)\b"
)
_FENCE = re.compile(r"^(?:```|~~~).*?^(?:```|~~~)\s*$", re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_VERBATIM = re.compile(r"\\begin\{(verbatim|lstlisting|minted|comment)\}.*?\\end\{\1\}", re.DOTALL)
_ABOUT_COUNTS = re.compile(r"param|weights|learnable|trainable", re.IGNORECASE)
_MODEL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)+|GPT-?2", re.IGNORECASE)
_UNITS = {"million": "M", "billion": "B", None: ""}


@value
class Claim:
    """A formula or a number in a text, where it stands, and the verdict on it or why there is none."""

    line: int
    text: str
    verdict: Verdict | NumberVerdict | None
    unread: str = ""

    @property
    def finding(self) -> bool:
        """Whether the claim was judged and does not stand."""
        return self.verdict is not None and not self.verdict.stands


@value
class Question:
    """What the claims of a text are judged against, and how their names are read."""

    model: Model
    heads: tuple[str, ...]
    notation: str
    where: Mapping[str, str]


def audit_text(text: str, question: Question, *, tex: bool) -> tuple[Claim, ...]:
    """Every claim in the text, in its order; mathematics in paragraphs that speak of no parameters is passed over."""
    bare = _blanked(text, _COMMENT if tex else _FENCE)
    bare = _blanked(bare, _VERBATIM) if tex else bare
    formulas = (_formula(bare, place, piece, question) for place, piece in _formulas(bare, tex=tex))
    numbers = (_number(bare, match, question.model) for match in _NUMBER.finditer(bare))
    return tuple(sorted((claim for claim in (*formulas, *numbers) if claim), key=lambda claim: claim.line))


def _blanked(text: str, pattern: re.Pattern[str]) -> str:
    """The text with what matches turned into blanks, so that every line keeps its number."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def _formulas(text: str, *, tex: bool) -> Iterator[tuple[int, str]]:
    """Where each formula begins, and the formula; the lines of an alignment are formulas of their own."""
    for match in _MATHS.finditer(text):
        kind = match.lastgroup or ""
        start = match.start(kind)
        for row in re.split(r"(\\\\)", match.group(kind)):
            if row.strip() and row != r"\\":
                yield start, row
            start += len(row)
    if not tex:
        for match in _CODE.finditer(_blanked(text, _MATHS)):
            yield match.start("code"), match.group("code")


def _formula(text: str, place: int, piece: str, question: Question) -> Claim | None:
    line = text.count("\n", 0, place + len(piece) - len(piece.lstrip())) + 1
    if not _ABOUT_COUNTS.search(_paragraph(text, place)) or len(piece) > LONGEST_FORMULA:
        return None
    shown = " ".join(piece.split())
    try:
        reading = read(piece.strip(), question.notation, question.where)
        if not _is_count(reading):
            return None
        return Claim(line, shown, judge(reading, question.model, question.heads))
    except BertsymError as error:
        return Claim(line, shown, None, str(error).removeprefix("the formula, ")) if _could_count(piece) else None


def _is_count(reading: Reading) -> bool:
    """Whether a formula has the degree of a count: some product of two widths, tables or layers."""
    return any(
        sum(power for base, power in monomial if base in BY_SYMBOL and BY_SYMBOL[base].kind is not Kind.RATIO) >= 2
        for side in reading.sides
        for monomial in expand(side.form)
    )


def _could_count(piece: str) -> bool:
    """Whether what cannot be read might have been a count: a figure or a power, and more than a word."""
    return bool(re.search(r"\d", piece)) and len(piece.strip()) > 2


def _paragraph(text: str, place: int) -> str:
    start = text.rfind("\n\n", 0, place)
    stop = text.find("\n\n", place)
    return text[max(start, place - 3000, 0) : stop if 0 <= stop < place + 3000 else place + 3000]


def _number(text: str, match: re.Match[str], model: Model) -> Claim:
    line = text.count("\n", 0, match.start()) + 1
    shown = " ".join(match.group().split())
    unit = match.group("unit")
    chosen = _model_in(text, match.start()) or (model if model.given else None)
    if chosen is None:
        return Claim(line, shown, None, "the line names no model that is known: pass --model with a named size")
    try:
        stated = parse_stated(match.group("number") + _UNITS.get(unit, unit))
        heads = [chosen.head, *(head for head in chosen.architecture.heads if head != chosen.head)]
        return Claim(line, shown, judge_number(stated, chosen, heads))
    except BertsymError as error:
        return Claim(line, shown, None, str(error))


def _model_in(text: str, place: int) -> Model | None:
    """The last model that the line names before the number, else the first after it."""
    start, stop = text.rfind("\n", 0, place) + 1, text.find("\n", place)
    line = text[start : stop if stop >= 0 else len(text)][:2000]
    found = [(match.start() + start, _known(match.group())) for match in _MODEL_NAME.finditer(line)]
    before = [model for at, model in found if at < place and model]
    after = [model for at, model in found if at >= place and model]
    return before[-1] if before else after[0] if after else None


def _known(name: str) -> Model | None:
    folded = name.casefold().replace("_", "-")
    for spelled in (folded, f"{folded}-uncased", folded.replace("gpt-2", "gpt2"), f"{folded}-v1"):
        try:
            model = named(spelled)
        except UnknownName:
            continue
        return model if model.given else at_base(model)
    return None
