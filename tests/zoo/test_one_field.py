"""A file with one field set to anything: the library's number, or a refusal; never another number.

The values are those of people and accidents: null, 0, a text or a list in place of a number, names of other families.
"""

from __future__ import annotations

import json
from dataclasses import fields as fields_of
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym.config.configfile import read_config
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.zoo import ARCHITECTURES

SEED = 18
DRAWS = 30
DEPTHS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
ANYTHING: tuple[Any, ...] = (
    None,
    0,
    1,
    2,
    3,
    5,
    12,
    16,
    24,
    -1,
    2.0,
    0.5,
    True,
    False,
    "3",
    "gelu",
    "",
    [],
    [2],
    [0, 1],
    {},
)
FOREIGN = (
    *("n_ctx", "n_embed", "embedding_size", "head_dim", "hidden_sizes", "ffn_dim", "d_model", "d_kv", "n_inner"),
    *("num_experts", "num_local_experts", "moe_intermediate_size", "num_key_value_heads", "num_hidden_groups"),
    *("pooler_hidden_size", "attention_head_size", "conv_kernel_size", "position_buckets", "type_vocab_size"),
    *("attention_bias", "mlp_bias", "qkv_bias", "use_bias", "norm_bias", "qk_norm", "use_pooling_layer"),
    *("layer_types", "mlp_layer_types", "sliding_window", "global_attn_every_n_layers", "rope_scaling", "rotary_dim"),
    *("add_cross_attention", "is_decoder", "is_encoder_decoder", "tie_word_embeddings", "num_labels", "id2label"),
    *("text_config", "vision_config", "per_layer_config", "pruned_heads", "auto_map", "quantization_config"),
)


def built(transformers: Any, torch: Any, file: dict[str, Any], folder: Path) -> int | None:
    """Return the library's count of the class that the file names, or None if the library refuses the file."""
    (folder / "config.json").write_text(json.dumps(file), encoding="utf-8")
    try:
        config = transformers.AutoConfig.from_pretrained(str(folder))
        with torch.device("meta"):
            module = getattr(transformers, file["architectures"][0])(config)
    except Exception:  # noqa: BLE001  # model code may raise anything
        return None
    numbers: dict[int, int] = {id(p): p.numel() for p in module.parameters()}
    return sum(numbers.values())


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_one_field(name: str, transformers: Any, torch: Any, tmp_path: Path) -> None:
    draw = Random(f"{SEED} {name}")
    cls = transformers.CONFIG_MAPPING[name]
    own = sorted({field.name for field in fields_of(cls)} | set(cls.attribute_map))
    shallow = {next(depth for depth in DEPTHS if depth in own and depth not in cls.attribute_map): 1}
    compared = 0
    for _ in range(DRAWS):
        head = draw.choice([head.cls for head in ARCHITECTURES[name].heads.values()])
        changed = {draw.choice(draw.choice([own, FOREIGN])): draw.choice(ANYTHING)}
        file = {**shallow, **changed, "model_type": name, "architectures": [head]}
        try:
            ours = count(read_config(file, tmp_path / "config.json"))
        except BertsymError:
            continue
        real = built(transformers, torch, file, tmp_path)
        if real is not None:
            assert ours == real, (SEED, file)
            compared += 1
    assert compared >= DRAWS // 4
