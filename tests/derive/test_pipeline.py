"""The pipeline's own decisions: fallbacks, conclusions for the trace, errors that keep their evidence."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sympy import Eq, Integer, Symbol

from bertsym.derive.conclusions import condition_text, domain_found, loop_text, path_seen
from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.derivation import SynthesisInput
from bertsym.derive.domain.field_domain import FieldDomain, Free, MultipleOf
from bertsym.derive.domain.infer_domain import infer_domain
from bertsym.derive.domain.space import FixedBy, FixedField, Space
from bertsym.derive.events import Rejected
from bertsym.derive.oracle.client import BuildCounts, BuildOracle, Worker
from bertsym.derive.pipeline import Attempt, fallback_fields, fixed_elsewhere
from bertsym.derive.synthesis.observations import NO_LISTS
from bertsym.derive.trace import NO_TRACE
from bertsym.derive.types import Candidate, CannotDerive, Failure, NotDerived, Rejection
from bertsym.symbols import H, L
from bertsym.tree import Loop
from tests.derive.fake_oracle import FakeOracle, Shapes, require

ROOT = Path(__file__).parents[2]
BASE = {"hidden": 64, "heads": 4, "factor": 8, "depths[0]": 2, "depths[1]": 2, "marks[0]": 1, "marks[1]": 3}


def space() -> Space:
    axes = [FieldDomain(name, number, is_depth=name.startswith("depths")) for name, number in BASE.items()]
    return Space(BASE, tuple(axes), ())


def causes(**times: int) -> dict[str, int]:
    return {name: times.get(name.partition("[")[0], 0) for name in BASE}


def test_a_fallback_fixes_the_fields_that_explain_most_failures_first() -> None:
    assert fallback_fields(space(), BASE, causes(factor=1, heads=3)) == [["heads"], ["factor"]]


def test_a_list_is_fixed_as_a_whole_and_a_depth_with_the_layers_it_numbers() -> None:
    assert fallback_fields(space(), BASE, causes(depths=2)) == [["depths[0]", "depths[1]", "marks[0]", "marks[1]"]]


def test_a_width_is_never_fixed() -> None:
    assert fallback_fields(space(), {**BASE, "hidden": 65}, causes(hidden=9)) == []


class Builds:
    """An oracle that remembers some builds."""

    def __init__(self, *builds: tuple[dict[str, int], Any]) -> None:
        self.cache = {frozenset(fields.items()): outcome for fields, outcome in builds}


def test_a_constraint_counts_the_builds_for_and_against_it() -> None:
    base = {"hidden": 64, "heads": 4}
    builds: Any = Builds(
        ({"hidden": 64, "heads": 4}, {}),
        ({"hidden": 65, "heads": 4}, Rejection("ValueError: 65 is odd")),
        ({"hidden": 66, "heads": 4}, {}),
        ({"hidden": 68, "heads": 4}, Rejection("ValueError: too wide")),
    )
    before = Space(base, (FieldDomain("heads", 4), FieldDomain("hidden", 64)), ())
    axes = (FieldDomain("heads", 4), FieldDomain("hidden", 64, MultipleOf(("heads",))))
    after = Space(base, axes, (FixedField("groups", "no other value was accepted", FixedBy.CODE),))
    found = domain_found(after, builds, before)
    (constraint,) = found.constraints
    assert constraint.field == "hidden"
    assert "heads" in constraint.values
    assert constraint.before is not None
    assert (constraint.excluded_rejections, constraint.excluded_accepted) == (1, 1)
    assert constraint.first_rejection == Rejected({"hidden": 65}, "ValueError: 65 is odd")
    assert constraint.first_accepted == {"hidden": 66}
    assert found.rejections == (Rejected({"hidden": 68}, "ValueError: too wide"),)
    assert [(one.field, one.by) for one in found.fixed] == [("groups", "code")]


def test_a_field_with_any_value_is_no_constraint() -> None:
    axes = (FieldDomain("a", 8), FieldDomain("b", 8, Free(2)))
    builds: Any = Builds()
    assert [one.field for one in domain_found(Space({"a": 8, "b": 8}, axes, ()), builds).constraints] == ["b"]


def test_path_conditions_are_listed_once() -> None:
    run = ConcolicTrace({"a": (H,)}, (Eq(H, L), Eq(H, L)), (), (), ())
    assert path_seen([run, run]).conditions == ("H = L",)
    assert path_seen([]).shapes == 0


def test_conditions_that_no_file_holds_are_still_text() -> None:
    assert condition_text(Eq(Symbol("a") + 1, 3)) != ""
    assert loop_text(Loop(Integer(0), L, Integer(3), others=True)) == "all of them but 0..L step 3"


def test_the_error_of_a_failed_derivation_names_the_tensor_and_the_next_step() -> None:
    failure = Failure("layer.{}.weight", "dimension 0", "no formula in H fits all 46 builds (first value 2)")
    error = NotDerived("bert", "no formula", Candidate((), (failure,)), SynthesisInput((), (), (), NO_LISTS))
    assert isinstance(error, CannotDerive)
    assert str(error) == (
        "cannot derive 'bert': no formula; --why 'layer.{}.weight' shows the observations, --trace FILE the stages"
    )


def test_a_domain_fixes_each_field_at_its_default() -> None:
    """RF-DETR's backbone returns stages by indices, which ascend and lie within the stack."""

    def shapes(num_layers: int, hidden: int, **out: int) -> Shapes:
        require(list(out.values()) == sorted(set(out.values())) and max(out.values()) <= num_layers)
        return {f"layer.{i}": (hidden,) for i in range(num_layers)} | {"out": (len(out) * hidden,)}

    defaults = {"num_layers": 12, "hidden": 8, **{f"out[{k}]": 3 * k + 2 for k in range(4)}}
    oracle: Any = FakeOracle(shapes, **defaults)
    oracle.counts = BuildCounts()
    assert fixed_elsewhere(infer_domain(oracle, Random(0)), defaults) == {f"out[{k}]" for k in range(4)}
    attempt: Any = Attempt.__new__(Attempt)
    attempt.oracle, attempt.random, attempt.trace = oracle, Random(0), NO_TRACE
    space = attempt.find_domain()
    assert not fixed_elsewhere(space, defaults)
    assert space.axis("num_layers").min_steps == 11


def test_the_better_attempt_has_fewer_failures_then_fewer_fixed_fields() -> None:
    def attempt(failures: int, fixed: int) -> tuple[bool, int, int]:
        made: Any = Attempt.__new__(Attempt)
        fields = tuple(FixedField(str(number), "", FixedBy.DERIVATION) for number in range(fixed))
        made.derivation = type("D", (), {"refused": (0,) * failures, "space": Space({}, (), fields)})
        key: tuple[bool, int, int] = made.badness
        return key

    nothing: Any = Attempt.__new__(Attempt)
    nothing.derivation = None
    assert sorted([nothing.badness, attempt(1, 0), attempt(0, 2), attempt(0, 0)]) == [
        attempt(0, 0),
        attempt(0, 2),
        attempt(1, 0),
        nothing.badness,
    ]


@pytest.mark.usefixtures("torch")
def test_a_size_that_a_user_named_is_never_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    with Worker(30) as worker:
        oracle = BuildOracle(worker, "tests.derive.models_misbehaving:too_clever", {"hidden": 8})
        attempt = Attempt(oracle, Random(0), 12, 0, 1, keep_names=False, trace=NO_TRACE)
        monkeypatch.setattr(Attempt, "with_fixed", lambda *_: pytest.fail("a named size was fixed"))
        assert attempt.best().refused


@pytest.mark.parametrize("page", ["docs/maintaining.md", "bertsym/derive/README.md"])
def test_a_page_names_files_that_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[\w]+/)*\w+\.(?:py|md|json))`", text))
    rooms = ("", "synthesis", "head_extension")
    roots = [ROOT, *(ROOT / "bertsym/derive" / room for room in rooms)]
    assert len(named) > 5
    assert {name for name in named if not any((root / name).exists() for root in roots)} == set()
