"""Sizes of single layers in a config.json: each layer is counted at its own, and what no formula covers is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bertsym.config.configfile import read_config
from bertsym.count import count
from bertsym.errors import BadField
from bertsym.saved_model.decode import parsed
from bertsym.saved_model.encode import text
from bertsym.saved_model.presentation import PresentedEntry
from tests.saved_model.test_layer_lists import hybrid

FILE = Path("config.json")
H, STATE, GLOBAL = 8, 3, 5
WORDS = ["mamba", "mamba", "full_attention", "mamba", "full_attention"]


def content() -> dict[str, Any]:
    """Return a hybrid whose layers with attention take `global_state` in place of `state`, unless a table says more."""
    model = hybrid()
    model["sizes"] |= {"global_state": {"default": GLOBAL, "kind": "features"}}
    model["no_effect"] = {"window": {"default": 4, "domain": [1, 9]}}
    rule = {"length": "num_hidden_layers", "names": ["state"], "keywords": {"global_state": "state"}}
    model["fields"] = {"layer_sizes": {"per_layer_config": rule}}
    model["heads"]["model"]["tensors"] = [
        {"loops": ["L"], "tensors": [["layers.{}.norm", "norm", "H"]]},
        {"loops": [{"layer_types": ["L_mamba"]}], "tensors": [["layers.{}.mixer", "matrix", "H", "state"]]},
        {"loops": [{"layer_types": ["L_full"]}], "tensors": [["layers.{}.mixer", "matrix", "H", "global_state"]]},
    ]
    return model


def counted(table: Any = ..., **fields: Any) -> int:
    """Return the count of a file with the table in it."""
    entry = PresentedEntry(parsed(content(), Path("hybrid.json")))
    config = {"layer_types": WORDS, **({} if table is ... else {"per_layer_config": table}), **fields}
    return count(read_config(config, FILE, entry=entry))


def expected(*states: int) -> int:
    return sum(H + H * state for state in states)


def test_a_file_without_a_table_counts_what_the_class_makes_of_the_keywords() -> None:
    assert counted() == expected(3, 3, 5, 3, 5)
    assert counted(global_state=7) == expected(3, 3, 7, 3, 7)


@pytest.mark.parametrize("table", [None, {}])
def test_an_empty_table_gives_every_layer_the_size_of_the_model(table: Any) -> None:
    assert counted(table) == expected(3, 3, 3, 3, 3)
    assert counted(table, global_state=7, state=4) == expected(4, 4, 4, 4, 4)


def test_each_layer_is_counted_at_its_own_size() -> None:
    table = {"00": {"state": 9}, "2": {"state": 1}, "4": {"window": 2, "state": 3}}
    assert counted(table) == expected(9, 3, 1, 3, 3)


def test_a_file_with_a_table_has_no_other_depth() -> None:
    entry = PresentedEntry(parsed(content(), Path("hybrid.json")))
    config: dict[str, Any] = {"layer_types": WORDS, "per_layer_config": {"2": {"state": 1}}}
    model = read_config(config, FILE, entry=entry)
    assert {str(symbol) for symbol in model.symbols} == {"H", "state"}


def test_the_entry_reads_as_it_was_written() -> None:
    derived = parsed(content(), Path("hybrid.json"))
    assert parsed(json.loads(text(derived)), Path("hybrid.json")).rules == derived.rules


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ([], "expected an object of layers"),
        ({"5": {"state": 2}}, "expected an index of a layer below 5"),
        ({"-1": {"state": 2}}, "expected an index of a layer below 5"),
        ({"1": 3}, "layer 1: expected an object of sizes"),
        ({"1": {"state": 2}, "01": {"state": 3}}, "layer 1 twice"),
        ({"1": {"hidden_size": 2}}, "no formula covers 'hidden_size' for single layers"),
        ({"1": {"skip": ["mlp"]}}, "no formula covers 'skip' for single layers"),
        ({"1": {"window": [2]}}, "no formula covers 'window' for single layers"),
        ({"1": {"state": "2"}}, "layer 1, state: expected an integer"),
        ({"1": {"state": None}}, "layer 1, state: expected an integer"),
    ],
)
def test_what_no_formula_covers_is_refused(table: Any, problem: str) -> None:
    with pytest.raises(BadField, match=problem):
        counted(table)


def test_a_size_outside_the_layers_may_not_differ_between_them() -> None:
    model = content()
    model["heads"]["model"]["tensors"].append({"tensors": [["state", "other", "state"]]})
    entry = PresentedEntry(parsed(model, Path("hybrid.json")))
    config: dict[str, Any] = {"layer_types": WORDS, "per_layer_config": {"1": {"state": 2}}}
    with pytest.raises(BadField, match="state is in no layer"):
        read_config(config, FILE, entry=entry)
