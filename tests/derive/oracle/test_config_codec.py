"""Configurations as numbers and back, with classes that behave as those of transformers do."""

from __future__ import annotations

from typing import Any

from bertsym.derive.limits import MAX_LIST_LENGTH
from bertsym.derive.oracle.config_codec import ConfigCodec, numbers_in, settings


class Config:
    """A configuration that shows its attributes."""

    model_type = "test"

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))


class Text(Config):
    def __init__(self, hidden: int = 8, inner: int | None = None, act: str = "gelu", layers: int = 3) -> None:
        self.hidden, self.act, self.layers = hidden, act, layers
        self.inner = 4 * hidden if inner is None else inner
        self._private = 7


class Listed(Config):
    """A configuration with an entry a layer, which follows the number of layers unless it is given."""

    def __init__(self, layers: int = 3, kinds: list[int] | None = None, depths: tuple[int, ...] = (2, 6)) -> None:
        self.layers, self.depths = layers, depths
        self.kinds = [1] * layers if kinds is None else kinds
        if len(self.kinds) != layers:
            raise ValueError("a kind a layer")


class Nested(Config):
    def __init__(self, text: Text | None = None, ratio: float = 0.5, tied: bool = True, num_labels: int = 2) -> None:
        self.text = Text() if text is None else text
        self.ratio, self.tied, self.num_labels = ratio, tied, num_labels


def test_numbers_by_path() -> None:
    numbers = ConfigCodec(Nested()).to_numbers()
    assert numbers == {
        "ratio": 0.5,
        "tied": True,
        "num_labels": 2,
        "text.hidden": 8,
        "text.inner": 32,
        "text.layers": 3,
    }
    assert "_private" not in settings(Text())
    assert list(numbers_in("x", [1] * (MAX_LIST_LENGTH + 1))) == list(numbers_in("x", [1, "a"])) == []
    assert list(numbers_in("x", [[1, 2], [3]])) == [("x[0][0]", 1), ("x[0][1]", 2), ("x[1][0]", 3)]
    assert list(numbers_in("x", float("inf"))) == []


def test_a_configuration_is_made_at_other_numbers() -> None:
    made = ConfigCodec(Nested(Text(act="relu"))).to_config({"text.hidden": 16, "tied": False})
    assert (made.text.hidden, made.text.inner, made.text.act, made.tied, made.ratio) == (16, 32, "relu", False, 0.5)
    assert ConfigCodec(Listed()).to_config({"depths[1]": 9}).depths == (2, 9)


def test_a_list_with_an_entry_a_layer_follows_the_layers() -> None:
    codec = ConfigCodec(Listed())
    assert codec.to_numbers() == {"layers": 3, "depths[0]": 2, "depths[1]": 6}
    assert codec.to_config({"layers": 5}).kinds == [1] * 5


def test_the_default_of_an_omitted_number_follows_the_others() -> None:
    codec = ConfigCodec(Text())
    assert codec.defaults({"hidden": 10}, ["inner", "layers", "act", "missing"]) == {"inner": 40, "layers": 3}
    assert codec.to_numbers()["inner"] == 32


def test_numbers_that_change_the_defaults_are_omitted() -> None:
    """A faithful configuration is one in which neither `inner` nor the ratio is given."""
    codec = ConfigCodec(Nested())
    codec.omit_unstable(lambda: not {"text.inner", "ratio"} & set(codec.to_numbers()))
    assert set(codec.to_numbers()) == {"tied", "num_labels", "text.hidden", "text.layers"}
    assert codec.to_config({"text.hidden": 10}).text.inner == 40


def test_a_faithful_configuration_omits_nothing() -> None:
    codec = ConfigCodec(Nested())
    codec.omit_unstable(lambda: True)
    assert codec.omitted == codec.nested["text"].omitted == frozenset()
