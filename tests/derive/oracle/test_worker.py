"""The worker's session: an answer for each request, and for each error. No torch: targets are made up."""

from __future__ import annotations

from typing import Any

import pytest

from bertsym.derive.limits import BUILD_TIME_FACTOR, MIN_BUILD_SECONDS
from bertsym.derive.oracle import worker
from bertsym.derive.oracle.module_inventory import NoParameters, UnusableTarget
from bertsym.derive.oracle.time_limit import BuildTimedOut
from bertsym.derive.oracle.worker import Session

OPEN = {"target": "a:b", "sizes": {"hidden": 8}}


class Nameless(Exception):
    def __str__(self) -> str:
        raise RuntimeError


class Pretended:
    """A target with one tensor as long as the field says, or the error that a field has."""

    def inventory(self, fields: dict[str, Any]) -> Any:
        if isinstance(fields.get("error"), BaseException):
            raise fields["error"]
        return [["weight", [fields["hidden"]], "weight", "matrix"]]

    def description(self) -> dict[str, Any]:
        return {"class": "b", "source": "a:b", "fields": {"hidden": 8}}

    def defaults(self, fields: dict[str, Any], names: list[str]) -> dict[str, Any]:
        return dict.fromkeys(names, fields["hidden"])


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setattr(worker, "load_target", lambda _target, _sizes: Pretended())
    monkeypatch.setattr(worker.gc, "freeze", lambda: None)  # type: ignore[attr-defined]
    return Session()


def test_each_request_has_an_answer(session: Session) -> None:
    assert session.answer({"build": {"hidden": 8}}) == {"unusable": "no target is open"}
    assert session.answer(OPEN) == {"class": "b", "source": "a:b", "fields": {"hidden": 8}}
    assert session.answer({"build": {"hidden": 9}}) == {"tensors": [["weight", [9], "weight", "matrix"]]}
    assert session.answer({"defaults": {"hidden": 9}, "names": ["inner"]}) == {"defaults": {"inner": 9}}


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (ValueError("odd heads"), {"rejected": "ValueError: odd heads"}),
        (SystemExit(3), {"rejected": "SystemExit: 3"}),
        (Nameless(), {"rejected": "Nameless"}),
        (ValueError("x" * 1000), {"rejected": "ValueError: " + "x" * 288}),
        (UnusableTarget("it has braces"), {"unusable": "it has braces"}),
        (BuildTimedOut("it takes longer"), {"rejected": "BuildTimedOut: it takes longer", "timed_out": True}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_is_an_answer(session: Session, error: BaseException, answer: dict[str, Any]) -> None:
    session.answer(OPEN)
    assert session.answer({"build": {"hidden": 8, "error": error}}) == answer


def test_a_module_without_parameters_is_unusable_only_before_another_was_built(session: Session) -> None:
    def without() -> dict[str, Any]:
        return session.answer({"build": {"error": NoParameters("none")}})

    session.answer(OPEN)
    assert without() == {"unusable": "none"}
    session.answer({"build": {"hidden": 8}})
    assert without() == {"rejected": "none"}
    session.answer(OPEN)
    assert without() == {"unusable": "none"}


def test_the_time_limit_follows_the_slowest_build(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.answer(OPEN)
    assert session.build_limit is None
    clock = iter([0.0, 0.1, 0.0, 10.0, 0.0, 0.1])
    monkeypatch.setattr(worker.time, "process_time", lambda: next(clock))  # type: ignore[attr-defined]
    for limit in (MIN_BUILD_SECONDS, 10 * BUILD_TIME_FACTOR, 10 * BUILD_TIME_FACTOR):
        session.answer({"build": {"hidden": 8}})
        assert session.build_limit == limit
