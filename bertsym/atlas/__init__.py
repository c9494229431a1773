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


def source() -> str:
    """Return the name and version of the library that the formulas were derived from."""
    return str(_content()["source"])


@cache
def _content() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "index.json").read_bytes())
    return found
