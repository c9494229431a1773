"""The places of generated fragments: from `% bertsym: COMMAND` to `% bertsym: end`, or the same in <!-- --> or //."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import accumulate
from types import MappingProxyType

from bertsym.embed import markdown_examples, tex_examples, typst_examples
from bertsym.errors import BadMarker, Unreadable
from bertsym.values import value

END = "end"
ACCEPTED = "accepted"

MOST_LETTERS = 10_000
"""The characters of a marker. Names of names would otherwise grow without bound: `let b = a a`, `let c = b b`."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_ENDING = re.compile(r"(?:\r\n|\n|\r)\Z")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*", re.ASCII)
_LET = re.compile(rf"let\s+({NAME.pattern})\s*=\s*(\S.*)", re.ASCII)
_CHECKSUM = re.compile(rf"{END}(?:\s+([0-9a-f]{{12}})(?:\s+{ACCEPTED}\s+([0-9a-f]{{12}}))?)?")
# A word as the command line cuts it; an open quote reaches to the end.
_WORD = re.compile(r"""(?:[^ \t\r\n'"]|'[^']*(?:'|\Z)|"[^"]*(?:"|\Z))+""")
# git writes these around the two sides of a conflict; between them stands `=======`, which underlines a title too.
_CONFLICT_BEGINS, _CONFLICT_ENDS = re.compile(r"<{7} "), re.compile(r">{7} ")

UNENDED = "a marker within a line has its end on that line; any other stands on a line of its own"

NO_NAMES: Mapping[str, str] = MappingProxyType({})


@value
class Grammar:
    """The spelling of a marker in a syntax, and the markers, by line and index on it, that are no examples.

    A marker stands `alone` on its line, or `within` a line if the syntax has comments that end before the line does.
    """

    alone: re.Pattern[str]
    within: re.Pattern[str]
    anywhere: re.Pattern[str]
    live: Callable[[Sequence[str], re.Pattern[str]], set[tuple[int, int]]]
    written: str
    written_within: str

    def end(self, checksum: str, *, within: bool) -> str:
        """Return the closing marker."""
        return (self.written_within if within else self.written).format(f"{END} {checksum}")


_IN_TEX = re.compile(r"%[ \t]*bertsym:")
_IN_MARKUP = re.compile(r"<!--[ \t]*bertsym:")
_IN_TYPST = re.compile(r"(?://+|/\*)[ \t]*bertsym:")
# The blanks around a command are stripped afterwards: a pattern that looks for both ends takes quadratic time.
_MARKUP_ALONE = re.compile(r"([ \t]*)<!--[ \t]*bertsym:((?:(?!-->).)*)-->[ \t]*")
_MARKUP_WITHIN = re.compile(r"<!--[ \t]*bertsym:(.*?)-->")
_TYPST_ALONE = re.compile(r"([ \t]*)//+[ \t]*bertsym:(.*)")
_TYPST_WITHIN = re.compile(r"/\*[ \t]*bertsym:(.*?)\*/")
_NEVER = re.compile(r"(?!)")
_BLANKS = " \t"
_MARKUP = "<!-- bertsym: {} -->"


class Syntax(Enum):
    """The syntaxes of files that can hold fragments."""

    TEX = Grammar(
        re.compile(r"([ \t]*)%+[ \t]*bertsym:(.*)"),
        _NEVER,
        _IN_TEX,
        tex_examples.live,
        "% bertsym: {}",
        "",
    )
    MARKDOWN = Grammar(_MARKUP_ALONE, _MARKUP_WITHIN, _IN_MARKUP, markdown_examples.live, _MARKUP, _MARKUP)
    HTML = Grammar(_MARKUP_ALONE, _MARKUP_WITHIN, _IN_MARKUP, markdown_examples.live_in_html, _MARKUP, _MARKUP)
    TYPST = Grammar(_TYPST_ALONE, _TYPST_WITHIN, _IN_TYPST, typst_examples.live, "// bertsym: {}", "/* bertsym: {} */")


@value
class Fragment:
    """A marker and what stands between it and its end, by offsets into the text.

    `line` is the number of the line of the marker. A fragment `within` a line has its end on the same line. `checksum`
    is that of the generated text, and `accepted` that of an edit which somebody has accepted in its place.
    """

    line: int
    within: bool
    indent: str
    command: str
    body: tuple[int, int]
    closing: tuple[int, int]
    checksum: str | None
    accepted: str | None


@value
class _Marker:
    """A comment that is a marker: its line number, its words, and its offsets; alone it has the whole line."""

    line: int
    text: str
    indent: str
    begin: int
    finish: int
    within: bool


def split_lines(text: str) -> list[str]:
    r"""Return the lines with their endings, of any kind.

    >>> split_lines("a\r\nb\nc")
    ['a\r\n', 'b\n', 'c']
    """
    return _LINE.findall(text)


def ending(line: str) -> str:
    """Return the line ending of a line, empty if the file ends without one."""
    match = _ENDING.search(line)
    return match.group() if match else ""


def fragments(text: str, syntax: Syntax, path: str, names: Mapping[str, str] = NO_NAMES) -> Iterator[Fragment]:
    """Return the fragments, top to bottom; raise `BadMarker` for one that is unclosed, nested or in a merge conflict.

    `% bertsym: let ours = bert --at H=512` needs no end: these words replace each `ours` in a later command or `let`,
    if it is a word of its own outside quotes. `names` are those that the settings of the paper define.
    """
    lines = split_lines(text)
    markers = _markers(lines, syntax, path)
    _check_conflicts(lines, markers, path)
    defined = dict(names)
    opened: _Marker | None = None
    command = ""
    for marker in markers:
        closing = _CHECKSUM.fullmatch(marker.text)
        if opened is not None and opened.within and marker.line != opened.line:
            raise BadMarker(path, opened.line, UNENDED)
        if closing and opened is not None and marker.within and not opened.within:
            raise BadMarker(path, marker.line, "the end of this fragment stands on a line of its own")
        if opened is not None and closing is None:
            raise BadMarker(path, marker.line, f"the fragment of line {opened.line} is still open: nothing is nested")
        if closing and opened is None:
            raise BadMarker(path, marker.line, "an end without a beginning")
        if closing and opened is not None:
            span = (marker.begin, marker.finish)
            body = (opened.finish, marker.begin)
            yield Fragment(opened.line, opened.within, opened.indent, command, body, span, closing[1], closing[2])
            opened = None
        elif (let := _LET.fullmatch(marker.text)) and not marker.within:
            defined[let.group(1)] = _put_in(marker, let.group(2), path, defined)
        elif not marker.text or marker.text.split()[0] in (END, "let"):
            raise BadMarker(path, marker.line, "expected a command, as in total bert-base-uncased, or end")
        else:
            first = _WORD.match(marker.text)
            cut = first.end() if first else 0  # the command itself is never a name
            opened, command = marker, marker.text[:cut] + _put_in(marker, marker.text[cut:], path, defined)
    if opened is not None:
        raise BadMarker(path, opened.line, UNENDED if opened.within else "no end follows")


def put_in(words: str, names: Mapping[str, str]) -> str:
    """Return the words with each defined name replaced; a word that is quoted, in whole or in part, is no name.

    Raises `Unreadable` for words that are too long, which names that hold names can make of a few lines.
    """
    result = words
    if len(words) <= MOST_LETTERS:
        result = _WORD.sub(lambda word: names.get(word.group(), word.group()), words)
    if len(result) > MOST_LETTERS:
        raise Unreadable("marker", words, f"at most {MOST_LETTERS:,} characters, with the words of its names")
    return result


def _put_in(marker: _Marker, words: str, path: str, names: Mapping[str, str]) -> str:
    try:
        return put_in(words, names)
    except Unreadable as error:
        raise BadMarker(path, marker.line, str(error)) from None


def _markers(lines: list[str], syntax: Syntax, path: str) -> list[_Marker]:
    """Return every marker outside examples."""
    grammar = syntax.value
    bare = [line.rstrip("\r\n") for line in lines]
    if not any(grammar.anywhere.search(line) for line in bare):
        return []
    starts = [0, *accumulate(map(len, lines))]
    live = grammar.live(bare, grammar.anywhere)
    markers = []
    for index in sorted({index for index, _ in live}):
        begin = starts[index]
        if match := grammar.alone.fullmatch(bare[index]):
            words = match[2].strip(_BLANKS)
            closes = _CHECKSUM.fullmatch(words) is not None
            finish = begin + len(bare[index]) if closes else starts[index + 1]
            markers.append(_Marker(index + 1, words, match[1], begin, finish, within=False))
            continue
        for number, start in enumerate(grammar.anywhere.finditer(bare[index])):
            if (index, number) not in live:
                continue
            within = grammar.within.match(bare[index], start.start())
            if within is None:
                raise BadMarker(path, index + 1, "a marker stands on a line of its own")
            span = (begin + within.start(), begin + within.end())
            markers.append(_Marker(index + 1, within[1].strip(_BLANKS), "", *span, within=True))
    return markers


def _check_conflicts(lines: list[str], markers: list[_Marker], path: str) -> None:
    """Raise `BadMarker` for a merge conflict of git that holds a marker or stands in a fragment."""
    begun = 0
    for number, line in enumerate(lines, start=1):
        if _CONFLICT_BEGINS.match(line):
            begun = number
        elif begun and _CONFLICT_ENDS.match(line):
            before = [marker for marker in markers if marker.line < begun]
            inside = any(begun <= marker.line <= number for marker in markers)
            opened = before and not (_CHECKSUM.fullmatch(before[-1].text) or _LET.fullmatch(before[-1].text))
            if inside or opened:
                raise BadMarker(
                    path,
                    begun,
                    f"an unresolved merge conflict, to line {number}: keep one side with its end marker, and run "
                    "embed again, which makes the fragment anew",
                )
            begun = 0
