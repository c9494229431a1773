"""Counts as plain polynomials over chosen unknowns: exact Python numbers, a thousand times quicker than sympy.

A count with an open condition, such as [E != H], is a sum of polynomials, each of which counts if its conditions hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor, isqrt, lcm

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson, atom, free, monomials
from bertsym.bisection import find_boundary
from bertsym.errors import BertsymError
from bertsym.values import value

Exact = int | Fraction
Terms = dict[tuple[int, ...], Exact]
# From where, to where, and the coefficients there.
Piece = tuple[int, int, list[Exact]]


@value
class DoesNotGrow(BertsymError):
    """A count that becomes smaller at some value of an unknown, so that it cannot be inverted."""

    unknown: str

    def __str__(self) -> str:
        return f"the count does not always grow with {self.unknown}, so it cannot be solved for it"


@value
class NotPolynomial(BertsymError):
    """A count that rounds an unknown down or divides by it."""

    unknowns: tuple[str, ...]

    def __str__(self) -> str:
        return f"the count is no polynomial in {', '.join(self.unknowns)}, so it cannot be solved for that"


class Polynomial:
    """Coefficients by exponents of the unknowns, in the order of `unknowns`; a search makes millions, hence slots."""

    __slots__ = ("terms", "unknowns")

    def __init__(self, unknowns: tuple[Symbol, ...], terms: Mapping[tuple[int, ...], Exact]) -> None:
        self.unknowns = unknowns
        self.terms = terms

    def at(self, number: Exact) -> Polynomial:
        """Put a number in for the first unknown."""
        terms: Terms = {}
        powers: dict[int, Exact] = {0: 1, 1: number}
        for exponents, coefficient in self.terms.items():
            power = exponents[0]
            if power not in powers:
                powers[power] = number**power if power > 0 else Fraction(number) ** power
            rest = exponents[1:]
            terms[rest] = terms.get(rest, 0) + coefficient * powers[power]
        return Polynomial(self.unknowns[1:], terms)

    def coefficients(self) -> list[Exact]:
        """Return the coefficients of a polynomial in one unknown, from the constant up; raises `DoesNotGrow`."""
        coefficients: list[Exact] = [0] * (1 + max((e[0] for e in self.terms), default=0))
        for exponents, coefficient in self.terms.items():
            if exponents[0] < 0 or (exponents[0] and coefficient < 0):
                raise DoesNotGrow(str(self.unknowns[0]))
            coefficients[exponents[0]] += coefficient
        while len(coefficients) > 1 and not coefficients[-1]:
            coefficients.pop()
        return coefficients

    @property
    def constant(self) -> Exact:
        """Return the value of a polynomial without unknowns."""
        return sum(self.terms.values(), start=0)


class Piecewise:
    """A sum of polynomials, each of which counts if all of its conditions hold."""

    __slots__ = ("parts", "unknowns")

    def __init__(self, unknowns: tuple[Symbol, ...], parts: tuple[tuple[tuple[Boolean, ...], Polynomial], ...]) -> None:
        self.unknowns = unknowns
        self.parts = parts

    def at(self, number: Exact) -> Piecewise:
        """Put a number in for the first unknown; conditions that it decides disappear."""
        rest = self.unknowns[1:]
        if len(self.parts) == 1 and not self.parts[0][0]:
            return Piecewise(rest, (((), self.parts[0][1].at(number)),))
        merged: dict[tuple[Boolean, ...], Polynomial] = {}
        for conditions, polynomial in self.parts:
            decided = [condition.xreplace({self.unknowns[0]: atom(number)}) for condition in conditions]
            if sympy.false in decided:
                continue
            still_open = tuple(condition for condition in decided if condition is not sympy.true)
            put_in = polynomial.at(number)
            merged[still_open] = _added(merged[still_open], put_in) if still_open in merged else put_in
        return Piecewise(rest, tuple(merged.items()))

    @property
    def conditional(self) -> bool:
        """Return True if a condition is still open."""
        return any(conditions for conditions, _ in self.parts)

    @property
    def constant(self) -> Exact:
        """Return the value of a count without unknowns."""
        return sum((polynomial.constant for _, polynomial in self.parts), start=0)

    def grows(self) -> bool:
        """Return True if no unknown makes the count smaller."""
        return all(c >= 0 and min(e, default=0) >= 0 for _, p in self.parts for e, c in p.terms.items() if any(e))

    def rows(self) -> list[list[Exact]] | None:
        """Return, for each power of the last of two unknowns, the coefficients in the first.

        Return None if a condition is open or a power is negative.
        """
        if len(self.unknowns) != 2 or self.conditional:
            return None
        terms = {e: c for _, polynomial in self.parts for e, c in polynomial.terms.items()}
        if any(min(e) < 0 or (e[1] and c < 0) for e, c in terms.items()):
            return None
        first, last = (1 + max((e[place] for e in terms), default=0) for place in (0, 1))
        return [[terms.get((power, row), 0) for power in range(first)] for row in range(last)]

    def pieces(self, low: int, high: int) -> Iterator[Piece]:
        """Yield a count in one unknown as stretches low..high of integers, with the coefficients that hold on each."""
        if not self.conditional:
            yield low, high, self.parts[0][1].coefficients() if self.parts else [0]
            return
        cuts = {low, high + 1}
        for conditions, _ in self.parts:
            for condition in conditions:
                for turn in _turns(condition, self.unknowns[0]):
                    cuts |= {cut for cut in (turn, turn + 1) if low < cut <= high}
        ordered = sorted(cuts)
        for start, after in pairwise(ordered):
            terms: Terms = {}
            for conditions, polynomial in self.parts:
                if all(c.xreplace({self.unknowns[0]: atom(start)}) is sympy.true for c in conditions):
                    for exponents, coefficient in polynomial.terms.items():
                        terms[exponents] = terms.get(exponents, 0) + coefficient
            yield start, after - 1, Polynomial(self.unknowns, terms).coefficients()


def _turns(condition: Boolean, symbol: Symbol) -> Iterator[int]:
    """Yield the integers next to which a comparison of polynomials may change its truth; raises `NotPolynomial`."""
    for relation in condition.atoms(sympy.core.relational.Relational):
        for side in sympy.together(relation.lhs - relation.rhs).as_numer_denom():
            if symbol not in free(side):
                continue
            try:
                polynomial = sympy.Poly(side, symbol)
            except sympy.PolynomialError:
                raise NotPolynomial((str(symbol),)) from None
            if any(not coefficient.is_Rational for coefficient in polynomial.all_coeffs()):
                raise NotPolynomial((str(symbol),))
            if polynomial.degree() == 1:
                slope, constant = polynomial.all_coeffs()
                crossing = Fraction(str(-constant / slope))
                yield from {floor(crossing), ceil(crossing)}
                continue
            for (low, high), _ in polynomial.intervals(eps=sympy.Rational(1, 2)):
                yield from range(floor(Fraction(str(low))), ceil(Fraction(str(high))) + 1)


def _added(first: Polynomial, second: Polynomial) -> Polynomial:
    terms: Terms = dict(first.terms)
    for exponents, coefficient in second.terms.items():
        terms[exponents] = terms.get(exponents, 0) + coefficient
    return Polynomial(first.unknowns, terms)


def piecewise(expression: Expr, unknowns: Iterable[Symbol]) -> Piecewise:
    """Return the expression over the unknowns, its only free symbols, as polynomials; raises `NotPolynomial`.

    >>> from bertsym.symbols import H, L
    >>> piecewise(12 * L * H**2 + 13 * L * H, (L, H)).at(12).parts[0][1].coefficients()
    [0, 156, 144]
    """
    order = tuple(unknowns)
    parts: dict[tuple[Boolean, ...], Terms] = {}
    for monomial, coefficient in monomials(expression).items():
        powers = dict(monomial)
        brackets = [g for g in powers if isinstance(g, Iverson)]
        conditions = tuple(sorted((g.args[0] for g in brackets), key=str))
        exponents = tuple(powers.get(symbol, 0) for symbol in order)
        if sum(map(bool, exponents)) + len(brackets) != len(powers):
            raise NotPolynomial(tuple(map(str, order)))
        exact = coefficient.numerator if coefficient.denominator == 1 else coefficient
        # A bracket is its own square, so two monomials may be one.
        terms = parts.setdefault(conditions, {})
        terms[exponents] = terms.get(exponents, 0) + exact
    return Piecewise(order, tuple((conditions, Polynomial(order, terms)) for conditions, terms in parts.items()))


def horner(coefficients: list[Exact], number: Exact) -> Exact:
    """Evaluate a polynomial (Horner's scheme)."""
    result: Exact = 0
    for coefficient in reversed(coefficients):
        result = result * number + coefficient
    return result


def largest_at_most(coefficients: list[Exact], target: Exact) -> int | None:
    """Return the largest integer from 0 on whose value is at most the target, for a polynomial that grows from 0 on.

    Return None if the value at 0 is above the target, or if the polynomial is constant.

    >>> largest_at_most([0, 0, 1], 99), largest_at_most([5], 9), largest_at_most([5, 1], 4)
    (9, None, None)
    """
    degree = len(coefficients) - 1
    if degree < 1 or coefficients[0] > target:
        return None
    whole, wanted = _integral(coefficients, target)
    if degree == 1:
        return wanted // whole[1]
    if degree == 2:
        b, a = whole[1], whole[2]
        return (isqrt(b * b + 4 * a * wanted) - b) // (2 * a)
    return _bisected(whole, wanted + whole[0])


def _integral(coefficients: list[Exact], target: Exact) -> tuple[list[int], int]:
    """Scale to integer coefficients; return these, and the target less the constant one."""
    if all(type(c) is int for c in coefficients) and type(target) is int:
        return coefficients, target - coefficients[0]  # type: ignore[return-value]  # as just checked
    scale = lcm(*(Fraction(c).denominator for c in (*coefficients, target)))
    whole = [int(c * scale) for c in coefficients]
    return whole, int(target * scale) - whole[0]


def _bisected(whole: list[int], target: int) -> int:
    above = 1
    while horner(list(whole), above) <= target:
        above *= 2
    largest, _ = find_boundary(above // 2, above, lambda number: horner(list(whole), number) <= target)
    return largest


def root(coefficients: list[Exact], target: Exact, places: int = 2) -> Fraction:
    """Return the real root of a polynomial that grows from 0 on, rounded half up to so many decimal places.

    Raises `ValueError` if the value at 0 is above the target.
    """
    scale = 2 * 10**places
    stretched = [Fraction(c) / scale**power for power, c in enumerate(coefficients)]
    below = largest_at_most(list(stretched), target)
    if below is None:
        raise ValueError("no root")
    return Fraction((below + 1) // 2, 10**places)
