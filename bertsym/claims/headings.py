"""The headings of a table: a size with its unit, a number of parameters and what it counts, the name of a model.

All headings of a table are read together, because one decides what another means: `#H` beside `d_model` is the number
of heads, and `Embedding` is a size of its own only in models that have one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from sympy import Symbol

from bertsym.claims.names import meaning, plain
from bertsym.claims.numerals import LETTERS, MYRIADS, WORDS
from bertsym.errors import BertsymError
from bertsym.model import Model
from bertsym.spellings import in_columns
from bertsym.symbols import BY_NAME, Kind
from bertsym.values import replace, value

COUNTS = "params"
"""The word that says of a heading that its numbers count parameters."""
MAX_HEADING = 200
"""The characters of a heading. A longer cell is text."""

_COUNTS = re.compile(
    r"param|#\s*p\b|\bcounts?\b|参数|參數|パラメータ|매개변수|параметр|paràmetr|parámetr|parâmetr|paramètr",
    re.IGNORECASE,
)
# A column about parameters that does not count them: ALBERT's sharing, the share that is tuned, their bytes.
_NO_COUNT = re.compile(
    r"shar|ratio|percent|%|tuned|efficien|bytes|memory|\b[MG]i?B\b|precision|per\s+token|speed", re.IGNORECASE
)
_POWER = re.compile(r"(?:[x×*]\s*)?10\s*(?:\^|\*\*)?\s*\{?(\d{1,2})\}?|(?:[x×*]\s*)?1?e(\d{1,2})", re.IGNORECASE)
_BEFORE_UNIT = re.compile(r"^(?:in|of|unit:?|单位[:：]?)\s+", re.IGNORECASE)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_BRACKET = re.compile(r"[(\[（【]([^()\[\]（）【】]*)[)\]）】]")
_TRAILING_UNIT = re.compile(r"(?:[,/]|\bin\b)\s*([^,/]{1,14})$", re.IGNORECASE)
_LEADING = re.compile(
    r"^(?:#|№|(?:the\s+)?(?:total\s+)?(?:number|num|nb|nr|no|count)\.?\s*(?:of\s+)?|n[ _])\s*", re.IGNORECASE
)
_IN_COUNTS = re.compile(
    r"(?:total\s+|trainable\s+|model\s+)*(?:number|num|no\.?|count)?\s*(?:of\s+)?(?:#|n[_ ])?\s*(?:the\s+)?"
    r"(?:parameters?|params?\.?|#\s*p\b|counts?\b|参数量?|參數量?|总|總|パラメータ数?|parámetros|parâmetros|paramètres)"
    r"|\b(?:total|trainable|model|of|number|num)\b",
    re.IGNORECASE,
)  # fmt: skip
# Headings of several meanings, the likeliest first. The first that the model has and no other heading has is taken.
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "hidden_dim": ("H", "F"),
    "embedding": ("E", "H"),
    "embedding_size": ("E", "H"),
    "embedding_dim": ("E", "H"),
    "emb": ("E", "H"),
    "h": ("H", "heads"),
    "d": ("H", "d"),
    "e": ("E", "experts", "H"),
    "n": ("N", "L"),
    "dim": ("H", "F"),
}


@value
class Heading:
    """A heading: the size that it names, or what its numbers count; `scale` is the unit of its numbers.

    `words` say what is counted, such as `encoder` or `non-embedding`; they are empty for all parameters. `note` says
    why a heading that names a size is left aside.
    """

    title: str
    symbol: Symbol | None = None
    counts: bool = False
    words: str = ""
    scale: int = 1
    note: str = ""


def read_headings(
    titles: Sequence[str], model: Model | None = None, where: Mapping[str, str] | None = None
) -> tuple[Heading, ...]:
    """Return the headings of a table, read together; `where` says what a heading stands for.

    >>> [heading.symbol or heading.words for heading in read_headings(["d_model", "#L", "#H", "Non-Emb Params (M)"])]
    [H, L, heads, 'Non-Emb']
    """
    given = {_folded(raw): name for raw, name in (where or {}).items()}
    headings = [_heading(title, given) for title in titles]
    choices = [() if heading.counts else _choices(heading.title, model, given) for heading in headings]
    taken: dict[Symbol, str] = {}
    result = list(headings)
    order = sorted(range(len(headings)), key=lambda index: (len(choices[index]) != 1, _is_letter(titles[index])))
    for index in order:
        known = [symbol for symbol in choices[index] if model is None or symbol in model.symbols]
        symbol = next((s for s in known or choices[index] if s not in taken), None)
        if symbol is not None:
            taken[symbol] = headings[index].title
            result[index] = replace(headings[index], symbol=symbol)
        elif choices[index]:
            first = choices[index][0]
            result[index] = replace(
                headings[index], note=f"{headings[index].title} and {taken[first]} both mean {first}"
            )
    return tuple(result)


def _heading(title: str, where: Mapping[str, str]) -> Heading:
    """Return a heading with its unit, and what it counts if it counts parameters."""
    bare = title[:MAX_HEADING]
    said = next((where[spelling] for spelling in _spellings(bare) if spelling in where), None)
    if said is not None:
        return Heading(title, counts=said == COUNTS, scale=_unit(bare)[0])
    if _COUNTS.search(bare) is None or _NO_COUNT.search(bare) is not None:
        return Heading(title, scale=_unit(bare)[0])
    scale, rest = _unit(bare)
    words = " ".join(re.sub(r"[_:*#]+|\s\.", " ", _IN_COUNTS.sub(" ", _BRACKET.sub(" ", rest))).split()).strip(" .-")
    return Heading(title, counts=True, words="" if len(words) < 3 else words, scale=scale)


def _unit(title: str) -> tuple[int, str]:
    """Return the unit of a heading and the heading without it: Params (M), in billions, 参数量(亿)."""
    for match in (*_BRACKET.finditer(title), *_TRAILING_UNIT.finditer(title)):
        scale = unit_named(match.group(1))
        if scale is not None:
            return scale, title[: match.start()] + title[match.end() :]
    return 1, title


def unit_named(text: str) -> int | None:
    """Return the number that a unit stands for: M, in millions, x10^6, 亿; None for other text.

    >>> unit_named("in billions"), unit_named("×10⁶"), unit_named("K"), unit_named("H")
    (1000000000, 1000000, 1000, None)
    """
    without_tex = re.sub(r"\\(?:times|cdot)\s*|\$", "", text).strip().translate(_RAISED)
    bare = _BEFORE_UNIT.sub("", without_tex).strip(" .")
    power = _POWER.fullmatch(bare)
    if power is not None:
        exponent: int = int(power.group(1) or power.group(2))
        return int(10**exponent)
    word = bare.casefold()
    return LETTERS.get(bare) or WORDS.get(word) or MYRIADS.get(bare)


def _choices(title: str, model: Model | None, where: Mapping[str, str]) -> tuple[Symbol, ...]:
    """Return the sizes that a title may name, the likeliest first."""
    for spelling in _spellings(title):
        if spelling in where:
            return (_named(where[spelling], model),)
        own = _own(spelling, model)
        if own is not None:
            return (own,)
        if spelling in _CHOICES and (len(spelling) > 1 or spelling == _folded(title)):
            return tuple(BY_NAME[name].symbol for name in _CHOICES[spelling])
        letter = plain(_LEADING.sub("", title.strip())).strip("#. ")
        name = in_columns().get(spelling) or meaning(letter if len(letter) == 1 else spelling)
        if name is not None:
            hidden = name == "H" and _is_letter(title)
            names = ("H", "heads") if hidden else (name,)
            return tuple(BY_NAME[each].symbol for each in names)
    return ()


def _spellings(title: str) -> Iterator[str]:
    """Yield a title as it is, without its brackets, without `number of`, and without a symbol at its end."""
    bare = _BRACKET.sub(" ", title)
    forms = [
        title,
        bare,
        _LEADING.sub("", bare.strip()),
        re.sub(r"\s+\$?[A-Za-z]\$?$", "", _LEADING.sub("", bare.strip())),
    ]
    inside = [match.group(1) for match in _BRACKET.finditer(title)]
    seen = set()
    for form in (*forms, *(text for text in inside if len(text.strip("$ ")) > 1)):
        folded = _folded(form)
        if folded and folded not in seen:
            seen.add(folded)
            yield folded


def _folded(title: str) -> str:
    """Return a title as the table of spellings has it: `Self-Attention Heads` is self_attention_heads."""
    return re.sub(r"[\s-]+", "_", plain(title.replace("$", "").strip().replace(" ", "_")).strip("_#.: ")).casefold()


def _is_letter(title: str) -> bool:
    return len(plain(_LEADING.sub("", title.strip())).strip("#. ")) == 1


def _own(spelling: str, model: Model | None) -> Symbol | None:
    """Return the size of the model at hand that has this name."""
    if model is None or len(spelling) == 1 or not model.architecture.has_own(spelling):
        return None
    try:
        size = model.size(spelling)
    except BertsymError:
        return None
    return None if size.kind is Kind.SWITCH else size.symbol


def _named(name: str, model: Model | None) -> Symbol:
    return BY_NAME[name].symbol if name in BY_NAME or model is None else model.size(name).symbol
