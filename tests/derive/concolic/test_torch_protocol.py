"""The one place that notices a torch whose private interface has changed, and what derive does then."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

CONCOLIC = Path(__file__).parents[3] / "bertsym/derive/concolic"
PRIVATE = re.compile(r"torch\._|torch\.utils\._|torch\.\w+(\.\w+)*\._|\bSymNode\(|\btorch\.ops\b")
# Methods of torch's own node that no operator of a module's constructor asks for.
NEVER_ASKED = {
    *("abs", "pos", "round", "trunc", "bitwise_and", "bitwise_or", "bitwise_xor", "lshift", "rshift"),
    *("sym_int", "sym_sqrt", "sym_log2", "sym_sin", "sym_cos", "sym_tan", "sym_asin", "sym_acos", "sym_atan"),
    *("sym_sinh", "sym_cosh", "sym_tanh", "evaluate", "is_integer", "maybe_as_bool", "maybe_as_float", "nested_int"),
    *("with_shape_env", "is_non_overlapping_and_dense_indicator"),
}


def test_two_modules_hold_what_is_private_to_torch() -> None:
    private = {path.stem for path in CONCOLIC.glob("*.py") if PRIVATE.search(path.read_text(encoding="utf-8"))}
    assert private - {"symbolic_numbers"} == {"torch_dispatch", "torch_sym_node"}  # the former makes the nodes


def test_the_installed_torch_carries_expressions_into_shapes(torch: Any) -> None:
    from bertsym.derive.concolic.torch_dispatch import check_torch

    assert torch
    check_torch()


def test_every_question_of_torch_has_an_answer(torch: Any) -> None:
    """Every method of torch's protocol is answered or listed; answer a new one in `torch_sym_node`."""
    from torch.fx.experimental.sym_node import SymNode as TorchNode

    from bertsym.derive.concolic.torch_sym_node import SymNode

    assert torch
    ours = SymNode("size", 3, None)
    unanswered = {name for name in dir(TorchNode) if not name.startswith("_") and not hasattr(ours, name)}
    assert unanswered <= NEVER_ASKED


@pytest.mark.parametrize("change", ["loses", "breaks"])
def test_another_torch_is_named(torch: Any, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from bertsym.derive.concolic.torch_dispatch import UnsupportedTorch, check_torch

    empty = torch.empty

    def another(*size: Any) -> Any:
        if change == "breaks":
            raise TypeError("empty(): argument 'size' must be tuple of ints")
        return empty(*map(int, size))

    monkeypatch.setattr(torch, "empty", another)
    with pytest.raises(UnsupportedTorch, match=r"torch \d+\.\d+.*(takes no symbolic sizes|loses the expressions)"):
        check_torch()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_another_torch_gives_no_trace(torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from bertsym.derive.concolic.run import trace_in_child

    def broken(*_: Any) -> Any:
        raise RuntimeError("no symbols")

    monkeypatch.setattr(torch, "empty", broken)
    answer = trace_in_child(lambda _: torch.nn.Module(), {"hidden": 8}, ["hidden"], 20)
    assert answer["rejected"].startswith("UnsupportedTorch: torch")
