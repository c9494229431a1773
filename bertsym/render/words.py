"""Pieces of a document as characters, for terminals and comments."""

from __future__ import annotations

from bertsym.document import (
    Citation,
    Code,
    Count,
    Decimal,
    Equal,
    Inline,
    Matrix,
    Numeral,
    Rounded,
    Scaled,
    Shape,
    Share,
    Sizes,
)
from bertsym.errors import printable
from bertsym.formulas.tree import Sum
from bertsym.quantities import decimal, percent
from bertsym.wording import pretty

SCALAR = "scalar"  # a tensor without sides


def inline(part: Inline) -> str:
    """Return one piece of text or a table cell, control characters made visible."""
    return printable(_written(part))


def minus(number: str) -> str:
    """Return a number with a minus sign for its hyphen, as formulas have it."""
    return number.replace("-", "−")


def _written(part: Inline) -> str:
    match part:
        case str():
            return part
        case Code(text):
            return text
        case Citation():
            return ""
        case _ if isinstance(part, Numeral):
            return minus(_figure(part))
        case Shape(()):
            return SCALAR
        case Shape(sides):
            return " × ".join(f"({pretty(side)})" if isinstance(side, Sum) else pretty(side) for side in sides)
        case Sizes(values):
            return ", ".join(f"{symbol} = {size(value)}" for symbol, value in values.items())
        case Matrix(below):
            return f"W_{below.replace(',', '_')}" if below else "W"
        case Equal(left, right):
            return f"{pretty(left)} = {pretty(right)}"
        case _:
            return pretty(part)


def _figure(part: Numeral) -> str:
    match part:
        case Count(value, short, unit):
            return f"{value:,}" + (f" ({unit.rounded(value)})" if short else "")
        case Rounded():
            return part.text
        case Scaled():
            return f"{part.number} {part.symbol}".rstrip()
        case Share(value, places):
            return percent(value, places)
        case Decimal(value, places):
            return decimal(value, places)


def size(value: object) -> str:
    """Return the value of a size as text; a switch is yes or no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
