"""Read a binary header piece by piece, with an error that names the offset where the file is too short."""

from __future__ import annotations

import struct
from io import FileIO
from pathlib import Path

from bertsym.errors import BadFile
from bertsym.files.reading import read_up_to

WINDOW = 2**16


class Cursor:
    """A position in a file, with a window of the bytes after it.

    `order` is the byte order of struct; `last` is the offset that no header of the format may exceed.
    """

    def __init__(self, file: FileIO, size: int, path: Path, last: int | None = None) -> None:
        self.file, self.size, self.path, self.last = file, size, path, last
        self.order = "<"
        self.window, self.start, self.place = b"", 0, 0
        self.bytes_read = 0

    @property
    def offset(self) -> int:
        """The offset of the next byte in the file."""
        return self.start + self.place

    def fail(self, problem: str, at: int | None = None) -> BadFile:
        """Return the error about the byte at an offset, by default the next one."""
        return BadFile(str(self.path), f"byte {self.offset if at is None else at:,}: {problem}")

    def check(self, count: int, what: str) -> None:
        """Raise BadFile if fewer than `count` bytes follow, or if the header grows over its bound."""
        if count > self.size - self.offset:
            shown = f"{count:,} bytes" if count < 2**64 else "more than 2^64 bytes"
            raise self.fail(f"cut off: {what} takes {shown}, {self.size - self.offset:,} follow")
        if self.last is not None and self.offset + count > self.last:
            raise self.fail(f"{what} ends after {self.last:,} bytes, the limit of a header")

    def take(self, count: int, what: str) -> bytes:
        """Return the next bytes; raise BadFile if the file has fewer."""
        if self.place + count > len(self.window):
            self.check(count, what)
            self.file.seek(self.offset)
            self.start, self.place = self.offset, 0
            self.window = read_up_to(self.file, max(count, WINDOW))
            self.bytes_read += len(self.window)
            if len(self.window) < count:
                raise self.fail(f"cut off: {what} takes {count:,} bytes")
        found = self.window[self.place : self.place + count]
        self.place += count
        return found

    def skip(self, count: int, what: str) -> None:
        """Pass over bytes without reading those outside of the window."""
        if self.place + count <= len(self.window):
            self.place += count
            return
        self.check(count, what)
        self.start, self.place, self.window = self.offset + count, 0, b""

    def number(self, form: str, what: str) -> int:
        """Return the next integer of the given struct format."""
        found: int = struct.unpack(self.order + form, self.take(struct.calcsize("=" + form), what))[0]
        return found
