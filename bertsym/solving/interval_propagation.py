"""What constraints leave of one unknown while the others are known: an interval and a step, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil, floor, gcd, lcm

from sympy import Symbol

from bertsym.solving.constraints import Comparison, Constraint, Term
from bertsym.values import value

Exact = int | Fraction
# A quotient of two polynomials in the unknown, coefficients from the constant up.
Ratio = tuple[list[Exact], list[Exact]]


# Values of that remainder at division by that divisor: (divisor, remainder).
Class = tuple[int, int]
# The lowest and the highest value, and the class that all of them lie in.
Limits = tuple[int, int, Class]
EVERY: Class = (1, 0)


@value
class Axis:
    """The values start, start + step, ... up to stop."""

    symbol: Symbol
    start: int
    stop: int
    step: int = 1

    @property
    def size(self) -> int:
        """How many values there are, be they more than a machine word counts."""
        return max(0, (self.stop - self.start) // self.step + 1)

    def values(self) -> range:
        """The values themselves."""
        return range(self.start, self.stop + 1, self.step)

    def within(self, low: int, high: int, among: Class = EVERY) -> range:
        """The values from low to high that are of a class."""
        common = both((self.step, self.start % self.step), among)
        stop = min(self.stop, high)
        if common is None:
            return range(0)
        first = max(self.start, low)
        return range(first + (common[1] - first) % common[0], stop + 1, common[0])


def both(first: Class, second: Class) -> Class | None:
    """The class of the numbers that are of both, by the Chinese remainder theorem; None where there are none.

    >>> both((4, 3), (6, 1)), both((4, 3), (6, 2))
    ((12, 7), None)
    """
    (m, a), (n, b) = first, second
    shared = gcd(m, n)
    if (b - a) % shared:
        return None
    whole = m // shared * n
    return whole, (a + m * ((b - a) // shared * pow(m // shared, -1, n // shared) % (n // shared))) % whole


def narrow(axis: Axis, constraints: Iterable[Constraint], known: Mapping[Symbol, Exact], low: int, high: int) -> Limits:
    """A lowest value, a highest value and a class that every value allowed by the constraints respects.

    Only what follows from comparisons linear in the unknown, and from `a*X + b % n == r`, is used: the rest is left to
    be checked value by value. Where nothing is allowed the lowest value is above the highest.
    """
    among = EVERY
    for constraint in constraints:
        for comparison in constraint.comparisons:
            if comparison.relation == "==" and comparison.left.operation == "%":
                own = _class(comparison, axis.symbol, known)
                common = None if own is None else both(among, own)
                if common is None:
                    return low, low - 1, EVERY
                among = common
                most = _most_divisor(comparison, axis.symbol, known)
                high = high if most is None else min(high, most)
                continue
            below, above = _bounds(comparison, axis.symbol, known)
            low = low if below is None else max(low, below)
            high = high if above is None else min(high, above)
    return low, high, among


def _class(comparison: Comparison, symbol: Symbol, known: Mapping[Symbol, Exact]) -> Class | None:
    """The values X of `a*X + b % n == r`, None where there are none; every value where it does not read so."""
    remainder = comparison.left
    if remainder.left is None or remainder.right is None:
        return EVERY
    inner = _polynomial(remainder.left, symbol, known)
    divisor, wanted = (_polynomial(term, symbol, known) for term in (remainder.right, comparison.right))
    if inner is None or divisor is None or wanted is None or len(inner) != 2 or len(divisor) > 1 or len(wanted) > 1:
        return EVERY
    scale = lcm(*(c.denominator for c in (*inner, *divisor, *wanted)))
    (constant, slope), n, r = (int(c * scale) for c in inner), int(divisor[0] * scale), int(wanted[0] * scale)
    if n <= 0:
        return EVERY
    shared = gcd(slope, n)
    if not 0 <= r < n or (r - constant) % shared:
        return None
    period = n // shared
    return period, (r - constant) // shared * pow(slope // shared, -1, period) % period


def _most_divisor(comparison: Comparison, symbol: Symbol, known: Mapping[Symbol, Exact]) -> int | None:
    """The largest X of `c % (a*X) == 0`; None where it does not read so."""
    remainder = comparison.left
    if remainder.left is None or remainder.right is None or comparison.right.operation != "number":
        return None
    whole, divisor = (_polynomial(term, symbol, known) for term in (remainder.left, remainder.right))
    if comparison.right.number or whole is None or divisor is None or len(whole) > 1 or len(divisor) != 2:
        return None
    if whole[0] <= 0 or divisor[0] or divisor[1] <= 0:
        return None
    return floor(whole[0] / divisor[1])


def _polynomial(term: Term, symbol: Symbol, known: Mapping[Symbol, Exact]) -> list[Fraction] | None:
    """A term as a polynomial in the symbol, coefficients from the constant up; None where it is none."""
    ratio = _ratio(term, symbol, known)
    if ratio is None or any(ratio[1][1:]) or not ratio[1][0]:
        return None
    found = [Fraction(c) / Fraction(ratio[1][0]) for c in ratio[0]]
    while len(found) > 1 and not found[-1]:
        found.pop()
    return found


def _bounds(comparison: Comparison, symbol: Symbol, known: Mapping[Symbol, Exact]) -> tuple[int | None, int | None]:
    sides = (_ratio(comparison.left, symbol, known), _ratio(comparison.right, symbol, known))
    if sides[0] is None or sides[1] is None or comparison.relation == "!=":
        return None, None
    (left, under_left), (right, under_right) = sides[0], sides[1]
    if not (_positive(under_left) and _positive(under_right)):
        return None, None
    difference = _add(_multiply(left, under_right), _multiply(right, under_left), sign=-1)
    while len(difference) > 1 and not difference[-1]:
        difference.pop()
    if len(difference) != 2 or not difference[1]:
        return None, None
    constant, slope = map(Fraction, difference)
    crossing = -constant / slope
    relation = comparison.relation
    below = above = None
    if relation == "==":
        below, above = ceil(crossing), floor(crossing)
    elif (relation in ("<", "<=")) == (slope > 0):
        above = ceil(crossing) - 1 if relation in ("<", ">") else floor(crossing)
    else:
        below = floor(crossing) + 1 if relation in ("<", ">") else ceil(crossing)
    return below, above


def _positive(polynomial: list[Exact]) -> bool:
    """Whether it is above 0 at every value of at least 1."""
    return all(c >= 0 for c in polynomial) and any(polynomial)


def _ratio(term: Term, symbol: Symbol, known: Mapping[Symbol, Exact]) -> Ratio | None:
    """The term as a quotient of polynomials in the symbol; None where it is none, or another symbol is open."""
    if term.symbol is not None:
        if term.symbol == symbol:
            return [0, 1], [1]
        return ([known[term.symbol]], [1]) if term.symbol in known else None
    if term.left is None or term.right is None:
        return [term.number], [1]
    left, right = _ratio(term.left, symbol, known), _ratio(term.right, symbol, known)
    if left is None or right is None:
        return None
    match term.operation:
        case "+" | "-":
            top = _add(_multiply(left[0], right[1]), _multiply(right[0], left[1]), 1 if term.operation == "+" else -1)
            return top, _multiply(left[1], right[1])
        case "*":
            return _multiply(left[0], right[0]), _multiply(left[1], right[1])
        case "/":
            return _multiply(left[0], right[1]), _multiply(left[1], right[0])
        case "**":
            top, under = left
            power: Ratio = ([1], [1])
            for _ in range(term.right.number):
                power = (_multiply(power[0], top), _multiply(power[1], under))
            return power
    return None


def _multiply(first: list[Exact], second: list[Exact]) -> list[Exact]:
    if len(first) == 1 and len(second) == 1:
        return [first[0] * second[0]]
    result: list[Exact] = [0] * (len(first) + len(second) - 1)
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            result[i + j] += a * b
    return result


def _add(first: list[Exact], second: list[Exact], sign: int) -> list[Exact]:
    length = max(len(first), len(second))
    padded = [[*side, *[0] * (length - len(side))] for side in (first, second)]
    return [a + sign * b for a, b in zip(*padded, strict=True)]
