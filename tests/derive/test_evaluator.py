"""Expressions and conditions are evaluated exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy

from bertsym.algebra import Iverson
from bertsym.derive.evaluator import Evaluator
from bertsym.symbols import E, H, L, heads, tied

AT = Evaluator({H: 50, heads: 4, E: 7, tied: True})


def test_numbers_are_exact() -> None:
    assert AT.number(H / heads) == Fraction(25, 2)
    assert AT.number(3 * heads * sympy.floor(H / heads) + H**2) == 3 * 4 * 12 + 2500
    assert AT.number(10**30 * H + 1) == 50 * 10**30 + 1
    assert AT.number(E + (H - E) * Iverson(E >= H)) == 7
    assert isinstance(AT.number(H**2 / H), int)


def test_an_integer_is_required_where_a_tensor_needs_one() -> None:
    assert AT.integer(H / 25) == 2
    with pytest.raises(ArithmeticError, match="25/2, not an integer"):
        AT.integer(H / heads)


def test_a_residual_is_none_if_the_expression_has_no_value() -> None:
    assert AT.residual(2 * H, 103) == 3
    assert AT.residual(L, 3) is None
    assert AT.residual(sympy.sin(H), 3) is None
    assert Evaluator({H: 5, E: 0}).residual(H / E, 3) is None


def test_conditions() -> None:
    assert AT.holds(sympy.And(H > 49, sympy.Ne(E, 6), tied))
    assert not AT.holds(sympy.Or(H < 50, sympy.Eq(E, 6), sympy.Not(tied)))
    assert [AT.holds(relation) for relation in (H >= 50, H <= 50, H > 50, H < 50)] == [True, True, False, False]
    assert AT.holds(sympy.true)
    assert not AT.holds(sympy.false)


def test_an_unknown_function_is_an_error() -> None:
    with pytest.raises(TypeError, match="no rule for sin"):
        AT.number(sympy.sin(H))
