"""A derivation saved to a file: whole, readable, or refused with nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from bertsym.count import count
from bertsym.derive.oracle.client import Worker
from bertsym.derive.pipeline import derive_in
from bertsym.derive.save import save
from bertsym.errors import BadFile, PartialFormula
from bertsym.resolve import load_file
from bertsym.symbols import H


def test_a_saved_derivation_counts_as_the_derivation(running: Worker, tmp_path: Path) -> None:
    derivation = derive_in(running, "tests.derive.models_misbehaving:prints", {"hidden": 8})
    save(derivation, tmp_path / "saved.json")
    loaded = load_file(tmp_path / "saved.json")
    for hidden in (1, 7, 64):
        assert count(loaded.with_sizes({H: hidden})) == 2 * hidden**2 + 2 * hidden
    with pytest.raises(BadFile):
        save(derivation, tmp_path)


def test_a_partial_derivation_is_not_saved(running: Worker, tmp_path: Path) -> None:
    derivation = derive_in(running, "tests.derive.models_misbehaving:too_clever", {"hidden": 8})
    assert not derivation.whole
    with pytest.raises(PartialFormula):
        save(derivation, tmp_path / "saved.json")
    assert list(tmp_path.iterdir()) == []
