"""The closed form of a size: a total of degree 1 or 2, solved for one symbol."""

from __future__ import annotations

from fractions import Fraction

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Iverson, expand, free, monomials
from bertsym.formulas.styles import form
from bertsym.formulas.tree import ZERO, Form, Name, Number, Power, Quotient, Root, product, sum_of
from bertsym.symbols import P
from bertsym.values import value


@value
class ClosedForm:
    """The degree of a total in a symbol, and the symbol as a function of P and the rest.

    `form` is None beyond degree 2, and if the degree depends on a condition.
    """

    degree: int
    form: Form | None


def solve_symbolically(total: Expr, symbol: Symbol) -> ClosedForm:
    """Solve total = P for the symbol: return the only root that can be positive, because a total grows with every size.

    >>> from bertsym.wording import plain
    >>> from bertsym.symbols import H, L
    >>> plain(solve_symbolically(12 * L * H**2, H).form), plain(solve_symbolically(12 * L * H**2 + H, L).form)
    ('sqrt(P/(12*L))', '(P - H)/(12*H**2)')
    """
    powers: dict[int, Expr] = {}
    for monomial, coefficient in monomials(total).items():
        exponents = dict(monomial)
        power = exponents.pop(symbol, 0)
        rest = sympy.Mul(*(g**e for g, e in exponents.items()))
        if symbol in free(rest):
            return ClosedForm(0, None)
        exact = sympy.Rational(coefficient.numerator, coefficient.denominator)
        powers[power] = powers.get(power, sympy.S.Zero) + exact * rest
    degree = max(powers)
    generators = {g for monomial in monomials(total) for g, _ in monomial}
    if not all(generator.is_Symbol or isinstance(generator, Iverson) for generator in generators):
        return ClosedForm(0, None)
    if degree not in (1, 2) or min(powers) < 0:
        return ClosedForm(degree, None)
    a, b, c = (expand(powers.get(power, sympy.S.Zero)) for power in (2, 1, 0))
    if degree == 2 and a.xreplace(dict.fromkeys(a.atoms(Iverson), sympy.S.Zero)) == 0:
        return ClosedForm(degree, None)
    left = Name(P) if c == 0 else sum_of([Name(P), product([Number(Fraction(-1)), form(c)])])
    if degree == 1:
        return ClosedForm(1, _over(left, form(b)))
    if b == 0:
        return ClosedForm(2, Root(_over(left, form(a))))
    under_root = sum_of([Power(form(b), 2), product([Number(Fraction(4)), form(a), left])])
    numerator = sum_of([product([Number(Fraction(-1)), form(b)]), Root(under_root)])
    return ClosedForm(2, Quotient(numerator, product([Number(Fraction(2)), form(a)])))


def _over(numerator: Form, denominator: Form) -> Form:
    return numerator if denominator == Number(Fraction(1)) or numerator == ZERO else Quotient(numerator, denominator)
