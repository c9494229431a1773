"""A checkpoint of 70 billion parameters: 140 GB in 32 shards, every header real, all data a hole in the file."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym.checkpoints import index_file
from bertsym.checkpoints.checkpoint import read_checkpoint
from bertsym.errors import BadFile
from tests.checkpoints.files import header_of, measured, read, write, write_shards

pytestmark = pytest.mark.slow

FIELDS = {
    "model_type": "bert",
    "vocab_size": 128_256,
    "max_position_embeddings": 8192,
    "hidden_size": 8192,
    "num_hidden_layers": 86,
    "num_attention_heads": 64,
    "intermediate_size": 32_768,
}


@pytest.fixture(scope="module")
def large(torch: Any, transformers: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class as transformers builds it, laid out as save_pretrained does in shards of 5 GB."""
    config = transformers.BertConfig(**FIELDS)
    with torch.device("meta"):
        module = transformers.BertModel(config)
    folder = tmp_path_factory.mktemp("large")
    write_shards(folder, {name: p.shape for name, p in module.named_parameters()}, "BF16", 5 * 10**9)
    (folder / "config.json").write_text(json.dumps(config.to_dict()), encoding="utf-8")
    return folder


def read_so_far() -> int:
    """The bytes this process has asked the system for, by the system's own count."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("rchar:")).split()[1])


def test_it_is_equal(large: Path, bertsym: Callable[..., Any]) -> None:
    ran = bertsym("verify", str(large), "--json")
    found = json.loads(ran.out)
    assert (ran.code, found["ok"], found["tensors"], found["dtypes"]) == (0, True, 7 + 16 * 86, {"BF16": 7 + 16 * 86})
    assert found["count"] == found["expected"] > 70 * 10**9
    assert found["files"] == 1 + len(list(large.glob("*.safetensors"))) > 28


def test_only_headers_are_read(large: Path) -> None:
    assert sum(file.stat().st_size for file in large.iterdir()) > 140 * 10**9
    before = read_so_far()
    found = read_checkpoint(large)
    taken = read_so_far() - before
    assert len(found.arrays) == 7 + 16 * 86
    assert found.bytes_read <= taken < 10 * 10**6


def typical(*words: str) -> tuple[float, float]:
    """Seconds and megabytes: the medians of five runs."""
    runs = [measured(*words) for _ in range(5)]
    assert all(run.code == 0 for run in runs), runs[0].err
    return statistics.median(run.seconds for run in runs), statistics.median(run.megabytes for run in runs)


def test_time_and_memory(large: Path, tmp_path: Path) -> None:
    """0.3 s over the start-up of a command that prints one number; as much memory as for a checkpoint of 4 million."""
    small = header_of(
        {name: [128 if side == 8192 else side for side in entry["shape"]] for name, entry in read_all(large).items()}
    )
    write(tmp_path / "model.safetensors", small)
    fields = json.loads((large / "config.json").read_text(encoding="utf-8"))
    fields |= {"hidden_size": 128, "max_position_embeddings": 128}
    (tmp_path / "config.json").write_text(json.dumps(fields), encoding="utf-8")
    start_up, _ = typical("total", "bert-base-uncased")
    _, flat = typical("verify", str(tmp_path))
    seconds, megabytes = typical("verify", str(large))
    assert seconds < start_up + 0.3
    assert megabytes < flat + 8


def read_all(folder: Path) -> dict[str, Any]:
    headers = [read(file) for file in sorted(folder.glob("*.safetensors"))]
    return {name: entry for header in headers for name, entry in header.items() if name != "__metadata__"}


@pytest.fixture
def sharded(tmp_path: Path, bertsym: Callable[..., Any]) -> Path:
    """bert-tiny in shards."""
    tensors = json.loads(bertsym("tensors", "bert-tiny", "--json").out)
    write_shards(tmp_path, {one["name"]: one["shape"] for one in tensors}, "F32", 2**20)
    return tmp_path


def test_index_and_shards_disagree(sharded: Path, bertsym: Callable[..., Any]) -> None:
    """The headers are right, and a note says what the index has otherwise."""
    index = json.loads((sharded / "model.safetensors.index.json").read_text(encoding="utf-8"))
    placed = index["weight_map"]
    shard = placed.pop("pooler.dense.weight")
    placed["lm_head.weight"] = shard
    (sharded / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    ran = bertsym("verify", str(sharded), "--model", "bert-tiny", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["notes"] == [
        "the index names 1 tensor that no shard holds: 'lm_head.weight'",
        "the index does not name 1 tensor of the shards': 'pooler.dense.weight'",
    ]


def test_a_shard_less(sharded: Path, bertsym: Callable[..., Any]) -> None:
    shards = sorted(sharded.glob("*.safetensors"))
    shards[-1].unlink()
    ran = bertsym("verify", str(sharded), "--model", "bert-tiny")
    assert (ran.code, ran.out) == (2, "")
    assert f"names 1 of {len(shards)} shards that are missing: '{shards[-1].name}'" in ran.err


def test_links_into_a_cache_are_followed(sharded: Path, tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    """`hf download` keeps files apart and links to them from a snapshot's folder."""
    snapshot = tmp_path / "snapshots" / "main"
    snapshot.mkdir(parents=True)
    for file in sharded.glob("model*"):
        (snapshot / file.name).symlink_to(Path("..") / ".." / file.name)
    assert bertsym("verify", str(snapshot)).code == 0


def test_headers_are_bounded_together(sharded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_file, "MOST_BYTES", 4000)
    with pytest.raises(BadFile, match="4,000 bytes of headers"):
        read_checkpoint(sharded)
