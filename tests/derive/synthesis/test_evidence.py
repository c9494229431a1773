"""The evidence of a tensor: what was observed, which sizes affect it, and what an observation refuted."""

from __future__ import annotations

from random import Random

import pytest
import sympy
from sympy import Symbol

from bertsym.derive.evaluator import Evaluator
from bertsym.derive.limits import MAX_EVIDENCE_INDICES, MAX_EVIDENCE_ROWS, MAX_RUNNERS_UP
from bertsym.derive.synthesis.evidence import PartEvidence, TensorEvidence, explain_tensor
from bertsym.derive.types import Failure, Observation
from bertsym.errors import UnknownName
from bertsym.symbols import F, H, L, tied
from bertsym.tree import Loop

from .observing import Shapes, Sizes, draw, observe


def part(evidence: TensorEvidence, name: str) -> PartEvidence:
    (found,) = [part for part in evidence.parts if part.part == name]
    return found


def explain(name: str, observations: list[Observation], *symbols: Symbol) -> tuple[TensorEvidence, ...]:
    return explain_tensor(name, observations, symbols)


def shortened(sizes: Sizes) -> Shapes:
    """A float: 0.29 times 100 is a little less than 29."""
    return {"weight": (int(sizes[H] * 0.29) + 1, sizes[H])}


SHORTENED = [{H: size} for size in (*range(1, 40), 100, 200, 300)]


def test_the_best_refuted_formula_and_what_refutes_it() -> None:
    (evidence,) = explain("weight", observe(shortened, SHORTENED), H)
    assert evidence.failure is not None
    assert (evidence.tensor, evidence.failure.part) == (None, "dimension 0")
    failed = evidence.failed_part
    assert failed is not None
    assert (failed.part, failed.affecting, failed.formula) == ("dimension 0", (H,), None)
    assert failed.builds == len(SHORTENED) + 3
    best = failed.runners_up[0]
    assert best.fits > 40
    assert best.predicted != best.actual
    wrong = int(Evaluator(best.sizes).number(best.formula))
    assert (wrong, shortened(best.sizes)["weight"][0]) == (best.predicted, best.actual)


def test_evidence_is_bounded_and_sorted() -> None:
    samples = [{H: size} for size in range(1, 400)]
    (evidence,) = explain("weight", observe(shortened, samples), H)
    for each in evidence.parts:
        assert len(each.observations) <= MAX_EVIDENCE_ROWS
        assert len(each.runners_up) <= MAX_RUNNERS_UP
        fits = [runner_up.fits for runner_up in each.runners_up]
        assert fits == sorted(fits, reverse=True)
        sizes = [observation.sizes[H] for observation in each.observations if observation.sizes]
        assert sizes == sorted(sizes)


def test_every_runner_up_is_refuted_where_it_says() -> None:
    def code(sizes: Sizes) -> Shapes:
        width = sizes[F] if sizes[H] > 20 else sizes[H] + 3
        return {"up": (width, sizes[H]), **({"gate": (sizes[H],)} if sizes[F] > sizes[H] else {})}

    observations = observe(code, draw([H, F], Random(1), 40))
    for name in ("up", "gate"):
        for evidence in explain(name, observations, H, F):
            for each in evidence.parts:
                for runner_up in each.runners_up:
                    assert runner_up.predicted != runner_up.actual
                    assert 0 < runner_up.fits < each.builds
                    if each.part == "existence":
                        assert Evaluator(runner_up.sizes).holds(runner_up.formula) is runner_up.predicted


def test_a_tensor_with_a_formula_is_explained_too() -> None:
    def code(sizes: Sizes) -> Shapes:
        return {"head": (2 * sizes[H], 7), **({} if sizes[tied] else {"bias": (sizes[H],)})}

    samples = [{H: 5 + row, tied: row % 3 == 0} for row in range(12)]
    (evidence,) = explain("bias", observe(code, samples), H, tied)
    assert evidence.failure is None
    assert evidence.failed_part is None
    assert part(evidence, "dimension 0").formula == H
    existence = part(evidence, "existence")
    assert (existence.formula, existence.affecting) == (sympy.Not(tied), (tied,))
    assert {(o.sizes[tied], o.value) for o in existence.observations} == {(True, False), (False, True)}
    assert sum(o.builds for o in existence.observations) == existence.builds == len(observe(code, samples))
    (head,) = explain("head", observe(code, samples), H, tied)
    constant = part(head, "dimension 1")
    assert (constant.formula, constant.affecting, constant.runners_up) == (7, (), ())
    assert [(o.sizes, o.value) for o in constant.observations] == [({}, 7)]


def test_gaps_between_indices() -> None:
    def code(sizes: Sizes) -> Shapes:
        layers = range(sizes[L])
        norms = {f"layer.{i}.norm": (1,) for i in layers}
        return norms | {f"layer.{i}.gate": (2,) for i in layers if i % 3 == 1}

    observations = observe(code, [{L: depth} for depth in (2, 5, 6, 8, 11, 40, 80)])
    (evidence,) = explain("layer.4.gate", observations, L)
    assert evidence.template == "layer.{}.gate"
    gaps = part(evidence, "repeat 0")
    assert isinstance(gaps.formula, Loop)
    assert gaps.formula.step == 3
    assert (1, 4, 7) in [observation.value for observation in gaps.observations]
    assert max(len(o.value) for o in gaps.observations if isinstance(o.value, tuple)) == MAX_EVIDENCE_INDICES
    (evidence,) = explain("layer.{}.norm", observations, L)
    assert part(evidence, "start of repeat 0").formula == 0
    assert part(evidence, "end of repeat 0").formula == L


def test_gaps_without_a_rule_show_the_best_loops() -> None:
    primes = (2, 3, 5, 7, 11, 13, 17, 19, 23)

    def code(sizes: Sizes) -> Shapes:
        layers = range(sizes[L])
        return {f"layer.{i}.norm": (1,) for i in layers} | {f"layer.{i}.gate": (2,) for i in layers if i in primes}

    (evidence,) = explain("layer.{}.gate", observe(code, [{L: depth} for depth in (3, 4, 6, 8, 12, 24)]), L)
    assert evidence.failure is not None
    assert evidence.failed_part is not None
    assert evidence.failed_part.part == "repeat 0"
    assert evidence.failed_part.observations[-1].value == primes


def test_one_piece_of_evidence_for_each_case() -> None:
    def code(sizes: Sizes) -> Shapes:
        return {"w": (sizes[F] if sizes[tied] else 5 * sizes[H] + 2,)}

    samples = [{H: 5 + row, F: 3 + row * row % 11, tied: row % 2 == 0} for row in range(14)]
    cases = explain("w", observe(code, samples), H, F, tied)
    assert [part(case, "dimension 0").formula for case in cases] == [F, 5 * H + 2]
    assert sum(part(case, "dimension 0").builds for case in cases) == len(observe(code, samples))


def test_a_shape_of_changing_rank() -> None:
    def code(sizes: Sizes) -> Shapes:
        return {"w": (3,) * (1 + sizes[H] % 3)}

    (evidence,) = explain("w", observe(code, [{H: size} for size in range(1, 20)]), H)
    assert evidence.failed_part is not None
    assert {observation.value for observation in evidence.failed_part.observations} == {1, 2, 3}


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        ("dimension 1", "dimension 1"),
        ("existence", "existence"),
        ("step of repeat 0", "repeat 0"),
        ("repeat 0", "repeat 0"),
        ("repeat", "repeat 0"),
        ("tie", None),
    ],
)
def test_the_part_that_failed(failed: str, expected: str | None) -> None:
    names = ("dimension 0", "dimension 1", "repeat 0", "start of repeat 1", "existence")
    parts = tuple(PartEvidence(name, (), 1, (), None, ()) for name in names)
    found = TensorEvidence("w", None, Failure("w", failed, "no formula"), parts).failed_part
    assert (found.part if found is not None else None) == expected


def test_a_rerolled_tensor_is_found_by_its_name() -> None:
    def code(sizes: Sizes) -> Shapes:
        return {f"layer.{i}.w": (sizes[H],) for i in range(4)}

    observations = observe(code, [{H: size} for size in (3, 9, 14, 20)])
    (evidence,) = explain("layer.{}.w", observations, H)
    assert evidence.template == "layer.0.w"
    assert evidence.tensor is not None
    assert evidence.tensor.name == "layer.{}.w"
    assert part(evidence, "dimension 0").formula == H


def test_a_name_that_no_build_has() -> None:
    with pytest.raises(UnknownName, match="unknown tensor 'weigth': did you mean weight"):
        explain("weigth", observe(shortened, SHORTENED), H)
