"""Read the index of a sharded checkpoint, with the headers of its shards or without them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from bertsym.checkpoints.contents import Checkpoint, IndexOnly
from bertsym.checkpoints.safetensors import MOST_ARRAYS, MOST_HEADER_BYTES, read_header
from bertsym.checkpoints.tensor_types import Array
from bertsym.errors import BadField, BadFile, echo
from bertsym.files.jsonfile import Json, parse_object, read_bytes
from bertsym.files.reading import unreadable

SUFFIX = ".safetensors.index.json"
MOST_SHARDS = 10_000
MOST_INDEX_BYTES = 64 * 2**20
MOST_BYTES = 4 * MOST_HEADER_BYTES
LARGEST_TOTAL = 2**63 - 1
PICKLED = ".bin"


def read_index(path: Path, index: Path, config: Path | None, *, alone: bool) -> Checkpoint:
    """Read an index and the headers of its shards; read the index alone if none of them is there.

    If index and headers disagree, the headers are right, and a note reports it. The shards of a `.bin.index.json` are
    pickles and never read. Raise BadFile if only some of the shards are there.
    """
    text = read_bytes(index, MOST_INDEX_BYTES)
    fields = parse_object(text, index)
    placed = _weight_map(fields, index)
    pickled = not index.name.casefold().endswith(SUFFIX)
    shards = {name: _shard(index, name, pickled=pickled) for name in sorted(set(placed.values()))}
    if len(shards) > MOST_SHARDS:
        raise BadFile(str(index), f"names {len(shards):,} shards; the limit is {MOST_SHARDS:,}")
    if len(placed) > MOST_ARRAYS:
        raise BadFile(str(index), f"names {len(placed):,} tensors; the limit is {MOST_ARRAYS:,}")
    missing = list(shards) if pickled else [name for name, shard in shards.items() if not _exists(shard)]
    if len(missing) == len(shards):
        number = f"its {len(shards):,} shards are" if len(shards) > 1 else "its shard is"
        reason = "its shards are pickles, which are never read" if pickled else f"{number} not there"
        totals = _total(fields, "total_size", index), _total(fields, "total_parameters", index)
        return Checkpoint(path, {}, config, 1, len(text), (), IndexOnly(tuple(placed), *totals, reason))
    if missing:
        raise BadFile(str(index), f"names {len(missing)} of {len(shards)} shards that are missing: {_listed(missing)}")
    arrays: dict[str, Array] = {}
    home: dict[str, str] = {}
    bytes_read, unclaimed = len(text), 0
    for name, shard in shards.items():
        header = read_header(shard, alone=alone)
        bytes_read, unclaimed = bytes_read + header.bytes_read, unclaimed + header.unclaimed
        for tensor in header.arrays:
            if home.setdefault(tensor, name) != name:
                raise BadFile(str(index), f"the tensor {echo(tensor)} is in two shards, {home[tensor]} and {name}")
        arrays.update(header.arrays)
        if len(arrays) > MOST_ARRAYS or bytes_read > MOST_BYTES:
            limit = f"{MOST_ARRAYS:,} tensors or {MOST_BYTES:,} bytes of headers"
            raise BadFile(str(index), f"its shards hold more than {limit}")
    notes = _disagreements(placed, home)
    if unclaimed and not alone:
        notes.append(f"{unclaimed:,} bytes of data belong to no tensor")
    return Checkpoint(path, arrays, config, 1 + len(shards), bytes_read, tuple(notes))


def _weight_map(fields: dict[str, Json], index: Path) -> dict[str, str]:
    placed = fields.get("weight_map")
    if not isinstance(placed, dict) or not placed:
        raise BadField(
            str(index), "weight_map", f"expected an object that names a shard for each tensor, got {echo(placed)}"
        )
    for tensor, shard in placed.items():
        if not isinstance(shard, str):
            raise BadField(str(index), "weight_map", f"{echo(tensor)}: expected the name of a shard, got {echo(shard)}")
    return {tensor: str(shard) for tensor, shard in placed.items()}


def _total(fields: dict[str, Json], key: str, index: Path) -> int | None:
    """Return a total of the index's `metadata`, or None; older versions of transformers wrote it as `1.5e10`."""
    metadata = fields.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise BadField(str(index), "metadata", f"expected an object, got {echo(metadata)}")
    total = None if metadata is None else metadata.get(key)
    if isinstance(total, float) and total.is_integer():
        total = int(total)
    if total is not None and (isinstance(total, bool) or not isinstance(total, int) or not 0 <= total <= LARGEST_TOTAL):
        raise BadField(str(index), f"metadata.{key}", f"expected an integer of at least 0, got {echo(total)}")
    return total


def _shard(index: Path, name: str, *, pickled: bool) -> Path:
    """Return the path of a shard in the folder of the index; raise BadField if the name could lead elsewhere."""
    parts = PurePosixPath(name).parts
    outside = not parts or name.startswith("/") or ".." in parts or "\\" in name or ":" in name
    if outside or any(not character.isprintable() for character in name):
        raise BadField(str(index), "weight_map", f"the shard {echo(name)} is not a file of this folder")
    if not pickled and name.endswith(PICKLED):
        why = f"{echo(name)} is a pickle, which can run code: never read"
        raise BadField(str(index), "weight_map", f"{why}; save the model as .safetensors")
    if not name.endswith((".safetensors", PICKLED)):
        raise BadField(str(index), "weight_map", f"the shard {echo(name)} is not a .safetensors file")
    return index.parent / name


def _exists(path: Path) -> bool:
    try:
        return path.is_symlink() or path.exists()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def _disagreements(placed: Mapping[str, str], home: Mapping[str, str]) -> list[str]:
    lost = [name for name in placed if name not in home]
    moved = [name for name in placed if name in home and home[name] != placed[name]]
    unnamed = [name for name in home if name not in placed]
    found = (
        ("the index names {} that no shard holds: {}", lost),
        ("the index does not name {} of the shards': {}", unnamed),
        ("the index places {} in another shard than holds them: {}", moved),
    )
    return [text.format(_number(names), _listed(names)) for text, names in found if names]


def _number(names: list[str]) -> str:
    return f"{len(names):,} tensor{'s' * (len(names) > 1)}"


def _listed(names: list[str]) -> str:
    shown = ", ".join(echo(name) for name in names[:3])
    return f"{shown} and {len(names) - 3:,} more" if len(names) > 3 else shown
