"""Concolic runs: expressions are followed through the model code, and end where it needs plain numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sympy
from sympy import Max, Min, floor

from bertsym.algebra import evaluate
from bertsym.derive.concolic.trace import Multiple, decode_trace
from bertsym.derive.oracle.targets import Target, load_callable
from bertsym.symbols import H, V, ffn_ratio
from tests.derive.concolic_helpers import FORKS, HERE, Names, build_shapes, predict_shapes, trace_of

pytestmark = pytest.mark.filterwarnings(FORKS)


def test_every_operation_that_keeps_an_expression(code: Callable[..., Target]) -> None:
    opened = code(f"{HERE}:arithmetic", hidden=96, heads=6, ratio=5)
    trace, n = trace_of(opened), Names(opened)
    wide, head, ratio = n.hidden, n.heads, n.ratio
    by_hand = {
        "product": wide * ratio + 1,
        "heads": wide,
        "fraction": floor(5 * wide / 2),
        "ceiling": floor((wide + 15) / 16),
        "rounded": floor((3 * wide + 2) / 4) - floor((wide + 2) / 8) + floor((wide + 1) / 8),  # 4.5 is 4
        "least": Min(wide, 4 * ratio),
        "most": Max(floor(wide / 16), 1, ratio),
        "power": floor(wide**2 / ratio),
        "padded": -64 * floor(-wide / 64),
        "next": 64 * floor((wide + 63) / 64),
        "divmod": floor(wide / ratio) + wide - ratio * floor(wide / ratio),
        "sum": wide + head + ratio,
        "shape": floor(wide / head),
        "truth": wide,
    }
    assert trace.shapes.keys() == by_hand.keys()
    for name, (side,) in trace.shapes.items():
        assert side is not None
        assert all(
            evaluate(side - by_hand[name], {wide: 2 * a * b, head: b, ratio: c}) == 0
            for a, b, c in ((1, 1, 2), (5, 3, 9), (48, 2, 3), (7, 11, 70))
        ), name
    assert trace.concretised == ()
    assert trace.multiples == (Multiple("hidden", 1, "heads"), Multiple("hidden", 2, "heads"))
    assert trace.conditions[:2] == (
        sympy.Eq(sympy.Mod(wide, head), 0),
        sympy.Eq(sympy.Mod(wide, 2 * head, evaluate=False), 0, evaluate=False),
    )


def test_a_fraction_is_a_size(torch: Any) -> None:
    from bertsym.derive.concolic.run import trace_in_child

    assert torch
    opened = load_callable(f"{HERE}:scaled", {"hidden": 10, "ratio": 2.75, "bias": True})
    known = {"hidden": H, "ratio": ffn_ratio, "bias": V}
    trace = decode_trace(trace_in_child(opened.build, opened.fields, list(known), 20), known)
    wide = floor(H * ffn_ratio)
    assert trace.shapes == {
        "0.weight": (wide, H),
        "0.bias": (wide,),
        "1.weight": (-floor(-ffn_ratio), wide),
        "1.bias": (-floor(-ffn_ratio),),
    }


def test_parameters_that_torch_makes_in_its_own_ways(code: Callable[..., Target]) -> None:
    opened = code(f"{HERE}:layouts", hidden=24, channels=4)
    trace, n = trace_of(opened), Names(opened)
    for hidden, channels in ((24, 4), (40, 8), (6, 2), (7 * 9, 7)):
        shapes = build_shapes(opened, {"hidden": hidden, "channels": channels})
        assert predict_shapes(trace, {n.hidden: hidden, n.channels: channels}) == shapes


def test_an_expression_ends_in_a_number_and_the_rest_stays(code: Callable[..., Target]) -> None:
    opened = code(f"{HERE}:by_value", hidden=16, count=3)
    trace = trace_of(opened)
    hidden = Names(opened).hidden
    assert trace.concretised == ("hidden", "count")
    assert trace.shapes["layers.2.weight"] == (4, hidden)
    assert trace.shapes["bits.weight"] == (5, 21)
    assert trace.shapes["root.weight"] == (16, 4)


def test_arrays_take_values_only_but_products_of_lists_keep_expressions(code: Callable[..., Target]) -> None:
    opened = code(f"{HERE}:through_arrays", hidden=16)
    hidden = Names(opened).hidden
    shapes = trace_of(opened).shapes
    assert {name: shapes[f"{name}.weight"] for name in ("widths", "steps", "told", "hop")} == {
        "widths": (hidden, 512),
        "steps": (hidden, 20),
        "told": (hidden, 16),
        "hop": (2 * hidden, 12 * hidden),
    }
