"""The file of a trace: JSON lines, one event a line, bounded, and never with half a line.

Names and errors come from the model code. They are data: JSON escapes every character that is not printable ASCII, and
the bounds in `limits` cut what is long. A line names in `omitted` the lists that it does not hold whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bertsym.derive.events import Event, StageEnded
from bertsym.derive.limits import (
    MAX_TRACE_BYTES,
    MAX_TRACE_LINE_BYTES,
    MAX_TRACE_LINES,
    MAX_TRACED_CHARACTERS,
    MAX_TRACED_ENTRIES,
)
from bertsym.errors import BadFile
from bertsym.files.reading import status

_WORD = re.compile(r"(?<!^)(?=[A-Z])")
_OPEN = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class TraceFile:
    """A listener that appends each event to a file as it comes, so that an interrupted derivation leaves its trace.

    A context manager. Raises `BadFile` if the file is no regular, writable file, or if a line cannot be written; the
    file then ends with the last whole line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines, self.bytes, self.is_full = 0, 0, False
        try:
            self.handle = os.open(path, _OPEN, 0o666)
        except (OSError, ValueError) as error:  # ValueError: a path with a null character
            raise BadFile(str(path), self._cannot(error)) from None
        problem = _obstacle(os.fstat(self.handle).st_mode)
        if problem:
            os.close(self.handle)
            raise BadFile(str(path), problem)
        os.ftruncate(self.handle, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self.handle)

    def begin(self, stage: str, step: str) -> None:
        """Write nothing: a stage is written as it ends."""

    def take(self, event: Event) -> None:
        """Append the event as a line; raises `BadFile`."""
        if self.is_full:
            return
        line = encoded(event)
        if self.lines + 1 >= MAX_TRACE_LINES or self.bytes + len(line) > MAX_TRACE_BYTES:
            self.is_full = True
            line = b'{"event": "truncated", "why": "the trace has reached its bound of lines or bytes"}\n'
        self._append(line)

    def _append(self, line: bytes) -> None:
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self.handle, rest) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self.handle, self.bytes)
            raise BadFile(str(self.path), self._cannot(error)) from None
        self.lines, self.bytes = self.lines + 1, self.bytes + len(line)

    def _cannot(self, error: Exception) -> str:
        found = status(self.path, follow=False)
        if found is not None and stat.S_ISLNK(found.st_mode):
            return "it is a symbolic link, which a trace does not follow: name the file itself"
        return f"cannot be written ({getattr(error, 'strerror', None) or error})"


def _obstacle(mode: int) -> str:
    """Say why a file of this mode must not be overwritten; empty if it may be."""
    if not stat.S_ISREG(mode):
        return "not a file: a folder, a pipe or a device"
    return "" if mode & 0o222 else "it is read-only, and stays as it is: make it writable (chmod u+w)"


def encoded(event: Event) -> bytes:
    r"""Return an event as a line of ASCII.

    >>> from bertsym.derive.events import Observed
    >>> encoded(Observed(1, "random", {"H": 8}, 3))
    b'{"event": "observation", "id": 1, "strategy": "random", "sizes": {"H": 8}, "tensors": 3}\n'
    """
    omitted: dict[str, int] = {}
    record = {"event": _snake(type(event).__name__), **_fields(event, "", omitted)}
    if omitted:
        record["omitted"] = omitted
    line = json.dumps(record).encode() + b"\n"
    if len(line) > MAX_TRACE_LINE_BYTES:
        short = (
            {"kind": "too_long", "summary": _text(event.concluded.summary())} if isinstance(event, StageEnded) else {}
        )
        record = {key: found for key, found in record.items() if not isinstance(found, dict | list)}
        line = json.dumps(record | {"concluded": short, "omitted": {"": len(line)}}).encode() + b"\n"
    return line


def _fields(found: Any, path: str, omitted: dict[str, int]) -> dict[str, Any]:
    names: tuple[str, ...] = type(found).__match_args__
    said = {name: getattr(found, name) for name in names}
    return {n: _plain(part, f"{path}.{n}" if path else n, omitted) for n, part in said.items() if part is not None}


def _plain(found: Any, path: str, omitted: dict[str, int]) -> Any:
    """Return a value of an event as JSON knows it; `omitted` counts the entries that a long list loses."""
    match found:
        case None | bool():
            return found
        case int():
            return found if found.bit_length() < 64 else f"an integer of {found.bit_length()} bits"
        case Fraction():
            return _text(str(found))
        case str():
            return _text(found)
        case Mapping():
            rows = list(found.items())
            _count(rows, path, omitted)
            return {_text(str(key)): _plain(part, path, omitted) for key, part in rows[:MAX_TRACED_ENTRIES]}
        case tuple() | list():
            _count(found, path, omitted)
            return [_plain(part, path, omitted) for part in found[:MAX_TRACED_ENTRIES]]
        case _:
            kind = {"kind": _snake(type(found).__name__)} if path == "concluded" else {}
            return {**kind, **_fields(found, path, omitted)}


def _count(entries: tuple[Any, ...] | list[Any], path: str, omitted: dict[str, int]) -> None:
    lost = len(entries) - MAX_TRACED_ENTRIES
    if lost > 0:
        omitted[path] = omitted.get(path, 0) + lost


def _text(text: str) -> str:
    return text if len(text) <= MAX_TRACED_CHARACTERS else text[: MAX_TRACED_CHARACTERS - 3] + "..."


def _snake(name: str) -> str:
    return {"StageEnded": "stage", "Observed": "observation"}.get(name, _WORD.sub("_", name).lower())
