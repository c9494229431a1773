"""The cells of a table on paper: each as TeX, with the widths that decide how the table is laid out."""

from __future__ import annotations

import re

from bertsym.document import Citation, Code, Inline, Numeral
from bertsym.formulas.tree import Form, Name, Number
from bertsym.render import mathtex, words
from bertsym.render.mathwidth import formula
from bertsym.render.metrics import Face
from bertsym.render.metrics import words as set_width
from bertsym.render.sheet import Sheet
from bertsym.render.tex_prose import prose
from bertsym.values import value

MARKS = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
OPERATORS = ("+", "-", "=", r"\times", r"\cdot", r"\geq", r"\leq", r"\neq", r"\land", r"\lor", "<", ">")
_BREAKS = ("+", "-", "=", r"\times")
_HELD = ("(", "[", r"\lfloor")
_OPENING = (*_HELD, "{", r"\left")
_CLOSING = (")", "]", r"\rfloor", "}", r"\right")
_NAME_PIECES = re.compile(r"[^._/]+[._/]?|[._/]")
LONG_WORD = 12
"""The most letters of a word of prose in which no line ends, such as `e.g.` or `and/or`."""
LONG_CLASS = 24
"""The most letters of a word in which no line ends before a capital; names of classes may be longer."""
_CAPITALS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_BEFORE_UNIT = re.compile(r"(?<=\d) ?(?=[A-Za-z])")


@value
class Cell:
    """A cell: its TeX on one line and as a paragraph, its width on one line, and the widths of its pieces.

    Nothing breaks within a piece. `math` is the formula in it, if it is one.
    """

    tex: str
    wrapped: str = ""
    natural: int = 0
    pieces: tuple[int, ...] = ()
    math: tuple[str, ...] = ()

    @property
    def least(self) -> int:
        """Return the width of the widest piece."""
        return max(self.pieces, default=0)

    def lines(self, width: int, face: Face) -> int:
        """Return the number of lines that the cell fills in a column of that width; 0 stands for its own width."""
        if not width or not self.tex:
            return 1
        if not self.math:
            return _filled(self.pieces, width)
        count, line = 1, ""
        for piece in self.math:
            longer = f"{line} {piece}".lstrip()
            fits = line_width(longer, face) <= width
            count, line = (count, longer) if fits or not line else (count + 1, piece)
        return count


def line_width(math: str, face: Face) -> int:
    """Return the width of a line of a formula; an operator at its end keeps the space before it."""
    return formula(f"{math} {{}}" if math.endswith(_BREAKS) else math, face, display=False)


def _filled(pieces: tuple[int, ...], width: int) -> int:
    """Return the number of lines that pieces of text fill; the blanks between them count nothing."""
    count, line = 1, 0
    for piece in pieces:
        count, line = (count, line + piece) if line + piece <= width or not line else (count + 1, piece)
    return count


def inline(part: Inline, sheet: Sheet, *, breakable: bool = False) -> str:
    """Return one piece of text or a table cell.

    If it is breakable, a line may end after a dot or an underscore of a name of code, or within a long word.
    """
    match part:
        case str():
            return _breakable_words(part, sheet) if breakable else prose(part, sheet.encoding)
        case Code(text):
            return rf"\texttt{{{_breakable(name_pieces(text), sheet) if breakable else prose(text, sheet.encoding)}}}"
        case Citation(key):
            return rf"~\cite{{{key}}}"
        case _ if isinstance(part, Numeral):
            return figure(words.inline(part))
        case _:
            return f"${mathtex.inline(part, sheet.notation, sheet.encoding)}$"


def figure(number: str) -> str:
    r"""Return a number as text, in the font around it, with a minus sign of mathematics.

    >>> print(figure("−1,536"), figure("−0.01%"), figure("109.5 M"))
    $-$1,536 $-$0.01\% 109.5\,M
    """
    return _BEFORE_UNIT.sub(r"\\,", number).replace("%", r"\%").replace("−", "$-$")


def figure_width(number: str, face: Face) -> int:
    """Return the width of a number in text."""
    plain = _BEFORE_UNIT.sub(" ", number).replace("−", "")
    return set_width(plain, face) + number.count("−") * formula("-", face, display=False)


def is_formula(part: Inline) -> bool:
    """Return True for a formula that may be broken over lines."""
    return isinstance(part, Form) and not isinstance(part, Name | Number)


def cell(part: Inline, sheet: Sheet, face: Face | None) -> Cell:
    """Return a cell, measured if there is a face."""
    if part == "":
        return Cell("")
    tex = inline(part, sheet)
    if face is None:
        return Cell(tex)
    match part:
        case Code():
            text = words.inline(part)
            pieces = tuple(set_width(piece, face, typewriter=True) for piece in name_pieces(text))
            wrapped = rf"\raggedright {inline(part, sheet, breakable=True)}"
            return Cell(tex, wrapped, set_width(text, face, typewriter=True), pieces)
        case str():
            return _text(words.inline(part), tex, sheet, face)
        case _ if isinstance(part, Numeral):
            width = figure_width(words.inline(part), face)
            return Cell(tex, tex, width, (width,))
        case _:
            return _formula(mathtex.inline(part, sheet.notation, sheet.encoding), tex, face)


def _unbroken(group: str) -> str:
    """Return a group in which no line ends behind an operator."""
    for sign in OPERATORS:
        group = group.replace(f" {sign} ", rf" {sign}\nobreak ")
    return group


def _text(text: str, tex: str, sheet: Sheet, face: Face) -> Cell:
    """Return words; a line may end at a blank, behind a hyphen, and in a long word behind a dot as in names of code."""
    pieces = tuple(set_width(piece, face) for word in text.split(" ") for piece in word_pieces(word))
    return Cell(tex, rf"\raggedright {_breakable_words(text, sheet)}", set_width(text, face), pieces)


def word_pieces(word: str) -> list[str]:
    """Return the pieces of a word between which a line may end."""
    cuts = re.findall(r"[^-]+-?|-", word)
    return [part for cut in cuts for part in (_long_pieces(cut) if len(cut) > LONG_WORD else [cut])]


def _long_pieces(word: str) -> list[str]:
    """Return the pieces of a word without its hyphens, which TeX knows.

    >>> _long_pieces("FastSpeech2ConformerWithHifiGan")
    ['Fast', 'Speech2', 'Conformer', 'With', 'Hifi', 'Gan']
    """
    return [
        part for piece in name_pieces(word) for part in (_CAPITALS.split(piece) if len(piece) > LONG_CLASS else [piece])
    ]


def name_pieces(name: str) -> list[str]:
    """Return the pieces of a name of code between which a line may end."""
    return _NAME_PIECES.findall(name)


def _breakable_words(text: str, sheet: Sheet) -> str:
    """Return the TeX of words; a line may end in a long one as in a name of code."""
    return " ".join(
        _breakable(_long_pieces(word), sheet) if len(word) > LONG_WORD else prose(word, sheet.encoding)
        for word in text.split(" ")
    )


def _breakable(pieces: list[str], sheet: Sheet) -> str:
    r"""Return the TeX of a word, behind each of whose pieces a line may end.

    >>> print(_breakable(["norm_", "1.", "w"], Sheet()))
    norm\_\allowbreak{}1.\allowbreak{}w
    """
    return "\\allowbreak{}".join(prose(piece, sheet.encoding) for piece in pieces)


def _formula(math: str, tex: str, face: Face) -> Cell:
    """Return a formula, whose lines may end between terms but not within parentheses."""
    pieces, held = _terms(math)
    widths = tuple(line_width(piece, face) for piece in pieces)
    return Cell(tex, rf"\raggedright ${held}$", formula(math, face, display=False), widths, pieces)


def _terms(math: str) -> tuple[tuple[str, ...], str]:
    r"""Return the pieces between which a line may end, and the formula with braces around all else where TeX breaks.

    >>> print(*_terms("2rLH^2 + (r + 3)LH"), sep="; ")
    ('2rLH^2 +', '(r + 3)LH'); 2rLH^2 + {(r + 3)}LH
    """
    pieces, held, group = [""], "", ""
    depth = 0
    marks = MARKS.findall(math)
    for before, mark in zip(["", *marks], marks, strict=False):
        if depth == 0 and mark == " " and before in _BREAKS:
            pieces.append("")
            held += mark
            continue
        depth += (mark in _OPENING) - (mark in _CLOSING)
        pieces[-1] += mark
        group += mark
        if depth == 0:
            inside = group.startswith(_HELD) and any(f" {sign} " in group for sign in OPERATORS)
            named = held.endswith((r"\max", r"\min"))  # braces behind a name would part it from its parenthesis
            held += _unbroken(group) if inside and named else f"{{{group}}}" if inside else group
            group = ""
    return tuple(pieces), held
