"""Symbolic execution of the library's models: the formulas of papers are read, and what is read is what is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
import sympy
from sympy import Expr, floor

from bertsym.derive.concolic.trace import ConcolicTrace, Multiple
from bertsym.derive.oracle.targets import Target
from tests.derive.concolic_helpers import FORKS, Fields, Names, build_shapes, predict_shapes, symbols, trace_of

pytestmark = pytest.mark.filterwarnings(FORKS)


def bert(n: Any) -> dict[str, tuple[Any, ...]]:
    return {
        "embeddings.word_embeddings.weight": (n.vocab_size, n.hidden_size),
        "embeddings.position_embeddings.weight": (n.max_position_embeddings, n.hidden_size),
        "encoder.layer.1.attention.self.query.weight": (n.hidden_size, n.hidden_size),
        "encoder.layer.1.intermediate.dense.weight": (n.intermediate_size, n.hidden_size),
        "pooler.dense.bias": (n.hidden_size,),
    }


def llama(n: Any) -> dict[str, tuple[Any, ...]]:
    return {
        "layers.0.self_attn.q_proj.weight": (n.num_attention_heads * n.head_dim, n.hidden_size),
        "layers.0.self_attn.k_proj.weight": (n.num_key_value_heads * n.head_dim, n.hidden_size),
        "layers.1.self_attn.o_proj.weight": (n.hidden_size, n.num_attention_heads * n.head_dim),
        "layers.1.mlp.down_proj.weight": (n.hidden_size, n.intermediate_size),
    }


def mamba(n: Any) -> dict[str, tuple[Any, ...]]:
    return {
        "layers.0.mixer.A_log": (n.intermediate_size, n.state_size),
        "layers.0.mixer.conv1d.weight": (n.intermediate_size, 1, n.conv_kernel),
        "layers.0.mixer.in_proj.weight": (2 * n.intermediate_size, n.hidden_size),
        "layers.0.mixer.x_proj.weight": (n.time_step_rank + 2 * n.state_size, n.intermediate_size),
    }


def swin(n: Any) -> dict[str, tuple[Any, ...]]:
    """Liu et al. 2021: the width doubles from stage to stage, the feed-forward net is four times as wide."""
    return {
        "embeddings.patch_embeddings.projection.weight": (n.embed_dim, n.num_channels, n.patch_size, n.patch_size),
        "encoder.layers.0.blocks.1.attention.relative_position_bias.relative_position_bias_table": (
            (2 * n.window_size - 1) ** 2,
            n["num_heads[0]"],
        ),
        "encoder.layers.2.blocks.3.mlp.fc1.weight": (16 * n.embed_dim, 4 * n.embed_dim),
        "encoder.layers.2.downsample.reduction.weight": (8 * n.embed_dim, 16 * n.embed_dim),
        "layernorm.weight": (8 * n.embed_dim,),
    }


def deepseek(n: Any) -> dict[str, tuple[Any, ...]]:
    """DeepSeek-V3's latent attention and its experts, of which the last layers are made."""
    return {
        "layers.0.self_attn.q_b_proj.weight": (
            n.num_attention_heads * (n.qk_nope_head_dim + n.qk_rope_head_dim),
            n.q_lora_rank,
        ),
        "layers.0.self_attn.kv_a_proj_with_mqa.weight": (n.kv_lora_rank + n.qk_rope_head_dim, n.hidden_size),
        "layers.0.self_attn.kv_b_proj.weight": (
            n.num_attention_heads * (n.qk_nope_head_dim + n.v_head_dim),
            n.kv_lora_rank,
        ),
        "layers.3.mlp.gate.weight": (n.n_routed_experts, n.hidden_size),
        "layers.3.mlp.experts.down_proj": (n.n_routed_experts, n.hidden_size, n.moe_intermediate_size),
    }


def whisper(n: Any) -> dict[str, tuple[Any, ...]]:
    return {
        "encoder.conv1.weight": (n.d_model, n.num_mel_bins, 3),
        "encoder.layers.0.fc1.weight": (n.encoder_ffn_dim, n.d_model),
        "decoder.embed_positions.weight": (n.max_target_positions, n.d_model),
    }


def clip(n: Any) -> dict[str, tuple[Any, ...]]:
    """A tower for texts and one for images, a patch a position and one for the class."""
    text, image = n["text_config.hidden_size"], n["vision_config.hidden_size"]
    patch = n["vision_config.patch_size"]
    return {
        "text_model.embeddings.token_embedding.weight": (n["text_config.vocab_size"], text),
        "vision_model.embeddings.patch_embedding.weight": (image, n["vision_config.num_channels"], patch, patch),
        "vision_model.embeddings.position_embedding.weight": (
            floor(n["vision_config.image_size"] / patch) ** 2 + 1,
            image,
        ),
        "text_projection.weight": (n.projection_dim, text),
    }


@pytest.mark.parametrize(
    ("target", "by_hand", "multiples"),
    [
        ("bert", bert, [Multiple("hidden_size", 1, "num_attention_heads")]),
        # An odd head size is warned of: the path taken is not always a condition of validity.
        ("llama", llama, [Multiple("hidden_size", 1, "num_attention_heads"), Multiple("head_dim", 2)]),
        ("mamba", mamba, []),
        ("swin", swin, []),
        (
            "clip",
            clip,
            [
                Multiple("text_config.hidden_size", 1, "text_config.num_attention_heads"),
                Multiple("vision_config.hidden_size", 1, "vision_config.num_attention_heads"),
            ],
        ),
        ("deepseek_v3", deepseek, [Multiple("head_dim", 2)]),
        (
            "whisper",
            whisper,
            [Multiple("d_model", 1, "encoder_attention_heads"), Multiple("d_model", 1, "decoder_attention_heads")],
        ),
    ],
)
def test_known_architectures(
    code: Callable[..., Target],
    target: str,
    by_hand: Callable[[Any], dict[str, tuple[Expr, ...]]],
    multiples: list[Multiple],
) -> None:
    opened = code(target)
    found = trace_of(opened)
    expected = by_hand(Names(opened))
    assert {name: found.shapes[name] for name in expected} == expected
    assert list(found.multiples) == multiples
    assert not {"hidden_size", "d_model", "embed_dim", "vocab_size"} & set(found.concretised)


def drawn(random: Random, fields: Mapping[str, Any], found: ConcolicTrace) -> Fields:
    """Fields at random, made to fit; a vocabulary holds its special tokens."""
    changed = {name: random.randint(1, 40) for name in symbols(fields) if name not in found.pinned}
    changed |= {name: fields[name] + random.randint(0, 40) for name in changed if "vocab" in name}
    drawn = {**fields, **changed}
    for _ in range(4):
        for rule in found.multiples:
            unit = rule.factor * (drawn[rule.of] if rule.of else 1)
            if drawn[rule.field] % unit:
                drawn[rule.field] = unit * random.randint(1, 4)
    return drawn


@pytest.mark.parametrize("target", ["bert", "gpt2", "vit", "qwen2_moe", "T5EncoderModel", "electra", "bart", "dpr"])
def test_what_is_read_is_what_is_built(code: Callable[..., Target], target: str) -> None:
    opened = code(target)
    found, known = trace_of(opened), symbols(opened.fields)
    random = Random(target)
    agreed = 0
    for _ in range(12):
        fields = drawn(random, opened.fields, found)
        sizes = {known[name]: fields[name] for name in known}
        holds = all(condition.subs(sizes) == sympy.true for condition in found.conditions)
        shapes = build_shapes(opened, fields) if holds else None
        if shapes is not None:
            assert predict_shapes(found, sizes) == shapes
            agreed += 1
    assert agreed >= 2
