"""Read names, types and shapes from the index of a TensorFlow checkpoint (`bert_model.ckpt.index`), not its data.

The file is a table of LevelDB (https://github.com/google/leveldb/blob/main/doc/table_format.md) that maps each name to
a `BundleEntryProto` (tensorflow/core/protobuf/tensor_bundle.proto). TensorFlow writes it uncompressed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bertsym.checkpoints.tensor_types import Array
from bertsym.errors import BadFile, echo
from bertsym.files.jsonfile import read_bytes
from bertsym.values import value

MOST_BYTES = 64 * 2**20
MOST_ARRAYS = 250_000
MOST_ENTRIES = 1_000_000
MOST_SIDES = 32
LONGEST_NAME = 65_535
LARGEST_SIDE = 2**63 - 1
LONGEST_VARINT = 10
FOOTER = 48
MAGIC = bytes.fromhex("57fb808b247547db")

_TYPES = {
    1: "F32",
    2: "F64",
    3: "I32",
    4: "U8",
    5: "I16",
    6: "I8",
    8: "C64",
    9: "I64",
    10: "BOOL",
    14: "BF16",
    17: "U16",
    19: "F16",
    22: "U32",
    23: "U64",
}
"""The types by their number (`DataType` in types.proto); a string, 7, is no weight."""

_STRING = 7


@value
class TensorFlowIndex:
    """The arrays that an index names, and the number of bytes read."""

    arrays: Mapping[str, Array]
    bytes_read: int


def read_tensorflow(path: Path) -> TensorFlowIndex:
    """Read the index of a TensorFlow checkpoint; raise BadFile with the offset if it is none or exceeds a bound."""
    data = read_bytes(path, MOST_BYTES)
    if len(data) < FOOTER or not data.endswith(MAGIC):
        raise BadFile(str(path), "not the index of a TensorFlow checkpoint: it does not end as a table of LevelDB does")
    footer = _Piece(data, len(data) - FOOTER, len(data) - len(MAGIC), path)
    for _ in range(2):
        footer.varint()  # the metaindex, which TensorFlow leaves empty
    arrays: dict[str, Array] = {}
    entries = 0
    for _, handle in _entries(_block(footer, data, path)):
        for key, entry in _entries(_block(handle, data, path)):
            entries += 1
            if entries > MOST_ENTRIES:
                raise entry.fail(f"more than {MOST_ENTRIES:,} entries")
            # The first key is empty and has the header; a key that begins with 0 is a slice of another array.
            if not key or key.startswith(b"\x00"):
                continue
            name = _name(key, entry)
            if name in arrays or len(arrays) >= MOST_ARRAYS:
                raise entry.fail(f"{echo(name)} is given twice, or as one of more than {MOST_ARRAYS:,} tensors")
            array = _array(name, entry)
            if array is not None:
                arrays[name] = array
    return TensorFlowIndex(arrays, len(data))


class _Piece:
    """A range of the file that is read from its start to its end; no read leaves the range."""

    def __init__(self, data: bytes, start: int, stop: int, path: Path) -> None:
        self.data, self.place, self.stop, self.path = data, start, stop, path

    def fail(self, problem: str) -> BadFile:
        return BadFile(str(self.path), f"byte {self.place:,}: {problem}")

    def take(self, count: int) -> bytes:
        if not 0 <= count <= self.stop - self.place:
            raise self.fail(f"{echo(count)} bytes are declared, {self.stop - self.place:,} follow")
        found = self.data[self.place : self.place + count]
        self.place += count
        return found

    def piece(self, count: int) -> _Piece:
        start = self.place
        self.take(count)
        return _Piece(self.data, start, start + count, self.path)

    def varint(self) -> int:
        """Return an integer of seven bits a byte, the lowest first; the last byte has no highest bit."""
        found = 0
        for place in range(LONGEST_VARINT):
            byte = self.take(1)[0]
            found |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                return found
        raise self.fail(f"an integer of more than {LONGEST_VARINT} bytes")

    @property
    def left(self) -> bool:
        return self.place < self.stop


def _block(handle: _Piece, data: bytes, path: Path) -> _Piece:
    """Return the entries of the block that a handle points to, without its list of restarts."""
    offset, size = handle.varint(), handle.varint()
    if offset + size + 5 > len(data):
        raise handle.fail(f"a block of {echo(size)} bytes at {echo(offset)} lies outside of the file")
    if data[offset + size]:
        raise BadFile(str(path), f"byte {offset + size:,}: a compressed block; TensorFlow writes none")
    if size < 4:
        raise handle.fail(f"a block of {size} bytes, which has no restarts")
    restarts = int.from_bytes(data[offset + size - 4 : offset + size], "little")
    if 4 * (restarts + 1) > size:
        raise handle.fail(f"a block of {size:,} bytes with {restarts:,} restarts")
    return _Piece(data, offset, offset + size - 4 * (restarts + 1), path)


def _entries(block: _Piece) -> Iterator[tuple[bytes, _Piece]]:
    """Yield the keys and values of a block; a key shares its beginning with the one before."""
    key = b""
    while block.left:
        shared, own, size = block.varint(), block.varint(), block.varint()
        if shared > len(key) or shared + own > LONGEST_NAME:
            raise block.fail(
                f"a key of {echo(shared + own)} bytes, of which {echo(shared)} are those of the one before"
            )
        key = key[:shared] + block.take(own)
        yield key, block.piece(size)


def _name(key: bytes, entry: _Piece) -> str:
    try:
        return key.decode()
    except UnicodeDecodeError:
        raise entry.fail("the name of a tensor is not UTF-8") from None


def _array(name: str, entry: _Piece) -> Array | None:
    """Return the type and shape of an entry, None for a string, which is no weight."""
    kind = 0
    shape: tuple[int, ...] = ()
    for field, found in _fields(entry):
        if field == 1 and isinstance(found, int):
            kind = found
        elif field == 2 and isinstance(found, _Piece):
            shape = tuple(_sides(name, found))
    if kind == _STRING:
        return None
    if kind not in _TYPES or len(shape) > MOST_SIDES:
        raise entry.fail(f"{echo(name)} has type {echo(kind)} and {len(shape)} dimensions, which no weight has")
    return Array(_TYPES[kind], shape)


def _sides(name: str, shape: _Piece) -> Iterator[int]:
    """Yield the sides of a `TensorShapeProto`; field 2 is a dimension, whose field 1 is the side."""
    for field, dimension in _fields(shape):
        if field == 2 and isinstance(dimension, _Piece):
            side = next((found for part, found in _fields(dimension) if part == 1 and isinstance(found, int)), 0)
            if side > LARGEST_SIDE:
                raise shape.fail(f"{echo(name)} has an unknown or negative dimension")
            yield side


def _fields(message: _Piece) -> Iterator[tuple[int, int | _Piece]]:
    """Yield the fields of a message of protocol buffers: integers, and pieces for texts and messages."""
    while message.left:
        tag = message.varint()
        match tag & 7:
            case 0:
                yield tag >> 3, message.varint()
            case 1:
                message.take(8)
            case 2:
                yield tag >> 3, message.piece(message.varint())
            case 5:
                message.take(4)
            case kind:
                raise message.fail(f"a field of the wire type {kind}")
