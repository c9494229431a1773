"""Where some tensors have no formula: the fields that may be left as the code has them, so that all have one.

Layers at places that follow no rule, or a logarithm of a factor, are one number each where that field stands still.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from bertsym.derive.paths import entry, list_of, place
from bertsym.derive.process import Fields
from bertsym.derive.space import Axis, Space

MOST = 5
LARGEST = 64


def suspects(space: Space, fields: Fields, causes: Mapping[str, int]) -> list[list[str]]:
    """The causes that may be left standing, those of most tensors first.

    The entries of a list go together, and with a depth the lists of places in that stack. Widths are left alone: a
    formula without them says nothing.
    """
    return list(_groups(space, fields, causes))[:MOST]


def _groups(space: Space, fields: Fields, causes: Mapping[str, int]) -> Iterator[list[str]]:
    lists: dict[str, list[Axis]] = {}
    for axis in space.axes:
        if axis.deep or fields[axis.name] <= LARGEST:
            lists.setdefault(list_of(axis.name) or axis.name, []).append(axis)
    places = {name for name, axes in lists.items() if _ascending(axes, fields)}
    most = {name: max(causes[axis.name] for axis in axes) for name, axes in lists.items()}
    for name in sorted((name for name in lists if most[name] and name not in places), key=lambda name: -most[name]):
        deep = any(axis.deep for axis in lists[name])
        beside = [other for other in places if deep and place(other) == place(name)]
        yield [axis.name for one in (name, *beside) for axis in lists[one]]


def _ascending(axes: list[Axis], fields: Fields) -> bool:
    """Whether these may be places in a stack: entries of a list, each larger than the one before."""
    if len(axes) < 2 or not all(list_of(axis.name) for axis in axes):
        return False
    numbers = [fields[axis.name] for axis in sorted(axes, key=lambda axis: entry(axis.name))]
    return all(one < other for one, other in pairwise(numbers))
