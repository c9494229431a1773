"""Configurations in memory, written as the `config.json` that the reader of files reads: its bounds hold for both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from bertsym.errors import BadFile, Unreadable


@runtime_checkable
class Configuration(Protocol):
    """A configuration of transformers: an object that writes its `config.json`."""

    def to_json_string(self) -> str:
        """Return the content of the file."""
        ...


def written_configuration(target: object) -> tuple[bytes, Path] | None:
    """Return the file that a mapping or a configuration would be, with a name for errors; None for anything else.

    Raises `BadFile` for a mapping that JSON cannot hold, and `Unreadable` for an object that writes something else.
    """
    if isinstance(target, Mapping):
        name = Path("configuration")
        return _encoded(_json(target, name), name), name
    if isinstance(target, type) or not isinstance(target, Configuration):
        return None
    kind = type(target).__name__
    text: object = target.to_json_string()
    if not isinstance(text, str):
        raise Unreadable(kind, f"a {type(text).__name__} from to_json_string()", "text")
    return _encoded(text, Path(kind)), Path(kind)


def _json(fields: Mapping[str, Any], name: Path) -> str:
    wrong = next((key for key in fields if not isinstance(key, str)), None)
    if wrong is not None:
        raise BadFile(str(name), f"a field is named by a {type(wrong).__name__}; pass the fields of a config.json")
    try:
        return json.dumps(dict(fields))
    except (TypeError, ValueError, RecursionError) as error:
        raise BadFile(str(name), f"its values are not those of JSON ({error})") from None


def _encoded(text: str, name: Path) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise BadFile(str(name), "not UTF-8 text") from None
