"""The atlas on the command line: which name is which model, and what is said of one that cannot be had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym import atlas
from bertsym.errors import BertsymError, UnknownName
from bertsym.resolve import load
from bertsym.saved_model.atlas_models import stored
from bertsym.zoo import ARCHITECTURES

ROOT = Path(__file__).parents[2]
Run = Callable[..., Any]


def test_a_name_of_both_is_the_zoos(bertsym: Run) -> None:
    assert load("bert").architecture is ARCHITECTURES["bert"]
    assert load("atlas:bert").architecture is not ARCHITECTURES["bert"]
    assert load("mamba", "model").cls == "MambaModel"
    assert load("mixtral", "causal-lm").cls == "MixtralForCausalLM"
    # google-research/bert's base model is what BertConfig() is
    assert bertsym("total", "atlas:bert-default", "--count").out == "109482240\n"
    assert bertsym("total", "bert-base-uncased", "--count").out == "109482240\n"


def test_unknown_names_get_suggestions_from_both(bertsym: Run) -> None:
    assert "did you mean mixtral or" in bertsym("total", "mixtrl").err
    assert "did you mean bert-base-uncased?" in bertsym("total", "bert-base-uncase").err
    wrong = bertsym("total", "mamba", "--head", "masked-lm").err
    assert "unknown head of mamba 'masked-lm': its heads: model, causal-lm" in wrong
    assert bertsym("total", "atlas:../../etc/passwd").code == 2
    assert bertsym("total", "atlas:").code == 2
    assert bertsym("total", "mamba-default-default").code == 2


def test_a_type_without_a_formula_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atlas, "missing", lambda: {"nothing": "its default configuration does not build"})
    with pytest.raises(UnknownName, match="transformers has it, but no formula was found: its default"):
        load("nothing")


def test_models_lists_the_atlas_on_demand(bertsym: Run) -> None:
    assert "bertsym models --all" in bertsym("models").out
    everything = bertsym("models", "--all")
    assert (everything.code, everything.err) == (0, "")
    listed = json.loads(bertsym("models", "--all", "--json").out)
    assert {model["name"] for model in listed["models"]} == set(atlas.index())
    for model in listed["models"]:
        assert f"\n{model['name']} " in everything.out
        assert f"{model['count']:,}" in everything.out
        assert model["whole"] == ("model" in model["heads"])
        if model["name"] in ARCHITECTURES:
            assert model["given_as"] == f"atlas:{model['name']}"


WITHOUT_TORCH = """
import sys
for name in ("torch", "transformers", "safetensors"):
    sys.modules[name] = None
from bertsym.cli import run
sys.argv = ["bertsym", *sys.argv[1:]]
sys.exit(run())
"""


@pytest.mark.parametrize(
    "words",
    [
        ["total", "mixtral", "--latex"],
        ["total", "mamba-default", "--count"],
        ["show", "mixtral-default", "--by", "role"],
        ["compare", "mamba", "mixtral"],
        ["compare", "bert", "modernbert"],
        ["compare", "atlas:bert", "bert"],
        ["solve", "llama", "--target", "7B", "--for", "H"],
        ["solve", "atlas:llama", "--target", "7B", "--for", "H"],
        ["solve", "mamba", "--target", "1.3B", "--for", "H"],
        ["diff", "atlas:bert", "--by", "H"],
        ["explain", "clip-default"],
        ["explain", "clip"],
        ["models", "--all"],
    ],
    ids=" ".join,
)
def test_no_torch_is_needed(words: list[str], tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WITHOUT_TORCH, *words]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def config(folder: Path, **fields: object) -> str:
    file = folder / "config.json"
    file.write_text(json.dumps(fields), encoding="utf-8")
    return str(file)


def test_a_configuration_of_a_type_that_only_the_atlas_has(tmp_path: Path, bertsym: Run) -> None:
    assert "mamba" not in ARCHITECTURES
    found = load(config(tmp_path, model_type="mamba", architectures=["MambaForCausalLM"]))
    default = stored("mamba-default", "causal-lm")
    assert default is not None
    assert (found.cls, found.given) == ("MambaForCausalLM", default.given)
    sizes_of = {"vocab_size": 100, "hidden_size": 8, "intermediate_size": 16, "state_size": 4, "num_hidden_layers": 1}
    small = config(tmp_path, model_type="mamba", **sizes_of)
    assert bertsym("total", small, "--count").code == 0
    sizes = load(small).given
    assert {str(symbol): sizes[symbol] for symbol in sizes if str(symbol) in ("V", "H")} == {"V": 100, "H": 8}


@pytest.mark.parametrize(
    "fields",
    [
        {"model_type": "mamba", "hidden_size": "8"},
        {"model_type": "mamba", "hidden_size": -8},
        {"model_type": "mamba", "hidden_size": 8.5},
        {"model_type": "mamba", "architectures": ["BertModel"]},
        {"model_type": "mambaa"},
        {"model_type": 7},
    ],
    ids=str,
)
def test_a_configuration_that_is_not_covered(fields: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(BertsymError):
        load(config(tmp_path, **fields))


def test_a_fixed_field_may_not_differ(tmp_path: Path) -> None:
    frozen = [
        (name, field, values[0])
        for name, line in atlas.index().items()
        if name not in ARCHITECTURES and not line.unresolved and (found := stored(name)) is not None
        for field, values in found.architecture.schema.fixed.items()
        if "." not in field and "[" not in field
    ]
    for name, field, held in frozen[:10]:
        other = not held if isinstance(held, bool) else "another"
        with pytest.raises(BertsymError, match=f"field '{field}'"):
            load(config(tmp_path, model_type=name, **{field: other}))


SEVEN = {"conv_dim": [8] * 7, "conv_kernel": [3] * 7, "conv_stride": [2] * 7, "hidden_size": 96}


@pytest.mark.parametrize("others", [{}, {"conv_dim": [8] * 6, "conv_kernel": [3] * 6, "conv_stride": [2] * 6}], ids=str)
def test_a_length_that_is_not_the_lists_own_is_refused(others: dict[str, Any], tmp_path: Path, bertsym: Run) -> None:
    fields = {**SEVEN, **others, "num_feat_extract_layers": 6}
    done = bertsym("total", config(tmp_path, model_type="wav2vec2", **fields), "--count")
    assert (done.code, done.out) == (2, "")
    assert "field 'num_feat_extract_layers': '6': only 7 is covered" in done.err


def test_a_length_is_held_where_transformers_holds_it(tmp_path: Path, bertsym: Run, transformers: Any) -> None:
    import torch

    with pytest.raises(Exception, match="convolutional layers is incorrect"):
        transformers.Wav2Vec2Config(**SEVEN, num_feat_extract_layers=6)
    with torch.device("meta"):
        model = transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(**SEVEN, num_feat_extract_layers=7))
    fitting = config(tmp_path, model_type="wav2vec2", **SEVEN, num_feat_extract_layers=7)
    assert bertsym("total", fitting, "--count").out == f"{model.num_parameters()}\n"


def test_a_shell_completes_names_without_loading_sympy(tmp_path: Path) -> None:
    words = {"_BERTSYM_COMPLETE": "complete_bash", "COMP_WORDS": "bertsym total mixt", "COMP_CWORD": "2"}
    environment = {**os.environ, **words, "PYTHONPATH": str(ROOT)}
    script = (
        "import atexit, sys; sys.argv = ['bertsym']; "
        "atexit.register(lambda: print('sympy' in sys.modules)); from bertsym.cli import run; run()"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    first, *others, loaded = done.stdout.split()
    assert (first, loaded) == ("mixtral", "False")
    assert all(other.startswith("mixtral-") for other in others)
