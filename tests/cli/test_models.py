"""`models NAME`: one model, compared with the fields of its class and with published counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from bertsym import atlas, load
from bertsym.names.catalogue import published

Run = Callable[..., Any]


def test_one_published_model(bertsym: Run) -> None:
    ran = bertsym("models", "bert-base-uncased")
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split() for line in ran.out.splitlines()]
    for row in (
        ["H", "768", "hidden_size", "hidden", "size"],
        ["F", "3,072", "intermediate_size", "feed-forward", "width"],
        ["model", "BertModel", "109,482,240"],
        ["pretraining", "BertForPreTraining", "110,106,428"],
    ):
        assert row in lines
    assert "109,482,240 (109.48M) parameters" in ran.out
    assert "google-research/bert" in ran.out
    assert "bert-large-uncased" not in ran.out


@pytest.mark.parametrize("seed", range(8))
def test_the_card_counts_as_the_catalogue_does(seed: int, bertsym: Run) -> None:
    model = Random(seed).choice(published())
    found = json.loads(bertsym("models", model.name, "--json").out)
    assert found["model"]["count"] == model.count
    assert [size["name"] for size in found["sizes"]] == [model.name]
    heads = {head["name"]: head["count"] for head in found["model"]["heads"]}
    assert heads[found["model"]["head"]] == model.count
    for head in Random(seed).sample(sorted(heads), min(2, len(heads))):
        assert heads[head] is None or heads[head] == int(bertsym("total", model.name, "--head", head, "--count").out)


@pytest.mark.parametrize("name", ["beit", "mamba2", "MusicgenForCausalLM", "vision-encoder-decoder:deit+gpt2"])
def test_a_type_without_published_sizes(name: str, bertsym: Run) -> None:
    found = json.loads(bertsym("models", name, "--json").out)
    assert found["sizes"] == []
    assert found["model"]["class"] == load(name).spec.cls
    assert "has no number until its sizes are known" in " ".join(bertsym("models", name).out.split())


def test_the_defaults_of_a_type(bertsym: Run) -> None:
    listed = atlas.index()["beit"]
    ran = bertsym("models", "beit-default", "--json")
    assert json.loads(ran.out)["model"]["count"] == listed.count


@pytest.mark.parametrize(("words", "first"), [("llama", "Llama (llama)"), ("bert", "BERT (bert)"), ("qwen3 moe", "")])
def test_a_family_is_listed(words: str, first: str, bertsym: Run) -> None:
    ran = bertsym("models", *words.split())
    assert ran.code == 0
    assert ran.out.startswith(first)
    assert "Heads (--head): " in ran.out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bert-basse", "did you mean bert-base "),
        ("nonsense", "`bertsym models` lists the names"),
        ("H=768", "write `--at H=768`"),
    ],
)
def test_a_name_that_is_none(name: str, said: str, bertsym: Run) -> None:
    ran = bertsym("models", name)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
