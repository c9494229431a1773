"""Saved models with lists of layer kinds: read, counted, written out and written again."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

import bertsym.saved_model
from bertsym.arrangements import arranged, arrangement_count, counts, rank
from bertsym.count import count, written_out
from bertsym.errors import BadField, BertsymError
from bertsym.model import Model
from bertsym.saved_model.decode import model, parsed
from bertsym.saved_model.encode import text
from tests.saved_model.json_schema import Validator

SEED = 20261128
SCHEMA = Path(bertsym.saved_model.__file__).parent / "schema-3.json"
VALIDATOR = Validator(json.loads(SCHEMA.read_bytes()))


def hybrid(**changes: Any) -> dict[str, Any]:
    """Return a saved model with attention in some layers, a state space in others, and a norm in all."""
    content = {
        "bertsym": "derived-model",
        "format": 3,
        "name": "hybrid",
        "source": "a test",
        "sizes": {
            "H": {"field": "hidden_size", "default": 8},
            "L": {"field": "num_hidden_layers", "default": 5},
            "state": {"default": 3, "kind": "features"},
        },
        "layer_lists": {
            "layer_types": {
                "length": "num_hidden_layers",
                "kinds": {"L_mamba": ["mamba", "linear_attention"], "L_full": ["full_attention"]},
                "default": ["mamba", "mamba", "full_attention", "mamba", "full_attention"],
            }
        },
        "definitions": {"L": {"value": "L_mamba + L_full", "inverse": {"L_mamba": "L - L_full"}}},
        "heads": {
            "model": {
                "class": "HybridModel",
                "evidence": {"trials": 0},
                "tensors": [
                    {"loops": ["L"], "tensors": [["layers.{}.norm", "norm", "H"]]},
                    {"loops": [{"layer_types": ["L_mamba"]}], "tensors": [["layers.{}.mamba", "matrix", "H", "state"]]},
                    {"loops": [{"layer_types": ["L_full"]}], "tensors": [["layers.{}.attention", "matrix", "H", "H"]]},
                ],
            }
        },
    }
    return {**content, **changes}


RULE = {
    "sizes": {"L": {"field": "num_hidden_layers", "default": 5}, "period": {"default": 3}},
    "tensors": [
        {"loops": [["period - 1", "L", "period"]], "tensors": [["L_full.{}", "matrix"]]},
        {"loops": [["period - 1", "L", "period", "complement"]], "tensors": [["L_mamba.{}", "matrix"]]},
    ],
}


def read(content: dict[str, Any]) -> Model:
    derived = parsed(content, Path("hybrid.json"))
    found = model(derived, "hybrid.json")
    return found.with_sizes(found.architecture.sizes[found.architecture.base].values)


def test_the_formula_is_in_the_layers_of_each_kind_and_the_names_in_their_places() -> None:
    found = read(hybrid())
    assert count(found) == 5 * 8 + 3 * 8 * 3 + 2 * 8 * 8
    assert [name for name, _, _ in written_out(found)] == [
        "layers.0.norm", "layers.0.mamba", "layers.1.norm", "layers.1.mamba", "layers.2.norm", "layers.2.attention",
        "layers.3.norm", "layers.3.mamba", "layers.4.norm", "layers.4.attention",
    ]  # fmt: skip


def test_a_number_of_layers_leaves_one_kind_to_give_way() -> None:
    found = read(hybrid())
    sizes = {name: found.size(name).symbol for name in ("L", "L_full")}
    assert count(found.with_sizes({sizes["L"]: 9})) == 9 * 8 + 7 * 8 * 3 + 2 * 8 * 8
    assert count(found.with_sizes({sizes["L_full"]: 4})) == 7 * 8 + 3 * 8 * 3 + 4 * 8 * 8
    with pytest.raises(BertsymError, match="L_mamba"):
        found.with_sizes({sizes["L"]: 1})


def test_the_file_is_written_as_it_was_read() -> None:
    content = hybrid()
    content["layer_lists"]["layer_types"] |= {
        "field": "text_config.layer_types",
        "aliases": ["text_config.layers_block_type"],
        "letters": {"text_config.pattern": {"M": "mamba", "*": "full_attention"}},
        "index_fields": {"text_config.full_layers": ["L_full", "L_mamba"]},
        "if_omitted": RULE,
    }
    derived = parsed(content, Path("hybrid.json"))
    written = json.loads(text(derived))
    assert VALIDATOR.problems(written) == []
    again = parsed(written, Path("hybrid.json"))
    assert again == derived
    assert again.layer_lists[0].aliases == ("text_config.layers_block_type",)
    assert again.layer_lists[0].rule is not None


@pytest.mark.parametrize(
    ("loop", "problem"),
    [
        ({"other": ["L_full"]}, "no list of layers"),
        ({"layer_types": []}, "at least one kind"),
        ({"layer_types": ["L_full", "L_full"]}, "each once"),
        ({"layer_types": ["H"]}, "kinds of layers"),
        ({}, "no list of layers"),
    ],
)
def test_a_loop_over_unknown_kinds_is_refused(loop: dict[str, Any], problem: str) -> None:
    content = hybrid()
    content["heads"]["model"]["tensors"][1]["loops"] = [loop]
    with pytest.raises(BadField, match=problem):
        parsed(content, Path("hybrid.json"))


def test_every_list_has_a_number_and_every_number_a_list() -> None:
    rng = random.Random(SEED)
    for _ in range(200):
        kind_count = rng.randint(1, 4)
        kinds = [rng.randrange(kind_count) for _ in range(rng.randint(0, 12))]
        amounts = counts(kinds, kind_count)
        assert arranged(rank(kinds, kind_count), amounts) == tuple(kinds)
        assert 0 <= rank(kinds, kind_count) < arrangement_count(amounts)
