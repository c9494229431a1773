"""Read the header of a `.safetensors` file: names, types and shapes, but no byte of the data.

The format: eight bytes, little-endian, give the length of a JSON object that maps each name to its `dtype`, `shape` and
`data_offsets`, counted from the end of the header (https://github.com/huggingface/safetensors).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bertsym.checkpoints.data_ranges import DataRange, check_room, end_of
from bertsym.checkpoints.tensor_types import BITS, Array
from bertsym.errors import BadField, BadFile, echo
from bertsym.files.jsonfile import Bounds, Json, parse_object
from bertsym.files.reading import opened, read_up_to
from bertsym.values import value

MOST_HEADER_BYTES = 100_000_000
MOST_ARRAYS = 250_000
MOST_SIDES = 32
LARGEST_SIDE = 2**63 - 1

# An entry is a name, three fields and a few sides: some fourteen commas and brackets.
_BOUNDS = Bounds(deepest=8, most_values=16 * MOST_ARRAYS)
_METADATA = "__metadata__"


@value
class Header:
    """The tensors of one file, the number of bytes read, and the number of data bytes that no tensor claims."""

    arrays: Mapping[str, Array]
    bytes_read: int
    unclaimed: int


def read_header(path: Path, *, alone: bool = False) -> Header:
    """Read the header of a `.safetensors` file; `alone` accepts a file whose data was not downloaded.

    Raise BadFile or BadField if the header is longer than the file or than 100 MB, violates the format, or places a
    tensor outside of the data or over another tensor.
    """
    with opened(path) as (file, size):
        prefix = read_up_to(file, 8)
        if len(prefix) < 8:
            raise BadFile(
                str(path),
                f"not a safetensors file: {len(prefix)} bytes, fewer than the 8 that hold the length of the header",
            )
        length = int.from_bytes(prefix, "little")
        if length > MOST_HEADER_BYTES:
            raise BadFile(str(path), f"not a safetensors file: a header of {length:,} bytes; the limit is 100,000,000")
        if length > size - 8:
            raise BadFile(str(path), f"cut off: a header of {length:,} bytes is declared, {size - 8:,} bytes follow")
        text = read_up_to(file, length)
    if not text.startswith(b"{"):
        raise BadFile(str(path), "not a safetensors file: its header does not begin with {")
    fields = parse_object(text, path, _BOUNDS)
    arrays, claims = _arrays(fields, path)
    end = end_of(claims, path)
    room = end if alone else size - 8 - length
    check_room(end, room, path)
    return Header(arrays, 8 + length, room - sum(claim.length for claim in claims))


def _arrays(fields: dict[str, Json], path: Path) -> tuple[dict[str, Array], list[DataRange]]:
    metadata = fields.pop(_METADATA, None)
    if metadata is not None and not isinstance(metadata, dict):
        raise BadField(str(path), _METADATA, f"expected an object of texts, got {echo(metadata)}")
    if len(fields) > MOST_ARRAYS:
        raise BadFile(str(path), f"holds {len(fields):,} tensors; the limit is {MOST_ARRAYS:,}")
    arrays, claims = {}, []
    for name, entry in fields.items():
        if not isinstance(entry, dict):
            raise BadField(str(path), name, f"expected an object with dtype, shape and data_offsets, got {echo(entry)}")
        array, claim = _array(entry, name, path), _claim(entry, name, path)
        if array.bits != 8 * claim.length:
            takes = f"{array.dtype} of shape {echo(list(array.shape))[1:-1]} takes {_bytes(array.bits)}"
            raise BadField(str(path), name, f"{takes}, but data_offsets gives it {_bytes(8 * claim.length)}")
        arrays[name] = array
        claims.append(claim)
    return arrays, claims


def _array(entry: dict[str, Json], name: str, path: Path) -> Array:
    dtype, shape = entry.get("dtype"), entry.get("shape")
    if not isinstance(dtype, str) or dtype not in BITS:
        raise BadField(
            str(path),
            name,
            f"dtype {echo(dtype)} is none of the {len(BITS)} types of the format, such as F32, BF16 or F8_E4M3",
        )
    sides = _integers(shape)
    if sides is None:
        raise BadField(str(path), name, f"shape {echo(shape)} is not a list of non-negative integers")
    if len(sides) > MOST_SIDES or any(side > LARGEST_SIDE for side in sides):
        raise BadField(str(path), name, f"shape {echo(shape)}: at most {MOST_SIDES} sides, each below 2^63")
    return Array(dtype, sides)


def _claim(entry: dict[str, Json], name: str, path: Path) -> DataRange:
    offsets = entry.get("data_offsets")
    found = _integers(offsets)
    if found is None or len(found) != 2 or found[0] > found[1]:
        raise BadField(str(path), name, f"data_offsets {echo(offsets)} is not [begin, end] with 0 <= begin <= end")
    return DataRange(*found, name)


def _integers(value: Json) -> tuple[int, ...] | None:
    """Return a list of non-negative integers as a tuple, or None if it is not one; booleans are not integers."""
    if not isinstance(value, list):
        return None
    found = tuple(item for item in value if isinstance(item, int) and not isinstance(item, bool) and item >= 0)
    return found if len(found) == len(value) else None


def _bytes(bits: int) -> str:
    if bits > 2**70:
        return "more than 2^67 bytes"
    return f"{bits // 8:,} bytes" + (f" and {bits % 8} bits" if bits % 8 else "")
