"""The names of fields as paths: `vision_config.depths[0]` is an entry of a list of a nested configuration."""

from __future__ import annotations


def place(path: str) -> str:
    """The configuration that a field belongs to.

    >>> place("vision_config.depths[0]"), place("hidden_size")
    ('vision_config', '')
    """
    return path.rpartition(".")[0]


def last(path: str) -> str:
    """The field in its own configuration.

    >>> last("vision_config.depths[0]")
    'depths[0]'
    """
    return path.rpartition(".")[2]


def list_of(path: str) -> str:
    """The innermost list that a number is an entry of, or nothing.

    >>> list_of("vision_config.depths[0]"), list_of("hidden_size")
    ('vision_config.depths', '')
    """
    return path.rpartition("[")[0] if path.endswith("]") else ""


def entry(path: str) -> int:
    """Which entry of its list a number is.

    >>> entry("depths[3]")
    3
    """
    return int(path.rpartition("[")[2].rstrip("]"))
