"""Lists with an entry a layer in a config.json: words, letters, indices, and what the class makes without them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bertsym.config.flatten import flattened
from bertsym.config.layer_lists import list_sizes
from bertsym.errors import BadField
from bertsym.saved_model.decode import parsed
from tests.saved_model.test_layer_lists import RULE, hybrid

FILE = Path("config.json")
# The first layers are of one kind, as many as periods fit into the depth.
DIVIDED: dict[str, Any] = {
    **RULE,
    "tensors": [
        {"loops": [["0", "L//period", "1"]], "tensors": [["L_full.{}", "matrix"]]},
        {"loops": [["L//period", "L", "1"]], "tensors": [["L_mamba.{}", "matrix"]]},
    ],
}


def read(config: dict[str, Any], **entry: Any) -> list[int]:
    """Return the number of layers of each kind, and the rank of their arrangement."""
    content = hybrid()
    content["layer_lists"]["layer_types"] |= entry
    derived = parsed(content, Path("hybrid.json"))
    layers = next(symbol for symbol, field in derived.fields.items() if field.path == "num_hidden_layers")
    given = {layers: config.get("num_hidden_layers", 5)}
    return [int(size) for size in list_sizes(flattened(config), derived, given, FILE).values()]


def test_a_list_of_any_length_counts_its_layers() -> None:
    words = ["mamba", "linear_attention", "full_attention", "mamba"]
    assert read({"num_hidden_layers": 4, "layer_types": words}) == [3, 1, 1]
    assert read({"num_hidden_layers": 4, "block_types": words}, aliases=["block_types"]) == [3, 1, 1]


def test_a_list_that_alone_says_the_depth_refuses_another_depth() -> None:
    words: Any = ["mamba", "full_attention"]
    content = hybrid()
    del content["layer_lists"]["layer_types"]["length"]
    derived = parsed(content, Path("hybrid.json"))
    assert list(list_sizes({"layer_types": words, "num_hidden_layers": 2}, derived, {}, FILE).values()) == [1, 1, 0]
    with pytest.raises(BadField, match="'3', but layer_types has 2 layers"):
        list_sizes({"layer_types": words, "num_hidden_layers": 3}, derived, {}, FILE)


def test_a_letter_a_layer_stands_for_the_list() -> None:
    letters = {"pattern": {"M": "mamba", "*": "full_attention"}}
    assert read({"num_hidden_layers": 4, "pattern": "MM*M"}, letters=letters) == [3, 1, 1]


def test_a_number_a_layer_stands_for_the_list() -> None:
    ratios = {"ratios": {"0": "mamba", "128": "full_attention"}}
    assert read({"num_hidden_layers": 4, "ratios": [0, 0, 128, 0, 128]}, letters=ratios) == [3, 1, 1]
    with pytest.raises(BadField, match="expected a letter or a number for each layer"):
        read({"num_hidden_layers": 2, "ratios": ["0", "128"]}, letters=ratios)
    with pytest.raises(BadField, match="the letter '4' is not covered; known: 0 128"):
        read({"num_hidden_layers": 4, "ratios": [4] * 4}, letters=ratios)


def test_a_list_of_indices_may_stand_for_the_list() -> None:
    fields = {"full_layers": ["L_full", "L_mamba"]}
    assert read({"num_hidden_layers": 4, "full_layers": [2]}, index_fields=fields) == [3, 1, 1]
    assert read({"num_hidden_layers": 4, "full_layers": [2, 4]}, index_fields=fields) == [3, 1, 1]
    words = {"num_hidden_layers": 1, "layer_types": ["mamba"], "full_layers": [0]}
    assert read(words, index_fields=fields)[:2] == [1, 0]


def test_a_list_of_indices_has_the_layers_that_it_lists() -> None:
    entry = {"indices": True, "kinds": {"L_mamba": [], "L_full": []}, "default": ["L_mamba", *["L_full"] * 4]}
    assert read({"num_hidden_layers": 4, "layer_types": [0, 1, 3]}, **entry) == [3, 1, 1]
    assert read({"num_hidden_layers": 4, "layer_types": [0, 1, 3, 3, 4]}, **entry) == [3, 1, 1]
    with pytest.raises(BadField, match="expected indices of layers, got '-1'"):
        read({"num_hidden_layers": 4, "layer_types": [-1]}, **entry)
    constant: Any = {"sizes": {}, "tensors": []}
    assert read({"num_hidden_layers": 9}, **entry, if_omitted=constant)[:2] == [1, 8]


def test_without_the_list_its_rule_makes_it() -> None:
    assert read({"num_hidden_layers": 7, "period": 3}, if_omitted=DIVIDED)[:2] == [5, 2]
    assert read({"num_hidden_layers": 7, "period": 3}, if_omitted=RULE)[:2] == [5, 2]
    assert read({}, if_omitted=RULE)[:2] == [3, 2]  # the default, as all sizes are at theirs
    constant: Any = {"sizes": {}, "tensors": []}
    assert read({}, if_omitted=constant)[:2] == [3, 2]
    with pytest.raises(BadField, match="5 entries, but num_hidden_layers is 2"):
        read({"num_hidden_layers": 2}, if_omitted=constant)


@pytest.mark.parametrize(
    ("config", "entry", "problem"),
    [
        ({}, {}, "add it"),
        ({"num_hidden_layers": 1, "layer_types": ["conv"]}, {}, "'conv' is not covered"),
        ({"num_hidden_layers": 3, "layer_types": ["mamba"]}, {}, "1 entries, but num_hidden_layers is 3"),
        ({"num_hidden_layers": 1, "layer_types": "mamba"}, {}, "expected a list"),
        ({"num_hidden_layers": 1, "layer_types": [None]}, {}, "not covered"),
        ({"num_hidden_layers": 1, "pattern": "X"}, {"letters": {"pattern": {"M": "mamba"}}}, "letter 'X'"),
        (
            {"num_hidden_layers": 1, "layer_types": ["mamba"], "blocks": ["full_attention"]},
            {"aliases": ["blocks"]},
            "another list",
        ),
        ({"num_hidden_layers": 3, "period": None}, {"if_omitted": RULE}, "expected an integer"),
        ({"num_hidden_layers": 3, "period": 0}, {"if_omitted": DIVIDED}, "add it"),
        ({"num_hidden_layers": 100_000}, {"if_omitted": RULE}, "add it"),
    ],
)
def test_a_list_that_no_formula_covers_is_refused(config: dict[str, Any], entry: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadField, match=problem) as error:
        read(config, **entry)
    assert len(str(error.value)) <= 200
