"""Fields that no class declares, at every level of a file: refused, noted, or without effect on the class as built.

`BERTSYM_UNDECLARED_ENTRIES=300` tries so many entries.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from bertsym import atlas
from bertsym.atlas.configurations import declaring
from bertsym.config.configfile import read_config
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.derived import FIRST, unresolved
from bertsym.saved_model.presentation import PresentedEntry
from tests.atlas.files_built import built

ENTRIES = int(os.environ.get("BERTSYM_UNDECLARED_ENTRIES") or 5)
SEED = int(os.environ.get("BERTSYM_ATLAS_SEED") or secrets.randbelow(10**9))
FIELDS_A_LEVEL = 6
VALUES = (1, 2, 3, 5, 16, 48, [2], [0, 1], [1, 2, 3])
HEADS = ("id2label", "label2id")  # the reader counts labels itself


def chosen() -> Iterator[str]:
    """Yield entries with recorded rules, in random order."""
    names = [name for name, line in atlas.index().items() if name == line.entry and FIRST in line.heads]
    for name in Random(SEED).sample(names, len(names)):
        derived = entry_of(name)
        assert derived is not None
        if derived.rules.recorded and not unresolved(derived.classes[FIRST]):
            yield name


def levels(part: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every object of a file, the file itself first."""
    yield path
    for name, inner in part.items():
        if isinstance(inner, dict) and name not in HEADS:
            yield from levels(inner, (*path, name))


def files(name: str, default: dict[str, Any], random: Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield files with an undeclared field, each with the field and its value in words."""
    known = sorted(declaring())
    for path in levels(default):
        for field in random.sample(known, FIELDS_A_LEVEL):
            file: dict[str, Any] = {"model_type": name, **(json.loads(json.dumps(default)) if path else {})}
            part = file
            for step in path:
                part = part[step]
            if field not in part and (path or field not in default):
                part[field] = random.choice(VALUES)
                yield f"{'.'.join((*path, field))} = {part[field]}", file


def test_an_undeclared_field_never_gives_another_number(torch: Any, transformers: Any, tmp_path: Path) -> None:
    transformers.logging.set_verbosity(transformers.logging.CRITICAL)
    sys.stdout.write(f"BERTSYM_ATLAS_SEED={SEED}\n")
    wrong: list[str] = []
    for _, name in zip(range(ENTRIES), chosen(), strict=False):
        derived = entry_of(name)
        assert derived is not None
        default = json.loads(transformers.CONFIG_MAPPING[name]().to_json_string(use_diff=False))
        for said, file in files(name, default, Random(f"{SEED} {name}")):
            try:
                counted = count(read_config(file, Path("config.json"), FIRST, entry=PresentedEntry(derived)))
            except BertsymError:
                continue
            real = built(transformers, torch, derived.cls, file, tmp_path)
            if real not in (None, counted):
                wrong.append(f"{name}: {said}: {counted:,} instead of {real:,}")
    assert not wrong, f"BERTSYM_ATLAS_SEED={SEED}: {wrong}"
