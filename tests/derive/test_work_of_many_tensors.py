"""The work of a derivation grows linearly in the number of its tensors. Work is counted, not timed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bertsym.derive.synthesis.observations import ObservationTable

HERE = "tests.derive.models_misbehaving"


def test_twice_as_many_names_are_twice_the_work(find: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    plain = ObservationTable.sizes_affecting_parts

    def counted(self: ObservationTable, *family: Any) -> Any:
        nonlocal compared
        compared += 1
        return plain(self, *family)

    monkeypatch.setattr(ObservationTable, "sizes_affecting_parts", counted)
    work = []
    for names in (100, 200):
        compared = 0
        derivation, derived = find(f"{HERE}:names_{names}", hidden=8)
        assert derivation.whole
        assert len(derived.classes["model"].tensors) == names
        work.append(compared)
    assert work[1] < 2.5 * work[0]
