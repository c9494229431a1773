"""Read JSON from strangers: bounded in bytes, depth and values, without duplicate keys."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NoReturn

from bertsym.errors import BadFile, echo
from bertsym.files.reading import opened, read_up_to
from bertsym.values import value

MOST_BYTES = 16 * 2**20
LONGEST_INTEGER = 60

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

# The quantifiers are possessive, because backtracking would remember every character of a string of 16 MiB.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


@value
class Bounds:
    """Bounds on a document that are checked before it is parsed; commas and brackets count the values.

    `not_finite` accepts NaN, Infinity and -Infinity, which Python writes and which are not JSON.
    """

    deepest: int = 64
    most_values: int = 2_000_000
    not_finite: bool = False


STRICT = Bounds()
CONFIGURATION = Bounds(not_finite=True)


def read_bytes(path: Path, limit: int = MOST_BYTES) -> bytes:
    """Read a whole regular file of at most `limit` bytes; raise BadFile."""
    with opened(path) as (file, _):
        data = read_up_to(file, limit + 1)
    if len(data) > limit:
        raise BadFile(str(path), f"larger than {limit // 2**20} MiB: not a configuration")
    return data


def parse_object(data: bytes, path: Path, bounds: Bounds = STRICT) -> dict[str, Json]:
    """Parse the bytes as a JSON object; raise BadFile."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(str(path), f"not JSON: byte {error.start} is not UTF-8 text") from None
    _check_bounds(text, path, bounds)
    try:
        value: Json = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=float if bounds.not_finite else _no_constant,
            parse_int=_bounded_integer,
        )
    except json.JSONDecodeError as error:
        what = "an empty file" if not text.strip() else f"{error.msg}: line {error.lineno}, column {error.colno}"
        raise BadFile(str(path), f"not JSON: {what}") from None
    except ValueError as error:
        raise BadFile(str(path), f"not JSON: {error}") from None
    if not isinstance(value, dict):
        kinds = {list: "a list", str: "a string", bool: "a truth value", type(None): "null"}
        raise BadFile(str(path), f"holds {kinds.get(type(value), 'a number')}, not an object of fields")
    return value


def _check_bounds(text: str, path: Path, bounds: Bounds) -> None:
    skeleton = _STRING.sub("", text)
    values = skeleton.count(",") + skeleton.count("[") + skeleton.count("{")
    if values > bounds.most_values:
        raise BadFile(str(path), f"holds {values:,} values; the limit is {bounds.most_values:,}")
    depth = 0
    for bracket in _BRACKET.finditer(skeleton):
        depth += 1 if bracket.group() in "[{" else -1
        if depth > bounds.deepest:
            raise BadFile(str(path), f"nested more than {bounds.deepest} levels deep")


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, content in pairs:
        if key in found:
            raise ValueError(f"the field {echo(key)} is given twice")
        found[key] = content
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _bounded_integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise ValueError(f"an integer of {len(digits)} digits")
    return int(digits)
