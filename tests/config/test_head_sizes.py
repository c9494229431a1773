"""A `head_dim` that the configuration class does not declare: read, ignored, or refused as builds of the class show."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym.atlas.configurations import HeadSizeUse, head_size_use
from bertsym.count import count
from bertsym.errors import BadField
from bertsym.resolve import load

SEED = 4121
SMALL: dict[str, Any] = {"num_hidden_layers": 1, "vocab_size": 90, "intermediate_size": 40}
DECODERS = ("qwen3_moe", "glm4_moe", "olmo", "qwen2", "granite", "cohere", "starcoder2", "gpt_bigcode", "stablelm")


def written(folder: Path, **fields: Any) -> str:
    (folder / "config.json").write_text(json.dumps({**SMALL, **fields}), encoding="utf-8")
    return str(folder)


def test_a_head_size_that_the_code_reads_counts(tmp_path: Path) -> None:
    """Qwen3-MoE: q, k, v and o are 4, 2, 2 and 4 heads wide, and two norms have one head's width."""
    sizes = {"hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2}
    plain, wide = (
        count(load(written(tmp_path, model_type="qwen3_moe", **sizes, head_dim=width))) for width in (16, 40)
    )
    assert wide - plain == (40 - 16) * (2 * 4 + 2 * 2) * 64 + 2 * (40 - 16)
    assert plain == count(load(written(tmp_path, model_type="qwen3_moe", **sizes)))


def test_a_head_size_that_the_code_ignores_changes_nothing(tmp_path: Path) -> None:
    plain, wide = (count(load(written(tmp_path, model_type="gpt_bigcode", **more))) for more in ({}, {"head_dim": 8}))
    assert plain == wide


@pytest.mark.parametrize("value", [0, -4, "64", 16.0, True, [64], {}])
def test_a_head_size_is_a_whole_number(tmp_path: Path, value: Any) -> None:
    with pytest.raises(BadField, match="field 'head_dim'"):
        load(written(tmp_path, model_type="qwen3_moe", head_dim=value))


def test_a_head_size_of_unknown_use_is_refused(tmp_path: Path) -> None:
    assert head_size_use("olmoe") is None
    with pytest.raises(BadField, match="only if head_dim is H/heads"):
        load(written(tmp_path, model_type="olmoe", hidden_size=64, num_attention_heads=4, head_dim=20))


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_the_library_agrees(transformers: Any, torch: Any, tmp_path: Path) -> None:
    draw = Random(SEED)
    for kind in draw.sample(DECODERS, 5):
        heads = draw.choice([2, 6, 10])
        sizes = {"hidden_size": heads * draw.choice([4, 12]), "num_attention_heads": heads, "num_key_value_heads": 2}
        folder = written(tmp_path, model_type=kind, **sizes, head_dim=2 * draw.randint(1, 30))
        model = load(folder)
        config = transformers.AutoConfig.from_pretrained(folder)
        with torch.device("meta"):
            built = getattr(transformers, model.cls)(config)
        assert count(model) == built.num_parameters(), (SEED, kind, config)
        assert head_size_use(kind) in set(HeadSizeUse)
