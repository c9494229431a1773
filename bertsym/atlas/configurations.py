"""Facts about the configuration classes of transformers, as `tools/atlas_configurations.py` recorded them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "configurations.json"


def fixed_parts(model_type: str) -> tuple[str, ...]:
    """Return the paths of the parts of a configuration whose class does not depend on their `model_type`.

    >>> fixed_parts("qwen3_vl")
    ('text_config', 'vision_config')
    """
    return tuple(_content()["fixed_parts"].get(model_type, ()))


def has_class(name: str) -> bool:
    """Return True if the library has a public model class of that name, whether or not it has a formula."""
    return name in _classes()


def similar_class(name: str) -> str | None:
    """Return the class of the library whose name differs in capitals only, or None.

    >>> similar_class("PhiMoEForCausalLM")
    'PhimoeForCausalLM'
    """
    return _classes_by_folded_name().get(name.casefold())


@cache
def declaring() -> Mapping[str, frozenset[str]]:
    """Return the model types that declare each field, beyond the fields that every configuration class has."""
    types: dict[str, set[str]] = {}
    for model_type, fields in _content()["declared"].items():
        for field in fields:
            types.setdefault(field, set()).add(model_type)
    return {field: frozenset(names) for field, names in types.items()}


@cache
def _classes() -> frozenset[str]:
    return frozenset(_content()["classes"])


@cache
def _classes_by_folded_name() -> Mapping[str, str]:
    return {name.casefold(): name for name in _content()["classes"]}


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_FILE.read_bytes())
    return content
