"""Partitions: each covers its template without overlap, and rules of layers are recognized."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

import pytest
import sympy

from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.limits import (
    MAX_CONDITION_SPLITS,
    MAX_INDEX_PARTITIONS,
    MAX_JOINT_SWITCHES,
    MAX_LAYER_RULES,
    MAX_RULE_LEADING_LAYERS,
    MAX_RULE_PERIOD,
    MAX_SEPARATE_INDICES,
    MAX_SPLIT_VALUES,
)
from bertsym.derive.synthesis.name_templates import Indices, TensorTemplate, mine_templates
from bertsym.derive.synthesis.observations import ObservationTable
from bertsym.derive.synthesis.partition import (
    ConditionSplitter,
    LayerRule,
    layer_rule_partitions,
    layer_rules,
    uniform_partitions,
    value_partitions,
)
from bertsym.symbols import F, H, Kind, L, N, Own

from .observing import Shapes, Sizes, draw, observe, table_of

Cells = set[tuple[int, Indices]]
SWITCHES = [Own(f"switch_{k}", Kind.SWITCH) for k in range(MAX_JOINT_SWITCHES + 1)]
DEPTHS: list[Sizes] = [{L: depth} for depth in (1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 17, 24)]


def cells(template: TensorTemplate) -> Cells:
    return {(row, indices) for row, tensors in template.entries.items() for indices in tensors}


def assert_partition(parts: Iterable[TensorTemplate], template: TensorTemplate) -> None:
    """Assert that the parts cover the template, are not empty, and do not overlap."""
    listed = [cells(part) for part in parts]
    assert all(listed)
    assert sum(map(len, listed)) == len(cells(template))
    assert set().union(*listed) == cells(template)


def stack(width: Callable[[int, int], int]) -> TensorTemplate:
    """Return the template of a stack whose layers have a width each, by index and depth."""

    def code(sizes: Sizes) -> Shapes:
        return {f"layer.{i}.w": (width(i, sizes[L]),) for i in range(sizes[L])}

    (template,) = mine_templates(observe(code, DEPTHS))
    return template


def layers_of(part: TensorTemplate, depth: int) -> list[int]:
    """Return the layers of a part in the build of this depth."""
    row = [sizes[L] for sizes in DEPTHS].index(depth)
    return sorted(i for (i,) in part.entries.get(row, {}))


@pytest.mark.parametrize(
    "width",
    [
        lambda i, _: 2 if i == 0 else 1,
        lambda i, depth: 2 if i == depth - 1 else 1,
        lambda i, depth: 2 if i in (0, depth - 1) else 1,
        lambda i, depth: 2 if i == 0 else 3 if i == depth - 1 else 1,
        lambda i, _: 2 if i < 2 else 1,
        lambda i, _: 2 if i < 3 else 1,
        lambda i, _: 2 if i % 2 else 1,
        lambda i, _: 2 if i % 8 == 5 else 1,
        lambda i, _: 2 if i >= 3 and i % 4 == 1 else 1,
        lambda i, depth: 3 if i == depth - 1 else 2 if i % 3 == 1 else 1,
        lambda i, _: i + 5 if i < 2 else 2 if i % 4 == 1 else 1,
        lambda i, _: i % 3 + 1,
        lambda i, _: i % 8 + 1,
    ],
)
def test_layers_of_several_kinds(width: Callable[[int, int], int]) -> None:
    template = stack(width)
    assert not template.is_uniform
    partitions = list(uniform_partitions(template))
    assert 0 < len(partitions) <= MAX_INDEX_PARTITIONS
    for parts in partitions:
        assert_partition(parts, template)
        assert all(part.is_uniform for part in parts)
    assert len({frozenset(frozenset(cells(part)) for part in parts) for parts in partitions}) == len(partitions)


def test_the_simplest_partition_comes_first() -> None:
    first, *_ = uniform_partitions(stack(lambda i, _: 2 if i == 0 else 1))
    assert [layers_of(part, 5) for part in first] == [[0], [1, 2, 3, 4]]
    first, *_ = uniform_partitions(stack(lambda i, depth: 2 if i == depth - 1 else 1))
    assert sorted(layers_of(part, 5) for part in first) == [[0, 1, 2, 3], [4]]


def test_no_labeling_makes_it_uniform() -> None:
    template = stack(lambda i, depth: 1 + i * i % (depth + 1))
    assert list(uniform_partitions(template)) == [[template]]


def test_a_labeling_from_a_list() -> None:
    primes = {2, 3, 5, 7, 11, 13, 17, 19, 23}
    template = stack(lambda i, _: 2 if i in primes else 3 if i == 0 else 1)
    assert list(uniform_partitions(template)) == [[template]]
    first, *_ = uniform_partitions(template, [lambda _, index: (index in primes, index == 0)])
    assert [layers_of(part, 7) for part in first] == [[0], [1, 4, 6], [2, 3, 5]]


def test_a_uniform_template_is_its_own_first_partition() -> None:
    for depth, separate in ((MAX_SEPARATE_INDICES, True), (MAX_SEPARATE_INDICES + 1, False)):
        depths: list[Sizes] = [{L: number} for number in (depth, 2, 3)]
        (template,) = mine_templates(
            observe(lambda s: {f"layer.{i}.w": (4,) for i in range(s[L])}, depths, changed_samples=0)
        )
        first, *others = uniform_partitions(template)
        assert first == [template]
        assert [len(parts) for parts in others] == ([depth, 2] if separate else [2])
        for parts in others:
            assert_partition(parts, template)


def test_two_indices() -> None:
    def code(sizes: Sizes) -> Shapes:
        grid = [(i, k) for i in range(sizes[L]) for k in range(sizes[H])]
        return {f"layer.{i}.block.{k}.w": (1 + (i == 0) + 2 * (k == sizes[H] - 1),) for i, k in grid}

    (template,) = mine_templates(observe(code, [{L: 2 + n % 5, H: 2 + n % 4} for n in range(20)]))
    for parts in uniform_partitions(template):
        assert_partition(parts, template)
        assert all(part.is_uniform for part in parts)
        assert len(parts) > 1


@pytest.mark.parametrize("seed", range(40))
def test_a_layer_rule_drawn_at_random_is_explained(seed: int) -> None:
    """The first rule that is found says of every layer of fresh stacks if it has the tensor."""
    random = Random(seed)
    rule = LayerRule(random.randint(0, MAX_RULE_LEADING_LAYERS), random.randint(2, 6), random.random() < 0.5)
    labels = sorted({rule.label(i, depth) for depth in range(1, 30) for i in range(depth)})
    taken = set(random.sample(labels, random.randint(1, len(labels) - 1)))
    depths = [random.randint(1, 30) for _ in range(25)]
    runs = {row: [i for i in range(d) if rule.label(i, d) in taken] for row, d in enumerate(depths)}
    rules = list(layer_rules(runs, dict(enumerate(depths))))
    if len(taken) > 1:
        assert rules
    for found, parts in rules[:MAX_LAYER_RULES]:
        for row, run in runs.items():
            assert all(found.label(i, depths[row]) in parts for i in run)
        # A strict rule explains every layer of every stack that was seen.
        if found.complexity <= rule.complexity and found.leading == 0:
            for row, depth in enumerate(depths):
                explained = [i for i in range(depth - found.last) if found.label(i, depth) in parts]
                assert explained == [i for i in runs[row] if i < depth - found.last]


def test_simple_layer_rules_come_first() -> None:
    depths = dict(enumerate((1, 2, 5, 9, 14)))
    runs = {row: [i for i in range(depth) if i in (0, depth - 1)] for row, depth in depths.items()}
    rule, parts = next(layer_rules(runs, depths))
    assert rule == LayerRule(1, 1, last=True)
    assert set(parts.values()) == {("first", 0), ("last", 0)}
    costs = [rule.complexity for rule, _ in layer_rules(runs, depths)]
    assert costs[0] == min(costs)


def test_all_remainders_but_one_are_one_part() -> None:
    depths = dict(enumerate((4, 9, 14, 15, 23)))
    runs = {row: [i for i in range(depth) if i % 4 != 1 or i == depth - 1] for row, depth in depths.items()}
    rule, parts = next(layer_rules(runs, depths))
    assert rule == LayerRule(0, 4, last=True)
    assert set(parts.values()) == {("every", 0), ("last", 0)}
    assert {label for label in parts if parts[label] == ("every", 0)} == {("every", k) for k in (0, 2, 3)}


def test_a_rule_of_one_part_is_no_partition() -> None:
    depths = dict(enumerate((3, 9, 17, 30)))
    runs = {row: range(depth) for row, depth in depths.items()}
    assert all(len(set(parts.values())) > 1 for _, parts in layer_rules(runs, depths))


def test_the_longest_period() -> None:
    depths = dict(enumerate((3, 9, 17, 30, 31)))
    for period in (MAX_RULE_PERIOD, MAX_RULE_PERIOD + 1):
        runs = {row: [i for i in range(depth) if i % period in (1, 3)] for row, depth in depths.items()}
        assert bool(list(layer_rules(runs, depths))) is (period <= MAX_RULE_PERIOD)


def test_partitions_by_layer_rules() -> None:
    def code(sizes: Sizes) -> Shapes:
        gated = [i for i in range(sizes[L]) if i % 4 == 3 or i == sizes[L] - 1]
        return {f"layer.{i}.norm": (1,) for i in range(sizes[L])} | {f"layer.{i}.gate": (1,) for i in gated}

    observations = observe(code, DEPTHS)
    _, template = mine_templates(observations)
    depths = {row: int(observations[row].sizes[L]) for row in template.entries}
    first, *_ = layer_rule_partitions(template, 0, depths)
    assert_partition(first, template)
    assert [layers_of(part, 9) for part in first] == [[3, 7], [8]]
    assert len(list(layer_rule_partitions(template, 0, depths))) <= MAX_LAYER_RULES
    too_shallow = {row: depth - 1 for row, depth in depths.items()}
    assert list(layer_rule_partitions(template, 0, too_shallow)) == []


def valued(count: int, seed: int = 0) -> tuple[ObservationTable, TensorTemplate]:
    """Return a tensor whose width depends on a size of so many values."""
    random = Random(seed)
    samples: list[Sizes] = [{H: 10 + row % count, F: random.randint(1, 30)} for row in range(40)]
    observations = observe(lambda s: {"w": (s[H] ** 3 % 11 + s[F],)}, samples, 0)
    table = table_of(observe(lambda s: {"w": (s[H] ** 3 % 11 + s[F],)}, samples[:1], 1) + observations)
    (template,) = mine_templates(table.observations)
    return table, template.restricted(lambda row, _: row > 2)


@pytest.mark.parametrize("count", [2, 3, MAX_SPLIT_VALUES, MAX_SPLIT_VALUES + 1])
def test_partitions_by_the_values_of_a_size(count: int) -> None:
    table, template = valued(count)
    view = table.view(table_template := mine_templates(table.observations)[0]).restricted(template)
    assert table_template.pattern == "w"
    partitions = [parts for parts in value_partitions(view) if len({len(part.entries) for part in parts}) <= 2]
    by_value = [
        parts
        for parts in partitions
        if all(len({table.observations[row].sizes[H] for row in part.entries}) == 1 for part in parts)
    ]
    assert bool(by_value) is (2 < count <= MAX_SPLIT_VALUES)
    for parts in value_partitions(view):
        assert_partition(parts, template)


def test_partitions_by_the_power_of_two_in_a_size() -> None:
    observations = observe(lambda s: {"w": (s[H].bit_length(), 3)}, [{H: size} for size in range(1, 32)])
    table = table_of(observations)
    (template,) = mine_templates(observations)
    (parts,) = value_partitions(table.view(template))
    assert_partition(parts, template)
    powers = [{int(observations[row].sizes[H]).bit_length() for row in part.entries} for part in parts]
    assert sorted(map(sorted, powers)) == [[1], [2], [3], [4], [5]] or len(parts) <= MAX_SPLIT_VALUES


@pytest.mark.parametrize("count", [1, 2, MAX_JOINT_SWITCHES, MAX_JOINT_SWITCHES + 1])
def test_splits_by_switches(count: int) -> None:
    switches = SWITCHES[:count]
    samples: list[Sizes] = [
        {H: 5 + row, **{switch: bool(row >> k & 1) for k, switch in enumerate(switches)}} for row in range(32)
    ]

    def code(sizes: Sizes) -> Shapes:
        return {"w": (sizes[H] + sum(7**k * sizes[switch] for k, switch in enumerate(switches)),)}

    observations = observe(code, samples)
    table = table_of(observations)
    (template,) = mine_templates(observations)
    by_switch = []
    for parts in ConditionSplitter().splits(table.view(template)):
        assert_partition((part for _, part in parts), template)
        if any(known != sympy.true for known, _ in parts):
            by_switch.append(parts)
            for known, part in parts:
                assert set(part.entries) == table.conditions.rows_where(known)
    sizes = [len(parts) for parts in by_switch]
    assert sizes == [2] * count + ([2**count] if 1 < count <= MAX_JOINT_SWITCHES else [])


def test_the_budget_of_splits_is_shared_and_finite() -> None:
    samples = draw([H, F, L, N], Random(1), 60, high=20)
    observations = observe(lambda s: {"w": (s[H] ** 3 % 101 + s[F] * s[L] + s[N] ** 2,)}, samples)
    table = table_of(observations)
    (template,) = mine_templates(observations)
    splitter, view = ConditionSplitter(), table.view(template)
    first = list(splitter.splits(view))
    assert len(first) == MAX_CONDITION_SPLITS
    assert list(splitter.splits(view)) == []
    sides = {frozenset(frozenset(part.entries) for _, part in parts) for parts in first}
    assert len(sides) == len(first)


def test_a_traced_side_of_a_branch_splits_the_builds() -> None:
    """`inner or 4*hidden`: the trace saw one side only, and both sides agree if the hidden width is 0."""
    samples: list[Sizes] = [{H: row % 7, F: (row * 5 % 11) * (row % 3 > 0)} for row in range(40)]
    samples.append({H: 2, F: 8})  # equals the traced side, although the branch was not taken
    observations = observe(lambda s: {"w": (s[F] or 4 * s[H],)}, samples)
    trace = ConcolicTrace({"w": (4 * H,)}, (), (), (), ())
    table = ObservationTable(observations, [H, F], [trace], table_of(observations).layer_lists)
    (template,) = mine_templates(observations)
    first = next(ConditionSplitter().splits(table.view(template)))
    assert_partition((part for _, part in first), template)
    rows = set(first[0][1].entries)
    assert rows == {row for row, observation in enumerate(observations) if observation.sizes[F] == 0}
