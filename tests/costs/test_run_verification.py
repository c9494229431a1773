"""`verify --of`: a formula of costs beside a run of the class, at configurations that are written back from a model."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

import bertsym
from bertsym.answers import run_verification
from bertsym.checking.framework_run import Measurement, NotMeasured, NotRun, Operation
from bertsym.cli.app import app
from bertsym.config.written_fields import NotWritten, written_fields
from bertsym.errors import BertsymError
from bertsym.resolve import load
from bertsym.symbols import H, heads
from bertsym.zoo import ARCHITECTURES, named
from tests.costs.runs import EVERY, runnable
from tests.zoo.test_family import drawn, read

RUNNER = CliRunner()


def verified(*arguments: str) -> tuple[int, str]:
    """Return the exit code and the output of `verify --framework`."""
    result = RUNNER.invoke(app, ["verify", *arguments, "--framework"])
    return result.exit_code, result.output


@pytest.mark.usefixtures("transformers")
@pytest.mark.parametrize(
    ("model", "of", "at", "number"),
    [
        # docs/costs.md and the issues that it cites
        ("bert-base-uncased", "flops", "B=1,S=512", 96_637_943_808),
        ("Mistral-7B-v0.1", "cache", "B=1,S=5000", 2 * 32 * 8 * 128 * 4095),
        ("DeepSeek-V3", "cache", "B=1,S=1", 35_136),
    ],
)
def test_a_published_model_runs_as_its_formula_says(model: str, of: str, at: str, number: int) -> None:
    code, output = verified(model, "--of", of, "--at", at)
    assert code == 0, output
    assert f"{number:,}" in output


@pytest.mark.usefixtures("transformers")
def test_a_file_and_sizes_that_change_it(tmp_path: Path) -> None:
    """The spelling of the file is kept: GPT-2's own and a common one."""
    file = tmp_path / "config.json"
    fields = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 96, "n_layer": 2, "n_head": 4}
    file.write_text(json.dumps({**fields, "vocab_size": 99}), encoding="utf-8")
    for at in ("B=3,S=11", "B=3,S=11,H=60,heads=3", "B=1,S=1,L=1,F=7"):
        code, output = verified(str(file), "--of", "flops", "--at", at, "--convention", "train")
        assert code == 0, output
        assert "equal" in output


@pytest.mark.usefixtures("transformers")
def test_the_library_compares_a_measured_model() -> None:
    model = bertsym.load("bert-base-uncased").of("states", optimizer="amsgrad").at(L=1, V=50)
    result = bertsym.verify(model, framework=True)
    assert result.ok
    assert result.count == model.count()


@pytest.mark.usefixtures("transformers")
def test_a_wrong_formula_is_not_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that sees one product more than the formula has."""

    def more(*_: object) -> Measurement:
        return Measurement(96_637_943_809, "BertModel", "run forward", (Operation("mm", 2, 1),))

    monkeypatch.setitem(run_verification.RUNS["flops"], "flops", more)
    code, output = verified("bert-base-uncased", "--of", "flops", "--at", "B=1,S=512")
    assert code == 1
    assert "difference -1" in output
    assert "torch's counter differs in mm, and no gap is known" in output


@pytest.mark.usefixtures("transformers")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("model", "of", "at"),
    [("Mistral-7B-v0.1", "cache", "B=1,S=100,window=64"), ("modernbert-base", "flops", "B=1,S=16")],
)
def test_a_window_is_written_where_a_field_has_it(model: str, of: str, at: str) -> None:
    code, output = verified(model, "--of", of, "--at", at)
    assert code == 0
    assert "equal: the formula and the run" in output


@pytest.mark.usefixtures("transformers")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("cls", ["DebertaV2Model", "T5ForSequenceClassification", "ModernBertForMultipleChoice"])
def test_a_class_without_meta_kernels_is_named(cls: str) -> None:
    name, head = next(
        (name, head) for name, a in ARCHITECTURES.items() for head, found in a.heads.items() if found.cls == cls
    )
    architecture = ARCHITECTURES[name]
    model = bertsym.load(architecture.base, head).of("flops").at(B=2, S=8)
    model = model.at({str(s): 2 for s in model.spec.symbols if str(s) in ("labels", "S_source")})
    with pytest.raises(NotRun, match=rf"{cls}: not run \(its code asks for values"):
        bertsym.verify(model, framework=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bert-base-uncased", "--of", "flops", "--convention", "6nd", "--at", "B=1,S=2"), "flops, macs, train"),
        (("bert-base-uncased", "--of", "lora", "--at", "r=2"), "choose flops (flops, macs, train); cache"),
        (("bert-base-uncased", "--of", "flops", "--at", "B=1,S=513"), "serve no more tokens"),
        (("bert", "--of", "flops", "--at", "B=1,S=2"), "no value for"),
        (("bert-base-uncased", "--of", "flops", "--model", "bert"), "pass the model alone"),
        (("bert-base-uncased", "--of", "work"), "unknown quantity"),
        (("mamba", "--of", "flops", "--at", "B=1,S=2"), "its work is not known"),
    ],
)
def test_what_no_run_measures_is_refused(arguments: tuple[str, ...], message: str) -> None:
    result = RUNNER.invoke(app, ["verify", *arguments, "--framework"])
    assert isinstance(result.exception, BertsymError | SystemExit)
    assert message in str(result.exception)


def test_a_run_needs_the_framework() -> None:
    result = RUNNER.invoke(app, ["verify", "bert-base-uncased", "--of", "flops"])
    assert "no --framework: pass `verify MODEL --framework --of flops`" in str(result.exception)
    with pytest.raises(BertsymError, match="no framework"):
        bertsym.verify(bertsym.load("bert").of("flops"))
    with pytest.raises(BertsymError, match="no checkpoint is read"):
        bertsym.verify(bertsym.load("bert").of("flops"), "model.safetensors", framework=True)
    with pytest.raises(NotMeasured):
        bertsym.verify(bertsym.load("bert-base-uncased").of("lora").at(r=1), framework=True)


@pytest.mark.parametrize("name", EVERY)
def test_fields_written_back_mean_the_same_sizes(name: str, tmp_path: Path) -> None:
    """A random configuration as sizes over the library's defaults: written, and read again."""
    architecture, family = ARCHITECTURES[name], EVERY[name]
    seeds = random.Random(name)
    for _ in range(20):
        seed = seeds.randrange(10**6)
        head = seeds.choice(list(architecture.heads))
        cls = architecture.heads[head].cls
        fields = runnable(name, head, {**drawn(family, seed), **family.demands.get(head, {})})
        asked = ("model_type", architecture.schema.model_type), ("architectures", [cls])
        model = read(fields, tmp_path / "config.json", *asked)
        sizes = {symbol: number for symbol, number in model.given.items() if symbol in model.symbols}
        written = written_fields(load(name, head).with_sizes(sizes), {}, tmp_path / "config.json")
        again = read(written, tmp_path / "again.json")
        assert again.given == model.given, (seed, fields, written)


def test_a_size_that_no_file_says_is_refused(tmp_path: Path) -> None:
    """GPT-NeoX has no field for a head size of its own."""
    model = named("gpt2-small").with_sizes({H: 768, heads: 12})
    fields = written_fields(model, {"n_embd": 5, "n_head": 5}, tmp_path / "config.json")
    assert (fields["n_embd"], fields["n_head"]) == (768, 12)
    assert "hidden_size" not in fields
    error = NotWritten("BertModel", "d", 7)
    assert "no config.json of its type says d=7" in str(error)
