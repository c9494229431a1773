"""A limit on the time of one build, inside the worker.

The limit counts processor time, which is the same on a machine under load. Model code may also wait, as for a lock or
in a sleep. A longer limit on the clock ends that.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from bertsym.derive.limits import WAIT_TIME_FACTOR

TIMER_SIGNALS = {signal.ITIMER_PROF: signal.SIGPROF, signal.ITIMER_REAL: signal.SIGALRM}


class BuildTimedOut(BaseException):
    """A build took too long. No `Exception`, because model code catches those as its own errors."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise `BuildTimedOut` in the block after so many processor seconds; None is no limit."""

    def time_out(*_: object) -> NoReturn:
        raise BuildTimedOut(f"it takes longer than {seconds:.0f} seconds there")

    limits = {} if seconds is None else {signal.ITIMER_PROF: seconds, signal.ITIMER_REAL: WAIT_TIME_FACTOR * seconds}
    for timer, limit in limits.items():
        signal.signal(TIMER_SIGNALS[timer], time_out)
        signal.setitimer(timer, limit)
    try:
        yield
    finally:
        for timer in TIMER_SIGNALS:
            signal.setitimer(timer, 0)
