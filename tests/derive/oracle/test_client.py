"""The oracle on top of a worker that only pretends: what it caches, counts, rejects and refuses."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from bertsym.derive.limits import MAX_TIMED_OUT_BUILDS
from bertsym.derive.oracle.client import BuildCounts, BuildOracle
from bertsym.derive.types import CannotDerive, Entry, Rejection
from bertsym.symbols import H

Fields = dict[str, Any]


def built(fields: Fields) -> Fields:
    return {"tensors": [["weight", [fields["hidden"], 3], "weight", "matrix"]]}


class PretendedWorker:
    """A worker that answers each build as a function says, and remembers the requests."""

    seconds = 1.0

    def __init__(self, answer: Callable[[Fields], Any]) -> None:
        self.answer = answer
        self.requests: list[Any] = []

    def request(self, target: str, request: Any, _seconds: float) -> Any:
        return self.request_many(1, target, request, _seconds)[0]

    def request_many(self, _count: int, _target: str, request: Any, _seconds: float) -> list[Any]:
        self.requests.append(request)
        if "target" in request:
            return [{"class": "C", "source": "S", "fields": {"hidden": 8, "ratio": 0.1}}]
        parallel = request.get("parallel", [request])
        answers = [self.answer(single.get("build", {})) | {"index": index} for index, single in enumerate(parallel)]
        return answers[::-1]


def opened(answer: Callable[[Fields], Any]) -> BuildOracle:
    worker: Any = PretendedWorker(answer)
    return BuildOracle(worker, "a:b", {"hidden": 8})


def odd_rejected(fields: Fields) -> Fields:
    return {"rejected": f"ValueError: {fields['hidden']}"} if fields["hidden"] % 2 else built(fields)


def test_an_outcome_is_asked_for_once_and_kept() -> None:
    oracle = opened(odd_rejected)
    assert oracle.build({"hidden": 4}) == {"weight": Entry((4, 3), "weight", "matrix")}
    assert oracle.build({"hidden": 5}) is None
    assert oracle.rejection({"hidden": 5}) == Rejection("ValueError: 5", timed_out=False)
    assert oracle.rejection({"hidden": 4}) is None
    worker: Any = oracle.worker
    assert worker.requests[1:] == [{"build": {"hidden": 4}}, {"build": {"hidden": 5}}]
    assert list(oracle.accepted()) == [{"hidden": 4}]


def test_a_reason_belongs_to_its_fields_and_not_to_the_last_call() -> None:
    oracle = opened(odd_rejected)
    oracle.build({"hidden": 5})
    oracle.build({"hidden": 7})
    oracle.build({"hidden": 4})
    assert oracle.rejection({"hidden": 5}) == Rejection("ValueError: 5")


def test_prefetched_builds_are_cached_in_the_order_of_the_request() -> None:
    oracle = opened(odd_rejected)
    oracle.build({"hidden": 2})
    oracle.prefetch([{"hidden": hidden} for hidden in (2, 3, 4, 3)])
    oracle.prefetch([{"hidden": 4}])
    oracle.prefetch([])
    assert [dict(key)["hidden"] for key in oracle.cache] == [2, 3, 4]
    assert oracle.counts == BuildCounts(accepted=2, rejected=1, prefetched=2)
    assert oracle.counts.since(BuildCounts(accepted=1)) == BuildCounts(accepted=1, rejected=1, prefetched=2)
    worker: Any = oracle.worker
    assert worker.requests[2:] == [{"parallel": [{"build": {"hidden": 3}}, {"build": {"hidden": 4}}]}]


def test_a_speculative_build_that_nobody_asks_for_leaves_nothing_behind() -> None:
    oracle = opened(odd_rejected)
    oracle.speculate([{"hidden": hidden} for hidden in (6, 3, 4)])
    assert not oracle.cache
    assert oracle.counts == BuildCounts()
    assert oracle.build({"hidden": 4}) is not None
    oracle.prefetch([{"hidden": hidden} for hidden in (3, 8)])
    assert [dict(key)["hidden"] for key in oracle.cache] == [4, 3, 8]
    assert oracle.counts == BuildCounts(accepted=2, rejected=1, prefetched=2)
    worker: Any = oracle.worker
    assert worker.requests[2:] == [{"parallel": [{"build": {"hidden": 8}}]}]


def test_fractions_travel_as_floats_and_come_back_exact() -> None:
    oracle = opened(odd_rejected)
    assert oracle.description.fields == {"hidden": 8, "ratio": Fraction(1, 10)}
    oracle.build({"hidden": 4, "ratio": Fraction(1, 10)})
    worker: Any = oracle.worker
    assert worker.requests[-1] == {"build": {"hidden": 4, "ratio": 0.1}}


def test_too_many_builds_that_time_out_are_an_error() -> None:
    oracle = opened(lambda _: {"rejected": "BuildTimedOut: long", "timed_out": True})
    for hidden in range(MAX_TIMED_OUT_BUILDS):
        assert oracle.rejection({"hidden": hidden}) == Rejection("BuildTimedOut: long", timed_out=True)
    assert oracle.counts == BuildCounts(timed_out=MAX_TIMED_OUT_BUILDS)
    with pytest.raises(CannotDerive, match="takes much longer than at others"):
        oracle.build({"hidden": -1})


@pytest.mark.parametrize("answer", [{}, {"tensors": 5}, {"tensors": [["weight", [3]]]}, {"tensors": [[1, 2, 3, 4]]}])
def test_an_answer_that_is_no_inventory_is_tampered_with(answer: Fields) -> None:
    oracle = opened(lambda _: answer)
    with pytest.raises(CannotDerive, match="changes what bertsym answers with"):
        oracle.build({"hidden": 4})
    assert not oracle.cache


def test_code_that_builds_something_else_the_second_time() -> None:
    widths = iter([3, 3, 4])
    oracle = opened(lambda _: built({"hidden": next(widths)}))
    oracle.build({"hidden": 3})
    assert oracle.is_deterministic([{"hidden": 3}])
    assert not oracle.is_deterministic([{"hidden": 3}])
    assert oracle.is_deterministic([])


def test_a_trace_that_is_rejected_rejects_nothing() -> None:
    oracle = opened(lambda _: {"trace": {"rejected": "UnsupportedTorch: torch 99"}})
    assert oracle.traces([{"hidden": 8}], {"hidden": H}) == [None]
    assert oracle.counts == BuildCounts()
