"""Boxes as MathML, which browsers set without a script."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from html import escape

from bertsym.render.boxes import (
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

_OPERATORS = {
    "-": "−",
    "dot": "⋅",
    "times": "×",
    "approx": "≈",
    "!=": "≠",
    ">=": "≥",
    "<=": "≤",
    "and": "∧",
    "or": "∨",
    "not": "¬",
    "partial": "∂",
}
# Invisible characters, which a terminal would show escaped.
_TIMES, _APPLIED = "&#8290;", "&#8289;"
_FUNCTIONS = ("min", "max")
_STYLES = {"bf": "font-weight:bold", "sf": "font-family:sans-serif", "tt": "font-family:monospace"}


def math(box: Box, *, display: bool = False) -> str:
    """Return a `<math>` element.

    >>> from bertsym.render.boxes import Figures, Letters, Raised
    >>> print(math(Raised(Letters("H", "it"), Figures("2"))))
    <math><msup><mi>H</mi><mn>2</mn></msup></math>
    """
    block = ' display="block"' if display else ""
    return f"<math{block}>{_begun(box)}</math>"


def table(rows: Iterable[Iterable[tuple[Box, str]]]) -> str:
    """Return a displayed `<math>` element of lines whose cells stand to their sides, left or right."""
    lines = ("".join(f'<mtd style="text-align:{side}">{_begun(box)}</mtd>' for box, side in cells) for cells in rows)
    body = "".join(f"<mtr>{line}</mtr>" for line in lines)
    return f'<math display="block"><mtable>{body}</mtable></math>'


def _begun(box: Box) -> str:
    """Write a box that begins an element: a plus there goes on with a sum, so it has the spaces of a sum."""
    written = _written(box)
    return f'<mo form="infix">{written.removeprefix("<mo>")}' if written.startswith("<mo>+</mo>") else written


def _written(box: Box) -> str:
    match box:
        case Letters():
            return _letters(box)
        case Figures(text):
            return f"<mn>{escape(text)}</mn>"
        case Mark(name):
            return _mark(name)
        case Words(text, code):
            return f"<mtext{_style(_STYLES['tt'] if code else '')}>{escape(text)}</mtext>"
        case Row(parts):
            return _row(parts)
        case Raised() | Lowered():
            return _script(box)
        case Fraction(above, below):
            return f"<mfrac>{_one(above)}{_one(below)}</mfrac>"
        case Radical(inside):
            return f"<msqrt>{_written(inside)}</msqrt>"
        case Fenced(opening, inside, closing):
            return f"<mrow><mo>{escape(opening)}</mo>{_written(inside)}<mo>{escape(closing)}</mo></mrow>"
        case Braced(inside, label):
            brace = f"<munder>{_one(inside)}<mo>\u23df</mo></munder>"
            return f"<munder>{brace}<mtext>{escape(label)}</mtext></munder>"


def _mark(name: str) -> str:
    if name == "thin":
        return '<mspace width="0.167em"/>'
    if name == "space":
        return '<mspace width="0.333em"/>'
    if name == "comma":
        return '<mo separator="true">,</mo>'
    if name == "beside":
        return f"<mo>{_TIMES}</mo>"
    if name in _FUNCTIONS:
        return f"<mi>{name}</mi><mo>{_APPLIED}</mo>"
    return f"<mo>{escape(_OPERATORS.get(name, name))}</mo>"


def _script(box: Raised | Lowered) -> str:
    """Return a base with its index and its exponent, one above the other."""
    match box:
        case Raised(Lowered(base, index), exponent):
            return f"<msubsup>{_one(base)}{_one(index)}{_one(exponent)}</msubsup>"
        case Raised(base, exponent):
            return f"<msup>{_one(base)}{_one(exponent)}</msup>"
        case Lowered(base, index):
            return f"<msub>{_one(base)}{_one(index)}</msub>"


def _row(parts: Iterable[Box]) -> str:
    """Return boxes side by side, with the thin space of TeX between a factor and the name of a function."""
    before: Box | None = None
    pieces = []
    for part in parts:
        if before == Mark("beside") and isinstance(part, Mark) and part.name in _FUNCTIONS:
            pieces.append(_mark("thin"))
        pieces.append(_written(part))
        before = part
    return "".join(pieces)


def _one(box: Box) -> str:
    """Return the box as one element."""
    written = _written(box)
    return f"<mrow>{written}</mrow>" if isinstance(box, Row) or not written else written


def _letters(letters: Letters) -> str:
    """Return a name; a browser sets one letter in italics and several upright, unless a style says otherwise."""
    text, style = letters.text, _STYLES.get(letters.face, "")
    if letters.face == "cal":
        text = "".join(map(_calligraphic, text))
    if len(text) == 1 and letters.face == "rm":
        return f'<mi mathvariant="normal">{escape(text)}</mi>'
    if len(text) > 1 and letters.face == "it" and not style:
        style = "font-style:italic"
    return f"<mi{_style(style)}>{escape(text)}</mi>"


def _style(style: str) -> str:
    return f' style="{style}"' if style else ""


def _calligraphic(letter: str) -> str:
    for name in (f"SCRIPT CAPITAL {letter}", f"MATHEMATICAL SCRIPT CAPITAL {letter}"):
        try:
            return unicodedata.lookup(name)
        except KeyError:
            continue
    return letter
