"""Expressions as ordered trees, for the renderers to print as they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from fractions import Fraction
from typing import Any

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson, atom
from bertsym.values import value


class Sign(Enum):
    """The sign of a relation."""

    EQUAL = "="
    UNEQUAL = "!="
    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="


RELATIONS: Mapping[Sign, Any] = {
    Sign.EQUAL: sympy.Eq,
    Sign.UNEQUAL: sympy.Ne,
    Sign.ABOVE: sympy.Gt,
    Sign.AT_LEAST: sympy.Ge,
    Sign.BELOW: sympy.Lt,
    Sign.AT_MOST: sympy.Le,
}


@value
class Number:
    """An exact number."""

    value: Fraction


@value
class Name:
    """A symbol."""

    symbol: Symbol


@value
class Relation:
    """Two numbers compared."""

    left: Form
    sign: Sign
    right: Form


@value
class Negation:
    """A negation: it holds if its inside does not."""

    inside: Condition


@value
class Conjunction:
    """A conjunction: it holds if all parts do."""

    parts: tuple[Condition, ...]


@value
class Disjunction:
    """A disjunction: it holds if one of the parts does."""

    parts: tuple[Condition, ...]


@value
class Bracket:
    """An Iverson bracket."""

    condition: Condition


@value
class Power:
    """base ** exponent, the exponent at least 2."""

    base: Form
    exponent: int


@value
class Product:
    """Factors, left to right; a number stands first. Dots stand between the sides of a tensor, which are `dotted`."""

    factors: tuple[Form, ...]
    dotted: bool = False


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
class Extreme:
    """The smaller or the larger of two numbers: the left one if the relation between them holds.

    The relation is the one of the expression. It may be `L > 2` for the larger of L - 3 and 0, which are integers.
    """

    left: Form
    right: Form
    relation: Relation

    @property
    def name(self) -> str:
        """Return min or max."""
        return "min" if self.relation.sign in (Sign.BELOW, Sign.AT_MOST) else "max"


@value
class Root:
    """The square root."""

    radicand: Form


@value
class Named:
    """A part of a formula with what it counts: a brace below it if the syntax has one."""

    part: Form
    name: str


Condition = Name | Relation | Negation | Conjunction | Disjunction
Form = Number | Name | Bracket | Power | Product | Sum | Quotient | Floor | Extreme | Root | Named

ONE = Number(Fraction(1))
ZERO = Number(Fraction(0))


def product(factors: Iterable[Form]) -> Form:
    """Return a product: flat, without ones, and with one sign, which stands first.

    >>> from bertsym.symbols import H, V
    >>> product([Name(V), product([Number(Fraction(-1)), Name(H)])]).factors[0]
    Number(value=Fraction(-1, 1))
    """
    flat: list[Form] = []
    for factor in factors:
        flat.extend(factor.factors if isinstance(factor, Product) else (factor,))
    negative = sum(isinstance(factor, Number) and factor.value < 0 for factor in flat) % 2 == 1
    flat = [Number(abs(factor.value)) if isinstance(factor, Number) else factor for factor in flat]
    flat = [factor for factor in flat if factor != ONE]
    match flat:
        case [Number(amount), *rest] if negative:
            flat = [Number(-amount), *rest]
        case _ if negative:
            flat = [Number(Fraction(-1)), *flat]
    return flat[0] if len(flat) == 1 else Product(tuple(flat)) if flat else ONE


def sum_of(terms: Iterable[Form]) -> Form:
    """Return a sum, flattened."""
    flat: list[Form] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Sum) else (term,))
    return flat[0] if len(flat) == 1 else Sum(tuple(flat)) if flat else ZERO


def negated(factors: tuple[Form, ...]) -> tuple[bool, tuple[Form, ...]]:
    """Return whether a product begins with -1, and the factors without it: `-H` is not written `-1 H`."""
    minus = len(factors) > 1 and factors[0] == Number(Fraction(-1))
    return minus, factors[minus:]


def to_sympy(written: Form) -> Expr:
    """Return the expression that a form stands for."""
    match written:
        case Number(value):
            return atom(value)
        case Name(symbol):
            return symbol
        case Bracket(condition):
            return Iverson(boolean(condition))
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
        case Extreme(left, right, relation):
            otherwise = to_sympy(right)
            return otherwise + (to_sympy(left) - otherwise) * Iverson(boolean(relation))
        case Root(radicand):
            return sympy.sqrt(to_sympy(radicand))
        case Named(part):
            return to_sympy(part)


def boolean(condition: Condition) -> Boolean:
    """Return the condition as sympy has it."""
    match condition:
        case Name(symbol):
            return symbol
        case Relation(left, sign, right):
            return RELATIONS[sign](to_sympy(left), to_sympy(right))
        case Negation(inside):
            return sympy.Not(boolean(inside))
        case Conjunction(parts):
            return sympy.And(*map(boolean, parts))
        case Disjunction(parts):
            return sympy.Or(*map(boolean, parts))


def children(written: Form | Condition) -> tuple[Form | Condition, ...]:
    """Return the forms and conditions that a form or a condition is directly made of."""
    match written:
        case Product(parts) | Sum(parts) | Conjunction(parts) | Disjunction(parts):
            return parts
        case Quotient(left, right) | Relation(left, _, right):
            return (left, right)
        case Extreme(left, right, relation):
            return (left, right, relation)
        case Power(part, _) | Named(part, _) | Floor(part) | Root(part) | Bracket(part) | Negation(part):
            return (part,)
        case _:
            return ()


def rebuild(written: Form | Condition, parts: Sequence[Any]) -> Any:
    """Return a node of the same kind with other children: `rebuild(node, children(node)) == node`.

    With `children` it makes a walk that changes a tree, as pymbolic's IdentityMapper does.

    >>> from bertsym.symbols import H, L
    >>> rebuild(Power(Name(H), 2), [Name(L)])
    Power(base=Name(symbol=L), exponent=2)
    """
    match written:
        case Product(_, dotted):
            return Product(tuple(parts), dotted)
        case Sum() | Conjunction() | Disjunction():
            return type(written)(tuple(parts))
        case Relation(_, sign, _):
            return Relation(parts[0], sign, parts[1])
        case Power(_, exponent):
            return Power(parts[0], exponent)
        case Named(_, name):
            return Named(parts[0], name)
        case Number() | Name():
            return written
        case _:
            return type(written)(*parts)


def symbols(written: Form | Condition) -> set[Symbol]:
    """Return the symbols in a form, those in its brackets among them.

    >>> from bertsym.symbols import H, L
    >>> sorted(map(str, symbols(product([Name(L), Power(Name(H), 2)]))))
    ['H', 'L']
    """
    if isinstance(written, Name):
        return {written.symbol}
    return set().union(*map(symbols, children(written)))
