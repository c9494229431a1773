"""The terms of a polynomial in the order in which people write them, and what they have in common.

sympy keeps sums and products unordered; here the order is decided, once, for every output syntax: dominant terms
first, layers before vocabulary before hidden size within a product, as papers do: 12LH^2 + 13LH + (V + N + 5)H + H^2.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from math import gcd

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson, free, monomials
from bertsym.formulas.extrema import Extremum
from bertsym.formulas.tree import (
    RELATIONS,
    Bracket,
    Condition,
    Conjunction,
    Disjunction,
    Extreme,
    Floor,
    Form,
    Name,
    Negation,
    Number,
    Power,
    Quotient,
    Relation,
    product,
    sum_of,
)
from bertsym.symbols import BY_SYMBOL, Kind, place

Monomial = tuple[tuple[Expr, int], ...]
Terms = dict[Monomial, Fraction]

_KIND_ORDER = (
    Kind.COUNT,
    Kind.SWITCH,
    Kind.RATIO,
    Kind.RUN,
    Kind.DEPTH,
    Kind.EXPERTS,
    Kind.ROWS,
    Kind.HEADS,
    Kind.WIDTH,
)
_WIDTH_ORDER = ("E", "d", "H", "F")


def rank(generator: Expr) -> tuple[int, int, str]:
    """Return a sort key for a factor of a product."""
    size = BY_SYMBOL.get(generator)
    if isinstance(generator, Extremum):
        return (min(rank(symbol)[0] for symbol in free(generator)), len(BY_SYMBOL), str(generator))
    if size is None:
        return (0, 0, str(generator))
    if size.name in _WIDTH_ORDER:
        return (_KIND_ORDER.index(size.kind), _WIDTH_ORDER.index(size.name), size.name)
    return (_KIND_ORDER.index(size.kind), *place(generator))


def weighs(generator: Expr) -> bool:
    """Return True if a factor makes a term large, as ratios and brackets do not."""
    if isinstance(generator, Extremum):
        return True
    return generator in BY_SYMBOL and BY_SYMBOL[generator].kind not in (Kind.RATIO, Kind.SWITCH)


def order(monomial: Monomial) -> tuple[object, ...]:
    """Return a sort key for a term: large terms first, then by the factor that is named first."""
    heavy = sorted((rank(g), -e) for g, e in monomial if weighs(g))
    light = sorted((rank(g), -e) for g, e in monomial if not weighs(g))
    return (sum(e for _, e in heavy), heavy, -len(light), light)


def _power(base: Form, exponent: int) -> Form:
    return base if exponent == 1 else Power(base, exponent)


def _generator(generator: Expr) -> Form:
    if isinstance(generator, Symbol):
        return Name(generator)
    if isinstance(generator, Iverson):
        return Bracket(condition(generator.args[0]))
    if isinstance(generator, Extremum):
        left, right, relation = generator.args
        compared = condition(relation)
        if isinstance(compared, Relation):
            return Extreme(expanded(monomials(left)), expanded(monomials(right)), compared)
    if isinstance(generator, sympy.floor):
        return Floor(_over_one(generator.args[0]))
    if isinstance(generator, sympy.Add):
        return expanded(monomials(generator))
    raise TypeError(f"no ordered form for {type(generator).__name__}")


def _over_one(expression: Expr) -> Form:
    """Write an expression as one quotient, with the denominators of its terms combined."""
    above, below = (expanded(monomials(side)) for side in sympy.fraction(sympy.together(expression)))
    return above if below == Number(Fraction(1)) else Quotient(above, below)


def condition(boolean: Boolean) -> Condition:
    """Return the condition with both sides of its relations in order.

    >>> from bertsym.symbols import H, V, tied
    >>> condition(sympy.And(tied, H > V)).parts[0]
    Relation(left=Name(symbol=H), sign=<Sign.ABOVE: '>'>, right=Name(symbol=V))
    """
    match boolean:
        case Symbol():
            return Name(boolean)
        case sympy.Not():
            return Negation(condition(boolean.args[0]))
        case sympy.And() | sympy.Or():
            parts = tuple(condition(part) for part in sorted(boolean.args, key=_precedence))
            return Conjunction(parts) if isinstance(boolean, sympy.And) else Disjunction(parts)
    for sign, relation in RELATIONS.items():
        if isinstance(boolean, relation):
            left, right = (_plus_first(monomials(side)) for side in boolean.args)
            return Relation(left, sign, right)
    raise TypeError(f"no ordered form for the condition {type(boolean).__name__}")


def _plus_first(terms: Terms) -> Form:
    """Write terms in order, but begin with one that has no minus: 3 - every*floor(3/every) is a remainder."""
    ordered = sorted(terms, key=order)
    first = next((monomial for monomial in ordered if terms[monomial] > 0), None)
    ordered.sort(key=lambda monomial: monomial != first)
    return sum_of(written(monomial, terms[monomial]) for monomial in ordered)


def _precedence(part: Boolean) -> tuple[object, ...]:
    """Return a sort key: relations, then switches, then conditions of several parts, each by their symbols."""
    kind = next(
        (
            index
            for index, of in enumerate((sympy.core.relational.Relational, Symbol, sympy.Not))
            if isinstance(part, of)
        ),
        3,
    )
    return (kind, sorted(rank(symbol) for symbol in part.free_symbols), str(part))


def written(monomial: Monomial, coefficient: Fraction = Fraction(1)) -> Form:
    """Write one term."""
    above = [_power(_generator(g), e) for g, e in sorted(monomial, key=lambda p: rank(p[0])) if e > 0]
    below = [_power(_generator(g), -e) for g, e in sorted(monomial, key=lambda p: rank(p[0])) if e < 0]
    if not below and coefficient.denominator == 1:
        return product([Number(coefficient), *above])
    numerator = product([Number(Fraction(coefficient.numerator)), *above])
    return Quotient(numerator, product([Number(Fraction(coefficient.denominator)), *below]))


def expanded(terms: Terms) -> Form:
    """Write all terms, one after another."""
    return sum_of(written(m, terms[m]) for m in sorted(terms, key=order))


def split(terms: Terms, inside: Callable[[Expr], bool]) -> dict[Monomial, Terms]:
    """Group terms by the part of their monomial whose generators are `inside`."""
    groups: dict[Monomial, Terms] = {}
    for monomial, coefficient in terms.items():
        key = tuple(p for p in monomial if inside(p[0]))
        rest = tuple(p for p in monomial if not inside(p[0]))
        groups.setdefault(key, {})[rest] = coefficient
    return groups


def merged(first: Monomial, second: Monomial) -> Monomial:
    """Multiply two monomials."""
    powers: dict[Expr, int] = {}
    for generator, exponent in (*first, *second):
        powers[generator] = powers.get(generator, 0) + exponent
    return tuple((g, e) for g, e in sorted(powers.items(), key=lambda p: str(p[0])) if e)


def inverse(monomial: Monomial) -> Monomial:
    """Return one over a monomial."""
    return tuple((g, -e) for g, e in monomial)


def times(terms: Terms, monomial: Monomial, factor: Fraction = Fraction(1)) -> Terms:
    """Multiply terms by a monomial and a factor."""
    return {merged(m, monomial): factor * c for m, c in terms.items()}


def content(terms: Terms) -> Fraction:
    """Return the greatest number of which every coefficient is an integer multiple."""
    return Fraction(
        reduce(gcd, (abs(c.numerator) for c in terms.values())),
        reduce(lambda a, b: a * b // gcd(a, b), (c.denominator for c in terms.values())),
    )
