"""The process that runs the model's code, seen from outside: asked for an inventory, given a time limit."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from sympy import Symbol

from bertsym.derive.concolic.trace import ConcolicTrace, proposal
from bertsym.derive.types import CannotDerive, Description, Entry, Fields, Inventory, Number
from bertsym.expressions.reader import Malformed

MOST_BYTES = 64 * 2**20
STARTING = 60.0
ENDING = 5.0
MARK, SWEEPS = "BERTSYM_WORKER", 50
HEAD = re.compile(rb'\{"place": ([0-9]{1,9}), "answer": ')
CHANGED = "it changes what bertsym answers with in its process"
SPARE = 5.0
SLOW, MOST_SLOW = "TooSlow", 30


class Worker:
    """A process that runs model code, started when it is first asked; a context manager, so that nothing stays.

    One that was ended, by its code or by the time limit, is started anew by the next target. One that is `alone` takes
    one processor, others take two.
    """

    def __init__(self, seconds: float, *, alone: bool = False) -> None:
        self.seconds, self.alone = seconds, alone
        self.process: subprocess.Popen[bytes] | None = None
        self.rest, self.mark = b"", ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> subprocess.Popen[bytes]:
        # The folder that holds bertsym, wherever it was imported from, before the caller's own.
        path = os.pathsep.join(
            [str(Path(__file__).resolve().parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": path, "TOKENIZERS_PARALLELISM": "false"}
        self.mark = secrets.token_hex(16)
        environment[MARK] = self.mark
        self.rest = b""
        return subprocess.Popen(  # noqa: S603  # ourselves
            [sys.executable, "-m", "bertsym.derive.oracle.serving", *(["--alone"] if self.alone else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )

    def close(self) -> None:
        """End the process and whatever it started."""
        if self.process is None:
            return
        assert self.process.stdin is not None  # noqa: S101  # as it was started
        with contextlib.suppress(OSError):
            self.process.stdin.close()  # whereupon it ends what the code has started, wherever that went
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(ENDING)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        if self.process.stdout is not None:
            self.process.stdout.close()
        if self.process.wait():  # the code has ended the process that would have ended what the code has started
            _end_marked(f"{MARK}={self.mark}".encode())
        self.process = None

    def ask(self, target: str, request: object, seconds: float) -> dict[str, Any]:
        """The answer to a request; raises `CannotDerive`, after which nothing of the process is left."""
        return self.ask_for(1, target, request, seconds)[0]

    def ask_for(self, count: int, target: str, request: object, seconds: float) -> list[dict[str, Any]]:
        """So many answers to a request, for each of which it has so many seconds; raises `CannotDerive` as `ask`."""
        if self.process is None:
            self.process = self._start()
        try:
            answers = list(self._answers(count, self.process, target, request, seconds))
        except BaseException:
            self.close()
            raise
        for answer in answers:
            if "unusable" in answer:
                raise CannotDerive(target, answer["unusable"])
        return answers

    def _answers(
        self, count: int, process: subprocess.Popen[bytes], target: str, request: object, seconds: float
    ) -> Iterator[dict[str, Any]]:
        assert process.stdin is not None  # noqa: S101  # as it was started
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise _ended(process.wait(), target) from None
        for _ in range(count):
            answer, place = _read(self._line(process, target, seconds), target)
            if "ended" in answer:
                raise _ended(answer["ended"], target)
            yield answer | {"place": place}

    def _line(self, process: subprocess.Popen[bytes], target: str, seconds: float) -> bytes:
        assert process.stdout is not None  # noqa: S101  # as it was started
        deadline = time.monotonic() + seconds
        pieces = [self.rest]
        while b"\n" not in pieces[-1]:
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise CannotDerive(target, f"it did not finish within {seconds:g} seconds; --timeout allows more")
            piece = os.read(process.stdout.fileno(), 2**20)
            if not piece:
                raise _ended(process.wait(), target)
            pieces.append(piece)
            if sum(map(len, pieces)) > MOST_BYTES:
                raise CannotDerive(target, "its inventory is too long")
        line, _, self.rest = b"".join(pieces).partition(b"\n")
        return line


def _end_marked(mark: bytes) -> None:
    """End the processes that have the mark in their environment."""
    for _ in range(SWEEPS):
        found = False
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in path.read_bytes().split(b"\0"):
                    os.kill(int(path.parent.name), signal.SIGKILL)
                    found = True
        if not found:
            return
        time.sleep(0.02)


def _read(line: bytes, target: str) -> tuple[dict[str, Any], int]:
    """An answer and the place of its request; raises `CannotDerive`."""
    try:
        told = json.loads(line)
        answer, place = told["answer"], told["place"]
        if isinstance(answer, dict) and isinstance(place, int):
            return answer, place
    except RecursionError:
        if head := HEAD.match(line):
            return {"raised": "its answer is nested too deeply"}, int(head[1])
    except (ValueError, KeyError, TypeError):
        pass
    raise CannotDerive(target, CHANGED)


def _ended(code: int, target: str) -> CannotDerive:
    how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
    return CannotDerive(target, f"it ended its own process {how}")


class BuildOracle:
    """Builds a target at fields, each at most once."""

    def __init__(self, worker: Worker, target: str, sizes: Fields) -> None:
        self.worker, self.target = worker, target
        self.found: dict[frozenset[tuple[str, Number]], Inventory | None] = {}
        self.refusals: dict[frozenset[tuple[str, Number]], str] = {}
        self.raised, self.given_up = "", 0
        request = {"target": target, "sizes": _plain(sizes)}
        told = worker.ask(target, request, max(worker.seconds, STARTING))
        if "raised" in told:
            what = "importing it" if ":" in target else "building it as it is configured by default"
            raise CannotDerive(target, f"{what} raised {told['raised']}")
        fields = {name: _exact(found) for name, found in told["fields"].items()}
        self.description = Description(told["class"], told["source"], MappingProxyType(fields))

    def build(self, fields: Fields) -> Inventory | None:
        """The tensors at these fields, or None where the code refuses them; raises `CannotDerive`."""
        key = frozenset(fields.items())
        if key not in self.found:
            self._take(key, self.worker.ask(self.target, {"build": _plain(fields)}, self.worker.seconds))
        self.raised = self.refusals[key]
        return self.found[key]

    def is_deterministic(self, fields: Fields) -> bool:
        """Whether what was built at these fields is built there once more."""
        key = frozenset(fields.items())
        told = self.worker.ask(self.target, {"build": _plain(fields)}, self.worker.seconds)
        return "tensors" in told and _inventory(told["tensors"]) == self.found[key]

    def prefetch(self, many: Iterable[Fields]) -> None:
        """Build at all of these, two at a time where there are processors for it; `build` then knows what was found."""
        waiting = {key: fields for fields in many if (key := frozenset(fields.items())) not in self.found}
        keys = list(waiting)
        asked = {"builds": [_plain(waiting[key]) for key in keys]}
        answers = self.worker.ask_for(len(keys), self.target, asked, self.worker.seconds) if keys else []
        # Two processes answer in any order; what is remembered, and so what is sampled, must not depend on it.
        for answer in sorted(answers, key=itemgetter("place")):
            self._take(keys[answer["place"]], answer)

    @property
    def slow(self) -> bool:
        """Whether the last build was given up, for it took much longer than others."""
        return self.raised.startswith(SLOW)

    def _take(self, key: frozenset[tuple[str, Number]], told: Mapping[str, Any]) -> None:
        self.refusals[key] = told.get("raised", "")
        self.given_up += self.refusals[key].startswith(SLOW)
        if self.given_up > MOST_SLOW:
            raise CannotDerive(self.target, f"at more than {MOST_SLOW} sizes it takes much longer than at others")
        try:
            self.found[key] = None if self.refusals[key] else _inventory(told["tensors"])
        except (KeyError, TypeError, ValueError):
            raise CannotDerive(self.target, CHANGED) from None

    def accepted(self) -> Iterator[Fields]:
        """The fields at which something was built, the last first."""
        return (dict(key) for key, found in reversed(self.found.items()) if found is not None)

    def defaults(self, fields: Fields, names: Iterable[str]) -> Fields:
        """What the code makes of each of these that is left out, the others being as in these fields."""
        asked = {"defaults": _plain(fields), "names": list(names)}
        told = self.worker.ask(self.target, asked, self.worker.seconds)
        return {name: _exact(found) for name, found in told.get("defaults", {}).items()}

    def propose(self, fields: Fields, symbols: Mapping[str, Symbol]) -> ConcolicTrace | None:
        """What one build at these fields, with symbols in the place of some, says of shapes and conditions.

        None where the code does not build so; that says nothing against it.
        """
        seconds = self.worker.seconds
        asked = {"fields": _plain(fields), "symbols": list(symbols), "seconds": seconds}
        try:
            told = self.worker.ask(self.target, {"symbolic": asked}, seconds + SPARE)
            return proposal(told.get("proposal"), symbols)
        except (Malformed, RecursionError, ValueError):
            return None


def _exact(found: int | float) -> Number:  # noqa: PYI041  # an int stays one
    return Fraction(str(found)) if isinstance(found, float) else found


def _plain(fields: Fields) -> dict[str, int | float]:
    return {name: float(found) if isinstance(found, Fraction) else found for name, found in fields.items()}


def _inventory(tensors: list[list[Any]]) -> Inventory:
    return {name: Entry(tuple(shape), first, role) for name, shape, first, role in tensors}
