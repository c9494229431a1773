"""The smaller or larger of two sizes, found in the brackets of a polynomial: k + (L - k)[L <= k] is min(L, k).

A derivation finds Iverson brackets, because they are all that a saved file has. People write min and max. A term group
Q (a - b)[a <= b] is Q min(a, b) less Q b, so that Q b beside it disappears; Q (a - b)[a > b] is Q max(a - b, 0).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy
from sympy import Expr, Function
from sympy.core.relational import GreaterThan, LessThan, StrictGreaterThan, StrictLessThan

from bertsym.algebra import Iverson, monomials

Monomial = tuple[tuple[Expr, int], ...]
Terms = dict[Monomial, Fraction]

_MAXIMA = (GreaterThan, StrictGreaterThan)
# Between integers a > b is a >= b + 1, and a - b - 1 is 0 there.
_OTHER_BORDER = {StrictGreaterThan: 1, GreaterThan: -1, LessThan: 1, StrictLessThan: -1}


class Extremum(Function):  # type: ignore[misc]  # sympy is untyped
    """The first of two expressions if its condition holds, else the second, as a factor of a printed product.

    The condition compares the two expressions. Only forms have such factors.
    """

    nargs = 3
    is_integer = True


def with_extrema(terms: Terms) -> Terms:
    """Return the terms with a factor `Extremum` in place of brackets that choose the smaller or the larger size.

    >>> from bertsym.symbols import H, L
    >>> terms = monomials(H + (L - H) * Iverson(L <= H))
    >>> [str(generator.args[:2]) for monomial in with_extrema(terms) for generator, _ in monomial]
    ['(L, H)']
    """
    generators = {generator for monomial in terms for generator, _ in monomial}
    brackets = sorted((g for g in generators if isinstance(g, Iverson) and _compares_integers(g.args[0])), key=str)
    for bracket in brackets:
        terms = _without(terms, bracket)
    return terms


def _compares_integers(condition: Any) -> bool:
    return type(condition) in _OTHER_BORDER and bool(condition.lhs.is_integer and condition.rhs.is_integer)


def _without(terms: Terms, bracket: Iverson) -> Terms:
    """Return the terms without a bracket, or as they are if it chooses no size."""
    condition = bracket.args[0]
    inside, rest = _split(terms, bracket)
    if inside is None:
        return terms
    for shift in (0, _OTHER_BORDER[type(condition)]):
        left, right = condition.lhs, condition.rhs + shift
        factor = _quotient(inside, monomials(left - right))
        if factor is None:
            continue
        chosen = _sum(_sum(rest, _times(factor, monomials(-right))), _by(factor, Extremum(left, right, condition)))
        if len(chosen) <= len(rest):
            return chosen
        if isinstance(condition, _MAXIMA):
            return _sum(rest, _by(factor, Extremum(sympy.expand(left - right), sympy.S.Zero, condition)))
    return terms


def _split(terms: Terms, bracket: Iverson) -> tuple[Terms | None, Terms]:
    """Return what a bracket multiplies, and the terms without it; None if it stands in a power."""
    inside: Terms = {}
    rest: Terms = {}
    for monomial, amount in terms.items():
        power = dict(monomial).get(bracket, 0)
        if power not in (0, 1):
            return None, terms
        if power:
            inside[tuple(pair for pair in monomial if pair[0] != bracket)] = amount
        else:
            rest[monomial] = amount
    return inside, rest


def _quotient(terms: Terms, divisor: Terms) -> Terms | None:
    """Divide by a polynomial that has a symbol alone, as L - k has L; return None if a remainder is left."""
    pivot = next((m for m, c in divisor.items() if len(m) == 1 and m[0][1] == 1 and m[0][0].is_Symbol), None)
    if pivot is None:
        return None
    symbol, lead = pivot[0][0], divisor[pivot]
    others = {m: -c / lead for m, c in divisor.items() if m != pivot}
    if any(symbol in generator.free_symbols for monomial in others for generator, _ in monomial):
        return None
    by_power: dict[int, Terms] = {}
    for monomial, amount in terms.items():
        power = dict(monomial).get(symbol, 0)
        if power < 0 or any(g != symbol and symbol in g.free_symbols for g, _ in monomial):
            return None
        by_power.setdefault(power, {})[tuple(pair for pair in monomial if pair[0] != symbol)] = amount
    # Horner's rule at the root of the divisor: what is carried past the last power is the remainder.
    result: Terms = {}
    carried: Terms = {}
    for power in range(max(by_power), -1, -1):
        carried = _sum(by_power.get(power, {}), _times(carried, others))
        if power == 0:
            break
        for monomial, amount in carried.items():
            key = _product(monomial, ((symbol, power - 1),) if power > 1 else ())
            result[key] = result.get(key, Fraction(0)) + amount / lead
    return None if carried or not result else result


def _product(first: Monomial, second: Monomial) -> Monomial:
    powers: dict[Expr, int] = {}
    for generator, exponent in (*first, *second):
        powers[generator] = powers.get(generator, 0) + exponent
    return tuple(sorted(((g, e) for g, e in powers.items() if e), key=lambda power: str(power[0])))


def _sum(first: Terms, second: Terms) -> Terms:
    total = dict(first)
    for monomial, amount in second.items():
        total[monomial] = total.get(monomial, Fraction(0)) + amount
    return {monomial: amount for monomial, amount in total.items() if amount}


def _times(first: Terms, second: Terms) -> Terms:
    result: Terms = {}
    for left, a in first.items():
        for right, b in second.items():
            key = _product(left, right)
            result[key] = result.get(key, Fraction(0)) + a * b
    return {monomial: amount for monomial, amount in result.items() if amount}


def _by(terms: Terms, generator: Expr) -> Terms:
    return {_product(monomial, ((generator, 1),)): amount for monomial, amount in terms.items()}
