r"""Captions in TeX that an author writes: words, mathematics, `\cite` and `\ref`, and no other command.

The commands are an allow-list, because a command that is not known here may read or write files (`\input`, `\write`),
define others (`\def`, `\catcode`), or never end. A caption of plain words needs none of this: `tex_prose` escapes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bertsym.errors import Unreadable
from bertsym.render.fragment import AMSMATH, Fragment
from bertsym.render.notation import GREEK
from bertsym.render.sheet import MAX_CAPTION, Sheet
from bertsym.render.tex_prose import prose

NATBIB = r"\usepackage{natbib}"
BIBLATEX = r"\usepackage{biblatex}"
CLEVEREF = r"\usepackage{cleveref}"
HYPERREF = r"\usepackage{hyperref}"

# Commands whose argument is a key, with the package that has them.
_KEYED = {
    **dict.fromkeys(("cite", "ref", "pageref"), ""),
    **dict.fromkeys(("citet", "citep", "citealt", "citealp", "citeauthor", "citeyear", "Citet", "Citep"), NATBIB),
    **dict.fromkeys(("parencite", "textcite", "autocite"), BIBLATEX),
    **dict.fromkeys(("cref", "Cref"), CLEVEREF),
    "autoref": HYPERREF,
    "eqref": AMSMATH,
}
# Commands that take what follows in braces.
_FACES = (
    "emph",
    "textbf",
    "textit",
    "textrm",
    "textsc",
    "textsf",
    "textsl",
    "texttt",
    "textsubscript",
    "textsuperscript",
)
_MATH_FACES = (
    "mathrm",
    "mathbf",
    "mathit",
    "mathsf",
    "mathtt",
    "mathcal",
    "frac",
    "sqrt",
    "bar",
    "hat",
    "tilde",
    "vec",
)
_WITH_ARGUMENT = (*_FACES, *_MATH_FACES, "text", "ensuremath")
_ALONE = (
    "S",
    "P",
    "ldots",
    "dots",
    "textendash",
    "textemdash",
    "ss",
    "o",
    "O",
    "ae",
    "AE",
    "aa",
    "AA",
    "l",
    "L",
    "i",
    "j",
)
_MATH_WORDS = (
    "times cdot div pm mp approx sim equiv neq ne leq geq le ge ll gg in subset sum prod log ln exp min max partial "
    "infty cdots quad qquad lfloor rfloor lceil rceil to rightarrow mapsto ldots dots prime circ ast propto"
)
_MATH_ALONE = frozenset(_MATH_WORDS.split())
_ACCENTS, _ACCENT_MARKS = frozenset("cvurHdbt"), frozenset("'`^\"=.~")
_SYMBOLS = frozenset("%&#$_{} ,;:!-/")

_PIECE = re.compile(r"\\([A-Za-z]+|.|$)|\^\^|\$\$|[$%#&{}^_~]|[^\\$%#&{}^_~]+", re.DOTALL)
_KEY = re.compile(r"(?:\s*\[[A-Za-z0-9 .,:;~'/()-]{0,80}\]){0,2}\s*\{[A-Za-z0-9:._/+*,\s-]{1,400}\}", re.ASCII)
_BRACE = re.compile(r"\s*(?=\{)")
_ROOT = re.compile(r"(?:\[[0-9a-z]\])?(?=\{)", re.ASCII)
_ACCENT = re.compile(r"\s*(?:\{(?:[A-Za-z]|\\[ij])\}|[A-Za-z]|\\[ij](?![A-Za-z]))", re.ASCII)

EXPECTED = r"words, mathematics between $, and commands such as \cite, \ref and \emph"


def caption(sheet: Sheet) -> Fragment:
    """Return the caption of a sheet: plain words escaped, or the TeX that has been checked, with its packages."""
    if not sheet.caption_is_tex:
        return Fragment(prose(sheet.caption, sheet.encoding))
    return Fragment(sheet.caption, frozenset(_packages(sheet.caption)))


def checked_tex_caption(text: str) -> str:
    r"""Return the caption if all its commands are allowed; raise `Unreadable` for the first piece that is not.

    >>> checked_tex_caption(r"Sizes of \citet{bert-2018}: $P = 12LH^2$")
    'Sizes of \\citet{bert-2018}: $P = 12LH^2$'
    """
    if len(text) > MAX_CAPTION:
        raise Unreadable("--tex-caption", text, f"at most {MAX_CAPTION:,} characters")
    if not text.isprintable():
        raise Unreadable("--tex-caption", text, "one line of printable characters")
    _Reader(text).read()
    return text


def _packages(text: str) -> Iterator[str]:
    for word in re.findall(r"\\([A-Za-z]+)", text):
        package = AMSMATH if word == "text" else _KEYED.get(word, "")
        if package:
            yield package


class _Reader:
    """A reader of a caption, which knows whether it is within mathematics and how many braces are open."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.open: list[tuple[bool, bool]] = []  # of each brace: opened within mathematics; another one follows it
        self.math = False
        self.another = False

    def read(self) -> None:
        """Read the caption to its end; raise `Unreadable`."""
        while self.place < len(self.text):
            match = _PIECE.match(self.text, self.place)
            if match is None:
                raise self._refused(self.text[self.place])
            self.place = match.end()
            if match[1] is None:
                self._character(match.group())
            else:
                self._command(match[1])
        if self.open or self.math:
            raise self._unbalanced()

    def _unbalanced(self) -> Unreadable:
        return Unreadable("--tex-caption", self.text, "a closing } or $ for each opening one")

    def _refused(self, piece: str) -> Unreadable:
        return Unreadable("--tex-caption", piece, EXPECTED)

    def _character(self, piece: str) -> None:
        if piece == "{":
            self.open.append((self.math, self.another))
            self.another = False
        elif piece == "}":
            math, another = self.open.pop() if self.open else (not self.math, False)
            if math != self.math:
                raise self._unbalanced()
            if another:
                self._take(_BRACE, "frac{...}")
        elif piece == "$":
            if any(math for math, _ in self.open):
                raise self._unbalanced()
            self.math = not self.math
        elif piece in ("^", "_"):
            if not self.math:
                raise self._refused(piece)
            self._script()
        elif piece in ("%", "#", "&", "^^", "$$"):
            raise self._refused(piece)

    def _script(self) -> None:
        """Look at what an index or an exponent takes: a brace, a letter, a figure or a command."""
        following = self.text[self.place : self.place + 1]
        if not (following in ("{", "\\") or following.isalnum()):
            raise self._refused(self.text[self.place - 1 : self.place + 1])

    def _command(self, word: str) -> None:
        if word in _KEYED:
            self._take(_KEY, word)
        elif word == "sqrt" and self.math:
            self._take(_ROOT, word)
        elif word in _WITH_ARGUMENT and (self.math or word in _FACES or word == "ensuremath"):
            self._take(_BRACE, word)
            self.another = word == "frac"
        elif (word in _ACCENTS or word in _ACCENT_MARKS) and not self.math:
            self._take(_ACCENT, word)
        elif not (word in _ALONE or (self.math and (word in _MATH_ALONE or word in GREEK)) or word in _SYMBOLS):
            raise self._refused(f"\\{word}")

    def _take(self, pattern: re.Pattern[str], word: str) -> None:
        """Read the argument of a command; raise `Unreadable` if it does not follow."""
        match = pattern.match(self.text, self.place)
        if match is None:
            raise self._refused(f"\\{word}{self.text[self.place : self.place + 10]}")
        self.place = match.end()
