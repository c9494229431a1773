"""A sample of the atlas against the installed transformers, at sizes that no run before has drawn."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from bertsym import atlas
from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.derive.types import CannotDerive
from bertsym.derive.verification.recheck import recheck
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.derived import FIRST
from tests.atlas.libraries import skip_or_raise

SAMPLE, DRAWS = 12, 5
SEED = int(os.environ.get("BERTSYM_ATLAS_SEED") or secrets.randbelow(10**9))
CLASSES = [
    (line.entry, head) for name, line in sorted(atlas.index().items()) if name == line.entry for head in line.heads
]


def chosen() -> list[tuple[str, str]]:
    return Random(SEED).sample(CLASSES, min(SAMPLE, len(CLASSES)))


def test_the_seed_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\natlas sample: BERTSYM_ATLAS_SEED={SEED} {' '.join(f'{n}/{h}' for n, h in chosen())}\n")


@pytest.fixture(scope="module")
def worker(transformers: Any) -> Iterator[Worker]:
    assert transformers
    with Worker(60) as one:
        yield one


@pytest.mark.parametrize("place", range(min(SAMPLE, len(CLASSES))))
def test_a_formula_holds_at_fresh_sizes(place: int, worker: Worker, transformers: Any) -> None:
    name, head = chosen()[place]
    derived = entry_of(name)
    assert derived is not None
    has_bare = name in transformers.models.auto.modeling_auto.MODEL_MAPPING_NAMES
    code = name if head == FIRST and has_bare else derived.classes[head].cls
    try:
        oracle = BuildOracle(worker, code, {}, with_lists=bool(derived.layer_lists))
    except CannotDerive as error:
        skip_or_raise(error, derived.classes[head].cls)
    wrong = recheck(derived, head, oracle, Random(f"{SEED} {name} {head}"), DRAWS)
    assert wrong is None, f"BERTSYM_ATLAS_SEED={SEED}: {name} {head}: {wrong}"
