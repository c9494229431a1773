"""The pieces of a text that may be formulas: mathematics and code spans, found in one pass even if some never close."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from bertsym.values import value

# The characters of displayed and of inline mathematics. Longer spans come from a delimiter that is never closed.
MAX_DISPLAY = 8_000
MAX_INLINE = 2_000

_OPENING = re.compile(
    r"\\begin\{(?P<name>(?:equation|align|gather|multline|displaymath|eqnarray|math)\*?)\}"
    r"|(?P<display>\$\$)|(?<![\\$])(?P<inline>\$)|(?P<bracket>\\\[)|(?P<paren>\\\()"
)
_CODE = re.compile(r"`(?P<code>[^`\n]{1,500})`")
_BREAK = re.compile(r"(\\\\(?:\[[^\[\]\n]{0,20}\])?\*?)")
# A row goes on with the row before if it begins with a sign of relation or operation, or if that one ends with one.
_SIGN = r"(?:[-+*/=≈<>·×]|\\(?:approx|sim|simeq|times|cdot|equiv|leq?|geq?)\b)"
_GOES_ON = re.compile(rf"(?:[\s&{{}}]|\\(?:quad|qquad|,|;|!|:|phantom\{{[^{{}}]*\}}|nonumber|notag))*{_SIGN}")
_UNFINISHED = re.compile(rf"{_SIGN}(?:[\s&{{}}]|\\(?:nonumber|notag|quad))*\Z")
# A term of running text: letters, digits and brackets without a blank, longer than a word by an operation inside.
_TERM = r"(?:\d[\d,.]*[ ]?[*·×]?[ ]?)?[A-Za-z_(\d][\w²³^*·×()/+,.-]{0,60}[\w²³)]|[A-Z]"
_PLAIN = re.compile(rf"(?<![\w$`\\^²³./@:-])(?:{_TERM})(?:[ ]?[-+=≈*·×][ ]?(?:{_TERM})){{0,24}}(?![\w^@])")
_POWER_OR_PRODUCT = re.compile(r"[²³^]|[\w)][ ]?[*·×][ ]?[\w(]")
_LETTER = re.compile(r"[HLVhlvdN]")
_FENCE = re.compile(r"^(?:```|~~~)", re.MULTILINE)
_FENCE_ALONE = re.compile(r"^(?:```|~~~)[^\S\n]*$", re.MULTILINE)
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_VERBATIM = re.compile(r"\\begin\{(?P<name>verbatim|lstlisting|minted|comment)\}")


@value
class Span:
    """A stretch of a text: its start and end, and those of the formula in it."""

    start: int
    stop: int
    inner: int
    outer: int


def readable(text: str, *, tex: bool) -> str:
    """Return the text with blanks in place of quotes and comments, so that every line keeps its number."""
    if not tex:
        return blanked(text, _fenced(text))
    bare = blanked(text, (Span(m.start(), m.end(), m.start(), m.end()) for m in _COMMENT.finditer(text)))
    return blanked(bare, _verbatim(bare))


def blanked(text: str, spans: Iterator[Span]) -> str:
    """Return the text with blanks in place of these spans, except line ends; the spans are in order."""
    pieces, last = [], 0
    for span in spans:
        pieces += [text[last : span.start], re.sub(r"[^\n]", " ", text[span.start : span.stop])]
        last = span.stop
    return "".join((*pieces, text[last:]))


def formulas(text: str, *, tex: bool) -> Iterator[tuple[int, str]]:
    """Yield each formula with its start; a row of a display that goes on with the row before belongs to its formula."""
    spans = list(_mathematics(text))
    for span in spans:
        yield from _rows(text, span)
    if not tex:
        for match in _CODE.finditer(blanked(text, iter(spans))):
            yield match.start("code"), match.group("code")


def plain_formulas(text: str, *, tex: bool) -> Iterator[tuple[int, str]]:
    """Yield the formulas of running text without marks of mathematics: 12LH² + 13LH, V*h + 512*h.

    A formula has a power or a product with a sign; TeX has its own marks.
    """
    if tex:
        return
    bare = blanked(text, iter(list(_mathematics(text))))
    bare = blanked(bare, (Span(m.start(), m.end(), m.start(), m.end()) for m in _CODE.finditer(bare)))
    for match in _PLAIN.finditer(bare):
        if _POWER_OR_PRODUCT.search(match.group()) and _LETTER.search(match.group()):
            yield match.start(), match.group()


def _rows(text: str, span: Span) -> Iterator[tuple[int, str]]:
    """Yield the formulas of a display: its rows, of which those that begin or end with a sign belong together."""
    whole = text[span.start : span.start + 20].startswith(r"\begin{multline")
    start, joined = span.inner, ""
    at = span.inner
    for row in _BREAK.split(text[span.inner : span.outer]):
        if _BREAK.fullmatch(row) is not None:
            joined += " " * len(row)
        elif joined.strip() and not (whole or _GOES_ON.match(row) or _UNFINISHED.search(joined)):
            yield start, joined
            start, joined = at, row
        else:
            joined += row
        at += len(row)
    if joined.strip():
        yield start, joined


def _mathematics(text: str) -> Iterator[Span]:
    """Yield the spans of mathematics in order; each end is searched once for all openings that share it."""
    position = 0
    ahead: dict[str, int] = {}
    while (opening := _OPENING.search(text, position)) is not None:
        span = _closed(text, opening, ahead)
        if span is None:
            position = opening.start() + 1
        else:
            yield span
            position = span.stop


def _closed(text: str, opening: re.Match[str], ahead: dict[str, int]) -> Span | None:
    """Return the span that begins there; None if it is empty or has no valid end.

    `ahead` holds the next position of each kind of end.
    """
    start, kind = opening.end(), opening.lastgroup
    if kind in ("display", "inline"):
        stop = text.find("$", start, start + (MAX_DISPLAY if kind == "display" else MAX_INLINE) + 1)
        if stop <= start:
            return None
        if kind == "display":
            return Span(opening.start(), stop + 2, start, stop) if text[stop + 1 : stop + 2] == "$" else None
        if text[stop + 1 : stop + 2].isdecimal() or "\n" in text[start:stop]:
            return None
        return Span(opening.start(), stop + 1, start, stop)
    ends = {"bracket": r"\]", "paren": r"\)", "name": rf"\end{{{opening['name']}}}"}
    end = ends[str(kind)]
    most = MAX_INLINE if kind == "paren" else MAX_DISPLAY
    if ahead.get(end, 0) <= start:
        stop = text.find(end, start + 1)
        ahead[end] = stop if stop >= 0 else len(text) + most
    stop = ahead[end]
    return Span(opening.start(), stop + len(end), start, stop) if stop <= start + most else None


def _fenced(text: str) -> Iterator[Span]:
    """Yield the fenced blocks of Markdown; a fence that is never closed opens none."""
    closing = [match.start() for match in _FENCE_ALONE.finditer(text)]
    last = 0
    for opening in _FENCE.finditer(text):
        if opening.start() < last:
            continue
        index = bisect_left(closing, opening.start() + 1)
        if index == len(closing):
            return
        last = closing[index] + 3
        yield Span(opening.start(), last, opening.end(), closing[index])


def _verbatim(text: str) -> Iterator[Span]:
    """Yield the environments of TeX that show their text verbatim; one that is never closed shows none."""
    last, endless = 0, set()
    for opening in _VERBATIM.finditer(text):
        name = opening["name"]
        if opening.start() < last or name in endless:
            continue
        end = rf"\end{{{name}}}"
        stop = text.find(end, opening.end())
        if stop < 0:
            endless.add(name)
            continue
        last = stop + len(end)
        yield Span(opening.start(), last, opening.end(), stop)


class Places:
    """An index of a text: its lines and its words of a kind, found without another pass."""

    def __init__(self, text: str, words: re.Pattern[str]) -> None:
        self.text = text
        self.ends = [match.start() for match in re.finditer("\n", text)]
        spans = [match.span() for match in words.finditer(text)]
        self.starts, self.stops = [start for start, _ in spans], [stop for _, stop in spans]

    def line(self, position: int) -> int:
        """Return the line number of a position."""
        return bisect_left(self.ends, position) + 1

    def bounds(self, position: int) -> tuple[int, int]:
        """Return the start and the end of the line that holds a place."""
        number = bisect_left(self.ends, position)
        start = self.ends[number - 1] + 1 if number else 0
        return start, self.ends[number] if number < len(self.ends) else len(self.text)

    def spoken_of(self, position: int, reach: int = 3_000) -> bool:
        """Return True if the words stand in the paragraph around a place, at most so many characters from it."""
        before = self.text.rfind("\n\n", max(position - reach, 0), position)
        after = self.text.find("\n\n", position, position + reach)
        start = before if before >= 0 else max(position - reach, 0)
        index = bisect_left(self.starts, start)
        return index < len(self.starts) and self.stops[index] <= (after if after >= 0 else position + reach)
