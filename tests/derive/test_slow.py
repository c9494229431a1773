"""Code that takes long at some sizes: those are given up, and the formula is looked for among the others."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

import pytest

from bertsym.derive.domain.constraint_acquisition import settle
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space
from bertsym.derive.oracle import worker
from bertsym.derive.oracle.client import BuildOracle, Worker


@pytest.fixture
def _handlers() -> Iterator[None]:
    """Give the signals of the time limits back."""
    before = {number: signal.getsignal(number) for number in worker.RINGS.values()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def works() -> None:
    while True:
        pass


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("hangs", [works, signal.pause])
def test_what_takes_too_long_is_given_up(hangs: Callable[[], None]) -> None:
    with pytest.raises(worker.TooSlow, match="longer than"), worker.within(0.05):
        hangs()  # until the limit rings, which is the only signal there is
    with worker.within(1_000):
        assert all(signal.getitimer(which)[0] > 0 for which in worker.RINGS)
    assert all(signal.getitimer(which) == (0, 0) for which in worker.RINGS)  # nothing rings afterwards


@pytest.mark.usefixtures("_handlers")
def test_a_time_limit_counts_the_processor_and_not_the_clock() -> None:
    with worker.within(1_000):
        processor, clock = (signal.getitimer(which)[0] for which in (signal.ITIMER_PROF, signal.ITIMER_REAL))
    assert clock > 3 * processor


@pytest.mark.usefixtures("torch")
def test_a_draw_that_never_returns_is_refused_where_others_return() -> None:
    with Worker(60) as running:
        oracle = BuildOracle(running, "tests.derive.modules:hangs_at_odd", {"hidden": 8})
        found = [(oracle.build({"hidden": hidden}) is not None, oracle.slow) for hidden in (8, 7, 6)]
        assert found == [(True, False), (False, True), (True, False)]


class Counting:
    """Code with a loop over the points of an image, each against each."""

    def __init__(self) -> None:
        self.raised, self.slow = "", False

    def build(self, fields: Mapping[str, Any]) -> object | None:
        self.slow = (fields["image"] // fields["patch"]) ** 2 > 900
        self.raised = "TooSlow: it takes longer than 2 seconds there" if self.slow else ""
        return None if self.slow else fields

    def prefetch(self, _many: object) -> None:
        pass


@pytest.mark.parametrize("seed", range(8))
def test_large_sizes_that_take_long_are_not_drawn(seed: int) -> None:
    base = {"image": 224, "patch": 16, "hidden": 64}
    axes = (FieldDomain("image", 224), FieldDomain("patch", 16), FieldDomain("hidden", 64))
    oracle: Any = Counting()
    settled = settle(oracle, Space(base, axes, ()), Random(seed))
    assert not settled.fixed
    image, patch = settled.axis("image"), settled.axis("patch")
    assert image is not None
    assert patch is not None
    assert image.max_steps >= 12
    assert patch.max_steps >= 12
    taken = [oracle.build(settled.fields(settled.sample(Random(number)))) for number in range(60)]
    assert sum(found is None for found in taken) < 20
