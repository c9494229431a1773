"""The index of the formulas derived from transformers, and the file of each; a file is read when it is needed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bertsym.values import value

FOLDER = Path(__file__).parent
PREFIX = "atlas:"
SUFFIX = "-default"

COMPOSITES = frozenset(
    {"encoder-decoder", "rag", "speech-encoder-decoder", "vision-encoder-decoder", "vision-text-dual-encoder"}
)
"""The types whose configuration has parts of any type; `saved_model.composites` joins them from the parts' entries."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")


@value
class Listed:
    """A model type in the index: the file of its entry, its class, and the number of parameters at its defaults.

    `heads` are the classes with a whole formula and `partly` those without one, by the names of heads. `unresolved` is
    the number of tensors without a formula, `fixed` the number of fields that the derivation fixed.
    """

    name: str
    entry: str
    cls: str
    count: int
    heads: Mapping[str, str]
    partly: Mapping[str, str]
    unresolved: int
    fixed: int


def path(name: str) -> Path | None:
    """Return the file of a model type, or None; types with the same class and configuration share a file."""
    if not _NAME.fullmatch(name):
        return None
    file = FOLDER / "models" / f"{name}.json"
    if file.is_file():
        return file
    entry = index().get(name)
    return None if entry is None else FOLDER / "models" / f"{entry.entry}.json"


@value
class ClassInAtlas:
    """A class of transformers with a formula: its model type, and its head there."""

    model_type: str
    head: str


@cache
def classes() -> Mapping[str, ClassInAtlas]:
    """Return every class with a whole formula, by name.

    If several entries have a class, that of the type which the class is named after counts, then the shortest name.
    """
    found: dict[str, ClassInAtlas] = {}
    for listed in sorted(index().values(), key=lambda listed: (listed.name != listed.entry, len(listed.name))):
        for head, cls in listed.heads.items():
            named = _is_named_after(cls, listed.name)
            if cls not in found or (named and not _is_named_after(cls, found[cls].model_type)):
                found[cls] = ClassInAtlas(listed.name, head)
    return found


def _is_named_after(cls: str, model_type: str) -> bool:
    return cls.casefold().startswith(re.sub("[-_]", "", model_type))


@cache
def index() -> Mapping[str, Listed]:
    """Return every model type that has a formula, by name."""
    return {
        name: Listed(
            name,
            found.get("entry", name),
            found["class"],
            found["parameters"],
            found["heads"],
            found.get("partly", {}),
            found.get("unresolved", 0),
            found.get("fixed_by_derivation", 0),
        )
        for name, found in _content()["models"].items()
    }


def missing() -> Mapping[str, str]:
    """Return the reason for each model type that has no formula."""
    return dict(_content()["missing"])


def missing_classes() -> Mapping[str, str]:
    """Return the reason for each class of the auto mappings that has no formula."""
    return dict(_content().get("classes", {}))


def source() -> str:
    """Return the name and version of the library that the formulas were derived from."""
    return str(_content()["source"])


@cache
def _content() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "index.json").read_bytes())
    return found
