"""Read a checkpoint: a file of weights in one of the known formats, an index of such files, or the folder of either."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bertsym.checkpoints.adapter import CONFIG, WEIGHTS
from bertsym.checkpoints.contents import Checkpoint
from bertsym.checkpoints.flax_msgpack import read_flax
from bertsym.checkpoints.framework_names import translated
from bertsym.checkpoints.gguf_files import chosen_gguf, read_gguf_files
from bertsym.checkpoints.index_file import SUFFIX, read_index
from bertsym.checkpoints.safetensors import read_header
from bertsym.checkpoints.tensor_types import Array
from bertsym.checkpoints.tensorflow_index import read_tensorflow
from bertsym.errors import BadFile, echo
from bertsym.files.reading import unreadable
from bertsym.values import replace

SINGLE = "model.safetensors"
INDEX = f"model{SUFFIX}"
FLAX = "flax_model.msgpack"
PICKLE_INDEX = "pytorch_model.bin.index.json"
READ = (".safetensors", SUFFIX, ".gguf", ".msgpack", ".index", ".bin.index.json")
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
OTHERS = {
    ".h5": "an HDF5 file of Keras",
    ".onnx": "a graph of ONNX",
    ".npz": "an archive of NumPy",
}


def read_checkpoint(path: Path, *, alone: bool = False) -> Checkpoint:
    """Read the headers of the checkpoint at the path; raise BadFile or BadField.

    `alone` accepts files whose data was not downloaded.
    """
    found = _read(path, alone=alone)
    if found.metadata is not None:
        return found
    names = found.arrays if found.index is None else dict.fromkeys(found.index.names, Array("F32", ()))
    spelled = translated(names)
    if spelled is None:
        return found
    notes = (*spelled.notes, *found.notes)
    if found.index is not None:
        return replace(found, index=replace(found.index, names=tuple(spelled.arrays)), notes=notes)
    return replace(found, arrays=spelled.arrays, notes=notes)


def _read(path: Path, *, alone: bool) -> Checkpoint:
    weights = _weights(path)
    beside = weights.parent / "config.json"
    config = beside if exists(beside) else None
    name = weights.name.casefold()
    if name.endswith(".json"):
        return read_index(path, weights, config, alone=alone)
    if name.endswith(".gguf"):
        return read_gguf_files(path, weights, alone=alone)
    if name.endswith(".msgpack"):
        flax = read_flax(weights)
        return Checkpoint(path, flax.arrays, config, 1, flax.bytes_read)
    if name.endswith(".index"):
        index = read_tensorflow(weights)
        return Checkpoint(path, index.arrays, config, 1, index.bytes_read)
    header = read_header(weights, alone=alone)
    notes = () if alone or not header.unclaimed else (f"{header.unclaimed:,} bytes of data belong to no tensor",)
    return Checkpoint(path, header.arrays, config, 1, header.bytes_read, notes)


def adapter_config(path: Path) -> Path | None:
    """Return the `adapter_config.json` of an adapter at the path, or None if it is another checkpoint.

    A folder that also holds a whole model is that model.
    """
    if is_folder(path):
        whole = any(exists(path / name) for name in (SINGLE, INDEX))
        file = path / CONFIG
        return file if exists(file) and not whole else None
    file = path.parent / CONFIG
    return file if path.name.casefold().startswith("adapter_model") and exists(file) else None


def adapter_weights(path: Path) -> Path:
    """Return the weights of an adapter at the path; raise BadFile if the folder has them as a pickle only."""
    if not is_folder(path):
        return path
    file = path / WEIGHTS
    pickle = path / f"{Path(WEIGHTS).stem}.bin"
    if not exists(file) and exists(pickle):
        raise BadFile(str(path), _refusal([pickle]))
    return file


def _weights(path: Path) -> Path:
    """Return the file to read first; raise BadFile without opening it if its format is not read."""
    if not is_folder(path):
        name = path.name.casefold()
        if name == "config.json":
            raise BadFile(str(path), f"a configuration, not a checkpoint: pass the folder that also holds {SINGLE}")
        if not name.endswith(READ) and exists(path):
            raise BadFile(str(path), _refusal([path]) or "not a .safetensors file, its index, or a .gguf file")
        return path
    return _in_folder(path)


def _in_folder(path: Path) -> Path:
    """Return the file of a folder to read: safetensors first, then GGUF, Flax, TensorFlow, an index of pickles."""
    for name in (SINGLE, INDEX):
        if exists(path / name):
            return path / name
    try:
        files = sorted(path.iterdir())
    except OSError as error:
        raise unreadable(path, error) from None
    indices = [file for file in files if file.name.endswith(SUFFIX)]
    found = [file for file in files if file.name.endswith(".safetensors")]
    if len(indices) == 1 or (len(found) == 1 and not indices):
        return (indices or found)[0]
    if found:
        several = f"holds {len(found)} .safetensors files and {len(indices) or 'no'} index of them"
        raise BadFile(str(path), f"{several}: add {INDEX}, or pass the path of one file")
    gguf = [file for file in files if file.name.casefold().endswith(".gguf")]
    if gguf:
        return chosen_gguf(path, gguf)
    if exists(path / FLAX):
        return path / FLAX
    tables = [file for file in files if file.name.endswith(".ckpt.index")]
    if len(tables) == 1:
        return tables[0]
    if exists(path / PICKLE_INDEX):
        return path / PICKLE_INDEX
    raise BadFile(str(path), _refusal(files) or f"a folder without {SINGLE} or {INDEX}")


def _refusal(files: Sequence[Path]) -> str:
    """Return the reason why these files are not read: a pickle can run code, other formats are unknown."""
    pickles = [file.name for file in files if file.suffix.casefold() in PICKLES]
    others = [file.name for file in files if file.suffix.casefold() in OTHERS]
    if pickles:
        return (
            f"{echo(pickles[0])} is a pickle, which can run code: never read; "
            "save it with save_pretrained(..., safe_serialization=True)"
        )
    if not others:
        return ""
    kind = OTHERS[Path(others[0]).suffix.casefold()]
    return f"{echo(others[0])} is {kind}: not read; load it with its framework and save it as .safetensors"


def exists(path: Path) -> bool:
    """Return True if the path exists. A loop of links exists too, so that reading it reports the loop."""
    try:
        return path.is_symlink() or path.exists()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def is_folder(path: Path) -> bool:
    """Return True if the path is a folder; raise BadFile if it cannot be asked."""
    try:
        return path.is_dir()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
