"""Parts of another type than the entry was derived with, read from a config.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bertsym.atlas.slots import slots
from bertsym.config.configfile import read_config
from bertsym.count import count, written_out
from bertsym.errors import BadField
from bertsym.model import Model
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.derived import FIRST, Derived
from bertsym.saved_model.field_rules import FieldRules
from bertsym.saved_model.presentation import PresentedEntry
from bertsym.saved_model.replace_part import Holder, Replacement, with_part
from bertsym.values import replace

TEXT: dict[str, Any] = {
    "vocab_size": 90,
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 40,
}
VISION: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24}
IMAGES = {"image_size": 32, "patch_size": 8}


def llava(text: dict[str, Any], vision: dict[str, Any] | None = None, head: str | None = FIRST, **more: Any) -> Model:
    """Return LLaVA with these parts."""
    parts = {"text_config": {**TEXT, **text}, "vision_config": vision or {**VISION, **IMAGES}}
    return read_config({"model_type": "llava", **parts, **more}, Path("config.json"), head)


def shapes(model: Model) -> dict[str, tuple[int, ...]]:
    return {name: shape for name, shape, _ in written_out(model)}


def test_the_tensors_of_a_part_are_those_of_its_type() -> None:
    """Mistral's language model alone has the tensors that LLaVA has below `language_model`."""
    alone = read_config({"model_type": "mistral", **TEXT, "head_dim": 24}, Path("config.json"), FIRST, atlas_only=True)
    whole = shapes(llava({"model_type": "mistral", "head_dim": 24}))
    below = {
        name.removeprefix("language_model."): at for name, at in whole.items() if name.startswith("language_model.")
    }
    assert below == shapes(alone)
    assert whole["multi_modal_projector.linear_1.weight"] == (64, 32)


def test_both_parts_may_be_of_another_type() -> None:
    vision = {"model_type": "siglip_vision_model", **VISION, **IMAGES}
    names = shapes(llava({"model_type": "qwen2"}, vision))
    assert names["vision_tower.head.probe"] == (1, 1, 32)  # pooling by attention, which CLIP has not
    assert names["language_model.layers.1.self_attn.q_proj.bias"] == (64,)


def test_the_fields_of_a_part_have_the_names_of_its_class() -> None:
    """GPT-2 calls its width `n_embd`, and its class understands `hidden_size` too."""
    by_own_name = llava({"model_type": "gpt2", "n_embd": 48, "n_head": 4, "n_layer": 2, "hidden_size": 48})
    assert shapes(by_own_name)["multi_modal_projector.linear_2.weight"] == (48, 48)
    assert shapes(llava({"model_type": "gpt2"}))["multi_modal_projector.linear_2.weight"] == (64, 64)


def test_a_tie_is_that_of_the_part() -> None:
    """LLaVA ties its output if the text part says so; Gemma's class does unless the file says otherwise."""
    head = "conditional-generation"
    tied, untied = (count(llava({"model_type": "gemma", "tie_word_embeddings": at}, head=head)) for at in (True, False))
    assert untied - tied == 90 * 64
    assert count(llava({"model_type": "gemma"}, head=head)) == tied


def test_omitted_fields_have_the_defaults_of_the_new_type() -> None:
    default = shapes(llava({"model_type": "mistral"}))
    assert default["language_model.layers.0.self_attn.k_proj.weight"] == (8 * 16, 64)  # MistralConfig has 8 kv heads


def test_a_head_size_that_the_code_of_the_part_reads_counts() -> None:
    """Qwen3-MoE does not declare `head_dim` and reads it: q, k, v and o are wider, and so are two norms."""
    layers = {"model_type": "qwen3_moe", "num_key_value_heads": 2, "num_experts": 4, "moe_intermediate_size": 8}
    plain, wide = (llava({**layers, "head_dim": width}) for width in (16, 40))
    assert count(wide) - count(plain) == 2 * ((40 - 16) * (2 * 4 + 2 * 2) * 64 + 2 * (40 - 16))
    assert wide.notes == ()


@pytest.mark.parametrize(
    "layers", [{}, {"layer_types": ["conv", "full_attention", "conv"]}, {"full_attn_idxs": [2]}, {"full_attn_idxs": []}]
)
def test_the_layers_of_a_part_are_of_the_kinds_that_its_list_names(layers: dict[str, Any]) -> None:
    """LFM2 mixes convolutions and attention; without a list its class makes one."""
    text = {"model_type": "lfm2", **TEXT, "num_hidden_layers": 3, "num_key_value_heads": 2, **layers}
    alone = shapes(read_config(text, Path("config.json"), FIRST))
    whole = shapes(llava(text))
    assert {f"language_model.{name}": at for name, at in alone.items()}.items() <= whole.items()
    assert sum(name.endswith("conv.conv.weight") for name in whole) == sum(".conv.conv." in name for name in alone)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("no_such_type", "model_type"),
        ("timm_backbone", "model_type"),
        ("llava", "model_type"),
        (["llama"], "model_type"),
    ],
)
def test_a_type_that_no_slot_takes_is_refused(text: Any, named: str) -> None:
    with pytest.raises(BadField, match=named) as refused:
        llava({"model_type": text})
    assert len(str(refused.value)) < 200


def test_a_size_that_no_tensor_of_the_part_has_must_be_in_the_file() -> None:
    """Swin's class computes the `hidden_size` that a file omits; its own tensors do not depend on it."""
    vision = {"model_type": "swin", "embed_dim": 8, "depths": [1, 1, 1, 1], "num_heads": [2, 2, 2, 2], "window_size": 4}
    (slot,) = (slot for slot in slots("llava") if slot.path == "vision_config")
    assert "swin" in slot.types
    given = shapes(llava({"model_type": "mistral"}, {**vision, "hidden_size": 64}))
    assert given["multi_modal_projector.linear_1.weight"] == (64, 64)
    with pytest.raises(BadField, match=r"vision_config\.hidden_size.*add it") as refused:
        llava({"model_type": "mistral"}, vision)
    assert len(str(refused.value)) < 200


def test_a_type_is_refused_where_no_slot_is() -> None:
    """The vision part of HyperCLOVA X has sizes that no other type has."""
    assert [slot.path for slot in slots("hyperclovax_vision_v2")] in ([], ["text_config"])
    file: dict[str, Any] = {"model_type": "hyperclovax_vision_v2", "vision_config": {"model_type": "clip_vision_model"}}
    with pytest.raises(BadField, match="only 'qwen2_5_vl_vision' is covered"):
        read_config(file, Path("config.json"))


def entry(name: str, rules: FieldRules) -> Derived:
    derived = entry_of(name)
    assert derived is not None
    return replace(derived, rules=rules)


def test_rules_of_the_part_hold_below_its_path() -> None:
    """Rules of the old part are gone, those of the whole and of the new part hold."""
    whole = FieldRules(
        aliases={"text_config.old": "text_config.hidden_size", "width": "text_config.hidden_size"},
        fixed={"text_config.rope": 1, "vision_feature_layer": -2},
    )
    part = FieldRules(aliases={"emb": "hidden_size"}, fixed={"use_sliding": False})
    new = Replacement("text_config", entry("mistral", part), {FIRST: Holder("language_model.", FIRST)})
    presented = PresentedEntry(with_part(entry("llava", whole), new))
    file: dict[str, Any] = {"model_type": "llava", "vision_config": {**VISION, **IMAGES}}

    def read(**text: Any) -> Model:
        fields = {name: at for name, at in TEXT.items() if name != "hidden_size"}
        return read_config({**file, "text_config": {**fields, **text}}, Path("config.json"), FIRST, entry=presented)

    assert shapes(read(emb=128)) == shapes(read(hidden_size=128))
    assert shapes(read(rope=2, hidden_size=128)) == shapes(read(hidden_size=128))
    with pytest.raises(BadField, match=r"text_config\.use_sliding"):
        read(use_sliding=True)
    with pytest.raises(BadField, match="vision_feature_layer"):
        read_config({**file, "vision_feature_layer": -3}, Path("config.json"), FIRST, entry=presented)


def test_a_file_may_omit_the_type_of_a_part(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llava", "text_config": TEXT}), encoding="utf-8")
    named = read_config({"model_type": "llava", "text_config": {"model_type": "llama", **TEXT}}, tmp_path)
    assert shapes(read_config({"model_type": "llava", "text_config": TEXT}, tmp_path)) == shapes(named)


@pytest.mark.parametrize("wrong", [5, "x", [1], []])
def test_a_part_that_is_no_configuration_is_refused(wrong: Any) -> None:
    with pytest.raises(BadField, match="'text_config': expected a configuration"):
        read_config({"model_type": "gemma3", "text_config": wrong}, Path("config.json"))
