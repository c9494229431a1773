"""Builds that take too long at some sizes are rejected, and the domain is narrowed to the others."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

import pytest

from bertsym.derive.domain.constraint_acquisition import acquire_constraints
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space
from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.derive.oracle.time_limit import TIMER_SIGNALS, BuildTimedOut, time_limit
from bertsym.derive.types import Rejection


@pytest.fixture
def _handlers() -> Iterator[None]:
    """Restore the handlers of the timer signals."""
    before = {number: signal.getsignal(number) for number in TIMER_SIGNALS.values()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def works() -> None:
    while True:
        pass


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("hangs", [works, signal.pause])
def test_a_block_that_takes_too_long_is_interrupted(hangs: Callable[[], None]) -> None:
    with pytest.raises(BuildTimedOut, match="longer than"), time_limit(0.05):
        hangs()  # until the timer's signal, which is the only one there is
    with time_limit(1_000):
        assert all(signal.getitimer(which)[0] > 0 for which in TIMER_SIGNALS)
    assert all(signal.getitimer(which) == (0, 0) for which in TIMER_SIGNALS)  # no timer is left


@pytest.mark.usefixtures("_handlers")
def test_a_time_limit_counts_the_processor_and_not_the_clock() -> None:
    with time_limit(1_000):
        processor, clock = (signal.getitimer(which)[0] for which in (signal.ITIMER_PROF, signal.ITIMER_REAL))
    assert clock > 3 * processor


@pytest.mark.usefixtures("torch")
def test_a_build_that_never_returns_is_rejected_if_others_returned() -> None:
    with Worker(60) as running:
        oracle = BuildOracle(running, "tests.derive.models_misbehaving:hangs_at_odd", {"hidden": 8})
        assert [oracle.build({"hidden": hidden}) is not None for hidden in (8, 7, 6)] == [True, False, True]
        assert oracle.counts == (2, 0, 1, 0)
        rejection = oracle.rejection({"hidden": 7})
        assert rejection is not None
        assert rejection.timed_out
        assert oracle.rejection({"hidden": 8}) is None


class QuadraticOracle:
    """An oracle for code with a loop over all pairs of patches of an image, which times out at many patches."""

    def rejection(self, fields: Mapping[str, Any]) -> Rejection | None:
        is_slow = (fields["image"] // fields["patch"]) ** 2 > 900
        return Rejection("BuildTimedOut: it takes longer than 2 seconds there", timed_out=True) if is_slow else None

    def build(self, fields: Mapping[str, Any]) -> object | None:
        return None if self.rejection(fields) else fields

    def prefetch(self, _configurations: object) -> None:
        """Build nothing in advance."""


@pytest.mark.parametrize("seed", range(8))
def test_large_sizes_that_time_out_are_not_sampled(seed: int) -> None:
    base = {"image": 224, "patch": 16, "hidden": 64}
    axes = (FieldDomain("image", 224), FieldDomain("patch", 16), FieldDomain("hidden", 64))
    oracle: Any = QuadraticOracle()
    settled = acquire_constraints(oracle, Space(base, axes, ()), Random(seed))
    assert not settled.fixed
    image, patch = settled.axis("image"), settled.axis("patch")
    assert image is not None
    assert patch is not None
    assert image.max_steps >= 12
    assert patch.max_steps >= 12
    taken = [oracle.build(settled.fields(settled.sample(Random(number)))) for number in range(60)]
    assert sum(found is None for found in taken) < 20
