"""Flatten a nested configuration to paths of fields: `vision_config.hidden_size`, `depths[0]`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from bertsym.files.jsonfile import Json
from bertsym.saved_model.derived import Derived, symbols

LONGEST_LIST = 1000


def flattened(config: Mapping[str, Json]) -> dict[str, Json]:
    """Return every field by its path, nested fields included; `depths[]` is the length of a list.

    >>> flattened({"vision": {"depths": [2, 6]}})
    {'vision': {'depths': [2, 6]}, 'vision.depths': [2, 6], 'vision.depths[]': 2, 'vision.depths[0]': 2,
     'vision.depths[1]': 6}
    """
    return {path: found for name, part in config.items() for path, found in _below(name, part)}


def without_ignored_types(fields: Mapping[str, Json], parts: Iterable[str]) -> dict[str, Json]:
    """Return the flattened fields without the `model_type` of each of the parts, which their class does not read.

    Published files have `qwen3_vl` there, or types that the library never had.
    """
    ignored = {f"{part}.model_type" for part in parts}
    return {path: found for path, found in fields.items() if path not in ignored}


def without_null_parts(fields: Mapping[str, Json], derived: Derived) -> dict[str, Json]:
    """Return the flattened fields without the parts that are null, which a class takes for absent ones."""
    parts = {field.path[: dot.start()] for field in derived.fields.values() for dot in re.finditer(r"\.", field.path)}
    return {path: found for path, found in fields.items() if found is not None or path not in parts}


def without_idle_nulls(fields: Mapping[str, Json], derived: Derived, head: str) -> dict[str, Json]:
    """Return the fields without the sizes that are null and that no tensor of the head depends on.

    The configuration of Wav2Vec2-BERT has no vocabulary before somebody trains a CTC head.
    """
    if head not in derived.classes:
        return dict(fields)
    used = symbols(
        derived.classes[head].tensors, derived.definitions, (constraint.quotient for constraint in derived.constraints)
    )
    idle = {
        name for symbol, field in derived.fields.items() if symbol not in used for name in (field.path, *field.aliases)
    }
    return {path: found for path, found in fields.items() if found is not None or path not in idle}


def _below(path: str, found: Json) -> Iterator[tuple[str, Json]]:
    yield path, found
    if isinstance(found, dict):
        for name, part in found.items():
            yield from _below(f"{path}.{name}", part)
    elif isinstance(found, list):
        yield f"{path}[]", len(found)
        for place, part in enumerate(found[:LONGEST_LIST]):
            yield from _below(f"{path}[{place}]", part)
