"""Numbers as TeX that is the same in text and in mathematics, and takes the font around it; and their digits alone."""

from __future__ import annotations

import re

from bertsym.document import Count, Inline, Rounded, Share
from bertsym.formulas.tree import Number
from bertsym.quantities import decimal, decimal_places


def grouped(value: int) -> str:
    """Return an integer with its thousands apart: 109{,}482{,}240."""
    return f"{value:,}".replace(",", "{,}")


def text(part: Inline) -> str | None:
    r"""Return the TeX of a number, for text and mathematics; None for a negative number or another piece.

    A box keeps the unit upright in mathematics.

    >>> print(text(Count(109482240)), text(Rounded(109482240)))
    109{,}482{,}240 109.48\,\mbox{M}
    """
    match part:
        case Count(value, short=False) if value >= 0:
            return grouped(value)
        case Rounded(value) if value >= 0:
            number, unit = parted(part.text)
            return rf"{number}\,\mbox{{{unit}}}" if unit else number
        case Share(share, places) if share >= 0:
            return rf"{decimal(share * 100, places)}\%"
        case Number(value) if value >= 0:
            end = decimal_places(value)
            if end is None:
                return f"{grouped(value.numerator)}/{grouped(value.denominator)}"
            whole, point, after = decimal(value, end).partition(".")
            return grouped(int(whole)) + point + after
        case _:
            return None


def digits(part: Inline) -> str | None:
    """Return a number as digits and a point alone; None if it has a unit or no end.

    >>> print(digits(Count(109482240)), digits(Rounded(109482240)))
    109482240 None
    """
    match part:
        case Count(value):
            return str(value)
        case Share(share, places):
            return decimal(share * 100, places)
        case Number(value):
            end = decimal_places(value)
            return None if end is None else decimal(value, end)
        case _:
            return None


def parted(number: str) -> tuple[str, str]:
    """Return the digits and the unit of a rounded number.

    >>> parted("109.48M"), parted("96.64 GFLOPs"), parted("1{,}024")
    (('109.48', 'M'), ('96.64', 'GFLOPs'), ('1{,}024', ''))
    """
    digits = re.match(r"[^A-Za-z]*", number)
    end = digits.end() if digits else 0
    return number[:end].rstrip(), number[end:]
