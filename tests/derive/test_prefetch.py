"""Builds requested in advance, many at a time, equal those requested one by one; a seed gives one run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from bertsym.derive.domain.constraint_acquisition import acquire_constraints
from bertsym.derive.domain.field_domain import Bounded, FieldDomain, Free, MultipleOf, Switch
from bertsym.derive.domain.space import Space
from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.derive.types import CannotDerive

HERE = "tests.derive.models_misbehaving"
ROOT = Path(__file__).parents[2]
MANY = [{"hidden": hidden} for hidden in (*range(2, 40), 7, 8, 7)]


def processes_with(token: str) -> list[Path]:
    """Return the processes that have the token in their environment and have not ended."""
    alive = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environment = (path / "environ").read_bytes()
            if token.encode() in environment and (path / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                alive.append(path)
    return alive


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("code", ["refuses_odd", "ends_in_a_copy"])
def test_prefetched_builds_equal_single_ones(code: str) -> None:
    distinct = len({fields["hidden"] for fields in MANY})
    with Worker(30) as worker:
        single, prefetching = (BuildOracle(worker, f"{HERE}:{code}", {"hidden": 8}) for _ in range(2))
        prefetching.prefetch(MANY)
        assert len(prefetching.cache) == prefetching.counts.prefetched == distinct
        for fields in MANY:
            assert prefetching.build(fields) == single.build(fields)
            assert prefetching.rejection(fields) == single.rejection(fields)
            assert (single.build(fields) is None) == (single.rejection(fields) is not None)
        assert len(prefetching.cache) == len(single.cache)
    rejected = len([fields for fields in single.cache if code == "refuses_odd" and dict(fields)["hidden"] % 2])
    assert single.counts == (distinct - rejected, rejected, 0, 0)
    assert prefetching.counts.since(single.counts) == (0, 0, 0, distinct)


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("odd", [0, 1])
def test_a_build_that_never_returns_is_ended_with_its_fork(odd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    token = f"here{os.getpid()}and{odd}"
    monkeypatch.setenv("BERTSYM_TEST", token)
    configurations = [{"hidden": 4 + 2 * number + (number == 6 + odd)} for number in range(12)]
    with Worker(1) as worker:
        oracle = BuildOracle(worker, f"{HERE}:hangs_at_odd", {"hidden": 8})
        process = worker.process
        assert process is not None
        with pytest.raises(CannotDerive, match="within 1 seconds"):
            oracle.prefetch(configurations)
    assert process.poll() is not None
    assert not processes_with(token)


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("parallel", [True, False])
def test_every_request_is_answered_once_on_as_many_processors_as_allowed(*, parallel: bool) -> None:
    workers = 2 if parallel and len(os.sched_getaffinity(0)) > 1 else 1
    with Worker(30, parallel=parallel) as worker:
        oracle = BuildOracle(worker, f"{HERE}:tells_its_process", {"hidden": 8})
        for sizes in (range(2, 40), range(40, 41), range(41, 60)):
            oracle.prefetch([{"hidden": hidden} for hidden in sizes])
        inventories = {hidden: oracle.build({"hidden": hidden}) for hidden in range(2, 60)}
    processes = set()
    for hidden, inventory in inventories.items():
        assert inventory is not None
        ((name, entry),) = inventory.items()
        assert entry.shape == (hidden,)
        processes.add(name)
    assert len(processes) == workers


@pytest.mark.usefixtures("torch")
def test_a_space_has_what_it_was_settled_with() -> None:
    with Worker(30) as worker:
        oracle = BuildOracle(worker, f"{HERE}:refuses_odd", {"hidden": 8})
        space = acquire_constraints(oracle, Space({"hidden": 8}, (FieldDomain("hidden", 8, Free(2)),), ()), Random(3))
        accepted = list(oracle.accepted())
    assert len(accepted) > 8
    assert all(map(space.contains, accepted))
    assert not space.contains({"hidden": 0})
    assert not space.contains({"hidden": 9})


def test_which_values_a_space_has() -> None:
    base = {"hidden": 12, "heads": 4, "kv": 2, "tied": True}
    axes = (
        FieldDomain("heads", 4),
        FieldDomain("kv", 2, Bounded(Free(), at_most="heads")),
        FieldDomain("hidden", 12, MultipleOf(("heads",))),
        FieldDomain("tied", True, Switch()),
    )
    space = Space(base, axes, ())
    assert all(space.contains(space.fields(space.sample(Random(seed)))) for seed in range(50))
    assert not space.contains(base | {"hidden": 13})
    assert not space.contains(base | {"kv": 5})
    assert not space.contains(base | {"heads": 0, "kv": 0, "hidden": 0})
    assert not Space(base, axes[:3], ()).contains(base | {"tied": False})


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
