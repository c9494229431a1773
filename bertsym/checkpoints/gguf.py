"""Read the header of a GGUF file: its metadata, and names, types and shapes of its tensors, but no byte of the data.

The format, versions 2 and 3 in either byte order, is that of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
Token lists of a vocabulary are skipped, so memory does not grow with them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

from bertsym.checkpoints.cursor import Cursor
from bertsym.checkpoints.data_ranges import DataRange, check_room, end_of
from bertsym.checkpoints.tensor_types import GGML_BLOCKS, Array
from bertsym.errors import BadFile, echo
from bertsym.files.reading import opened
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
        return _Reader(Cursor(file, size, path, MOST_HEADER_BYTES)).header(alone=alone)


class _Reader:
    """The state of reading one header: the cursor, and the number of texts in lists so far."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.strings = 0

    def text(self, limit: int, what: str) -> str:
        """Return the next string; raise BadFile if it is longer than the limit or not UTF-8."""
        at = self.cursor.offset
        length = self.cursor.number("Q", f"the length of {what}")
        if length > limit:
            raise self.cursor.fail(f"{what} of {length:,} bytes; the limit is {limit:,}", at)
        try:
            return self.cursor.take(length, what).decode()
        except UnicodeDecodeError:
            raise self.cursor.fail(f"{what} is not UTF-8", at) from None

    def header(self, *, alone: bool) -> GGUFHeader:
        """Return the whole header, checked."""
        if self.cursor.size < 24 or self.cursor.take(4, "the magic") != MAGIC:
            raise BadFile(str(self.cursor.path), "not a GGUF file: it does not begin with GGUF and 20 more bytes")
        version = self.cursor.number("I", "the version")
        if version & 0xFFFF == 0:
            self.cursor.order = ">"
            version = int.from_bytes(version.to_bytes(4, "big"), "little")
        if version not in VERSIONS:
            raise BadFile(
                str(self.cursor.path), f"version {version:,} of GGUF; versions 2 and 3 are read: convert it again"
            )
        tensors = self._count(MOST_ARRAYS, "tensors", 24)
        keys = self._count(MOST_KEYS, "metadata keys", 13)
        metadata: dict[str, Content] = {}
        for _ in range(keys):
            at = self.cursor.offset
            key = self.text(LONGEST_NAME, "a metadata key")
            if key in metadata:
                raise self.cursor.fail(f"the metadata key {echo(key)} is given twice", at)
            metadata[key] = self._content(self.cursor.number("I", "a value type"), echo(key), 0)
        arrays, ranges = self._arrays(tensors, self._alignment(metadata))
        if self.cursor.offset > MOST_HEADER_BYTES:
            raise self.cursor.fail(f"a header of more than {MOST_HEADER_BYTES:,} bytes")
        alignment = self._alignment(metadata)
        begin = -(-self.cursor.offset // alignment) * alignment
        end = end_of(ranges, self.cursor.path)
        room = end if alone else max(self.cursor.size - begin, 0)
        check_room(end, room, self.cursor.path)
        padded = -(-end // alignment) * alignment
        return GGUFHeader(metadata, arrays, self.cursor.bytes_read, max(room - padded, 0))

    def _count(self, limit: int, what: str, least: int) -> int:
        at = self.cursor.offset
        count = self.cursor.number("Q", f"the number of {what}")
        if count > limit:
            raise self.cursor.fail(f"{count:,} {what}; the limit is {limit:,}", at)
        if count * least > self.cursor.size:
            raise self.cursor.fail(f"cut off: {count:,} {what} in a file of {self.cursor.size:,} bytes", at)
        return count

    def _content(self, kind: int, what: str, depth: int) -> Content:
        """Return a value of the metadata; texts and lists beyond a bound are skipped."""
        if kind in _SCALARS:
            found: int | float | bool = self.cursor.number(_SCALARS[kind], what)
            return found
        if kind == _STRING:
            return self._string(what)
        if kind != _LIST:
            raise self.cursor.fail(
                f"{what} has the value type {kind:,}; the format knows 0 to 12", self.cursor.offset - 4
            )
        inner = self.cursor.number("I", f"the type of {what}")
        at = self.cursor.offset
        length = self.cursor.number("Q", f"the length of {what}")
        if inner in _SCALARS:
            width = struct.calcsize("=" + _SCALARS[inner])
            self.cursor.check(width * length, what)
            if length > LONGEST_LIST:
                self.cursor.skip(width * length, what)
                return Length(length)
            return struct.unpack(
                f"{self.cursor.order}{length}{_SCALARS[inner]}", self.cursor.take(width * length, what)
            )
        self.strings += length
        if self.strings > MOST_STRINGS or depth >= DEEPEST_LIST:
            raise self.cursor.fail(f"{what} has {length:,} entries at depth {depth + 1}; lists are bounded", at)
        self.cursor.check(8 * length, what)
        for _ in range(length):
            if inner == _STRING:
                self.cursor.skip(self.cursor.number("Q", f"a length in {what}"), f"a text in {what}")
            else:
                self._content(inner, what, depth + 1)
        return Length(length)

    def _string(self, what: str) -> str:
        length = self.cursor.number("Q", f"the length of {what}")
        self.cursor.check(length, what)
        found = self.cursor.take(min(length, LONGEST_TEXT), what).decode(errors="replace")
        self.cursor.skip(max(length - LONGEST_TEXT, 0), what)
        return found

    def _alignment(self, metadata: Mapping[str, Content]) -> int:
        found = metadata.get("general.alignment", 32)
        if isinstance(found, bool) or not isinstance(found, int) or not 0 < found <= LARGEST_ALIGNMENT or found % 8:
            raise BadFile(
                str(self.cursor.path),
                f"general.alignment is {echo(found)}, not a multiple of 8 up to {LARGEST_ALIGNMENT:,}",
            )
        return found

    def _arrays(self, count: int, alignment: int) -> tuple[dict[str, Array], list[DataRange]]:
        arrays: dict[str, Array] = {}
        ranges = []
        for _ in range(count):
            at = self.cursor.offset
            name = self.text(LONGEST_NAME, "the name of a tensor")
            if name in arrays:
                raise self.cursor.fail(f"the tensor {echo(name)} is given twice", at)
            array = self._array(name, at)
            start = self.cursor.number("Q", f"the offset of {echo(name)}")
            if start % alignment:
                raise self.cursor.fail(f"{echo(name)} begins at {start:,}, not at a multiple of {alignment}", at)
            arrays[name] = array
            ranges.append(DataRange(start, start + array.bits // 8, name))
        return arrays, ranges

    def _array(self, name: str, at: int) -> Array:
        number = self.cursor.number("I", f"the dimensions of {echo(name)}")
        if number > MOST_SIDES:
            raise self.cursor.fail(f"{echo(name)} has {number:,} dimensions; GGML has at most {MOST_SIDES}", at)
        sides = tuple(self.cursor.number("Q", f"a dimension of {echo(name)}") for _ in range(number))
        kind = self.cursor.number("I", f"the type of {echo(name)}")
        dtype = GGML_TYPES.get(kind, "")
        if not dtype:
            raise self.cursor.fail(f"{echo(name)} has type {kind:,}, which is not a known type of GGML", at)
        if any(side > LARGEST_SIDE for side in sides):
            raise self.cursor.fail(f"{echo(name)} has a dimension of 2^63 or more", at)
        blocks = GGML_BLOCKS.get(dtype)
        if blocks is not None and (not sides or sides[0] % blocks.entries):
            row = sides[0] if sides else 1
            raise self.cursor.fail(
                f"{echo(name)} has rows of {row:,} entries; {dtype} stores {blocks.entries} together", at
            )
        return Array(dtype, sides[::-1])
