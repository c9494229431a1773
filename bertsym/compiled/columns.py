"""Arguments that are arrays: the integers of a size, checked as single sizes are, with the interval that they span."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from bertsym.arguments import size_value
from bertsym.errors import Unreadable
from bertsym.model import check_value
from bertsym.straight_line import INT64, Interval, is_fraction
from bertsym.symbols import Kind, Size
from bertsym.values import value


@value
class Column:
    """The values of one register: an integer or an array, and the interval that they span."""

    numbers: Any
    interval: Interval


def is_array(given: object) -> bool:
    """Return True for an array or a series of values, not for a single number of numpy."""
    return hasattr(given, "__array__") and getattr(given, "ndim", 1) > 0


def columns(size: Size, given: object) -> list[Column]:
    """Return the registers of a size: two for a size that may be a fraction, else one; raises `Unreadable`."""
    if not is_array(given):
        exact = Fraction(check_value(size, size_value(size, given)))
        parts: list[Any] = [exact.numerator, exact.denominator]
    else:
        parts = _parts(size, given)
    return [_column(part) for part in parts[: 2 if is_fraction(size.symbol) else 1]]


def _parts(size: Size, given: Any) -> list[Any]:
    """Return the numerators and the denominators of an array."""
    import numpy as np  # noqa: PLC0415  # an array has been given, so numpy is there

    if np.ma.is_masked(given):
        raise Unreadable(size.title, "an array with masked values", "a value for each element")
    array = np.asarray(given)
    kind = array.dtype.kind
    if kind == "O":
        exact = [Fraction(check_value(size, size_value(size, number))) for number in array.flat]
        numbers = ([number.numerator for number in exact], [number.denominator for number in exact])
        return [_narrowed(np.array(part, dtype=object).reshape(array.shape)) for part in numbers]
    if kind != ("b" if size.kind is Kind.SWITCH else "i") and not (kind == "u" and size.kind is not Kind.SWITCH):
        what = "of yes or no (dtype bool)" if size.kind is Kind.SWITCH else "of integers"
        raise Unreadable(size.title, f"an array of {array.dtype}", f"an array {what}")
    if size.kind is not Kind.SWITCH and array.size:
        check_value(size, int(array.min()))
    if kind == "u" and array.size and int(array.max()) > INT64[1]:
        return [array.astype(object), 1]
    return [array.astype(np.int64), 1]


def _narrowed(array: Any) -> Any:
    """Return an array of Python's integers as one of 64 bits, if they fit."""
    import numpy as np  # noqa: PLC0415

    fit = all(INT64[0] <= number <= INT64[1] for number in array.flat)
    return array.astype(np.int64) if fit else array


def _column(numbers: Any) -> Column:
    if isinstance(numbers, int):
        return Column(numbers, (numbers, numbers))
    return Column(numbers, (int(numbers.min()), int(numbers.max())) if numbers.size else (1, 1))
