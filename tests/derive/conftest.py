"""Model code in this process, as the worker of a derivation opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from bertsym.derive.derivation import Derivation
from bertsym.derive.export import recorded
from bertsym.derive.oracle import targets
from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.derive.pipeline import derive_in
from bertsym.derive.verification.recheck import recheck
from bertsym.saved_model.derived import FIRST, Derived


@pytest.fixture(scope="module")
def running(torch: Any) -> Iterator[Worker]:
    """A process for the code of one test module."""
    assert torch
    with Worker(30) as one:
        yield one


@pytest.fixture
def find(running: Worker) -> Callable[..., tuple[Derivation, Derived]]:
    """Return a function that derives a target, saves the result, and checks the saved model at fresh samples."""

    def found(target: str, seed: int = 0, **sizes: int) -> tuple[Derivation, Derived]:
        derivation = derive_in(running, target, sizes, seed=seed)
        derived = recorded(derivation)
        # What is kept of the rules must be enough to draw sizes that the code takes.
        oracle = BuildOracle(running, target, sizes, with_lists=bool(derived.layer_lists))
        assert recheck(derived, FIRST, oracle, Random(7), 8) is None
        return derivation, derived

    return found


@pytest.fixture
def code(transformers: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., targets.Target]:
    """Model code in this process, as the worker opens it; what runs with symbols runs in a child."""
    from torch.nn import init

    assert transformers
    for name in [name for name in vars(init) if name.endswith("_") and not name.startswith("_")]:
        monkeypatch.setattr(init, name, targets.identity_init)

    def opened(target: str, **sizes: int) -> targets.Target:
        return targets.resolve_target(target, sizes)

    return opened
