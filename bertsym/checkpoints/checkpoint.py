"""Read a checkpoint: a `.safetensors` file, a sharded `.safetensors.index.json`, or the folder that holds either."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from bertsym.checkpoints.safetensors import MOST_ARRAYS, MOST_HEADER_BYTES, Array, read_header
from bertsym.errors import BadField, BadFile, echo
from bertsym.files.jsonfile import Json, parse_object, read_bytes
from bertsym.files.reading import unreadable
from bertsym.values import value

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
MOST_SHARDS = 10_000
MOST_INDEX_BYTES = 64 * 2**20
MOST_BYTES = 4 * MOST_HEADER_BYTES
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
OTHERS = (".h5", ".msgpack", ".gguf", ".onnx", ".npz", ".index")


@value
class Checkpoint:
    """The tensors that the headers name, the configuration in the same folder, and notes about irregularities."""

    path: Path
    arrays: Mapping[str, Array]
    config: Path | None
    files: int
    bytes_read: int
    notes: tuple[str, ...] = ()


def read_checkpoint(path: Path, *, alone: bool = False) -> Checkpoint:
    """Read the headers of the checkpoint at the path; raise BadFile or BadField.

    `alone` accepts files whose data was not downloaded.
    """
    weights = _weights(path)
    beside = weights.parent / "config.json"
    config = beside if _exists(beside) else None
    if weights.name.endswith(".json"):
        return _sharded(path, weights, config, alone=alone)
    header = read_header(weights, alone=alone)
    notes = () if alone or not header.unclaimed else (f"{header.unclaimed:,} bytes of data belong to no tensor",)
    return Checkpoint(path, header.arrays, config, 1, header.bytes_read, notes)


def _weights(path: Path) -> Path:
    """Return the file to read first; raise BadFile without opening it if it is not safetensors."""
    if not _is_folder(path):
        name = path.name.casefold()
        if name == "config.json":
            raise BadFile(str(path), f"a configuration, not a checkpoint: pass the folder that also holds {SINGLE}")
        if not name.endswith((".safetensors", ".safetensors.index.json")) and _exists(path):
            raise BadFile(str(path), _refusal([path]) or "not a .safetensors file or its .safetensors.index.json")
        return path
    for name in (SINGLE, INDEX):
        if _exists(path / name):
            return path / name
    try:
        files = sorted(path.iterdir())
    except OSError as error:
        raise unreadable(path, error) from None
    indices = [file for file in files if file.name.endswith(".safetensors.index.json")]
    found = [file for file in files if file.name.endswith(".safetensors")]
    if len(indices) == 1 or (len(found) == 1 and not indices):
        return (indices or found)[0]
    if found:
        several = f"holds {len(found)} .safetensors files and {len(indices) or 'no'} index of them"
        raise BadFile(str(path), f"{several}: add {INDEX}, or pass the path of one file")
    raise BadFile(str(path), _refusal(files) or f"a folder without {SINGLE} or {INDEX}")


def _refusal(files: list[Path]) -> str:
    """Return the reason why these files are not read: a pickle can run code, other formats are unknown."""
    pickles = [file.name for file in files if file.suffix.casefold() in PICKLES]
    others = [file.name for file in files if file.suffix.casefold() in OTHERS]
    if pickles:
        return (
            f"{echo(pickles[0])} is a pickle, which can run code when it is opened: never read; "
            "save the model with save_pretrained(..., safe_serialization=True)"
        )
    return f"{echo(others[0])} is not a .safetensors file: no other format is read" if others else ""


def _exists(path: Path) -> bool:
    """Return True if the path exists. A loop of links exists too, so that reading it reports the loop."""
    try:
        return path.is_symlink() or path.exists()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def _sharded(path: Path, index: Path, config: Path | None, *, alone: bool) -> Checkpoint:
    """Read all shards. If index and headers disagree, the headers are right, and a note reports it."""
    text = read_bytes(index, MOST_INDEX_BYTES)
    placed = _weight_map(parse_object(text, index), index)
    shards = {name: _shard(index, name) for name in sorted(set(placed.values()))}
    if len(shards) > MOST_SHARDS:
        raise BadFile(str(index), f"names {len(shards):,} shards; the limit is {MOST_SHARDS:,}")
    missing = [name for name, shard in shards.items() if not _exists(shard)]
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


def _shard(index: Path, name: str) -> Path:
    """Return the path of a shard in the folder of the index; raise BadField if the name could lead elsewhere."""
    parts = PurePosixPath(name).parts
    outside = not parts or name.startswith("/") or ".." in parts or "\\" in name or ":" in name
    if outside or any(not character.isprintable() for character in name):
        raise BadField(str(index), "weight_map", f"the shard {echo(name)} is not a file of this folder")
    if not name.endswith(".safetensors"):
        why = _refusal([Path(name)]) or f"the shard {echo(name)} is not a .safetensors file"
        raise BadField(str(index), "weight_map", why)
    return index.parent / name


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
