"""Entries with lists of layer kinds, at random lists in a config.json, against the classes of transformers."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym import atlas
from bertsym.config.configfile import read_config
from bertsym.count import written_out
from bertsym.derive.oracle.legal_configurations import legal_fields
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.layer_lists import LayerList

SEED = int(os.environ.get("BERTSYM_LISTS_SEED") or secrets.randbelow(10**9))
SAMPLE, LISTS, MOST_LAYERS = 4, 3, 9


def with_lists() -> list[str]:
    """Return the model types whose entries have a list; reading a file's text is faster than decoding it."""
    lines = atlas.index().items()
    files = {name: atlas.path(name) for name, line in lines if name == line.entry}
    return sorted(name for name, file in files.items() if file is not None and b'"layer_lists"' in file.read_bytes())


TYPES = Random(SEED).sample(names, min(SAMPLE, len(names))) if (names := with_lists()) else []


def test_the_seed_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\nlists: BERTSYM_LISTS_SEED={SEED} {' '.join(TYPES)}\n")


def random_lists(derived: Derived, random: Random) -> dict[str, Any]:
    """Return fields by their paths: lists of one random length for each number of layers."""
    fields: dict[str, Any] = {}
    for layer_list in derived.layer_lists:
        own = fields.get(layer_list.length, random.randint(2, MOST_LAYERS))
        if layer_list.length:
            fields[layer_list.length] = own
        fields[layer_list.path] = list(_entries(layer_list, own, random))
    return fields


def _entries(layer_list: LayerList, length: int, random: Random) -> Iterator[Any]:
    for layer in range(length):
        kind = random.choice(layer_list.kinds)
        if not layer_list.is_indices:
            yield random.choice(kind.words)
        elif kind is layer_list.kinds[0]:
            yield layer


def nested(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields by their paths as nested configurations."""
    config: dict[str, Any] = {}
    for path, value in fields.items():
        *parts, name = path.split(".")
        part = config
        for word in parts:
            part = part.setdefault(word, {})
        part[name] = value
    return config


def merged(config: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration with changes: the class may write a word as another word for the same layer."""
    inner = {name: merged(config.get(name) or {}, value) for name, value in changes.items() if isinstance(value, dict)}
    return {**config, **changes, **inner}


def without_lists(config: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration without the lists of it and of its parts, which the class makes from the others."""
    kept = {name: value for name, value in config.items() if not isinstance(value, list)}
    return {name: without_lists(value) if isinstance(value, dict) else value for name, value in kept.items()}


@pytest.mark.parametrize("position", range(len(TYPES)))  # each test process draws types of its own
def test_names_and_shapes_are_those_of_the_class(position: int, transformers: Any) -> None:
    import torch

    model_type = TYPES[position]
    derived = entry_of(model_type)
    assert derived is not None
    random = Random(f"{SEED} {model_type}")
    compared = 0
    for _ in range(LISTS):
        config = nested(random_lists(derived, random))
        try:
            legal = legal_fields(model_type, {})
            whole = transformers.CONFIG_MAPPING[model_type](**merged(legal, config))
            with torch.device("meta"):
                built = getattr(transformers, derived.cls)(whole)
        except Exception:  # noqa: BLE001, S112  # a class may refuse a list, as one without any attention
            continue
        expected = {name: tuple(one.shape) for name, one in built.named_parameters()}
        written = merged(without_lists(json.loads(whole.to_json_string(use_diff=False))), config)
        model = read_config({**written, "model_type": model_type}, Path("config.json"))
        found = {name: shape for name, shape, tensor in written_out(model) if name in expected or not tensor.tied_to}
        assert found == expected, f"BERTSYM_LISTS_SEED={SEED}: {model_type} {config}"
        compared += 1
    assert compared > 0
