"""Read the header of a GGUF file: its metadata, and names, types and shapes of its tensors, but no byte of the data.

The format, versions 2 and 3 in either byte order, is that of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
Token lists of a vocabulary are skipped, so memory does not grow with them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from io import FileIO
from pathlib import Path

from bertsym.checkpoints.data_ranges import DataRange, check_room, end_of
from bertsym.checkpoints.tensor_types import GGML_BLOCKS, Array
from bertsym.errors import BadFile, echo
from bertsym.files.reading import opened, read_up_to
from bertsym.values import value

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MOST_HEADER_BYTES = 100_000_000
MOST_ARRAYS = 250_000
MOST_KEYS = 65_536
MOST_STRINGS = 4_000_000  # all token lists together; a step in Python for each
MOST_SIDES = 4
LARGEST_SIDE = 2**63 - 1
LONGEST_NAME = 65_535
LONGEST_TEXT = 4_096
LONGEST_LIST = 4_096
DEEPEST_LIST = 4
LARGEST_ALIGNMENT = 2**20
_WINDOW = 2**16

GGML_TYPES: Mapping[int, str] = dict(
    enumerate(
        [
            *("F32", "F16", "Q4_0", "Q4_1", "", "", "Q5_0", "Q5_1", "Q8_0", "Q8_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K"),
            *("Q6_K", "Q8_K", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS"),
            *("I8", "I16", "I32", "I64", "F64", "IQ1_M", "BF16", "", "", "", "TQ1_0", "TQ2_0", "", "", "", "MXFP4"),
            *("NVFP4", "Q1_0"),
        ]
    )
)
"""The types by their number (`ggml_type` of ggml.h); an empty name is a type that ggml removed."""

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _LIST = 8, 9


@value
class Length:
    """A list in the metadata of which only the length is known, such as the tokens of a vocabulary."""

    entries: int


Content = int | float | bool | str | tuple[int | float | bool, ...] | Length


@value
class GGUFHeader:
    """The metadata and tensors of one file, the bytes read, and the data bytes that no tensor claims."""

    metadata: Mapping[str, Content]
    arrays: Mapping[str, Array]
    bytes_read: int
    unclaimed: int


def read_gguf(path: Path, *, alone: bool = False) -> GGUFHeader:
    """Read the header of a GGUF file; `alone` accepts a file whose data was not downloaded.

    Raise BadFile with the offset if the file violates the format, or a count or length exceeds the file or a bound.
    """
    with opened(path) as (file, size):
        return _Reader(file, size, path).header(alone=alone)


class _Reader:
    """A cursor over a file that holds one window of it, and knows the byte order."""

    def __init__(self, file: FileIO, size: int, path: Path) -> None:
        self.file, self.size, self.path = file, size, path
        self.order = "<"
        self.window, self.start, self.place = b"", 0, 0
        self.bytes_read = 0
        self.strings = 0

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
        if self.offset + count > MOST_HEADER_BYTES:
            raise self.fail(f"{what} ends after {MOST_HEADER_BYTES:,} bytes, the limit of a header")

    def take(self, count: int, what: str) -> bytes:
        """Return the next bytes; raise BadFile if the file has fewer."""
        if self.place + count > len(self.window):
            self.check(count, what)
            self.file.seek(self.offset)
            self.start, self.place = self.offset, 0
            self.window = read_up_to(self.file, max(count, _WINDOW))
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

    def text(self, limit: int, what: str) -> str:
        """Return the next string; raise BadFile if it is longer than the limit or not UTF-8."""
        at = self.offset
        length = self.number("Q", f"the length of {what}")
        if length > limit:
            raise self.fail(f"{what} of {length:,} bytes; the limit is {limit:,}", at)
        try:
            return self.take(length, what).decode()
        except UnicodeDecodeError:
            raise self.fail(f"{what} is not UTF-8", at) from None

    def header(self, *, alone: bool) -> GGUFHeader:
        """Return the whole header, checked."""
        if self.size < 24 or self.take(4, "the magic") != MAGIC:
            raise BadFile(str(self.path), "not a GGUF file: it does not begin with GGUF and 20 more bytes")
        version = self.number("I", "the version")
        if version & 0xFFFF == 0:
            self.order = ">"
            version = int.from_bytes(version.to_bytes(4, "big"), "little")
        if version not in VERSIONS:
            raise BadFile(str(self.path), f"version {version:,} of GGUF; versions 2 and 3 are read: convert it again")
        tensors = self._count(MOST_ARRAYS, "tensors", 24)
        keys = self._count(MOST_KEYS, "metadata keys", 13)
        metadata: dict[str, Content] = {}
        for _ in range(keys):
            at = self.offset
            key = self.text(LONGEST_NAME, "a metadata key")
            if key in metadata:
                raise self.fail(f"the metadata key {echo(key)} is given twice", at)
            metadata[key] = self._content(self.number("I", "a value type"), echo(key), 0)
        arrays, ranges = self._arrays(tensors, self._alignment(metadata))
        if self.offset > MOST_HEADER_BYTES:
            raise self.fail(f"a header of more than {MOST_HEADER_BYTES:,} bytes")
        alignment = self._alignment(metadata)
        begin = -(-self.offset // alignment) * alignment
        end = end_of(ranges, self.path)
        room = end if alone else max(self.size - begin, 0)
        check_room(end, room, self.path)
        padded = -(-end // alignment) * alignment
        return GGUFHeader(metadata, arrays, self.bytes_read, max(room - padded, 0))

    def _count(self, limit: int, what: str, least: int) -> int:
        at = self.offset
        count = self.number("Q", f"the number of {what}")
        if count > limit or count * least > self.size:
            raise self.fail(f"{count:,} {what}; the limit is {limit:,}, in a file of {self.size:,} bytes", at)
        return count

    def _content(self, kind: int, what: str, depth: int) -> Content:
        """Return a value of the metadata; texts and lists beyond a bound are skipped."""
        if kind in _SCALARS:
            found: int | float | bool = self.number(_SCALARS[kind], what)
            return found
        if kind == _STRING:
            return self._string(what)
        if kind != _LIST:
            raise self.fail(f"{what} has the value type {kind:,}; the format knows 0 to 12", self.offset - 4)
        inner = self.number("I", f"the type of {what}")
        at = self.offset
        length = self.number("Q", f"the length of {what}")
        if inner in _SCALARS:
            width = struct.calcsize("=" + _SCALARS[inner])
            self.check(width * length, what)
            if length > LONGEST_LIST:
                self.skip(width * length, what)
                return Length(length)
            return struct.unpack(f"{self.order}{length}{_SCALARS[inner]}", self.take(width * length, what))
        self.strings += length
        if self.strings > MOST_STRINGS or depth >= DEEPEST_LIST:
            raise self.fail(f"{what} has {length:,} entries at depth {depth + 1}; lists are bounded", at)
        self.check(8 * length, what)
        for _ in range(length):
            if inner == _STRING:
                self.skip(self.number("Q", f"a length in {what}"), f"a text in {what}")
            else:
                self._content(inner, what, depth + 1)
        return Length(length)

    def _string(self, what: str) -> str:
        length = self.number("Q", f"the length of {what}")
        self.check(length, what)
        found = self.take(min(length, LONGEST_TEXT), what).decode(errors="replace")
        self.skip(max(length - LONGEST_TEXT, 0), what)
        return found

    def _alignment(self, metadata: Mapping[str, Content]) -> int:
        found = metadata.get("general.alignment", 32)
        if isinstance(found, bool) or not isinstance(found, int) or not 0 < found <= LARGEST_ALIGNMENT or found % 8:
            raise BadFile(
                str(self.path), f"general.alignment is {echo(found)}, not a multiple of 8 up to {LARGEST_ALIGNMENT:,}"
            )
        return found

    def _arrays(self, count: int, alignment: int) -> tuple[dict[str, Array], list[DataRange]]:
        arrays: dict[str, Array] = {}
        ranges = []
        for _ in range(count):
            at = self.offset
            name = self.text(LONGEST_NAME, "the name of a tensor")
            if name in arrays:
                raise self.fail(f"the tensor {echo(name)} is given twice", at)
            array = self._array(name, at)
            start = self.number("Q", f"the offset of {echo(name)}")
            if start % alignment:
                raise self.fail(f"{echo(name)} begins at {start:,}, not at a multiple of {alignment}", at)
            arrays[name] = array
            ranges.append(DataRange(start, start + array.bits // 8, name))
        return arrays, ranges

    def _array(self, name: str, at: int) -> Array:
        number = self.number("I", f"the dimensions of {echo(name)}")
        if number > MOST_SIDES:
            raise self.fail(f"{echo(name)} has {number:,} dimensions; GGML has at most {MOST_SIDES}", at)
        sides = tuple(self.number("Q", f"a dimension of {echo(name)}") for _ in range(number))
        kind = self.number("I", f"the type of {echo(name)}")
        dtype = GGML_TYPES.get(kind, "")
        if not dtype:
            raise self.fail(f"{echo(name)} has type {kind:,}, which is not a known type of GGML", at)
        if any(side > LARGEST_SIDE for side in sides):
            raise self.fail(f"{echo(name)} has a dimension of 2^63 or more", at)
        blocks = GGML_BLOCKS.get(dtype)
        if blocks is not None and (not sides or sides[0] % blocks.entries):
            row = sides[0] if sides else 1
            raise self.fail(f"{echo(name)} has rows of {row:,} entries; {dtype} stores {blocks.entries} together", at)
        return Array(dtype, sides[::-1])
