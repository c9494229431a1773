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
    - `heads` are the heads of the part's type that the library builds, the preferred one first.
    - `prefixes` has the module that holds the part, by the head of the entry; None for a class without the part.
    - `types` are the types with which builds of the library had the names and shapes of the formula.
    """

    path: str
    model_type: str
    heads: tuple[str, ...]
    prefixes: Mapping[str, str | None]
    types: frozenset[str]


def slots(model_type: str) -> tuple[RecordedSlot, ...]:
    """Return the slots of a model type, those of parts before those of parts of parts.

    >>> [(slot.path, slot.model_type) for slot in slots("llava")]
    [('text_config', 'llama'), ('vision_config', 'clip_vision_model')]
    """
    content = _content()
    return tuple(
        RecordedSlot(
            path,
            entry["type"],
            tuple(entry["heads"]),
            MappingProxyType(entry["prefixes"]),
            frozenset(content["types"][group_of(path, entry["heads"][0])]),
        )
        for path, entry in sorted(content["slots"].get(model_type, {}).items(), key=lambda item: item[0].count("."))
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
