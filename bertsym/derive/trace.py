"""The events of a derivation: one per stage as it ends, with its builds, its conclusion and the evidence for it.

The pipeline hands each event to listeners: `TraceFile` writes it as a line of JSON, the command line shows it as
progress. A trace without listeners computes nothing. No listener can change a derivation: events are copies.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from bertsym.derive.events import BuildCount, Conclusion, Event, Observed, Problem, StageEnded
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.types import CannotDerive, Number, Observation


class Listener(Protocol):
    """A receiver of events."""

    def begin(self, stage: str, step: str) -> None:
        """Take notice that a stage begins."""

    def take(self, event: Event) -> None:
        """Take an event."""


class Trace:
    """The events of one derivation, on their way to the listeners; without listeners, nothing is computed.

    >>> NO_TRACE.is_on
    False
    """

    def __init__(self, listeners: Sequence[Listener] = ()) -> None:
        self.listeners = tuple(listeners)
        self.attempt, self.seed, self.round = 0, 0, 0
        self._ids: dict[frozenset[tuple[str, Number]], int] = {}

    @property
    def is_on(self) -> bool:
        """Return True if anybody listens."""
        return bool(self.listeners)

    def take(self, make: Callable[[], Event]) -> None:
        """Hand on an event, which is made only if anybody listens."""
        if self.listeners:
            self._send(make())

    @contextmanager
    def stage(self, stage: str, step: str, oracle: BuildOracle) -> Iterator[Stage]:
        """Open a stage, whose event is handed on as it ends; an error that leaves it becomes the conclusion."""
        record = Stage(oracle)
        if not self.listeners:
            yield record
            return
        for listener in self.listeners:
            listener.begin(stage, step)
        try:
            yield record
        except CannotDerive as error:
            self._end(stage, step, record, Problem(error.problem))
            raise
        if record.make is not None:
            self._end(stage, step, record, record.make())

    def failed(self, stage: str, step: str, error: CannotDerive) -> None:
        """Hand on the error of a stage that has no oracle yet."""
        self.take(lambda: StageEnded(stage, step, 0, 0, 0, BuildCount(), "0.000", Problem(error.problem)))

    def ids(self, observations: Iterable[Observation], strategy: str) -> tuple[int, ...]:
        """Return the ids of observations, each once, after an event that defines each of the new ones."""
        return tuple(dict.fromkeys(self.id_of(observation, strategy) for observation in observations))

    def id_of(self, observation: Observation, strategy: str) -> int:
        """Return the id of an observation, after an event that defines it if it is new."""
        key = _key(observation)
        if key not in self._ids:
            source = observation.changed_from
            base = None if source is None else self.id_of(source, strategy)
            self._ids[key] = len(self._ids) + 1
            sizes = {str(symbol): number for symbol, number in observation.sizes.items()}
            changed = None if observation.changed is None else str(observation.changed)
            self._send(Observed(self._ids[key], strategy, sizes, len(observation.inventory), changed, base))
        return self._ids[key]

    def _end(self, stage: str, step: str, record: Stage, conclusion: Conclusion) -> None:
        builds, seconds = record.builds(), f"{record.seconds():.3f}"
        self._send(StageEnded(stage, step, self.attempt, self.seed, self.round, builds, seconds, conclusion))

    def _send(self, event: Event) -> None:
        for listener in self.listeners:
            listener.take(event)


class Stage:
    """A stage that runs: the oracle's builds since it began, and its conclusion."""

    def __init__(self, oracle: BuildOracle) -> None:
        self.oracle = oracle
        self.make: Callable[[], Conclusion] | None = None
        self._begun, self._before = time.monotonic(), oracle.counts

    def conclude(self, make: Callable[[], Conclusion]) -> None:
        """Set the conclusion, which is made only if anybody listens."""
        self.make = make

    def seconds(self) -> float:
        """Return the seconds since the stage began."""
        return time.monotonic() - self._begun

    def builds(self) -> BuildCount:
        """Return the number of builds since the stage began."""
        counts = self.oracle.counts.since(self._before)
        return BuildCount(counts.accepted, counts.rejected, counts.timed_out)


def _key(observation: Observation) -> frozenset[tuple[str, Number]]:
    return frozenset((str(symbol), number) for symbol, number in observation.sizes.items())


NO_TRACE = Trace()
