"""Traces come from a process that runs model code: decoded within bounds, or refused."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Max, floor

from bertsym.derive.concolic.trace import ConcolicTrace, Multiple, decode_trace
from bertsym.expressions.reader import Malformed
from bertsym.symbols import H, V, heads

WORD = {"dimensions": ["vocab", "hidden"], "shapes": {"word.weight": [0, 1]}, "relations": []}


def deep(levels: int) -> Any:
    expression: Any = "hidden"
    for _ in range(levels):
        expression = ["+", expression, 1]
    return expression


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {"raised": "ValueError"},
        {**WORD, "dimensions": "vocab"},
        {**WORD, "shapes": {"word.weight": [0, 2]}},
        {**WORD, "shapes": {"word.weight": [0, -1]}},
        {**WORD, "shapes": {"word.weight": [True]}},
        {**WORD, "shapes": {"word.weight": [[0]]}},
        {**WORD, "shapes": {"word.weight": "0"}},
        {**WORD, "shapes": {"word.weight": [0] * 17}},
        {**WORD, "shapes": {"w" * 501: [0]}},
        {**WORD, "dimensions": [1] * 4001},
        {**WORD, "dimensions": [["+", "hidden", k] for k in range(601)]},
        {**WORD, "relations": [["=", "hidden", 1]] * 501},
        {**WORD, "relations": ["hidden"]},
        {**WORD, "relations": [["__class__", "hidden", 1]]},
        {**WORD, "relations": [["=", "hidden"]]},
        {**WORD, "concretised": "hidden"},
        {**WORD, "concretised": ["width"]},
        {**WORD, "concretised": [["hidden"]]},
    ],
)
def test_an_answer_that_is_no_trace_is_refused(answer: Any) -> None:
    with pytest.raises(Malformed):
        decode_trace(answer, {"hidden": H, "vocab": V})


@pytest.mark.parametrize(
    "dimension",
    [
        None,
        True,
        1.5,
        10**13,
        "H",
        "__import__('os')",
        {"hidden": 1},
        [],
        ["eval", "hidden"],
        ["^", "hidden", 9],
        ["^", ["^", ["^", ["+", "hidden", "vocab", 1], 8], 8], 8],
        ["*", *[["+", "hidden", "vocab", 1]] * 20],
        ["//", "hidden", 0],
        ["min"],
        ["max", *["hidden"] * 65],
        deep(40),
    ],
    ids=str,
)
def test_a_dimension_that_is_no_expression_is_none(dimension: Any) -> None:
    trace = decode_trace({**WORD, "dimensions": [dimension, "hidden"]}, {"hidden": H, "vocab": V})
    assert trace.shapes == {"word.weight": (None, H)}
    relations = [["=", ["%", dimension, "hidden"], 0], [">", dimension, "hidden"], ["=", ["%", "hidden", dimension], 0]]
    assert not decode_trace({**WORD, "relations": relations}, {"hidden": H, "vocab": V}).multiples


def test_relations_give_conditions_and_multiples() -> None:
    def path(*relations: list[Any]) -> ConcolicTrace:
        return decode_trace({**WORD, "relations": list(relations)}, {"hidden": H, "heads": heads, "vocab": V})

    # heads * floor(H / heads) = H says that heads divide H, and the size of a head must then be even.
    divided = path(
        ["=", ["*", "heads", ["//", "hidden", "heads"]], "hidden"], ["=", ["%", ["//", "hidden", "heads"], 2], 0]
    )
    assert divided.multiples == (Multiple("hidden", 1, "heads"), Multiple("hidden", 2, "heads"))
    assert path(["=", ["%", ["*", 2, "hidden"], 64], 0]).multiples == (Multiple("hidden", 32),)
    assert path(["=", ["%", "hidden", ["*", "heads", "vocab"]], 0]).multiples == ()
    assert path(["=", "vocab", 5]) == path() or path(["=", "vocab", 5]).pinned == ("vocab",)
    trivial = path([">", "hidden", 0], ["!=", "hidden", 1], [">=", "heads", 0], ["<", 1, "vocab"])
    assert trivial.conditions == ()
    assert path([">", "vocab", "hidden"], [">", "vocab", "hidden"]).conditions == (V > H,)


def test_a_divisor_that_may_be_0_is_at_least_1() -> None:
    """As in ConvBERT, where the heads are fewer by a ratio, and one where the ratio is larger."""
    fewer = ["//", "heads", "vocab"]
    answer = {**WORD, "dimensions": [["*", ["//", "hidden", ["*", 2, fewer]], fewer], 1]}
    dimension = decode_trace(answer, {"hidden": H, "heads": heads, "vocab": V}).shapes["word.weight"][0]
    assert dimension == floor(heads / V) * floor(H / Max(1, 2 * floor(heads / V)))
