"""A validator for the part of JSON Schema 2020-12 that the schema of saved models uses.

A keyword that it does not know is an error, so that the schema cannot say anything which is not checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from operator import gt, le, lt
from typing import Any

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "boolean": (bool,), "null": (type(None),)
}  # fmt: skip
SAID = {"$schema", "$id", "$defs", "title", "description"}
"""Keywords that assert nothing."""


class Validator:
    """A schema with its definitions."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema

    def problems(self, json: Any) -> list[str]:
        """Return each violation with its path; empty if the JSON is valid."""
        return list(self._problems(json, self.schema, "$"))

    def _problems(self, json: Any, schema: Any, path: str) -> Iterator[str]:  # noqa: C901, PLR0912  # a keyword a case
        if isinstance(schema, bool):
            if not schema:
                yield f"{path}: nothing is allowed here"
            return
        for keyword, wanted in schema.items():
            if keyword == "$ref":
                yield from self._problems(json, self.schema["$defs"][wanted.removeprefix("#/$defs/")], path)
            elif keyword == "oneOf":
                passing = [one for one in wanted if not any(True for _ in self._problems(json, one, path))]
                if len(passing) != 1:
                    yield f"{path}: {len(passing)} of {len(wanted)} forms match"
            elif keyword in ("type", "const", "enum"):
                if not _matches(json, keyword, wanted):
                    yield f"{path}: expected {keyword} {wanted}, got {str(json)[:40]}"
            elif keyword in LENGTHS:
                if isinstance(json, LENGTHS[keyword]) and (len(json) - wanted) * SIGN[keyword[:3]] > 0:
                    yield f"{path}: {keyword} is {wanted}"
            elif keyword in BOUNDS:
                if isinstance(json, int) and BOUNDS[keyword](json, wanted):
                    yield f"{path}: {keyword} is {wanted}"
            elif keyword in OBJECTS:
                yield from self._in_object(json, schema, keyword, path) if isinstance(json, dict) else ()
            elif keyword in ARRAYS:
                yield from self._in_array(json, schema, keyword, path) if isinstance(json, list) else ()
            elif keyword == "pattern":
                if isinstance(json, str) and not re.search(wanted, json):
                    yield f"{path}: {json[:40]!r} does not match"
            elif keyword not in SAID:
                raise NotImplementedError(keyword)

    def _in_object(self, json: dict[str, Any], schema: Mapping[str, Any], keyword: str, path: str) -> Iterator[str]:
        wanted = schema[keyword]
        if keyword == "required":
            yield from (f"{path}: {key} is missing" for key in wanted if key not in json)
        elif keyword == "propertyNames":
            for key in json:
                yield from self._problems(key, wanted, f"{path} ({key})")
        elif keyword == "properties":
            for key in json.keys() & wanted.keys():
                yield from self._problems(json[key], wanted[key], f"{path}.{key}")
        else:
            for key in json.keys() - schema.get("properties", {}).keys():
                yield from self._problems(json[key], wanted, f"{path}.{key}")

    def _in_array(self, json: list[Any], schema: Mapping[str, Any], keyword: str, path: str) -> Iterator[str]:
        first = len(schema.get("prefixItems", ())) if keyword == "items" else 0
        wanted = schema[keyword] if keyword == "prefixItems" else [schema[keyword]] * len(json)
        for index, (item, its) in enumerate(zip(json[first:], wanted, strict=False), first):
            yield from self._problems(item, its, f"{path}[{index}]")


OBJECTS = {"required", "properties", "additionalProperties", "propertyNames"}
ARRAYS = {"prefixItems", "items"}
LENGTHS: Mapping[str, type[dict[str, Any] | list[Any] | str]] = {
    "minProperties": dict, "maxProperties": dict, "minItems": list, "maxItems": list, "minLength": str, "maxLength": str
}  # fmt: skip
SIGN = {"min": -1, "max": 1}
BOUNDS: Mapping[str, Callable[[int, int], bool]] = {"minimum": lt, "maximum": gt, "exclusiveMinimum": le}


def _matches(json: Any, keyword: str, wanted: Any) -> bool:
    if keyword == "type":
        return isinstance(json, TYPES[wanted]) and (wanted == "boolean" or not isinstance(json, bool))
    return json in wanted if keyword == "enum" else bool(json == wanted)
