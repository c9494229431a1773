"""In the other process: many requests answered by two of it, each on a processor of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Request = dict[str, Any]
Answer = dict[str, Any]

FEWEST = 6


def shared(answer: Callable[[Request], Answer], requests: Sequence[Request]) -> Iterator[Answer]:
    """The answers, each with the place of its request: every other one is worked out by a copy of this process.

    It all is done here where there are few, or one processor, or where the copy ends before it has told its answers.
    """
    placed = list(enumerate(requests))
    if len(requests) < FEWEST or len(os.sched_getaffinity(0)) < 2:
        yield from _answered(answer, placed)
        return
    reading, writing = os.pipe()
    copy = os.fork()
    if not copy:
        _tell(writing, answer, placed[1::2])
    os.close(writing)
    yield from _answered(answer, placed[::2])
    with os.fdopen(reading, encoding="utf-8") as told:
        text = told.read()
    os.waitpid(copy, 0)
    try:
        yield from json.loads(text)
    except ValueError:
        yield from _answered(answer, placed[1::2])


def _answered(answer: Callable[[Request], Answer], placed: Sequence[tuple[int, Request]]) -> Iterator[Answer]:
    return (answer(request) | {"place": place} for place, request in placed)


def _tell(writing: int, answer: Callable[[Request], Answer], placed: Sequence[tuple[int, Request]]) -> None:
    """What the copy does: tell the answers and end, whatever happens."""
    try:
        with os.fdopen(writing, "w", encoding="utf-8") as told:
            json.dump(list(_answered(answer, placed)), told)
    finally:
        os._exit(0)
