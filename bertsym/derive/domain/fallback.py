"""Where some tensors have no formula: the fields that may be left as the code has them, so that all have one.

Layers at places that follow no rule, or a logarithm of a factor, are one number each where that field stands still.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.field_path import ascending_lists, list_path, parent_config
from bertsym.derive.domain.space import Space
from bertsym.derive.types import Fields

MOST = 5
LARGEST = 64


def suspects(space: Space, fields: Fields, causes: Mapping[str, int]) -> list[list[str]]:
    """The causes that may be left standing, those of most tensors first.

    The entries of a list go together, and with a depth the lists of places in that stack. Widths are left alone: a
    formula without them says nothing.
    """
    return list(_groups(space, fields, causes))[:MOST]


def _groups(space: Space, fields: Fields, causes: Mapping[str, int]) -> Iterator[list[str]]:
    lists: dict[str, list[FieldDomain]] = {}
    for axis in space.axes:
        if axis.is_depth or fields[axis.name] <= LARGEST:
            lists.setdefault(list_path(axis.name) or axis.name, []).append(axis)
    ascending = ascending_lists(fields)
    most = {name: max(causes[axis.name] for axis in axes) for name, axes in lists.items()}
    for name in sorted((name for name in lists if most[name] and name not in ascending), key=lambda name: -most[name]):
        deep = any(axis.is_depth for axis in lists[name])
        beside = [other for other in ascending if deep and parent_config(other) == parent_config(name)]
        yield [axis.name for one in (name, *beside) for axis in lists.get(one, ())]
