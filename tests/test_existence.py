"""Models that exist and do not run: answers say so, and the classes of transformers behave so."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import bertsym
from bertsym.existence import obstacles
from bertsym.names.catalogue import published
from bertsym.resolve import published_model

Run = Callable[..., Any]

LLAMA = "H=8,L=1,V=11,d=2,kv_heads=2,F=8"
MIXTRAL = "H=8,L=1,V=11,heads=2,kv_heads=2,F=8,experts=2"
BERT = "H=8,L=1,V=11,N=16,heads=2"


# A model type, its sizes, one more with which it runs, one with which it does not, and the reason.
CASES = [
    ("llama", LLAMA, "heads=4", "heads=1", "heads/kv_heads = 1/2 is not whole"),
    ("mixtral", MIXTRAL, "experts_per_token=2", "experts_per_token=3", "more experts than there are"),
    ("bert", BERT, "T=1", "T=0", "token_type_embeddings.weight has T = 0 rows"),
]


@pytest.mark.parametrize(("name", "base", "runs", "does_not", "why"), CASES)
def test_the_answer_says_why(bertsym: Run, name: str, base: str, runs: str, does_not: str, why: str) -> None:
    said = bertsym("total", name, "--at", f"{base},{does_not}")
    assert "the class is built, and does not run" in said.out
    assert why in " ".join(said.out.split())
    assert "does not run" not in bertsym("total", name, "--at", f"{base},{runs}").out
    record = json.loads(bertsym("total", name, "--at", f"{base},{does_not}", "--json").out)
    assert [obstacle for obstacle in record["does_not_run"] if why in obstacle]


@pytest.mark.torch
@pytest.mark.parametrize(("name", "base", "runs", "does_not"), [case[:4] for case in CASES])
def test_the_class_is_built_and_does_not_run(bertsym: Run, name: str, base: str, runs: str, does_not: str) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")

    def built(last: str) -> Any:
        fields = json.loads(bertsym("config", name, "--at", f"{base},{last}").out)
        cls = getattr(transformers, fields["architectures"][0])
        return cls(transformers.AutoConfig.for_model(**fields))

    batch = torch.tensor([[1, 2, 3]])
    built(runs)(batch)
    model = built(does_not)
    with pytest.raises((RuntimeError, IndexError)):
        model(batch)


def test_published_models_run() -> None:
    assert {known.name: found for known in published() if (found := list(obstacles(published_model(known))))} == {}


def test_a_size_that_is_open_is_no_obstacle() -> None:
    assert list(obstacles(bertsym.load("llama").at(heads=16).spec)) == []
