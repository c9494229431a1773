"""A printed polynomial, read back by the reader of papers' formulas, is the same polynomial."""

from __future__ import annotations

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Expr

from bertsym.answers.formula import formula_written
from bertsym.claims.names import plain
from bertsym.claims.parser import read
from bertsym.convention import CONVENTIONS
from bertsym.count import total
from bertsym.formulas.styles import Style, form
from bertsym.formulas.tree import Form, to_sympy
from bertsym.render.breaking import lines
from bertsym.render.mathtex import math
from bertsym.render.notation import NOTATIONS, Notation
from bertsym.render.sheet import COLUMNS
from bertsym.symbols import F, H, L, N, T, V, ffn_ratio, heads
from bertsym.zoo import NAMES, named

pytestmark = pytest.mark.slow

SIZES = (V, N, H, L, F, T, heads, ffn_ratio)


def back(tex: str, notation: Notation, written: Form) -> Expr:
    """The expression that the reader finds in the TeX, told what each name stands for, as the legend would tell."""
    names = {plain(notation.name(symbol)): str(symbol) for symbol in to_sympy(written).free_symbols}
    return to_sympy(read(tex, notation.title, names).main.form)


@st.composite
def polynomials(draw: st.DrawFn) -> Expr:
    terms = draw(
        st.lists(
            st.tuples(
                st.fractions(-40, 40, max_denominator=6).filter(bool),
                st.lists(st.tuples(st.sampled_from(SIZES), st.integers(1, 3)), min_size=1, max_size=3),
            ),
            min_size=1,
            max_size=6,
        )
    )
    exact = ((sympy.Rational(c.numerator, c.denominator), factors) for c, factors in terms)
    return sympy.Add(*(c * sympy.Mul(*(base**power for base, power in factors)) for c, factors in exact))


@settings(deadline=None, max_examples=150)
@given(polynomials().filter(bool), st.sampled_from(Style), st.sampled_from(sorted(NOTATIONS)))
def test_a_random_polynomial_comes_back(expression: Expr, style: Style, name: str) -> None:
    notation = NOTATIONS[name]
    written = form(expression, style)
    tex = math(written, notation)
    assert sympy.cancel(back(tex, notation, written) - expression) == 0, tex


@settings(deadline=None, max_examples=60)
@given(polynomials().filter(bool), st.sampled_from(list(Style)[:3]), st.sampled_from(sorted(NOTATIONS)))
def test_a_broken_formula_comes_back(expression: Expr, style: Style, name: str) -> None:
    notation = NOTATIONS[name]
    written = form(expression, style)
    broken = " ".join(lines((written,), notation, COLUMNS["acl"])).replace(r"\quad {} ", "")
    assert sympy.expand(back(broken, notation, written) - expression) == 0, broken


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("notation", NOTATIONS.values(), ids=list(NOTATIONS))
def test_every_model_comes_back(name: str, notation: Notation) -> None:
    for convention in CONVENTIONS.values():
        model = named(name)
        expression = total(model, convention)
        for form_name in ("expanded", "collected", "factored", "dominant"):
            written = formula_written(model, convention, form_name).expression
            tex = math(written, notation)
            assert sympy.cancel(back(tex, notation, written) - expression) == 0, tex
