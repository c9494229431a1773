"""A field that the configuration class mentions and that an entry without recorded rules does not know is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bertsym.config.flatten import flattened
from bertsym.config.unmodelled_fields import check_omissions, check_unmodelled, check_untried
from bertsym.errors import BadField
from bertsym.resolve import load
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.derived import Derived, schema
from bertsym.saved_model.field_rules import NOT_RECORDED, FieldRules
from bertsym.values import replace

FILE = Path("config.json")


def entry(kind: str) -> Derived:
    found = entry_of(kind)
    assert found is not None
    return replace(found, rules=NOT_RECORDED)


@pytest.mark.parametrize(
    ("kind", "field", "found"),
    [
        ("bloom", "n_embed", 1024),
        ("lfm2", "block_ff_dim", 4096),
        ("nemotron_h", "mamba_n_groups", 4),
        ("qwen2_vl", "hidden_size", 1536),
        ("qwen3_vl_moe", "text_config.num_experts", 128),
        ("longcat_flash", "num_hidden_layers", 2),
    ],
)
def test_it_is_refused_by_name(kind: str, field: str, found: Any) -> None:
    derived = entry(kind)
    with pytest.raises(BadField, match=f"field '{field}'.*the class may read it"):
        check_unmodelled({field: found}, derived, schema(derived), FILE)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("bloom", {"hidden_size": 64, "n_head": 4, "some_experts": 3}),
        ("bloom", {"n_embed": None, "initializer_range": 0.1, "bos_token_id": 1}),
        ("qwen2_vl", {"text_config": {"hidden_size": 1536}}),
        ("qwen2", {"sliding_window": 4096, "layer_types": ["full_attention", "sliding_attention"]}),
    ],
)
def test_what_is_known_or_never_shapes_a_tensor_is_not(kind: str, fields: dict[str, Any]) -> None:
    derived = entry(kind)
    check_unmodelled(fields, derived, schema(derived), FILE)


def test_an_entry_with_rules_decides_itself() -> None:
    derived = replace(entry("bloom"), rules=FieldRules(aliases={"n_embed": "hidden_size"}))
    check_unmodelled({"n_embed": 64}, derived, schema(derived), FILE)


def test_a_size_that_was_never_0_is_refused_at_0() -> None:
    """Qwen2-MoE without experts builds other layers."""
    derived = entry("qwen2_moe")
    check_untried({"num_experts": 2}, derived, FILE)
    with pytest.raises(BadField, match=r"num_experts.*only larger values were tried"):
        check_untried({"num_experts": 0}, derived, FILE)


def test_a_part_must_give_all_its_sizes() -> None:
    """The parts of pi0 have other defaults in their class than alone."""
    derived = entry("pi0")
    sizes: dict[str, Any] = {field.path: 8 for field in derived.fields.values() if "." in field.path}
    check_omissions(sizes, derived, FILE)
    check_omissions({}, derived, FILE)
    del sizes["vlm_config.projection_dim"]
    with pytest.raises(BadField, match=r"projection_dim.*missing.*add it"):
        check_omissions({**sizes, "vlm_config": {}}, derived, FILE)


def test_a_list_without_effect_is_refused_if_it_is_another_one() -> None:
    derived = entry("parakeet_tdt")
    default: list[Any] = [0, 1, 2, 3, 4]
    check_untried(flattened({"durations": default}), derived, FILE)
    others: tuple[list[Any], ...] = ([0, 1, 2, 3, 3], [0, 1, 2, 3])
    for other in others:
        with pytest.raises(BadField, match=r"durations.*only the default list"):
            check_untried(flattened({"durations": other}), derived, FILE)


def test_the_lengths_of_lists_within_an_idle_list_count_too() -> None:
    derived = entry("seamless_m4t")
    default: list[Any] = [[1, 3, 5], [1, 3, 5], [1, 3, 5]]
    check_untried(flattened({"resblock_dilation_sizes": default}), derived, FILE)
    for other in ([*default[:2], [1, 3]], [*default[:2], [1, 3, 5, 5]], [*default, [1, 3, 5]]):
        with pytest.raises(BadField, match=r"resblock_dilation_sizes.*only the default list"):
            check_untried(flattened({"resblock_dilation_sizes": other}), derived, FILE)


def test_a_part_that_stands_twice_says_the_same_twice(tmp_path: Path) -> None:
    """CLIP builds the text from `text_config_dict`: 122,905,857 parameters with three layers there and two beside."""
    file = tmp_path / "config.json"
    clip = {"model_type": "clip", "architectures": ["CLIPModel"], "text_config": {"num_hidden_layers": 2}}
    copies: list[Any] = [{"num_hidden_layers": 3}, {}, {"num_hidden_layers": 2, "hidden_size": 64}]
    for copy in copies:
        file.write_text(json.dumps({**clip, "text_config_dict": copy}), encoding="utf-8")
        with pytest.raises(BadField, match="text_config_dict"):
            load(str(file))
    copies = [None, {"num_hidden_layers": 2}]
    for copy in copies:
        file.write_text(json.dumps({**clip, "text_config_dict": copy}), encoding="utf-8")
        assert load(str(file)).number(load(str(file)).size("text_config.num_hidden_layers").symbol) == 2
