"""Path conditions of traces: candidates for conditions, boundaries, and landmarks of a layer's index."""

from __future__ import annotations

import sympy
from sympy import Max, Min, Mod, floor
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson
from bertsym.derive.concolic.path_conditions import boundaries, candidate_conditions, index_landmarks
from bertsym.derive.concolic.path_recorder import PathRecorder
from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.limits import MAX_CONDITION_OPERATIONS, MAX_CONDITIONS_PER_INDEX, MAX_PATH_CONDITIONS
from bertsym.symbols import E, H, L, V


def trace(*conditions: Boolean) -> ConcolicTrace:
    return ConcolicTrace({}, conditions, (), (), ())


def test_relations_that_synthesis_tries_by_itself_are_left_out() -> None:
    assert candidate_conditions([trace(H > E, H <= 4, sympy.Ne(V, E))]) == []
    assert candidate_conditions([trace(H > 5, H > E + 1), trace(H > 5)]) == [H > 5, H > E + 1]


def test_remainders_and_maxima_are_written_for_the_evaluator() -> None:
    remainder = sympy.Ne(Mod(H, 64, evaluate=False), 0)
    assert candidate_conditions([trace(remainder)]) == [sympy.Ne(H - 64 * floor(H / 64), 0)]
    (largest,) = candidate_conditions([trace(sympy.Gt(Max(H, E, evaluate=False), 9, evaluate=False))])
    assert largest.has(Iverson)
    assert not largest.has(Max)


def test_few_relations_stand_for_the_indices_of_all_layers() -> None:
    layers = [sympy.Lt(H - L, index, evaluate=False) for index in range(100)]
    assert len(candidate_conditions([trace(*layers)])) == MAX_CONDITIONS_PER_INDEX
    assert index_landmarks([trace(*layers)]) == ([H - L], [])
    assert index_landmarks([trace(layers[0])]) == ([], [])


def test_long_relations_are_dropped_and_many_cut_off() -> None:
    long = sympy.Gt(sum(H ** (power + 2) for power in range(MAX_CONDITION_OPERATIONS)), E, evaluate=False)
    assert candidate_conditions([trace(long)]) == boundaries([trace(long)]) == []
    many = [sympy.Ne(number * H, E, evaluate=False) for number in range(2, MAX_PATH_CONDITIONS + 4)]
    assert len(candidate_conditions([trace(*many)])) == len(boundaries([trace(*many)])) == MAX_PATH_CONDITIONS


def test_boundaries_are_where_a_relation_changes_or_two_operands_tie() -> None:
    shapes = {"weight": (Min(2048, 4 * H, evaluate=False), None)}
    zeros = boundaries([ConcolicTrace(shapes, (sympy.Ne(H, 2 * E),), (), (), ())])
    assert zeros[0] == H - 2 * E
    assert zeros[1] in (4 * H - 2048, 2048 - 4 * H)
    assert len(zeros) == 2


def test_a_recorder_keeps_relations_of_symbols_once_and_in_order() -> None:
    recorder = PathRecorder()
    for left in ("hidden", "heads", "hidden", 3, None):
        recorder.add_path_condition(">", left, 1)
    recorder.mark_concretised("hidden", 3, None, ("*", 2, ("ratio", "expand")))
    assert list(recorder.path_condition) == [(">", "hidden", 1), (">", "heads", 1)]
    assert recorder.concretised_names() == {"hidden", "expand"}
