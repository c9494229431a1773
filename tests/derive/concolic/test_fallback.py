"""Code and versions of torch that take no symbolic numbers: there is no trace, and ordinary builds go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.symbols import H
from tests.derive.concolic_helpers import HERE


@pytest.fixture
def oracle(torch: Any) -> Iterator[Callable[..., BuildOracle]]:
    """Yield a function that opens a target in a worker of its own."""
    assert torch
    with ExitStack() as stack:

        def start(target: str, seconds: float = 20, **sizes: int) -> BuildOracle:
            return BuildOracle(stack.enter_context(Worker(seconds)), target, sizes)

        yield start


@pytest.mark.parametrize("name", ["only_plain", "waits_for_plain", "swallows"])
def test_code_that_takes_no_symbols_gives_no_trace_and_is_built_all_the_same(
    oracle: Callable[..., BuildOracle], name: str
) -> None:
    opened = oracle(f"{HERE}:{name}", seconds=1, hidden=8)
    assert opened.traces([{"hidden": 8}], {"hidden": H}) == [None]
    plain = opened.build({"hidden": 9})
    assert plain is not None
    assert plain["weight"].shape == (3, 9)


def test_a_trace_leaves_nothing_behind_in_the_worker(oracle: Callable[..., BuildOracle]) -> None:
    opened = oracle(f"{HERE}:remembers", hidden=8)
    (trace,) = opened.traces([{"hidden": 8}], {"hidden": H})
    assert trace is not None
    assert trace.shapes["weight"] == (3, H)
    assert opened.build({"hidden": 9}) is not None


def test_transformers_still_validates_after_a_trace(oracle: Callable[..., BuildOracle], transformers: Any) -> None:
    assert transformers
    opened = oracle("llama")
    (trace,) = opened.traces([opened.description.fields], {"hidden_size": H})
    assert trace is not None
    assert trace.shapes["norm.weight"] == (H,)
    wrong: Any = {**opened.description.fields, "hidden_size": "4096"}
    rejection = opened.rejection(wrong)
    assert rejection is not None
    assert "hidden_size" in rejection.reason
    assert not rejection.timed_out


def test_an_answer_nested_too_deeply_is_no_trace(
    oracle: Callable[..., BuildOracle], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = oracle(f"{HERE}:only_plain", hidden=8)
    monkeypatch.setattr(Worker, "_read_line", lambda *_: b'{"index": 0, "answer": {"trace": ' + b"[" * 10**5)
    assert opened.traces([{"hidden": 8}], {"hidden": H}) == [None]
