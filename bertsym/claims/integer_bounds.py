"""Up to two unknown sizes from rows of inequalities, exactly: intervals of integers, or one combination of the two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import gcd

from sympy import Symbol

from bertsym.bisection import find_boundary
from bertsym.formulas.monomial_order import Terms
from bertsym.values import value

# The largest size that is considered: a search by bisection needs an end.
MAX_SIZE = 10**9
FARTHEST = 20_000


@value
class Bound:
    """low <= polynomial <= high, for integers."""

    terms: Terms
    low: int
    high: int


@value
class Interval:
    """The integers that an unknown, or a sum of multiples of two of them, may have; `weights` say which sum."""

    weights: Mapping[Symbol, int]
    low: int
    high: int


def solve(bounds: Sequence[Bound], unknowns: Sequence[Symbol]) -> tuple[Interval, ...] | None:
    """Return the intervals of the unknowns, or None if no value fits all rows.

    One interval for a sum of two unknowns means that the rows cannot tell them apart. Raises `Entangled` if two
    unknowns multiply, or if one stands inside a condition or a rounding.
    """
    if any(base not in unknowns for bound in bounds for monomial in bound.terms for base, _ in monomial):
        raise Entangled
    if not unknowns:
        fits = all(b.low <= b.terms.get((), Fraction(0)) <= b.high for b in bounds)
        return () if fits else None
    if len(unknowns) == 1:
        interval = _interval(bounds, unknowns[0])
        return None if interval is None else (Interval({unknowns[0]: 1}, *interval),)
    return _two(bounds, unknowns[0], unknowns[1])


class Entangled(Exception):
    """Unknowns that multiply each other or stand inside a condition: the rows are no strips of a plane."""


def at(terms: Terms, unknown: Symbol, number: int) -> Fraction:
    """Evaluate a polynomial in one unknown."""
    total = Fraction(0)
    for monomial, coefficient in terms.items():
        power = dict(monomial).get(unknown, 0)
        total += coefficient * Fraction(number) ** power
    return total


def _interval(bounds: Sequence[Bound], unknown: Symbol) -> tuple[int, int] | None:
    """Return the integers that fit every row; bisection is exact because a count grows with each size."""
    low, high = 1, MAX_SIZE
    for bound in bounds:
        least, most = _fitting(bound, unknown)
        low, high = max(low, least), min(high, most)
        if low > high:
            return None
    return low, high


def _fitting(bound: Bound, unknown: Symbol) -> tuple[int, int]:
    """Return the integers that fit one row, by division if the polynomial is linear."""
    line = {((unknown, 1),), ()}
    slope, constant = bound.terms.get(((unknown, 1),), Fraction(0)), bound.terms.get((), Fraction(0))
    if set(bound.terms) <= line:
        if not slope:
            return (1, MAX_SIZE) if bound.low <= constant <= bound.high else (1, 0)
        least, most = (bound.low - constant) / slope, (bound.high - constant) / slope
        return max(1, -(-least.numerator // least.denominator)), min(MAX_SIZE, most.numerator // most.denominator)
    return (
        _first(lambda number: at(bound.terms, unknown, number) >= bound.low),
        _first(lambda number: at(bound.terms, unknown, number) > bound.high) - 1,
    )


def _first(test: Callable[[int], bool]) -> int:
    """Return the least integer from 1 at which a monotone test holds; the largest plus one if it never does."""
    least, _ = find_boundary(MAX_SIZE + 1, 0, test)
    return least


def _two(bounds: Sequence[Bound], first: Symbol, second: Symbol) -> tuple[Interval, ...] | None:
    strips = [_strip(bound, first, second) for bound in bounds]
    ratios = {(a / b if b else None) for a, b, _, _ in strips if a or b}
    if len(ratios) == 1:
        return _combined(strips, first, second)
    region = _clip(strips)
    if not region:
        return None
    firsts, seconds = [x for x, _ in region], [y for _, y in region]
    first_range = _ends(lambda u: _feasible(strips, u), min(firsts), max(firsts))
    if first_range is None:
        return None
    swapped = [(b, a, low, high) for a, b, low, high in strips]
    second_range = _ends(lambda u: _feasible(swapped, u), min(seconds), max(seconds))
    return None if second_range is None else (Interval({first: 1}, *first_range), Interval({second: 1}, *second_range))


_Strip = tuple[Fraction, Fraction, Fraction, Fraction]
_Point = tuple[Fraction, Fraction]


def _strip(bound: Bound, first: Symbol, second: Symbol) -> _Strip:
    """Return the bounds of a * first + b * second."""
    slopes = {first: Fraction(0), second: Fraction(0)}
    constant = Fraction(0)
    for monomial, coefficient in bound.terms.items():
        if not monomial:
            constant += coefficient
        elif len(monomial) == 1 and monomial[0][1] == 1:
            slopes[monomial[0][0]] += coefficient
        else:
            raise Entangled
    return (slopes[first], slopes[second], bound.low - constant, bound.high - constant)


def _combined(strips: Sequence[_Strip], first: Symbol, second: Symbol) -> tuple[Interval, ...] | None:
    """Return one bound if all strips are parallel, because then only one sum of multiples is determined."""
    a, b = next((a, b) for a, b, _, _ in strips if a or b)
    scale = Fraction(gcd((a * b.denominator).numerator, (b * a.denominator).numerator), a.denominator * b.denominator)
    unit = scale or Fraction(1)
    low, high = Fraction(1), Fraction(MAX_SIZE)
    for left, right, least, most in strips:
        times = (left / a if a else right / b) * unit
        if times:
            low, high = max(low, least / times), min(high, most / times)
        elif least > 0 or most < 0:
            return None
    bottom, top = -(-low.numerator // low.denominator), high.numerator // high.denominator
    return (Interval({first: int(a / unit), second: int(b / unit)}, bottom, top),) if bottom <= top else None


def _clip(strips: Sequence[_Strip]) -> list[_Point]:
    """Return the corners of the region that lies in every strip, between 1 and the largest size."""
    low_end, high_end = Fraction(1), Fraction(MAX_SIZE)
    region = [(low_end, low_end), (high_end, low_end), (high_end, high_end), (low_end, high_end)]
    for a, b, low, high in strips:
        region = _half(region, a, b, low)
        region = _half(region, -a, -b, -high)
    return region


def _half(region: list[_Point], a: Fraction, b: Fraction, least: Fraction) -> list[_Point]:
    """Return the part of a convex region in which a x + b y >= least."""
    corners: list[_Point] = []
    for index, (x, y) in enumerate(region):
        here = a * x + b * y - least
        px, py = region[index - 1]
        before = a * px + b * py - least
        if (here > 0 > before) or (here < 0 < before):
            share = before / (before - here)
            corners.append((px + share * (x - px), py + share * (y - py)))
        if here >= 0:
            corners.append((x, y))
    return corners


def _feasible(strips: Sequence[_Strip], number: int) -> bool:
    """Return True if some integer for the second unknown fits this one for the first."""
    low, high = Fraction(1), Fraction(MAX_SIZE)
    for a, b, least, most in strips:
        if b:
            low, high = max(low, (least - a * number) / b), min(high, (most - a * number) / b)
        elif not least <= a * number <= most:
            return False
    return -(-low.numerator // low.denominator) <= high.numerator // high.denominator


def _ends(test: Callable[[int], bool], low: Fraction, high: Fraction) -> tuple[int, int] | None:
    """Return the first and the last integer that pass, searched from both ends of the region."""
    bottom, top = -(-low.numerator // low.denominator), high.numerator // high.denominator
    first = next((n for n in range(bottom, min(top, bottom + FARTHEST) + 1) if test(n)), None)
    last = next((n for n in range(top, max(bottom, top - FARTHEST) - 1, -1) if test(n)), None)
    return None if first is None or last is None else (first, last)
