from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bertsym.config.configfile import read_config
from bertsym.count import count
from bertsym.errors import BadField, BadFile, BertsymError, UnknownName
from bertsym.resolve import load
from bertsym.symbols import labels

BASE: dict[str, Any] = {"model_type": "bert", "architectures": ["BertModel"]}


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    def write(text: str | dict[str, Any]) -> str:
        path = tmp_path / "config.json"
        path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
        return str(path)

    return write


def test_a_folder_and_a_file_are_the_same(written: Callable[..., str]) -> None:
    path = written(BASE)
    assert count(load(path)) == count(load(str(Path(path).parent))) == 109482240


def test_a_head_takes_the_place_of_the_class(written: Callable[..., str]) -> None:
    path = written({**BASE, "architectures": ["BertForMaskedLM"]})
    assert load(path).cls == "BertForMaskedLM"
    assert load(path, "pretraining").cls == "BertForPreTraining"
    assert count(load(path, "pretraining")) == 110106428


@pytest.mark.parametrize("architectures", [None, []])
def test_without_a_class_it_is_the_bare_model(written: Callable[..., str], architectures: Any) -> None:
    assert load(written({**BASE, "architectures": architectures})).cls == "BertModel"


@pytest.mark.parametrize(
    ("classes", "cls"),
    [
        (["BertModel", "BertForMaskedLM"], "BertModel"),
        (["BertForSpeech", "BertForMaskedLM"], "BertForMaskedLM"),
        (["TFBertForMaskedLM"], "BertForMaskedLM"),
        (["FlaxBertModel", "TFBertModel"], "BertModel"),
    ],
)
def test_the_first_covered_class_is_counted_and_said(written: Callable[..., str], classes: list[str], cls: str) -> None:
    model = load(written({**BASE, "architectures": classes}))
    assert model.cls == cls
    assert model.notes == (f"field 'architectures': '{', '.join(classes)}'; counted as {cls}",)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({}, 2), ({"num_labels": 5}, 5), ({"id2label": {"0": "a", "1": "b", "2": "c"}}, 3), ({"num_labels": 0}, 0)],
)
def test_labels(written: Callable[..., str], fields: dict[str, Any], expected: int) -> None:
    assert load(written({**BASE, **fields})).given[labels] == expected


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"model_type": None, "architectures": None}, "model_type"),
        ({"model_type": "bertt", "architectures": None}, "model_type"),
        ({"model_type": ["bert"]}, "model_type"),
        ({"architectures": ["GPT2Model"]}, "architectures"),
        ({"architectures": ["BertForSpeech", 3]}, "architectures"),
        ({"architectures": "BertModel"}, "architectures"),
        ({"hidden_size": "768"}, "hidden_size"),
        ({"hidden_size": 768.0}, "hidden_size"),
        ({"hidden_size": True}, "hidden_size"),
        ({"hidden_size": None}, "hidden_size"),
        ({"hidden_size": 0}, "hidden_size"),
        ({"vocab_size": -1}, "vocab_size"),
        ({"tie_word_embeddings": "no"}, "tie_word_embeddings"),
        ({"add_cross_attention": True}, "add_cross_attention"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type"),
        ({"feed_forward_type": "geglu"}, "feed_forward_type"),
        ({"pruned_heads": {"0": [1]}}, "pruned_heads"),
        ({"id2label": ["a", "b"]}, "id2label"),
        ({"num_labels": -1}, "num_labels"),
        ({"num_labels": 3, "id2label": {"0": "a"}}, "num_labels"),
    ],
)
def test_what_is_not_covered_is_an_error_that_names_the_field(
    written: Callable[..., str], fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadField, match=f"field '{field}'"):
        load(written({**BASE, **fields}))


@pytest.mark.parametrize(
    "fields", [{"hidden_size": 770}, {"num_attention_heads": 7}, {"intermediate_size": 0}, {"num_hidden_layers": 0}]
)
def test_sizes_that_no_model_has(written: Callable[..., str], fields: dict[str, Any]) -> None:
    with pytest.raises(BertsymError):
        load(written({**BASE, **fields}))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "an empty file"),
        ('{"model_type": "bert"', "Expecting"),
        ("hello", "Expecting value"),
        ("[]", "holds a list"),
        ("3", "holds a number"),
        ("null", "holds null"),
        ("[" * 10_000 + "]" * 10_000, "nested more than 64 levels"),
        ('{"a": ' * 10_000, "nested more than 64 levels"),
        ('{"vocab_size": 1, "vocab_size": 2}', "is given twice"),
        ('{"vocab_size": ' + "9" * 5000 + "}", "an integer of 5000 digits"),
    ],
)
def test_what_is_no_configuration(written: Callable[..., str], text: str, problem: str) -> None:
    with pytest.raises(BadFile, match=problem):
        load(written(text))


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_a_field_without_effect_may_be_no_number(written: Callable[..., str], constant: str) -> None:
    for kind, size in (("bert", "hidden_size"), ("qwen2", "hidden_size")):
        assert count(load(written(f'{{"model_type": "{kind}", "initializer_range": {constant}, "x": [{constant}]}}')))
        with pytest.raises(BadField, match=f"field '{size}'"):
            load(written(f'{{"model_type": "{kind}", "{size}": {constant}}}'))


@pytest.mark.parametrize(
    ("value", "shown"),
    [('"768"', "the text '768'"), ("null", "null"), ("true", "true"), ("NaN", "'nan'"), ("768.5", "'768.5'")],
)
def test_a_wrong_value_is_shown_as_json_writes_it(written: Callable[..., str], value: str, shown: str) -> None:
    with pytest.raises(BadField, match=rf"'hidden_size': expected an integer of at least 1, got {shown}$"):
        load(written(f'{{"model_type": "bert", "hidden_size": {value}}}'))


def test_code_of_the_checkpoint_and_its_quantisation_are_said(written: Callable[..., str]) -> None:
    own = {"auto_map": {"AutoModel": "modeling_mine.MyBert"}, "quantization_config": {"quant_method": "fp8"}}
    model = load(written({**BASE, **own}))
    assert count(model) == 109482240
    assert model.notes == (
        "field 'auto_map': the checkpoint has code of its own; counted as BertModel of transformers",
        "field 'quantization_config': counted as BertModel before it is quantised",
    )


def test_brackets_inside_strings_are_no_depth(written: Callable[..., str]) -> None:
    assert load(written({**BASE, "note": "[{" * 1000 + '\\"'})).cls == "BertModel"


def test_a_byte_order_mark_is_no_error(written: Callable[..., str]) -> None:
    assert load(written("\ufeff" + json.dumps(BASE))).cls == "BertModel"


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "binary.json").write_bytes(b"\x00\x01\xff\xfe" * 100)
    with pytest.raises(BadFile, match="not UTF-8"):
        load(str(tmp_path / "binary.json"))
    with pytest.raises(BadFile, match=r"without a config\.json"):
        load(str(tmp_path))
    with pytest.raises(BadFile, match="no such file"):
        load(str(tmp_path / "none.json"))
    with pytest.raises(BadFile, match="cannot be read"):
        load("./" + "x" * 5000)
    with pytest.raises(BertsymError):
        load("./with\x00null")
    (tmp_path / "loop.json").symlink_to(tmp_path / "loop.json")
    with pytest.raises(BadFile):
        load(str(tmp_path / "loop.json"))


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "config.json").open("wb") as file:
        file.truncate(200 * 2**20)
    with pytest.raises(BadFile, match="larger than 16 MiB"):
        load(str(tmp_path))


def test_a_device_is_not_read() -> None:
    with pytest.raises(BadFile, match="not a regular file"):
        load("/dev/zero")


def test_a_name_that_is_neither_model_nor_path() -> None:
    with pytest.raises(UnknownName, match="did you mean"):
        load("bert-base-uncase")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**25), 10**25) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    [
        *("hidden_size", "vocab_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"),
        *("architectures", "id2label", "num_labels", "tie_word_embeddings", "model_type", "pruned_heads"),
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(FIELDS, JSON, max_size=4))
def test_any_fields_give_a_model_or_an_error(fields: dict[str, Any]) -> None:
    try:
        model = read_config({**BASE, **fields}, Path("config.json"))
        assert count(model) >= 0
    except BertsymError as problem:
        sentence = str(problem)
    else:
        sentence = model.cls
    assert sentence.isprintable()
