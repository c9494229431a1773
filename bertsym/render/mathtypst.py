"""Boxes as the mathematics of Typst, between dollar signs."""

from __future__ import annotations

from bertsym.render.boxes import (
    BESIDE,
    SPACE,
    Box,
    Braced,
    Fenced,
    Figures,
    Fraction,
    Letters,
    Lowered,
    Mark,
    Radical,
    Raised,
    Row,
    Words,
)

_FACES = {"bf": "bold", "sf": "sans", "tt": "mono", "cal": "cal", "it": "italic"}
_MARKS = {"comma": ",", "not": "not", "/": "slash", "thin": "thin", "beside": "", "space": ""}
_FENCES = {"⌊": "floor"}


def math(box: Box, *, display: bool = False) -> str:
    r"""Return an equation; one with a space inside the dollar signs is displayed.

    >>> from bertsym.render.boxes import name
    >>> print(math(name(r"d_{\mathrm{model}}")))
    $d_"model"$
    """
    space = " " if display else ""
    return f"${space}{written(box)}{space}$"


def written(box: Box) -> str:
    """Return the source of a box, whose pieces are apart: adjacent letters would be one name to Typst."""
    match box:
        case Letters():
            return _letters(box)
        case Figures(text):
            return _figures(text)
        case Mark(name):
            return _MARKS.get(name, name)
        case Words(text, code):
            return f"mono({quoted(text)})" if code else quoted(text)
        case Row(parts):
            return _row(parts)
        case Raised(base, exponent):
            return f"{_one(base)}^{_one(exponent)}"
        case Lowered(base, index):
            return f"{_one(base)}_{_one(index)}"
        case Fraction(above, below):
            return f"frac({written(above)}, {written(below)})"
        case Radical(inside):
            return f"sqrt({written(inside)})"
        case Fenced(opening, inside, closing):
            named = _FENCES.get(opening)
            return f"{named}({written(inside)})" if named else f"{opening}{written(inside)}{closing}"
        case Braced(inside, label):
            return f"underbrace({written(inside)}, {quoted(label)})"


def _figures(text: str) -> str:
    """Return a number; a string keeps its commas together."""
    return text if text.isdecimal() else quoted(text)


def _row(parts: tuple[Box, ...]) -> str:
    return " ".join(written(part) for part in parts if part not in (BESIDE, SPACE))


def quoted(text: str) -> str:
    r"""Return the text as a string of Typst.

    >>> print(quoted('a "b" #c'))
    "a \"b\" #c"
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _letters(letters: Letters) -> str:
    if len(letters.text) == 1 and letters.face == "it":
        return letters.text
    if letters.face == "rm":
        return quoted(letters.text) if len(letters.text) > 1 else f"upright({letters.text})"
    inside = letters.text if len(letters.text) == 1 else quoted(letters.text)
    return f"{_FACES[letters.face]}({inside})"


def _one(box: Box) -> str:
    """Return the box as one piece: a script, or the base of one."""
    return f"({written(box)})" if isinstance(box, Row) else written(box)
