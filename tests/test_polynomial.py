from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from bertsym.algebra import Iverson
from bertsym.solving.polynomial import DoesNotGrow, horner, largest_at_most, piecewise, root
from bertsym.symbols import F, H, L

COEFFICIENTS = st.lists(st.integers(0, 10**12) | st.fractions(0, 50, max_denominator=7), min_size=2, max_size=5).filter(
    lambda c: bool(c[-1])
)


@given(COEFFICIENTS, st.integers(0, 10**40))
def test_inversion_brackets_the_target(coefficients: list[int | Fraction], target: int) -> None:
    found = largest_at_most(coefficients, target)
    if found is None:
        assert coefficients[0] > target
    else:
        assert horner(coefficients, found) <= target < horner(coefficients, found + 1)


@given(COEFFICIENTS, st.integers(10**13, 10**30))
def test_the_root_is_right_to_its_last_place(coefficients: list[int | Fraction], target: int) -> None:
    found = root(coefficients, target)
    half = Fraction(1, 200)
    assert horner(coefficients, found - half) <= target
    assert horner(coefficients, found + half) > target


def test_open_conditions_make_pieces() -> None:
    counted = piecewise(10 * H + Iverson(sympy.Ne(H, F)) * 100 + Iverson(H > 5) * 1000, (F, H)).at(7)
    pieces = list(counted.pieces(1, 20))
    for number in range(1, 21):
        coefficients = next(c for start, stop, c in pieces if start <= number <= stop)
        expected = 10 * number + 100 * (number != 7) + 1000 * (number > 5)
        assert horner(coefficients, number) == counted.at(number).constant == expected


def test_a_bracket_is_its_own_square() -> None:
    wide = Iverson(H >= 128)
    counted = piecewise(sympy.expand(H * wide**2 + 3 * H * wide + 5), (H,))
    assert [counted.at(number).constant for number in (127, 128)] == [5, 517]


@pytest.mark.parametrize("condition", [sympy.Ne(768, L**2), L**3 - 7 * L > 20, sympy.Eq(L + 12 / L, 7), L * L < 2])
def test_conditions_of_higher_degree_make_pieces_too(condition: sympy.Basic) -> None:
    counted = piecewise(L + 100 * Iverson(condition), (L,))
    for start, stop, coefficients in counted.pieces(1, 40):
        for number in range(start, stop + 1):
            holds = condition.xreplace({L: sympy.Integer(number)}) == sympy.true
            assert horner(coefficients, number) == counted.at(number).constant == number + 100 * holds


def test_rows_are_the_coefficients() -> None:
    rows = piecewise(12 * L * H**2 + 13 * L * H + 5 * H, (L, H)).rows()
    assert rows == [[0, 0], [5, 13], [0, 12]]


def test_what_shrinks_is_not_inverted() -> None:
    with pytest.raises(DoesNotGrow):
        piecewise(-H + 5, (H,)).parts[0][1].coefficients()
    with pytest.raises(DoesNotGrow):
        piecewise(1 / H, (H,)).parts[0][1].coefficients()
