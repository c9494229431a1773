"""Expressions as ordered trees, for the renderers to print as they stand."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson, atom
from bertsym.values import value


@value
class Number:
    """An exact number."""

    value: Fraction


@value
class Name:
    """A symbol."""

    symbol: Symbol


@value
class Bracket:
    """An Iverson bracket."""

    condition: Boolean


@value
class Power:
    """base ** exponent, the exponent at least 2."""

    base: Form
    exponent: int


@value
class Product:
    """Factors, left to right; a number stands first."""

    factors: tuple[Form, ...]


@value
class Sum:
    """Terms, left to right; a term that begins with a negative number is subtracted."""

    terms: tuple[Form, ...]


@value
class Quotient:
    """numerator / denominator."""

    numerator: Form
    denominator: Form


@value
class Floor:
    """The largest integer not over what is inside."""

    inside: Form


@value
class Root:
    """The square root."""

    radicand: Form


@value
class Named:
    """A part of a formula with what it counts: a brace below it where a syntax has one."""

    part: Form
    name: str


Form = Number | Name | Bracket | Power | Product | Sum | Quotient | Floor | Root | Named

ONE = Number(Fraction(1))
ZERO = Number(Fraction(0))


def product(factors: Iterable[Form]) -> Form:
    """A product, flattened, ones dropped."""
    flat: list[Form] = []
    for factor in factors:
        flat.extend(factor.factors if isinstance(factor, Product) else (factor,))
    flat = [factor for factor in flat if factor != ONE]
    return flat[0] if len(flat) == 1 else Product(tuple(flat)) if flat else ONE


def sum_of(terms: Iterable[Form]) -> Form:
    """A sum, flattened."""
    flat: list[Form] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Sum) else (term,))
    return flat[0] if len(flat) == 1 else Sum(tuple(flat)) if flat else ZERO


def negated(factors: tuple[Form, ...]) -> tuple[bool, tuple[Form, ...]]:
    """Whether a product begins with -1, and the factors without it: `-H` is not written `-1 H`."""
    minus = len(factors) > 1 and factors[0] == Number(Fraction(-1))
    return minus, factors[minus:]


def to_sympy(written: Form) -> Expr:
    """The expression a form stands for."""
    match written:
        case Number(value):
            return atom(value)
        case Name(symbol):
            return symbol
        case Bracket(condition):
            return Iverson(condition)
        case Power(base, exponent):
            return to_sympy(base) ** exponent
        case Product(factors):
            return sympy.Mul(*map(to_sympy, factors))
        case Sum(terms):
            return sympy.Add(*map(to_sympy, terms))
        case Quotient(numerator, denominator):
            return to_sympy(numerator) / to_sympy(denominator)
        case Floor(inside):
            return sympy.floor(to_sympy(inside))
        case Root(radicand):
            return sympy.sqrt(to_sympy(radicand))
        case Named(part):
            return to_sympy(part)
