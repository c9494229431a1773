"""The published models: each count against bertsym's, the class of transformers, and totals that others published."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from bertsym import atlas
from bertsym.count import count
from bertsym.names.catalogue import Published, published
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


@pytest.mark.parametrize("kind", TYPES)
def test_every_model_has_its_count(kind: str) -> None:
    wrong = {m.name: m.count for m in MODELS if m.family.type == kind and count(published_model(m)) != m.count}
    assert wrong == {}


@pytest.mark.parametrize("row", TOTALS, ids=lambda row: str(row["name"]))
def test_a_total_that_others_published(row: dict[str, str]) -> None:
    """A checkpoint may hold integers beside the parameters, such as the numbers of the positions."""
    assert count(load(row["name"])) == int(row["total"]) - int(row["integers"])


GENERATORS = {"whisper": "AutoModelForSpeechSeq2Seq", "gemma3": "AutoModelForImageTextToText"}


def built(model: Published, torch: Any, transformers: Any) -> int:
    """Count the class that transformers builds from the fields, on the meta device; a tied weight counts once."""
    fields = dict(model.config)
    kind = str(fields.pop("model_type"))
    factories = {
        "model": "AutoModel",
        "causal-lm": "AutoModelForCausalLM",
        "conditional-generation": GENERATORS.get(kind, "AutoModelForSeq2SeqLM"),
    }
    factory = getattr(transformers, factories[model.family.head])
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
