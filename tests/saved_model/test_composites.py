"""Composites of two parts against the classes of transformers, at random types and sizes of the parts."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym import atlas
from bertsym.errors import BertsymError, UnknownName
from bertsym.resolve import load
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.composites import COMPOSITES, configured_composite, is_composite, named_composite, of_class
from bertsym.saved_model.join_parts import Part, joined, size_of
from bertsym.symbols import H
from tests.zoo.real import assert_equal_to_real

SEED = int(os.environ.get("BERTSYM_COMPOSITE_SEED") or secrets.randbelow(10**9))
TRIALS = 24
Sizes = dict[str, Any]


def text(random: Random) -> Sizes:
    """Return sizes of an encoder such as BERT."""
    heads = random.randint(1, 4)
    return {
        "vocab_size": random.randint(20, 90),
        "hidden_size": heads * random.randint(2, 9),
        "num_attention_heads": heads,
        "num_hidden_layers": random.randint(1, 3),
        "intermediate_size": random.randint(3, 40),
        "max_position_embeddings": random.randint(8, 40),
        "pad_token_id": 1,
    }


def gpt2(random: Random) -> Sizes:
    """Return sizes of GPT-2."""
    heads = random.randint(1, 4)
    width = {"n_embd": heads * random.randint(2, 9), "n_head": heads, "n_layer": random.randint(1, 3)}
    return {**width, "vocab_size": random.randint(20, 90), "n_positions": random.randint(8, 40)}


def bart(random: Random) -> Sizes:
    """Return sizes of BART or mBART."""
    heads = random.randint(1, 4)
    layers = {"encoder_layers": random.randint(1, 3), "decoder_layers": random.randint(1, 3)}
    widths = {"encoder_ffn_dim": random.randint(3, 40), "decoder_ffn_dim": random.randint(3, 40)}
    counts = {"encoder_attention_heads": heads, "decoder_attention_heads": heads}
    return {**layers, **widths, **counts, "d_model": heads * random.randint(2, 9), "vocab_size": random.randint(20, 90)}


def image(random: Random) -> Sizes:
    """Return sizes of a vision transformer."""
    sizes = text(random)
    for name in ("vocab_size", "max_position_embeddings", "pad_token_id"):
        del sizes[name]
    patch = random.randint(2, 5)
    return {**sizes, "patch_size": patch, "image_size": patch * random.randint(2, 5)}


def swin(random: Random) -> Sizes:
    """Return sizes of a Swin transformer, whose width doubles from stage to stage."""
    depths = [random.randint(1, 2) for _ in range(4)]
    return {"embed_dim": 8 * random.randint(1, 3), "depths": depths, "num_heads": [2, 2, 4, 8], "window_size": 4}


def speech(random: Random) -> Sizes:
    """Return sizes of wav2vec 2.0."""
    sizes = {
        name: size for name, size in text(random).items() if name not in ("max_position_embeddings", "pad_token_id")
    }
    return {**sizes, "num_conv_pos_embedding_groups": 1}


ENCODERS: dict[str, Callable[[Random], Sizes]] = {"bert": text, "roberta": text, "electra": text}
DECODERS: dict[str, Callable[[Random], Sizes]] = {"bert": text, "roberta": text, "gpt2": gpt2, "mbart": bart}
PARTS: dict[str, tuple[dict[str, Callable[[Random], Sizes]], ...]] = {
    "encoder-decoder": (ENCODERS, DECODERS),
    "vision-encoder-decoder": ({"vit": image, "deit": image, "donut-swin": swin}, DECODERS),
    "speech-encoder-decoder": ({"wav2vec2": speech, "hubert": speech}, DECODERS),
    "vision-text-dual-encoder": ({"vit": image, "deit": image}, ENCODERS),
    "rag": ({"dpr": text, "bert": text}, {"bart": bart, "mbart": bart}),
}


def drawn(kind: str, random: Random) -> Sizes:
    """Return a configuration with parts of random types and sizes."""
    config: Sizes = {"model_type": kind}
    for slot, types in zip(COMPOSITES[kind].slots, PARTS[kind], strict=True):
        name = random.choice([name for name in types if atlas.path(name) is not None])
        config[slot.path] = {"model_type": name, **types[name](random)}
        if slot.path == "decoder" and random.random() < 0.8:
            config[slot.path] |= {"is_decoder": True, "add_cross_attention": True}
    if kind == "vision-text-dual-encoder":
        config["projection_dim"] = random.randint(3, 20)
    if random.random() < 0.3 and "decoder" in config:  # equal widths need no projection
        encoder, decoder = config["encoder"], config["decoder"]
        names = {"gpt2": "n_embd", "mbart": "d_model"}
        if "hidden_size" in encoder:
            heads = {"gpt2": "n_head", "mbart": "decoder_attention_heads"}.get(
                decoder["model_type"], "num_attention_heads"
            )
            decoder[names.get(decoder["model_type"], "hidden_size")] = encoder["hidden_size"]
            decoder[heads] = 1
            if decoder["model_type"] == "mbart":
                decoder["encoder_attention_heads"] = 1
    return config


def test_the_seed_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """A failure can be repeated."""
    with capsys.disabled():
        sys.stdout.write(f"\ncomposites: BERTSYM_COMPOSITE_SEED={SEED}\n")


@pytest.mark.parametrize("trial", range(TRIALS))
def test_a_composite_is_the_class_of_transformers(trial: int, transformers: Any, torch: Any, tmp_path: Path) -> None:
    """Names, shapes, ties and the count are those of the class, read from its own config.json."""
    random = Random(f"{SEED} {trial}")
    kind = list(PARTS)[trial % len(PARTS)]
    drawn_config = drawn(kind, random)
    cls = random.choice([COMPOSITES[kind].cls, *(cls for cls, _ in COMPOSITES[kind].further.values())])
    config = getattr(transformers, cls).config_class(**{k: v for k, v in drawn_config.items() if k != "model_type"})
    assert_equal_to_real(transformers, torch, cls, config, tmp_path)


def test_names_of_parts() -> None:
    """A composite without types has the library's default parts."""
    default = named_composite("vision-encoder-decoder", entry_of)
    assert default.cls == "VisionEncoderDecoderModel"
    assert named_composite("vision-encoder-decoder:vit+bert", entry_of).tensors == default.tensors
    assert is_composite("rag:dpr+bart")
    assert not is_composite("bert")
    assert of_class("EncoderDecoderModel") == ("encoder-decoder", "model")


@pytest.mark.parametrize("name", ["encoder-decoder:bert", "encoder-decoder:bert+nothing", "encoder-decoder:bert+vit"])
def test_a_composite_of_unfit_parts_is_refused(name: str) -> None:
    """An image model is no decoder."""
    with pytest.raises(BertsymError):
        load(name)


def test_a_part_without_a_formula_is_named(tmp_path: Path) -> None:
    """The message has the path of the field."""
    config = {"encoder": {"model_type": "nothing"}, "decoder": {"model_type": "bert"}}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "encoder-decoder", **config}), encoding="utf-8")
    with pytest.raises(BertsymError, match=r"encoder\.model_type"):
        load(str(tmp_path))
    with pytest.raises(BertsymError, match="encoder"):
        configured_composite("encoder-decoder", {"encoder": 3}, "config.json", lambda kind, _: entry_of(kind))


def test_the_sizes_of_two_parts_of_one_type_are_apart() -> None:
    """The main part keeps its symbols; those of the other are named after it."""
    bert = entry_of("bert")
    assert bert is not None
    parts = [
        Part(bert, "model", "first_config", "first."),
        Part(bert, "model", "second_config", "second.", is_main=True),
    ]
    both = joined("pair", "Pair", "here", parts)
    assert len(both.defaults) == 2 * len(bert.defaults)
    assert len({tensor.name for tensor in both.tensors}) == 2 * len(bert.tensors)
    assert str(size_of(parts[0], H)) == "first_H"
    assert size_of(parts[1], H) == H
    paths = {field.path for field in both.fields.values()}
    assert {"first_config.hidden_size", "second_config.hidden_size"} <= paths


def test_an_unknown_type_is_an_error_about_the_type() -> None:
    """It is not taken for a file."""
    with pytest.raises(UnknownName, match="nothing"):
        named_composite("encoder-decoder:nothing+bert", entry_of)
