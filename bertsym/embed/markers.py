"""The places of generated fragments: from `% bertsym: COMMAND` to `% bertsym: end`, or the same in <!-- -->."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from enum import Enum

from bertsym.embed import markdown_examples, tex_examples
from bertsym.errors import BadMarker
from bertsym.values import value

END = "end"

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_ENDING = re.compile(r"(?:\r\n|\n|\r)\Z")
_LET = re.compile(r"let\s+([A-Za-z][A-Za-z0-9-]*)\s*=\s*(\S.*)", re.ASCII)
_CHECKSUM = re.compile(rf"{END}(?:\s+([0-9a-f]{{12}}))?")
# As the command line is cut into words; an open quote reaches to the end.
_WORD = re.compile(r"""(?:[^ \t\r\n'"]|'[^']*(?:'|\Z)|"[^"]*(?:"|\Z))+""")


@value
class Grammar:
    """The spelling of a marker in a syntax, and the starts of markers, by line and column, that are no examples."""

    alone: re.Pattern[str]
    anywhere: re.Pattern[str]
    live: Callable[[Sequence[str], re.Pattern[str]], set[int]]
    written: str

    def end(self, indent: str, checksum: str) -> str:
        """Return the closing marker."""
        return indent + self.written.format(f"{END} {checksum}")


_IN_TEX = re.compile(r"%[ \t]*bertsym:")
_IN_MARKUP = re.compile(r"<!--[ \t]*bertsym:")
_MARKUP_ALONE = re.compile(r"([ \t]*)<!--[ \t]*bertsym:[ \t]*(.*?)[ \t]*-->[ \t]*")


class Syntax(Enum):
    """The syntaxes of files that can hold fragments."""

    TEX = Grammar(re.compile(r"([ \t]*)%+[ \t]*bertsym:[ \t]*(.*?)[ \t]*"), _IN_TEX, tex_examples.live, "% bertsym: {}")
    MARKDOWN = Grammar(_MARKUP_ALONE, _IN_MARKUP, markdown_examples.live, "<!-- bertsym: {} -->")
    HTML = Grammar(_MARKUP_ALONE, _IN_MARKUP, markdown_examples.live_in_html, "<!-- bertsym: {} -->")


@value
class Fragment:
    """A marker and the text below it, by the index of its line and the line of its end."""

    start: int
    stop: int
    indent: str
    command: str
    checksum: str | None


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


def fragments(lines: list[str], syntax: Syntax, path: str) -> Iterator[Fragment]:
    """Return the fragments, top to bottom; raise `BadMarker` for one that is unclosed, nested or not alone on its line.

    `% bertsym: let ours = bert --at H=512` needs no end: these words replace each `ours` in a later command or `let`,
    if it is a word of its own outside quotes.
    """
    names: dict[str, str] = {}
    start = 0
    command, indent = "", ""
    for number, text, lead in _markers(lines, syntax, path):
        closing = _CHECKSUM.fullmatch(text)
        if closing and not command:
            raise BadMarker(path, number, "an end without a beginning")
        if closing:
            yield Fragment(start - 1, number - 1, indent, command, closing.group(1))
            command = ""
        elif command:
            raise BadMarker(path, number, f"the fragment of line {start} is still open: nothing is nested")
        elif let := _LET.fullmatch(text):
            names[let.group(1)] = _put_in(let.group(2), names)
        elif not text or text.split()[0] == END:
            raise BadMarker(path, number, "expected a command, as in total bert-base-uncased, or end")
        else:
            first = _WORD.match(text)
            cut = first.end() if first else 0  # the command itself is never a name
            start, command, indent = number, text[:cut] + _put_in(text[cut:], names), lead
    if command:
        raise BadMarker(path, start, "no end follows")


def _put_in(words: str, names: dict[str, str]) -> str:
    """Return the words with each defined name replaced; a word that is quoted, in whole or in part, is no name."""
    return _WORD.sub(lambda word: names.get(word.group(), word.group()), words)


def _markers(lines: list[str], syntax: Syntax, path: str) -> Iterator[tuple[int, str, str]]:
    """Yield line number, text and indentation of every marker outside examples."""
    grammar = syntax.value
    bare = [line.rstrip("\r\n") for line in lines]
    if not any(grammar.anywhere.search(line) for line in bare):
        return
    for index in sorted(grammar.live(bare, grammar.anywhere)):
        match = grammar.alone.fullmatch(bare[index])
        if match is None:
            raise BadMarker(path, index + 1, "a marker stands on a line of its own")
        yield index + 1, match.group(2), match.group(1)
