"""The names of fields as paths: `vision_config.depths[0]` is an entry of a list of a nested configuration."""

from __future__ import annotations

from itertools import pairwise

from bertsym.derive.types import Fields


def parent_config(path: str) -> str:
    """Return the path of the configuration that a field belongs to.

    >>> parent_config("vision_config.depths[0]"), parent_config("hidden_size")
    ('vision_config', '')
    """
    return path.rpartition(".")[0]


def field_name(path: str) -> str:
    """Return the field's name in its own configuration.

    >>> field_name("vision_config.depths[0]")
    'depths[0]'
    """
    return path.rpartition(".")[2]


def list_path(path: str) -> str:
    """Return the path of the innermost list that a number is an entry of, an empty text if it is in none.

    >>> list_path("vision_config.depths[0]"), list_path("hidden_size")
    ('vision_config.depths', '')
    """
    return path.rpartition("[")[0] if path.endswith("]") else ""


def list_index(path: str) -> int:
    """Return the index of a number in its list.

    >>> list_index("depths[3]")
    3
    """
    return int(path.rpartition("[")[2].rstrip("]"))


def ascending_lists(fields: Fields) -> dict[str, list[str]]:
    """Return the lists of two or more ascending integers, which may be the indices of layers.

    >>> ascending_lists({"depths[0]": 2, "depths[1]": 2, "global[0]": 2, "global[1]": 5, "global[2]": 8})
    {'global': ['global[0]', 'global[1]', 'global[2]']}
    """
    lists: dict[str, list[str]] = {}
    for name, number in fields.items():
        if list_path(name) and isinstance(number, int) and not isinstance(number, bool):
            lists.setdefault(list_path(name), []).append(name)
    arranged = {name: sorted(entries, key=list_index) for name, entries in lists.items()}
    return {
        name: entries
        for name, entries in arranged.items()
        if len(entries) > 1 and all(fields[first] < fields[second] for first, second in pairwise(entries))
    }
