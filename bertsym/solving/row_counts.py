"""A count over rows of sizes, as integer programs: as a quotient, along the last unknown, and as a residue class.

A row fixes the first unknowns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import comb, lcm, prod

import sympy
from sympy import Dummy, Expr, Integer, Symbol

from bertsym.algebra import free, monomials
from bertsym.solving.interval_propagation import Axis
from bertsym.straight_line import Builder, NoProgram, Program
from bertsym.values import value

# More monomials cost more than the residue class of a count saves.
MAX_MONOMIALS = 400


@value
class Quotient:
    """A quotient: integer terms as coefficient and powers, over a positive denominator."""

    terms: tuple[tuple[int, Mapping[Expr, int]], ...]
    denominator: Expr

    @property
    def numerator(self) -> Expr:
        """Return the sum of the terms."""
        return _sum(self.terms)


def quotient(expression: Expr) -> Quotient:
    """Return an expression over integer unknowns as a quotient; raises `NoProgram` if a divisor may be 0."""
    terms = monomials(expression)
    scale = lcm(*(coefficient.denominator for coefficient in terms.values()))
    divisors: dict[Expr, int] = {}
    for monomial in terms:
        for generator, power in monomial:
            divisors[generator] = max(divisors.get(generator, 0), -power)
    divisors = {generator: power for generator, power in divisors.items() if power}
    if not all(generator.is_positive for generator in divisors):
        raise NoProgram("a divisor that may be 0")
    whole = []
    for monomial, coefficient in terms.items():
        powers = {**divisors}
        for generator, power in monomial:
            powers[generator] = powers.get(generator, 0) + power
        whole.append((int(coefficient * scale), {generator: power for generator, power in powers.items() if power}))
    return Quotient(tuple(whole), sympy.Mul(Integer(scale), *(g**p for g, p in divisors.items())))


def _sum(terms: Sequence[tuple[int, Mapping[Expr, int]]]) -> Expr:
    return sympy.Add(*(sympy.Mul(Integer(c), *(g**p for g, p in powers.items())) for c, powers in terms))


def integer_symbol(axis: Axis) -> Symbol:
    """Return a symbol for the values of an axis, which are whole numbers even if the size need not be one."""
    sign = {"positive": True} if axis.start > 0 else {"nonnegative": True}
    return Dummy(axis.symbol.name, integer=True, **sign)


class RowCount:
    """A count over the unknowns, integer symbols in the order of the columns of a row."""

    def __init__(self, expression: Expr, unknowns: tuple[Symbol, ...], axes: tuple[Axis, ...]) -> None:
        self.unknowns = unknowns
        self.axes = axes
        self.quotient = quotient(expression)
        self.divisors = free(self.quotient.denominator)
        self.whole = compiled(unknowns, [self.quotient.numerator, self.quotient.denominator])
        (_, high), (least, _) = self.whole.bounds([(axis.start, axis.stop) for axis in axes])
        # No count of the box exceeds it.
        self.most = max(0, high // max(1, least))
        # The coefficients of the powers of the last unknown and the denominator, over the others, if there are such.
        self.along = self._coefficients()
        # These, if the count surely never falls as the last unknown grows.
        self.growing = self.along if self._grows() else None
        self._residues: dict[int, Program | None] = {}

    def _grows(self) -> bool:
        if self.along is None or self.axes[-1].start < 0:
            return False
        slopes = self.along.bounds([(axis.start, axis.stop) for axis in self.axes[:-1]])[1:-1]
        return all(low >= 0 for low, _ in slopes)

    def _coefficients(self) -> Program | None:
        """Return the program of the coefficients; None if the count is no polynomial in the last unknown."""
        *others, last = self.unknowns
        by_power: dict[int, list[tuple[int, Mapping[Expr, int]]]] = {0: []}
        for coefficient, powers in self.quotient.terms:
            rest = {generator: power for generator, power in powers.items() if generator != last}
            if any(last in free(generator) for generator in rest):
                return None
            by_power.setdefault(powers.get(last, 0), []).append((coefficient, rest))
        if last in self.divisors:
            return None
        rows = [_sum(by_power.get(power, ())) for power in range(max(by_power) + 1)]
        return compiled(tuple(others), [*rows, self.quotient.denominator])

    def residues(self, known: int) -> Program | None:
        """Return a constant, the coefficients that the rest of the count is a sum of multiples of, the denominator.

        They are over the first `known` unknowns. Return None if the count is no polynomial in the others.
        """
        if known not in self._residues:
            self._residues[known] = self._residue_program(known)
        return self._residues[known]

    def _residue_program(self, known: int) -> Program | None:
        open_ = dict(zip(self.unknowns[known:], self.axes[known:], strict=True))
        if self.divisors & open_.keys():
            return None
        by_index: dict[tuple[int, ...], list[tuple[int, Mapping[Expr, int]]]] = {(0,) * len(open_): []}
        for coefficient, powers in self.quotient.terms:
            rest = {generator: power for generator, power in powers.items() if generator not in open_}
            if any(free(generator) & open_.keys() for generator in rest):
                return None
            factors = [_in_steps(axis, powers.get(symbol, 0)) for symbol, axis in open_.items()]
            for parts in product(*(enumerate(factor) for factor in factors)):
                scale = coefficient * prod(part for _, part in parts)
                if scale:
                    by_index.setdefault(tuple(power for power, _ in parts), []).append((scale, rest))
        if sum(map(len, by_index.values())) > MAX_MONOMIALS:
            return None
        constant, *others = (_sum(terms) for terms in by_index.values())
        return compiled(self.unknowns[:known], [constant, *others, self.quotient.denominator])


def _in_steps(axis: Axis, power: int) -> list[int]:
    """Return the coefficients of (start + step*k)^power in k, from the constant up (the binomial theorem)."""
    return [comb(power, k) * axis.start ** (power - k) * axis.step**k for k in range(power + 1)]


def compiled(unknowns: tuple[Symbol, ...], expressions: Sequence[Expr]) -> Program:
    """Return a program for integer expressions; raises `NoProgram`."""
    builder = Builder(unknowns)
    program = builder.program([builder.quotient(e).numerator for e in expressions])
    if builder.guards:
        raise NoProgram("a divisor that may be 0")
    return program
