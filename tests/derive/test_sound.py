"""No accepted formula is wrong: of random programs, and of layers at an offset and a period, at every seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from bertsym.count import count
from bertsym.derive.export import recorded
from bertsym.derive.oracle.client import Worker
from bertsym.derive.pipeline import derive_in
from bertsym.model import Model
from tests.derive.verdicts import DERIVED, WRONG, verdict

FIRST_SEED, PROGRAMS, MIN_DERIVED = 70, 12, 10

GATES = """
from torch import nn


def build(layers: int, every: int, offset: int, hidden: int) -> nn.Module:
    root = nn.Module()
    root.layers = nn.ModuleList()
    for i in range(layers):
        layer = nn.Module()
        layer.dense = nn.Linear(hidden, hidden)
        if i % every == offset:
            layer.gate = nn.Linear(hidden, 1)
        root.layers.append(layer)
    return root
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for programs."""
    return tmp_path_factory.mktemp("programs")


@pytest.fixture(scope="module")
def beside(torch: Any, folder: Path) -> Iterator[Worker]:
    """Yield a worker that finds modules in the folder."""
    assert torch
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with Worker(60) as one:
            yield one


def test_no_accepted_formula_is_wrong_and_most_programs_have_one(beside: Worker, folder: Path) -> None:
    """Derive twelve programs, each compared with its builds at 300 samples of small, equal and different sizes."""
    words: Counter[str] = Counter()
    for seed in range(FIRST_SEED, FIRST_SEED + PROGRAMS):
        result = verdict(beside, folder, seed)
        assert result.word != WRONG, f"program {seed}: {result.evidence}"
        words[result.word] += 1
    assert words[DERIVED] >= MIN_DERIVED, words


@pytest.mark.parametrize("seed", range(6))
def test_layers_at_an_offset_of_every_so_many(beside: Worker, folder: Path, seed: int) -> None:
    """Compare all sizes up to 9; each of these seeds once found no formula, a wrong one, or no effect of `every`."""
    (folder / "gates.py").write_text(GATES, encoding="utf-8")
    sizes = {"layers": 12, "every": 4, "offset": 1, "hidden": 64}
    derived = recorded(derive_in(beside, "gates:build", sizes, seed=seed, keep_names=True))
    model = derived.model()
    assert {derived.fields[symbol].path for symbol in model.symbols} == set(sizes)
    for layers, every, offset in product((1, 2, 5, 9, 13), range(1, 10), range(8)):
        gates = sum(i % every == offset for i in range(layers))
        assert counted(model, layers=layers, every=every, offset=offset, hidden=3) == 12 * layers + 4 * gates


def counted(model: Model, **sizes: int) -> int:
    """Return the count at these sizes, by the names of the symbols."""
    return count(model.with_sizes({symbol: sizes[str(symbol)] for symbol in model.symbols}))
