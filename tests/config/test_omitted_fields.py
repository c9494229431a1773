"""Fields that a configuration omits, or that no class declares: counted as by the library, or refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bertsym.config.configfile import read_config
from bertsym.count import count
from bertsym.errors import BadField
from bertsym.model import Model

FILE = Path("config.json")


def read(kind: str, **fields: Any) -> Model:
    return read_config({"model_type": kind, **fields}, FILE)


def test_a_part_that_says_little_is_as_its_own_class_has_it() -> None:
    """Counts of the classes as transformers 5.23 builds them from these files."""
    assert count(read("mistral3", text_config={"model_type": "mistral", "num_hidden_layers": 2})) == 995_772_416


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("mistral3", {"text_config": {"model_type": "mistral", "num_hidden_layers": 2, "hidden_size": 1024}}),
        ("paligemma", {"text_config": {"model_type": "gemma", "num_hidden_layers": 2}}),
        # SigLIP builds its pooling head unless a file says no; the default of these classes says it.
        ("paligemma", {"vision_config": {"model_type": "siglip_vision_model", "num_hidden_layers": 2}}),
        ("llava_onevision", {"vision_config": {"model_type": "siglip_vision_model", "num_hidden_layers": 2}}),
        ("llava", {"text_config": {"model_type": "llama", "num_hidden_layers": 2, "num_attention_heads": 16}}),
        ("olmo", {"num_hidden_layers": 2, "num_attention_heads": 32}),
        ("mamba", {"num_hidden_layers": 2, "hidden_size": 100, "intermediate_size": 200}),
        ("mamba", {"num_hidden_layers": 2, "hidden_size": 113, "intermediate_size": 226}),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_is_left_out_is_what_the_library_takes(transformers: Any, kind: str, fields: dict[str, Any]) -> None:
    import torch

    config = transformers.AutoConfig.for_model(kind, **fields)
    with torch.device("meta"):
        real = transformers.AutoModel.from_config(config)
    assert count(read(kind, **fields)) == real.num_parameters()


def test_what_follows_from_others_in_no_known_way_must_be_said() -> None:
    with pytest.raises(
        BadField, match=r"intermediate_size.*missing, and the model code derives its value from other fields"
    ):
        read("mamba", hidden_size=1024)


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("granitemoehybrid", {"layer_types": ["mamba", "attention"], "mamba_d_head": 64}, "layer_types"),
        ("lfm2", {"layer_types": ["conv", "full_attention"]}, "layer_types"),
        ("olmoe", {"head_dim": 16}, "head_dim"),
        ("opt", {"bos_index": 3, "layerdrop": [1, 2]}, "layerdrop"),
        ("albert", {"hidden_act": "prelu"}, "hidden_act"),
        ("opt", {"activation_function": "xielu"}, "activation_function"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_changes_the_tensors_is_refused(kind: str, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(BadField, match=field):
        read(kind, **fields)


def test_a_list_of_one_word_may_be_of_any_length() -> None:
    types = ["full_attention"] * 3
    model = read("lfm2", num_hidden_layers=3, layer_types=types)
    assert count(model) == count(read("lfm2", num_hidden_layers=3))


def test_a_head_size_that_is_the_quotient_is_no_other() -> None:
    assert count(read("olmoe", hidden_size=64, num_attention_heads=4, head_dim=16)) == count(
        read("olmoe", hidden_size=64, num_attention_heads=4)
    )
