"""The values that constraints leave of one unknown while the others are known: an interval and a residue class.

The intervals follow from one constraint at a time, as in interval constraint propagation (Davis 1987, "Constraint
Propagation with Interval Labels"); residue classes meet by the Chinese remainder theorem.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil, floor, gcd, lcm

from sympy import Symbol

from bertsym.expressions.tree import Node, Op
from bertsym.solving.constraints import Constraint
from bertsym.values import value

Exact = int | Fraction
# A quotient of two polynomials in the unknown, coefficients from the constant up.
Ratio = tuple[list[Exact], list[Exact]]


# A residue class: a divisor, and the remainder that all values have.
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
        """Return the number of values; `len` would fail beyond a machine word."""
        return max(0, (self.stop - self.start) // self.step + 1)

    def values(self) -> range:
        """Return the values."""
        return range(self.start, self.stop + 1, self.step)

    def within(self, low: int, high: int, among: Class = EVERY) -> range:
        """Return the values of a class from low to high."""
        common = both((self.step, self.start % self.step), among)
        stop = min(self.stop, high)
        if common is None:
            return range(0)
        first = max(self.start, low)
        return range(first + (common[1] - first) % common[0], stop + 1, common[0])


def both(first: Class, second: Class) -> Class | None:
    """Intersect two classes by the Chinese remainder theorem; return None if they have no number in common.

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
    """Return a lowest value, a highest value and a class that hold for every value that the constraints allow.

    The limits follow from comparisons that are linear in the unknown, and from `a*X + b % n = r`. The caller has to
    check each value against all other constraints. If no value is allowed, the lowest value is above the highest.
    """
    parts = (part for constraint in constraints for part in constraint.parts)
    return _narrow_all(parts, axis.symbol, known, (low, high, EVERY))


def _narrow_all(parts: Iterable[Node], symbol: Symbol, known: Mapping[Symbol, Exact], limits: Limits) -> Limits:
    """Narrow the limits by conditions that must all hold."""
    for part in parts:
        limits = _narrow(part, symbol, known, limits)
        if limits[0] > limits[1]:
            break
    return limits


def _narrow(condition: Node, symbol: Symbol, known: Mapping[Symbol, Exact], limits: Limits) -> Limits:
    """Narrow the limits by one condition."""
    if condition.op is Op.AND:
        return _narrow_all(condition.operands, symbol, known, limits)
    low, high, among = limits
    if condition.op is Op.OR:
        narrowed = (_narrow(part, symbol, known, limits) for part in condition.operands)
        possible = [part for part in narrowed if part[0] <= part[1]]
        if not possible:
            return low, low - 1, EVERY
        classes = {part[2] for part in possible}
        common = classes.pop() if len(classes) == 1 else among
        return min(part[0] for part in possible), max(part[1] for part in possible), common
    if condition.op is Op.EQUAL and condition.operands[0].op is Op.REMAINDER:
        residues = _class(condition, symbol, known)
        shared = None if residues is None else both(among, residues)
        if shared is None:
            return low, low - 1, EVERY
        most = _most_divisor(condition, symbol, known)
        return low, high if most is None else min(high, most), shared
    below, above = _bounds(condition, symbol, known)
    return low if below is None else max(low, below), high if above is None else min(high, above), among


def _class(comparison: Node, symbol: Symbol, known: Mapping[Symbol, Exact]) -> Class | None:
    """Return the class of the values X of `a*X + b % n = r`; None if there are none, `EVERY` if it reads otherwise."""
    remainder, right = comparison.operands
    inner, divisor, wanted = (_polynomial(tree, symbol, known) for tree in (*remainder.operands, right))
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


def _most_divisor(comparison: Node, symbol: Symbol, known: Mapping[Symbol, Exact]) -> int | None:
    """Return the largest X of `c % (a*X) = 0`; None if the comparison reads otherwise."""
    remainder, right = comparison.operands
    if right.op is not Op.NUMBER or right.number:
        return None
    whole, divisor = (_polynomial(tree, symbol, known) for tree in remainder.operands)
    if whole is None or divisor is None or len(whole) > 1 or len(divisor) != 2:
        return None
    if whole[0] <= 0 or divisor[0] or divisor[1] <= 0:
        return None
    return floor(whole[0] / divisor[1])


def _polynomial(tree: Node, symbol: Symbol, known: Mapping[Symbol, Exact]) -> list[Fraction] | None:
    """Return a tree as a polynomial in the symbol, coefficients from the constant up; None if it is none."""
    ratio = _ratio(tree, symbol, known)
    if ratio is None or any(ratio[1][1:]) or not ratio[1][0]:
        return None
    coefficients = [Fraction(c) / Fraction(ratio[1][0]) for c in ratio[0]]
    while len(coefficients) > 1 and not coefficients[-1]:
        coefficients.pop()
    return coefficients


def _bounds(comparison: Node, symbol: Symbol, known: Mapping[Symbol, Exact]) -> tuple[int | None, int | None]:
    """Return the lowest and the highest value that a linear comparison allows, each None if it bounds none."""
    relation = comparison.op
    left_side, right_side = (_ratio(side, symbol, known) for side in comparison.operands)
    if left_side is None or right_side is None or relation is Op.UNEQUAL:
        return None, None
    (left, under_left), (right, under_right) = left_side, right_side
    if not (_positive(under_left) and _positive(under_right)):
        return None, None
    difference = _add(_multiply(left, under_right), _multiply(right, under_left), sign=-1)
    while len(difference) > 1 and not difference[-1]:
        difference.pop()
    if len(difference) != 2 or not difference[1]:
        return None, None
    constant, slope = map(Fraction, difference)
    crossing = -constant / slope
    strict = relation in (Op.BELOW, Op.ABOVE)
    below = above = None
    if relation is Op.EQUAL:
        below, above = ceil(crossing), floor(crossing)
    elif (relation in (Op.BELOW, Op.AT_MOST)) == (slope > 0):
        above = ceil(crossing) - 1 if strict else floor(crossing)
    else:
        below = floor(crossing) + 1 if strict else ceil(crossing)
    return below, above


def _positive(polynomial: list[Exact]) -> bool:
    """Return True if a polynomial is above 0 at every value of at least 1."""
    return all(c >= 0 for c in polynomial) and any(polynomial)


def _ratio(tree: Node, symbol: Symbol, known: Mapping[Symbol, Exact]) -> Ratio | None:
    """Return a tree as a quotient of polynomials in the symbol; None if it is none, or another symbol is open."""
    if tree.symbol is not None:
        if tree.symbol == symbol:
            return [0, 1], [1]
        return ([known[tree.symbol]], [1]) if tree.symbol in known else None
    if not tree.operands:
        return [tree.number], [1]
    operands = [_ratio(operand, symbol, known) for operand in tree.operands]
    left, right = operands[0], operands[-1]
    if left is None or right is None:
        return None
    match tree.op:
        case Op.NEGATE:
            return [-c for c in left[0]], left[1]
        case Op.ADD | Op.SUBTRACT:
            top = _add(_multiply(left[0], right[1]), _multiply(right[0], left[1]), 1 if tree.op is Op.ADD else -1)
            return top, _multiply(left[1], right[1])
        case Op.MULTIPLY:
            return _multiply(left[0], right[0]), _multiply(left[1], right[1])
        case Op.DIVIDE:
            return _multiply(left[0], right[1]), _multiply(left[1], right[0])
        case Op.POWER:
            power: Ratio = ([1], [1])
            for _ in range(tree.operands[1].number):
                power = (_multiply(power[0], left[0]), _multiply(power[1], left[1]))
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
