"""Forms in place of names: numbers and definitions put into a formula as it stands."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Symbol

from bertsym.formulas.tree import (
    Bracket,
    Condition,
    Conjunction,
    Disjunction,
    Floor,
    Form,
    Name,
    Named,
    Negation,
    Power,
    Product,
    Quotient,
    Relation,
    Root,
    Sum,
)


def put_in(written: Form, values: Mapping[Symbol, Form]) -> Form:
    """The form with others in place of names, nothing worked out: 12LH^2 becomes 12 * 12 * 768^2."""
    match written:
        case Name(symbol):
            return values.get(symbol, written)
        case Power(base, exponent):
            return Power(put_in(base, values), exponent)
        case Product(factors):
            return Product(tuple(put_in(factor, values) for factor in factors))
        case Sum(terms):
            return Sum(tuple(put_in(term, values) for term in terms))
        case Quotient(numerator, denominator):
            return Quotient(put_in(numerator, values), put_in(denominator, values))
        case Floor(inside):
            return Floor(put_in(inside, values))
        case Root(radicand):
            return Root(put_in(radicand, values))
        case Named(part, name):
            return Named(put_in(part, values), name)
        case Bracket(condition):
            return Bracket(_in_condition(condition, values))
        case _:
            return written


def _in_condition(condition: Condition, values: Mapping[Symbol, Form]) -> Condition:
    """The condition with numbers compared in place of sizes; a switch is no number and stays."""
    match condition:
        case Relation(left, sign, right):
            return Relation(put_in(left, values), sign, put_in(right, values))
        case Negation(inside):
            return Negation(_in_condition(inside, values))
        case Conjunction(parts):
            return Conjunction(tuple(_in_condition(part, values) for part in parts))
        case Disjunction(parts):
            return Disjunction(tuple(_in_condition(part, values) for part in parts))
        case _:
            return condition
