"""The closed form of a size: a total of degree 1 or 2, solved for one symbol."""

from __future__ import annotations

from fractions import Fraction

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Iverson, expand, free, monomials
from bertsym.formulas.styles import form
from bertsym.formulas.tree import ZERO, Form, Name, Number, Power, Quotient, Root, Sum, product, sum_of
from bertsym.symbols import P
from bertsym.values import value


@value
class ClosedForm:
    """The degree of a total in a symbol, and the symbol as a function of P and the rest.

    `form` is None beyond degree 2, and if the degree depends on a condition. `short` is the form with a letter for each
    coefficient that is a sum, and `let` says what the letters stand for.
    """

    degree: int
    form: Form | None
    short: Form | None = None
    let: tuple[tuple[Symbol, Form], ...] = ()


LETTERS = ("a", "b", "c")
"""The coefficients of the square, of the size itself and of the constant term."""


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
    written = [form(a), form(b), ZERO if c == 0 else form(c)]
    whole = _root(degree, *written)
    let = tuple(
        (sympy.Symbol(letter), part) for letter, part in zip(LETTERS, written, strict=True) if isinstance(part, Sum)
    )
    if degree == 1 or not let or {str(size) for size in free(total)} & set(LETTERS):
        return ClosedForm(degree, whole)
    letters: dict[Form, Form] = {part: Name(letter) for letter, part in let}
    return ClosedForm(degree, whole, _root(degree, *(letters.get(part, part) for part in written)), let)


def _root(degree: int, a: Form, b: Form, c: Form) -> Form:
    """Return the root of a x^2 + b x + c = P that can be positive, or of b x + c = P."""
    left = Name(P) if c == ZERO else sum_of([Name(P), product([Number(Fraction(-1)), c])])
    if degree == 1:
        return _over(left, b)
    if b == ZERO:
        return Root(_over(left, a))
    under_root = sum_of([Power(b, 2), product([Number(Fraction(4)), a, left])])
    numerator = sum_of([product([Number(Fraction(-1)), b]), Root(under_root)])
    return Quotient(numerator, product([Number(Fraction(2)), a]))


def _over(numerator: Form, denominator: Form) -> Form:
    return numerator if denominator == Number(Fraction(1)) or numerator == ZERO else Quotient(numerator, denominator)
