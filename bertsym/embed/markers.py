"""Where a text holds generated fragments: between `% bertsym: COMMAND` and `% bertsym: end`, or so in <!-- -->."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from bertsym.errors import BadMarker
from bertsym.values import value

END = "end"

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_ENDING = re.compile(r"(?:\r\n|\n|\r)\Z")
_LET = re.compile(r"let\s+([A-Za-z][A-Za-z0-9-]*)\s*=\s*(\S.*)", re.ASCII)
_CHECKSUM = re.compile(rf"{END}(?:\s+([0-9a-f]{{12}}))?")


@value
class Grammar:
    """How a syntax spells a marker, and where in it a marker is only an example."""

    alone: re.Pattern[str]
    anywhere: re.Pattern[str]
    verbatim: re.Pattern[str]
    written: str

    def end(self, indent: str, checksum: str) -> str:
        """The closing marker."""
        return indent + self.written.format(f"{END} {checksum}")


class Syntax(Enum):
    """The kinds of files there are."""

    TEX = Grammar(
        re.compile(r"([ \t]*)%+[ \t]*bertsym:[ \t]*(.*?)[ \t]*"),
        re.compile(r"(?<!\\)%[ \t]*bertsym:"),
        re.compile(r"\s*\\begin\{(verbatim\*?|lstlisting|minted|comment)\}"),
        "% bertsym: {}",
    )
    MARKDOWN = Grammar(
        re.compile(r"([ \t]*)<!--[ \t]*bertsym:[ \t]*(.*?)[ \t]*-->[ \t]*"),
        re.compile(r"<!--[ \t]*bertsym:"),
        re.compile(r" {0,3}(`{3,}|~{3,})"),
        "<!-- bertsym: {} -->",
    )

    def closes(self, opened: str, line: str) -> bool:
        """Whether a line ends the example that `opened` began."""
        if self is Syntax.TEX:
            return f"\\end{{{opened}}}" in line
        return re.fullmatch(rf" {{0,3}}{re.escape(opened)}{re.escape(opened[0])}*\s*", line) is not None


@value
class Fragment:
    """A marker with what stands below it: the index of its line, and the line of its end."""

    start: int
    stop: int
    indent: str
    command: str
    checksum: str | None


def split_lines(text: str) -> list[str]:
    r"""The lines with their endings, whichever they are.

    >>> split_lines("a\r\nb\nc")
    ['a\r\n', 'b\n', 'c']
    """
    return _LINE.findall(text)


def ending(line: str) -> str:
    """The line ending of a line, empty at the end of a file without one."""
    match = _ENDING.search(line)
    return match.group() if match else ""


def fragments(lines: list[str], syntax: Syntax, path: str) -> Iterator[Fragment]:
    """The fragments, top to bottom; raises `BadMarker` for one that is unclosed, nested or not alone on its line.

    `% bertsym: let ours = bert --at H=512` has no end: it puts those words wherever a later command says `ours`.
    """
    names: dict[str, str] = {}
    start = 0
    command, indent = "", ""
    for number, found, lead in _markers(lines, syntax, path):
        closing = _CHECKSUM.fullmatch(found)
        if closing and not command:
            raise BadMarker(path, number, "an end without a beginning")
        if closing:
            yield Fragment(start - 1, number - 1, indent, command, closing.group(1))
            command = ""
        elif command:
            raise BadMarker(path, number, f"the fragment of line {start} is still open: nothing is nested")
        elif let := _LET.fullmatch(found):
            names[let.group(1)] = names.get(let.group(2), let.group(2))
        elif not found or found.split()[0] == END:
            raise BadMarker(path, number, "expected a command, as in total bert-base-uncased, or end")
        else:
            start, command, indent = number, _put_in(found, names), lead
    if command:
        raise BadMarker(path, start, "no end follows")


def _put_in(command: str, names: dict[str, str]) -> str:
    """The command with names in place of what they stand for; its first word is never one."""
    first, *rest = re.split(r"(\s+)", command)
    return "".join([first, *(names.get(word, word) for word in rest)])


def _markers(lines: list[str], syntax: Syntax, path: str) -> Iterator[tuple[int, str, str]]:
    """Line number, text and indentation of every marker outside examples."""
    grammar = syntax.value
    verbatim = ""
    for number, line in enumerate(lines, start=1):
        bare = line.rstrip("\r\n")
        if verbatim:
            verbatim = "" if syntax.closes(verbatim, bare) else verbatim
        elif opened := grammar.verbatim.match(bare):
            verbatim = "" if syntax is Syntax.TEX and syntax.closes(opened.group(1), bare) else opened.group(1)
        elif grammar.anywhere.search(bare):
            match = grammar.alone.fullmatch(bare)
            if match is None:
                raise BadMarker(path, number, "a marker stands on a line of its own")
            yield number, match.group(2), match.group(1)
