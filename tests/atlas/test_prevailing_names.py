"""Names that prevail over a field, and parts that are null, in files of random entries: counted as built."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

from bertsym import atlas
from bertsym.config.configfile import read_config
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.derived import FIRST, Derived, unresolved
from bertsym.saved_model.presentation import PresentedEntry
from tests.atlas.files_built import built

ENTRIES = int(os.environ.get("BERTSYM_PREVAILING_ENTRIES") or 6)
SEED = int(os.environ.get("BERTSYM_ATLAS_SEED") or secrets.randbelow(10**9))


def prevailing() -> Iterator[Derived]:
    """Yield entries with prevailing names, in random order."""
    names = [name for name, line in atlas.index().items() if name == line.entry and FIRST in line.heads]
    for name in Random(SEED).sample(names, len(names)):
        derived = entry_of(name)
        if derived is not None and derived.rules.prevailing and not unresolved(derived.classes[FIRST]):
            yield derived


def at(file: Any, path: str) -> Any:
    for name in path.split("."):
        file = file.get(name) if isinstance(file, dict) else None
    return file


def with_value(file: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    changed = deepcopy(file)
    *parts, last = path.split(".")
    part = changed
    for name in parts:
        part = part.setdefault(name, {})
    part[last] = value
    return changed


def files(derived: Derived, full: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield files with both names of a field, and files with a part that is null."""
    for name, target in derived.rules.prevailing.items():
        default = at(full, target)
        if isinstance(default, dict):
            sizes = [at for at in derived.fields.values() if at.path.rpartition(".")[0] == target]
            for size in sizes[:2]:
                yield with_value(full, name, {size.path.rpartition(".")[2]: 2 * at(full, size.path)})
        elif isinstance(default, int):
            yield from (with_value(full, name, number) for number in (2 * default, default + 1, 1))
    for part in {field.path.partition(".")[0] for field in derived.fields.values() if "." in field.path}:
        yield with_value(full, part, None)


def test_a_prevailing_name_and_a_null_part_count_as_the_class_is_built(
    torch: Any, transformers: Any, tmp_path: Path
) -> None:
    transformers.logging.set_verbosity(transformers.logging.CRITICAL)
    sys.stdout.write(f"BERTSYM_ATLAS_SEED={SEED}\n")
    wrong: list[str] = []
    compared = 0
    for _, derived in zip(range(ENTRIES), prevailing(), strict=False):
        full = json.loads(transformers.CONFIG_MAPPING[derived.name]().to_json_string(use_diff=False))
        for file in files(derived, {"model_type": derived.name, **full}):
            try:
                counted = count(read_config(file, Path("config.json"), FIRST, entry=PresentedEntry(derived)))
            except BertsymError:
                continue
            real = built(transformers, torch, derived.cls, file, tmp_path)
            compared += real is not None
            if real not in (None, counted):
                differing = {name: value for name, value in file.items() if value != full.get(name)}
                wrong.append(f"{derived.name}: {str(differing)[:200]}: {counted:,} instead of {real:,}")
    assert compared > ENTRIES
    assert not wrong, f"BERTSYM_ATLAS_SEED={SEED}: {wrong}"


def test_a_keyword_counts_in_a_file_without_the_list_of_layers(torch: Any, transformers: Any, tmp_path: Path) -> None:
    """Nemotron-H takes four layers if a file lists none, and older names for the sizes of its state-space layers."""
    small: dict[str, Any] = {"model_type": "nemotron_h", "hidden_size": 64, "vocab_size": 100}
    for sizes in ({"mamba_d_conv": 8}, {"mamba_n_groups": 4}, {"mamba_n_groups": 4, "n_groups": 2}):
        file = {**small, **sizes}
        counted = count(read_config(file, Path("config.json"), FIRST))
        assert counted == built(transformers, torch, "NemotronHModel", file, tmp_path)
        assert counted != count(read_config(small, Path("config.json"), FIRST))
