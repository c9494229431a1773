"""The published models: each count against bertsym's, the class of transformers, and totals that others published."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from bertsym import atlas
from bertsym.count import count
from bertsym.errors import BadField, UnknownHead
from bertsym.names.catalogue import Published, published
from bertsym.names.reading import read
from bertsym.names.spelling import words
from bertsym.resolve import load, published_model
from bertsym.zoo import ARCHITECTURES

MODELS = published()
TYPES = sorted({model.family.type for model in MODELS})
TOTALS = list(
    csv.DictReader(
        (Path(__file__).parents[1] / "data" / "hub_totals.tsv").read_text(encoding="utf-8").splitlines(),
        delimiter="\t",
    )
)


def test_the_zoo_and_the_data_name_the_same_sizes() -> None:
    listed = {(m.family.type, m.name) for m in MODELS if m.in_zoo}
    sizes = {(name, size.split("/")[-1]) for name, zoo in ARCHITECTURES.items() for size in zoo.sizes}
    assert listed == sizes


def test_a_published_name_is_no_model_type() -> None:
    """`gpt2` alone is the architecture; with its owner it is the model of 124M."""
    types = {*ARCHITECTURES, *atlas.index()}
    assert {model.name for model in MODELS} & types == {"gpt2", "bloom"} & types


def test_a_spelling_means_one_size() -> None:
    sizes: dict[tuple[str, ...], set[tuple[str, int]]] = {}
    for model in MODELS:
        for name in model.names:
            sizes.setdefault(words(name), set()).add((model.family.type, model.count))
    assert {spelled: found for spelled, found in sizes.items() if len(found) > 1} == {}


def test_every_model_has_addresses() -> None:
    for model in MODELS:
        assert model.sources, model.name
        assert model.in_zoo or all(source.startswith("https://") for source in model.sources), model.name


# The atlas refuses these sizes: it has no formula for queries that are not compressed (`q_lora_rank: null`).
REFUSED = {"DeepSeek-V2-Lite"}


@pytest.mark.parametrize("kind", TYPES)
def test_every_model_has_its_count(kind: str) -> None:
    """A model of `REFUSED` may be refused, and counts right if it is not."""
    for model in MODELS:
        if model.family.type == kind:
            try:
                counted = count(published_model(model))
            except (BadField, UnknownHead):
                assert model.name in REFUSED
            else:
                assert counted == model.count, model.name


@pytest.mark.parametrize("row", TOTALS, ids=lambda row: str(row["name"]))
def test_a_total_that_others_published(row: dict[str, str]) -> None:
    """A checkpoint may hold integers beside the parameters, such as the numbers of the positions."""
    parameters = int(row["total"]) - int(row["integers"])
    found = read(row["name"]).model
    assert found is not None
    assert found.count == parameters
    if found.name not in REFUSED:
        assert count(load(row["name"])) == parameters


def built(model: Published, torch: Any, transformers: Any) -> int:
    """Count the class that transformers builds from the fields, on the meta device; a tied weight counts once."""
    fields = dict(model.config)
    kind = fields.pop("model_type")
    factory = {
        "model": transformers.AutoModel,
        "causal-lm": transformers.AutoModelForCausalLM,
        "conditional-generation": transformers.AutoModelForSeq2SeqLM
        if kind != "whisper"
        else transformers.AutoModelForSpeechSeq2Seq,
    }[model.family.head]
    with torch.device("meta"):
        net = factory.from_config(transformers.AutoConfig.for_model(kind, **fields))
    net.tie_weights()
    return sum({id(parameter): parameter.numel() for parameter in net.parameters()}.values())


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted({model.family.type for model in MODELS if not model.in_zoo}))
def test_transformers_builds_as_many(kind: str, torch: Any, transformers: Any) -> None:
    for model in MODELS:
        if model.family.type == kind and not model.in_zoo:
            assert built(model, torch, transformers) == model.count, model.name
