"""The search for fields with an entry a layer, over configuration classes that are written here."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from bertsym.derive.oracle import layer_lists
from bertsym.derive.oracle.config_codec import ConfigCodec
from bertsym.derive.oracle.layer_lists import ListSearch, compared_texts, keyword_numbers

KNOWN = ("full", "sliding", "conv")


class Config:
    """A configuration with a list of words, which the class makes if it is omitted."""

    model_type = "stack"
    attribute_map = {"block_types": "layer_types"}  # noqa: RUF012

    def __init__(self, num_hidden_layers: int = 6, hidden: int = 4, layer_types: Any = None, **kwargs: Any) -> None:
        period, conv = kwargs.pop("period", 3), kwargs.pop("conv_layers", None)
        self.num_hidden_layers, self.hidden = num_hidden_layers, hidden
        if conv is not None and layer_types is None:
            layer_types = ["conv" if layer in conv else "full" for layer in range(num_hidden_layers)]
        self.layer_types = layer_types or [
            "conv" if (layer + 1) % period == 0 else "full" for layer in range(num_hidden_layers)
        ]
        if len(self.layer_types) != num_hidden_layers or not set(self.layer_types) <= set(KNOWN):
            raise ValueError("layer_types")

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))


class Pattern(Config):
    """A configuration whose list alone says how many layers there are; a text may stand for it."""

    def __init__(self, layer_types: Any = None, text: Any = None, hidden: int = 4) -> None:
        words = {"F": "full", "C": "conv"}
        self.layer_types = layer_types or ([words[letter] for letter in text] if text else ["full", "conv"])
        self.hidden = hidden

    @property
    def text(self) -> str:
        return "".join({"full": "F", "conv": "C"}[word] for word in self.layer_types)


RATIOS = {0: "sliding", 4: "conv"}


class Numbered(Config):
    """A configuration that makes its list of a number for each layer, and leaves out later numbers."""

    def __init__(self, num_hidden_layers: int = 6, layer_types: Any = None, **kwargs: Any) -> None:
        ratios = kwargs.pop("ratios", None)
        words = [RATIOS[ratio] for ratio in ratios[:num_hidden_layers]] if ratios else None
        super().__init__(num_hidden_layers, 4, layer_types or words or ["conv", "sliding"] * (num_hidden_layers // 2))


class Indexed(Config):
    """A configuration that lists some layers by their indices."""

    def __init__(self, num_hidden_layers: int = 6, cross_layers: Any = (1, 4)) -> None:
        self.num_hidden_layers, self.cross_layers = num_hidden_layers, list(cross_layers)


def words_build(config: Any) -> list[Any]:
    kinds = {"full": "attention", "sliding": "attention", "conv": "conv"}
    return [[f"{layer}.{kinds[word]}", [config.hidden]] for layer, word in enumerate(config.layer_types)]


def indices_build(config: Any) -> list[Any]:
    return [[f"{layer}.cross" if layer in config.cross_layers else f"{layer}.self", []] for layer in range(6)]


def searched(config: Any, build: Any) -> ConfigCodec:
    codec = ConfigCodec(config)
    ListSearch(codec, build, type(config)).run()
    return codec


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words that the library allows: one of them is unknown to the class."""
    monkeypatch.setattr(layer_lists, "library_words", lambda: (*KNOWN, "unknown"))


@pytest.mark.usefixtures("library")
def test_words_of_one_kind_are_those_of_which_the_code_builds_the_same() -> None:
    codec = searched(Config(), words_build)
    (field,) = codec.all_lists()
    assert field.kinds == (("full", "sliding"), ("conv",))
    assert (field.length, field.default, field.aliases) == ("num_hidden_layers", (0, 0, 1, 0, 0, 1), ("block_types",))
    assert field.index_fields == {"conv_layers": (1, 0)}
    made = codec.to_config({"num_hidden_layers": 9, "layer_types": 5})
    assert field.kinds_of(made.layer_types, {}) == list(field.kinds_at(5, 9))


@pytest.mark.usefixtures("library")
def test_a_list_without_effect_stays_with_the_class() -> None:
    codec = searched(Config(), lambda config: [[f"{layer}.w", []] for layer in range(config.num_hidden_layers)])
    assert list(codec.all_lists()) == []
    assert codec.to_config({"num_hidden_layers": 2}).layer_types == ["full", "full"]


@pytest.mark.usefixtures("library")
def test_a_list_may_be_the_only_one_to_say_how_many_layers_there_are() -> None:
    codec = searched(Pattern(), words_build)
    (field,) = codec.all_lists()
    assert codec.to_numbers() == {"hidden": 4, "layer_types": 0, "layer_types_length": 2}
    assert dict(field.letters) == {"text": {"F": "full", "C": "conv"}}
    assert len(codec.to_config({"layer_types": 3, "layer_types_length": 7}).layer_types) == 7


@pytest.mark.usefixtures("library")
def test_numbers_may_stand_for_words() -> None:
    (field,) = searched(Numbered(), words_build).all_lists()
    assert dict(field.letters) == {"ratios": {"0": "sliding", "4": "conv"}}


@pytest.mark.usefixtures("library")
def test_a_list_of_indices_has_the_layers_that_it_lists() -> None:
    codec = searched(Indexed(), indices_build)
    (field,) = codec.all_lists()
    assert field.is_indices
    assert field.default == (1, 0, 1, 1, 0, 1)
    assert codec.to_config({}).cross_layers == [1, 4]


def test_a_class_may_take_numbers_out_of_its_keyword_arguments() -> None:
    assert keyword_numbers(Config) == {"period": 3}
    assert keyword_numbers(int) == {}


def test_compared_texts_are_found_in_comparisons_and_keys() -> None:
    found = compared_texts(sys.modules[__name__])
    assert {"full", "sliding", "conv", "F"} <= set(found)
