"""Read a GGUF checkpoint: one file, or the parts into which llama.cpp splits a large one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from bertsym.checkpoints.contents import Checkpoint
from bertsym.checkpoints.gguf import MOST_ARRAYS, read_gguf
from bertsym.checkpoints.tensor_types import Array
from bertsym.errors import BadFile, echo

PART = re.compile(r"(?P<stem>.+)-(?P<part>\d{5})-of-(?P<parts>\d{5})\.gguf", re.ASCII | re.IGNORECASE | re.DOTALL)
"""The names that `gguf-split` gives the parts of a file."""

MOST_PARTS = 1_000


def chosen_gguf(folder: Path, files: Sequence[Path]) -> Path:
    """Return the only model among the GGUF files of a folder, or its first part; raise BadFile if there are several.

    Files of image encoders, whose names begin with `mmproj`, are not counted.
    """
    models = [file for file in files if not file.name.casefold().startswith("mmproj")] or list(files)
    found = {(match["stem"], match["parts"]) for file in models if (match := PART.fullmatch(file.name))}
    whole = [file for file in models if not PART.fullmatch(file.name)]
    if len(found) + len(whole) > 1:
        raise BadFile(str(folder), f"holds {len(found) + len(whole)} models as .gguf files: pass the path of one")
    return min(models)


def read_gguf_files(path: Path, file: Path, *, alone: bool) -> Checkpoint:
    """Read a GGUF file, or all parts if it is one of several; raise BadFile if a part is missing."""
    header = read_gguf(file, alone=alone) if PART.fullmatch(file.name) is None else None
    parts = [file] if header is not None else _parts(file)
    arrays: dict[str, Array] = {}
    notes: list[str] = []
    headers = [read_gguf(part, alone=alone) for part in parts] if header is None else [header]
    for part, found in zip(parts, headers, strict=True):
        twice = arrays.keys() & found.arrays.keys()
        if twice:
            raise BadFile(str(part), f"the tensor {echo(min(twice))} is in two parts")
        arrays.update(found.arrays)
        if len(arrays) > MOST_ARRAYS:
            raise BadFile(str(part), f"the parts hold more than {MOST_ARRAYS:,} tensors")
        if found.unclaimed and not alone:
            notes.append(f"{found.unclaimed:,} bytes of data belong to no tensor")
    metadata = headers[0].metadata
    total = metadata.get("split.tensors.count")
    if total is not None and total != len(arrays):
        notes.append(f"split.tensors.count is {echo(total)}, but the parts hold {len(arrays):,} tensors")
    bytes_read = sum(found.bytes_read for found in headers)
    return Checkpoint(path, arrays, None, len(parts), bytes_read, tuple(notes), metadata=metadata)


def _parts(file: Path) -> list[Path]:
    match = PART.fullmatch(file.name)
    number = int(match["parts"]) if match is not None else 0
    if match is None or not 0 < number <= MOST_PARTS or not 0 < int(match["part"]) <= number:
        raise BadFile(str(file), f"a part of {number:,}; a file has 1 to {MOST_PARTS:,} parts")
    parts = [file.parent / f"{match['stem']}-{part:05d}-of-{match['parts']}.gguf" for part in range(1, number + 1)]
    missing = [part.name for part in parts if not part.exists()]
    if missing:
        raise BadFile(str(file), f"{len(missing)} of {number} parts are missing: {echo(missing[0])}")
    return parts
