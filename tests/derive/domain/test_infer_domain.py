"""The first estimate of the domains, against fake oracles with the habits of model code."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from bertsym.derive.domain.field_domain import Choice, Determined, FieldDomain, MultipleOf
from bertsym.derive.domain.infer_domain import infer_domain
from bertsym.derive.domain.space import FixedBy, Space
from bertsym.derive.limits import LAYER_INDEX_VALUES
from bertsym.derive.types import CannotDerive
from tests.derive.fake_oracle import FakeOracle, Shapes, require


def infer(shapes: Any, seed: int = 0, /, **defaults: Any) -> Space:
    oracle: Any = FakeOracle(shapes, **defaults)
    space = infer_domain(oracle, Random(seed))
    assert oracle.build(space.base) is not None
    return space


def axis_of(space: Space, name: str) -> FieldDomain:
    axis = space.axis(name)
    assert axis is not None
    return axis


def transformer(
    hidden: int, heads: int, num_layers: int, ffn: int, dropout: Fraction, pad_token_id: int, *, tied: bool, mixed: bool
) -> Shapes:
    del dropout, pad_token_id, mixed
    require(heads > 0 and hidden % heads == 0)
    shapes: dict[str, tuple[int, ...]] = {"embedding": (hidden,)}
    for index in range(num_layers):
        shapes |= {f"layer.{index}.attention": (hidden, hidden), f"layer.{index}.ffn": (hidden, ffn)}
    return shapes if tied else shapes | {"decoder": (hidden,)}


DEFAULTS = {
    "hidden": 768,
    "heads": 12,
    "num_layers": 12,
    "ffn": 3072,
    "dropout": Fraction(1, 10),
    "pad_token_id": 0,
    "tied": True,
    "mixed": False,
}


@pytest.mark.parametrize("seed", range(4))
def test_the_domains_of_a_transformer(seed: int) -> None:
    space = infer(transformer, seed, **DEFAULTS)
    assert not space.fixed
    hidden, heads, layers = (axis_of(space, name) for name in ("hidden", "heads", "num_layers"))
    assert hidden.allowed == MultipleOf(("heads",))
    assert heads.is_divisor
    assert (layers.is_depth, layers.base, space.base["num_layers"]) == (True, 3, 3)
    assert axis_of(space, "tied").is_switch
    assert set(space.fields_without_effect) == {"dropout", "pad_token_id", "mixed"}
    assert axis_of(space, "dropout").allowed == Choice((Fraction(1, 10), Fraction(1, 20)))
    names = [axis.name for axis in space.axes]
    assert names.index("heads") < names.index("hidden")


def test_defaults_that_do_not_build_are_refused_with_the_reason() -> None:
    with pytest.raises(CannotDerive, match="do not build: ValueError: hidden is too small"):
        infer(lambda hidden: require(hidden > 9, "hidden is too small"), hidden=8)


def test_a_switch_may_need_another_one() -> None:
    def shapes(*, decoder: bool, cross: bool, hidden: int) -> Shapes:
        require(decoder or not cross)
        return {"w": (hidden,)} | ({"c": (hidden,)} if cross else {})

    space = infer(shapes, decoder=False, cross=False, hidden=8)
    assert axis_of(space, "cross").only_if == (("decoder", True),)


def test_a_switch_without_another_value_is_fixed() -> None:
    def shapes(*, encoder: bool, hidden: int) -> Shapes:
        require(encoder)
        return {"w": (hidden,)}

    space = infer(shapes, encoder=True, hidden=8)
    assert [(field.name, field.why) for field in space.fixed] == [("encoder", "the other value was refused")]


def test_the_length_of_a_list_is_fixed_by_the_code() -> None:
    def shapes(stages: int, **depths: int) -> Shapes:
        require(stages == len(depths))
        return {f"{name}.{index}": (5,) for name, depth in depths.items() for index in range(depth)}

    space = infer(shapes, **{"stages": 2, "depths[0]": 2, "depths[1]": 3})
    assert [(field.name, field.fixed_by) for field in space.fixed] == [("stages", FixedBy.CODE)]
    assert axis_of(space, "depths[0]").is_depth


def test_a_negative_number_with_an_effect_is_fixed() -> None:
    space = infer(lambda hidden, start: {"w": (hidden + max(start, 0),)}, hidden=8, start=-1)
    assert [(field.name, field.fixed_by) for field in space.fixed] == [("start", FixedBy.DERIVATION)]


def test_a_stride_is_sampled_up_to_where_nothing_is_left() -> None:
    space = infer(lambda image, stride: {"w": (image // stride, 4)} if stride else {}, image=40, stride=2)
    assert axis_of(space, "stride").max_steps == 40


def test_a_divisor_has_an_effect_once_its_multiples_follow() -> None:
    """The number of heads changes no tensor while the width stays."""

    def shapes(hidden: int, heads: int) -> Shapes:
        require(heads > 0 and hidden % heads == 0)
        return {"w": (hidden, hidden)}

    assert not axis_of(infer(shapes, hidden=64, heads=4), "heads").no_effect


def test_many_depths_are_sampled_from_few_values() -> None:
    def shapes(**depths: int) -> Shapes:
        return {f"{name}.{index}": (5,) for name, depth in depths.items() for index in range(depth)}

    space = infer(shapes, **{f"depths[{index}]": 2 for index in range(7)})
    assert {axis.value_count for axis in space.axes} == {3}
    few = infer(shapes, **{f"depths[{index}]": 2 for index in range(3)})
    assert {axis.value_count for axis in few.axes} == {6}


def test_indices_of_layers_are_sampled_beyond_the_stack() -> None:
    def shapes(num_layers: int, hidden: int, **lists: int) -> Shapes:
        return {f"layer.{i}.{'full' if i in lists.values() else 'part'}": (hidden,) for i in range(num_layers)}

    space = infer(shapes, **{"num_layers": 12, "hidden": 8, "full[0]": 2, "full[1]": 5, "full[2]": 8})
    entry = axis_of(space, "full[1]")
    assert (entry.min_steps, entry.max_steps, space.base["full[1]"]) == (0, 7, 1)


def test_widths_that_only_go_together() -> None:
    def shapes(hidden: int, out: int, inner: int) -> Shapes:
        require(hidden == out == 4 * inner)
        return {"w": (hidden, out, inner)}

    space = infer(shapes, hidden=4096, out=4096, inner=1024)
    assert not space.fixed
    assert {axis.name: axis.allowed for axis in space.axes if axis.is_determined} == {
        "hidden": Determined(("inner",), 4),
        "out": Determined(("inner",), 4),
    }


def test_a_seed_gives_the_same_domains() -> None:
    assert infer(transformer, 5, **DEFAULTS) == infer(transformer, 5, **DEFAULTS)


def test_a_number_of_first_layers_of_another_shape_has_few_values() -> None:
    def shapes(num_layers: int, first_layers: int, width: int) -> Shapes:
        return {f"layer.{index}": (width if index < first_layers else 7,) for index in range(num_layers)}

    space = infer(shapes, num_layers=12, first_layers=2, width=64)
    assert axis_of(space, "first_layers").value_count == LAYER_INDEX_VALUES
    assert axis_of(space, "width").value_count > 100
