r"""Markers in TeX that are comments: a comment inside verbatim material is an example.

Verbatim material is an environment such as `verbatim`, `lstlisting`, `minted` or one that the file defines so, and
`\verb|...|` with its relatives. The file is read as TeX reads it, a control word at a time, without expanding macros.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bertsym.values import value

_ENVIRONMENTS = frozenset(
    [
        "lstlisting",
        "minted",
        "alltt",
        "comment",
        "filecontents",
        "filecontents*",
        "listingcont",
        "tcblisting",
        "tcblisting*",
        "tcboutputlisting",
        "luacode",
        "luacode*",
        "markdown",
        "markdown*",
        "Highlighting",
        "Sinput",
        "Soutput",
        "Scode",
        "pycode",
        "pyblock",
        "pyconsole",
        "pyconcode",
        "sagesilent",
        "sageblock",
        "asy",
        "asydef",
    ]
)
_MOREVERB = re.compile(r"(?:\[\d*\])?\{\d+\}")  # listing{1} of moreverb; the listing of minted floats
_WORDS = {"begintt": r"\endtt", "starttyping": r"\stoptyping"}
_INLINE = frozenset(["verb", "Verb", "spverb", "EscVerb", "lstinline", "mintinline"])
_PATHS = frozenset(["url", "nolinkurl", "path", "href"])
_DEFINING = frozenset(
    [
        "lstnewenvironment",
        "DefineVerbatimEnvironment",
        "RecustomVerbatimEnvironment",
        "newverbatim",
        "newtcblisting",
        "renewtcblisting",
        "NewTCBListing",
        "RenewTCBListing",
        "DeclareTCBListing",
        "ProvideTCBListing",
        "excludecomment",
        "specialcomment",
    ]
)
_ENVIRONMENT_LIKE = frozenset(
    [
        "newenvironment",
        "renewenvironment",
        "provideenvironment",
        "NewDocumentEnvironment",
        "RenewDocumentEnvironment",
        "DeclareDocumentEnvironment",
        "ProvideDocumentEnvironment",
    ]
)
_SHORT = frozenset(["MakeShortVerb", "DefineShortVerb", "lstMakeShortInline"])
_NO_SHORT = frozenset(["DeleteShortVerb", "UndefineShortVerb", "lstDeleteShortInline"])

_INPUT = frozenset(["input", "include", "subfile", "subfileinclude"])
_IMPORT = frozenset(["import", "inputfrom", "includefrom", "subimport", "subinputfrom", "subincludefrom"])
_FILE = re.compile(r"\s*(?:\{([^{}]*)\}|([^\s{}\\%$&#~^_|]+))")
_TWO_ARGUMENTS = re.compile(r"\s*\*?\s*\{([^{}]*)\}\s*\{([^{}]*)\}")

_CONTROL = re.compile(r"\\([A-Za-z@]+|.|$)")
_NAME = re.compile(r"\s*\*?\s*(?:\[[^\]]*\])?\s*\{\s*\\?([^{}]*?)\s*\}")
_MINTED = re.compile(r"\s*(?:\[([^\]]*)\])?\s*\{([^{}]*)\}")
_CHARACTER = re.compile(r"\s*\*?\s*(?:\[[^\]]*\])?\s*(?:\{\s*\\?(.)\s*\}|\\?(.))")
_BODY = re.compile(
    r"\\(?:[A-Za-z]*[Vv]erbatim(?:Environment)?|lstlisting|minted|alltt|comment)(?![A-Za-z])"
    r"|\\begin\s*\{\s*(?:[A-Za-z]*[Vv]erbatim|lstlisting|minted|alltt|comment)\*?\s*\}"
)
_NEXT_DEFINITION = re.compile(r"\\(?:re|provide)?newenvironment|\\[A-Z]\w+DocumentEnvironment|\\begin\s*\{document\}")
_LINES_OF_A_DEFINITION = 6


@value
class Input:
    """A file that TeX loads, by the index of the line; `beside` looks in the folder of the file that loads it."""

    line: int
    name: str
    beside: bool


def live(lines: Sequence[str], marker: re.Pattern[str]) -> set[tuple[int, int]]:
    r"""Return the index of each line on which a marker stands in a comment, and 0: a line has one comment.

    >>> mark = re.compile("% bertsym:")
    >>> live(["% bertsym: a", r"x \verb|% bertsym: b|", r"\begin{verbatim}", "% bertsym: c", r"\end{verbatim}"], mark)
    {(0, 0)}
    """
    return {(index, 0) for index in _read(lines, marker).live}


def inputs(lines: Sequence[str]) -> list[Input]:
    r"""Return the files that the lines load by `\input` and its relatives, outside comments and verbatim material.

    >>> [found.name for found in inputs([r"\input{a} % \input{b}", r"\verb|\input{c}| \import{d/}{e} \input f"])]
    ['a', 'd/e', 'f']
    """
    return _read(lines, re.compile(r"(?!)")).inputs


def _read(lines: Sequence[str], marker: re.Pattern[str]) -> _Reader:
    reader = _Reader(lines, marker)
    for index in range(len(lines)):
        reader.read(index)
    return reader


class _Reader:
    """A reader of lines, which knows what the ones before have opened and defined."""

    def __init__(self, lines: Sequence[str], marker: re.Pattern[str]) -> None:
        self.lines, self.marker = lines, marker
        self.live: set[int] = set()
        self.inputs: list[Input] = []
        self.closing = ""
        self.environments = set(_ENVIRONMENTS)
        self.short: set[str] = set()
        self.special = re.compile(r"[%\\]")

    def read(self, index: int) -> None:
        """Read a line."""
        line = self.lines[index]
        place = 0
        while place < len(line):
            if self.closing:
                end = line.find(self.closing, place)
                if end < 0:
                    return
                place = end + len(self.closing)
                self.closing = ""
                continue
            found = self.special.search(line, place)
            if found is None:
                return
            if found.group() == "%":
                if self.marker.search(line, found.start()):
                    self.live.add(index)
                return
            if found.group() == "\\":
                place = self._control(index, found.start())
            else:
                place = _past(line, found.group(), found.end())

    def _control(self, index: int, place: int) -> int:
        """Read a control word or symbol, with what it takes literally; return where reading goes on."""
        line = self.lines[index]
        match = _CONTROL.match(line, place)
        word, place = (match[1], match.end()) if match else ("", len(line))
        if word == "begin":
            return self._begin(line, place)
        if word in _WORDS:
            self.closing = _WORDS[word]
        elif word in _INLINE:
            return _past_inline(line, place, word)
        elif word in _PATHS:
            return _past_braces(line, place)
        elif word in _INPUT or word in _IMPORT:
            self._loaded(index, place, word)
        elif word in _SHORT | _NO_SHORT:
            return self._shortened(line, place, made=word in _SHORT)
        else:
            self._defined(index, place, word)
        return place

    def _begin(self, line: str, place: int) -> int:
        match = re.compile(r"\s*\{\s*([^{}]*?)\s*\}").match(line, place)
        if match is None:
            return place
        name = match[1]
        if name in self.environments or "verbatim" in name.lower():
            self.closing = f"\\end{{{name}}}"
        elif name == "listing" and _MOREVERB.match(line, match.end()):
            self.closing = r"\end{listing}"
        return match.end()

    def _loaded(self, index: int, place: int, word: str) -> None:
        r"""Note the file that `\input` or one of its relatives names."""
        match = (_TWO_ARGUMENTS if word in _IMPORT else _FILE).match(self.lines[index], place)
        if match is None:
            return
        name = match[1] + match[2] if word in _IMPORT else match[1] or match[2]
        self.inputs.append(Input(index, name.strip().strip('"'), beside=word.startswith("sub")))

    def _shortened(self, line: str, place: int, *, made: bool) -> int:
        match = _CHARACTER.match(line, place)
        if match is None:
            return place
        character = match[1] or match[2]
        (self.short.add if made else self.short.discard)(character)
        self.special = re.compile(f"[{re.escape(''.join(['%', chr(92), *sorted(self.short)]))}]")
        return match.end()

    def _defined(self, index: int, place: int, word: str) -> None:
        """Learn an environment that this word defines as verbatim."""
        line = self.lines[index]
        if word == "newminted":
            if match := _MINTED.match(line, place):
                self.environments |= {name := match[1] or f"{match[2]}code", f"{name}*"}
        elif word in _DEFINING and (match := _NAME.match(line, place)):
            self.environments.add(match[1])
        elif word == "includecomment" and (match := _NAME.match(line, place)):
            self.environments.discard(match[1])
        elif word in _ENVIRONMENT_LIKE and (match := _NAME.match(line, place)):
            rest = [line[match.end() :], *self.lines[index + 1 : index + _LINES_OF_A_DEFINITION]]
            if _BODY.search(_NEXT_DEFINITION.split("\n".join(rest), maxsplit=1)[0]):
                self.environments.add(match[1])


def _past(line: str, delimiter: str, place: int) -> int:
    """Return the place after the next such character, or the end of the line."""
    end = line.find(delimiter, place)
    return len(line) if end < 0 else end + 1


def _past_inline(line: str, place: int, word: str) -> int:
    r"""Return the index in the line after the literal argument of a word such as `\verb`."""
    match = re.compile(r"\s*\*?\s*").match(line, place)
    place = match.end() if match else place
    if word != "verb" and line[place : place + 1] == "[":
        place = _past(line, "]", place)
    if word == "mintinline":
        place = _past_braces(line, place)
    if word != "verb" and line[place : place + 1] == "{":
        return _past_braces(line, place)
    return _past(line, line[place : place + 1], place + 1) if place < len(line) else place


def _past_braces(line: str, place: int) -> int:
    """Return the place after an argument in paired braces, or the place itself without one."""
    match = re.compile(r"\s*(?=\{)").match(line, place)
    if match is None:
        return place
    depth = 0
    for at in range(match.end(), len(line)):
        depth += {"{": 1, "}": -1}.get(line[at], 0)
        if depth == 0:
            return at + 1
    return len(line)
