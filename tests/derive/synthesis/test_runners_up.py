"""Runners-up: the refuted formulas that fit most rows come first, each with a row that refutes it."""

from __future__ import annotations

from random import Random

from bertsym.derive.evaluator import Evaluator
from bertsym.derive.synthesis.observations import NO_LISTS, ObservationTable
from bertsym.derive.synthesis.runners_up import best_conditions, best_formulas
from bertsym.symbols import H, L

from .observing import draw, observe


def table() -> ObservationTable:
    observations = observe(lambda sizes: {"weight": (sizes[H], sizes[L])}, draw([H, L], Random(5), 30))
    return ObservationTable(observations, [H, L], (), NO_LISTS)


def test_a_constant_has_no_runner_up() -> None:
    rows = table()
    assert best_formulas(rows, dict.fromkeys(range(10), 7), [H]) == ()
    assert best_conditions(rows, dict.fromkeys(range(10), True), [H]) == ()


def test_a_formula_that_one_row_refutes_is_the_best() -> None:
    """Two times H in all rows but one."""
    rows = table()
    sizes = [int(observation.sizes[H]) for observation in rows.observations]
    numbers = {row: 2 * size for row, size in enumerate(sizes)}
    odd = max(numbers)
    numbers[odd] += 1
    best = best_formulas(rows, numbers, [H])[0]
    assert best.formula == 2 * H
    assert best.fits == len(numbers) - 1
    assert (best.predicted, best.actual) == (numbers[odd] - 1, numbers[odd])


def test_a_condition_that_one_row_refutes_is_among_the_best() -> None:
    rows = table()
    cases = {row: bool(observation.sizes[L] > 3) for row, observation in enumerate(rows.observations)}
    odd = next(iter(cases))
    cases[odd] = not cases[odd]
    best = best_conditions(rows, cases, [L])
    assert best
    assert [each.fits for each in best] == sorted((each.fits for each in best), reverse=True)
    for each in best:
        assert each.predicted is not each.actual
        assert Evaluator(each.sizes).holds(each.formula) is each.predicted
