"""Expressions from the worker are decoded within bounds, before sympy computes with them."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Max, Min, floor

from bertsym.derive.concolic.decode import decode_expression
from bertsym.derive.limits import (
    MAX_EXPRESSION_DEGREE,
    MAX_EXPRESSION_DEPTH,
    MAX_EXPRESSION_NUMBER,
    MAX_EXPRESSION_OPERANDS,
    MAX_EXPRESSION_TERMS,
)
from bertsym.expressions.reader import Malformed
from bertsym.symbols import H, V, tied

SYMBOLS = {"hidden": H, "vocab": V, "tied": tied}


def nested(levels: int) -> Any:
    expression: Any = "hidden"
    for _ in range(levels):
        expression = ["+", expression, 1]
    return expression


def test_every_operator() -> None:
    json = ["+", ["*", 4, ["^", "hidden", 2]], ["//", "vocab", 8], ["min", "hidden", 3], ["max", "vocab", "hidden"], -1]
    expected = 4 * H**2 + floor(V / 8) + Min(H, 3) + Max(V, H) - 1
    assert decode_expression(json, SYMBOLS).equals(expected)


@pytest.mark.parametrize(
    ("json", "problem"),
    [
        (nested(MAX_EXPRESSION_DEPTH + 1), "deep"),
        (MAX_EXPRESSION_NUMBER + 1, "no expression"),
        (["+", *["hidden"] * (MAX_EXPRESSION_OPERANDS + 1)], "no expression"),
        (["*", *[["+", "hidden", 1]] * 9], f"more than {MAX_EXPRESSION_TERMS} terms"),
        (["*", *["hidden"] * (MAX_EXPRESSION_DEGREE + 1)], f"degree beyond {MAX_EXPRESSION_DEGREE}"),
        (["^", "hidden", True], "no expression"),
        (["//", "hidden", -2], "a division by -2"),
        (["//", "hidden", 2, 3], "a quotient of 3 operands"),
        ("tied", "no expression"),
        ("width", "no expression"),
        (1.5, "no expression"),
    ],
    ids=str,
)
def test_what_is_out_of_bounds_is_malformed(json: Any, problem: str) -> None:
    with pytest.raises(Malformed, match=problem):
        decode_expression(json, SYMBOLS)


def test_bounds_are_met_exactly() -> None:
    assert decode_expression(nested(MAX_EXPRESSION_DEPTH), SYMBOLS) == H + MAX_EXPRESSION_DEPTH
    assert decode_expression(-MAX_EXPRESSION_NUMBER, SYMBOLS) == -MAX_EXPRESSION_NUMBER
    assert decode_expression(["*", *["hidden"] * MAX_EXPRESSION_DEGREE], SYMBOLS) == H**MAX_EXPRESSION_DEGREE
