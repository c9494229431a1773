"""Constraint acquisition against a fake oracle: constraints between two fields, learned from rejected samples."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from bertsym.derive.domain.constraint_acquisition import ConstraintLearner, acquire_constraints, is_necessary, unfreeze
from bertsym.derive.domain.field_domain import Bounded, Choice, Determined, FieldDomain, Free, MultipleOf, Switch
from bertsym.derive.domain.pair_constraints import pair_constraints
from bertsym.derive.domain.space import FixedBy, FixedField, Space
from tests.derive.fake_oracle import FakeOracle, Shapes, require

SEEDS = range(5)


def free_space(base: dict[str, Any], *fixed: str) -> Space:
    """Return a space without constraints around a base, some of its fields being fixed by the derivation."""
    axes = [
        FieldDomain(name, number, Switch() if isinstance(number, bool) else Free())
        for name, number in base.items()
        if name not in fixed
    ]
    return Space(base, tuple(axes), tuple(FixedField(name, "no other value was accepted") for name in fixed))


def acquire(shapes: Any, seed: int, **base: Any) -> tuple[Space, FakeOracle]:
    """Return the space that is learned, after its samples were accepted."""
    oracle: Any = FakeOracle(shapes, **base)
    space = acquire_constraints(oracle, free_space(base), Random(seed))
    samples = [space.fields(space.sample(Random(number))) for number in range(40)]
    accepted = sum(oracle.build(fields) is not None for fields in samples)
    assert accepted >= 38, "almost all samples of a learned space are accepted"
    return space, oracle


def test_a_second_divisor_is_learned() -> None:
    def shapes(hidden: int, heads: int, decoder_heads: int) -> Shapes:
        require(hidden % heads == 0 and hidden % decoder_heads == 0)
        return {"w": (hidden,)}

    base = {"hidden": 1024, "heads": 16, "decoder_heads": 16}
    oracle: Any = FakeOracle(shapes, **base)
    hidden = FieldDomain("hidden", 1024, MultipleOf(("heads",)))
    axes = (FieldDomain("heads", 16), FieldDomain("decoder_heads", 16), hidden)
    learner = ConstraintLearner(oracle, Space(base, axes, ()), Random(0))
    learner.learn({"heads": 5, "decoder_heads": 16, "hidden": 3})
    learned = learner.space.axis("hidden")
    assert learned is not None
    assert learned.multiple_of == ("heads", "decoder_heads")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_field_varies_only_while_a_switch_is_off(seed: int) -> None:
    def shapes(*, banded: bool, window: int, hidden: int) -> Shapes:
        require(not banded or hidden % window == 0)
        return {"w": (hidden, window)}

    space, _ = acquire(shapes, seed, banded=False, window=1, hidden=4096)
    assert not space.fixed
    assert {axis.name: axis.only_if for axis in space.axes if axis.only_if} == {"window": (("banded", False),)}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bound_is_learned(seed: int) -> None:
    def shapes(window: int, positions: int) -> Shapes:
        require(window <= positions)
        return {"w": (window, positions)}

    space, _ = acquire(shapes, seed, window=128, positions=512)
    assert not space.fixed
    bounds = {(axis.name, axis.at_most or axis.greater_than) for axis in space.axes}
    assert bounds & {("window", "positions"), ("positions", "window")}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_period_follows_an_offset_that_cannot_grow_alone(seed: int) -> None:
    """Jamba: `expert_layer_offset` is 1, below an `expert_layer_period` of 2."""

    def shapes(offset: int, period: int, hidden: int) -> Shapes:
        require(offset < period)
        return {"w": (offset, period, hidden)}

    base = {"offset": 1, "period": 2, "hidden": 64}
    axes = (FieldDomain("offset", 1, min_steps=0), FieldDomain("period", 2, min_steps=2), FieldDomain("hidden", 64))
    oracle: Any = FakeOracle(shapes, **base)
    space = acquire_constraints(oracle, Space(base, axes, ()), Random(seed))
    period = space.axis("period")
    assert period is not None
    assert (period.greater_than, period.min_steps) == ("offset", 1)
    assert not space.fixed


@pytest.mark.parametrize("seed", SEEDS)
def test_a_guard_is_learned(seed: int) -> None:
    def shapes(*, cross: bool, decoder: bool, hidden: int) -> Shapes:
        require(decoder or not cross)
        return {"w": (hidden,)} | ({"c": (hidden,)} if cross else {})

    space, _ = acquire(shapes, seed, cross=False, decoder=True, hidden=64)
    assert not space.fixed
    guards = {(axis.name, axis.only_if) for axis in space.axes if axis.only_if}
    assert guards <= {("cross", (("decoder", True),)), ("decoder", (("cross", False),))}
    assert guards


@pytest.mark.parametrize("seed", SEEDS)
def test_values_that_are_rejected_alone_are_left_out(seed: int) -> None:
    def shapes(hidden: int, width: int) -> Shapes:
        require(hidden % 4 == 0 and width <= 100)
        return {"w": (hidden, width)}

    space, _ = acquire(shapes, seed, hidden=64, width=32)
    hidden, width = space.axis("hidden"), space.axis("width")
    assert hidden is not None
    assert width is not None
    assert hidden.stride == 4
    assert 32 <= width.max_steps <= 100


def test_a_field_without_a_fitting_constraint_is_fixed() -> None:
    def shapes(first: int, second: int, hidden: int) -> Shapes:
        require((first * 7 + second * 3) % 11 == 6 or (first, second) == (8, 5))
        return {"w": (first, second, hidden)}

    oracle: Any = FakeOracle(shapes, first=8, second=5, hidden=64)
    space = acquire_constraints(oracle, free_space(dict(oracle.description.fields)), Random(2))
    assert {field.name for field in space.fixed} & {"first", "second"}
    assert {field.fixed_by for field in space.fixed} == {FixedBy.DERIVATION}
    hidden = space.axis("hidden")
    assert hidden is not None
    assert hidden.is_free


def test_a_field_without_effect_is_fixed_as_one() -> None:
    def shapes(hidden: int, unused: int) -> Shapes:
        require(hidden == 64 or unused == 5 or (31 * hidden + 17 * unused) % 7 > 3)
        return {"w": (hidden,)}

    base = {"hidden": 64, "unused": 5}
    oracle: Any = FakeOracle(shapes, **base)
    axes = (FieldDomain("hidden", 64), FieldDomain("unused", 5, no_effect=True))
    learner = ConstraintLearner(oracle, Space(base, axes, ()), Random(0))
    learner.learn({"hidden": 70, "unused": 7})
    assert [(field.name, field.fixed_by) for field in learner.space.fixed] == [("unused", FixedBy.NO_EFFECT)]


def test_a_field_is_bounded_if_large_values_are_rejected_alone() -> None:
    def shapes(hidden: int, patches: int) -> Shapes:
        require(patches < 60)
        return {"w": (hidden, patches)}

    base = {"hidden": 64, "patches": 5}
    oracle: Any = FakeOracle(shapes, **base)
    learner = ConstraintLearner(oracle, free_space(base), Random(0))
    learner.learn({"hidden": 90, "patches": 400})
    patches = learner.space.axis("patches")
    assert patches is not None
    assert (patches.min_steps, patches.max_steps) == (1, 59)


def test_an_accepted_sample_teaches_nothing() -> None:
    oracle: Any = FakeOracle(lambda hidden: {"w": (hidden,)}, hidden=8)
    space = free_space({"hidden": 8})
    learner = ConstraintLearner(oracle, space, Random(0))
    learner.learn({"hidden": 30})
    assert learner.space is space


@pytest.mark.parametrize("seed", SEEDS)
def test_large_values_of_slow_code_are_not_sampled(seed: int) -> None:
    def shapes(image: int, patch: int, hidden: int) -> Shapes:
        if (image // patch) ** 2 > 900:
            raise TimeoutError("it takes longer than 2 seconds there")
        return {"w": (image, patch, hidden)}

    oracle: Any = FakeOracle(shapes, image=224, patch=16, hidden=64)
    space = acquire_constraints(oracle, free_space(dict(oracle.description.fields)), Random(seed))
    assert not space.fixed
    samples = [space.fields(space.sample(Random(number))) for number in range(60)]
    assert sum(oracle.build(fields) is None for fields in samples) < 20


def test_a_constraint_is_necessary_if_breaking_it_is_rejected() -> None:
    def shapes(hidden: int, heads: int, stride: int, encoder_heads: int) -> Shapes:
        require(hidden % heads == 0)
        return {"w": (hidden, stride, encoder_heads)}

    base = {"hidden": 768, "heads": 12, "stride": 2, "encoder_heads": 12}
    oracle: Any = FakeOracle(shapes, **base)
    space = Space(base, (FieldDomain("heads", 12),), ())
    assert is_necessary(oracle, space, FieldDomain("hidden", 768, MultipleOf(("heads",))))
    assert not is_necessary(oracle, space, FieldDomain("hidden", 768, MultipleOf(("stride",))))
    assert not is_necessary(oracle, space, FieldDomain("encoder_heads", 12, Determined(("heads",))))


def test_a_field_that_follows_is_no_reason_for_a_constraint() -> None:
    """Heads may change with the text model's width alone, so the image model's width is no multiple of them."""

    def shapes(text: int, heads: int, image: int) -> Shapes:
        require(text % heads == 0)
        return {"w": (text, image)}

    base = {"text": 768, "heads": 12, "image": 768}
    oracle: Any = FakeOracle(shapes, **base)
    heads = FieldDomain("heads", 12)
    text, image = (FieldDomain(name, 768, MultipleOf(("heads",))) for name in ("text", "image"))
    assert is_necessary(oracle, Space(base, (heads,), ()), text)
    assert not is_necessary(oracle, Space(base, (heads, text), ()), image)


def test_candidates_between_two_fields_come_from_the_weakest_on() -> None:
    base = {"hidden": 64, "heads": 4, "tied": True}
    axes = (FieldDomain("hidden", 64, min_steps=0), FieldDomain("heads", 4), FieldDomain("tied", True, Switch()))
    space = Space(base, axes, ())
    candidates = list(pair_constraints(space, axes[0], axes[1]))
    assert candidates[0] == FieldDomain("hidden", 64, min_steps=1)
    allowed = [(axis.name, axis.allowed) for axis in candidates]
    bound = allowed.index(("hidden", Bounded(Free(), at_most="heads")))
    multiple = allowed.index(("hidden", MultipleOf(("heads",))))
    assert bound < multiple < allowed.index(("hidden", Determined(("heads",), 16)))
    assert ("heads", MultipleOf(("hidden",))) in allowed
    guards = [(axis.name, axis.only_if) for axis in pair_constraints(space, axes[1], axes[2])]
    assert guards == [
        ("heads", (("tied", False),)),
        ("heads", (("tied", True),)),
        ("tied", (("heads", 4),)),
    ]


def test_a_width_does_not_bound_a_depth() -> None:
    depth, width = FieldDomain("layers", 4, is_depth=True), FieldDomain("width", 8)
    space = Space({"layers": 4, "width": 8}, (depth, width), ())
    bounded = [(axis.name, axis.at_most) for axis in pair_constraints(space, depth, width) if axis.at_most]
    assert bounded == [("width", "layers")]


def test_a_choice_loses_the_value_that_is_rejected() -> None:
    def shapes(kernel: int, hidden: int) -> Shapes:
        require(kernel != 7)
        return {"w": (kernel, hidden)}

    base = {"kernel": 3, "hidden": 8}
    oracle: Any = FakeOracle(shapes, **base)
    axes = (FieldDomain("kernel", 3, Choice((3, 5, 7))), FieldDomain("hidden", 8))
    learner = ConstraintLearner(oracle, Space(base, axes, ()), Random(0))
    learner.learn({"kernel": 2, "hidden": 9})
    kernel = learner.space.axis("kernel")
    assert kernel is not None
    assert kernel.options == (3, 5)


def test_the_model_code_fixes_what_it_accepts_nowhere() -> None:
    def shapes(*, is_encoder: bool, hidden: int) -> Shapes:
        require(is_encoder)
        return {"w": (hidden,)}

    base = {"is_encoder": True, "hidden": 64}
    oracle: Any = FakeOracle(shapes, **base)
    space = unfreeze(oracle, free_space(base, "is_encoder"), Random(3))
    assert [(field.name, field.fixed_by) for field in space.fixed] == [("is_encoder", FixedBy.CODE)]


def test_a_field_that_is_accepted_elsewhere_varies_again() -> None:
    """As DeepSeek's `topk_group`, of which only 1 is accepted until there are more groups."""

    def shapes(groups: int, chosen: int, hidden: int) -> Shapes:
        require(0 < chosen <= groups)
        return {"w": (groups, chosen, hidden)}

    base = {"groups": 1, "chosen": 1, "hidden": 64}
    oracle: Any = FakeOracle(shapes, **base)
    space = unfreeze(oracle, free_space(base, "chosen"), Random(3))
    assert not space.fixed
    assert space.axis("chosen") is not None


def test_a_missing_package_does_not_fix_a_field() -> None:
    def shapes(*, fast: bool, hidden: int) -> Shapes:
        if fast:
            raise ImportError("flash_attn")
        return {"w": (hidden,)}

    base = {"fast": False, "hidden": 64}
    oracle: Any = FakeOracle(shapes, **base)
    space = unfreeze(oracle, free_space(base, "fast"), Random(3))
    assert [field.fixed_by for field in space.fixed] == [FixedBy.DERIVATION]
