"""Facts about the configuration classes of transformers, recorded by two tools of the project."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


class HeadSizeUse(Enum):
    """The use that a class makes of a `head_dim` that it does not declare."""

    READ = "read"  # in place of H/heads
    IGNORED = "ignored"


def fixed_parts(model_type: str) -> tuple[str, ...]:
    """Return the paths of the parts of a configuration whose class does not depend on their `model_type`.

    >>> fixed_parts("qwen3_vl")
    ('text_config', 'vision_config')
    """
    return tuple(_content()["fixed_parts"].get(model_type, ()))


def default_labels(model_type: str) -> int:
    """Return the number of labels of a configuration that gives none.

    >>> default_labels("bert"), default_labels("bart")
    (2, 3)
    """
    return int(_content()["labels"].get(model_type, 2))


def is_padded(model_type: str) -> bool:
    """Return True if the configuration class of a model type wants a padding token, and refuses null.

    >>> is_padded("modernbert-decoder"), is_padded("bert")
    (True, False)
    """
    return model_type in _content()["padded"]


def declares(model_type: str, field: str) -> bool:
    """Return True if the configuration class of a model type declares the field, alone or as every class does."""
    return field in _content()["common"] or model_type in declaring().get(field, ())


def mentions(model_type: str, field: str) -> bool:
    """Return True if the file of the configuration class declares the field or has its name in any other place."""
    return field in _content()["mentioned"].get(model_type, ()) or model_type in declaring().get(field, ())


def has_class(name: str) -> bool:
    """Return True if the library has a public model class of that name, whether or not it has a formula."""
    return name in _classes()


def similar_class(name: str) -> str | None:
    """Return the class of the library whose name differs in capitals only, or None.

    >>> similar_class("PhiMoEForCausalLM")
    'PhimoeForCausalLM'
    """
    return _classes_by_folded_name().get(name.casefold())


def head_size_use(model_type: str) -> HeadSizeUse | None:
    """Return the use of an undeclared `head_dim`, or None if no builds have shown it.

    >>> head_size_use("qwen3_moe"), head_size_use("gpt_bigcode")
    (<HeadSizeUse.READ: 'read'>, <HeadSizeUse.IGNORED: 'ignored'>)
    """
    uses: dict[str, list[str]] = _read("head_sizes.json")
    return next((use for use in HeadSizeUse if model_type in uses[use.value]), None)


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


def _content() -> dict[str, Any]:
    return _read("configurations.json")


@cache
def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((_FOLDER / name).read_bytes())
    return content
