"""Symbolic execution in the worker: where code takes no symbols there is no proposal, and ordinary builds go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.symbols import H
from tests.derive.proposals import HERE


@pytest.fixture
def oracle(torch: Any) -> Iterator[Callable[..., BuildOracle]]:
    """The other process, ended afterwards."""
    assert torch
    with ExitStack() as stack:

        def start(target: str, seconds: float = 20, **sizes: int) -> BuildOracle:
            return BuildOracle(stack.enter_context(Worker(seconds)), target, sizes)

        yield start


@pytest.mark.parametrize("name", ["only_plain", "waits_for_plain", "swallows"])
def test_code_that_takes_no_symbols_gives_no_proposal_and_is_built_all_the_same(
    oracle: Callable[..., BuildOracle], name: str
) -> None:
    opened = oracle(f"{HERE}:{name}", seconds=1, hidden=8)
    assert opened.propose({"hidden": 8}, {"hidden": H}) is None
    plain = opened.build({"hidden": 9})
    assert plain is not None
    assert plain["weight"].shape == (3, 9)


def test_nothing_is_left_behind(oracle: Callable[..., BuildOracle]) -> None:
    opened = oracle(f"{HERE}:remembers", hidden=8)
    found = opened.propose({"hidden": 8}, {"hidden": H})
    assert found is not None
    assert found.shapes["weight"] == (3, H)
    assert opened.build({"hidden": 9}) is not None


def test_the_library_still_validates(oracle: Callable[..., BuildOracle], transformers: Any) -> None:
    assert transformers
    opened = oracle("llama")
    found = opened.propose(opened.description.fields, {"hidden_size": H})
    assert found is not None
    assert found.shapes["norm.weight"] == (H,)
    wrong: Any = {**opened.description.fields, "hidden_size": "4096"}
    assert opened.build(wrong) is None
    assert "hidden_size" in opened.raised


def test_an_answer_too_deep_to_read(oracle: Callable[..., BuildOracle], monkeypatch: pytest.MonkeyPatch) -> None:
    opened = oracle(f"{HERE}:only_plain", hidden=8)
    monkeypatch.setattr(Worker, "_line", lambda *_: b'{"place": 0, "answer": {"proposal": ' + b"[" * 10**5)
    assert opened.propose({"hidden": 8}, {"hidden": H}) is None
