"""A file is read as the type that it names, that the user names, or that evidence implies; the answer says which."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym import atlas
from bertsym.count import count
from bertsym.errors import BadField, BadFile, Conflict, UnknownName
from bertsym.model import Model
from bertsym.resolve import load

Run = Callable[..., Any]
PLAIN: dict[str, Any] = {"hidden_size": 24, "num_attention_heads": 4, "num_hidden_layers": 2, "vocab_size": 50}


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., str]:
    def save(name: str = "config.json", **fields: Any) -> str:
        (tmp_path / name).write_text(json.dumps({**PLAIN, **fields}), encoding="utf-8")
        return str(tmp_path / name)

    return save


def same(first: Model, second: Model) -> bool:
    return first.cls == second.cls and count(first) == count(second)


@pytest.mark.parametrize(
    ("name", "fields", "kind", "cls"),
    [
        ("config.json", {"architectures": ["ElectraForPreTraining"]}, "electra", "ElectraForPreTraining"),
        ("config.json", {"architectures": ["TFBertModel"]}, "bert", "BertModel"),
        ("config.json", {"architectures": ["FlaxRobertaForMaskedLM"]}, "roberta", "RobertaForMaskedLM"),
        ("config.json", {"architectures": ["LlamaModel"]}, "llama", "LlamaModel"),
        ("config.json", {"model_type": "my_llama", "architectures": ["LlamaForCausalLM"]}, "llama", "LlamaForCausalLM"),
        ("bert_config.json", {}, "bert", "BertModel"),
        ("albert_config_tiny.json", {}, "albert", "AlbertModel"),
        ("xlm_roberta_config.json", {}, "xlm-roberta", "XLMRobertaModel"),
        ("bert_config.json", {"architectures": ["AlbertModel"]}, "albert", "AlbertModel"),
    ],
)
def test_a_type_is_inferred_and_said(
    saved: Callable[..., str], name: str, fields: dict[str, Any], kind: str, cls: str
) -> None:
    inferred = load(saved(name, **fields))
    assert inferred.cls == cls
    assert any(f"read as {kind}" in note for note in inferred.notes)
    stated = load(saved("stated.json", **{**fields, "model_type": kind}))
    assert same(inferred, stated)
    assert not any("model_type" in note for note in stated.notes)


def test_a_folder_may_have_only_a_file_of_another_name(saved: Callable[..., str], tmp_path: Path) -> None:
    file = saved("bert_config.json")
    saved("tokenizer_config.json")
    assert same(load(str(tmp_path)), load(file))
    saved("albert_config.json")
    with pytest.raises(BadFile, match=r"2 other configurations; pass albert_config\.json"):
        load(str(tmp_path))
    saved(model_type="gpt2")
    assert load(str(tmp_path)).architecture.name == "gpt2"


def test_the_user_names_the_type(saved: Callable[..., str]) -> None:
    file = saved()
    with pytest.raises(BadField, match=r"field 'model_type': missing.*pass --model-type"):
        load(file)
    for kind in ("bert", "gpt2", "qwen2", "opt"):
        assert same(load(file, None, kind), load(saved("stated.json", model_type=kind)))
    other = load(saved("other.json", model_type="bert"), None, "electra")
    assert other.architecture.name == "electra"
    assert other.notes == ("field 'model_type': 'bert'; read as electra, as --model-type says",)
    with pytest.raises(UnknownName, match="unknown model type 'berta': did you mean"):
        load(file, None, "berta")
    with pytest.raises(Conflict, match="a name has its own model type"):
        load("bert-base-uncased", None, "bert")


def test_a_type_of_transformers_without_a_formula_is_refused(saved: Callable[..., str]) -> None:
    kind = min(atlas.missing())
    with pytest.raises(BadField, match="transformers has it, but no formula was found"):
        load(saved(model_type=kind, architectures=["BertModel"]))


def test_every_command_reads_a_file_as_the_type_that_the_user_names(bertsym: Run, saved: Callable[..., str]) -> None:
    file = saved()
    for words in (
        ["total", file],
        ["show", file],
        ["tensors", file],
        ["explain", file],
        ["diff", file, "--by", "H"],
        ["solve", "--target", "110M", file],
        ["compare", file, "bert-base-uncased"],
        ["macros", file],
        ["audit", "110M", "--model", file],
    ):
        assert bertsym(*words).code == 2, words
        ran = bertsym(*words, "--model-type", "bert")
        assert ran.code in (0, 1), (words, ran.err)


def test_notes_are_said_on_standard_error_and_to_programs(bertsym: Run, saved: Callable[..., str]) -> None:
    file = saved("bert_config.json")
    note = "field 'model_type': missing; read as bert, as the file is called bert_config.json"
    for words in (["total", file], ["show", file], ["explain", file], ["diff", file, "--by", "H"]):
        ran = bertsym(*words, "--json")
        assert ran.err == f"bertsym: note: {note}\n"
        assert json.loads(ran.out)["notes"] == [note]
    assert load(file).with_head("masked-lm").notes == (note,)


def test_fields_that_one_type_alone_declares_imply_it(saved: Callable[..., str]) -> None:
    factorised = load(saved("sizes.json", num_hidden_groups=1, inner_group_num=1, embedding_size=8))
    assert factorised.architecture.name == "albert"
    assert factorised.notes[0].startswith("field 'model_type': missing; read as albert, which alone declares")
    with pytest.raises(BadField, match=r"its fields are those of bert, .* and \d+ more; pass --model-type"):
        load(saved("sizes.json"))
    # GPT-2's old files have a field that CodeGen alone declares today
    with pytest.raises(BadField, match="pass --model-type"):
        load(saved("sizes.json", n_ctx=64, n_embd=24, n_layer=2, n_head=4))


def test_a_class_of_somebodys_own_is_counted_as_the_bare_model(saved: Callable[..., str]) -> None:
    own = load(saved(model_type="bert", architectures=["BertForSpeech"]))
    assert same(own, load(saved(model_type="bert")))
    assert "transformers has no class 'BertForSpeech'; counted as BertModel" in own.notes[0]
    mine = {"AutoModelForCausalLM": "modeling_mine.Gpt2LMHeadModel"}
    near = load(saved(model_type="gpt2", architectures=["Gpt2LMHeadModel"], auto_map=mine))
    assert "(did you mean GPT2LMHeadModel?); counted as GPT2Model" in near.notes[0]
    with pytest.raises(BadField, match="field 'architectures'"):
        load(saved(model_type="bert", architectures=["GPT2Model"]))
