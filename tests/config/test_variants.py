"""Variants of model types: which one a configuration is, by the values that its fields have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bertsym.atlas.variants import Variant, variants
from bertsym.config.configfile import read_config
from bertsym.config.variants import fitting
from bertsym.errors import BertsymError
from bertsym.model import Model
from bertsym.saved_model.atlas_models import entry_of, variant_entry
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.field_rules import FieldRules
from bertsym.values import replace

FILE = Path("config.json")


def variant(settings: dict[str, Any], defaults: dict[str, Any]) -> Variant:
    return Variant("type+x", "type", settings, defaults, "owner/name", {})


@pytest.mark.parametrize(
    ("setting", "default", "fitting", "others"),
    [
        (None, 1536, [None], [1536, 512, 0, False]),
        ("layer", "group", ["layer"], ["group", None, 1, ["layer"]]),
        (0, 8, [0], [8, 1, None, False]),
        (1024, None, [1024, 3], [None, 0, True, "1024", 2.5]),
        (True, None, [True, False], [None, 1, "true"]),
        (True, False, [True], [False, None]),
        ({}, None, [{}, {"model_type": "x"}], [None, [], "x"]),
    ],
)
def test_a_value_fits_if_the_variant_may_count_it(setting: Any, default: Any, fitting: Any, others: Any) -> None:
    found = variant({"field": setting}, {"field": default})
    assert [value for value in fitting if not found.fits({"field": value})] == []
    assert [value for value in others if found.fits({"field": value})] == []
    assert not found.fits({})


def test_all_settings_must_fit() -> None:
    found = variant({"a": None, "part.b": "x"}, {"a": 1, "part.b": "y"})
    assert found.fits({"a": None, "part.b": "x"})
    assert not found.fits({"a": None, "part.b": "y"})
    assert not found.fits({"a": None})


def deepseek() -> Derived:
    entry = entry_of("deepseek_v2")
    assert entry is not None
    return entry


def q_projections(model: Model) -> set[str]:
    return {tensor.name.rpartition("self_attn.")[2] for tensor in model.tensors if ".q_" in tensor.name}


def test_a_file_is_read_as_the_variant_whose_settings_it_has() -> None:
    low_rank = read_config({"model_type": "deepseek_v2", "q_lora_rank": 8}, FILE)
    plain = read_config({"model_type": "deepseek_v2", "q_lora_rank": None}, FILE)
    assert q_projections(plain) == {"q_proj.weight"}
    assert "q_a_proj.weight" in q_projections(low_rank)
    assert read_config({"model_type": "deepseek_v2"}, FILE).tensors == low_rank.tensors


def test_an_alias_of_a_field_is_its_value() -> None:
    entry = replace(deepseek(), rules=FieldRules(aliases={"rank_of_queries": "q_lora_rank"}))
    found, _ = fitting(entry, {"rank_of_queries": None}, FILE)
    assert found is variant_entry(variants("deepseek_v2")[0].name)


def test_a_variant_refuses_what_it_does_not_cover() -> None:
    """The fields choose a variant, and nothing is counted because it was chosen."""
    with pytest.raises(BertsymError):
        read_config({"model_type": "deepseek_v2", "q_lora_rank": None, "hidden_size": "wide"}, FILE)


def test_the_variant_with_the_most_settings_counts() -> None:
    for listed in map(variants, ("esm", "deepseek_v2", "wav2vec2")):
        lengths = [len(found.settings) for found in listed]
        assert lengths == sorted(lengths, reverse=True)


def test_a_part_of_a_composite_is_the_variant_whose_settings_it_has() -> None:
    """XLS-R translators have a wav2vec 2.0 encoder with a norm in every layer of the feature extractor."""
    decoder: Any = {"model_type": "mbart"}
    encoder: Any = {"model_type": "hubert", "feat_extract_norm": "layer"}
    config = {"model_type": "speech-encoder-decoder", "encoder": encoder, "decoder": decoder}
    names = {tensor.name for tensor in read_config(config, FILE, "model").tensors}
    assert any(name.startswith("encoder.feature_extractor") and "layer_norm" in name for name in names)
