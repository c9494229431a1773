"""The model that a number or a formula of a text is about: the one that its own sentence names, else its context.

A name behind `than`, `as` or `from` is what the sentence compares with, and owns a number only if the number follows it
in brackets. Of several names before several numbers each has its own. Sizes beside a number (`L=12, H=768`) choose the
model of the family. A name that is unknown, or that several models of different sizes have, owns a number that then
nobody judges.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cache

from sympy import Symbol

from bertsym.claims.layout import Layout
from bertsym.claims.ledger import at_base
from bertsym.claims.names import meaning, plain
from bertsym.claims.numerals import numeral
from bertsym.claims.phrases import Quoted
from bertsym.claims.question import Question, head_of_class
from bertsym.claims.subjects import Mention, mentions, of_size, without_a_size
from bertsym.errors import BertsymError
from bertsym.model import Model
from bertsym.names.catalogue import published
from bertsym.resolve import load, published_model
from bertsym.symbols import BY_NAME, H, L, heads
from bertsym.values import replace, value

# Between a name and its number: brackets, a colon, a verb. Up to so many characters are looked at.
MAX_APPOSED = 40
_APPOSED = re.compile(
    r"[\s`*_\"']*(?:model|models|模型|モデル|Modell|modèle)?[\s`*_\"']*"
    r"(?:(?:[(（\[:：,=—–-]|\bwith\b|\bhas\b|\bhaving\b|\bis\b|有|mit|hat|avec|\ba\b)[\s`*_\"'~≈]*){0,3}"
    r"(?:about|approximately|roughly|around|~|≈|约|約)?\s*"
)
_COMPARED = re.compile(
    r"(?:\bthan|\bas|\bvs\.?|\bversus|\bfrom|\bunlike|\bcompared (?:to|with)|\bover|\blike|\bbased on"
    r"|(?:half|thirds?|quarters?|tenths?|fraction|percent|%|\btimes|\dx)\s+(?:(?:of|the|size|parameters)\s+){0,4}of"
    r"|比|\bals|\bque)"
    r"(?:\s+(?:the|a|an|our|its))?[\s`*_\"']*\Z",
    re.IGNORECASE,
)
_OF_A_NAME = re.compile(
    r"[\s`*_)\"']*(?:\bof\b|\bin\b|\bfor\b|[(（]|von|de|des|du)(?:\s+(?:the|our))?[\s`*_(（\"']*\Z", re.IGNORECASE
)
_SLASH = re.compile(r"\s?/\s?")
_POSSESSIVE = re.compile(r"['’]s\s+[~≈]?")
_ASSIGNED = re.compile(
    r"(?P<name>\\?[A-Za-z#][\w{}\\#]{0,40})\s*[=:：]\s*(?P<number>\d(?:[\d,]{0,9}\d)?)(?![\d.]*\s*[MKBmkb万亿])"
)
_COUNTED = re.compile(
    r"(?<![\w.,])(?P<number>\d(?:[\d,]{0,9}\d)?)[\s~-]*"
    r"(?:transformer |encoder |decoder |attention |self-attention |hidden )?"
    r"(?P<word>layers?|blocks?|hidden(?: units| size| dimensions?)?|dimension(?:s|al)?|heads?|层|層|头|頭|Schichten"
    r"|couches|têtes)(?![A-Za-z])",
    re.IGNORECASE,
)
_HIDDEN = re.compile(
    r"(?:hidden (?:size|dimension|dim)|embedding (?:size|dimension)|model dimension|隐藏层?维度|隐藏层大小)"
    r"\s*(?:of|is|:|=|为|是)?\s*(?P<number>\d(?:[\d,]{0,9}\d)?)",
    re.IGNORECASE,
)
_WORDS = {
    "layer": "L",
    "block": "L",
    "层": "L",
    "層": "L",
    "schichten": "L",
    "couches": "L",
    "hidden": "H",
    "dimension": "H",
}
_WORDS |= {"head": "heads", "头": "heads", "頭": "heads", "têtes": "heads"}


@value
class Owner:
    """The model that a claim is about, or the reason why none is known; `whole` if its name stands at the number."""

    model: Model | None
    problem: str = ""
    whole: bool = False

    @property
    def name(self) -> str:
        """Return a key of the model: its label, its head and its sizes."""
        if self.model is None:
            return ""
        return f"{self.model.label} {self.model.head} {sorted((str(s), str(v)) for s, v in self.model.given.items())}"


class Owners:
    """The owners of the claims in one text."""

    def __init__(self, text: str, layout: Layout, question: Question) -> None:
        self.text = text
        self.layout = layout
        self.question = question
        self.sentences: dict[int, tuple[Mention, ...]] = {}
        self.contexts: dict[int, Mention | None] = {}
        self.paragraphs: dict[int, tuple[int, Mapping[str, Mention]]] = {}

    def mentions(self, position: int) -> tuple[Mention, ...]:
        """Return the names in the sentence at a position, at their places in the text."""
        start, stop = self.layout.sentence(position)
        if start not in self.sentences:
            self.sentences[start] = tuple(
                Mention(m.start + start, m.stop + start, m.text, m.reading, m.problem)
                for m in mentions(self.text[start:stop])
            )
        return self.sentences[start]

    def overlaps(self, start: int, stop: int) -> bool:
        """Return True if a name of the sentence lies on a stretch of the text."""
        named = self.mentions(start)
        index = bisect_left(named, stop, key=_start) - 1
        return index >= 0 and named[index].stop > start

    def of_number(self, quoted: Quoted, number: int, series: int) -> Owner:
        """Return the owner of a number; `number` is its value, which may choose among the sizes of a family."""
        start, stop = self.layout.sentence(quoted.start)
        sentence = self.text[start:stop]
        named = self.mentions(quoted.start)
        mention = self._owning(named, quoted, series)
        if mention is None and quoted.versus:
            return Owner(None, "the sentence compares numbers, and does not say which model has this one")
        if mention is None and len(named) > 1:
            several = ", ".join(dict.fromkeys(m.text for m in named))
            return Owner(
                None, f"the sentence names several models ({several}), and the number is of none in particular"
            )
        if mention is None:
            context = self._context(quoted.start)
            return self._model(None if context is not None and context.problem else context, sentence, number)
        around = sentence
        if start <= mention.start < stop:
            following = min((m.start for m in named if m.start >= quoted.stop), default=stop)
            begin = mention.start if mention.start < quoted.at else start
            around = self.text[begin : max(following, mention.stop)]
        return replace(self._model(mention, around, number), whole=self._is_apposed(mention, quoted))

    def of_formula(self, position: int) -> Owner:
        """Return the owner of a formula: the model that its sentence or its context names, else the question's."""
        named = self.mentions(position)
        distinct = {m.text.casefold() for m in named}
        mention = named[0] if len(distinct) == 1 else None
        if mention is None and not distinct and not self.question.named:
            mention = self._context(position)
        if mention is None or mention.problem or mention.reading is None:
            return Owner(self.question.model)
        if mention.model is not None:
            return Owner(published_of(mention.model.name))
        same = mention.architecture == self.question.model.architecture.name
        return Owner(self.question.model if same else _family(str(mention.architecture)))

    def _owning(self, named: Sequence[Mention], quoted: Quoted, series: int) -> Mention | None:
        """Return the mention in the sentence that owns a number; None if none does, or it is open which."""
        before = [m for m in named if m.stop <= quoted.at]
        after = [m for m in named if m.start >= quoted.stop]
        if quoted.versus:
            compared = before or after
            return compared[quoted.series] if len(compared) == quoted.among else None
        if quoted.among > 1 and len(before) != 1:
            subjects = [m for m in before if not self._is_compared(m)]
            following = [m for m in after if not self._is_compared(m)] or after
            group = subjects if len(subjects) == quoted.among else following if len(following) == quoted.among else []
            return group[series] if group else None
        if len(before) > 1 and _SLASH.fullmatch(self.text, before[-2].stop, before[-1].start) and quoted.among == 1:
            return None
        if before and self._is_apposed(before[-1], quoted):
            return before[-1]
        if after and _OF_A_NAME.fullmatch(self.text, quoted.stop, after[0].start):
            return after[0]
        subjects = [m for m in before if not self._is_compared(m)]
        if subjects:
            return subjects[-1]
        if len(after) == 1 and not before:
            return after[0]
        return None

    def _is_apposed(self, mention: Mention, quoted: Quoted) -> bool:
        if quoted.at - mention.stop > MAX_APPOSED:
            return False
        between = self.text[mention.stop : quoted.at]
        if mention.stop > quoted.at:
            return False
        if _POSSESSIVE.fullmatch(between) is not None:
            return True
        if self._is_compared(mention) and re.match(r"[\s`*_)]*[(（]", between) is None:
            return False
        return _APPOSED.fullmatch(between) is not None

    def _is_compared(self, mention: Mention) -> bool:
        return _COMPARED.search(self.text, max(mention.start - MAX_APPOSED, 0), mention.start) is not None

    def _context(self, position: int) -> Mention | None:
        """Return the one model that the paragraph names before the sentence, else the one of the heading."""
        start, _ = self.layout.sentence(position)
        if start not in self.contexts:
            self.contexts[start] = self._named_before(position)
        return self.contexts[start]

    def _named_before(self, position: int) -> Mention | None:
        for distinct in (self._of_paragraph(position), _distinct(mentions(self.layout.heading(position)))):
            if len(distinct) == 1:
                return next(iter(distinct.values()))
            if distinct:
                return None
        return None

    def _of_paragraph(self, position: int) -> Mapping[str, Mention]:
        """Return the names of the paragraph before the sentence, or two of them; each sentence is passed once."""
        begin, (stop, _) = self.layout.paragraph(position)[0], self.layout.sentence(position)
        at, distinct = self.paragraphs.get(begin, (begin, {}))
        if at > stop:
            at, distinct = begin, {}
        while at < stop and len(distinct) < 2:
            distinct = {**distinct, **_distinct(self.mentions(at))}
            at = self.layout.sentence(at)[1]
        self.paragraphs[begin] = (at, distinct)
        return distinct

    def _model(self, mention: Mention | None, sentence: str, number: int) -> Owner:
        head = None if mention is None else head_of_class(self.question.model, mention.text)
        if head is not None:
            model = self.question.model if self.question.model.given else at_base(self.question.model)
            return Owner(model.with_head(head))
        if mention is not None and mention.problem:
            return Owner(None, mention.problem)
        asked = self.question.model
        if mention is not None and mention.model is not None:
            family = published_of(mention.model.name)
            return _sized(family, sizes_in(sentence)) or Owner(family)
        family = asked
        if mention is not None and mention.architecture != asked.architecture.name:
            family = _family(str(mention.architecture))
        sized = _sized(family, sizes_in(sentence))
        if sized is not None:
            return sized
        if family.given and family is asked:
            return Owner(asked)
        if mention is None:
            return Owner(None, "the sentence names no model that is known: pass --model with a named size")
        return _of_family(mention, number)


def _distinct(named: Sequence[Mention]) -> Mapping[str, Mention]:
    return {mention.text.casefold(): mention for mention in named}


def _start(mention: Mention) -> int:
    return mention.start


def sizes_in(sentence: str) -> Mapping[Symbol, int]:
    """Return the sizes that a sentence states: `L=12, H=768`, `12-layer, 768-hidden, 12-heads`.

    >>> sizes_in("12-layer, 768-hidden, 12-heads, 110M parameters") == sizes_in("(L=12, H=768, A=12)")
    True
    """
    found: dict[Symbol, int] = {}
    for match in _ASSIGNED.finditer(sentence):
        name = meaning(plain(match["name"]))
        if name is not None:
            found.setdefault(BY_NAME[name].symbol, _whole(match["number"]))
    for match in _COUNTED.finditer(sentence):
        word = match["word"].casefold()
        name = next((name for begin, name in _WORDS.items() if word.startswith(begin)), None)
        if name is not None:
            found.setdefault(BY_NAME[name].symbol, _whole(match["number"]))
    for match in _HIDDEN.finditer(sentence):
        found.setdefault(H, _whole(match["number"]))
    return {symbol: number for symbol, number in found.items() if number}


def _whole(digits: str) -> int:
    read = numeral(digits)
    return 0 if read is None else read.stated.value


def _sized(model: Model, sizes: Mapping[Symbol, int]) -> Owner | None:
    """Return the model at the sizes beside a number; None without a depth and a width."""
    if L not in sizes or H not in sizes:
        return None
    known = {symbol: number for symbol, number in sizes.items() if symbol in model.symbols}
    base = model if model.given else at_base(model)
    if all(base.given.get(symbol) == number for symbol, number in known.items()):
        return Owner(base)
    if heads in model.symbols and heads not in known:
        known[heads] = max(known[H] // 64, 1)
    try:
        return Owner(replace(base.with_sizes(known), label=""))
    except BertsymError as error:
        return Owner(None, f"the sizes beside the number are of no model: {error}")


@cache
def published_of(name: str) -> Model:
    """Return the published model of a name."""
    return published_model(next(model for model in published() if model.name == name))


@cache
def _family(architecture: str) -> Model:
    return load(architecture)


def _of_family(mention: Mention, number: int) -> Owner:
    """Return the model of a family that a number means, or that the family has no size."""
    near = of_size(mention, number)
    return Owner(None, without_a_size(mention)) if near is None else Owner(published_of(near.name))
