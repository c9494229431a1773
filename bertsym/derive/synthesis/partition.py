"""Partitions of a template whose tensors no single formula covers, into parts that may each have one.

There are three kinds:

- by index: layers of one build differ (`uniform_partitions`, `layer_rule_partitions`);
- by a size: builds differ by a size of few values (`value_partitions`);
- by a condition: builds differ by a switch or a comparison (`ConditionSplitter`).

Each function yields partitions, the simplest first, and the caller takes the first one whose parts all have formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, combinations, islice, product

import sympy
from sympy.logic.boolalg import Boolean

from bertsym.derive.limits import (
    INDEX_PERIODS,
    MAX_CONDITION_SPLITS,
    MAX_INDEX_PARTITIONS,
    MAX_JOINT_SWITCHES,
    MAX_LAYER_RULES,
    MAX_LEADING_LAYERS,
    MAX_PAIRED_LABELINGS,
    MAX_RANGE_PARTITIONS,
    MAX_RULE_LEADING_LAYERS,
    MAX_RULE_PERIOD,
    MAX_SEPARATE_INDICES,
    MAX_SPLIT_VALUES,
)
from bertsym.derive.synthesis.name_templates import Indices, Signature, TensorTemplate
from bertsym.derive.synthesis.observations import TemplateView
from bertsym.derive.types import Number
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

Labeling = Callable[[int, Indices], object]
Signatures = Mapping[int, Mapping[Indices, Signature]]

FIRST, EVERY, LAST = "first", "every", "last"
LayerLabel = tuple[str, int]


def uniform_partitions(
    template: TensorTemplate,
    layer_labels: Sequence[Callable[[int, int], object]] = (),
    ranges: Iterable[Callable[[int, int], object]] = (),
) -> Iterator[list[TensorTemplate]]:
    """Yield partitions by index into parts that are uniform in every build.

    A uniform template is its own first partition. A template that no labeling makes uniform is yielded as it is.
    `layer_labels` are labelings of a row and one index, such as membership in a list of the configuration, and are
    tried first. `ranges` are labelings by two indices, into first layers, last layers and those between, and come next.
    """
    signatures = {row: template.signatures(row) for row in template.entries}
    positions = range(template.index_count)
    separate = _separate_indices(signatures, template.index_count)
    if template.is_uniform:
        yield [template]
        for labeling in (*separate, *(_is_last(signatures, position) for position in positions)):
            yield _parts(template, signatures, labeling)
        return
    by_position = [[*_at(layer_labels, position), *_labelings(signatures, position)] for position in positions]
    joint = (
        _joined(first, second)
        for pair in combinations(by_position, 2)
        for first, second in product(*(labelings[:MAX_PAIRED_LABELINGS] for labelings in pair))
    )
    given = (labeling for position in positions for labeling in _at(layer_labels, position))
    ranged = (labeling for layer_range in ranges for position in positions for labeling in _at([layer_range], position))
    uniform = islice((labeling for labeling in ranged if _is_uniform_by(signatures, labeling)), MAX_RANGE_PARTITIONS)
    known: set[tuple[tuple[bool, ...], ...]] = set()
    for labeling in chain(given, uniform, *by_position, separate, joint):
        if len(known) < MAX_INDEX_PARTITIONS and _is_uniform_by(signatures, labeling):
            labels = [labeling(row, indices) for row, tensors in signatures.items() for indices in tensors]
            partition = tuple(tuple(label == part for label in labels) for part in dict.fromkeys(labels))
            if partition not in known:
                known.add(partition)
                yield _parts(template, signatures, labeling)
    if not known:
        yield [template]


def _parts(template: TensorTemplate, signatures: Signatures, labeling: Labeling) -> list[TensorTemplate]:
    labels = dict.fromkeys(labeling(row, indices) for row, tensors in signatures.items() for indices in tensors)
    return [template.restricted(partial(_has_label, labeling, label)) for label in labels]


def _has_label(labeling: Labeling, label: object, row: int, indices: Indices) -> bool:
    return labeling(row, indices) == label


def _is_uniform_by(signatures: Signatures, labeling: Labeling) -> bool:
    """Return True if in every build tensors of one label have one signature."""
    for row, tensors in signatures.items():
        by_label: dict[object, Signature] = {}
        for indices, signature in tensors.items():
            if by_label.setdefault(labeling(row, indices), signature) != signature:
                return False
    return True


def _separate_indices(signatures: Signatures, index_count: int) -> list[Labeling]:
    """Return labelings that give every index its own label, for positions with small indices, and pairs of these."""
    small = [
        position
        for position in range(index_count)
        if all(i[position] < MAX_SEPARATE_INDICES for tensors in signatures.values() for i in tensors)
    ]
    single: list[Labeling] = [lambda _, i, position=position: i[position] for position in small]  # type: ignore[misc]
    return [*single, *(_joined(first, second) for first, second in combinations(single, 2))]


def _joined(first: Labeling, second: Labeling) -> Labeling:
    return lambda row, indices: (first(row, indices), second(row, indices))


def _at(layer_labels: Sequence[Callable[[int, int], object]], position: int) -> Iterator[Labeling]:
    for layer_label in layer_labels:
        yield lambda row, i, layer_label=layer_label: layer_label(row, i[position])  # type: ignore[misc]


def _is_last(signatures: Signatures, position: int) -> Labeling:
    ends = {row: max(i[position] for i in tensors) for row, tensors in signatures.items()}
    return lambda row, i: i[position] == ends[row]


def _labelings(signatures: Signatures, position: int) -> Iterator[Labeling]:
    """Yield labelings by one index.

    In order: the first, the last, both; like the first tensor; every index; the leading ones; periodic from an index
    on, also with the last index apart or the leading indices separate; every remainder.
    """
    runs = {row: [i[position] for i in tensors] for row, tensors in signatures.items()}
    starts = {row: min(run) for row, run in runs.items()}
    ends = {row: max(run) for row, run in runs.items()}
    yield lambda row, i: i[position] == starts[row]
    yield _is_last(signatures, position)
    yield lambda row, i: (i[position] == starts[row], i[position] == ends[row])
    first = {row: next(iter(tensors.values())) for row, tensors in signatures.items()}
    yield lambda row, i: signatures[row][i] == first[row]
    if max(ends.values()) < MAX_SEPARATE_INDICES:
        yield lambda _, i: i[position]
        yield lambda row, i: -1 if i[position] == ends[row] else i[position]
        yield lambda row, i: (i[position], i[position] == ends[row])
    for leading in range(1, MAX_LEADING_LAYERS + 1):
        yield lambda _, i, leading=leading: i[position] < leading  # type: ignore[misc]
    for leading, period in product(range(MAX_LEADING_LAYERS + 1), INDEX_PERIODS):
        for remainder in range(period):
            periodic = partial(_is_periodic, position, leading, period, remainder)
            yield periodic
            yield lambda row, i, periodic=periodic: 2 if i[position] == ends[row] else periodic(row, i)  # type: ignore[misc]
            if leading:
                yield lambda row, i, leading=leading, periodic=periodic: (  # type: ignore[misc]
                    periodic(row, i) if i[position] >= leading else i[position] - leading
                )
    for period in INDEX_PERIODS[1:]:
        yield lambda _, i, period=period: i[position] % period  # type: ignore[misc]


def _is_periodic(position: int, leading: int, period: int, remainder: int, _: int, indices: Indices) -> bool:
    return indices[position] >= leading and indices[position] % period == remainder


@value
class LayerRule:
    """A labeling of the layers of a stack: each of the first few, the last, and those between by remainder."""

    leading: int
    period: int
    last: bool

    @property
    def complexity(self) -> int:
        """Return the sort key by which simple rules come first: a leading layer costs twice as much as a period."""
        return 2 * self.leading + self.period + self.last

    def label(self, index: int, depth: int) -> LayerLabel:
        """Return the label of a layer in a stack of this depth."""
        if self.last and index == depth - 1:
            return LAST, 0
        return (FIRST, index) if index < self.leading else (EVERY, index % self.period)


def layer_rules(
    runs: Mapping[int, Collection[int]], depths: Mapping[int, int]
) -> Iterator[tuple[LayerRule, Mapping[LayerLabel, LayerLabel]]]:
    """Yield the rules that explain which layers have a tensor, the simplest first, each with the parts it makes.

    `runs` holds by row the layers that have the tensor, `depths` the depth of the stack. The mapping sends each label
    whose layers have the tensor to the label of its part. All remainders are one part if just one is left out.

    >>> every = {0: [3, 7, 9], 1: [3, 5], 2: [0], 3: [3, 7, 11, 15]}
    >>> rule, parts = next(layer_rules(every, {0: 10, 1: 6, 2: 1, 3: 16}))
    >>> rule, sorted(parts)
    (LayerRule(leading=0, period=4, last=True), [('every', 3), ('last', 0)])
    """
    settings = product(range(MAX_RULE_LEADING_LAYERS + 1), range(1, MAX_RULE_PERIOD + 1), (False, True))
    rules = sorted((LayerRule(*setting) for setting in settings), key=lambda rule: rule.complexity)
    for strict in (True, False):
        for rule in rules:
            parts = _parts_by_rule(rule, runs, depths, strict=strict)
            if parts is not None and len(set(parts.values())) > 1:
                yield rule, parts


def _parts_by_rule(
    rule: LayerRule, runs: Mapping[int, Collection[int]], depths: Mapping[int, int], *, strict: bool
) -> dict[LayerLabel, LayerLabel] | None:
    """Return the part of each label whose layers have the tensor, or None if the rule does not explain which do.

    A rule explains the layers if layers of one label all have the tensor or all lack it. Unless `strict`, that is
    demanded of the labels by remainder only.
    """
    present: set[LayerLabel] = set()
    absent: set[LayerLabel] = set()
    for row, run in runs.items():
        for index in range(depths[row]):
            (present if index in run else absent).add(rule.label(index, depths[row]))
    if any(strict or kind == EVERY for kind, _ in present & absent):
        return None
    remainders = {label for label in present if label[0] == EVERY}
    is_one_part = len(remainders) == rule.period - 1 and not rule.leading
    return {label: (EVERY, 0) if is_one_part and label in remainders else label for label in sorted(present)}


def layer_rule_partitions(
    template: TensorTemplate, position: int, depths: Mapping[int, int]
) -> Iterator[list[TensorTemplate]]:
    """Yield partitions by the layer rules of one index; `depths` holds the depth of its stack by row."""
    runs = {row: set(run) for row, run in template.index_runs(position).items()}
    if any(max(run) >= depths[row] for row, run in runs.items()):
        return
    for rule, parts in islice(layer_rules(runs, depths), MAX_LAYER_RULES):
        labeling = partial(_rule_part, rule, parts, position, depths)
        yield [template.restricted(partial(_has_label, labeling, part)) for part in dict.fromkeys(parts.values())]


def _rule_part(
    rule: LayerRule,
    parts: Mapping[LayerLabel, LayerLabel],
    position: int,
    depths: Mapping[int, int],
    row: int,
    indices: Indices,
) -> LayerLabel:
    return parts[rule.label(indices[position], depths[row])]


def value_partitions(view: TemplateView) -> Iterator[list[TensorTemplate]]:
    """Yield partitions of the builds by an affecting size of few values, or by the power of two in that size."""
    table, template = view.table, view.template
    for symbol in sorted(view.affecting_any & set(table.numbers), key=str):
        sizes = {row: table.observations[row].sizes[symbol] for row in template.entries}
        powers: dict[int, Number] = {row: int(size).bit_length() for row, size in sizes.items()}
        for labels in (sizes, powers):
            if 2 < len(set(labels.values())) <= MAX_SPLIT_VALUES:
                yield [
                    template.restricted(partial(_is_row_labeled, labels, label))
                    for label in dict.fromkeys(labels.values())
                ]


def _is_row_labeled(labels: Mapping[int, object], label: object, row: int, _: Indices) -> bool:
    return labels[row] == label


class ConditionSplitter:
    """Splits of builds by a condition, within one budget for all templates of a synthesis."""

    def __init__(self) -> None:
        self.budget = MAX_CONDITION_SPLITS

    def splits(
        self, view: TemplateView, explained: Iterable[Mapping[int, bool]] = ()
    ) -> Iterator[list[tuple[Boolean, TensorTemplate]]]:
        """Yield partitions of the builds, each part with a condition that is known to hold in its rows.

        The switches that affect the tensor come first, alone and all together. Then come conditions whose two sides
        are known by rows only, so that the known condition is `true`. `explained` has by row True if a loop that is
        right in most builds is right there: the loop is for the builds in which some condition holds.
        """
        yield from _switch_splits(view)
        traced = [holds for holds in _traced_dimension_holds(view) if len(set(holds.values())) > 1]
        stronger = (implied for holds in chain(traced, explained) for implied in _strongest_sufficient(view, holds))
        for holds in chain(stronger, traced, self._simple_conditions(view)):
            sides = (view.template.restricted(partial(_is_row_labeled, holds, side)) for side in (True, False))
            yield [(sympy.true, side) for side in sides]

    def _simple_conditions(self, view: TemplateView) -> Iterator[dict[int, bool]]:
        """Yield by row the truth of simple conditions that split the builds, each split once, within the budget."""
        table, rows = view.table, list(view.template.entries)
        known: set[tuple[bool, ...]] = set()
        preferred = view.affecting_any.union(table.sizes_affecting_existence(view.template))
        for bits in table.conditions.split_masks(preferred, rows):
            if self.budget <= 0:
                return
            holds = {row: bool(bits >> row & 1) for row in rows}
            truths = tuple(holds.values())
            if len(set(truths)) == 2 and truths not in known:
                self.budget -= 1
                known |= {truths, tuple(not truth for truth in truths)}
                yield holds


def _switch_splits(view: TemplateView) -> Iterator[list[tuple[Boolean, TensorTemplate]]]:
    table, template = view.table, view.template
    switches = sorted((symbol for symbol in view.affecting_any if BY_SYMBOL[symbol].kind is Kind.SWITCH), key=str)
    joint = [switches] if 1 < len(switches) <= MAX_JOINT_SWITCHES else []
    for chosen in (*([switch] for switch in switches), *joint):
        settings = {row: tuple(table.observations[row].sizes[switch] for switch in chosen) for row in template.entries}
        parts = []
        for setting in product((True, False), repeat=len(chosen)):
            literals = (switch if is_on else sympy.Not(switch) for switch, is_on in zip(chosen, setting, strict=True))
            part = template.restricted(partial(_is_row_labeled, settings, setting))
            parts += [(sympy.And(*literals), part)] if part.entries else []
        if len(parts) > 1:
            yield parts


def _traced_dimension_holds(view: TemplateView) -> Iterator[dict[int, bool]]:
    """Yield for each traced expression, by row, True if the dimension equals it.

    The two sides of `size or default` in model code are such expressions: each is right in some builds.
    """
    evaluators = view.table.evaluators
    for dimension, traced in enumerate(view.traced):
        for expression in traced:
            yield {
                row: all(
                    evaluators[row].residual(expression, length) == 0
                    for entry in tensors.values()
                    for length in entry.shape[dimension : dimension + 1]
                )
                for row, tensors in view.template.entries.items()
            }


def _strongest_sufficient(view: TemplateView, holds: Mapping[int, bool]) -> Iterator[dict[int, bool]]:
    """Yield by row the truth of the condition that holds in most of the marked rows and in no other row, if any.

    If a width is 0, both sides of a branch of the model code may give the same shape. The marked rows are then more
    than those in which the branch was taken.
    """
    wanted = sum(1 << row for row, marked in holds.items() if marked)
    rows = sum(1 << row for row in holds)
    sufficient = [
        bits
        for bits in view.table.conditions.split_masks(view.affecting_any, holds)
        if bits & rows and not bits & rows & ~wanted
    ]
    best = max(sufficient, key=lambda bits: (bits & rows).bit_count(), default=0)
    if best:
        yield {row: bool(best >> row & 1) for row in holds}
