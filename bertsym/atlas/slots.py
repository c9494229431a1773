"""The slots of configurations that take parts of several model types, recorded by `tools/atlas_slots.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bertsym.values import value


@value
class RecordedSlot:
    """A part of a configuration whose class the library chooses by the part's own `model_type`.

    - `path` is the field of the part, and `model_type` the type that the entry was derived with.
    - `prefixes` has the module that holds the part, by the head of the entry; None for a class without the part.
    - `heads` has the heads of a type that the library holds there, the preferred one first, by the head of the entry.
    - `types` are the types with which builds of the library had the names and shapes of the formula.
    """

    path: str
    model_type: str
    prefixes: Mapping[str, str | None]
    heads: Mapping[str, tuple[str, ...]]
    types: frozenset[str]


def slots(model_type: str) -> tuple[RecordedSlot, ...]:
    """Return the slots of a model type, those of parts before those of parts of parts.

    >>> [(slot.path, slot.model_type) for slot in slots("llava")]
    [('text_config', 'llama'), ('vision_config', 'clip_vision_model')]
    """
    entries = _content()["slots"].get(model_type, {})
    return tuple(_slot(path, entries[path]) for path in sorted(entries, key=lambda path: (path.count("."), path)))


def _slot(path: str, entry: Mapping[str, Any]) -> RecordedSlot:
    groups = _content()["groups"]
    held = {name: groups[group_of(path, found[1])] for name, found in entry["holders"].items() if found is not None}
    return RecordedSlot(
        path,
        entry["type"],
        MappingProxyType({name: None if found is None else found[0] for name, found in entry["holders"].items()}),
        MappingProxyType({name: tuple(group["heads"]) for name, group in held.items()}),
        frozenset.intersection(*(frozenset(group["types"]) for group in held.values())),
    )


def group_of(path: str, head: str) -> str:
    """Return the group of slots that take the same types: those of a field that hold the same head.

    >>> group_of("vlm_config.text_config", "model")
    'text_config model'
    """
    return f"{kind_of(path)} {head}"


def kind_of(path: str) -> str:
    """Return the field of a part, without the fields of the parts around it.

    >>> kind_of("vlm_config.text_config")
    'text_config'
    """
    return path.rpartition(".")[2]


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((Path(__file__).parent / "slots.json").read_bytes())
    return content
