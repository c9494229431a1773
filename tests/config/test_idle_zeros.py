"""A size of 0 in a file: read if nothing depends on it, refused otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bertsym.config.configfile import read_config
from bertsym.count import count
from bertsym.errors import BadField

FILE = Path("config.json")
DENSE: dict[str, Any] = {
    "model_type": "granitemoehybrid",
    "num_local_experts": 0,
    "layer_types": ["mamba"] * 32,
    "mamba_d_head": 64,
}


def test_no_experts_need_no_experts_a_token() -> None:
    plain = count(read_config(DENSE, FILE, "model"))
    assert count(read_config({**DENSE, "num_experts_per_tok": 0}, FILE, "model")) == plain


@pytest.mark.parametrize("field", ["hidden_size", "vocab_size", "num_hidden_layers", "intermediate_size"])
def test_a_zero_that_a_tensor_depends_on_is_refused(field: str) -> None:
    config: Any = {"model_type": "llama", "tie_word_embeddings": True, field: 0}
    with pytest.raises(BadField, match=rf"{field}.*at least 1, got '0'"):
        read_config(config, FILE, "model", atlas_only=True)


@pytest.mark.parametrize("model_type", ["vit", "opt", "perceiver", "persimmon"])
def test_no_heads_are_not_idle_though_no_tensor_depends_on_heads(model_type: str) -> None:
    """The classes divide by the number, and raise `ZeroDivisionError`."""
    name = "num_self_attention_heads" if model_type == "perceiver" else "num_attention_heads"
    with pytest.raises(BadField, match=rf"{name}.*at least 1, got '0'"):
        read_config({"model_type": model_type, name: 0}, FILE, "model")


def test_experts_need_experts_a_token() -> None:
    config: Any = {"model_type": "qwen3_moe", "num_experts_per_tok": 0}
    with pytest.raises(BadField, match=r"num_experts_per_tok.*0"):
        read_config(config, FILE, "model")
