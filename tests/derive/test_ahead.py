"""Builds asked for in advance, many at a time, are those that are asked for one by one; a seed gives one run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym.derive.building.process import Builder, CannotDerive, Worker
from bertsym.derive.building.shared import Pair
from bertsym.derive.sizes.settle import settle
from bertsym.derive.sizes.space import Axis, Space, switch

HERE = "tests.derive.modules"
ROOT = Path(__file__).parents[2]
MANY = [{"hidden": hidden} for hidden in (*range(2, 40), 7, 8, 7)]


def running_in(group: int) -> list[str]:
    """What is said of the processes of a group that have not ended."""
    told = (path.read_text() for path in Path("/proc").glob("[0-9]*/stat"))
    states = [line.rpartition(")")[2].split() for line in told]
    return [state for state, _, its, *_ in states if int(its) == group and state != "Z"]


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("code", ["refuses_odd", "ends_in_a_copy"])
def test_what_was_built_ahead(code: str) -> None:
    with Worker(30) as worker:
        alone, ahead = (Builder(worker, f"{HERE}:{code}", {"hidden": 8}) for _ in range(2))
        ahead.ahead(MANY)
        assert len(ahead.found) == len({fields["hidden"] for fields in MANY})
        for fields in MANY:
            assert ahead.build(fields) == alone.build(fields)
            assert ahead.raised == alone.raised
        assert len(ahead.found) == len(alone.found)


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("odd", [0, 1])
def test_one_that_never_returns_is_ended_with_its_copy(odd: int) -> None:
    many = [{"hidden": 4 + 2 * number + (number == 6 + odd)} for number in range(12)]
    with Worker(1) as worker:
        builder = Builder(worker, f"{HERE}:hangs_at_odd", {"hidden": 8})
        process = worker.process
        assert process is not None
        with pytest.raises(CannotDerive, match="within 1 seconds"):
            builder.ahead(many)
    assert process.poll() is not None
    until = time.monotonic() + 10  # a signal takes its time
    while running_in(process.pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not running_in(process.pid)


@pytest.mark.parametrize(("processors", "alone", "used"), [({0}, False, 1), ({0, 1}, True, 1), ({0, 1}, False, 2)])
def test_every_request_is_answered_once_on_as_many_processors_as_may_be(
    monkeypatch: pytest.MonkeyPatch, processors: set[int], alone: bool, used: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: processors)

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        return {"process": os.getpid(), "double": 2 * request["build"]}

    pair = Pair(answer, alone=alone)
    found = [list(pair.answers([{"build": number} for number in range(many)])) for many in (2, 1, 9, 0)]
    for answers in found:
        assert [told["double"] for told in sorted(answers, key=itemgetter("place"))] == [
            2 * number for number in range(len(answers))
        ]
    assert [len(answers) for answers in found] == [2, 1, 9, 0]
    assert len({told["process"] for told in found[2]}) == used
    assert {told["process"] for answers in found for told in answers} == {told["process"] for told in found[2]}
    pair.close()


@pytest.mark.usefixtures("torch")
def test_a_space_has_what_it_was_settled_with() -> None:
    with Worker(30) as worker:
        builder = Builder(worker, f"{HERE}:refuses_odd", {"hidden": 8})
        space = settle(builder, Space({"hidden": 8}, (Axis("hidden", 8, unit=2),), ()), Random(3))
        accepted = list(builder.accepted())
    assert len(accepted) > 8
    assert all(map(space.has, accepted))
    assert not space.has({"hidden": 0})
    assert not space.has({"hidden": 9})


def test_which_values_a_space_has() -> None:
    base = {"hidden": 12, "heads": 4, "kv": 2, "tied": True}
    axes = (Axis("heads", 4), Axis("kv", 2, within="heads"), Axis("hidden", 12, of=("heads",)), switch("tied", True))
    space = Space(base, axes, ())
    assert all(space.has(space.fields(space.steps(Random(seed)))) for seed in range(50))
    assert not space.has(base | {"hidden": 13})
    assert not space.has(base | {"kv": 5})
    assert not space.has(base | {"heads": 0, "kv": 0, "hidden": 0})
    assert not Space(base, axes[:3], ()).has(base | {"tied": False})


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("code", ["hybrid --size layers=4", "shortcut --size out=64,stride=2"])
def test_a_seed_gives_the_same_run_whatever_the_order_of_sets(code: str) -> None:
    command = [sys.executable, "-m", "bertsym", "derive", f"tests.derive.layered:{code}", "--size", "hidden=32"]
    words = [word for part in command for word in part.split(" ")] + ["--json", "--seed", "5"]
    found = [
        subprocess.run(  # ourselves
            words, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert found[0] == found[1] != ""
