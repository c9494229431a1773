"""--framework: the class as transformers builds it, from a configuration that may be anything."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym.checking.transformers_reference import build
from bertsym.errors import MissingExtra
from bertsym.files.jsonfile import Json
from tests.checkpoints.files import header_of, write

TINY: dict[str, Json] = {
    "model_type": "bert",
    "vocab_size": 30,
    "max_position_embeddings": 8,
    "hidden_size": 4,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 6,
}
FILE = Path("config.json")


@pytest.mark.usefixtures("torch", "transformers")
def test_ties_and_buffers() -> None:
    built = build({**TINY, "architectures": ["BertForPreTraining"]}, FILE)
    assert built.cls == "BertForPreTraining"
    assert built.shapes["cls.predictions.decoder.weight"] == (30, 4)
    assert built.ties["cls.predictions.decoder.weight"] == "bert.embeddings.word_embeddings.weight"
    assert "bert.embeddings.position_ids" in built.buffers


@pytest.mark.usefixtures("torch", "transformers")
def test_a_model_that_the_zoo_does_not_have(bertsym: Callable[..., Any], tmp_path: Path) -> None:
    fields: dict[str, Json] = {"model_type": "squeezebert", "vocab_size": 30, "hidden_size": 8, "embedding_size": 8}
    fields |= {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8, "max_position_embeddings": 8}
    fields |= {f"{part}_groups": 1 for part in ("q", "k", "v", "post_attention", "intermediate", "output")}
    built = build(fields, FILE, "SqueezeBertForMaskedLM")
    (tmp_path / "config.json").write_text(json.dumps(fields), encoding="utf-8")
    stored = {name: shape for name, shape in built.shapes.items() if name not in built.ties}
    write(tmp_path / "model.safetensors", header_of(stored))
    ran = bertsym("verify", str(tmp_path), "--framework", "--head", "SqueezeBertForMaskedLM", "--json")
    assert (ran.code, json.loads(ran.out)["class"]) == (0, "SqueezeBertForMaskedLM")
    (tmp_path / "config.json").write_text(json.dumps(fields | {"model_type": "squeezed"}), encoding="utf-8")
    ran = bertsym("verify", str(tmp_path))
    assert (ran.code, ran.out) == (2, "")
    assert "'squeezed' is not covered" in ran.err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model_type": "nothing"}, "'nothing' is not a type of transformers"),
        ({"model_type": None}, "'None' is not a type of transformers"),
        ({"architectures": ["pipeline"]}, "'pipeline' is no class of transformers for model_type 'bert'"),
        ({"architectures": ["os.system"]}, "'os.system' is no class of transformers"),
        ({"architectures": ["GPT2Model"]}, "'GPT2Model' is no class of transformers for model_type 'bert'"),
        ({"hidden_size": 7}, "transformers builds no BertModel of it"),
        ({"hidden_size": -4}, "transformers builds no BertModel of it"),
        ({"hidden_act": "nothing"}, "transformers builds no BertModel of it"),
        ({"num_hidden_layers": 10**9}, "field 'num_hidden_layers': '1000000000': nothing above 10,000 is built"),
        ({"vocab_size": 10**12}, "field 'vocab_size'"),
    ],
)
@pytest.mark.usefixtures("torch", "transformers")
def test_bad_configurations(changes: dict[str, Any], said: str, bertsym: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path / "model.safetensors", header_of({"pooler.dense.bias": [4]}))
    (tmp_path / "config.json").write_text(json.dumps({**TINY, **changes}), encoding="utf-8")
    ran = bertsym("verify", str(tmp_path), "--framework")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("package", ["torch", "transformers"])
def test_the_extra_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=r"pip install 'bertsym\[hf\]'"):
        build(TINY, FILE)


def test_it_needs_a_configuration(bertsym: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path / "model.safetensors", header_of({"pooler.dense.bias": [4]}))
    ran = bertsym("verify", str(tmp_path), "--framework")
    assert (ran.code, ran.out) == (2, "")
    assert "no config.json beside it" in ran.err


@pytest.mark.parametrize(
    "words", [["--infer", "--framework"], ["--infer", "--model", "bert"], ["--infer", "--at", "H=4"]]
)
def test_options_that_contradict_each_other(words: list[str], bertsym: Callable[..., Any], tmp_path: Path) -> None:
    ran = bertsym("verify", str(tmp_path), *words)
    assert (ran.code, ran.out) == (2, "")
    assert "contradicts" in ran.err
