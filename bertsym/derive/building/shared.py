"""In the other process: requests answered by two of it, each on a processor of its own."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, NamedTuple, NoReturn

Request = dict[str, Any]
Answer = dict[str, Any]
Placed = Sequence[tuple[int, Request]]


class _Copy(NamedTuple):
    process: int
    asked: IO[str]
    told: IO[str]


class Pair:
    """This process and, from when there is more than one request, a copy of it; `alone` is without.

    A copy that has ended is done without from then on: what it was asked is answered here.
    """

    def __init__(self, answer: Callable[[Request], Answer], *, alone: bool) -> None:
        self.answer = answer
        self.alone = alone or len(os.sched_getaffinity(0)) < 2
        self.copy: _Copy | None = None

    def answers(self, requests: Sequence[Request]) -> Iterator[Answer]:
        """The answers, each with the place of its request: every other one is worked out by the copy."""
        placed = list(enumerate(requests))
        if self.alone or len(placed) < 2 or not self._asked(placed[1::2]):
            yield from self._answered(placed)
            return
        yield from self._answered(placed[::2])
        yield from self._told() or self._answered(placed[1::2])

    def close(self) -> None:
        """End the copy, whatever it is at."""
        if self.copy is not None:
            os.kill(self.copy.process, signal.SIGKILL)
            os.waitpid(self.copy.process, 0)
            for stream in (self.copy.told, self.copy.asked):
                stream.close()
        self.copy = None

    def _asked(self, placed: Placed) -> bool:
        """Whether the copy is at work on these."""
        self.copy = self.copy or self._copied()
        try:
            self.copy.asked.write(json.dumps(placed) + "\n")
            self.copy.asked.flush()
        except BrokenPipeError:
            self._ended()
        return not self.alone

    def _told(self) -> list[Answer]:
        """What the copy says; nothing where it has ended."""
        assert self.copy is not None  # noqa: S101  # it was asked
        try:
            found: list[Answer] = json.loads(self.copy.told.readline())
        except ValueError:
            self._ended()
            return []
        return found

    def _ended(self) -> None:
        self.alone = True
        assert self.copy is not None  # noqa: S101  # it was asked
        os.waitpid(self.copy.process, 0)
        self.copy = None

    def _copied(self) -> _Copy:
        (requests, asked), (told, answers) = os.pipe(), os.pipe()
        process = os.fork()
        if not process:
            for end in (asked, told):
                os.close(end)
            self._serve(requests, answers)
        for end in (requests, answers):
            os.close(end)
        return _Copy(process, os.fdopen(asked, "w", encoding="utf-8"), os.fdopen(told, encoding="utf-8"))

    def _serve(self, requests: int, answers: int) -> NoReturn:
        """What the copy does: answer until nobody asks any more, and end, whatever happens."""
        try:
            with os.fdopen(requests, encoding="utf-8") as asked, os.fdopen(answers, "w", encoding="utf-8") as told:
                for line in asked:
                    told.write(json.dumps(list(self._answered(json.loads(line)))) + "\n")
                    told.flush()
        finally:
            os._exit(0)

    def _answered(self, placed: Placed) -> Iterator[Answer]:
        return (self.answer(request) | {"place": place} for place, request in placed)
