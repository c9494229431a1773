"""Entries with parts of other types against the classes of transformers, at random sizes.

`BERTSYM_SLOT_TRIALS=200` makes so many trials.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym import atlas
from bertsym.atlas.slots import RecordedSlot, kind_of, slots
from bertsym.config.configfile import read_config
from bertsym.errors import BertsymError
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.derived import unresolved
from tests.zoo.real import our_inventory, real_inventory

SEED = int(os.environ.get("BERTSYM_SLOT_SEED") or secrets.randbelow(10**9))
TRIALS = int(os.environ.get("BERTSYM_SLOT_TRIALS") or 6)
MOST_REJECTED = 40
Sizes = dict[str, Any]

DEPTH, WIDTH, HEADS = range(1, 4), range(48, 240, 48), (2, 4, 6, 12)
SIZES: dict[str, Sequence[int | bool]] = {
    "vocab_size": range(300, 400),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "num_layers", "encoder_layers", "decoder_layers"), DEPTH),
    **dict.fromkeys(("hidden_size", "n_embd", "d_model"), WIDTH),
    **dict.fromkeys(("num_attention_heads", "n_head", "encoder_attention_heads", "decoder_attention_heads"), HEADS),
    **dict.fromkeys(("intermediate_size", "encoder_ffn_dim", "moe_intermediate_size"), range(8, 160, 8)),
    **dict.fromkeys(("num_experts", "num_local_experts"), range(2, 6)),
    "num_key_value_heads": (1, 2),
    "head_dim": (4, 8, 16),
    "image_size": range(32, 112, 16),
    "patch_size": (4, 8, 16),
    "tie_word_embeddings": (True, False),
}
"""Fields with small values that most classes accept, whichever model they are of."""

OF_DEPTHS = ("layer_types", "out_indices", "out_features", "stage_names")
LEFT_OUT = ("architectures", "transformers_version", "dtype", "id2label", "label2id", "_name_or_path")


def drawn(part: Sizes, random: Random, share: float = 1.0) -> Sizes:
    """Return a file with small values for the fields that it has, and without the lists that fit its old depth."""
    file = {name: at for name, at in part.items() if name not in (*OF_DEPTHS, *LEFT_OUT)}
    for name, values in SIZES.items():
        if isinstance(file.get(name), int) and random.random() < share:
            file[name] = random.choice(values)
    return file


def omitted(part: Sizes, random: Random) -> Sizes:
    """Return a file without some of its fields; the depths stay, because a default is deep."""
    return {name: at for name, at in part.items() if "layer" in name or name == "model_type" or random.random() < 0.7}


class Library:
    """Default files of types, each made once."""

    def __init__(self, transformers: Any) -> None:
        self.transformers = transformers
        self.known: dict[str, Sizes] = {}

    def default(self, kind: str) -> Sizes:
        if kind not in self.known:
            text = self.transformers.CONFIG_MAPPING[kind]().to_json_string(use_diff=False)
            self.known[kind] = {**json.loads(text), "model_type": kind}
        return dict(self.known[kind])


def with_parts(library: Library, name: str, random: Random) -> tuple[Sizes, list[tuple[RecordedSlot, str]]]:
    """Return a file of an entry with random types in one of its slots or more, and what they are."""
    file = {
        key: drawn(at, random, 0.7) if isinstance(at, dict) and "model_type" in at else at
        for key, at in library.default(name).items()
        if key not in LEFT_OUT
    }
    chosen = []
    for slot in random.sample(slots(name), random.randint(1, len(slots(name)))):
        if "." not in slot.path:
            kind = random.choice(sorted(slot.types - {slot.model_type}))
            part = {**drawn(library.default(kind), random), "model_type": kind}
            file[slot.path] = omitted(part, random) if random.random() < 0.5 else part
            chosen.append((slot, kind))
    return file, chosen


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_the_library_builds_what_an_entry_with_other_parts_says(transformers: Any, torch: Any, tmp_path: Path) -> None:
    """Names, shapes, ties and counts agree, whichever types the parts have; what either refuses is drawn again."""
    transformers.logging.set_verbosity(transformers.logging.CRITICAL)
    library, random = Library(transformers), Random(SEED)
    names = sorted(name for name, line in atlas.index().items() if line.entry == name and slots(name))
    sys.stdout.write(f"BERTSYM_SLOT_SEED={SEED}\n")
    compared = 0
    for _ in range(TRIALS * MOST_REJECTED):
        name = random.choice(names)
        derived = entry_of(name)
        assert derived is not None
        cls = random.choice([head.cls for head in derived.classes.values() if not unresolved(head)])
        file, chosen = with_parts(library, name, random)
        if not chosen:
            continue
        file = {**file, "architectures": [cls]}
        (tmp_path / "config.json").write_text(json.dumps(file), encoding="utf-8")
        try:
            ours = our_inventory(read_config(file, tmp_path / "config.json"))
        except BertsymError:
            continue
        try:
            real = real_inventory(transformers, torch, cls, transformers.AutoConfig.from_pretrained(tmp_path))
        except Exception:  # noqa: BLE001, S112  # what the library refuses has no number
            continue
        said = f"{cls} with {[(slot.path, kind) for slot, kind in chosen]}, BERTSYM_SLOT_SEED={SEED}: {file}"
        assert ours.shapes == real.shapes, said
        assert ours.groups == real.groups, said
        assert ours.count == real.count, said
        compared += 1
        if compared == TRIALS:
            return
    pytest.fail(f"only {compared} of {TRIALS} trials were built, BERTSYM_SLOT_SEED={SEED}")


def test_language_models_fill_a_text_config() -> None:
    """A slot that holds a bare language model takes the usual ones."""
    held = [slot for name in atlas.index() for slot in slots(name) if kind_of(slot.path) == "text_config"]
    bare = [slot for slot in held if slot.heads["model"] == ("model",)]
    assert bare
    assert all({"mistral", "qwen3", "gemma2"} <= slot.types for slot in bare)
