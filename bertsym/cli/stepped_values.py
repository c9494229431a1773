"""The values of a size on the command line: from a number to another, by a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bertsym.cli import options

if TYPE_CHECKING:
    from sympy import Symbol

    from bertsym.model import Model


def stepped_values(text: str, model: Model) -> tuple[Symbol, range]:
    """Read a size of `--for` with its values, as in H=512..2048:64, by steps of 1 unless it says others.

    Raises `Unreadable`, `UnknownName` or `AmbiguousName`.
    """
    from bertsym.errors import Unreadable

    bounds, colon, step = text.partition(":")
    symbol, (low, high) = options.size_range(bounds, model, "--for")
    if low > high:
        raise Unreadable("--for", text, "a range whose second end is not smaller than the first")
    return symbol, range(low, high + 1, options.positive(step.strip(), "--for") if colon else 1)
