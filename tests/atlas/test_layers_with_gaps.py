"""Layers of a kind at places with gaps, in files of random periods and offsets: counted as the class is built."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

import bertsym
from tests.atlas.files_built import built

SEED = int(os.environ.get("BERTSYM_ATLAS_SEED") or secrets.randbelow(10**9))
FILES = 4
File = dict[str, Any]


def jamba(random: Random) -> File:
    """Return a file with attention, and experts unless there is one, in every so many layers from an offset on."""
    attention, experts = random.randint(1, 9), random.randint(1, 6)
    return {
        "attn_layer_period": attention, "attn_layer_offset": random.randrange(attention),
        "expert_layer_period": experts, "expert_layer_offset": random.randrange(experts),
        "num_experts": random.choice((1, 2, 16)), "num_hidden_layers": random.randint(1, 40),
        "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 30,
        "vocab_size": 50,
    }  # fmt: skip


def ernie(random: Random) -> File:
    """Return a file with experts in every so many layers from one index to another."""
    return {
        "moe_layer_interval": random.randint(1, 5), "moe_layer_start_index": random.randint(0, 9),
        "moe_layer_end_index": random.randint(0, 30), "num_hidden_layers": random.randint(1, 24),
        "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 30,
        "moe_num_experts": 3, "moe_num_shared_experts": random.randint(0, 2), "moe_intermediate_size": 7,
        "use_bias": random.random() < 0.5, "vocab_size": 50,
    }  # fmt: skip


def nllb(random: Random) -> File:
    """Return a file with experts in every so many layers, or in none if that number is 0."""
    return {
        "encoder_layers": random.randint(1, 12), "decoder_layers": random.randint(1, 12),
        "encoder_sparse_step": random.randint(0, 5), "decoder_sparse_step": random.randint(0, 5),
        "d_model": 64, "encoder_attention_heads": 4, "decoder_attention_heads": 2, "encoder_ffn_dim": 30,
        "decoder_ffn_dim": 31, "num_experts": 3, "vocab_size": 50,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("model_type", "draw", "classes"),
    [
        ("jamba", jamba, ("JambaModel", "JambaForCausalLM", "JambaForSequenceClassification")),
        ("ernie4_5_moe", ernie, ("Ernie4_5_MoeModel", "Ernie4_5_MoeForCausalLM")),
        ("nllb-moe", nllb, ("NllbMoeModel", "NllbMoeForConditionalGeneration")),
    ],
)
def test_files_are_counted_as_built(
    model_type: str, draw: Callable[[Random], File], classes: tuple[str, ...], tmp_path: Path
) -> None:
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    random = Random(SEED)
    for cls in classes:
        for _ in range(FILES):
            file = {"model_type": model_type, "architectures": [cls], **draw(random)}
            number = built(transformers, torch, cls, file, tmp_path)
            assert number is not None, f"seed {SEED}: {json.dumps(file)} is refused"
            assert bertsym.load(str(tmp_path)).count() == number, f"seed {SEED}: {json.dumps(file)}"


def test_the_published_sizes_of_jamba(tmp_path: Path) -> None:
    """AI21 publishes Jamba-v0.1 with these sizes: 32 layers, of which 4 have attention and 16 have 16 experts."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    file = {
        "model_type": "jamba", "architectures": ["JambaForCausalLM"], "num_hidden_layers": 32,
        "attn_layer_period": 8, "attn_layer_offset": 4, "expert_layer_period": 2, "expert_layer_offset": 1,
        "num_experts": 16, "hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32,
        "num_key_value_heads": 8, "vocab_size": 65536, "tie_word_embeddings": False,
    }  # fmt: skip
    number = built(transformers, torch, "JambaForCausalLM", file, tmp_path)
    assert bertsym.load(str(tmp_path)).count() == number == 51_570_323_328
