"""Classes of transformers by their name: as MODEL, as `--head` and in `architectures`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bertsym import atlas
from bertsym.config.library_classes import (
    beyond_zoo,
    class_in_atlas,
    in_atlas_alone,
    may_name_a_class,
    present_name,
    renamed_classes,
)
from bertsym.count import count
from bertsym.errors import BertsymError, UnknownName
from bertsym.resolve import load
from bertsym.symbols import labels
from bertsym.zoo import named


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("BertForMaskedLM", "BertForMaskedLM"),  # the zoo has it
        ("BertForTokenClassification", "BertForTokenClassification"),  # the atlas alone has it
        ("TFBertForTokenClassification", "BertForTokenClassification"),
        ("LLaMAForCausalLM", "LlamaForCausalLM"),
        ("MambaForCausalLM", "MambaForCausalLM"),
        ("RagTokenForGeneration", "RagTokenForGeneration"),
    ],
)
def test_a_class_is_a_model(name: str, cls: str) -> None:
    """The model is that class, at open sizes."""
    assert load(name).cls == cls


@pytest.mark.parametrize("name", ["NoSuchModel", "BertForNothing", "Bert", "GPT"])
def test_a_name_that_is_no_class(name: str) -> None:
    """It may be another spelling of a model, or nothing at all."""
    assert class_in_atlas(name) is None
    if name.startswith(("No", "BertFor")):
        with pytest.raises(BertsymError):
            load(name)


def test_a_head_that_the_atlas_alone_has_of_a_type_in_the_zoo() -> None:
    """BERT base with nine labels: 108,891,648 without its pooler, and 9 times 769."""
    model = load("bert-base-uncased", "token-classification")
    assert model.cls == "BertForTokenClassification"
    assert count(model.with_sizes({labels: 9})) == 109_482_240 - 768 * 769 + 9 * 769
    assert load("bert", "BertForTokenClassification").cls == "BertForTokenClassification"
    assert not in_atlas_alone("bert", ("masked-lm",))
    assert beyond_zoo(named("bert"), "bert", "no-such-head") is None
    with pytest.raises(UnknownName):
        load("bert-base-uncased", "no-such-head")


@pytest.mark.parametrize("cls", ["BertForTokenClassification", "TFBertForTokenClassification"])
def test_the_class_of_a_file_may_be_one_of_the_atlas(cls: str, tmp_path: Path) -> None:
    """A type of the zoo is read as the atlas has it if the class asks for that."""
    sizes = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40}
    file = {
        "model_type": "bert",
        "architectures": [cls],
        "vocab_size": 50,
        **sizes,
        "id2label": {"0": "a", "1": "b", "2": "c"},
    }
    (tmp_path / "config.json").write_text(json.dumps(file), encoding="utf-8")
    model = load(str(tmp_path))
    assert model.cls == "BertForTokenClassification"
    embeddings = (50 + 512 + 2 + 2) * 24
    layer = 4 * (24 * 24 + 24) + 2 * 24 * 40 + 40 + 24 + 4 * 24
    assert count(model) == embeddings + 2 * layer + 3 * 25


def test_each_renamed_class_is_a_present_one() -> None:
    """A former name leads to a class of the library, and says where it stood."""
    for former, found in renamed_classes().items():
        assert found["source"]
        assert former not in atlas.classes()
        assert present_name(former) == found["now"]


def test_names_of_classes() -> None:
    """A class is called as Python calls one."""
    assert may_name_a_class("CLIPTextModelWithProjection")
    assert not any(map(may_name_a_class, ("bert", "OPT-125m", "../Bert", "", "Bert Model")))
    listed = atlas.classes()["BertModel"]
    assert (listed.model_type, listed.head) == ("bert", "model")
