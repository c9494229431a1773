from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from sympy import Symbol

from bertsym import load
from bertsym.algebra import Value, free
from bertsym.count import count, total
from bertsym.errors import (
    BertsymError,
    Conflict,
    InvalidModel,
    MissingSize,
    NegativeSize,
    NotAnInteger,
    UnknownName,
    Unreadable,
)
from bertsym.model import Architecture, Definition
from bertsym.symbols import BY_NAME, F, H, L, N, T, V, d, ffn_ratio, heads
from bertsym.zoo import ARCHITECTURES, named
from bertsym.zoo.bert import bert

BASE = named("bert-base-uncased")


def test_a_derived_size_takes_the_place_of_what_it_follows_from() -> None:
    wide = BASE.with_sizes({F: 4096})
    assert (wide.given[ffn_ratio], F in wide.given) == (Fraction(16, 3), False)
    small_heads = BASE.with_sizes({H: 1024, d: 64})
    assert small_heads.given[heads] == 16


def test_the_ratio_stays_when_the_hidden_size_changes() -> None:
    assert BASE.with_sizes({H: 1020}).given[ffn_ratio] == 4


def test_a_derived_size_without_its_partners_is_kept() -> None:
    open_model = named("bert").with_sizes({F: 4096})
    assert ffn_ratio not in total(open_model).free_symbols
    assert F in total(open_model).free_symbols
    assert open_model.with_sizes({V: 30522, N: 512, H: 1024, L: 24}).given[ffn_ratio] == 4


@pytest.mark.parametrize(
    ("sizes", "kind"),
    [
        ({F: 3072, ffn_ratio: 3}, Conflict),
        ({d: 64, heads: 3}, Conflict),
        ({H: 770}, NotAnInteger),
        ({d: 7}, NotAnInteger),
        ({ffn_ratio: Fraction(1, 5)}, NotAnInteger),
        ({H: 0}, Unreadable),
        ({H: -1}, Unreadable),
        ({H: Fraction(3, 2)}, Unreadable),
        ({ffn_ratio: 0}, Unreadable),
        ({T: -1}, Unreadable),
        ({H: True}, Unreadable),
        ({H: 768.0}, Unreadable),
    ],
)
def test_sizes_that_no_model_can_have(sizes: dict[Any, Any], kind: type[BertsymError]) -> None:
    with pytest.raises(kind):
        BASE.with_sizes(sizes)


def test_a_derived_size_below_0_is_no_model() -> None:
    for name, setting in (("kimi_linear-default", {"L_full": 33}), ("bailing_hybrid-default", {"L_dense": 44})):
        model = load(name)
        with pytest.raises(NegativeSize):
            model.at(**setting)
        compiled = model.compile(*setting)
        with pytest.raises(NegativeSize):
            compiled(*setting.values())


def test_what_is_missing_is_named() -> None:
    with pytest.raises(MissingSize, match=r"no value for V \(vocabulary size\): pass --at V=30522, or name a size"):
        count(named("bert").with_sizes({N: 512, H: 768, L: 12, ffn_ratio: 4}))


def test_heads_need_not_be_known_for_a_count() -> None:
    assert count(named("bert").with_sizes({V: 30522, N: 512, H: 768, L: 12, ffn_ratio: 4})) == 109482240


@pytest.mark.parametrize("name", ["bertt", "", "bert base", "bert-base", "../bert"])
def test_unknown_names(name: str) -> None:
    with pytest.raises(UnknownName):
        named(name)


@pytest.mark.parametrize("name", ["google/bert_uncased_L-2_H-128_A-2", "google-bert/bert-base-uncased"])
def test_hub_names_are_understood(name: str) -> None:
    assert count(named(name)) > 0


def test_a_definition_must_invert() -> None:
    parts: dict[str, Any] = {
        "name": "x",
        "title": "X",
        "paper": "",
        "heads": bert.heads,
        "sizes": bert.sizes,
        "base": bert.base,
        "schema": bert.schema,
    }
    with pytest.raises(InvalidModel, match="does not invert"):
        Architecture(definitions=(Definition(d, H / heads, heads, H * d),), **parts)
    with pytest.raises(InvalidModel, match="is not among its sizes"):
        Architecture(**{**parts, "definitions": bert.definitions, "base": "nothing"})


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_every_head_is_a_valid_declaration(name: str) -> None:
    for head in ARCHITECTURES[name].heads:
        assert named(name).with_head(head).tensors


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_an_architecture_is_called_as_its_configurations_call_it(name: str) -> None:
    assert ARCHITECTURES[name].name == ARCHITECTURES[name].schema.model_type == name


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_every_named_size_is_complete(name: str) -> None:
    for size in ARCHITECTURES[name].sizes:
        for head in ARCHITECTURES[name].heads:
            assert count(named(size).with_head(head)) > 0


def test_counts_are_exact_at_any_size() -> None:
    huge: dict[str, Value] = {"V": 10**20 + 1, "N": 10**18, "H": 10**15 + 7, "L": 10**6 + 1, "ffn_ratio": 4}
    v, n, h, layers = huge["V"], huge["N"], huge["H"], huge["L"]
    model = named("bert").with_sizes({BY_NAME[name].symbol: value for name, value in huge.items()})
    assert count(model) == 12 * layers * h**2 + 13 * layers * h + (v + n + 5) * h + h**2


def test_definitions_are_closed_over_one_another() -> None:
    """One substitution leaves no derived size, whichever sizes are given."""
    for architecture in ARCHITECTURES.values():
        for given in (frozenset[Symbol](), architecture.derived):
            closed = architecture.closed(given)
            assert not set(closed) & set().union(*(free(value) for value in closed.values()))
