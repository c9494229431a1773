"""Count the classes of the auto mappings that have a formula, and say for each other class why it has none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import atlas_index as shelf
import variant_index
from atlas_classes import head_name, mappings

from bertsym.saved_model.composites import COMPOSITES

NOT_TRIED = "not derived yet"


def classes_of_mappings() -> dict[str, set[str]]:
    """Return the classes of each auto mapping, by the name of its head; the bare models are `model`."""
    found: dict[str, set[str]] = {}
    for mapping, table in mappings().items():
        found[head_name(mapping)] = {cls for classes in table.values() for cls in classes}
    return found


def types_of_classes() -> dict[str, list[str]]:
    """Return the model types under which the auto mappings list each class."""
    found: dict[str, list[str]] = {}
    for table in mappings().values():
        for kind, classes in table.items():
            for cls in classes:
                found.setdefault(cls, []).append(kind)
    return found


def covered_classes(index: Mapping[str, Any]) -> set[str]:
    """Return the classes with a whole formula: the heads of the entries and of variants, and the composites."""
    covered = {cls for line in index["models"].values() for cls in line["heads"].values()}
    covered |= {cls for state in variant_index.wanted().values() for cls in state.get("heads", {}).values()}
    covered |= {composite.cls for composite in COMPOSITES.values()}
    return covered | {cls for composite in COMPOSITES.values() for cls, _ in composite.further.values()}


def write_coverage() -> tuple[int, int]:
    """Write the coverage into the index; return the number of classes with a formula, and of all."""
    index = json.loads(shelf.INDEX.read_bytes())
    covered, by_mapping, types = covered_classes(index), classes_of_mappings(), types_of_classes()
    reasons = {cls: _reason(cls, index, types[cls]) for cls in types if cls not in covered}
    coverage = {head: [len(classes), len(classes & covered)] for head, classes in by_mapping.items()}
    coverage["all"] = [len(types), len(types) - len(reasons)]
    shelf.rewrite(index, classes=reasons, coverage=coverage)
    return coverage["all"][1], coverage["all"][0]


def _reason(cls: str, index: Mapping[str, Any], types: list[str]) -> str:
    """Return why a class has no formula: its own reason, else that of its model type."""
    known = index.get("classes", {})
    if cls in known and known[cls] != NOT_TRIED:
        return str(known[cls])
    for kind in types:
        if kind in index["missing"]:
            return str(index["missing"][kind])
        line = index["models"].get(kind)
        if line is not None and line.get("unresolved"):
            return f"{line['unresolved']} tensors of {line['class']} have no formula"
    return NOT_TRIED
