"""Model code in this process, as the worker of a derivation opens it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bertsym.derive import worker


@pytest.fixture
def code(transformers: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., worker.Target]:
    """Model code in this process, as the worker opens it; what runs with symbols runs in a child."""
    from torch.nn import init

    assert transformers
    for name in [name for name in vars(init) if name.endswith("_") and not name.startswith("_")]:
        monkeypatch.setattr(init, name, worker.untouched)

    def opened(target: str, **sizes: int) -> worker.Target:
        return worker.own(target, sizes) if sizes else worker.listed(target)

    return opened
