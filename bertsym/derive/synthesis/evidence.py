"""Evidence: why a part of a tensor has its formula, or why it has none.

A maintainer reads three things: the observations of the part, the sizes that affect it, and the best formulas that an
observation refutes. A derivation does not compute this. `explain_tensor` runs the synthesis once more on the same
observations, then searches for the runners-up. All that it returns is bounded (`limits`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from sympy import Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import free
from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.limits import MAX_EVIDENCE_INDICES, MAX_EVIDENCE_ROWS, MAX_EVIDENCE_SIZES
from bertsym.derive.synthesis.name_templates import Indices, TensorTemplate
from bertsym.derive.synthesis.observations import (
    EXISTENCE,
    NO_LISTS,
    REPEAT,
    SHAPE,
    TIE,
    LayerLists,
    ObservationTable,
    TemplateView,
    dimension_part,
    repeat_part,
)
from bertsym.derive.synthesis.runners_up import (
    PartFormula,
    PartValue,
    RunnerUp,
    best_conditions,
    best_formulas,
    best_loops,
    bounded,
    loop_sizes,
    sizes_of_row,
)
from bertsym.derive.synthesis.synthesize import Synthesis
from bertsym.derive.types import Candidate, Failure, Number, Observation
from bertsym.errors import UnknownName
from bertsym.tree import Loop, Tensor
from bertsym.values import value


@value
class PartObservation:
    """The value of a part at some values of the affecting sizes, and the number of builds that show both."""

    sizes: Mapping[Symbol, Number]
    value: PartValue
    builds: int


@value
class PartEvidence:
    """All that is known about one part of a tensor.

    `part` is named as in `Failure`. `builds` is the number of builds in which the part has a value. `observations`
    are distinct, in ascending order of their sizes. If no size is known to affect a varying part, they show all sizes
    that vary. `formula` is None if the part has none. `runners_up` are the best refuted formulas, the best one first;
    a part that is constant in all builds has none.
    """

    part: str
    affecting: tuple[Symbol, ...]
    builds: int
    observations: tuple[PartObservation, ...]
    formula: PartFormula | None
    runners_up: tuple[RunnerUp, ...]


@value
class TensorEvidence:
    """The evidence of a template: of its tensor, of one of its cases if it has several, or of its failure.

    Exactly one of `tensor` and `failure` is None. If several cases overlap, each is shown with all that it covers.
    """

    template: str
    tensor: Tensor | None
    failure: Failure | None
    parts: tuple[PartEvidence, ...]

    @property
    def failed_part(self) -> PartEvidence | None:
        """Return the evidence of the part that failed, or None without failure.

        A failed step is part of the evidence of its index (`repeat 0`), and so is a failure of all indices (`repeat`).
        """
        if self.failure is None:
            return None
        failed = self.failure.part
        exact = (part for part in self.parts if part.part == failed)
        related = (part for part in self.parts if failed.endswith(part.part) or part.part.endswith(failed))
        indices = (part for part in self.parts if REPEAT in part.part and failed == REPEAT)
        return next((part for parts in (exact, related, indices) for part in parts), None)


def explain_tensor(
    name: str,
    observations: Sequence[Observation],
    active: Collection[Symbol],
    traces: Sequence[ConcolicTrace] = (),
    layer_lists: LayerLists = NO_LISTS,
) -> tuple[TensorEvidence, ...]:
    """Return the evidence of a tensor, one for each of its cases.

    `name` is a name as a candidate or a failure gives it (`layer.{}.weight`), or the name of one tensor of a build
    (`layer.3.weight`). The other arguments are those of `synthesize`. Raise `UnknownName` if no build has the tensor.
    """
    synthesis = Synthesis(ObservationTable(observations, active, traces, layer_lists))
    candidate = synthesis.candidate()
    template = _find_template(name, synthesis.templates)
    return tuple(_Explanation(synthesis, candidate, template).evidence())


def _find_template(name: str, templates: Sequence[TensorTemplate]) -> TensorTemplate:
    by_pattern = {template.pattern: template for template in templates}
    if name in by_pattern:
        return by_pattern[name]
    for template in templates:
        if name in _tensor_names(template):
            return template
    # A rerolled tensor has a loop over numbers that are literal in its templates: the first of these stands for all.
    opened = _name_pattern(name)
    for template in templates:
        if opened.fullmatch(template.pattern):
            return template
    raise UnknownName("tensor", name, tuple(by_pattern))


def _tensor_names(template: TensorTemplate) -> set[str]:
    return {template.pattern.format(*indices) for tensors in template.entries.values() for indices in tensors}


def _name_pattern(name: str) -> re.Pattern[str]:
    """Return the regular expression for the templates of a tensor: a loop's index may be literal in a template."""
    return re.compile(re.escape(name).replace(r"\{\}", r"(?:\d+|\{\})"))


class _Explanation:
    """The evidence of one template, from a synthesis that has run."""

    def __init__(self, synthesis: Synthesis, candidate: Candidate, template: TensorTemplate) -> None:
        self.table, self.loop_ranges = synthesis.table, synthesis.loop_ranges
        self.candidate = candidate
        self.view = synthesis.view(template)

    def evidence(self) -> Iterator[TensorEvidence]:
        """Yield the evidence of the failure, or of each tensor of the template."""
        template = self.view.template
        for failure in self.candidate.refused:
            if failure.tensor == template.pattern:
                yield TensorEvidence(template.pattern, None, failure, tuple(self._parts(self.view, None)))
                return
        for tensor in self.candidate.tensors:
            if _name_pattern(tensor.name).fullmatch(template.pattern):
                view = self.view.restricted(self._covered(template, tensor))
                if view.template.entries:
                    yield TensorEvidence(template.pattern, tensor, None, tuple(self._parts(view, tensor)))

    def _covered(self, template: TensorTemplate, tensor: Tensor) -> TensorTemplate:
        """Return the part of a template that a tensor covers: its condition holds, and its loops give the indices."""
        loops = _own_loops(template, tensor)
        rows = {row for row in template.entries if self.table.evaluators[row].holds(tensor.when)}
        ranges = {row: [set(self.loop_ranges.indices(loop, row)) for loop in loops] for row in rows}

        def is_covered(row: int, indices: Indices) -> bool:
            return row in rows and all(index in members for index, members in zip(indices, ranges[row], strict=True))

        return template.restricted(is_covered)

    def _parts(self, view: TemplateView, tensor: Tensor | None) -> Iterator[PartEvidence]:
        if not view.template.is_uniform or len(_ranks(view.template)) > 1:
            yield self._shape_part(view)
        yield from self._dimension_parts(view, tensor)
        yield from self._repeat_parts(view, tensor)
        yield self._existence_part(view, tensor)
        first_ties = {row: next(iter(view.template.ties[row].values())) for row in view.template.entries}
        if any(first_ties.values()):
            targets = {row: tie.pattern if tie is not None else None for row, tie in first_ties.items()}
            cases = {row: tie is not None for row, tie in first_ties.items()}
            accepted = tensor.tied_when if tensor is not None else None
            yield self._condition_part(TIE, targets, cases, set(), accepted)

    def _shape_part(self, view: TemplateView) -> PartEvidence:
        """Return the evidence of the shape as a whole: the number of dimensions in each build, or of each tensor."""
        ranks = {
            row: [len(entry.shape) for _, entry in sorted(tensors.items())]
            for row, tensors in view.template.entries.items()
        }
        values = {row: _one_or_all(of_build) for row, of_build in ranks.items()}
        return self._part(SHAPE, values, view.affecting_any, None, ())

    def _dimension_parts(self, view: TemplateView, tensor: Tensor | None) -> Iterator[PartEvidence]:
        template = view.template
        for dimension in range(min(_ranks(template))):
            part = dimension_part(dimension)
            lengths = {
                row: [entry.shape[dimension] for _, entry in sorted(tensors.items())]
                for row, tensors in template.entries.items()
            }
            values = {row: _one_or_all(of_build) for row, of_build in lengths.items()}
            numbers = {row: length for row, length in values.items() if isinstance(length, int)}
            accepted = tensor.shape[dimension] if tensor is not None else None
            affecting = set(view.affecting.get(part, ()))
            traced = view.traced[dimension] if dimension < len(view.traced) else ()
            runners_up = best_formulas(self.table, numbers, affecting, traced)
            sizes = affecting if accepted is None else affecting | free(accepted)
            yield self._part(part, values, sizes, accepted, runners_up)

    def _repeat_parts(self, view: TemplateView, tensor: Tensor | None) -> Iterator[PartEvidence]:
        template = view.template
        loops = _own_loops(template, tensor) if tensor is not None else None
        for position in range(template.index_count):
            runs = template.index_runs(position)
            loop = loops[position] if loops is not None else None
            is_plain = loop.plain if loop is not None else all(run[-1] - run[0] < len(run) for run in runs.values())
            if is_plain:
                yield self._bound_part(view, repeat_part(position, "start"), runs, loop)
                yield self._bound_part(view, repeat_part(position, "end"), runs, loop)
            else:
                yield self._gapped_part(view, position, runs, loop)

    def _bound_part(
        self, view: TemplateView, part: str, runs: Mapping[int, Sequence[int]], loop: Loop | None
    ) -> PartEvidence:
        is_start = part.startswith("start")
        numbers = {row: run[0] if is_start else run[-1] + 1 for row, run in runs.items()}
        accepted = None if loop is None else loop.start if is_start else loop.stop
        affecting = set(view.affecting.get(part, ()))
        runners_up = best_formulas(self.table, numbers, affecting)
        sizes = affecting if accepted is None else affecting | free(accepted)
        return self._part(part, numbers, sizes, accepted, runners_up)

    def _gapped_part(
        self, view: TemplateView, position: int, runs: Mapping[int, Sequence[int]], loop: Loop | None
    ) -> PartEvidence:
        bounds = (view.affecting.get(repeat_part(position, bound), ()) for bound in ("start", "end", "step"))
        affecting: set[Symbol] = set().union(*bounds)
        values = {row: bounded(run) for row, run in runs.items()}
        runners_up = best_loops(self.loop_ranges, view, position, affecting)
        sizes = affecting if loop is None else affecting | loop_sizes(loop)
        return self._part(repeat_part(position), values, sizes, loop, runners_up)

    def _existence_part(self, view: TemplateView, tensor: Tensor | None) -> PartEvidence:
        """Return the evidence of existence, in builds whose loops are not empty if the loops are known."""
        template = view.template
        loops = tensor.loops if tensor is not None else ()
        cases = {
            row: row in template.entries
            for row, evaluator in enumerate(self.table.evaluators)
            if row in template.entries or all(evaluator.number(loop.times) > 0 for loop in loops)
        }
        accepted = tensor.when if tensor is not None else None
        affecting = set(self.table.sizes_affecting_existence(template))
        return self._condition_part(EXISTENCE, cases, cases, affecting, accepted)

    def _condition_part(
        self,
        part: str,
        values: Mapping[int, PartValue],
        cases: Mapping[int, bool],
        affecting: set[Symbol],
        accepted: Boolean | None,
    ) -> PartEvidence:
        runners_up = best_conditions(self.table, cases, affecting)
        sizes = affecting if accepted is None else affecting | accepted.free_symbols
        return self._part(part, values, sizes, accepted, runners_up)

    def _part(
        self,
        part: str,
        values: Mapping[int, PartValue],
        sizes: Collection[Symbol],
        formula: PartFormula | None,
        runners_up: Sequence[RunnerUp],
    ) -> PartEvidence:
        affecting = tuple(sorted(sizes, key=str))
        is_constant = len(set(values.values())) == 1
        shown = (affecting or (() if is_constant else self._varying_sizes(values)))[:MAX_EVIDENCE_SIZES]
        builds: dict[tuple[tuple[Number, ...], PartValue], int] = {}
        for row, part_value in values.items():
            key = tuple(sizes_of_row(self.table, shown, row).values()), part_value
            builds[key] = builds.get(key, 0) + 1
        distinct = sorted(builds, key=lambda key: (key[0], str(key[1])))
        step = max(-(-len(distinct) // MAX_EVIDENCE_ROWS), 1)
        observations = tuple(
            PartObservation(dict(zip(sorted(shown, key=str), numbers, strict=True)), part_value, builds[key])
            for key in distinct[::step]
            for numbers, part_value in [key]
        )
        return PartEvidence(part, affecting, len(values), observations, formula, tuple(runners_up))

    def _varying_sizes(self, rows: Collection[int]) -> tuple[Symbol, ...]:
        sizes = [self.table.observations[row].sizes for row in rows]
        return tuple(symbol for symbol in sizes[0] if len({of_build[symbol] for of_build in sizes}) > 1)


def _own_loops(template: TensorTemplate, tensor: Tensor) -> tuple[Loop, ...]:
    """Return the loops for the indices of a template: a rerolled tensor has one more before them."""
    return tensor.loops[len(tensor.loops) - template.index_count :]


def _ranks(template: TensorTemplate) -> set[int]:
    """Return the numbers of dimensions that tensors of the template have."""
    return {len(entry.shape) for tensors in template.entries.values() for entry in tensors.values()}


def _one_or_all(numbers: Sequence[int]) -> PartValue:
    """Return the number that all tensors of a build share, or the first few of the differing numbers."""
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers[:MAX_EVIDENCE_INDICES])
