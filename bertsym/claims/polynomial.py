"""Forms multiplied out, within bounds: the same polynomials as `algebra.monomials`, without sympy's arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache

import sympy
from sympy import Expr

from bertsym.algebra import Iverson, atom, monomials
from bertsym.errors import BertsymError
from bertsym.formulas.monomial_order import Monomial, Terms
from bertsym.formulas.tree import (
    Bracket,
    Extreme,
    Floor,
    Form,
    Name,
    Named,
    Number,
    Power,
    Product,
    Quotient,
    Root,
    Sum,
    product,
    to_sympy,
)

# Bounds on hostile input, such as ((a + b)^16)^16: products of two terms, the degree, the bits of a coefficient.
MAX_PRODUCTS = 10_000
MAX_DEGREE = 64
MAX_BITS = 1_024


class TooLong(BertsymError):
    """A formula that multiplies out to more than any count of parameters needs."""

    def __str__(self) -> str:
        limits = f"more than {MAX_PRODUCTS:,} products, a degree over {MAX_DEGREE} or {MAX_BITS:,} bits"
        return f"the formula is too large to multiply out: {limits}"


class NotPolynomial(BertsymError):
    """A quotient by a sum, or a root."""

    def __str__(self) -> str:
        return "the formula divides by a sum or takes a root: a count of parameters does neither"


def expand(form: Form) -> Terms:
    """Return the form as {((generator, exponent), ...): coefficient}; raises `TooLong` or `NotPolynomial`.

    >>> from bertsym.claims.parser import read
    >>> expand(read("(H + 1)^2 / H").main.form)
    {((H, 1),): Fraction(1, 1), (): Fraction(2, 1), ((H, -1),): Fraction(1, 1)}
    """
    return {monomial: value for monomial, value in _Expansion().terms(form).items() if value}


def expression(terms: Terms) -> Expr:
    """Return terms as a sympy expression."""
    parts = (sympy.Mul(atom(value), *(base**power for base, power in monomial)) for monomial, value in terms.items())
    return sympy.Add(*parts)


class _Expansion:
    """An expansion with a budget of steps."""

    def __init__(self) -> None:
        self.steps = 0

    def terms(self, form: Form) -> Terms:
        match form:
            case Number(value):
                return {(): self._bounded(value)}
            case Name(symbol):
                return {((symbol, 1),): Fraction(1)}
            case Bracket():
                return {((to_sympy(form), 1),): Fraction(1)}
            case Power(base, exponent):
                return self._product([self.terms(base)] * exponent)
            case Product(factors):
                return self._product([self.terms(factor) for factor in factors])
            case Sum(parts):
                return self._plus(self.terms(part) for part in parts)
            case Quotient(numerator, denominator):
                return self._times(self.terms(numerator), self._inverse(self.terms(denominator)))
            case Named(part):
                return self.terms(part)
            case Extreme(left, right, relation):
                other = product([Number(Fraction(-1)), right])
                return self.terms(Sum((right, product([Bracket(relation), Sum((left, other))]))))
            case Floor(inside):
                return monomials(sympy.floor(expression(self.terms(inside))))
            case Root():
                raise NotPolynomial

    def _product(self, factors: list[Terms]) -> Terms:
        result: Terms = {(): Fraction(1)}
        for factor in factors:
            result = self._times(result, factor)
        return result

    def _plus(self, parts: Iterable[Terms]) -> Terms:
        total: Terms = {}
        for part in parts:
            for monomial, value in part.items():
                total[monomial] = self._bounded(total.get(monomial, Fraction(0)) + value)
                self._step()
        return total

    def _times(self, left: Terms, right: Terms) -> Terms:
        result: Terms = {}
        for first, a in left.items():
            for second, b in right.items():
                self._step()
                joined = _join(first, second)
                result[joined] = self._bounded(result.get(joined, Fraction(0)) + a * b)
        return result

    def _inverse(self, terms: Terms) -> Terms:
        nonzero = [(monomial, value) for monomial, value in terms.items() if value]
        if len(nonzero) != 1 or any(isinstance(base, Iverson) for base, _ in nonzero[0][0]):
            raise NotPolynomial
        monomial, value = nonzero[0]
        return {tuple((base, -power) for base, power in monomial): 1 / value}

    def _step(self) -> None:
        self.steps += 1
        if self.steps > MAX_PRODUCTS:
            raise TooLong

    def _bounded(self, value: Fraction) -> Fraction:
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
            raise TooLong
        return value


def _join(first: Monomial, second: Monomial) -> Monomial:
    powers = dict(first)
    for base, power in second:
        powers[base] = 1 if isinstance(base, Iverson) else powers.get(base, 0) + power
    joined = tuple(sorted(((b, p) for b, p in powers.items() if p), key=lambda pair: _name(pair[0])))
    if sum(abs(power) for _, power in joined) > MAX_DEGREE:
        raise TooLong
    return joined


@cache
def _name(generator: Expr) -> str:
    return str(generator)
