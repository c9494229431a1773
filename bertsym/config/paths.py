"""Values at the paths of a nested configuration: `text_config.depths[0]` is the first entry of a list in a part."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from bertsym.files.jsonfile import Json

_STEP = re.compile(r"[^.\[\]]+|\[[0-9]{1,3}\]")

Step = str | int


def steps(path: str) -> tuple[Step, ...]:
    """Return the names of fields and the indices of lists on a path, from the outside in.

    >>> steps("vision_config.depths[0]")
    ('vision_config', 'depths', 0)
    """
    return tuple(int(step[1:-1]) if step.startswith("[") else step for step in _STEP.findall(path))


def value_at(fields: Mapping[str, Any], path: str) -> Any:
    """Return the value at a path, an ellipsis if there is none.

    >>> value_at({"depths": [2, 6]}, "depths[1]"), value_at({"depths": [2, 6]}, "depths[2]")
    (6, Ellipsis)
    """
    found: Any = fields
    for step in steps(path):
        if isinstance(step, str):
            found = found.get(step, ...) if isinstance(found, Mapping) else ...
        else:
            found = found[step] if isinstance(found, list) and step < len(found) else ...
    return found


def put(fields: dict[str, Any], path: str, found: Json) -> None:
    """Set the value at a path; missing parts, lists and entries of lists before it are made, an entry as null.

    >>> fields = {"depths": [2]}
    >>> put(fields, "depths[2]", 4); put(fields, "vision.width", 8); fields
    {'depths': [2, None, 4], 'vision': {'width': 8}}
    """
    listed = steps(path)
    inner: Any = fields
    for step, after in pairwise(listed):
        kind = dict if isinstance(after, str) else list
        if not isinstance(_entry(inner, step), kind):
            _set(inner, step, kind())
        inner = _entry(inner, step)
    _set(inner, listed[-1], found)


def remove(fields: dict[str, Any], path: str) -> None:
    """Remove the field at a path, if there is one."""
    outer, _, last = path.rpartition(".")
    holder = value_at(fields, outer) if outer else fields
    if isinstance(holder, dict):
        holder.pop(last, None)


def _entry(holder: Any, step: Step) -> Any:
    if isinstance(step, str):
        return holder.get(step)
    return holder[step] if step < len(holder) else None


def _set(holder: Any, step: Step, found: Any) -> None:
    if isinstance(step, int):
        holder.extend([None] * (step + 1 - len(holder)))
    holder[step] = found
