"""Sizes that a configuration class takes out of its keyword arguments: found by their effect, aliases left out."""

from __future__ import annotations

from typing import Any

from bertsym.derive.oracle.config_codec import ConfigCodec
from bertsym.derive.oracle.keyword_fields import add_keyword_fields


def widths(config: Any) -> list[list[Any]]:
    """Return an inventory with the head sizes of all layers, in place of that of a model."""
    return [[f"layers.{layer}", [one.head_dim]] for layer, one in enumerate(config.per_layer_config)]


def test_a_keyword_without_a_field_is_a_size_if_it_changes_a_tensor(transformers: Any) -> None:
    codec = ConfigCodec(transformers.Gemma4TextConfig())
    add_keyword_fields(codec, widths)
    assert codec.numeric["global_head_dim"] == 512
    assert codec.null_keywords == ("num_global_key_value_heads",)
    assert codec.to_config({"global_head_dim": 96}).per_layer_config[5].head_dim == 96


def test_a_spelling_of_a_declared_field_is_none(transformers: Any) -> None:
    codec = ConfigCodec(transformers.FalconConfig())
    add_keyword_fields(codec, lambda config: [["embed", [config.hidden_size]]])
    assert "n_embed" not in {*codec.numeric, *codec.null_keywords}
