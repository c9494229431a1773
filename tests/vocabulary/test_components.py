"""Components of derived models: the papers' names, as the architectures written by hand have them."""

from __future__ import annotations

import pytest
from sympy import Integer

import bertsym
from bertsym import atlas
from bertsym.answers.comparison import comparison
from bertsym.count import By, breakdown, count
from bertsym.layers import Role
from bertsym.resolve import load
from bertsym.saved_model.atlas_models import entry_of
from bertsym.symbols import H, L
from bertsym.tree import Loop, Tensor, tensors
from bertsym.vocabulary.components import named, word_of
from bertsym.zoo import ARCHITECTURES


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_rule_names_what_the_papers_files_name(name: str) -> None:
    """The trees of the zoo carry names that people chose; the rule finds the same from module names alone."""
    for head in ARCHITECTURES[name].heads.values():
        written = tensors(head.tree)
        assert [(t.name, t.component) for t in named(written)] == [(t.name, t.component) for t in written]


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name in atlas.index()])
def test_entries_of_the_atlas_have_the_names_of_the_zoo(name: str) -> None:
    entry = entry_of(name)
    assert entry is not None
    by_class = {head.cls: head for head in entry.classes.values()}
    shared = 0
    for head in ARCHITECTURES[name].heads.values():
        if head.cls in by_class:
            ours = {tensor.name: tensor.component for tensor in tensors(head.tree)}
            derived = named(by_class[head.cls].tensors)
            if not {tensor.component for tensor in derived} <= set(ours.values()):
                continue  # T5's encoder as a decoder has cross-attention, in the places of other parts
            found = {t.name: t.component for t in derived if t.name in ours}
            assert found == {tensor: ours[tensor] for tensor in found}
            shared += len(found)
    assert shared


def tensor(name: str, role: Role = Role.MATRIX) -> Tensor:
    loops = tuple(Loop(Integer(0), L) for _ in range(name.count("{}")))
    return Tensor(name, (H, H) if role is Role.MATRIX else (H,), role, "", "", loops)


def components(*names: str) -> dict[str, str]:
    """Return the component of each name; a name with a norm in it has that role."""
    roles = (Role.NORM if "norm" in name.lower() else Role.MATRIX for name in names)
    return {t.name: t.component for t in named([tensor(*pair) for pair in zip(names, roles, strict=True)])}


@pytest.mark.parametrize(
    "expected",
    [
        # Two stacks, with what is between them.
        {
            "visual.patch_embed.proj.weight": "vision embeddings",
            "visual.blocks.{}.norm1.weight": "vision attention",
            "visual.blocks.{}.attn.qkv.weight": "vision attention",
            "visual.blocks.{}.mlp.fc1.weight": "vision feed-forward",
            "visual.merger.mlp.0.weight": "projector",
            "language_model.embed_tokens.weight": "text embeddings",
            "language_model.layers.{}.self_attn.q_proj.weight": "text attention",
            "language_model.norm.weight": "text final-norm",
        },
        # A norm belongs to what it is beside.
        {
            "layers.{}.self_attn.q_proj.weight": "attention",
            "layers.{}.mlp.up_proj.weight": "feed-forward",
            "layers.{}.input_layernorm.weight": "attention",
            "layers.{}.post_attention_layernorm.weight": "attention",
            "layers.{}.pre_feedforward_layernorm.weight": "feed-forward",
            "layers.{}.post_feedforward_layernorm.weight": "feed-forward",
        },
        {
            "layers.{}.self_attn.q_proj.weight": "attention",
            "layers.{}.mlp.gate.weight": "router",
            "layers.{}.mlp.experts.{}.up_proj.weight": "experts",
            "layers.{}.mlp.shared_experts.up_proj.weight": "shared-experts",
            "layers.{}.post_attention_layernorm.weight": "experts",
        },
        {
            "decoder.layers.{}.self_attn.q_proj.weight": "attention",
            "decoder.layers.{}.encoder_attn.q_proj.weight": "cross-attention",
            "decoder.layers.{}.encoder_attn_layer_norm.weight": "cross-attention",
            "decoder.layers.{}.fc1.weight": "feed-forward",
            "decoder.layers.{}.final_layer_norm.weight": "feed-forward",
            "decoder.layer_norm.weight": "final-norm",
        },
        # A state space, and blocks of several kinds under one name.
        {
            "layers.{}.mixer.A_log": "state-space",
            "layers.{}.mixer.out_proj.weight": "state-space",
            "layers.{}.mixer.q_proj.weight": "attention",
            "layers.{}.mixer.experts.{}.up_proj.weight": "experts",
            "layers.{}.norm.weight": "state-space",
        },
        # Parts without layers are components by their own names.
        {
            "text_encoder.layers.{}.attention.q_proj.weight": "attention",
            "duration_predictor.conv_pre.weight": "duration-predictor",
            "duration_predictor.norm_1.weight": "duration-predictor",
            "ctc_head.weight": "ctc-head",
        },
    ],
)
def test_names_of_modules(expected: dict[str, str]) -> None:
    assert components(*expected) == expected


def test_words_of_names() -> None:
    assert word_of("DenseReluDense") == "dense_relu_dense"
    assert word_of("EncDecAttention") == "enc_dec_attention"
    assert word_of("layer_norm1") == "layer_norm1"


def test_models_of_one_kind_line_up() -> None:
    compared = comparison([load("llama", "model"), load("qwen3", "model")])
    assert [row.name for row in compared.rows] == ["embeddings", "attention", "feed-forward", "final-norm"]
    assert all(side.expression for row in compared.rows for side in row.sides)


def test_the_code_s_own_names_are_there_still() -> None:
    rows = {part.name: part.count or 0 for part in breakdown(load("qwen3-default", "model"), by=By.MODULE)}
    assert {"embed_tokens", "layers.*.self_attn.q_proj", "layers.*.mlp.down_proj", "norm"} <= set(rows)
    assert sum(rows.values()) == count(load("qwen3-default", "model"))


def test_selectors_know_stacks_components_and_modules() -> None:
    clip = bertsym.load("clip-default")
    rows = breakdown(clip.spec)
    both = [clip.count(only=[f"{stack} attention"]) for stack in ("vision", "text")]
    assert clip.count(only=["attention"]) == sum(both)
    assert clip.count(only=["vision"]) == sum(row.count or 0 for row in rows if row.name.startswith("vision "))
    assert clip.count(only=["self_attn"]) < clip.count(only=["attention"])  # without the norms before it
