"""An index without its shards: names and a total size, and what they cannot tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COUNT = 4_433_468  # tests/checkpoints/test_storage.py compares it with transformers
Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def names(bertsym: Callable[..., Any]) -> list[str]:
    """Every name of BertForPreTraining at bert-tiny that a checkpoint has to hold."""
    tensors = json.loads(bertsym("tensors", "bert-tiny", "--head", "pretraining", "--json").out)
    return [one["name"] for one in tensors if not one["name"].startswith("cls.predictions.decoder.")]


@pytest.fixture
def verify(tmp_path: Path, bertsym: Callable[..., Any]) -> Run:
    def run(names: list[str], total: object = None, file: str = "model.safetensors", **more: object) -> Any:
        shards = f"{file.partition('.')[0]}-0000{{}}-of-00002.{file.partition('.')[2]}"
        index = {
            "metadata": {"total_size": total, **more},
            "weight_map": {name: shards.format(1 + place % 2) for place, name in enumerate(names)},
        }
        (tmp_path / f"{file}.index.json").write_text(json.dumps(index), encoding="utf-8")
        ran = bertsym("verify", str(tmp_path), "--model", "bert-tiny", "--head", "pretraining", "--json")
        return ran.code, json.loads(ran.out) if ran.out else ran.err

    return run


@pytest.mark.parametrize(("width", "dtype"), [(4, "F32"), (2, "BF16"), (8, "F64")])
def test_names_and_total_agree(verify: Run, names: list[str], width: int, dtype: str) -> None:
    code, found = verify(names, width * COUNT, total_parameters=COUNT)
    assert (code, found["ok"], found["dtype"], found["count"]) == (0, True, dtype, None)
    assert (found["expected"], found["tensors"]) == (COUNT, len(names))


def test_tied_tensors_may_be_counted_twice(verify: Run, names: list[str]) -> None:
    """The total of an index that names the output beside the embedding counts both, or one."""
    both = [*names, "cls.predictions.decoder.weight", "cls.predictions.decoder.bias"]
    again = 4 * (30_522 * 128 + 30_522)
    for total in (4 * COUNT, 4 * COUNT + again):
        assert verify(both, total)[0] == 0
    assert verify(both, 4 * COUNT + 4)[0] == 1


@pytest.mark.parametrize("total", [4 * COUNT - 4, 4 * COUNT + 512, 3 * COUNT, 0])
def test_another_total_is_a_finding(verify: Run, names: list[str], total: int) -> None:
    code, found = verify(names, total)
    assert (code, found["missing"], found["extra"]) == (1, [], [])
    assert "total_size is" in found["notes"][0]


def test_another_number_of_parameters_is_a_finding(verify: Run, names: list[str]) -> None:
    code, found = verify(names, 4 * COUNT, total_parameters=COUNT + 1)
    assert (code, f"total_parameters is {COUNT + 1:,}, but the class has {COUNT:,}" in found["notes"]) == (1, True)


def test_names_differ(verify: Run, names: list[str]) -> None:
    code, found = verify([*names[1:], "adapter.weight"], 4 * COUNT)
    assert (code, found["missing"], found["extra"]) == (1, names[:1], ["adapter.weight"])
    assert "cannot be compared without the shapes of the findings" in found["notes"][0]


def test_what_has_no_shape_is_said(verify: Run, names: list[str]) -> None:
    code, found = verify([*names, "bert.embeddings.position_ids"], 4 * COUNT + 8 * 512)
    assert (code, found["buffers"]) == (0, ["bert.embeddings.position_ids"])
    assert "without the shapes of buffers" in found["notes"][0]
    packed = [name.replace(".dense.weight", ".dense.qweight") for name in names]
    code, found = verify([*packed, "bert.pooler.dense.scales"], 7)
    assert (code, found["missing"], len(found["packed"])) == (0, [], 9)
    assert "without the shapes of packed weights" in found["notes"][0]


def test_no_total(verify: Run, names: list[str]) -> None:
    code, found = verify(names)
    assert (code, found["notes"]) == (0, ["the index gives no total, so only names were compared"])


def test_a_prefix(verify: Run, names: list[str]) -> None:
    code, found = verify([f"module.{name}" for name in names], 4 * COUNT)
    assert (code, found["renaming"]["dropped"], found["renaming"]["direct"]) == (0, "module.", 0)


def test_an_index_of_pickles(verify: Run, names: list[str], tmp_path: Path) -> None:
    """The names are in the index, so no pickle has to be opened."""
    (tmp_path / "pytorch_model-00001-of-00002.bin").write_bytes(b"never opened")
    code, found = verify(names, 4 * COUNT, "pytorch_model.bin")
    assert (code, found["compared"]) == (0, "names")


@pytest.mark.parametrize("total", [-1, True, "1", 2**63, 1.5, [1]])
def test_a_total_that_is_none(verify: Run, names: list[str], total: object) -> None:
    code, message = verify(names, total)
    assert (code, "field 'metadata.total_size': expected an integer" in str(message)) == (2, True)


def test_a_total_as_old_versions_wrote_it(verify: Run, names: list[str]) -> None:
    assert verify(names, float(4 * COUNT))[0] == 0


def test_nothing_to_infer_from(verify: Run, names: list[str], tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    verify(names, 4 * COUNT)
    for words in ([], ["--infer"]):
        ran = bertsym("verify", str(tmp_path), *words)
        assert (ran.code, "has no shapes to infer sizes from" in ran.err) == (2, True)


@pytest.mark.usefixtures("torch")
def test_the_index_that_the_library_writes(transformers: Any, tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    """save_pretrained in shards, which are then deleted; tied, untied, and in two types."""
    for place, (tied, dtype) in enumerate([(True, "float32"), (False, "float32"), (True, "bfloat16")]):
        folder = tmp_path / str(place)
        fields = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4}
        config = transformers.LlamaConfig(**fields, vocab_size=200, tie_word_embeddings=tied)
        model = transformers.LlamaForCausalLM(config).to(getattr(__import__("torch"), dtype))
        model.save_pretrained(folder, max_shard_size="50KB")
        shards = list(folder.glob("*.safetensors"))
        assert len(shards) > 1
        for shard in shards:
            shard.unlink()
        ran = bertsym("verify", str(folder), "--json")
        found = json.loads(ran.out)
        assert (ran.code, found["compared"], found["class"]) == (0, "names", "LlamaForCausalLM")
        assert found["expected"] == model.num_parameters()
        assert found["dtype"] == {"float32": "F32", "bfloat16": "BF16"}[dtype]
