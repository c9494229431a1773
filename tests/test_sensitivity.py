from __future__ import annotations

from fractions import Fraction

import pytest
from sympy import Symbol

from bertsym.answers.derivative import derivative
from bertsym.count import count
from bertsym.errors import UnknownName, Unreadable
from bertsym.sensitivity import differentiate
from bertsym.symbols import F, H, L, N, T, V, d, heads, lookup, tied
from bertsym.wording import plain
from bertsym.zoo import named

BASE = named("bert-base-uncased")


@pytest.mark.parametrize("symbol", [V, N, L, T])
def test_a_linear_size_costs_its_difference(symbol: Symbol) -> None:
    more = BASE.with_sizes({symbol: BASE.given[symbol] + 1})
    assert derivative(BASE, symbol).value == count(more) - count(BASE)


def test_a_quadratic_size_is_exact_by_central_difference() -> None:
    above, below = (count(BASE.with_sizes({H: 768 + step})) for step in (12, -12))
    answer = derivative(BASE, H)
    assert answer.value == Fraction(above - below, 24)
    assert answer.elasticity_value == Fraction(above - below, 24) * 768 / 109482240
    assert derivative(BASE, H, 2).value == Fraction(above + below - 2 * 109482240, 144)
    assert derivative(BASE, H, 3).value == 0


def test_a_derived_size_is_a_variable_of_its_own() -> None:
    assert derivative(BASE, F).value == count(BASE.with_sizes({F: 3073})) - count(BASE)
    assert plain(derivative(named("bert"), F).expression) == "2*L*H + L"


@pytest.mark.parametrize("symbol", [heads, d])
def test_heads_cancel(symbol: Symbol) -> None:
    answer = derivative(BASE, symbol)
    assert answer.independent
    assert answer.value == 0
    assert answer.elasticity_value is None


def test_what_cannot_be_differentiated() -> None:
    with pytest.raises(Unreadable):
        differentiate(BASE, tied)
    with pytest.raises(Unreadable):
        differentiate(BASE, H, 0)
    with pytest.raises(Unreadable):
        differentiate(BASE, H, 21)
    with pytest.raises(UnknownName):
        lookup("Q")
