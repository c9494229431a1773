"""The progress of a search on standard error: its size and its time, and on a terminal the share that is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from types import TracebackType
from typing import Self

from bertsym.cli import streams

# The seconds after which a search says how long it takes: whoever waits less needs no estimate.
PATIENCE = 1.0
# The seconds after which it says so even if no share of the space is done yet.
PATIENCE_WITHOUT_ESTIMATE = 3.0
# The seconds between two lines of progress.
PAUSE = 0.2
# The units in which a time is said, with the number of seconds of each.
UNITS = (("year", 31_557_600), ("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


class SearchProgress:
    """A listener of a search; a context manager, which erases the line that it wrote over.

    A search that takes longer than a second says once how many configurations it searches and how long that will take,
    as the share that is done shows.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin at a time of the clock, in seconds."""
        self.clock = clock
        self.is_terminal = sys.stderr.isatty()
        self.begun = self.shown = clock()
        self.done = 0.0
        self.announced = False
        self.width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over("")

    def __call__(self, size: int, done: float) -> None:
        """Hear that a share of a space of so many configurations is done."""
        now = self.clock()
        if done < self.done:  # the next search of the same space
            self.begun = now
        self.done = done
        elapsed = now - self.begun
        if elapsed < PATIENCE or (not done and elapsed < PATIENCE_WITHOUT_ESTIMATE):
            return
        left = f"about {duration(elapsed / done - elapsed)}" if done else "a time that is not known yet"
        if not self.announced:
            self.announced = True
            self._over("")
            streams.note(f"{size:,} configurations, {left}; Ctrl-C shows the best so far{_advice()}")
        if self.is_terminal and now - self.shown >= PAUSE:
            self.shown = now
            self._over(f"searching: {done:.0%}, {left} left, Ctrl-C for the best so far")

    def _over(self, text: str) -> None:
        """Write over the line of progress."""
        if text or self.width:
            streams.progress(text.ljust(self.width))
            if not text:
                streams.progress("")
            self.width = len(text)


def duration(seconds: float) -> str:
    """Return a time in its largest unit.

    >>> duration(7.2), duration(90), duration(3e9), duration(0.1)
    ('8 seconds', '2 minutes', '96 years', '1 second')
    """
    unit, length = next((entry for entry in UNITS if seconds > entry[1]), UNITS[-1])
    number = max(1, -int(-seconds // length))
    return f"{number:,} {unit}{'s' if number > 1 else ''}"


def _advice() -> str:
    return "" if find_spec("numpy") else "; with numpy it is much quicker (pip install numpy)"
