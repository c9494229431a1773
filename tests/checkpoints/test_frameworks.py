"""Names of Flax and TensorFlow, written after the rules of those frameworks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym.checkpoints.framework_names import framework_of, translated
from bertsym.checkpoints.tensor_types import Array
from tests.checkpoints.files import header_of, write

COUNT = 4_385_920  # bert-tiny without a head, https://huggingface.co/google/bert_uncased_L-2_H-128_A-2
Shapes = dict[str, tuple[int, ...]]


def bert(dense: Callable[[str, int, int], Shapes], norm: Callable[[str], Shapes], table: str, layer: str) -> Shapes:
    """bert-tiny in the names of a framework."""
    shapes: Shapes = {
        table.format("word"): (30_522, 128),
        table.format("position"): (512, 128),
        table.format("token_type"): (2, 128),
        **norm("embeddings/LayerNorm"),
        **dense("pooler/dense", 128, 128),
    }
    for place in range(2):
        home = f"encoder/{layer.format(place)}"
        for name in ("query", "key", "value"):
            shapes |= dense(f"{home}/attention/self/{name}", 128, 128)
        shapes |= dense(f"{home}/attention/output/dense", 128, 128)
        shapes |= dense(f"{home}/intermediate/dense", 128, 512)
        shapes |= dense(f"{home}/output/dense", 512, 128)
        shapes |= norm(f"{home}/attention/output/LayerNorm") | norm(f"{home}/output/LayerNorm")
    return shapes


def tensorflow(prefix: str = "bert/", end: str = "", layer: str = "layer_{}") -> Shapes:
    """Google's first checkpoints, and those that Keras numbers with `_._`; tables have no last word there."""
    return bert(
        lambda name, ins, outs: {f"{prefix}{name}/kernel{end}": (ins, outs), f"{prefix}{name}/bias{end}": (outs,)},
        lambda name: {f"{prefix}{name}/{part}{end}": (128,) for part in ("gamma", "beta")},
        f"{prefix}embeddings/{{}}_embeddings{'/weight' if end else ''}{end}",
        layer,
    )


def flax(prefix: str = "") -> Shapes:
    shapes = bert(
        lambda name, ins, outs: {f"{name}/kernel": (ins, outs), f"{name}/bias": (outs,)},
        lambda name: {f"{name}/{part}": (128,) for part in ("scale", "bias")},
        "embeddings/{}_embeddings/embedding",
        "layer/{}",
    )
    return {prefix + name.replace("/", "."): shape for name, shape in shapes.items()}


SPELLINGS = {
    "tensorflow-1": tensorflow(),
    "keras": tensorflow("tf_bert_model/bert/", ":0", "layer_._{}"),
    "keras with a head": tensorflow("tf_bert_for_masked_lm/bert/", ":0", "layer_._{}"),
    "flax": flax(),
    "flax of a task class": flax("bert."),
    "flax in slashes": {name.replace(".", "/"): shape for name, shape in flax("params.").items()},
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_file_in_other_names(spelling: str, tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    shapes = SPELLINGS[spelling]
    write(tmp_path / "model.safetensors", header_of(shapes))
    for words in (["--model", "bert-tiny"], ["--infer", "--head", "model"]):
        ran = bertsym("verify", str(tmp_path), *words, "--json")
        found = json.loads(ran.out)
        assert (ran.code, found["count"], found["class"]) == (0, COUNT, "BertModel")
        assert f"names of {'Flax' if 'flax' in spelling else 'TensorFlow'}" in found["notes"][0]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_differences_show(spelling: str, tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    shapes = dict(SPELLINGS[spelling])
    name = next(name for name in shapes if "intermediate" in name and "kernel" in name)
    shapes[name] = (512, 128)  # as PyTorch has it, so wrong under this name
    write(tmp_path / "model.safetensors", header_of(shapes))
    ran = bertsym("verify", str(tmp_path), "--model", "bert-tiny", "--json")
    assert (ran.code, len(json.loads(ran.out)["mismatched"])) == (1, 1)


def test_an_index_of_tensorflow_names(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    index = {"metadata": {"total_size": 4 * COUNT}, "weight_map": dict.fromkeys(tensorflow(), "a-1.safetensors")}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    ran = bertsym("verify", str(tmp_path), "--model", "bert-tiny", "--json")
    assert (ran.code, json.loads(ran.out)["dtype"]) == (0, "F32")


def test_the_state_of_an_optimizer_is_left_out(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    shapes = tensorflow()
    state: Shapes = {f"{name}/{part}": shape for name, shape in shapes.items() for part in ("adam_m", "adam_v")}
    write(tmp_path / "model.safetensors", header_of({**shapes, **state, "global_step": ()}))
    ran = bertsym("verify", str(tmp_path), "--model", "bert-tiny", "--json")
    found = json.loads(ran.out)
    assert (ran.code, found["count"]) == (0, COUNT)
    assert f"{len(state) + 1} tensors of the training state are left out" in found["notes"]


def test_convolutions_and_heads() -> None:
    found = translated(
        {
            "patch_embed.projection.kernel": Array("F32", (16, 16, 3, 768)),
            "cls/seq_relationship/output_weights": Array("F32", (2, 768)),
            "cls/seq_relationship/output_bias": Array("F32", (2,)),
        }
    )
    assert found is None  # dots in one name, slashes in others: no framework writes both
    flaxed = translated({"patch_embed.projection.kernel": Array("F32", (16, 16, 3, 768))})
    assert flaxed is not None
    assert flaxed.arrays == {"patch_embed.projection.weight": Array("F32", (768, 3, 16, 16))}
    head = translated(
        {"cls/seq_relationship/output_weights": Array("F32", (2, 8)), "bert/layer_0/d/kernel": Array("F32", (8, 4))}
    )
    assert head is not None
    assert head.arrays["cls.seq_relationship.weight"].shape == (2, 8)


def test_two_names_stay_apart() -> None:
    """A scale and a gamma of one norm would be one weight; no file has both, so neither is renamed."""
    arrays = {"a.scale": Array("F32", (4,)), "a.gamma": Array("F32", (4,)), "a.kernel": Array("F32", (4, 4))}
    found = translated(arrays)
    assert found is not None
    assert set(found.arrays) == set(arrays)


def test_pytorch_is_left_alone() -> None:
    assert framework_of(["encoder.layer.0.dense.weight", "norm.gamma", "adapter/kernel_size"]) == ""
    assert translated({"a.weight": Array("F32", (2, 2))}) is None
