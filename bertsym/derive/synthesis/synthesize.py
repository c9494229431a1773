"""Synthesis of a candidate: every tensor template gets a shape, loops, a condition of existence and a tie.

For each template, partitions are tried from simple to complex. The first one whose parts all have formulas is taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.synthesis.loop_ranges import LoopRanges, processing_order, reroll
from bertsym.derive.synthesis.name_templates import TensorTemplate, Tie, component_name, mine_templates
from bertsym.derive.synthesis.observations import (
    EXISTENCE,
    NO_LISTS,
    REPEAT,
    SHAPE,
    TIE,
    LayerLists,
    NoFormula,
    ObservationTable,
    TemplateView,
)
from bertsym.derive.synthesis.partition import (
    ConditionSplitter,
    layer_rule_partitions,
    uniform_partitions,
    value_partitions,
)
from bertsym.derive.synthesis.ties import unify_tied_shapes, without_dangling_ties
from bertsym.derive.types import Candidate, Failure, Observation
from bertsym.layers import Role
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.tree import Loop, Tensor
from bertsym.values import replace


def synthesize(
    observations: Sequence[Observation],
    active: Collection[Symbol],
    traces: Sequence[ConcolicTrace] = (),
    layer_lists: LayerLists = NO_LISTS,
) -> Candidate:
    """Return the tensors with formulas that every observation confirms, in the order of the model code.

    `active` holds the sizes that affect some tensor. `traces` propose expressions that the model code computed; each
    is confirmed by the observations. `layer_lists` are lists of the configuration that may say which layers are alike.
    """
    return Synthesis(ObservationTable(observations, active, traces, layer_lists)).candidate()


class Synthesis:
    """The search over all templates of a table of observations."""

    def __init__(self, table: ObservationTable) -> None:
        self.table = table
        self.templates = mine_templates(table.observations)
        self.loop_ranges = LoopRanges(table, self.templates)
        self.splitter = ConditionSplitter()
        self._siblings: dict[str, list[TensorTemplate]] = {}
        for template in self.templates:
            self._siblings.setdefault(template.module, []).append(template)

    def candidate(self) -> Candidate:
        """Return the candidate: tensors with formulas, and the failures."""
        results: dict[str, list[Tensor] | Failure] = {}
        known: dict[str, int] = {}
        ordered = processing_order(self.templates)
        for template in ordered:
            results[template.pattern] = self._tensors(template)
            known[template.pattern] = self.loop_ranges.known_loops(template)
        for template in ordered:
            # The loops of later templates may tell what its indices are the complement of.
            result = results[template.pattern]
            learned = self.loop_ranges.known_loops(template) > known[template.pattern]
            if learned and isinstance(result, Failure) and result.part.startswith(REPEAT):
                results[template.pattern] = self._tensors(template)
        tensors: list[Tensor] = []
        failures: list[Failure] = []
        for template in self.templates:
            result = results[template.pattern]
            if isinstance(result, Failure):
                failures.append(result)
            else:
                tensors += result
        unified = list(unify_tied_shapes(tensors, self.table.observations, self.table.evaluators, failures))
        rerolled = reroll(list(without_dangling_ties(unified, failures)))
        named = (replace(tensor, component=component_name(tensor.name)) for tensor in rerolled)
        return Candidate(tuple(named), tuple(failures))

    def view(self, template: TensorTemplate) -> TemplateView:
        """Return the view of a template, with what the other tensors of its module show."""
        return self.table.view(template, self._siblings.get(template.module, []))

    def _tensors(self, template: TensorTemplate) -> list[Tensor] | Failure:
        """Return the tensors of the first partition by index whose parts all have formulas, or the first failure."""
        first_failure: NoFormula | None = None
        if not template.is_uniform:
            # All its layers together tell how deep the stack is, even if no single part does.
            with suppress(NoFormula):
                self.loop_ranges.loops(self.table.view(template))
        labels, ranges = list(self.table.layer_labels(template)), self.table.layer_ranges(template)
        for parts in uniform_partitions(template, labels, ranges):
            try:
                return [tensor for part in parts for tensor in self._part_tensors(part)]
            except NoFormula as failure:
                first_failure = first_failure or failure
        assert first_failure is not None  # noqa: S101  # there is at least one partition
        part, reason = first_failure.part, first_failure.reason
        return Failure(template.pattern, part, reason, self._suspects(template, part))

    def _suspects(self, template: TensorTemplate, part: str) -> frozenset[Symbol]:
        """Return the sizes that may explain a failure.

        If a layer index failed, these are the sizes that change which layers of that stack exist.
        """
        if part.startswith("dimension"):
            return frozenset(self.table.sizes_affecting_entries(template))
        stack = template.stack(0)
        neighbors = [
            neighbor
            for neighbor in self.templates
            if stack != template.pattern and neighbor.pattern.startswith(stack + "{}")
        ]
        depths = (
            symbol
            for neighbor in neighbors
            for symbol in self.table.sizes_affecting_existence(neighbor)
            if BY_SYMBOL[symbol].kind is not Kind.SWITCH
        )
        return frozenset(self.table.sizes_affecting_existence(template)).union(depths)

    def _part_tensors(self, part: TensorTemplate) -> list[Tensor]:
        """Return the tensors of a uniform part: those of its builds together, else those of a partition's cases."""
        view = self.view(part)
        try:
            return self._split_tensors(view)
        except NoFormula:
            ended = self.loop_ranges.end_partitions(part)
            for cases in chain(ended, self._layer_rule_partitions(part), value_partitions(view)):
                with suppress(NoFormula):
                    return [tensor for case in cases for tensor in self._split_tensors(self.view(case))]
            raise

    def _layer_rule_partitions(self, part: TensorTemplate) -> Iterator[list[TensorTemplate]]:
        for position in range(part.index_count):
            depths = self.loop_ranges.depths(part, position)
            if depths is not None:
                yield from layer_rule_partitions(part, position, depths)

    def _split_tensors(self, view: TemplateView) -> list[Tensor]:
        """Return the tensor of a template, or one for each side of a condition."""
        try:
            return [self._tensor(view)]
        except NoFormula:
            for sides in self.splitter.splits(view, self.loop_ranges.explained_rows(view)):
                with suppress(NoFormula):
                    return [self._tensor(view.restricted(side), known) for known, side in sides]
            raise

    def _tensor(self, view: TemplateView, known: Boolean = sympy.true) -> Tensor:
        """Return the one tensor of a template; raise `NoFormula` if a part has no formula.

        The condition `known` holds in every build of the template, and becomes part of the condition of existence.
        """
        template = view.template
        if not template.is_uniform:
            raise NoFormula(SHAPE, "tensors of one build differ in shape or tie, and no rule of their indices says how")
        rows = list(template.entries)
        entries = {row: next(iter(tensors.values())) for row, tensors in template.entries.items()}
        loops = self.loop_ranges.loops(view)
        shape = _shape(view, rows, [entries[row].shape for row in rows])
        tied_to, tied_when = self._tie(template)
        roles = [entry.role for entry in entries.values()]
        role = Role(max(roles, key=roles.count))
        when = self._existence(template, loops, known)
        component = component_name(template.pattern)
        return Tensor(
            template.pattern, shape, role, "", component, loops, when=when, tied_to=tied_to, tied_when=tied_when
        )

    def _existence(self, template: TensorTemplate, loops: tuple[Loop, ...], known: Boolean) -> Boolean:
        """Return the condition under which the tensor exists in builds in which its loops are not empty.

        A loop may have a negative number of indices, if its start lies beyond the stack. Two readings are tried: the
        condition is that every loop has begun, and one that the sizes affecting existence give.
        """
        evaluators = self.table.evaluators
        begun = [sympy.Lt(loop.start, loop.stop) for loop in loops if _begins_late(loop)]
        cases = {}
        rows_with_negative_count = set()
        for row, evaluator in enumerate(evaluators):
            try:
                counts = [evaluator.number(loop.times) for loop in loops]
            except ZeroDivisionError:
                raise NoFormula(REPEAT, "the step of its loop is 0 in some build") from None
            if any(count < 0 for count in counts):
                rows_with_negative_count.add(row)
            if any(count < 0 for count in counts) or all(count > 0 for count in counts):
                cases[row] = row in template.entries
            elif row in template.entries:
                raise NoFormula(REPEAT, "the tensor exists in builds in which its index range is empty")
        known_rows = self.table.conditions.rows_where(known)
        cases = {row: exists for row, exists in cases.items() if row in known_rows}
        affecting = set(self.table.sizes_affecting_existence(template))
        beyond_begun = None
        if rows_with_negative_count and begun:
            started = {row: exists for row, exists in cases.items() if row not in rows_with_negative_count}
            with suppress(NoFormula):
                beyond_begun = self.table.find_condition(EXISTENCE, started, affecting)
            # The atlas was derived without a preference for affecting sizes from here on.
            affecting = set()
        if beyond_begun == sympy.true:
            return sympy.And(known, *begun)
        try:
            condition = self.table.find_condition(EXISTENCE, cases, affecting)
        except NoFormula:
            if beyond_begun is None:
                raise
            return sympy.And(known, *begun, beyond_begun)
        if beyond_begun is not None and _literal_count(condition) > len(begun) + _literal_count(beyond_begun):
            # Several comparisons that say together when a loop has begun are less often right than that it has.
            return sympy.And(known, *begun, beyond_begun)
        return sympy.And(known, condition)

    def _tie(self, template: TensorTemplate) -> tuple[str | None, Boolean]:
        """Return the tensor that this one is tied to, if any, and the condition under which it is."""
        ties: dict[int, Tie | None] = {row: _first_tie(template, row) for row in template.entries}
        targets = {tie.pattern for tie in ties.values() if tie is not None}
        if not targets:
            return None, sympy.true
        if len(targets) > 1:
            names = ", ".join(sorted(targets)[:3])
            raise NoFormula(TIE, f"it is tied to {len(targets)} different tensors ({names})")
        cases = {row: tie is not None for row, tie in ties.items()}
        return targets.pop(), self.table.find_condition(TIE, cases)


def _literal_count(condition: Boolean) -> int:
    """Return the number of comparisons and switches in a condition.

    >>> from bertsym.symbols import H, L, tied
    >>> _literal_count(sympy.And(H > 1, sympy.Or(L > 2, sympy.Not(tied)))), _literal_count(sympy.true)
    (3, 0)
    """
    if isinstance(condition, sympy.And | sympy.Or | sympy.Not):
        return sum(map(_literal_count, condition.args))
    return 0 if condition in (sympy.true, sympy.false) else 1


def _begins_late(loop: Loop) -> bool:
    """Return True if no comparison of two sizes says that the loop has begun: N..L-E, or a loop with steps."""
    return not loop.listed and (not loop.plain or len(loop.start.free_symbols | loop.stop.free_symbols) > 2)


def _shape(view: TemplateView, rows: Sequence[int], shapes: Sequence[tuple[int, ...]]) -> tuple[Expr, ...]:
    ranks = sorted(set(map(len, shapes)))
    if len(ranks) > 1:
        raise NoFormula(SHAPE, f"its number of dimensions differs between builds ({', '.join(map(str, ranks))})")
    columns = enumerate(zip(*shapes, strict=True))
    return tuple(view.fit_dimension(dimension, rows, column) for dimension, column in columns)


def _first_tie(template: TensorTemplate, row: int) -> Tie | None:
    """Return the tie of the first tensor of a build; the template is uniform, so that all have the same tie."""
    ties: Mapping[tuple[int, ...], Tie | None] = template.ties[row]
    return ties[next(iter(template.entries[row]))]
