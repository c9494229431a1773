"""Runners-up: the formulas, conditions and loops that fit most observations of a part, each with its refutation.

A synthesizer discards what one observation refutes. A maintainer wants to see the best of what was discarded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from itertools import combinations, islice
from random import Random
from typing import TypeAlias

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import free
from bertsym.derive.limits import (
    MAX_EVIDENCE_INDICES,
    MAX_EVIDENCE_LOOPS,
    MAX_EVIDENCE_SUBSETS,
    MAX_PAIRED_PREDICATES,
    MAX_RUNNERS_UP,
)
from bertsym.derive.synthesis.conditions import Predicate
from bertsym.derive.synthesis.loop_ranges import LoopRanges
from bertsym.derive.synthesis.observations import NoFormula, ObservationTable, TemplateView
from bertsym.derive.types import Number
from bertsym.tree import Loop
from bertsym.values import value

PartValue: TypeAlias = int | bool | str | tuple[int, ...] | None
"""The value of a part in one build.

A length, a start or an end is an integer; a length that differs between the layers of a build is the tuple of all its
lengths. The values of an index with gaps are a tuple. Existence is a boolean. A tie is the target's name, or None.
"""

PartFormula: TypeAlias = Expr | Boolean | Loop
"""A formula of a dimension or a bound, a condition of existence or of a tie, or the loop of an index with gaps."""


@value
class RunnerUp:
    """A formula that fits many observations, and the first observation that refutes it.

    `fits` is the number of builds that confirm the formula. `sizes` are those of the refuting build: the affecting
    sizes and those of the formula. `predicted` is None if the formula has no integer value there.
    """

    formula: PartFormula
    fits: int
    sizes: Mapping[Symbol, Number]
    predicted: PartValue
    actual: PartValue


@value
class _Prediction:
    """The values that a formula gives by row, and its sizes."""

    formula: PartFormula
    values: Mapping[int, PartValue]
    symbols: Collection[Symbol]


def best_formulas(
    table: ObservationTable, numbers: Mapping[int, int], affecting: Collection[Symbol], traced: Iterable[Expr] = ()
) -> tuple[RunnerUp, ...]:
    """Return the best refuted formulas of numbers by row.

    The candidates are formulas that fit some of the rows, all formulas of the synthesis, and `traced` expressions.
    """
    if len(set(numbers.values())) <= 1:
        return ()  # a constant needs no explanation
    pool = dict.fromkeys((*_formulas_of_subsets(table, numbers, affecting), *table.fitter.formulas, *traced))
    predictions = (
        _Prediction(formula, {row: _integer_value(table, formula, row) for row in numbers}, free(formula))
        for formula in pool
    )
    return _ranked(table, numbers, predictions, affecting)


def best_conditions(
    table: ObservationTable, cases: Mapping[int, bool], affecting: Collection[Symbol]
) -> tuple[RunnerUp, ...]:
    """Return the best refuted conditions for the rows that `cases` marks: predicates, and pairs of the best of them."""
    if len(set(cases.values())) <= 1:
        return ()  # a tensor that always exists needs no explanation
    rows = sum(1 << row for row in cases)
    wanted = sum(1 << row for row, holds in cases.items() if holds)
    conditions = table.conditions
    predicates = [*conditions.simple, *conditions.remainders, *conditions.over_inactive]
    best = sorted(
        conditions.supported(predicates, rows),
        key=lambda predicate: (
            ((predicate.bits ^ wanted) & rows).bit_count(),
            not predicate.symbols <= set(affecting),
        ),
    )[:MAX_PAIRED_PREDICATES]
    # Conditions are built only for the best sets of rows: sympy takes a millisecond for each.
    builders: dict[int, Callable[[], Boolean]] = {rows: lambda: sympy.true}
    for predicate in best:
        builders.setdefault(predicate.bits & rows, predicate.make)
    for first, second in combinations(best, 2):
        builders.setdefault(first.bits & second.bits & rows, partial(_joined, sympy.And, first, second))
        builders.setdefault((first.bits | second.bits) & rows, partial(_joined, sympy.Or, first, second))
    masks = sorted(builders, key=lambda mask: (mask ^ wanted).bit_count())[: MAX_RUNNERS_UP + 1]
    built = ((mask, builders[mask]()) for mask in masks)
    predictions = (
        _Prediction(condition, {row: bool(mask >> row & 1) for row in cases}, condition.free_symbols)
        for mask, condition in built
    )
    return _ranked(table, cases, predictions, affecting)


def _joined(join: Callable[..., Boolean], first: Predicate, second: Predicate) -> Boolean:
    return join(first.make(), second.make())


def best_loops(
    loop_ranges: LoopRanges, view: TemplateView, position: int, affecting: Collection[Symbol]
) -> tuple[RunnerUp, ...]:
    """Return the best refuted loops for one index of a template."""
    runs = view.template.index_runs(position)
    actual = {row: bounded(run) for row, run in runs.items()}
    predictions = (
        _Prediction(loop, {row: bounded(loop_ranges.indices(loop, row)) for row in runs}, loop_sizes(loop))
        for loop in _candidate_loops(loop_ranges, view, position)
    )
    return _ranked(view.table, actual, predictions, affecting)


def bounded(indices: Iterable[int]) -> tuple[int, ...]:
    """Return the first indices, as many as the evidence keeps."""
    return tuple(islice(indices, MAX_EVIDENCE_INDICES))


def loop_sizes(loop: Loop) -> set[Symbol]:
    """Return the sizes that the bounds of a loop have."""
    return set().union(*map(free, loop.bounds))


def sizes_of_row(table: ObservationTable, symbols: Iterable[Symbol], row: int) -> dict[Symbol, Number]:
    """Return the values of these sizes in a row, in the order of their names."""
    sizes = table.observations[row].sizes
    return {symbol: sizes[symbol] for symbol in sorted(symbols, key=str) if symbol in sizes}


def _formulas_of_subsets(
    table: ObservationTable, numbers: Mapping[int, int], affecting: Collection[Symbol]
) -> Iterator[Expr]:
    """Yield formulas that fit a few rows each, so that the best ones fit many.

    Rows that refute a formula are unknown beforehand. Random samples of few rows often contain none of them (random
    sample consensus, Fischler and Bolles 1981). The rows in which a simple condition holds are tried as well.
    """
    rows = list(numbers)
    random = Random(0)  # noqa: S311  # the evidence is the same each time
    masks = islice(table.conditions.split_masks(affecting, rows), MAX_EVIDENCE_SUBSETS // 2)
    subsets = [[row for row in rows if mask >> row & 1] for mask in masks]
    sample_size = min(4 + 2 * len(affecting), len(rows))
    subsets += [sorted(random.sample(rows, sample_size)) for _ in range(MAX_EVIDENCE_SUBSETS - len(subsets))]
    for subset in filter(None, subsets):
        formula = table.fitter.fit(subset, [numbers[row] for row in subset], affecting)
        if formula is not None:
            yield formula


def _integer_value(table: ObservationTable, formula: Expr, row: int) -> int | None:
    difference = table.evaluators[row].residual(formula, 0)
    return -int(difference) if difference is not None and difference == int(difference) else None


def _candidate_loops(loop_ranges: LoopRanges, view: TemplateView, position: int) -> Iterator[Loop]:
    stack_loop = loop_ranges.stack_loop(view.template.stack(position))
    if stack_loop is not None:
        yield stack_loop
    try:
        yield from islice(loop_ranges.candidate_loops(view, position), MAX_EVIDENCE_LOOPS)
    except NoFormula:
        return


def _ranked(
    table: ObservationTable,
    actual: Mapping[int, PartValue],
    predictions: Iterable[_Prediction],
    affecting: Collection[Symbol],
) -> tuple[RunnerUp, ...]:
    """Return the best refuted formulas, the best one first; of formulas with equal predictions the shortest.

    A formula that fits all rows is no runner-up, and neither is one that fits none.
    """
    best: dict[tuple[PartValue, ...], tuple[tuple[int, int, str], RunnerUp]] = {}
    for prediction in predictions:
        wrong = [row for row, part_value in actual.items() if prediction.values[row] != part_value]
        if not wrong or len(wrong) == len(actual):
            continue
        sizes = sizes_of_row(table, {*affecting, *prediction.symbols}, wrong[0])
        fits = len(actual) - len(wrong)
        runner_up = RunnerUp(prediction.formula, fits, sizes, prediction.values[wrong[0]], actual[wrong[0]])
        rank = -fits, _length(prediction.formula), str(prediction.formula)
        key = tuple(prediction.values[row] for row in actual)
        if key not in best or rank < best[key][0]:
            best[key] = rank, runner_up
    ranked = sorted(best.values(), key=lambda ranked: ranked[0])
    return tuple(runner_up for _, runner_up in ranked[:MAX_RUNNERS_UP])


def _length(formula: PartFormula) -> int:
    """Return the number of operations in a formula."""
    expressions = formula.bounds if isinstance(formula, Loop) else (formula,)
    return sum(int(sympy.count_ops(expression)) for expression in expressions)
