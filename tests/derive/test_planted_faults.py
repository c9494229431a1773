"""A fault in a stage is found from the trace and from `--why` alone: docs/maintaining.md walks through one of these."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sympy
from sympy import Expr

from bertsym.answers.derivation_evidence import derivation_evidence
from bertsym.derive.derivation import Derivation
from bertsym.derive.domain.constraint_templates import ConstraintSearch
from bertsym.derive.oracle.client import Worker
from bertsym.derive.pipeline import derive_in
from bertsym.derive.synthesis import arithmetic
from bertsym.derive.synthesis.conditions import Conditions
from bertsym.derive.synthesis.loop_ranges import LoopRanges
from bertsym.derive.trace import Trace
from bertsym.derive.trace_file import TraceFile
from bertsym.derive.types import NotDerived
from bertsym.render import text

pytestmark = pytest.mark.slow

Stages = dict[tuple[str, str], dict[str, Any]]
Run = Callable[..., tuple[Derivation | NotDerived, Stages]]


@pytest.fixture
def traced(running: Worker, tmp_path: Path) -> Run:
    """Derive a target; return the derivation or its error, and the first conclusion of each stage."""

    def run(target: str, **sizes: int) -> tuple[Derivation | NotDerived, Stages]:
        path = tmp_path / "trace.jsonl"
        result: Derivation | NotDerived
        with TraceFile(path) as file:
            try:
                result = derive_in(running, target, sizes, trace=Trace([file]))
            except NotDerived as error:
                result = error
        first: Stages = {}
        for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if line["event"] == "stage":
                first.setdefault((line["stage"], line["step"]), line["concluded"])
        return result, first

    return run


def suspicious(stages: Stages) -> list[str]:
    """Return the stages whose event says that something is wrong, as a maintainer looks for them."""
    return [
        stage
        for (stage, _), concluded in stages.items()
        if any(constraint["excluded_accepted"] for constraint in concluded.get("constraints", ()))
        or concluded.get("contradicted")
        or (stage == "synthesis" and concluded["unsolved"])
    ]


def why(result: Derivation | NotDerived, tensor: str) -> str:
    return text.document(derivation_evidence("target", result.evidence, [tensor]).document())


def test_without_a_fault_no_stage_is_suspicious(traced: Run) -> None:
    for target, sizes in {
        "tests.derive.ruled:strided": {"hidden": 768, "heads": 12, "stride": 2},
        "tests.derive.layered:reduced": {"hidden": 8, "stages": 2, "ratio": 2, "rank": 2},
        "tests.derive.layered:beside": {"hidden": 8, "layers": 6},
    }.items():
        result, stages = traced(target, **sizes)
        assert isinstance(result, Derivation)
        assert result.whole
        assert suspicious(stages) == []


def test_a_wrong_constraint_excludes_builds_that_the_code_accepts(traced: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    weak_constraints = ConstraintSearch._weak_constraints

    def strongest_first(self: ConstraintSearch, name: str, *, is_depth: bool) -> Iterator[Any]:
        yield from self._constraints_with_constants(name, is_depth=is_depth)
        yield from weak_constraints(self, name, is_depth=is_depth)

    monkeypatch.setattr(ConstraintSearch, "_weak_constraints", strongest_first)
    result, stages = traced("tests.derive.ruled:strided", hidden=768, heads=12, stride=2)
    assert isinstance(result, Derivation)  # the formula is right, but for few sizes only
    assert suspicious(stages) == ["domain"]
    (wrong,) = [one for one in stages["domain", "infer"]["constraints"] if one["excluded_accepted"]]
    assert wrong["field"] == "heads"
    assert "4" in wrong["values"]
    assert wrong["first_accepted"] == {"heads": 6}
    assert wrong["first_rejection"]["error"] == "ValueError: 768 is no multiple of 13"


def test_a_wrong_divisor_contradicts_what_the_synthesizer_had(traced: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rounded = arithmetic._rounded_to_even

    def with_a_wrong_divisor(*arguments: Any) -> Iterator[Expr]:
        for formula in rounded(*arguments):
            yield formula.replace(sympy.floor, lambda inside: sympy.floor(inside * sympy.Rational(3, 4)))

    monkeypatch.setattr(arithmetic, "_rounded_to_even", with_a_wrong_divisor)
    result, stages = traced("tests.derive.ruled:squeezed", hidden=64)
    assert suspicious(stages) == ["synthesis"]
    first = stages["synthesis", "synthesize"]["contradicted"][0]
    assert first["tensor"] == "weight"
    assert first["predicted"] != first["actual"]
    assert isinstance(result, NotDerived)
    assert "weight at H=" in str(result)
    assert first["actual"].split()[0] in str(result)
    shown = why(result, "weight")
    assert "dimension 0" in shown
    assert "affected by" in shown


def test_a_missed_condition_shows_what_no_candidate_says(traced: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Conditions, "_thresholds", lambda _self, _symbol: [])
    result, stages = traced("tests.derive.layered:reduced", hidden=8, stages=2, ratio=2, rank=2)
    assert suspicious(stages) == ["synthesis"]
    failure = stages["synthesis", "synthesize"]["unsolved"][0]
    assert (failure["tensor"], failure["part"]) == ("reduction.weight", "existence")
    assert failure["values"] == ["False", "True"]
    assert 0 < failure["refuted"][0]["fits"] < failure["builds"]
    assert not any(" > " in candidate["formula"] for candidate in failure["refuted"])  # the kind that is lost
    shown = why(result, "reduction.weight")
    assert "No formula: existence" in shown
    assert "refuted candidate" in shown


def test_a_lost_loop_step_shows_the_indices_that_none_gives(traced: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LoopRanges, "_stepped", lambda *_arguments, **_options: iter(()))
    result, stages = traced("tests.derive.layered:beside", hidden=8, layers=6)
    assert suspicious(stages) == ["synthesis"]
    failure = stages["synthesis", "synthesize"]["unsolved"][0]
    assert (failure["tensor"], failure["part"]) == ("layers.{}.gate.weight", "repeat 0")
    assert "(2, 5, 8)" in failure["values"]
    assert failure["sizes"] == ["L"]
    assert all("step" not in candidate["formula"] for candidate in failure["refuted"])
    assert "2 5 8" in why(result, "layers.5.gate.weight")
