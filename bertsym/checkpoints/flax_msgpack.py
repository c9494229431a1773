"""Read names, types and shapes of a Flax checkpoint (`flax_model.msgpack`), and pass over the data between them.

The file is one MessagePack map of maps (https://github.com/msgpack/msgpack/blob/master/spec.md). A leaf is an extension
of type 1 with the shape, the name of the type and the bytes of an array, as `flax.serialization` writes it. Arrays of
over a gigabyte, which are stored in chunks, are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bertsym.checkpoints.cursor import Cursor
from bertsym.checkpoints.tensor_types import Array
from bertsym.errors import BadFile, echo
from bertsym.files.reading import opened
from bertsym.values import value

MOST_ARRAYS = 250_000
MOST_ITEMS = 2_000_000
DEEPEST = 32
LONGEST_KEY = 65_535
LARGEST_SIDE = 2**63 - 1
ARRAY = 1
CHUNKED = "__msgpack_chunked_array__"

_TYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "bool": "BOOL",
    **{f"int{bits}": f"I{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"U{bits}" for bits in (8, 16, 32, 64)},
}
# The first byte of a value of each kind, and the struct format of its length, or its size.
_MAPS = {0xDE: "H", 0xDF: "I"}
_BYTES = {0xC4: "B", 0xC5: "H", 0xC6: "I", 0xD9: "B", 0xDA: "H", 0xDB: "I"}
_EXTENSIONS = {0xC7: "B", 0xC8: "H", 0xC9: "I"}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_UNSIGNED = {0xCC: "B", 0xCD: "H", 0xCE: "I", 0xCF: "Q"}
_SCALARS = {
    **dict.fromkeys((0xC0, 0xC2, 0xC3), 0),  # nil, false, true
    0xCC: 1,
    0xCD: 2,
    0xCE: 4,
    0xCF: 8,
    0xD0: 1,
    0xD1: 2,
    0xD2: 4,
    0xD3: 8,
    0xCA: 4,
    0xCB: 8,
}


@value
class FlaxHeader:
    """The arrays of a file by their paths, joined by dots, and the number of bytes read."""

    arrays: Mapping[str, Array]
    bytes_read: int


def read_flax(path: Path) -> FlaxHeader:
    """Read a `flax_model.msgpack`; raise BadFile with the offset if it is none or exceeds a bound."""
    with opened(path) as (file, size):
        cursor = Cursor(file, size, path)
        cursor.order = ">"
        reader = _Reader(cursor)
        kind = cursor.number("B", "the first byte")
        if not 0x80 <= kind <= 0x8F and kind not in _MAPS:
            raise BadFile(str(path), "not a Flax checkpoint: it does not begin with a map of MessagePack")
        reader.read(kind, "", 0)
        if cursor.offset != size:
            raise cursor.fail(f"{size - cursor.offset:,} bytes follow the map")
        return FlaxHeader(reader.arrays, cursor.bytes_read)


class _Reader:
    """The state of reading one file: the cursor, the arrays so far, and the number of items."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.arrays: dict[str, Array] = {}
        self.items = 0

    def read(self, kind: int, path: str, depth: int) -> None:
        """Read the value whose first byte was read: add the arrays of a map or a leaf, and pass over all else."""
        self.items += 1
        if self.items > MOST_ITEMS or depth > DEEPEST:
            raise self.cursor.fail(f"more than {MOST_ITEMS:,} items or {DEEPEST} levels")
        if 0x80 <= kind <= 0x8F or kind in _MAPS:
            self._map(
                kind - 0x80 if kind <= 0x8F else self.cursor.number(_MAPS[kind], "the size of a map"), path, depth
            )
        elif kind in _EXTENSIONS or kind in _FIXED_EXTENSIONS:
            self._extension(kind, path)
        elif kind in _BYTES:
            self.cursor.skip(self.cursor.number(_BYTES[kind], "a length"), "a text")
        elif 0xA0 <= kind <= 0xBF:
            self.cursor.skip(kind - 0xA0, "a text")
        elif kind in _SCALARS:
            self.cursor.skip(_SCALARS[kind], "a number")
        elif 0x7F < kind < 0xE0:
            raise self.cursor.fail(
                f"a value of the kind {kind:#x}; a checkpoint has maps and arrays", self.cursor.offset - 1
            )

    def _map(self, count: int, path: str, depth: int) -> None:
        seen: set[str] = set()
        for _ in range(count):
            at = self.cursor.offset
            key = self._text("a key")
            if key in seen:
                raise self.cursor.fail(f"the key {echo(key)} is given twice", at)
            seen.add(key)
            if key == CHUNKED:
                raise self.cursor.fail(f"{echo(path)} is stored in chunks, which are not read", at)
            self.read(self.cursor.number("B", "a value"), f"{path}.{key}" if path else key, depth + 1)

    def _text(self, what: str) -> str:
        at = self.cursor.offset
        kind = self.cursor.number("B", what)
        if 0xA0 <= kind <= 0xBF:
            length = kind - 0xA0
        elif kind in (0xD9, 0xDA, 0xDB):
            length = self.cursor.number(_BYTES[kind], f"the length of {what}")
        else:
            raise self.cursor.fail(f"{what} is not a text", at)
        if length > LONGEST_KEY:
            raise self.cursor.fail(f"{what} of {length:,} bytes; the limit is {LONGEST_KEY:,}", at)
        try:
            return self.cursor.take(length, what).decode()
        except UnicodeDecodeError:
            raise self.cursor.fail(f"{what} is not UTF-8", at) from None

    def _extension(self, kind: int, path: str) -> None:
        """Read an array, which is an extension of type 1; pass over scalars of NumPy, which are of type 3."""
        at = self.cursor.offset - 1
        fixed = _FIXED_EXTENSIONS.get(kind)
        length = self.cursor.number(_EXTENSIONS[kind], "a length") if fixed is None else fixed
        number = self.cursor.number("b", "the type of an extension")
        if number != ARRAY:
            self.cursor.skip(length, "an extension")
            return
        begin = self.cursor.offset
        self.cursor.check(length, f"the array {echo(path)}")
        if self.cursor.number("B", echo(path)) != 0x93:
            raise self.cursor.fail(f"{echo(path)} is not an array of Flax: shape, type and bytes", at)
        array = Array(*self._type_and_shape(path, at))
        kind = self.cursor.number("B", echo(path))
        size = self.cursor.number(_BYTES[kind], echo(path)) if kind in (0xC4, 0xC5, 0xC6) else -1
        if 8 * size != array.bits or self.cursor.offset + size != begin + length:
            raise self.cursor.fail(f"{echo(path)}: shape and type do not fit its {length:,} bytes", at)
        if len(self.arrays) >= MOST_ARRAYS or path in self.arrays:
            raise self.cursor.fail(f"{echo(path)} is given twice, or as one of more than {MOST_ARRAYS:,} arrays", at)
        self.cursor.skip(size, echo(path))
        self.arrays[path] = array

    def _type_and_shape(self, path: str, at: int) -> tuple[str, tuple[int, ...]]:
        kind = self.cursor.number("B", echo(path))
        if not 0x90 <= kind <= 0x9F:
            raise self.cursor.fail(f"{echo(path)}: expected a shape of at most 15 dimensions", at)
        shape = tuple(self._side(path, at) for _ in range(kind - 0x90))
        name = self._text(f"the type of {echo(path)}")
        if name not in _TYPES:
            raise self.cursor.fail(f"{echo(path)} has the type {echo(name)}, which is not one of weights", at)
        return _TYPES[name], shape

    def _side(self, path: str, at: int) -> int:
        kind = self.cursor.number("B", echo(path))
        side = kind if kind < 0x80 else self.cursor.number(_UNSIGNED[kind], echo(path)) if kind in _UNSIGNED else -1
        if not 0 <= side <= LARGEST_SIDE:
            raise self.cursor.fail(f"{echo(path)} has a dimension that is not a number from 0 to 2^63", at)
        return side
