"""Values to try at a field of a configuration: the ones that people and accidents give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bertsym.saved_model.field_rules import ValueKind, value_kind

MOST_WORDS = 6

UNDECLARED: tuple[Any, ...] = (
    2, True, 16, [1, 0], ["full_attention", "sliding_attention"], 0.5, "x", {"hidden_size": 2},
)  # fmt: skip
"""Values of a field that the class does not declare, in the order in which they are tried."""
RATIOS = (1.0, 2.0, 3.0, 8.0, 0.5)
"""Ratios of widths, beside the default that most classes have, 4."""
HARMLESS: tuple[Any, ...] = (None, False, 0)
"""Values that code takes for nothing; each is tried by itself at a field that has an effect at other values."""
INSTEAD_OF_A_LIST: tuple[Any, ...] = (False, True, 0, 2, 0.5, "x", {}, {"hidden_size": 2})
INSTEAD_OF_NOTHING: tuple[Any, ...] = (True, 1, 16, 0.5, [1], [0, 1], "x", {"hidden_size": 2}, False, 0, 4, {})


def others(default: Any, words: Sequence[str], lengths: Sequence[int] = ()) -> list[Any]:
    """Return other values for a declared field that is no size, null among them; some are lists of such lengths."""
    match default:
        case bool():
            values = [not default, None]
        case int():
            values = [
                default + 1,
                2 * default,
                None,
                0,
                1,
                7,
                [default, default],
                *([default] * length for length in lengths),
            ]
        case float():
            values = [2 * default, default + 1, None, 0.0, default / 2, 1, [default, default]]
        case str():
            values = [None, *words[:MOST_WORDS]]
        case list():
            values = [*_lists(default, words), None]
        case None:
            values = [*INSTEAD_OF_NOTHING, *words[:MOST_WORDS]]
        case dict():
            values = [{}, None, *_tables(default)]
    return [value for value in values if value != default or type(value) is not type(default)]


def _tables(default: Mapping[str, Any]) -> list[Any]:
    """Return tables with another number in a row, or a row fewer; a key that is no identifier is no path of a field."""
    keys = [key for key, found in default.items() if not key.isidentifier() and isinstance(found, int)][:3]
    doubled = [{**default, key: 2 * default[key]} for key in keys]
    return doubled + [{name: found for name, found in default.items() if name != key} for key in keys]


def _lists(default: Sequence[Any], words: Sequence[str]) -> list[Any]:
    if not default:
        return [[0], [1], [0, 1], ["full_attention"]]
    values: list[Any] = [
        default[:-1],
        [*default, default[-1]],
        default[::-1],
        [*default[1:], default[0]],
        [],
        default[0],
    ]
    if all(type(entry) is int for entry in default):
        values += [
            [entry + 1 for entry in default],
            [*default[:-1], default[-1] + 1],
            [entry // 2 or 1 for entry in default],
        ]
        values += [[default[0] + 1, *default[1:]], [*default[:-1], 2 * default[-1]], [2 * entry for entry in default]]
        values += repeating(default)
    if all(isinstance(entry, str) for entry in default):
        values += [[word] * len(default) for word in words[:MOST_WORDS]]
        values += [[*default[:-1], word] for word in words[:MOST_WORDS]]
    if all(isinstance(entry, list) and entry for entry in default):
        values += [[*default[:-1], default[-1][:-1]], [*default[:-1], [*default[-1], default[-1][-1]]]]
        values += [[[*entry, entry[-1]] for entry in default], [entry[:-1] for entry in default]]
        values += [[[part + 1 if type(part) is int else part for part in entry] for entry in default]]
    return values


def repeating(numbers: Sequence[int]) -> list[list[int]]:
    """Return lists of that length with a number twice; a class may take an index of another layer for a sharing."""
    first, *rest = numbers
    return [
        [min(number, 2) for number in numbers],
        [first] * len(numbers),
        [first, first, *rest[1:]] if rest else [first],
        [*numbers[:-1], numbers[max(0, len(numbers) - 2)]],
    ]


def shows_kind(value: Any, default: Any) -> bool:
    """Return True if an accepted value says something about other values of its kind; a reordered list does not."""
    if not isinstance(value, list) or not isinstance(default, list) or not value or not default:
        return True
    return value != default[: len(value)] and sorted(map(repr, value)) != sorted(map(repr, default))


def sizes(default: Any) -> list[Any]:
    """Return other values for a size: null, zero and numbers on both sides of the default."""
    if isinstance(default, bool):
        return [not default, None]
    if not isinstance(default, int):
        return [None, 0.0, 2 * float(default), float(default) / 2, float(default) + 1]
    numbers = [default // 2, 2 * default, default + 1, 1, 3, default - 1, default * 3 // 2, default + 8]
    return [None, 0, *(number for number in dict.fromkeys(numbers) if number > 0 and number != default)]


def kind_at(found: Any, default: Any) -> ValueKind:
    """Return the kind of a value of a file; `...` stands for a field that is left out."""
    return ValueKind.ABSENT if found is ... else value_kind(found, default)


def leaves(file: Mapping[str, Any], parts: frozenset[str], path: str = "") -> dict[str, Any]:
    """Return the fields of a file by path; objects that are no configurations are fields, and so is what is in them."""
    found: dict[str, Any] = {}
    for name, value in file.items():
        inner = f"{path}.{name}" if path else name
        if inner not in parts:
            found[inner] = value
        if isinstance(value, dict) and all(key.isidentifier() for key in value):
            found |= leaves(value, parts, inner)
    return found
