"""The search for fields whose null stands for a number, over configuration classes that are written here."""

from __future__ import annotations

from typing import Any

import pytest

from bertsym.derive.oracle.config_codec import ConfigCodec
from bertsym.derive.oracle.null_fields import NullFields


class Config:
    """A configuration with fields that are null by default."""

    model_type = "nulls"

    def __init__(self, hidden: int = 12, heads: int = 3, inner: Any = None, head_size: Any = None, **more: Any) -> None:
        self.hidden, self.heads, self.inner, self.head_size = hidden, heads, inner, head_size
        self.rank, self.decay, self.even = more.get("rank"), more.get("decay"), more.get("even")

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))


class Outer:
    """A configuration with another one in it."""

    model_type = "outer"

    def __init__(self, text: Config | None = None) -> None:
        self.text = text or Config()

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))


def build(config: Any) -> list[Any]:
    """Return shapes that depend on `inner`, `head_size`, `rank` and `even`; `decay` changes nothing."""
    config = getattr(config, "text", config)
    inner = 4 * config.hidden if config.inner is None else config.inner
    size = config.hidden // config.heads if config.head_size is None else config.head_size
    if config.even is not None and config.even % config.heads:
        raise ValueError("even")
    shapes = {"fc": [inner, config.hidden], "query": [config.heads * size, config.hidden]}
    shapes["even"] = [2 * config.hidden if config.even is None else config.even]
    if config.rank is not None:
        shapes["low"] = [config.rank, config.hidden]
    return [[name, shape, name, "matrix"] for name, shape in shapes.items()]


def search(config: Any) -> tuple[ConfigCodec, NullFields]:
    codec = ConfigCodec(config)
    nulls = NullFields(codec, build, type(config))
    nulls.run()
    return codec, nulls


def test_a_number_that_builds_the_same_is_the_default_of_the_field() -> None:
    codec, _ = search(Config())
    assert codec.nulls == {"inner": 48, "head_size": 4, "even": 24}
    assert codec.to_numbers() == {"hidden": 12, "heads": 3, "inner": 48, "head_size": 4, "even": 24}


def test_a_field_without_a_number_stays_null() -> None:
    """An entry that was derived without the field is checked again by such builds."""
    codec, _ = search(Config())
    assert vars(codec.to_config({"hidden": 24}))["inner"] is None
    assert vars(codec.to_config({"hidden": 24, "inner": 7}))["inner"] == 7


@pytest.mark.parametrize(("hidden", "heads"), [(24, 3), (40, 8), (26, 13)])
def test_null_follows_the_other_numbers(hidden: int, heads: int) -> None:
    _, nulls = search(Config())
    numbers = {"hidden": hidden, "heads": heads, "inner": 5, "head_size": 9}
    found = nulls.defaults(numbers, ["inner", "head_size", "even", "hidden"])
    assert found == {"inner": 4 * hidden, "head_size": hidden // heads} | (
        {} if 2 * hidden % heads else {"even": 2 * hidden}
    )


def test_a_field_of_a_nested_configuration_has_its_path() -> None:
    codec, nulls = search(Outer())
    assert codec.to_numbers()["text.inner"] == 48
    assert nulls.defaults({"text.hidden": 20}, ["text.inner"]) == {"text.inner": 80}
    assert codec.to_config({"text.inner": 6}).text.inner == 6
