"""min and max in printed formulas: found only if the formula keeps its value at every size."""

from __future__ import annotations

import random

import pytest
import sympy
from sympy import Expr

from bertsym.algebra import Iverson, evaluate
from bertsym.formulas.styles import Style, form
from bertsym.formulas.tree import to_sympy
from bertsym.render.mathtex import math
from bertsym.symbols import F, H, L, V, decoder_layers, ffn_ratio, tied
from bertsym.wording import pretty

SIZES = (H, L, V, decoder_layers)
RELATIONS = (sympy.Le, sympy.Lt, sympy.Ge, sympy.Gt)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (H + (L - H) * Iverson(L <= H), "min(L, H)"),
        (H + (L - H) * Iverson(L >= H), "max(L, H)"),
        (3 * V * (H + (L - H) * Iverson(L < H)), "3·min(L, H)·V"),
        ((L - H) * Iverson(L > H), "max(L − H, 0)"),
        ((L - 3) * Iverson(L > 2) * V, "max(L − 3, 0)·V"),
        (3 + (L - 3) * Iverson(L <= 3), "min(L, 3)"),
        # These choose no size, so that the bracket stays.
        ((L - H) * Iverson(L <= V), "L·[L ≤ V] − H·[L ≤ V]"),
        (L * Iverson(L > 2), "[L > 2]·L"),
        (L * Iverson(tied), "[tied]·L"),
        ((L - H) * Iverson(sympy.Eq(L, H)), "[L = H]"),
    ],
    ids=str,
)
def test_a_bracket_that_chooses_a_size_is_a_minimum_or_a_maximum(expression: Expr, text: str) -> None:
    found = pretty(form(expression))
    assert found == text if "min" in text or "max" in text else "min" not in found and "max" not in found


def test_ratios_are_no_integers() -> None:
    """Between fractions a > b does not mean a >= b + 1."""
    assert "max" not in pretty(form((ffn_ratio - 2) * Iverson(ffn_ratio > 1)))


def test_tex_has_both_as_operators() -> None:
    assert math(form(H + (L - H) * Iverson(L <= H))) == r"\min(L, H)"
    assert math(form((L - F) * Iverson(L > F) * H)) == r"\max(L - F, 0)H"


@pytest.mark.parametrize("style", Style)
def test_every_style_keeps_the_value(style: Style) -> None:
    seed = 20261128
    draw = random.Random(f"{seed} {style}")
    checked = 0
    for _ in range(60):
        expression = _sum_of_brackets(draw)
        back = to_sympy(form(expression, style))
        for _ in range(5):
            sizes = {size: draw.randint(1, 6) for size in SIZES}
            try:
                found = evaluate(back, sizes)
            except ZeroDivisionError:  # the dominant style divides by its first term, which may be 0
                continue
            assert found == evaluate(expression, sizes), (seed, expression, sizes)
            checked += 1
    assert checked > 200


def _polynomial(draw: random.Random) -> Expr:
    terms = (
        draw.randint(-4, 6) * sympy.Mul(*(draw.choice(SIZES) for _ in range(draw.randint(0, 2))))
        for _ in range(draw.randint(1, 3))
    )
    return sympy.Add(*terms)


def _sum_of_brackets(draw: random.Random) -> Expr:
    """Return a sum with brackets, of which some choose a size, some nearly, and some not at all."""
    expression = _polynomial(draw)
    for _ in range(draw.randint(1, 3)):
        left, right = draw.sample(SIZES, 2)
        right = draw.choice([right, right + draw.choice([0, 1, -1, 3]), sympy.Integer(draw.randint(1, 5))])
        shift = draw.choice([0, 0, 0, 1, -1])
        factor = _polynomial(draw)
        expression += factor * (left - right - shift) * Iverson(draw.choice(RELATIONS)(left, right))
        expression += draw.choice([factor * right, factor * (right + shift), 0])
    return expression
