"""Index ranges: rules of layers, drawn at random, are found from some depths and hold at others."""

from __future__ import annotations

from collections.abc import Callable, Collection
from random import Random
from typing import Any

import pytest
import sympy
from sympy import Integer

from bertsym.derive.limits import MIN_REROLLED_TENSORS
from bertsym.derive.synthesis.loop_ranges import LoopRanges, processing_order, reroll
from bertsym.derive.synthesis.name_templates import TensorTemplate, mine_templates
from bertsym.derive.synthesis.observations import NO_LISTS, LayerLists, NoFormula, ObservationTable
from bertsym.derive.types import Observation
from bertsym.layers import Role
from bertsym.symbols import H, Kind, L, Own, V
from bertsym.tree import Loop, Tensor

from .observing import Shapes, Sizes, built, observe, table_of

EVERY, FIRST = Own("every", Kind.COUNT), Own("begin", Kind.COUNT, 0)
Layers = Callable[[Sizes], Collection[int]]


def stack(layers: Layers) -> Callable[[Sizes], Shapes]:
    """Return code of a stack of L layers with a norm each, of which some have a gate."""

    def code(sizes: Sizes) -> Shapes:
        gated = [i for i in range(sizes[L]) if i in layers(sizes)]
        return {f"layer.{i}.norm": (1,) for i in range(sizes[L])} | {f"layer.{i}.gate": (2,) for i in gated}

    return code


def loops_of(
    observations: list[Observation], lists: LayerLists = NO_LISTS
) -> tuple[ObservationTable, LoopRanges, dict[str, Loop | NoFormula]]:
    """Return the loop of each template with one index, found in the order of processing, or the reason for none."""
    table = table_of(observations, lists)
    templates = mine_templates(observations)
    loop_ranges = LoopRanges(table, templates)
    loops: dict[str, Loop | NoFormula] = {}
    for template in processing_order(templates):
        try:
            (loops[template.pattern],) = loop_ranges.loops(table.view(template))
        except NoFormula as reason:
            loops[template.pattern] = reason
    return table, loop_ranges, loops


def assert_loop(layers: Layers, samples: list[Sizes], fresh: list[Sizes]) -> Loop:
    """Assert that the loop of the gates gives their layers, at the samples and at fresh sizes."""
    code = stack(layers)
    _, _, loops = loops_of(observe(code, samples))
    loop = loops["layer.{}.gate"]
    assert isinstance(loop, Loop), loop
    _, ranges, _ = loops_of(observe(code, fresh, 0))
    for row, sizes in enumerate(fresh):
        gated = sorted(i for i in range(sizes[L]) if i in layers(sizes))
        if gated:
            assert ranges.indices(loop, row) == gated, (loop, sizes)
    return loop


DEPTHS: list[Sizes] = [{L: depth} for depth in (2, 3, 5, 6, 7, 9, 10, 12, 13, 16, 23, 24)]
FRESH: list[Sizes] = [{L: depth} for depth in (4, 8, 11, 14, 15, 21, 30, 31, 32, 33)]


@pytest.mark.parametrize("step", [2, 3, 4, 5])
@pytest.mark.parametrize("offset", [0, 1])
def test_every_so_many_layers(step: int, offset: int) -> None:
    loop = assert_loop(lambda s: range(offset, s[L], step), DEPTHS, FRESH)
    assert (loop.start, loop.stop, loop.step, loop.others) == (offset, L, step, False)


@pytest.mark.parametrize("step", [3, 4, 5])
def test_all_layers_but_every_so_many(step: int) -> None:
    loop = assert_loop(lambda s: [i for i in range(s[L]) if i % step != step - 1], DEPTHS, FRESH)
    assert (loop.step, loop.others) == (step, True)


def test_every_so_many_layers_except_the_last() -> None:
    loop = assert_loop(lambda s: range(0, s[L] - 1, 3), DEPTHS, FRESH)
    assert (loop.start, loop.stop, loop.step) == (0, L - 1, 3)


@pytest.mark.parametrize(
    "layers",
    [
        lambda s: range(s[L] - 1),
        lambda s: range(1, s[L]),
        lambda _: [0],
        lambda s: [s[L] - 1],
        lambda s: range(s[L] // 2),
        lambda s: range((s[L] + 1) // 2, s[L]),
        lambda s: range(min(s[L], 4)),
    ],
)
def test_runs_without_gaps(layers: Layers) -> None:
    assert assert_loop(layers, DEPTHS, FRESH).plain


@pytest.mark.parametrize(
    ("layers", "bounds"),
    [
        (lambda s: range(s[L] // 2), (Integer(0), sympy.floor(L / 2))),
        (lambda s: range((s[L] + 1) // 2), (Integer(0), sympy.floor(L / 2 + sympy.Rational(1, 2)))),
        (lambda s: range(s[L] // 2, s[L]), (sympy.floor(L / 2), L)),
    ],
)
def test_three_builds_show_half_of_a_stack(layers: Layers, bounds: tuple[Any, Any]) -> None:
    """Three builds are too few for a rounded line, but half of a stack is a landmark."""
    _, _, loops = loops_of(observe(stack(layers), [{L: depth} for depth in (2, 3, 5)], 0))
    assert loops["layer.{}.gate"] == Loop(*bounds)


def sized(random: Random, count: int) -> list[Sizes]:
    return [{L: random.randint(1, 24), EVERY: random.randint(1, 6), FIRST: random.randint(0, 9)} for _ in range(count)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "layers",
    [
        lambda s: range(0, s[L], s[EVERY]),
        lambda s: range(s[EVERY] - 1, s[L], s[EVERY]),
        lambda s: [i for i in range(s[L]) if i >= s[FIRST] and i % s[EVERY] == 0],
        lambda s: [i for i in range(s[L]) if i >= s[FIRST] and (i + 1) % s[EVERY] == 0],
        lambda s: [i for i in range(s[L]) if i % s[EVERY] != 0],
        lambda s: [i for i in range(s[L]) if i % s[EVERY] != s[FIRST]],
        lambda s: range(s[FIRST]),
        lambda s: range(s[FIRST], s[L]),
        lambda s: range(s[L] - s[FIRST], s[L]),
        lambda s: range(max(s[L] - s[FIRST], 0)),
        lambda s: range(min(s[FIRST] + 1, s[L])),
    ],
)
def test_layers_by_sizes(layers: Layers, seed: int) -> None:
    random = Random(seed)
    assert_loop(layers, sized(random, 60), sized(random, 40))


def test_layers_that_a_list_names() -> None:
    listed = [Own(f"list_{k}", Kind.COUNT, 0) for k in range(3)]
    random = Random(3)
    samples: list[Sizes] = [
        {L: random.randint(5, 20), **{symbol: random.randint(0, 20) for symbol in listed}} for _ in range(30)
    ]
    lists = LayerLists((tuple(listed),), ())
    for others in (False, True):

        def layers(sizes: Sizes, others: bool = others) -> list[int]:
            return [i for i in range(sizes[L]) if (i in [sizes[symbol] for symbol in listed]) != others]

        _, _, loops = loops_of(observe(stack(layers), samples), lists)
        assert loops["layer.{}.gate"] == Loop(sympy.S.Zero, L, others=others, listed=tuple(listed))


def test_gaps_that_no_rule_explains() -> None:
    _, _, loops = loops_of(observe(stack(lambda _: (2, 3, 5, 7, 11, 13, 17)), DEPTHS))
    reason = loops["layer.{}.gate"]
    assert isinstance(reason, NoFormula)
    assert reason.part == "repeat 0"
    assert "2, 3, 5" in reason.reason


def test_a_stack_whose_depth_has_no_formula() -> None:
    random = Random(1)

    def code(sizes: Sizes) -> Shapes:
        depth = 6 + sizes[H] ** 3 % 13
        return {f"layer.{i}.gate": (2,) for i in range(0, depth, 2)} | {f"layer.{i}.norm": (2,) for i in range(depth)}

    _, _, loops = loops_of(observe(code, [{H: random.randint(1, 99)} for _ in range(30)]))
    gate, norm = loops["layer.{}.gate"], loops["layer.{}.norm"]
    assert isinstance(gate, NoFormula)
    assert isinstance(norm, NoFormula)
    assert (gate.part, norm.part) == ("repeat 0", "end of repeat 0")
    assert "depth of its stack" in gate.reason


def test_a_stack_is_as_deep_as_all_its_tensors_together() -> None:
    """No tensor is in every layer, but each layer has one of two."""

    def code(sizes: Sizes) -> Shapes:
        return {f"layer.{i}.{'even' if i % 2 == 0 else 'odd'}": (1,) for i in range(sizes[L])}

    _, ranges, loops = loops_of(observe(code, DEPTHS))
    assert loops == {
        "layer.{}.even": Loop(Integer(0), L, Integer(2)),
        "layer.{}.odd": Loop(Integer(1), L, Integer(2)),
    }
    assert ranges.stack_loop("layer.") == Loop(Integer(0), L)
    assert ranges.stack_loop("other.") is None


def test_a_progression_that_ends_at_a_size() -> None:
    """The `moe_layer_end_index` of Ernie 4.5 is the last index that may have experts."""

    def layers(sizes: Sizes) -> range:
        return range(1, min(sizes[FIRST] + 1, sizes[L]), 2)

    random = Random(5)
    samples: list[Sizes] = [{L: random.randint(4, 20), FIRST: random.randint(2, 24)} for _ in range(80)]
    loop = assert_loop(layers, samples[:40], samples[40:])
    assert (loop.start, loop.step, loop.others) == (1, 2, False)
    assert loop.stop.free_symbols == {L, FIRST}


def test_one_index_a_build_shows_no_step() -> None:
    """All layers but the third have a gate, so no build shows the step of the layers without a gate."""
    _, _, loops = loops_of(observe(stack(lambda s: [i for i in range(s[L]) if i != 2]), DEPTHS[3:]))
    reason = loops["layer.{}.gate"]
    assert isinstance(reason, NoFormula)
    assert reason.part == "step of repeat 0"


def test_a_loop_of_another_tensor_of_the_stack_is_tried() -> None:
    """Shallow builds do not show the step of a bias, but it has the loop of the gates, which deep builds have too."""

    def code(sizes: Sizes) -> Shapes:
        gated = [i for i in range(sizes[L]) if i % 3 != 2]
        biased = gated if sizes[L] < 6 else []
        return {**stack(lambda _: gated)(sizes), **{f"layer.{i}.bias": (2,) for i in biased}}

    _, _, loops = loops_of(observe(code, [*DEPTHS, {L: 4}]))
    assert loops["layer.{}.bias"] == loops["layer.{}.gate"] == Loop(Integer(2), L, Integer(3), others=True)


def test_not_every_combination_of_two_indices() -> None:
    def code(sizes: Sizes) -> Shapes:
        return {f"layer.{i}.expert.{k}": (1,) for i in range(sizes[L]) for k in range(sizes[H]) if i + k < 5}

    observations = observe(code, [{L: 2 + n % 5, H: 2 + n % 4} for n in range(20)])
    table = table_of(observations)
    (template,) = mine_templates(observations)
    with pytest.raises(NoFormula, match="combinations"):
        LoopRanges(table, [template]).loops(table.view(template))


def test_two_indices() -> None:
    def code(sizes: Sizes) -> Shapes:
        return {f"layer.{i}.expert.{k}": (1,) for i in range(sizes[L]) for k in range(2 * sizes[H])}

    observations = observe(code, [{L: 2 + n % 5, H: 2 + n % 4} for n in range(20)])
    table = table_of(observations)
    (template,) = mine_templates(observations)
    loop_ranges = LoopRanges(table, [template])
    assert loop_ranges.loops(table.view(template)) == (Loop(Integer(0), L), Loop(Integer(0), 2 * H))
    assert loop_ranges.depths(template, 1) == {row: 2 * table.observations[row].sizes[H] for row in template.entries}


def test_templates_without_gaps_are_processed_first() -> None:
    def code(sizes: Sizes) -> Shapes:
        layers = range(sizes[L])
        return (
            {f"layer.{i}.gate": (1,) for i in layers if i % 2 == 0}
            | {f"layer.{i}.last": (1,) for i in layers if i == sizes[L] - 1}
            | {f"layer.{i}.mixed": (1 + i % 2,) for i in layers}
            | {f"layer.{i}.norm": (1,) for i in layers}
        )

    templates = mine_templates(observe(code, DEPTHS))
    names = [template.pattern.rpartition(".")[2] for template in processing_order(templates)]
    assert names == ["norm", "last", "mixed", "gate"]


def test_loops_without_values() -> None:
    observations = observe(stack(lambda s: range(s[L])), DEPTHS)
    _, ranges, _ = loops_of(observations)
    assert ranges.indices(Loop(Integer(0), L / 2), 0) == [0]  # L = 2
    assert ranges.indices(Loop(Integer(0), L / 2), 1) == []  # L = 3: no integer
    assert ranges.indices(Loop(Integer(0), L, Integer(0)), 0) == []
    assert ranges.indices(Loop(Integer(0), L, L - 1), 2) == [0, 4]
    assert ranges.indices(Loop(Integer(0), 1 / (L - 2)), 0) == []


def norm(number: Any, shape: Any = (H,), **fields: Any) -> Tensor:
    return Tensor(f"layer.{number}.norm", shape, Role.NORM, "", **fields)


@pytest.mark.parametrize("count", [MIN_REROLLED_TENSORS - 1, MIN_REROLLED_TENSORS])
@pytest.mark.parametrize(("start", "step"), [(0, 1), (2, 1), (1, 3)])
def test_tensors_in_equal_steps_are_rerolled(count: int, start: int, step: int) -> None:
    tensors = [norm(start + k * step) for k in range(count)]
    if count < MIN_REROLLED_TENSORS:
        assert reroll(tensors) == tuple(tensors)
    else:
        (tensor,) = reroll(tensors)
        (loop,) = tensor.loops
        assert tensor.name == "layer.{}.norm"
        assert list(loop.indices(*map(int, loop.bounds))) == [start + k * step for k in range(count)]


def test_tensors_that_differ_are_not_rerolled() -> None:
    for tensors in (
        [norm(k, (H,) if k < 3 else (V,)) for k in range(5)],
        [norm(k) for k in (0, 1, 2, 4)],
        [norm(k, when=sympy.Gt(H, k)) for k in range(5)],
        [norm(k, tied_to="other") for k in range(5)],
        [Tensor(f"blocks.{{}}.{k}.w", (H,), Role.BIAS, "") for k in range(5)],
    ):
        assert reroll(tensors) == tuple(tensors)


def test_a_rerolled_tensor_stands_where_its_first_one_was() -> None:
    into, out = (Tensor(name, (H,), Role.BIAS, "") for name in ("into", "out"))
    inner = Loop(Integer(0), H)
    layers = [Tensor(f"layer.{k}.expert.{{}}", (V,), Role.BIAS, "", loops=(inner,)) for k in range(4)]
    rerolled = reroll([into, *layers[:2], out, *layers[2:]])
    assert [tensor.name for tensor in rerolled] == ["into", "layer.{}.expert.{}", "out"]
    assert rerolled[1].loops == (Loop(Integer(0), Integer(4), Integer(1)), inner)


def test_only_the_first_number_is_opened() -> None:
    tensors = [Tensor(f"layer.{k}.block.7.w", (H,), Role.BIAS, "") for k in range(4)]
    assert [tensor.name for tensor in reroll(tensors)] == ["layer.{}.block.7.w"]


def template_of(code: Callable[[Sizes], Shapes]) -> TensorTemplate:
    (template,) = mine_templates([built(code, {L: depth}) for depth in (2, 3, 4)])
    return template


def test_an_index_run_is_sorted() -> None:
    template = template_of(lambda s: {f"layer.{i}.w": (1,) for i in reversed(range(s[L]))})
    assert template.index_runs(0) == {0: [0, 1], 1: [0, 1, 2], 2: [0, 1, 2, 3]}
