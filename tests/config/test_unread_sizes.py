"""A field that looks like a size and that no parameter depends on is noted; any other is not."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym.atlas.configurations import declares
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.resolve import load
from bertsym.zoo import ARCHITECTURES

SEED = 1811
WORDS = ("expert", "rank", "conv", "memory", "adapter", "lora", "pooler", "entity", "patch", "latent")
ENDS = ("size", "dim", "width", "heads", "layers", "depth", "channels")


def written(folder: Path, **fields: Any) -> str:
    (folder / "config.json").write_text(json.dumps(fields), encoding="utf-8")
    return str(folder)


def test_the_sizes_of_googles_pooler_are_noted(tmp_path: Path) -> None:
    pooler = {"pooler_fc_size": 768, "pooler_num_attention_heads": 12, "pooler_num_fc_layers": 3, "directionality": 1}
    (note,) = load(written(tmp_path, model_type="bert", pooler_type="first", **pooler)).notes
    names = "'pooler_fc_size', 'pooler_num_attention_heads', 'pooler_num_fc_layers'"
    assert note == f"no parameter depends on {names}: the count leaves it out"


@pytest.mark.parametrize(
    "fields",
    [
        {"classifier_dropout": 0.1, "layer_norm_eps": 1e-12},
        {"chunk_size_feed_forward": 4, "num_labels": 3},
        {"hidden_sizes": None, "num_beams": 0, "use_size": True},
        {"bos_token_id": 3, "torch_dtype": "float16", "_num_labels": -1},
    ],
)
def test_what_is_no_size_or_is_read_is_not_noted(tmp_path: Path, fields: dict[str, Any]) -> None:
    assert load(written(tmp_path, model_type="bert", **fields)).notes == ()


def test_many_are_counted(tmp_path: Path) -> None:
    many = {f"n_{index}": index + 1 for index in range(9)}
    (note,) = load(written(tmp_path, model_type="gpt2", **many)).notes
    assert note == "no parameter depends on 'n_0', 'n_1', 'n_2', 'n_3' and 5 more: the count leaves it out"


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_library_leaves_such_a_field_out_too(name: str, transformers: Any, torch: Any, tmp_path: Path) -> None:
    draw = Random(f"{SEED} {name}")
    small = {"num_hidden_layers": 1, "model_type": name}
    for _ in range(3):
        field = f"{draw.choice(WORDS)}_{draw.choice(ENDS)}"
        folder = written(tmp_path, **small, **{field: draw.choice([1, 2, 3, 8, 40])})
        try:
            model = load(folder)
        except BertsymError:  # refused by name, as conv_kernel_size would be
            continue
        config = transformers.AutoConfig.from_pretrained(folder)
        with torch.device("meta"):
            built = getattr(transformers, model.cls)(config)
        assert count(model) == built.num_parameters(), (SEED, name, field)
        assert any(f"'{field}'" in note for note in model.notes) or declares(name, field), (SEED, name, field)
