"""Whole candidates from hand-written observations: each is held against the code at fresh sizes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import sympy

from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.synthesis.observations import LayerLists, ObservationTable
from bertsym.derive.synthesis.synthesize import Synthesis, synthesize
from bertsym.derive.types import Observation
from bertsym.symbols import F, H, Kind, L, N, Own, V, tied
from bertsym.tree import Loop

from .observing import Code, Shapes, Sizes, assert_same, draw, observe, synthesized

GATED = Own("gated", Kind.SWITCH)
DEPTH = Own("depth", Kind.DEPTH, 0)
EVERY, FIRST = Own("every", Kind.COUNT), Own("begin", Kind.COUNT, 0)
LAST = Own("end", Kind.COUNT, 0)


def samples(random: Random, count: int) -> list[Sizes]:
    """Return samples of all sizes and switches that the codes below have."""
    return [
        {
            H: random.randint(1, 30), F: random.randint(1, 30), V: random.randint(1, 30), L: random.randint(1, 14),
            EVERY: random.randint(1, 5), tied: random.random() < 0.5, GATED: random.random() < 0.5,
        }
        for _ in range(count)
    ]  # fmt: skip


def encoder(sizes: Sizes) -> Shapes:
    layers = {f"layer.{i}.{name}": shape for i in range(sizes[L]) for name, shape in (
        ("attention.query", (sizes[H], sizes[H])), ("up.weight", (sizes[F], sizes[H])), ("up.bias", (sizes[F],)),
    )}  # fmt: skip
    head = {} if sizes[tied] else {"head": (sizes[V], sizes[H])}
    return {"word": (sizes[V], sizes[H]), **layers, "norm": (sizes[H],), **head}


def gated(sizes: Sizes) -> Shapes:
    width = 2 * sizes[F] if sizes[GATED] else sizes[F]
    return {"word": (sizes[V], sizes[H])} | {f"layer.{i}.up": (width, sizes[H]) for i in range(sizes[L])}


def first_and_last(sizes: Sizes) -> Shapes:
    wide = (0, sizes[L] - 1)
    return {f"layer.{i}.w": (3 * sizes[H] if i in wide else sizes[H],) for i in range(sizes[L])}


def sparse(sizes: Sizes) -> Shapes:
    layers = range(sizes[L])
    return {f"layer.{i}.norm": (sizes[H],) for i in layers} | {
        f"layer.{i}.router": (sizes[F], sizes[H]) for i in layers if i % sizes[EVERY] == 0
    }


def alternating(sizes: Sizes) -> Shapes:
    return {f"layer.{i}.w": (sizes[H] if i % 2 else sizes[F],) for i in range(sizes[L])}


def by_comparison(sizes: Sizes) -> Shapes:
    project = {"project": (sizes[F], sizes[H])} if sizes[F] != sizes[H] else {}
    return {"in": (sizes[H],), "out": (sizes[F],), **project}


def by_depth(sizes: Sizes) -> Shapes:
    return {f"layer.{i}.w": (sizes[H],) for i in range(sizes[L])} | ({"last": (sizes[H],)} if sizes[L] > 1 else {})


def branched(sizes: Sizes) -> Shapes:
    return {"w": (sizes[H] * 3 + 1 if sizes[H] > sizes[F] else 2 * sizes[F],)}


CODES = [encoder, gated, first_and_last, sparse, alternating, by_comparison, by_depth, branched]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("code", CODES, ids=lambda code: code.__name__)
def test_code_is_reproduced_at_fresh_sizes(code: Code, seed: int) -> None:
    random = Random(seed)
    candidate = synthesized(code, samples(random, 60))
    assert_same(candidate, code, samples(random, 60))


def drawn_code(random: Random) -> Code:
    """Return code of a few tensors, each with a shape, a condition and layers that are drawn at random."""
    a, b, k = random.randint(1, 4), random.randint(0, 3), random.randint(1, 4)
    dimensions: list[Callable[[Sizes], Any]] = [
        lambda s: s[H],
        lambda s: a * s[F] + b,
        lambda s: s[H] * s[F] + b,
        lambda s: max(s[H], s[F]),
        lambda s: -(-s[V] // 8) * 8,
        lambda s: s[V] // s[F] + 1,
    ]
    conditions: list[Callable[[Sizes], Any]] = [
        lambda _: True,
        lambda s: s[tied],
        lambda s: not s[GATED],
        lambda s: s[H] > k,
        lambda s: s[F] != s[H],
        lambda s: s[tied] or s[V] > s[H],
    ]
    layers: list[Callable[[Sizes], Any]] = [
        lambda s: range(s[L]),
        lambda s: range(1, s[L]),
        lambda s: range(0, s[L], 2),
        lambda s: range(s[L] - 1),
        lambda s: range(s[EVERY] - 1, s[L], s[EVERY]),
    ]
    plain = [(f"t{n}.weight", random.choice(dimensions), random.choice(conditions)) for n in range(3)]
    stacked = [(f"w{n}.weight", random.choice(dimensions), random.choice(layers)) for n in range(3)]

    def code(sizes: Sizes) -> Shapes:
        single = {name: (dimension(sizes), 3) for name, dimension, holds in plain if holds(sizes)}
        norms = {f"layer.{i}.norm.weight": (sizes[H],) for i in range(sizes[L])}
        return {**single, **norms} | {
            f"layer.{i}.{name}": (dimension(sizes), 2) for name, dimension, rule in stacked for i in rule(sizes)
        }

    return code


@pytest.mark.parametrize("seed", range(8))
def test_random_code_is_reproduced_at_fresh_sizes(seed: int) -> None:
    random = Random(seed)
    code = drawn_code(random)
    # A change by 8 shows the effect of a size that is rounded to multiples of 8.
    candidate = synthesized(code, samples(random, 90), changed_samples=5, change=8)
    assert_same(candidate, code, samples(random, 60))


def test_the_order_of_the_code_is_kept() -> None:
    candidate = synthesized(encoder, samples(Random(1), 40))
    assert [tensor.name for tensor in candidate.tensors] == [
        "word", "layer.{}.attention.query", "layer.{}.up.weight", "layer.{}.up.bias", "norm", "head",
    ]  # fmt: skip
    assert [tensor.component for tensor in candidate.tensors] == ["word", "attention", "up", "up", "norm", "head"]


def test_the_formulas_of_an_encoder() -> None:
    candidate = synthesized(encoder, samples(Random(1), 40))
    tensors = {tensor.name: tensor for tensor in candidate.tensors}
    assert tensors["word"].shape == (V, H)
    assert tensors["layer.{}.up.weight"].shape == (F, H)
    assert tensors["layer.{}.up.bias"].loops == (Loop(sympy.S.Zero, L),)
    assert tensors["head"].when == sympy.Not(tied)
    assert tensors["word"].when == sympy.true


def test_a_failure_leaves_the_other_tensors() -> None:
    def code(sizes: Sizes) -> Shapes:
        return {"good.w": (sizes[H],), "bad.w": (sizes[H] ** 5 % 97 + 1,), "other.w": (sizes[F], 4)}

    observations = observe(code, draw([H, F], Random(2), 40))
    candidate = synthesize(observations, [H, F])
    assert [tensor.name for tensor in candidate.tensors] == ["good.w", "other.w"]
    (failure,) = candidate.refused
    assert (failure.tensor, failure.part, failure.sizes) == ("bad.w", "dimension 0", frozenset({H}))
    assert failure.reason.startswith(f"no formula in {H} fits all 46 builds (first value ")


def test_a_failure_of_existence_names_the_sizes_that_change_it() -> None:
    def code(sizes: Sizes) -> Shapes:
        return {"w": (3,), **({"odd": (3,)} if (sizes[H] ** 5 + sizes[F] ** 3) % 97 % 2 else {})}

    candidate = synthesized(code, draw([H, F, N], Random(3), 80), changed_samples=6)
    (failure,) = candidate.refused
    assert (failure.tensor, failure.part) == ("odd", "existence")
    assert failure.sizes <= {H, F}
    assert failure.sizes
    assert "builds that have the tensor" in failure.reason


def test_a_failure_of_a_layer_index_names_the_depth_of_its_stack() -> None:
    """The gate does not show that L moves the layers of its stack, but the norm beside it does."""

    def code(sizes: Sizes) -> Shapes:
        gates = [i for i in (2, 3, 5, 7, 11) if i < sizes[H] % 13]
        return {f"layer.{i}.norm": (1,) for i in range(12 + sizes[L])} | {f"layer.{i}.gate": (1,) for i in gates}

    candidate = synthesized(code, draw([H, L, F], Random(4), 40, high=12))
    (failure,) = candidate.refused
    assert failure.tensor == "layer.{}.gate"
    assert L in failure.sizes
    assert F not in failure.sizes


def test_the_reason_is_that_of_the_simplest_partition() -> None:
    def code(sizes: Sizes) -> Shapes:
        return {f"layer.{i}.w": (1 + i * i * sizes[H] % (sizes[L] + 1),) for i in range(sizes[L])}

    candidate = synthesized(code, draw([H, L], Random(5), 30, high=12))
    (failure,) = candidate.refused
    assert (failure.part, "rule of their indices" in failure.reason) == ("shape", True)


def test_a_rank_that_changes() -> None:
    candidate = synthesized(lambda s: {"w": (3,) * (1 + s[H] ** 3 % 7 % 2)}, [{H: size} for size in range(1, 60)])
    (failure,) = candidate.refused
    assert (failure.part, failure.reason) == ("shape", "its number of dimensions differs between builds (1, 2)")


def test_a_rank_that_a_switch_changes_has_two_cases() -> None:
    def code(sizes: Sizes) -> Shapes:
        return {"w": (sizes[H], 2) if sizes[tied] else (sizes[H],)}

    random = Random(6)
    both: list[Sizes] = [{H: random.randint(1, 30), tied: row % 2 == 0} for row in range(30)]
    candidate = synthesized(code, both)
    assert_same(candidate, code, both)
    assert {tensor.when for tensor in candidate.tensors} == {tied, sympy.Not(tied)}


def test_loops_that_have_not_begun() -> None:
    """Sparse layers from a first one on, which may lie beyond the stack, so that the loop has a negative length."""

    def code(sizes: Sizes) -> Shapes:
        layers = [i for i in range(sizes[L]) if i >= sizes[FIRST] and i % sizes[EVERY] == 0]
        return {f"layer.{i}.norm": (1,) for i in range(sizes[L])} | {f"layer.{i}.gate": (2,) for i in layers}

    random = Random(7)
    drawn, fresh = (
        [{L: random.randint(1, 12), FIRST: random.randint(0, 30), EVERY: random.randint(1, 4)} for _ in range(80)]
        for _ in range(2)
    )
    assert_same(synthesized(code, drawn), code, fresh)


def test_an_empty_stack_is_no_condition() -> None:
    """A tensor of every layer always exists: a stack of depth 0 has none, because its loop is empty."""

    def code(sizes: Sizes) -> Shapes:
        return {"word": (sizes[H],)} | {f"layer.{i}.w": (sizes[H],) for i in range(sizes[DEPTH])}

    drawn: list[Sizes] = [{H: 5 + row * row % 7, DEPTH: row % 5} for row in range(20)]
    candidate = synthesized(code, drawn)
    assert_same(candidate, code, drawn)
    assert [tensor.when for tensor in candidate.tensors] == [sympy.true, sympy.true]


def test_stages_of_a_list() -> None:
    first, second = (Own(name, Kind.DEPTH, 0) for name in ("depths_0", "depths_1"))

    def code(sizes: Sizes) -> Shapes:
        widths = [sizes[H]] * sizes[first] + [sizes[F]] * sizes[second]
        return {f"layer.{i}.w": (width,) for i, width in enumerate(widths)}

    random = Random(8)
    drawn, fresh = (
        [{H: 5 + n, F: 3 * n % 31 + 2, first: random.randint(0, 5), second: random.randint(1, 5)} for n in range(60)]
        for _ in range(2)
    )
    candidate = synthesized(code, drawn, LayerLists((), [(first, second)]))
    assert_same(candidate, code, fresh)


def test_stages_that_are_stacks_of_their_own() -> None:
    """ResNet's stages have a layer at least, and the first layer of each takes the width of the stage before."""
    depths = [Own(f"depths_{k}", Kind.DEPTH, 0) for k in range(2)]

    def code(sizes: Sizes) -> Shapes:
        stages = zip((sizes[H], sizes[F]), (sizes[F], sizes[N]), depths, strict=True)
        return {
            f"stages.{k}.layers.{i}.w": (width, width if i else before)
            for k, (before, width, depth) in enumerate(stages)
            for i in range(max(sizes[depth], 1))
        }

    random = Random(8)
    drawn: list[Sizes] = [
        {H: 5 + n, F: 3 * n % 31 + 2, N: 7 * n % 29 + 3} | {depth: random.randint(0, 3) for depth in depths}
        for n in range(40)
    ]
    candidate = synthesized(code, drawn, LayerLists((), [tuple(depths)]))
    assert_same(candidate, code, [{**sizes, depths[0]: 9, depths[1]: 7} for sizes in drawn])
    assert len(candidate.tensors) == 4


def test_a_depth_that_is_fixed_gives_one_rerolled_tensor() -> None:
    candidate = synthesized(lambda s: {f"layer.{i}.w": (s[H],) for i in range(6)}, draw([H, F], Random(9), 12))
    (tensor,) = candidate.tensors
    assert (tensor.name, tensor.loops) == ("layer.{}.w", (Loop(sympy.S.Zero, sympy.Integer(6), sympy.S.One),))


def test_the_most_frequent_role_is_taken() -> None:
    observations = observe(lambda s: {"w": (s[H],)}, [{H: size} for size in (3, 4, 5)], 0)
    entries = [observation.inventory["w"] for observation in observations]
    roles = ["bias", "norm", "norm"]
    mixed = [
        Observation(observation.sizes, {"w": entry._replace(role=role)})
        for observation, entry, role in zip(observations, entries, roles, strict=True)
    ]
    (tensor,) = synthesize(mixed, [H]).tensors
    assert tensor.role.value == "norm"


def test_equal_observations_give_equal_candidates() -> None:
    observations = observe(sparse, samples(Random(1), 40))
    symbols = list(observations[0].sizes)
    assert synthesize(observations, symbols) == synthesize(observations, symbols)


def test_layers_beside_a_progression_are_all_layers_under_a_condition() -> None:
    """Jamba: all layers but every so many have a plain feed-forward network, and all if there is one expert."""

    def code(sizes: Sizes) -> Shapes:
        experts = [i for i in range(sizes[L]) if i % sizes[EVERY] == sizes[FIRST] and sizes[N] > 1]
        return {f"layer.{i}.{'router' if i in experts else 'gate'}": (sizes[H],) for i in range(sizes[L])} | {
            f"layer.{i}.norm": (sizes[F],) for i in range(sizes[L])
        }

    def draws(random: Random, count: int) -> list[Sizes]:
        drawn: list[Sizes] = []
        for _ in range(count):
            period = random.randint(1, 6)
            sizes = {symbol: random.randint(1, 30) for symbol in (H, F, V)}
            experts = random.choice((1, 1, 2, 3, 9))
            depth, first = random.randint(1, 14), random.randrange(period)
            drawn.append({**sizes, L: depth, EVERY: period, FIRST: first, N: experts})
        return drawn

    # A change by 0 shows no size that affects existence, as the samples of a derivation may not.
    candidate = synthesized(code, draws(Random(3), 120), change=0)
    assert_same(candidate, code, draws(Random(4), 60))
    gates = [tensor for tensor in candidate.tensors if tensor.name == "layer.{}.gate"]
    assert {tensor.when for tensor in gates} == {N > 1, N <= 1}


def test_layers_beside_a_progression_that_ends_before_its_stack() -> None:
    """Ernie 4.5: experts in every so many layers, from one index to another; the other layers are dense."""
    end, width = Own("last", Kind.COUNT, 0), Own("shared", Kind.WIDTH, 0)

    def code(sizes: Sizes) -> Shapes:
        def has_experts(i: int) -> bool:
            return bool((i + 1) % sizes[EVERY] == 0 and sizes[FIRST] <= i <= sizes[end])

        layers = range(sizes[L])
        experts = {f"layer.{i}.router": (sizes[H],) for i in layers if has_experts(i)}
        shared = {f"layer.{i}.shared": (sizes[width],) for i in layers if has_experts(i) and sizes[width]}
        dense = {f"layer.{i}.gate": (sizes[H],) for i in layers if not has_experts(i)}
        return {f"layer.{i}.norm": (sizes[F],) for i in layers} | dense | experts | shared

    def draws(random: Random, count: int) -> list[Sizes]:
        return [
            {
                **{symbol: random.randint(1, 30) for symbol in (H, F)}, L: random.randint(1, 14),
                EVERY: random.randint(1, 4), FIRST: random.randint(0, 5),
                width: random.choice((0, random.randint(1, 30))),
                end: random.choice((random.randint(0, 12), 30)),
            }
            for _ in range(count)
        ]  # fmt: skip

    candidate = synthesized(code, draws(Random(3), 200))
    assert_same(candidate, code, draws(Random(4), 100))


def test_a_step_of_0_means_no_layers() -> None:
    """NLLB-MoE: every so many layers have experts, and none has if that number is 0."""
    step = Own("sparse_step", Kind.COUNT, 0)

    def code(sizes: Sizes) -> Shapes:
        experts = range(sizes[step] - 1, sizes[L], sizes[step]) if sizes[step] else ()
        return {f"layer.{i}.{'router' if i in experts else 'gate'}": (sizes[H],) for i in range(sizes[L])} | {
            f"layer.{i}.norm": (sizes[F],) for i in range(sizes[L])
        }

    def draws(random: Random, count: int) -> list[Sizes]:
        return [
            {H: random.randint(1, 30), F: random.randint(1, 30), L: random.randint(1, 14), step: random.randint(0, 5)}
            for _ in range(count)
        ]

    candidate = synthesized(code, draws(Random(3), 80))
    assert_same(candidate, code, draws(Random(4), 60))
    for tensor in candidate.tensors:
        for loop in tensor.loops:
            assert loop.times.subs(step, 0).is_finite is not False


def test_a_size_without_effect_is_in_no_formula() -> None:
    for code in CODES:
        drawn = [{**sizes, N: sizes[H]} for sizes in samples(Random(3), 50)]
        observations = observe(code, drawn)
        active = [symbol for symbol in drawn[0] if symbol is not N]
        table = ObservationTable(observations, active, (), LayerLists((), ()))
        tensors = Synthesis(table).candidate().tensors
        used = set().union(*(side.free_symbols for tensor in tensors for side in tensor.shape))
        assert N not in used


def test_first_and_last_layers_of_another_shape() -> None:
    # Sapiens2 gives the first and the last layers as many heads for keys as for queries.
    def code(sizes: Sizes) -> Shapes:
        ends = (sizes[FIRST], sizes[L] - sizes[LAST])
        return {f"layer.{i}.key": (sizes[H] if i < ends[0] or i >= ends[1] else sizes[F],) for i in range(sizes[L])}

    def drawn(random: Random, count: int) -> list[Sizes]:
        counts = (0, 1, 2, 3, 4, 5, 9, 40)
        return [{**sizes, FIRST: random.choice(counts), LAST: random.choice(counts)}
                for sizes in draw([H, F, L], random, count, high=12)]  # fmt: skip

    observations = observe(code, drawn(Random(1), 60), 6)
    compared = [relation for i in range(1, 6) for relation in (sympy.Gt(FIRST, i), sympy.Gt(L - LAST, i))]
    trace = ConcolicTrace({}, tuple(compared), (), (), ())
    for traces in ((trace,), ()):
        candidate = synthesize(observations, list(observations[0].sizes), traces)
        assert len(candidate.tensors) == 3
        assert_same(candidate, code, drawn(Random(2), 300))


def test_a_width_to_which_the_code_adds_a_step_beside_the_traced_path() -> None:
    # BiT's make_div: a multiple of 8, and 8 more if rounding took more than a tenth. 27 is rounded to 24 + 8.
    def rounded(width: int) -> int:
        multiple = max(8, (width + 4) // 8 * 8)
        return multiple + 8 if 10 * multiple < 9 * width else multiple

    def code(sizes: Sizes) -> Shapes:
        return {"w": (rounded(sizes[H]), sizes[F])}

    multiple = sympy.Max(8, 8 * sympy.floor((H + 4) / 8), evaluate=False)
    path = (sympy.Ge(10 * multiple, 9 * H, evaluate=False),)
    samples = [*draw([H, F], Random(1), 30, high=400), *draw([H, F], Random(2), 30, high=30)]
    observations = observe(code, samples, 4)
    trace = ConcolicTrace({"w": (multiple, F)}, path, (), (), ())
    candidate = synthesize(observations, [H, F], (trace,))
    assert len(candidate.tensors) == 1
    assert_same(candidate, code, [{H: width, F: 3} for width in range(1, 200)])
