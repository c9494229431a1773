"""Formulas over lists with an entry a layer, from observations of random lists."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from sympy import Symbol

from bertsym.arrangements import arranged
from bertsym.derive.domain.field_domain import Choice, FieldDomain
from bertsym.derive.domain.space import Space
from bertsym.derive.domain.symbol_names import layer_lists, symbols
from bertsym.derive.layer_list_field import ListField
from bertsym.derive.synthesis.observations import LayerLists
from bertsym.derive.synthesis.synthesize import synthesize
from bertsym.derive.types import Observation
from bertsym.derive.verification.check import first_mismatch
from bertsym.saved_model.layer_lists import LayerList
from bertsym.symbols import H, L

from .observing import Shapes, Sizes, built

SEED = 20261128
KINDS = ListField("layer_types", (("full_attention",), ("conv", "linear"), ("moe",)), (0, 1, 2), "num_hidden_layers")
SPACE = Space(
    {"num_hidden_layers": 3, "hidden_size": 8, "layer_types": 0},
    (
        FieldDomain("num_hidden_layers", 3, is_depth=True),
        FieldDomain("hidden_size", 8),
        FieldDomain("layer_types", 0, Choice(tuple(range(64)))),
    ),
    (),
)
NAMED = symbols(SPACE, keep=False, lists=[KINDS])
(LIST,) = layer_lists([KINDS], NAMED)


def code(sizes: Sizes) -> Shapes:
    """Return a norm a layer, attention and a gate in some kinds, a feed-forward width by kind, one shared tensor."""
    *amounts, order = (sizes[symbol] for symbol in LIST.symbols)
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, kind in enumerate(arranged(order, tuple(amounts))):
        shapes[f"layers.{layer}.norm"] = (sizes[H],)
        shapes[f"layers.{layer}.up"] = (2 * sizes[H] if kind == 1 else sizes[H] + 3,)
        if kind == 0:
            shapes[f"layers.{layer}.query"] = (sizes[H], sizes[H])
        if kind in (1, 2):
            shapes[f"layers.{layer}.gate"] = (sizes[H],)
    if amounts[2]:
        shapes["shared.router"] = (sizes[H],)
    return shapes


def drawn(random: Random, numbers: Mapping[str, int] | None = None) -> dict[Symbol, Any]:
    fields = {"layers": random.randint(1, 6), "hidden": random.randint(1, 60), "list": random.randint(1, 63)}
    fields |= numbers or {}
    kinds = KINDS.kinds_at(fields["list"], fields["layers"])
    return {L: fields["layers"], H: fields["hidden"], **LIST.sizes(kinds)}


def observations(random: Random, count: int) -> list[Observation]:
    """Return random builds, and the same builds with another list, another width, another number of layers."""
    found = []
    for _ in range(count):
        fields = {"layers": random.randint(1, 6), "hidden": random.randint(1, 60), "list": random.randint(1, 63)}
        before = built(code, drawn(random, fields))
        found.append(before)
        for name, symbol in (("layers", L), ("hidden", H), ("list", LIST.order)):
            sizes = drawn(random, fields | {name: fields[name] + 1})
            found.append(Observation(sizes, built(code, sizes).inventory, before, symbol))
    return found


def test_a_list_has_a_size_for_each_kind_of_layer() -> None:
    assert NAMED["num_hidden_layers"] == L
    assert [str(kind.count) for kind in LIST.kinds] == ["L_full", "L_conv", "L_moe"]
    assert str(LIST.order) == "layer_types"


@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
def test_tensors_stand_in_the_layers_of_their_kinds(seed: int) -> None:
    random = Random(seed)
    active = {L, H, *(kind.count for kind in LIST.kinds)}
    candidate = synthesize(observations(random, 14), active, (), LayerLists((), (), (LIST,)))
    assert candidate.refused == ()
    over = {
        tensor.name: [loop.kinds for loop in tensor.loops] for tensor in candidate.tensors if "up" not in tensor.name
    }
    assert over == {"layers.{}.norm": [()], "layers.{}.query": [(0,)], "layers.{}.gate": [(1, 2)], "shared.router": []}
    for _ in range(40):
        assert first_mismatch(candidate.tensors, built(code, drawn(random, {"layers": random.randint(1, 15)}))) is None


def test_the_kinds_together_are_the_layers() -> None:
    first = LIST.definition(L, defines_length=True)
    assert first.symbol == L
    assert first.value == sum(kind.count for kind in LIST.kinds)
    second: LayerList = LIST
    further = second.definition(L, defines_length=False)
    assert further.symbol in {kind.count for kind in LIST.kinds}
    assert further.inverse is not None
    assert further.adjusts is not None
    assert further.value.xreplace({further.adjusts: further.inverse}) == further.symbol
