"""The words for parameters in several languages, and the numbers of a text that count parameters.

A number counts parameters if it stands before the word (`110M trainable parameters`, `1.1亿参数`) or behind it
(`参数量为110M`, `Total Parameters=110M`). Behind a model's name it may stand alone, as in `BERT-base (110M)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bertsym.claims.numerals import NUMERAL, Numeral, numeral, read_numeral
from bertsym.values import replace, value

# Less than this without a unit counts no model: "the function takes 3 parameters".
LEAST = 1_000
# A number from here on may count parameters without a unit and without the word.
LEAST_BARE = 1_000_000
# The characters around a number in which the word for parameters is looked for, and the numbers of one series.
REACH = 80
MAX_SERIES = 12

PARAMETERS = (
    r"(?:parameters?|params?|paramètres?|parametern?|parámetros?|parametri|parâmetros?|параметр(?:ов|а|ы)?"
    r"|参数量?|參數量?|パラメーター?数?|매개변수|파라미터|weights)"
)
ABOUT = (
    r"(?:[~≈∼～]|\\approx|\\sim|about|approximately|approx\.?|roughly|around|circa|ca\.?|nearly|almost|over|a total of"
    r"|etwa|rund|ungefähr|knapp|environ|près de|около|大约|大約|约为|約為|约|約|近|将近)[\s~]*"
)
ABOUT_COUNTS = re.compile(rf"{PARAMETERS}|param|learnable|trainable", re.IGNORECASE)

_ADJECTIVES = (
    r"(?:(?:total|trainable|learnable|learned|model|active|activated|non-?embedding|embedding|backbone|attention|layer"
    r"|encoder|decoder|pooler|transformer|network|dense|unique|free|weight|of|de|d['’]|trainierbaren?|entraînables?"
    r"|总|總|可[训訓][练練]|自注意力|多[头頭]|注意力|前[馈饋]|全[连連]接|[词詞]嵌入|[词詞]向量|位置|嵌入|[层層]?[归歸]一化|偏置|池化"
    r"|每?[层層]|[网網][络絡路]|模型"
    r"|个|個|的|の|개의|float32|fp32)[\s~-]*){0,4}"
)
_FOLLOWS = re.compile(rf"(?:[\s~*_$)）-]|\\[,; ])*(?P<adjectives>{_ADJECTIVES}){PARAMETERS}(?![a-zà-ÿ])", re.IGNORECASE)
# Between the word and its number: signs, verbs, and the name of what has the parameters.
_OWNED = (
    r"\s+(?:of|in|for|von|de|des|du|d['’])\s*[^.,;:!?()\n。，；]{1,50}?\s+"
    r"(?=(?:is|are|was|equals|reaches|beträgt|est)\b|[:=≈])"
)
_PRECEDES = re.compile(
    rf"(?P<adjectives>{_ADJECTIVES}){PARAMETERS}(?:{_OWNED})?"
    r"(?:[\s*_`$\"')\]}~=:：≈∼(]|\\approx|\\sim|\b(?:is|are|was|of|to|equals?|about|approximately|approx|roughly|around"
    r"|over|reaches|beträgt|betragen|liegt|bei|est|sont|de|etwa|rund|environ|es|son|counts?|numbers?|total|in|size|sum)\b\.?"
    r"|d['’]|[是为為有达達到约約大共总總计計合はが量数數的]){0,16}\Z",
    re.IGNORECASE,
)
# Behind a number these words say that it counts something else.
_OTHERS = re.compile(
    r"[\s~-]*(?:(?:training|pre-?training|text|input) )?"
    r"(?:tokens?|steps?|examples?|samples?|words?|sentences?|layers?|heads?|%|x\b|×|times|GPUs?|epochs?)",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\s*(?:[.,;:)）。，、!?*]|\Z|\n|(?:in total|and|or|but|while|is|for|active|activated|trainable|dense|sparse)\b)"
)
_SERIES = re.compile(
    r"\s*(?:,|、|/|&|;)?\s*(?:(?P<versus>vs\.?|versus|compared (?:to|with)|against|gegenüber|gegen|contre|对比|對比|对)"
    r"|and|und|et|y|or|resp\.?|和|と|及|и)?\s*",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\s*[(（]\s*(?:[~≈]|about\s|or\s)?")
_RANGE = re.compile(r"\s*(?:-|–|—|to|bis|à|至|到|~)\s*")
_CALCULATION = re.compile(
    r"(?:[\s)）]*(?:[*×·∗✕x+/]|\\times|\\cdot)\s*(?:[(（]+\s*)?\d[\d,.]*){1,24}[\s)）]*(?:(?P<equals>[=＝≈])\s*)?"
)
"""The rest of a calculation behind its first number, up to its result: `30522*768 = 23440896`."""

_NO_RESULT = "it is a factor or a term of a calculation whose result the text does not say"

_FIND = re.compile(rf"(?<![A-Za-z0-9.,^_{{\\]){NUMERAL}")


@value
class Quoted:
    """A number of parameters in a text, from `start` to `stop` with the words that belong to it.

    `words` are the adjectives that say which parameters count. `series` is the index of the number in a series of
    `among` numbers that share the word, or brackets; `group` is the stretch of that series, and `versus` tells a
    comparison. `problem` says why the number cannot be judged. `at` is where the number itself begins.
    """

    start: int
    stop: int
    numeral: Numeral
    words: str = ""
    series: int = 0
    among: int = 1
    problem: str = ""
    bare: bool = False
    at: int = 0
    versus: bool = False
    group: tuple[int, int] = (0, 0)


def claims_counts(text: str) -> bool:
    """Return True if a text has a word for parameters and a digit."""
    return ABOUT_COUNTS.search(text) is not None and re.search(r"\d", text) is not None


def quoted_numbers(text: str) -> tuple[Quoted, ...]:
    """Return the numbers of parameters of a text with ASCII digits, in order.

    A number with a unit or many digits but without the word is `bare`: it counts parameters only behind a model's name,
    or before another number of parameters in brackets, as in `109,482,240 (110M) parameters`.
    """
    every = tuple(_quoted(text))
    repeated = {
        quoted.start: quoted.numeral.stated.value == following.numeral.stated.value
        for quoted, following in pairwise(every)
        if quoted.bare and not following.bare and _BRACKETED.fullmatch(text, quoted.stop, following.at)
    }
    # The same number twice is one claim, and the words say its precision: 110,000,000 (110 million).
    again = [replace(quoted, bare=False) for quoted in every if repeated.get(quoted.start) is False]
    stated = [*again, *(quoted for quoted in every if not quoted.bare)]
    bare = [quoted for quoted in every if quoted.bare and quoted.start not in repeated]
    claimed = {position for quoted in stated for position in range(quoted.start, quoted.stop)}
    alone = [quoted for quoted in bare if quoted.start not in claimed]
    return tuple(sorted((*stated, *_grouped(text, alone)), key=_start))


def _grouped(text: str, bare: Sequence[Quoted]) -> Iterator[Quoted]:
    """Yield numbers without the word, those that follow each other as a series: 66M vs. 110M."""
    group: list[Quoted] = []
    for quoted in (*bare, None):
        last = group[-1] if group else None
        joined = None if quoted is None or last is None else _SERIES.fullmatch(text, last.stop, quoted.start)
        if quoted is not None and joined is not None and joined.group().strip(" \n") and len(group) < MAX_SERIES:
            group.append(replace(quoted, versus=joined["versus"] is not None))
            continue
        versus = any(member.versus for member in group)
        yield from (
            replace(member, series=index, among=len(group), versus=versus, group=(group[0].start, group[-1].stop))
            for index, member in enumerate(group)
        )
        group = [] if quoted is None else [quoted]


def ends_a_phrase(text: str, stop: int) -> bool:
    """Return True if no noun follows a number, so that it may count what its sentence speaks of."""
    return _ENDS.match(text, stop) is not None


def _start(quoted: Quoted) -> int:
    return quoted.start


def _quoted(text: str) -> Iterator[Quoted]:
    """Yield the numbers with the word for parameters, and the bare ones with a unit."""
    before: list[tuple[re.Match[str], Numeral, int]] = []
    results: dict[int, re.Match[str]] = {}
    last = 0
    for match in _FIND.finditer(text):
        read = read_numeral(match) if match.start() >= last else None
        if read is None:
            continue
        found, stop = read
        last = stop
        if found.unit:
            before = []
            yield Quoted(match.start(), stop, found, bare=True, at=match.start())
            continue
        if before and _RANGE.fullmatch(text, before[-1][2], match.start()) is None:
            joined = _SERIES.fullmatch(text, before[-1][2], match.start())
            if joined is None or not joined.group().strip(" \n") or len(before) == MAX_SERIES:
                before = []
        before.append((match, found, stop))
        following = _FOLLOWS.match(text, stop, stop + REACH)
        if following is not None:
            yield from _series(text, before, following)
            before = []
            continue
        preceding = results.pop(match.start(), None)
        preceding = preceding or _PRECEDES.search(text, max(match.start() - REACH, 0), match.start())
        calculation = None if preceding is None else _CALCULATION.match(text, stop)
        if preceding is not None and calculation is not None:
            # The number is a factor or a term; the count is what the calculation comes to.
            if calculation["equals"]:
                results[calculation.end()] = preceding
            else:
                yield Quoted(match.start(), stop, found, problem=_NO_RESULT, at=match.start())
            before = []
        elif preceding is not None and not _OTHERS.match(text, stop):
            if _counts(found):
                words = preceding["adjectives"]
                start = preceding.start("adjectives") + len(words) - len(words.lstrip("的の "))
                yield Quoted(start, stop, found, words.strip("的の "), at=match.start())
            before = []
        elif _is_large(match, found) and not _OTHERS.match(text, stop):
            yield Quoted(match.start(), stop, found, bare=True, at=match.start())


def _series(text: str, numbers: list[tuple[re.Match[str], Numeral, int]], word: re.Match[str]) -> Iterator[Quoted]:
    """Yield the numbers that share a word: 110M and 340M parameters; two with a dash between them are a range."""
    last = numbers[-1][0]
    words = word["adjectives"].strip()
    if len(numbers) > 1 and _RANGE.fullmatch(text, numbers[-2][2], last.start()):
        whole = replace(numbers[-1][1], text=text[numbers[-2][0].start() : numbers[-1][2]])
        at = numbers[-2][0].start()
        yield Quoted(at, word.end(), whole, words, problem="a range of numbers states no count", at=at)
        return
    chosen = []
    for match, found, stop in numbers:
        unit = text[last.end("digits") : numbers[-1][2]]
        plain = match.end("digits") == stop and unit.strip()
        completed = numeral(match["digits"] + unit) if plain and match is not last else found
        if completed is not None and _counts(completed):
            chosen.append((match, completed, stop))
    between = [_SERIES.fullmatch(text, numbers[i - 1][2], numbers[i][0].start()) for i in range(1, len(numbers))]
    versus = any(joined is not None and joined["versus"] for joined in between)
    for index, (match, found, stop) in enumerate(chosen):
        end = word.end() if match is last else stop
        yield Quoted(match.start(), end, found, words, index, len(chosen), at=match.start(), versus=versus)


def _is_large(match: re.Match[str], found: Numeral) -> bool:
    """Return True if a number may count a model's parameters without the word: it has a unit, or many digits."""
    return any(match[unit] for unit in ("letter", "word", "myriad")) or found.stated.value >= LEAST_BARE


def _counts(found: Numeral) -> bool:
    return not found.unit and found.stated.value >= LEAST
