"""Forms in place of names: numbers and definitions put into a formula as it stands."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Symbol

from bertsym.forms import Floor, Form, Name, Named, Power, Product, Quotient, Root, Sum


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
        case _:
            return written
