"""A value in a file from a stranger, with its path: every accessor returns a checked value or names the field."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from fractions import Fraction

from bertsym.algebra import Value
from bertsym.errors import BadField, echo
from bertsym.files.jsonfile import Json

MAX_NUMBER = 10**30

PATH = re.compile(r"[A-Za-z_]\w{0,79}((\.[A-Za-z_]\w{0,79})|(\[[0-9]{1,3}\])){0,12}(\[\])?", re.ASCII)
WORDS = re.compile(r"[\w .,:;()/+=-]{0,120}", re.ASCII)
LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f]{0,300}")

_FRACTION = re.compile(r"-?[0-9]{1,30}(/[1-9][0-9]{0,29})?")


class Node:
    """A JSON value, the file that holds it, and its place in the file, such as `sizes.H.domain`.

    A file has thousands of values and at most one error, so that the path is put together only for an error.
    """

    __slots__ = ("_key", "_parent", "file", "json")

    def __init__(self, file: str, json: Json, parent: Node | None = None, key: str | int = "") -> None:
        self.file, self.json, self._parent, self._key = file, json, parent, key

    @property
    def path(self) -> str:
        """Return the keys and indices that lead to the value."""
        parent = "" if self._parent is None else self._parent.path
        if isinstance(self._key, int):
            return f"{parent}[{self._key}]"
        return f"{parent}.{self._key}" if parent else self._key

    def refuse(self, problem: str) -> BadField:
        """Return the error that names this field."""
        return BadField(self.file, self.path or "format", problem)

    def child(self, key: str, json: Json) -> Node:
        """Return a value under a key of this object."""
        return Node(self.file, json, self, key)

    def keys(self, known: Collection[str], required: Iterable[str] = ()) -> dict[str, Node]:
        """Return the values of an object with fixed keys; raise `BadField` for an unknown or a missing key."""
        if not isinstance(self.json, dict):
            raise self.refuse(f"expected an object, got {echo(self.json)}")
        for key in self.json:
            if key not in known:
                raise self.refuse(f"unknown key {echo(key)}; the keys here are {', '.join(known)}")
        for key in required:
            if key not in self.json:
                raise self.refuse(f"the key {key} is missing")
        return {key: self.child(key, content) for key, content in self.json.items()}

    def entries(self, most: int, names: re.Pattern[str] = PATH, kind: str = "field") -> dict[str, Node]:
        """Return the values of an object whose keys are names; raise `BadField` for too many or a malformed name."""
        if not isinstance(self.json, dict) or len(self.json) > most:
            raise self.refuse(f"expected an object of at most {most}")
        for name in self.json:
            if not names.fullmatch(name):
                raise self.refuse(f"{echo(name)} is no name of a {kind}")
        return {name: self.child(name, content) for name, content in self.json.items()}

    def items(self, most: int) -> list[Node]:
        """Return the values of a list; raise `BadField` if it is none, or longer than `most`."""
        if not isinstance(self.json, list) or len(self.json) > most:
            raise self.refuse(f"expected a list of at most {most}")
        return [Node(self.file, content, self, index) for index, content in enumerate(self.json)]

    def text(self, pattern: re.Pattern[str] = WORDS, kind: str = "a few plain words") -> str:
        """Return the text; raise `BadField` if it does not match the pattern."""
        if not isinstance(self.json, str) or not pattern.fullmatch(self.json):
            raise self.refuse(f"expected {kind}, got {echo(self.json)}")
        return self.json

    def field(self) -> str:
        """Return the path of a field of the configuration."""
        return self.text(PATH, "the path of a field")

    def integer(self, least: int = 0, most: int = MAX_NUMBER) -> int:
        """Return the integer; raise `BadField` if it is out of bounds."""
        if isinstance(self.json, bool) or not isinstance(self.json, int) or not least <= self.json <= most:
            raise self.refuse(f"expected an integer of at least {least}, got {echo(self.json)}")
        return self.json

    def number(self) -> Value:
        """Return an integer, a switch's value or a fraction such as `3/2`; raise `BadField` for anything else."""
        found = self.json
        if isinstance(found, str) and _FRACTION.fullmatch(found):
            return Fraction(found)
        if isinstance(found, int) and abs(found) < MAX_NUMBER:
            return found
        raise self.refuse(f"expected a number, got {echo(found)}")
