"""JSON from strangers: regular files of bounded size and depth, no duplicate keys, no numbers that are none."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import NoReturn

from bertsym.errors import BadFile, echo

MOST_BYTES = 16 * 2**20
DEEPEST = 64
LONGEST_INTEGER = 60

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


def read_bytes(path: Path, limit: int = MOST_BYTES) -> bytes:
    """A whole regular file of at most `limit` bytes; raises `BadFile`."""
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(path.stat().st_mode):
                raise BadFile(str(path), "not a regular file")
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise BadFile(str(path), "no such file") from None
    except (OSError, ValueError) as error:
        raise BadFile(str(path), f"cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if len(data) > limit:
        raise BadFile(str(path), f"larger than {limit // 2**20} MiB: not a configuration")
    return data


def parse_object(data: bytes, path: Path) -> dict[str, Json]:
    """The JSON object that the bytes hold; raises `BadFile`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(str(path), f"not JSON: byte {error.start} is not UTF-8 text") from None
    if _depth(text) > DEEPEST:
        raise BadFile(str(path), f"nested more than {DEEPEST} levels deep")
    try:
        value: Json = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_bounded_integer
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


def _depth(text: str) -> int:
    depth = deepest = 0
    for match in _STRUCTURE.finditer(text):
        mark = match.group()
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > DEEPEST:
                break
        elif mark in "]}":
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the field {echo(key)} is given twice")
        found[key] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _bounded_integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise ValueError(f"an integer of {len(digits)} digits")
    return int(digits)
