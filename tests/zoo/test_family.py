"""BERT's relatives against transformers: every class, names, shapes, ties and counts, at random and odd sizes."""

from __future__ import annotations

import ast
import json
import random
import re
from dataclasses import fields as fields_of
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.model import Model
from bertsym.resolve import load
from bertsym.schema import Field, FirstPositive
from bertsym.symbols import tied
from bertsym.zoo import ARCHITECTURES, named
from tests.zoo.configs import FAMILIES, Family
from tests.zoo.real import our_inventory, real_inventory

CONFIGS = 20
CASES = [(family, head) for family in FAMILIES for head in ARCHITECTURES[family].heads]
pytestmark = pytest.mark.filterwarnings("ignore")


def drawn(family: Family, seed: int) -> dict[str, Any]:
    """A configuration as somebody might have written it: some fields left to the library's defaults."""
    draw = random.Random(seed)
    fields = family.draw(draw)
    return {key: value for key, value in fields.items() if key in family.kept or draw.random() < 0.95}


def test_architectures_are_named_by_their_model_type() -> None:
    assert [architecture.schema.model_type for architecture in ARCHITECTURES.values()] == list(ARCHITECTURES)


def read(fields: dict[str, Any], file: Path, *more: tuple[str, object]) -> Model:
    """The model that a file with those fields describes."""
    file.write_text(json.dumps({**fields, **dict(more)}), encoding="utf-8")
    return load(str(file))


@pytest.mark.parametrize(("name", "head"), CASES)
def test_every_tensor_of_the_real_class(name: str, head: str, transformers: Any, torch: Any, tmp_path: Path) -> None:
    """From the file that the library saves; the file as it was written says the same."""
    architecture, family = ARCHITECTURES[name], FAMILIES[name]
    cls = architecture.heads[head].cls
    asked = ("model_type", architecture.schema.model_type), ("architectures", [cls])
    for seed in range(CONFIGS):
        written = {**drawn(family, seed), **family.demands.get(head, {})}
        config = getattr(transformers, family.config)(**written)
        model = read(config.to_dict(), tmp_path / "saved.json", *asked)
        assert read(written, tmp_path / "written.json", *asked).given == model.given, written
        ours, real = our_inventory(model), real_inventory(transformers, torch, cls, config)
        assert ours.shapes == real.shapes, written
        assert ours.groups == real.groups, written
        assert ours.count == real.count, written


@pytest.mark.parametrize("name", FAMILIES)
def test_every_class_of_the_library_is_covered(name: str, transformers: Any) -> None:
    covered = {head.cls for head in ARCHITECTURES[name].heads.values()}
    endings = ("Model", "LMHeadModel", "EncoderModel", "DoubleHeadsModel")
    prefix = FAMILIES[name].prefix
    built = {
        cls
        for cls in dir(transformers)
        if cls.startswith(f"{prefix}For") or cls in {f"{prefix}{ending}" for ending in endings}
    }
    assert covered == built


@pytest.mark.parametrize("name", FAMILIES)
def test_a_missing_field_has_the_default_of_the_library(name: str, transformers: Any, tmp_path: Path) -> None:
    """Field by field, and the whole: an empty file is the library's default model."""
    config, schema = getattr(transformers, FAMILIES[name].config)(), ARCHITECTURES[name].schema
    for field in schema.fields:
        if isinstance(field, Field) and field.default is not None and hasattr(config, field.key):
            assert getattr(config, field.key) == field.default, field.key
        elif isinstance(field, FirstPositive):
            assert all(getattr(config, key, value) == value for key, value in field.keys.items())
    saved, empty = tmp_path / "saved.json", tmp_path / "empty.json"
    saved.write_text(json.dumps(config.to_dict()), encoding="utf-8")
    empty.write_text(json.dumps({"model_type": schema.model_type}), encoding="utf-8")
    assert load(str(saved)).given == load(str(empty)).given


@pytest.mark.parametrize("name", FAMILIES)
def test_every_key_of_a_schema_is_one_of_the_library(name: str, transformers: Any) -> None:
    """A key that is not a field of the class must be one that the modeling code asks for by name."""
    cls = getattr(transformers, FAMILIES[name].config)
    known = {field.name for field in fields_of(cls)} | set(cls.attribute_map)
    modules = (cls.__module__, cls.__module__.replace("configuration_", "modeling_"))
    files = (Path(str(import_module(module).__file__)) for module in modules)
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    for field in ARCHITECTURES[name].schema.fields:
        keys = field.keys if isinstance(field, FirstPositive) else (field.key, *getattr(field, "aliases", ()))
        for key in keys:
            assert key in known or f'"{key}"' in source, key


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"model_type": "roberta", "position_embedding_type": "relative_key"}, "position_embedding_type"),
        ({"model_type": "roberta", "add_cross_attention": True}, "is_decoder true"),
        ({"model_type": "electra", "summary_proj_to_labels": True}, "summary_proj_to_labels"),
        ({"model_type": "llama", "token_classification_bias": False}, "token_classification_bias"),
        ({"model_type": "llama", "per_layer_config": {"0": {"intermediate_size": 8}}}, "per_layer_config"),
        ({"model_type": "llama", "num_key_value_heads": "8"}, "num_key_value_heads"),
        ({"model_type": "t5", "is_decoder": True}, "is_decoder"),
        ({"model_type": "t5", "num_hidden_layers": 2}, "num_hidden_layers"),
        ({"model_type": "t5", "feed_forward_proj": 3}, "feed_forward_proj"),
        ({"model_type": "deberta-v2", "pooler_hidden_size": 7}, "pooler_hidden_size"),
        ({"model_type": "deberta-v2", "conv_kernel_size": 3, "conv_groups": 2}, "conv_groups"),
        ({"model_type": "deberta-v2", "position_buckets": "many"}, "position_buckets"),
        ({"model_type": "gpt2", "n_embd": 768, "hidden_size": 512}, "n_embd says '768'"),
        ({"model_type": "gpt2", "n_head": 7}, "is not an integer"),
        ({"model_type": "gpt3"}, "or gpt2 or"),
    ],
)
def test_what_is_not_covered_is_named(fields: dict[str, Any], words: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(fields), encoding="utf-8")
    with pytest.raises(BertsymError, match=re.escape(words)):
        load(str(file))


def test_a_t5_file_that_leaves_the_output_untied_is_tied_unless_asked(tmp_path: Path) -> None:
    """Checkpoints of version 1.1 hold both; transformers 5 ties on building whatever the file says."""
    file = tmp_path / "config.json"
    untied = {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "tie_word_embeddings": False}
    file.write_text(json.dumps(untied), encoding="utf-8")
    model = load(str(file))
    assert "field 'tie_word_embeddings': transformers 5 ties lm_head" in model.notes[0]
    assert count(model.with_sizes({tied: False})) - count(model) == 32128 * 512
    assert load(str(file), "encoder").notes == ()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_model_is_declared_in_under_forty_lines(name: str) -> None:
    """The model itself, imports, docstrings, task heads, named sizes and the spelling of the configuration apart."""
    file = Path(str(import_module(f"bertsym.zoo.{name.replace('-', '_')}").__file__))
    tree = ast.parse(file.read_text(encoding="utf-8"))
    lines = 0
    for node in tree.body[1:]:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(node, ast.ImportFrom):
            continue
        docstring = isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None
        lines += (node.end_lineno or 0) - node.lineno + 1 - docstring
        if isinstance(target, ast.Name) and target.id == "model":
            break
    assert lines < 40


# The fields that count, as the files of these repositories on the Hub spell them.
PUBLISHED: dict[str, dict[str, Any]] = {
    "deberta-v3-base": {
        "model_type": "deberta-v2",
        "hidden_size": 768,
        "intermediate_size": 3072,
        "max_position_embeddings": 512,
        "relative_attention": True,
        "position_buckets": 256,
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
        "pos_att_type": "p2c|c2p",
        "max_relative_positions": -1,
        "position_biased_input": False,
        "num_attention_heads": 12,
        "num_hidden_layers": 12,
        "type_vocab_size": 0,
        "vocab_size": 128100,
    },
    "flan-t5-small": {
        "model_type": "t5",
        "d_ff": 1024,
        "d_kv": 64,
        "d_model": 512,
        "feed_forward_proj": "gated-gelu",
        "num_decoder_layers": 8,
        "num_heads": 6,
        "num_layers": 8,
        "relative_attention_num_buckets": 32,
        "tie_word_embeddings": False,
        "vocab_size": 32128,
    },
    "gpt2-small": {
        "model_type": "gpt2",
        "n_ctx": 1024,
        "n_embd": 768,
        "n_head": 12,
        "n_layer": 12,
        "n_positions": 1024,
        "summary_proj_to_labels": True,
        "summary_use_proj": True,
        "vocab_size": 50257,
    },
    "Llama-3.2-1B": {
        "model_type": "llama",
        "attention_bias": False,
        "head_dim": 64,
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "max_position_embeddings": 131072,
        "mlp_bias": False,
        "num_attention_heads": 32,
        "num_hidden_layers": 16,
        "num_key_value_heads": 8,
        "rope_scaling": {"factor": 32.0, "rope_type": "llama3"},
        "tie_word_embeddings": True,
        "vocab_size": 128256,
    },
    "albert-base-v2": {
        "model_type": "albert",
        "down_scale_factor": 1,
        "embedding_size": 128,
        "gap_size": 0,
        "hidden_size": 768,
        "inner_group_num": 1,
        "intermediate_size": 3072,
        "max_position_embeddings": 512,
        "net_structure_type": 0,
        "num_attention_heads": 12,
        "num_hidden_groups": 1,
        "num_hidden_layers": 12,
        "type_vocab_size": 2,
        "vocab_size": 30000,
    },
}


@pytest.mark.parametrize("size", PUBLISHED)
def test_a_file_as_published_is_the_named_size(size: str, tmp_path: Path) -> None:
    model = read(PUBLISHED[size], tmp_path / "config.json")
    if size == "flan-t5-small":  # published as the checkpoint stores it
        model = model.with_sizes({tied: False})
    for head in model.architecture.heads:
        assert our_inventory(model.with_head(head)) == our_inventory(named(size).with_head(head))
