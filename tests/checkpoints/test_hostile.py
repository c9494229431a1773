"""A header is a stranger's: one sentence, exit code 2, in bounded time and memory. The sentences are golden."""

from __future__ import annotations

import json
import os
import resource
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.checkpoints.files import header_of, measured, write

pytestmark = pytest.mark.slow

GOOD = {"a.weight": [2, 3], "b.weight": [4]}


def entry(**changes: Any) -> dict[str, Any]:
    return {"t": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24], **changes}}


def raw(text: bytes, length: int | None = None, data: int = 0) -> bytes:
    return struct.pack("<Q", len(text) if length is None else length) + text + bytes(data)


def index(**placed: str) -> str:
    return json.dumps({"weight_map": {name.replace("__", "."): shard for name, shard in placed.items()}})


RAW: dict[str, bytes] = {
    "empty": b"",
    "seven-bytes": bytes(7),
    "no-header": bytes(8),
    "longer-than-the-file": raw(b"{}", 3),
    "over-100-MB": raw(b"{}", 100_000_001),
    "largest-length": raw(b"{}", 2**64 - 1),
    "pickle": b"\x80\x02}q\x00(X\x01\x00\x00\x00" + bytes(64),
    "prose": raw(b"BERT has 110M parameters."),
    "truncated": raw(b'{"t":{"dtype":"F32","shape":[2,3'),
    "list": raw(b"[]"),
    "not-utf-8": raw(b'{"\xff":1}'),
    "name-twice": raw(b'{"t":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"t":1}'),
    "field-twice": raw(b'{"t":{"dtype":"F32","dtype":"F16","shape":[0],"data_offsets":[0,0]}}'),
    "nan": raw(b'{"t":{"dtype":"F32","shape":[NaN],"data_offsets":[0,0]}}'),
    "long-integer": raw(b'{"t":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,0]}}'),
    "deep": raw(b'{"t":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "no-tensors": raw(b"{}"),
    "only-metadata": raw(b'{"__metadata__":{"format":"pt"}}'),
    "metadata-is-a-list": raw(b'{"__metadata__":[1]}'),
    "control-characters": raw(b'{"\\u001b[31mred\\n":1}'),
}
ENTRIES: dict[str, dict[str, Any]] = {
    "no-dtype": {"t": {"shape": [2, 3], "data_offsets": [0, 24]}},
    "unknown-dtype": entry(dtype="F33"),
    "dtype-is-a-list": entry(dtype=["F32"]),
    "no-shape": {"t": {"dtype": "F32", "data_offsets": [0, 24]}},
    "negative-side": entry(shape=[2, -3]),
    "side-is-a-float": entry(shape=[2, 3.0]),
    "side-is-true": entry(shape=[24, True]),
    "side-is-a-text": entry(shape=["2", 3]),
    "huge-side": entry(shape=[2**63]),
    "huge-product": entry(shape=[2**62] * 32),
    "zero-times-huge": entry(shape=[2**63, 0], data_offsets=[0, 0]),
    "many-sides": entry(shape=[1] * 33, data_offsets=[0, 4]),
    "shape-and-offsets-differ": entry(data_offsets=[0, 20]),
    "negative-offset": entry(data_offsets=[-24, 0]),
    "backward-offsets": entry(data_offsets=[24, 0]),
    "one-offset": entry(data_offsets=[24]),
    "half-a-byte": entry(dtype="F4", shape=[3], data_offsets=[0, 2]),
    "overlap": {**entry(), "u": {"dtype": "F32", "shape": [2], "data_offsets": [16, 24]}},
    "same-place": {**entry(), "u": {"dtype": "F32", "shape": [6], "data_offsets": [0, 24]}},
}
INDICES: dict[str, str] = {
    "index-is-prose": "no",
    "no-weight-map": "{}",
    "empty-weight-map": json.dumps({"weight_map": {}}),
    "shard-is-a-number": json.dumps({"weight_map": {"a.weight": 1}}),
    "shard-above": index(a__weight="../outside.safetensors"),
    "shard-above-later": index(a__weight="x/../../outside.safetensors"),
    "shard-absolute": index(a__weight="/etc/passwd.safetensors"),
    "shard-on-a-drive": index(a__weight="C:\\outside.safetensors"),
    "shard-is-nothing": index(a__weight=""),
    "shard-is-a-pickle": index(a__weight="pytorch_model.bin"),
    "shard-is-prose": index(a__weight="config.json"),
    "shard-with-zero": index(a__weight="a\x00.safetensors"),
    "shard-missing": index(a__weight="one.safetensors", b__weight="two.safetensors"),
    "shard-is-a-loop": index(a__weight="loop.safetensors"),
    "shard-is-a-pipe": index(a__weight="pipe.safetensors"),
    "shard-is-a-folder": index(a__weight="folder.safetensors"),
    "in-two-shards": index(a__weight="good.safetensors", b__weight="again.safetensors"),
}
PATHS = ["nothing", "nothing.safetensors", "config.json", "pytorch_model.bin", "model.gguf", "notes.txt", "bare"]
PATHS += ["pickled", "two", "loop.safetensors", "pipe.safetensors", "folder.safetensors", "cut.safetensors"]
PATHS += ["strange.safetensors", "\x1b[31m.safetensors", "bert-base-uncased"]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything above on disk; the paths to try."""
    monkeypatch.chdir(tmp_path)
    for name, data in RAW.items():
        Path(f"{name}.safetensors").write_bytes(data)
    for name, header in ENTRIES.items():
        write(Path(f"{name}.safetensors"), header, 24)
    for name, text in INDICES.items():
        Path(f"{name}.safetensors.index.json").write_text(text, encoding="utf-8")
    write(Path("good.safetensors"), header_of(GOOD))
    write(Path("again.safetensors"), header_of(GOOD))
    write(Path("cut.safetensors"), header_of(GOOD), 39)
    write(Path("strange.safetensors"), header_of(GOOD))
    Path("loop.safetensors").symlink_to("loop.safetensors")
    os.mkfifo("pipe.safetensors")
    for folder in ("folder.safetensors", "bare", "pickled", "two"):
        Path(folder).mkdir()
    for name in ("config.json", "pytorch_model.bin", "model.gguf", "notes.txt", "pickled/pytorch_model.bin"):
        Path(name).write_text("{}", encoding="utf-8")
    for name in ("two/a.safetensors", "two/b.safetensors"):
        write(Path(name), header_of(GOOD))
    return (
        [f"{name}.safetensors" for name in (*RAW, *ENTRIES)] + [f"{n}.safetensors.index.json" for n in INDICES] + PATHS
    )


def test_each_has_its_sentence(
    files: list[str], bertsym: Callable[..., Any], golden: Callable[[str, str], None]
) -> None:
    for name in ("pipe.safetensors", "folder.safetensors", "strange.safetensors"):
        assert Path(name).exists()
    Path("config.json").unlink()
    shown = []
    for path in files:
        ran = bertsym("verify", path)
        assert (ran.code, ran.out) == (2, ""), path
        assert ran.err.rstrip("\n").isprintable(), path
        assert len(ran.err) < 400, path
        shown.append(f"$ bertsym verify {path.encode('unicode_escape').decode()}\n{ran.err}")
    golden("verify-errors.txt", "\n".join(shown))


def test_a_good_file_is_no_error(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    """The undamaged file is accepted, so each case above fails for its own reason."""
    write(tmp_path / "model.safetensors", header_of(GOOD))
    ran = bertsym("verify", str(tmp_path), "--model", "bert-tiny", "--json")
    assert ran.code == 1
    assert json.loads(ran.out)["extra"] == ["a.weight", "b.weight"]


BIG: dict[str, Callable[[], bytes]] = {
    "a million tensors": lambda: json.dumps(header_of({f"t{place}": [1] for place in range(10**6)})).encode(),
    "a hundred megabytes of name": lambda: b'{"' + b"x" * (10**8 - 60) + b'":1}',
    "a hundred megabytes of metadata": lambda: b'{"__metadata__":{"a":"' + b"\\n" * (5 * 10**7 - 20) + b'"}}',
    "a hundred megabytes of brackets": lambda: b'{"a":' + b"[" * (10**8 - 10),
    "a hundred megabytes of sides": lambda: b'{"t":{"dtype":"F32","shape":[' + b"1," * (5 * 10**7 - 40) + b"1]}}",
    "a hundred megabytes of one string": lambda: b'{"' + b"x" * (10**8 - 10),
    "a hundred megabytes of quotes": lambda: b'{"a":' + b'"' * (10**8 - 10),
    "a hundred megabytes of spaces": lambda: b"{" + b" " * (10**8 - 10) + b"}",
    "a hundred megabytes of digits": lambda: b'{"a":' + b"9" * (10**8 - 10) + b"}",
}


@pytest.mark.parametrize("name", BIG)
def test_time_and_memory_are_bounded(name: str, tmp_path: Path) -> None:
    """The largest headers the format allows; the header itself is 100 MB of what they cost."""
    path = write(tmp_path / "big.safetensors", BIG[name](), 0 if name != "a million tensors" else None)
    run = measured("verify", str(path), limit=3 * 2**30)
    assert run.code == 2
    assert run.err.startswith("bertsym: ")
    assert run.err.count("\n") == 1
    assert run.seconds < 20
    assert run.megabytes < 1024


def test_two_hundred_thousand_tensors_are_answered(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    write(tmp_path / "model.safetensors", header_of({f"layer.{place}.weight": [1] for place in range(200_000)}))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    ran = bertsym("verify", str(tmp_path), "--model", "bert-tiny", "--json")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 30
    assert len(json.loads(ran.out)["extra"]) == 200_000
