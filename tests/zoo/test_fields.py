"""No field of a library's configuration changes tensors behind a schema's back."""

from __future__ import annotations

import re
from dataclasses import fields as fields_of
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from bertsym.config.fields import EVERYWHERE
from bertsym.schema import Field, FirstPositive, Schema
from bertsym.zoo import ARCHITECTURES
from tests.zoo.configs import FAMILIES
from tests.zoo.real import Inventory, real_inventory

# Read by every schema's reader: the labels of a head, and the switch that cross-attention needs.
READ = {"num_labels", "id2label", "label2id", "is_decoder"}
# Asked for by name in the modeling code without being fields of the class, and without a tensor to their name.
HARMLESS = {
    "classifier_dropout",
    "hidden_dropout",
    "cls_dropout",
    "conv_act",
    "summary_first_dropout",
    "summary_last_dropout",
    "summary_activation",
    "summary_type",
    "pad_token_id",
    "use_cache",
    "sliding_window",
    "partial_rotary_factor",
    "embedding_size",  # without a table of its own it only waives that heads divide H, which is refused here
    "head_dim",  # without a projection of its own it only turns rotary buffers
}
SMALL = {
    "num_hidden_layers": 1,
    "n_layer": 1,
    "n_layers": 1,
    "num_layers": 1,
    "vocab_size": 60_000,
    "hidden_size": 24,
    "n_embd": 24,
    "dim": 24,
    "d_model": 24,
    "embedding_size": 8,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "n_head": 4,
    "n_heads": 4,
    "num_heads": 4,
}


def covered(schema: Schema) -> set[str]:
    """Every key that the schema reads or refuses."""
    keys = set(schema.fixed) | set(EVERYWHERE) | READ
    for field in schema.fields:
        keys |= set(field.keys) if isinstance(field, FirstPositive) else {field.key}
        keys |= set(field.aliases) if isinstance(field, Field) else set()
    return keys


def others(value: object) -> list[object]:
    """Values of the same kind that might make a difference."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1]
    return [] if value is not None else [2, True]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FAMILIES)
def test_a_field_that_is_not_read_changes_nothing(name: str, transformers: Any, torch: Any) -> None:
    architecture = ARCHITECTURES[name]
    cls = getattr(transformers, FAMILIES[name].config)
    fields = {field.name: field.default for field in fields_of(cls)}
    small = {key: value for key, value in SMALL.items() if key in fields}

    def built(**changes: object) -> dict[str, Inventory | None]:
        found: dict[str, Inventory | None] = {}
        for head in architecture.heads.values():
            try:
                found[head.cls] = real_inventory(transformers, torch, head.cls, cls(**{**small, **changes}))
            except Exception:  # noqa: BLE001  # a value that the library refuses changes nothing
                found[head.cls] = None
        return found

    plain = built()
    assert all(plain.values())
    # what every configuration has is tried once
    common = {field.name for field in fields_of(transformers.PreTrainedConfig)} if name != "roberta" else set()
    for key in sorted(set(fields) - common - covered(architecture.schema)):
        for value in others(fields[key]):
            changed = built(**{key: value})
            assert all(changed[c] is None or changed[c] == plain[c] for c in plain), f"{key}={value!r} changes tensors"


@pytest.mark.parametrize("name", FAMILIES)
def test_a_key_that_the_code_asks_for_is_known(name: str, transformers: Any) -> None:
    cls = getattr(transformers, FAMILIES[name].config)
    module = import_module(cls.__module__.replace("configuration_", "modeling_"))
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    asked = set(re.findall(r'(?:getattr|hasattr)\((?:self\.)?config, "(\w+)"', source))
    assert asked <= covered(ARCHITECTURES[name].schema) | {field.name for field in fields_of(cls)} | HARMLESS
