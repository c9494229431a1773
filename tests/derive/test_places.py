"""Layers that are not all alike: which of them, by a rule, by a list, by stages, or by a power of two."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym.answers.derived import derived_formula
from bertsym.config.configfile import read_config
from bertsym.count import count
from bertsym.derive.derivation import Derivation
from bertsym.errors import Unreadable
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.presentation import PresentedEntry
from bertsym.symbols import H, L

Find = Callable[..., tuple[Derivation, Derived]]


def test_the_first_every_fourth_and_the_last(find: Find) -> None:
    found, derived = find("tests.derive.layered:hybrid", hidden=16, layers=30)
    model = derived.model()
    for layers in (1, 2, 3, 6, 29, 48, 101):
        wide = sum(i < 2 or i % 4 == 1 or i == layers - 1 for i in range(layers))
        weights = 5 * 5 * (3 * wide + layers - wide) + 5 * (3 * wide + layers - wide)
        assert count(model.with_sizes({H: 5, L: layers})) == weights
    axis = found.space.axis("layers")
    assert axis is not None
    assert axis.value_count == 20  # a rule that counts layers off is tried in deep stacks


def test_every_third_or_else_the_last(find: Find) -> None:
    _, derived = find("tests.derive.layered:beside", hidden=16, layers=12)
    model = derived.model()
    for layers in (1, 2, 3, 5, 17, 60):
        gated = len({*range(2, layers, 3)} or {layers - 1})
        assert count(model.with_sizes({H: 7, L: layers})) == layers * 56 + gated * 8


def test_the_last_and_the_one_before_some(find: Find) -> None:
    _, derived = find("tests.derive.layered:normed", hidden=16, layers=14, timed=4)
    (timed,) = derived.model().symbols - {H, L}
    for layers, last in ((1, 0), (1, 1), (9, 3), (4, 7), (33, 20), (5, 5)):
        norms = len({layers - last - 1, layers - 1} & set(range(layers)))
        assert count(derived.model().with_sizes({H: 7, L: layers, timed: last})) == layers * 16 + norms * 14


def test_one_of_two_conditions_within_a_third(find: Find) -> None:
    _, derived = find("tests.derive.layered:reduced", hidden=16, stages=3, ratio=2, rank=5)
    (reduction,) = (tensor for tensor in derived.tensors if tensor.name == "reduction.weight")
    names = {str(symbol): symbol for symbol in derived.model().symbols}
    for stages, ratio, rank in ((1, 2, 5), (2, 1, 1), (2, 2, 1), (3, 1, 4), (2, 7, 9)):
        at = reduction.when.xreplace({names["stages"]: stages, names["ratio"]: ratio, names["rank"]: rank})
        assert bool(at) == (stages > 1 and (ratio > 1 or rank > 1))


@pytest.mark.parametrize("seed", [0, 26, 29, 34])
def test_a_shortcut_where_a_size_without_effect_of_its_own_is_not_1(find: Find, seed: int) -> None:
    found, derived = find("tests.derive.layered:shortcut", seed=seed, hidden=96, out=64, stride=2)
    assert "stride" in found.space.fields_without_effect
    names = {str(symbol): symbol for symbol in derived.model().symbols}
    small = [(1, 1, 1), (1, 2, 5), (2, 2, 9), (4, 4, 4)]
    for hidden, out, stride in (*small, (7, 7, 1), (7, 7, 2), (7, 6, 1), (99, 99, 1)):
        projected = hidden * out if stride != 1 or hidden != out else 0
        sizes = {H: hidden, names["out"]: out, names["stride"]: stride}
        assert count(derived.model().with_sizes(sizes)) == 9 * hidden * out + out + projected


@pytest.mark.parametrize("seed", [14, 23])
def test_layers_that_begin_past_the_end(find: Find, seed: int) -> None:
    found, derived = find("tests.derive.layered:routed", seed=seed, hidden=64, layers=12, first=2, every=3)
    first, every = found.symbols["first"], found.symbols["every"]
    for layers, start, step in ((22, 18, 2), (22, 30, 2), (3, 2, 2), (9, 8, 8), (9, 1, 9)):
        sparse = sum(i >= start and i % step == 0 for i in range(layers))
        sizes = {H: 5, L: layers, first: start, every: step}
        assert count(derived.model().with_sizes(sizes)) == 5 * (6 * layers + 2 * sparse), sizes


def test_the_last_stage_of_the_code_as_it_comes(find: Find) -> None:
    _, derived = find("tests.derive.layered:pyramid", image=224, patch=4, stages=4)
    names = {str(symbol): symbol for symbol in derived.model().symbols}
    for image, patch, stages in ((224, 4, 4), (999, 3, 4), (513, 7, 2), (64, 5, 3)):
        sizes = {names["image"]: image, names["patch"]: patch, names["stages"]: stages}
        sides = [image // 2 ** (i + 1) // patch for i in range(stages)]
        assert count(derived.model().with_sizes(sizes)) == sum(side * side for side in sides) + 1


@pytest.mark.parametrize("late", [0, 1])
def test_every_so_many_from_a_size_on(find: Find, late: int) -> None:
    code = "tests.derive.layered:late" if late else "tests.derive.layered:early"
    _, derived = find(code, hidden=16, layers=12, every=3, first=2)
    names = {str(symbol): symbol for symbol in derived.model().symbols}
    for layers, every, first in ((12, 3, 2), (1, 1, 4), (9, 4, 7), (30, 5, 11), (6, 2, 6), (40, 7, 1)):
        routed = sum(i >= first and (i + late) % every == 0 for i in range(layers))
        sizes = {H: 5, L: layers, names["every"]: every, names["first"]: first}
        assert count(derived.model().with_sizes(sizes)) == layers * 10 + 18 * routed + 24 * (layers - routed)


def test_a_power_of_two_is_known_as_far_as_it_was_tried(find: Find) -> None:
    found, derived = find("tests.derive.layered:halved", hidden=6, factor=8)
    assert not found.space.fixed
    model, factor = derived.model(), found.symbols["factor"]
    for size in (1, 2, 3, 4, 7, 8, 15, 16, 19):
        halvings = size.bit_length() - 1
        assert count(model.with_sizes({H: 4, factor: size})) == 12 + halvings * (4 * 4 * 3 + 4)
    with pytest.raises(Unreadable, match="at most 20"):
        model.with_sizes({factor: 32})


def test_what_only_some_of_the_last_layers_lack(find: Find) -> None:
    found, derived = find("tests.derive.layered:shared", hidden=8, layers=30, shared=10)
    model = derived.model()
    for layers, shared in ((30, 10), (30, 29), (4, 0), (25, 13)):
        sizes = {H: 9, L: layers, found.symbols["shared"]: shared}
        assert count(model.with_sizes(sizes)) == layers * 20 + (layers - shared) * 10


def test_layers_that_a_list_names_in_any_order_or_twice(find: Find, transformers: Any, torch: Any) -> None:
    found, derived = find("sam_vision_model")
    assert not found.space.fixed
    for named in ([2, 5, 8, 11], [7, 1, 1, 3], [0, 10, 4, 0], [6]):
        config = transformers.SamVisionConfig(global_attn_indexes=named, num_hidden_layers=12)
        with torch.device("meta"):
            real = transformers.SamVisionModel(config)
        read = read_config(config.to_dict(), Path("config.json"), entry=PresentedEntry(derived))
        assert count(read) == sum(p.numel() for p in real.parameters())


def test_stages_without_layers(find: Find, transformers: Any, torch: Any) -> None:
    found, derived = find("funnel")
    assert not found.space.fixed
    for depths in ([1, 0, 2], [0, 0, 1], [3, 1, 0]):
        with torch.device("meta"):
            real = transformers.FunnelModel(transformers.FunnelConfig(block_sizes=depths))
        entries = {found.symbols[f"block_sizes[{k}]"]: depth for k, depth in enumerate(depths)}
        named = derived.model().with_sizes({**derived.defaults, **entries})
        assert count(named) == sum(p.numel() for p in real.parameters())


def test_what_the_code_takes_at_one_value_only_is_held(find: Find) -> None:
    found, derived = find("xlm")
    assert not derived.fixed_by_derivation
    assert dict(derived.fixed_by_code) == {"is_encoder": True}
    said: Any = derived_formula(found).record()
    assert (said["fixed_by_derivation"], said["fixed_by_code"]) == (
        [],
        [{"field": "is_encoder", "why": "the code accepts no other value"}],
    )
    assert [one.why for one in found.space.fixed if one.name == "is_encoder"] == ["the code accepts no other value"]
