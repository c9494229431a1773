"""Symbolic numbers in Python: the value of a plain number, the expression beside it, comparisons recorded."""

from __future__ import annotations

import copy
import json
import math
import pickle
import subprocess
import sys
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bertsym.derive.concolic.decode import decode_expression
from bertsym.derive.concolic.path_recorder import PathRecorder
from bertsym.derive.evaluator import Evaluator
from bertsym.symbols import H, Kind, Own


class Numbers(NamedTuple):
    hidden: Any
    heads: Any
    ratio: Any
    recorder: PathRecorder


@pytest.fixture
def numbers(torch: Any) -> Numbers:
    """Return hidden = 12, heads = 4 and ratio = 2.5, with their recorder."""
    from bertsym.derive.concolic.symbolic_numbers import SymbolicFloat, SymbolicInt

    assert torch
    recorder = PathRecorder()
    hidden, heads = SymbolicInt(12, "hidden", recorder), SymbolicInt(4, "heads", recorder)
    return Numbers(hidden, heads, SymbolicFloat(2.5, (("ratio", "ratio"), 1), recorder), recorder)


def test_arithmetic_keeps_value_and_expression(numbers: Numbers) -> None:
    from bertsym.derive.concolic.symbolic_numbers import as_fraction, concrete_value

    hidden, heads, ratio, recorder = numbers
    quotient = ("//", "hidden", "heads")
    for number, value, fraction in (
        (3 * hidden - hidden, 24, (("*", 2, "hidden"), 1)),
        (hidden / heads, 3.0, ("hidden", "heads")),
        (hidden // heads, 3, (quotient, 1)),
        (hidden % heads, 0, (("%", "hidden", "heads"), 1)),
        (math.ceil(hidden / 5), 3, (("//", ("+", "hidden", 4), 5), 1)),
        (math.floor(ratio * hidden), 30, (("//", ("*", "hidden", ("ratio", "ratio")), 1), 1)),
        (hidden**2, 144, (("^", "hidden", 2), 1)),
        (-hidden, -12, (("*", -1, "hidden"), 1)),
        (abs(-hidden), 12, ("hidden", 1)),
        (round(hidden / 3), 4, (("//", ("+", ("*", 2, "hidden"), 3), 6), 1)),
    ):
        assert concrete_value(number) == value
        assert as_fraction(number) == fraction
    assert not recorder.concretised


def test_comparisons_are_the_path_condition(numbers: Numbers) -> None:
    hidden, heads, ratio, recorder = numbers
    assert hidden > heads
    assert hidden != 2 * heads
    assert not hidden / heads < 2
    assert hidden % heads == 0
    assert bool(hidden)
    assert not ratio.is_integer()
    assert list(recorder.path_condition) == [
        (">", "hidden", "heads"),
        ("!=", "hidden", ("*", 2, "heads")),
        (">=", "hidden", ("*", 2, "heads")),
        ("=", ("%", "hidden", "heads"), 0),
        ("!=", "hidden", 0),
    ]


def test_uses_without_an_expression_are_recorded(numbers: Numbers) -> None:
    hidden, heads, ratio, recorder = numbers
    assert [len(range(heads)), [0] * 13 + [5], f"{hidden:03d}", hidden.bit_length()] == [4, [0] * 13 + [5], "012", 4]
    assert recorder.concretised_names() == {"heads", "hidden"}
    assert hidden ^ 5 == 9
    assert float(ratio) == 2.5
    assert recorder.concretised_names() == {"heads", "hidden"}
    assert f"{ratio:.1f}" == "2.5"
    assert recorder.concretised_names() == {"heads", "hidden", "ratio"}


def test_they_pass_for_plain_numbers(numbers: Numbers) -> None:
    hidden, _, ratio, _ = numbers
    assert isinstance(hidden, int)
    assert isinstance(ratio, float)
    assert {12: "twelve"}[hidden] == "twelve"
    assert copy.deepcopy(hidden) is hidden
    assert type(pickle.loads(pickle.dumps(hidden))) is int  # noqa: S301  # of our own
    text: Any = "text"
    with pytest.raises(TypeError):
        hidden + text


def test_a_root_is_no_use_of_a_size(numbers: Numbers) -> None:
    assert numbers.hidden**-0.5 == pytest.approx(12**-0.5)
    assert not numbers.recorder.concretised


def test_builtins_of_the_model_code(numbers: Numbers) -> None:
    from bertsym.derive.concolic.patched_builtins import Int, _extreme
    from bertsym.derive.concolic.symbolic_numbers import as_fraction

    hidden, heads, _, recorder = numbers
    patched_int: Any = Int
    assert as_fraction(patched_int(hidden / heads)) == (("//", "hidden", "heads"), 1)
    assert as_fraction(_extreme("max")(hidden, 5, heads)) == (("max", "hidden", "heads", 5), 1)
    assert not recorder.concretised
    assert patched_int("12") == patched_int(12.7) == _extreme("min")([30, 12]) == 12
    assert _extreme("max")([], default=3) == 3
    assert {patched_int: "found"}[int] == "found"
    assert patched_int.from_bytes(b"\1", "big") == 1
    assert isinstance(3, patched_int)
    assert issubclass(bool, patched_int)


def test_patches_reach_modules_of_the_model_code_only(torch: Any) -> None:
    """In a child, because nothing is undone."""
    assert torch
    script = """
import json, math, types, sys
from bertsym.derive.concolic.patched_builtins import Int, patch_builtins
from bertsym.derive.concolic.path_recorder import PathRecorder
from bertsym.derive.concolic.symbolic_numbers import SymbolicInt
sys.modules["users"] = users = types.ModuleType("users")
sys.modules["users_own"] = own = types.ModuleType("users_own")
own.int = 5
patch_builtins()
assert users.int is Int and own.int == 5 and not hasattr(math, "int")
assert json.dumps({"hidden": SymbolicInt(12, "hidden", PathRecorder())}) == '{"hidden": 12}'
"""
    assert subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[3], check=False).returncode == 0
    assert json.dumps({"hidden": 12}) == '{"hidden": 12}'


@pytest.mark.parametrize("divisor", [1, 2, 3, 4, 7, 1000])
def test_halves_are_rounded_to_the_even_neighbor(divisor: int) -> None:
    # Moonshine's `round(sample_rate * frame_ms / 1000)`
    from bertsym.derive.concolic.run import _without_modulo
    from bertsym.derive.concolic.symbolic_numbers import _half_to_even

    milliseconds = Own("milliseconds", Kind.RATIO)
    for numerator in ("H", ("*", "H", ("ratio", "ms"))):
        rounded = decode_expression(_without_modulo(_half_to_even(numerator, divisor)), {"H": H, "ms": milliseconds})
        for size, ratio in product(range(40), (Fraction(1, 2), Fraction(3), Fraction(125))):
            exact = Fraction(size, divisor) * (1 if numerator == "H" else ratio)
            assert Evaluator({H: size, milliseconds: ratio}).number(rounded) == round(exact)
