"""The table of observations, and the view of one template."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import sympy

from bertsym.algebra import Iverson
from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.evaluator import Evaluator
from bertsym.derive.limits import MIN_BRANCH_ROWS
from bertsym.derive.synthesis.name_templates import TensorTemplate, mine_templates
from bertsym.derive.synthesis.observations import (
    NO_LISTS,
    LayerLists,
    NoFormula,
    ObservationTable,
    dimension_part,
    repeat_part,
)
from bertsym.derive.types import Entry, Observation
from bertsym.symbols import F, H, Kind, L, Own, tied

from .observing import Shapes, Sizes, built, draw, observe, table_of


def encoder(sizes: Sizes) -> Shapes:
    layers = range(sizes[L])
    weights = {f"layer.{i}.weight": (sizes[F], sizes[H]) for i in layers}
    biases = {f"layer.{i}.bias": (sizes[F],) for i in layers if sizes[tied]}
    return {"word": (7, sizes[H]), **weights, **biases}


SAMPLES: list[Sizes] = [{H: 4 + row, F: 50 - 3 * row, L: 2 + row % 4, tied: row % 2 == 0} for row in range(10)]


def templates_of(table: ObservationTable) -> dict[str, TensorTemplate]:
    return {template.pattern: template for template in mine_templates(table.observations)}


def test_sizes_that_affect_each_part() -> None:
    table = table_of(observe(encoder, SAMPLES))
    templates = templates_of(table)
    assert table.sizes_affecting_parts(templates["word"]) == {"dimension 1": {H}}
    assert table.sizes_affecting_parts(templates["layer.{}.weight"]) == {
        "dimension 0": {F},
        "dimension 1": {H},
        "end of repeat 0": {L},
    }
    bias = templates["layer.{}.bias"]
    assert table.sizes_affecting_parts(bias) == {"dimension 0": {F}, "end of repeat 0": {L}}
    assert set(table.sizes_affecting_existence(bias)) == {tied, L}
    assert set(table.sizes_affecting_entries(bias)) == {tied, L, F}
    assert set(table.sizes_affecting_existence(templates["word"])) == set()
    assert set(table.sizes_affecting_entries(templates["word"])) == {H}


def test_the_start_and_the_step_of_an_index() -> None:
    every = Own("every", Kind.COUNT)

    def code(sizes: Sizes) -> Shapes:
        gates = {f"layer.{i}.gate": (1,) for i in range(sizes[every] - 1, sizes[L], sizes[every])}
        return {f"layer.{i}.norm": (1,) for i in range(sizes[L])} | gates

    table = table_of(observe(code, [{L: 12, every: 3}, {L: 13, every: 2}, {L: 14, every: 2}]))
    affecting = table.sizes_affecting_parts(templates_of(table)["layer.{}.gate"])
    assert affecting["start of repeat 0"] == affecting["step of repeat 0"] == {every}
    assert affecting["end of repeat 0"] == {every, L}


def test_dimensions_are_compared_at_an_index_that_both_builds_have() -> None:
    """Layers differ in shape: the first tensor of one build must not be compared with another layer's."""
    every = Own("every", Kind.COUNT)

    def code(sizes: Sizes) -> Shapes:
        gates = {f"layer.{i}.gate": (i + 1,) for i in range(sizes[every] % 3, 9)}
        return {f"layer.{i}.norm": (1,) for i in range(9 + sizes[L])} | gates

    table = table_of(observe(code, [{L: 1, every: 3}, {L: 2, every: 2}]))
    assert table.sizes_affecting_parts(templates_of(table)["layer.{}.gate"]) == {"start of repeat 0": {every}}


def test_a_bias_has_the_sizes_that_affect_its_weight() -> None:
    def code(sizes: Sizes) -> Shapes:
        return {"out.weight": (sizes[H] * sizes[F],), **({"out.bias": (sizes[H] * sizes[F],)} if sizes[tied] else {})}

    samples: list[Sizes] = [{H: 3 + row, F: 5 + row * row % 7, tied: row > 2} for row in range(9)]
    table = table_of(observe(code, samples, 2))  # no build with a bias was changed in H or F
    templates = templates_of(table)
    weight, bias = templates["out.weight"], templates["out.bias"]
    assert table.view(bias).affecting == {}
    view = table.view(bias, [weight, bias])
    assert view.affecting == {"dimension 0": {H, F}}
    assert view.affecting_any == {H, F}
    rows = list(bias.entries)
    assert view.fit_dimension(0, rows, [bias.entries[row][()].shape[0] for row in rows]) == H * F


def test_a_view_of_a_part_keeps_what_is_known() -> None:
    table = table_of(observe(encoder, SAMPLES))
    template = templates_of(table)["layer.{}.weight"]
    view = table.view(template)
    part = view.restricted(template.restricted(lambda row, _: row < 3))
    assert (part.affecting, part.traced, part.table) == (view.affecting, view.traced, table)
    assert set(part.template.entries) == {0, 1, 2}
    with pytest.raises(AttributeError):
        view.affecting = {}  # type: ignore[misc]


def test_reasons_name_the_part_the_sizes_and_the_builds() -> None:
    samples = draw([H, F], Random(0), 20)
    table = table_of(observe(lambda s: {"w": (s[H] ** 5 % 101 + 1, s[F])}, samples))
    view = table.view(templates_of(table)["w"])
    rows = list(view.template.entries)
    numbers = [entries[()].shape[0] for entries in view.template.entries.values()]
    with pytest.raises(NoFormula) as failed:
        view.fit_dimension(0, rows, numbers)
    assert (failed.value.part, failed.value.reason) == (
        "dimension 0",
        f"no formula in {H} fits all {len(rows)} builds (first value {numbers[0]})",
    )
    with pytest.raises(NoFormula, match="no formula fits all 26 builds"):
        view.fit_part("start of repeat 0", rows, numbers)
    with pytest.raises(NoFormula, match="1 build is too few for a formula"):
        view.fit_part("dimension 0", rows[:1], [900])
    with pytest.raises(NoFormula, match="2 builds are too few for a formula"):
        view.fit_part("dimension 0", rows[:2], [900, 901])


def test_no_condition_separates_the_builds() -> None:
    random = Random(3)
    table = table_of(observe(lambda s: {"w": (s[H],)}, draw([H, F, L], random, 60)))
    cases = {row: random.random() < 0.5 for row in range(60)}
    expected = f"no condition holds in exactly the {sum(cases.values())} of 60 builds"
    for part, state in (("existence", " that have the tensor"), ("tie", " in which the tensor is tied")):
        with pytest.raises(NoFormula) as failed:
            table.find_condition(part, cases)
        assert (failed.value.part, failed.value.reason) == (part, expected + state)


def traced(sizes: Any, code: Any, expressions: list[Any], samples: list[Sizes]) -> Any:
    """Return the formula of one dimension if a run with symbols gave these expressions for it."""
    observations = observe(lambda s: {"w": (code(s),)}, samples)
    traces = [ConcolicTrace({"w": (expression,)}, (), (), (), ()) for expression in expressions]
    table = ObservationTable(observations, sizes, traces, NO_LISTS)
    view = table.view(templates_of(table)["w"])
    rows = list(view.template.entries)
    return view.fit_dimension(0, rows, [view.template.entries[row][()].shape[0] for row in rows])


def test_a_traced_expression_is_used_if_no_formula_fits() -> None:
    samples = draw([H, F], Random(1), 20)

    def code(sizes: Sizes) -> Any:
        return (sizes[H] * sizes[F] + 3) // 4 * 3

    expression = sympy.floor((H * F + 3) / 4) * 3
    with pytest.raises(NoFormula):
        traced([H, F], code, [expression * 2, None], samples)
    # The shortest of several expressions that fit is taken.
    longer = expression + sympy.floor(H / 10**6)
    assert traced([H, F], code, [longer, expression], samples) == expression
    assert traced([H, F], lambda s: code(s) + 5, [expression], samples) == expression + 5


def test_a_traced_maximum_is_written_as_a_bracket() -> None:
    table = ObservationTable(
        observe(lambda s: {"w": (s[H],)}, [{H: 3}]),
        [H],
        [ConcolicTrace({"w": (sympy.Max(H, 5),)}, (), (), (), ())],
        NO_LISTS,
    )
    ((expression,),) = table.view(templates_of(table)["w"]).traced
    assert expression.has(Iverson)
    assert not expression.has(sympy.Max)


def test_one_formula_on_each_side_of_a_comparison() -> None:
    def code(sizes: Sizes) -> Any:
        return 3 * sizes[H] + 1 if sizes[H] > sizes[F] else 2 * sizes[F] + sizes[H]

    formula = traced([H, F], code, [], draw([H, F], Random(2), 40))
    for sizes in draw([H, F], Random(3), 50):
        assert Evaluator(sizes).number(formula) == code(sizes)
    few: list[Sizes] = [{H: 5 + k, F: 4 + 2 * k} for k in range(MIN_BRANCH_ROWS // 2 - 1)]
    with pytest.raises(NoFormula):
        traced([H, F], lambda s: 1000 + s[H] * s[F] if s[H] > s[F] else s[F] * 2, [], few)


def test_the_offset_of_an_expression() -> None:
    table = table_of(observe(lambda s: {"w": (s[H],)}, [{H: size} for size in (3, 5, 9)], 0))
    view = table.view(templates_of(table)["w"])
    assert view.constant_offset(2 * H, [0, 1, 2], [10, 14, 22]) == 4
    assert view.constant_offset(2 * H, [0, 1, 2], [10, 14, 23]) is None
    assert view.constant_offset(H / 2, [0, 1], [2, 3]) is None  # an offset of 1/2
    assert view.constant_offset(1 / (H - 3), [0], [2]) is None


def test_labels_of_layers_by_lists() -> None:
    index, first, second = (Own(name, Kind.COUNT, 0) for name in ("listed", "first_depth", "second_depth"))

    def code(sizes: Sizes) -> Shapes:
        stages = {"first": sizes[first], "second": sizes[second], "layer": sizes[first] + sizes[second]}
        return {f"{name}.{layer}.w": (sizes[H],) for name, depth in stages.items() for layer in range(depth)}

    drawn: list[Sizes] = [{H: 3, index: 4, first: 2, second: 3}, {H: 3, index: 4, first: 4, second: 2}]
    table = table_of(observe(code, drawn, 0), LayerLists([(index,)], [(first, second)]))
    templates = templates_of(table)
    is_listed, stage, stage_start = table.layer_labels(templates["layer.{}.w"])
    assert [is_listed(0, layer) for layer in range(6)] == [False, False, False, False, True, False]
    assert [stage(0, layer) for layer in range(6)] == [0, 0, 1, 1, 1, 2]
    assert [stage_start(0, layer) for layer in range(6)] == [
        (0, True), (0, False), (1, True), (1, False), (1, False), (2, True),
    ]  # fmt: skip
    # A stage that has a stack of its own is not divided into stages.
    for name in ("first.{}.w", "second.{}.w"):
        assert len(list(table.layer_labels(templates[name]))) == 1


def test_changes_of_one_field() -> None:
    observations = observe(encoder, SAMPLES[:2], 2)
    table = table_of(observations)
    assert [(change.before, change.after, change.symbol) for change in table.changes] == [
        (row, 2 + 4 * row + k, symbol) for row in (0, 1) for k, symbol in enumerate((H, F, L, tied))
    ]
    assert table.numbers == [H, F, L]


def test_rows_of_one_sample_are_one_support() -> None:
    """Builds that differ in another field from one sample say once that H is 6."""
    background = built(lambda s: {"w": (s[H],)}, {H: 6, F: 9})
    changed = [Observation({H: 6, F: 9 + k}, {"w": Entry((6,), "w", "matrix")}, background, F) for k in range(1, 4)]
    table = table_of(
        [background, *changed, *observe(lambda s: {"w": (s[H],)}, [{H: k, F: k} for k in (1, 2, 3, 7)], 0)]
    )
    condition = table.conditions.find(
        {row: observation.sizes[H] == 6 for row, observation in enumerate(table.observations)}
    )
    assert condition != sympy.Eq(H, 6)


def test_names_of_parts() -> None:
    assert dimension_part(2) == "dimension 2"
    assert (repeat_part(1), repeat_part(0, "end")) == ("repeat 1", "end of repeat 0")
