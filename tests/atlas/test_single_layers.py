"""Files that give single layers sizes of their own, and lists of any length: counted as the class is built."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym import atlas
from bertsym.config.configfile import read_config
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.derived import FIRST, Derived
from tests.atlas.files_built import built

SEED = int(os.environ.get("BERTSYM_ATLAS_SEED") or secrets.randbelow(10**9))
FILES, LAYERS = 12, 4


def entries() -> Iterator[Derived]:
    """Yield the entries of the atlas, each once."""
    for name, line in atlas.index().items():
        if name == line.entry and FIRST in line.heads and (derived := entry_of(name)) is not None:
            yield derived


def part(path: str, inner: dict[str, Any]) -> dict[str, Any]:
    """Return a file with fields in the part that a path lies in."""
    for name in reversed(path.split(".")[:-1]):
        inner = {name: inner}
    return inner


def tables(derived: Derived, random: Random) -> Iterator[dict[str, Any]]:
    """Yield files with small sizes, of which some layers have their own."""
    for path, rule in derived.rules.layer_sizes.items():
        names = sorted(rule.names)
        plain = {name: random.choice([2, 4, 6, 8]) for name in names if not name.startswith("use_")}
        for _ in range(FILES):
            layers = random.sample(range(LAYERS), random.randint(0, LAYERS))
            table = {
                str(layer): {name: random.choice([2, 4, 6, 8]) for name in random.sample(list(plain), 1)}
                for layer in layers
            }
            own = {rule.length.rpartition(".")[2]: LAYERS, **plain, path.rpartition(".")[2]: table}
            yield {"model_type": derived.name, **part(path, own)}


def lengths(derived: Derived, random: Random) -> Iterator[dict[str, Any]]:
    """Yield files with another length of a list that is a size of the entry."""
    for symbol, field in derived.fields.items():
        if field.path.endswith("[]"):
            name = field.path.removesuffix("[]").rpartition(".")[2]
            for length in random.sample(range(7), 3):
                listed = [random.randrange(int(derived.defaults[symbol])) for _ in range(length)]
                yield {"model_type": derived.name, **part(field.path, {name: listed})}


@pytest.mark.parametrize("kind", [tables, lengths])
def test_files_count_as_the_class_is_built(kind: Any, torch: Any, transformers: Any, tmp_path: Path) -> None:
    transformers.logging.set_verbosity(transformers.logging.CRITICAL)
    sys.stdout.write(f"BERTSYM_ATLAS_SEED={SEED}\n")
    random, wrong, compared = Random(SEED), [], 0
    for derived in entries():
        for file in kind(derived, random):
            try:
                counted = count(read_config(file, Path("config.json"), FIRST))
            except BertsymError:
                continue
            real = built(transformers, torch, derived.cls, file, tmp_path)
            compared += real is not None
            if real not in (None, counted):
                wrong.append(f"{str(file)[:300]}: {counted:,} instead of {real:,}")
    assert compared
    assert not wrong, f"BERTSYM_ATLAS_SEED={SEED}: {wrong}"
