"""The cells of a table on paper: each as TeX, with the widths that decide how the table is laid out."""

from __future__ import annotations

import re

from bertsym.document import Citation, Code, Count, Decimal, Inline, Rounded, Scaled, Share
from bertsym.formulas.tree import Form, Name, Number
from bertsym.render import mathtex, words
from bertsym.render.metrics import Face
from bertsym.render.metrics import words as set_width
from bertsym.render.sheet import Sheet
from bertsym.render.tex_prose import prose
from bertsym.values import value

_MARKS = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
_OPERATORS = ("+", "-", "=", r"\times", r"\cdot", r"\geq", r"\leq", r"\neq", r"\land", r"\lor", "<", ">")
_BREAKS = ("+", "-", "=", r"\times")
_HELD = ("(", "[", r"\lfloor")
_OPENING = (*_HELD, "{", r"\left")
_CLOSING = (")", "]", r"\rfloor", "}", r"\right")
_NAME_PIECES = re.compile(r"[^._/]+[._/]?|[._/]")
LONG_WORD = 12
"""The letters of a word of prose in which no line ends, such as `e.g.` or `and/or`."""

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
        """Return the number of lines that the cell fills in a column of that width; a width of 0 is enough for it."""
        if not width or not self.tex:
            return 1
        if not self.math:
            return _filled(self.pieces, width)
        count, line = 1, ""
        for piece in self.math:
            longer = f"{line} {piece}".lstrip()
            fits = _line_width(longer, face) <= width
            count, line = (count, longer) if fits or not line else (count + 1, piece)
        return count


def _line_width(math: str, face: Face) -> int:
    """Return the width of a line of a formula; an operator at its end keeps the space before it."""
    from bertsym.render.mathwidth import formula  # noqa: PLC0415  # only a column pays for measuring

    return formula(f"{math} {{}}" if math.endswith(_BREAKS) else math, face, display=False)


def _filled(pieces: tuple[int, ...], width: int) -> int:
    """Return the number of lines that pieces of text fill; the blanks between them count nothing."""
    count, line = 1, 0
    for piece in pieces:
        count, line = (count, line + piece) if line + piece <= width or not line else (count + 1, piece)
    return count


def inline(part: Inline, sheet: Sheet, *, breakable: bool = False) -> str:
    """Return one piece of text or a table cell.

    If it is breakable, a line may end after a dot or an underscore of a name of code, or of a word that is wider than
    half the column.
    """
    match part:
        case str():
            return _with_long_words(part, sheet) if breakable and sheet.column else prose(part, sheet.encoding)
        case Code(text):
            shown = prose(text, sheet.encoding)
            return rf"\texttt{{{_breakable(shown) if breakable else shown}}}"
        case Citation(key):
            return rf"~\cite{{{key}}}"
        case Count() | Decimal() | Rounded() | Scaled() | Share():
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
    from bertsym.render.mathwidth import formula  # noqa: PLC0415  # only a column pays for measuring

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
            pieces = tuple(set_width(piece, face, typewriter=True) for piece in _NAME_PIECES.findall(text))
            wrapped = rf"\raggedright {inline(part, sheet, breakable=True)}"
            return Cell(tex, wrapped, set_width(text, face, typewriter=True), pieces)
        case str():
            return _text(words.inline(part), tex, sheet, face)
        case Count() | Decimal() | Rounded() | Scaled() | Share():
            width = figure_width(words.inline(part), face)
            return Cell(tex, tex, width, (width,))
        case _:
            return _formula(mathtex.inline(part, sheet.notation, sheet.encoding), tex, face)


def _unbroken(group: str) -> str:
    """Return a group in which no line ends behind an operator."""
    for sign in _OPERATORS:
        group = group.replace(f" {sign} ", rf" {sign}\nobreak ")
    return group


def _text(text: str, tex: str, sheet: Sheet, face: Face) -> Cell:
    """Return words; a line may end at a blank, behind a hyphen, and in a long word behind a dot as in names of code."""
    pieces: list[int] = []
    wrapped = []
    for word in text.split(" "):
        cuts = [
            part
            for piece in re.findall(r"[^-]+-?|-", word)
            for part in (_NAME_PIECES.findall(piece) if len(piece) > LONG_WORD else [piece])
        ]
        pieces += (set_width(piece, face) for piece in cuts)
        shown = prose(word, sheet.encoding)
        wrapped.append(_breakable(shown) if len(word) > LONG_WORD else shown)
    return Cell(tex, rf"\raggedright {' '.join(wrapped)}", set_width(text, face), tuple(pieces))


def _with_long_words(text: str, sheet: Sheet) -> str:
    """Return words of running text; a name such as `text_config.hidden_size` in them may be broken if it is long."""
    if sheet.column is None or len(text) <= LONG_WORD:
        return prose(text, sheet.encoding)
    half, face = sheet.column.width // 2, sheet.column.face
    pieces = []
    for word in text.split(" "):
        shown = prose(word, sheet.encoding)
        long = len(word) > LONG_WORD and set_width(word, face) > half
        pieces.append(_breakable(shown) if long else shown)
    return " ".join(pieces)


def _breakable(name: str) -> str:
    r"""Return the TeX of a name in which a line may end behind a dot, an underscore or a slash.

    >>> print(_breakable(r"a.b\_c.{\.z}"))
    a.\allowbreak{}b\_\allowbreak{}c.\allowbreak{}{\.z}
    """
    return re.sub(r"((?<!\\)\.|\\_|/)(?=.)", r"\1\\allowbreak{}", name)


def _formula(math: str, tex: str, face: Face) -> Cell:
    """Return a formula, whose lines may end between terms but not within parentheses."""
    from bertsym.render.mathwidth import formula  # noqa: PLC0415  # only a column pays for measuring

    pieces, held = _terms(math)
    widths = tuple(_line_width(piece, face) for piece in pieces)
    return Cell(tex, rf"\raggedright ${held}$", formula(math, face, display=False), widths, pieces)


def _terms(math: str) -> tuple[tuple[str, ...], str]:
    r"""Return the pieces between which a line may end, and the formula with braces around all else where TeX breaks.

    >>> print(*_terms("2rLH^2 + (r + 3)LH"), sep="; ")
    ('2rLH^2 +', '(r + 3)LH'); 2rLH^2 + {(r + 3)}LH
    """
    pieces, held, group = [""], "", ""
    depth = 0
    marks = _MARKS.findall(math)
    for before, mark in zip(["", *marks], marks, strict=False):
        if depth == 0 and mark == " " and before in _BREAKS:
            pieces.append("")
            held += mark
            continue
        depth += (mark in _OPENING) - (mark in _CLOSING)
        pieces[-1] += mark
        group += mark
        if depth == 0:
            inside = group.startswith(_HELD) and any(f" {sign} " in group for sign in _OPERATORS)
            named = held.endswith((r"\max", r"\min"))  # braces behind a name would part it from its parenthesis
            held += _unbroken(group) if inside and named else f"{{{group}}}" if inside else group
            group = ""
    return tuple(pieces), held
