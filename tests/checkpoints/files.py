"""Checkpoints made for a test: real headers, data that is a hole in the file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "BF16": 2, "F16": 2, "I8": 1, "U8": 1, "F8_E4M3": 1}

Header = dict[str, Any]


def header_of(shapes: Mapping[str, Iterable[int]], dtype: str = "F32", **dtypes: str) -> Header:
    """A header with the tensors one after another; a keyword names another dtype, `__` standing for a dot."""
    header: Header = {}
    end = 0
    for name, shape in shapes.items():
        sides = list(shape)
        own = dtypes.get(name.replace(".", "__"), dtype)
        start, end = end, end + prod(sides) * BYTES[own]
        header[name] = {"dtype": own, "shape": sides, "data_offsets": [start, end]}
    return header


def write(path: Path, header: Header | bytes, data: int | None = None) -> Path:
    """A `.safetensors` file; its data is `data` bytes long, by default as long as the header says, and not on disk."""
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    if data is None:
        entries = json.loads(text).items()
        data = max((entry["data_offsets"][1] for name, entry in entries if name != "__metadata__"), default=0)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + data)
    return path


def read(path: Path) -> Header:
    """The header of a `.safetensors` file, by nobody's reader but this line."""
    with path.open("rb") as file:
        header: Header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return header


def write_shards(folder: Path, shapes: Mapping[str, Iterable[int]], dtype: str, most_bytes: int) -> int:
    """A sharded checkpoint with its index, as save_pretrained lays it out; returns how many shards there are."""
    shards: list[dict[str, list[int]]] = [{}]
    size = 0
    for name, shape in shapes.items():
        sides = list(shape)
        taken = prod(sides) * BYTES[dtype]
        if shards[-1] and size + taken > most_bytes:
            shards.append({})
            size = 0
        shards[-1][name] = sides
        size += taken
    names = [f"model-{place:05d}-of-{len(shards):05d}.safetensors" for place in range(1, len(shards) + 1)]
    for name, tensors in zip(names, shards, strict=True):
        write(folder / name, {"__metadata__": {"format": "pt"}, **header_of(tensors, dtype)})
    placed = {tensor: name for name, tensors in zip(names, shards, strict=True) for tensor in tensors}
    index = {"metadata": {"total_size": 0}, "weight_map": placed}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return len(shards)


MEASURED = """
import re, resource, sys
from pathlib import Path
from bertsym.cli import run
limit = int(sys.argv[1])
if limit:
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
del sys.argv[1]
code = run()
usage = resource.getrusage(resource.RUSAGE_SELF)
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text()).group(1)
print(code, usage.ru_utime + usage.ru_stime, int(peak) / 1024)
"""


@dataclass(frozen=True)
class Measured:
    """Cost of a run of the command line: seconds of processor time, megabytes at the peak."""

    code: int
    seconds: float
    megabytes: float
    err: str


def measured(*words: str, limit: int = 0) -> Measured:
    """The command line in a process of its own, its address space limited to `limit` bytes."""
    command = [sys.executable, "-c", MEASURED, str(limit), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    code, seconds, megabytes = done.stdout.splitlines()[-1].split()
    return Measured(int(code), float(seconds), float(megabytes), done.stderr)
