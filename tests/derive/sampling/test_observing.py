"""Samples become observations, of a Python function in the place of model code."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from sympy import Symbol

from bertsym.derive.domain.field_domain import FieldDomain, Switch
from bertsym.derive.domain.space import Space
from bertsym.derive.sampling.failure_samples import minority_examples, more_like_rare
from bertsym.derive.sampling.observer import Observer
from bertsym.derive.sampling.one_field_changes import OneFieldChanges
from bertsym.derive.sampling.sampler import Sampler
from bertsym.derive.types import CannotDerive, Failure, Observation, tensor_kinds
from bertsym.symbols import E, H, L, tied
from tests.derive.fake_oracle import FakeOracle, Shapes, inventory
from tests.derive.sampling.spaces import free_space

SYMBOLS: dict[str, Symbol] = {"hidden": H, "layers": L, "width": E, "linked": tied}


def stack(hidden: int, layers: int, width: int, linked: bool) -> Shapes:
    """Return the shapes of a stack; `width` has an effect only if `linked` is true."""
    if hidden == 13:
        raise ValueError("13 is not allowed")
    shapes = {f"layer.{i}.weight": (hidden, hidden) for i in range(layers)}
    return {**shapes, "link": (hidden, width)} if linked else shapes


def space() -> Space:
    sizes = free_space(hidden=64, layers=12, width=32)
    axes = (*sizes.axes[:2], FieldDomain("width", 32, no_effect=True), FieldDomain("linked", False, Switch()))
    return Space({**sizes.base, "linked": False}, axes, ())


def oracle() -> Any:
    return FakeOracle(stack, "fake:build", hidden=64, layers=12, width=32, linked=False)


def differing(observation: Observation) -> set[Symbol]:
    before = observation.changed_from
    assert before is not None
    return {symbol for symbol, size in observation.sizes.items() if size != before.sizes[symbol]}


def test_an_observer_builds_what_is_accepted() -> None:
    observer = Observer(oracle(), space(), SYMBOLS)
    observation = observer.observe({"hidden": 7, "layers": 2, "width": 5, "linked": 0})
    assert observation is not None
    assert observation.sizes == {H: 7, L: 2, E: 5, tied: False}
    assert set(observation.inventory) == {"layer.0.weight", "layer.1.weight"}
    assert observer.observe({"hidden": 13}) is None
    assert len(observer.observe_all([{"hidden": 13}, {"hidden": 14}])) == 1


def test_an_observer_gives_up_with_the_reason() -> None:
    observer = Observer(oracle(), space(), SYMBOLS)
    steps, _ = observer.first_accepted([{"hidden": 13}, {"hidden": 3}])
    assert steps == {"hidden": 3}
    with pytest.raises(CannotDerive, match="rejects 2 samples in a row, the last for ValueError: 13 is not allowed"):
        observer.first_accepted([{"hidden": 13}] * 2)


def test_changes_of_one_field_differ_in_that_field_alone() -> None:
    changes = OneFieldChanges(Observer(oracle(), space(), SYMBOLS), Random(1))
    observations = [*changes.at_defaults({"layers": 12}), *changes.at_random_backgrounds()]
    changed = [one for one in observations if one.changed is not None]
    assert all(differing(one) == {one.changed} for one in changed)
    assert {one.changed for one in changed} == changes.changed == {H, L, E, tied}
    deepest = next(one for one in changed if one.changed is L)
    assert deepest.changed_from is not None
    assert (deepest.sizes[L], deepest.changed_from.sizes[L]) == (11, 12)


def test_a_field_without_effect_alone_is_found_with_a_switch_on() -> None:
    """`width` changes nothing at the defaults, so it is found by group testing at a background that is linked."""
    observer = Observer(oracle(), space(), SYMBOLS)
    changes = OneFieldChanges(observer, Random(1))
    linked = observer.observe({"hidden": 5, "layers": 2, "width": 4, "linked": 1})
    assert linked is not None
    assert {one.changed for one in changes.at_observation(linked)} == {None, H, L, E, tied}
    plain = observer.observe({"hidden": 5, "layers": 2, "width": 4, "linked": 0})
    assert plain is not None
    assert {one.changed for one in changes.at_observation(plain)} == {None, H, L, tied}


def test_the_sampler_redraws_required_samples() -> None:
    sampler = Sampler(oracle(), space(), SYMBOLS, Random(3))
    observations = sampler.mixed(60, edges=20)
    assert len(observations) > 80
    assert all(one.sizes[H] != 13 for one in observations)
    depths = {int(one.sizes[L]) for one in observations}
    assert depths > set(range(1, 7))
    assert depths & {10, 11, 12}
    sampler.extend_depths(["layers"])
    assert max(int(one.sizes[L]) for one in sampler.mixed(40)) > 12


def test_the_sampler_knows_which_symbols_have_an_effect() -> None:
    sampler = Sampler(oracle(), space(), SYMBOLS, Random(3))
    assert sampler.effective_symbols == {H, L, tied}
    sampler.one_field_changes()
    assert sampler.effective_symbols == {H, L, E, tied}
    assert list(sampler.traces) == []


def test_earlier_builds_are_observations_if_they_are_in_the_space() -> None:
    known = oracle()
    for hidden in (4, 5, 13, 6):
        known.build({"hidden": hidden, "layers": 2, "width": 3, "linked": False})
    known.build({"hidden": 0, "layers": 2, "width": 3, "linked": False})
    sampler = Sampler(known, space(), SYMBOLS, Random(3))
    assert [one.sizes[H] for one in sampler.earlier()] == [6, 5, 4]
    assert sampler.first_accepted["hidden"] == 4


def test_a_module_of_many_tensors_gets_fewer_samples() -> None:
    counts = []
    for tensors in (40, 400):

        def many(hidden: int, tensors: int = tensors) -> Shapes:
            return {f"w.{i}": (hidden,) for i in range(tensors)}

        large: Any = FakeOracle(many, "fake:build", hidden=8)
        sampler = Sampler(large, free_space(hidden=8), {"hidden": H}, Random(1))
        counts.append(len(sampler.adversarial()))
    assert counts == [600, 60]


def failed(tensor: str) -> Failure:
    return Failure(tensor, "dimension 0", "no formula")


def observed(sizes: Mapping[Symbol, int], shapes: Shapes) -> Observation:
    return Observation(dict(sizes), inventory(shapes))


def test_minority_examples_are_small_and_rare() -> None:
    common = [observed({H: size}, {"layer.0.gate": (size,)}) for size in (1, 2, 3, 4, 5)]
    missing = [observed({H: size}, {"other": (size,)}) for size in (30, 10, 20)]
    assert minority_examples([*common, *missing], [failed("layer.{}.gate")]) == [missing[1], missing[2]]
    assert minority_examples([*common[:2], *missing], [failed("layer.{}.gate")]) == common[:2]


def test_samples_like_a_rare_observation_keep_its_switches_and_depths() -> None:
    observer = Observer(oracle(), space(), SYMBOLS)
    plain = observer.observe({"hidden": 5, "layers": 2, "width": 4, "linked": 0})
    linked = observer.observe({"hidden": 5, "layers": 3, "width": 4, "linked": 1})
    assert plain is not None
    assert linked is not None
    new = more_like_rare(observer, Random(1), [plain, linked], [failed("link")])
    assert len(new) >= 20
    assert {(one.sizes[L], one.sizes[tied]) for one in new} == {(3, True)}
    assert len({one.sizes[H] for one in new}) > 10
    assert more_like_rare(observer, Random(1), [plain], [failed("link")]) == []


def test_layers_of_a_stack_are_one_kind() -> None:
    shapes = {"layer.0.weight": (2,), "layer.1.weight": (2,), "conv1.weight": (2,)}
    assert tensor_kinds(inventory(shapes)) == {"layer.#.weight", "conv1.weight"}
