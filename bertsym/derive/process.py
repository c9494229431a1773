"""The process that runs the model's code, seen from outside: asked for an inventory, given a time limit."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from sympy import Symbol

from bertsym.derive.proposal import Proposal, proposal
from bertsym.errors import BertsymError, echo
from bertsym.sources.expressions import Malformed
from bertsym.values import value

MOST_BYTES = 64 * 2**20
SPARE = 5.0

Fields = Mapping[str, int | bool]


@value
class CannotDerive(BertsymError):
    """The code does not build, not even at the sizes it comes with."""

    target: str
    problem: str

    def __str__(self) -> str:
        return f"cannot derive {echo(self.target)}: {self.problem}"


@value
class Entry:
    """A real tensor: `first` is the first of its names, its own unless it is tied."""

    shape: tuple[int, ...]
    first: str
    role: str


Inventory = Mapping[str, Entry]


@value
class Description:
    """What the code is called, where it is from, and the fields that may vary with the values they come with."""

    cls: str
    source: str
    fields: Fields


class Builder:
    """Builds the model at fields, each at most once; a context manager, so that nothing is left running."""

    def __init__(self, target: str, sizes: Fields, seconds: float) -> None:
        self.target, self.seconds = target, seconds
        self.found: dict[frozenset[tuple[str, int | bool]], Inventory | None] = {}
        self.raised = ""
        # The folder that holds bertsym, wherever it was imported from, before the caller's own.
        path = os.pathsep.join(
            [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": path, "TOKENIZERS_PARALLELISM": "false"}
        self.process = subprocess.Popen(  # ourselves
            [sys.executable, "-m", "bertsym.derive.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self.rest = b""
        try:
            told = self._ask({"target": target, "sizes": dict(sizes)}, max(seconds, 60.0))
        except BaseException:
            self.close()
            raise
        if "raised" in told:
            self.close()
            raise CannotDerive(target, f"importing it raised {told['raised']}")
        self.description = Description(told["class"], told["source"], MappingProxyType(told["fields"]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process and whatever it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self.process.wait()

    def build(self, fields: Fields) -> Inventory | None:
        """The tensors at these fields, or None where the code refuses them; raises `CannotDerive`."""
        key = frozenset(fields.items())
        if key not in self.found:
            told = self._ask({"build": dict(fields)}, self.seconds)
            self.raised = told.get("raised", "")
            self.found[key] = None if self.raised else _inventory(told["tensors"])
        return self.found[key]

    def propose(self, fields: Fields, symbols: Mapping[str, Symbol]) -> Proposal | None:
        """What one build at these fields, with symbols in the place of some, says of shapes and conditions.

        None where the code does not build so; that says nothing against it.
        """
        asked = {"fields": dict(fields), "symbols": list(symbols), "seconds": self.seconds}
        try:
            return proposal(self._ask({"symbolic": asked}, self.seconds + SPARE).get("proposal"), symbols)
        except (Malformed, RecursionError, ValueError):
            return None

    def _ask(self, request: object, seconds: float) -> dict[str, Any]:
        assert self.process.stdin is not None  # noqa: S101  # as it was started
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        answer: dict[str, Any] = json.loads(self._line(time.monotonic() + seconds, seconds))
        if "unusable" in answer:
            raise CannotDerive(self.target, answer["unusable"])
        return answer

    def _line(self, deadline: float, seconds: float) -> bytes:
        assert self.process.stdout is not None  # noqa: S101  # as it was started
        pieces = [self.rest]
        while b"\n" not in pieces[-1]:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise CannotDerive(self.target, f"it did not finish within {seconds:g} seconds; --timeout allows more")
            piece = os.read(self.process.stdout.fileno(), 2**20)
            if not piece:
                raise self._ended()
            pieces.append(piece)
            if sum(map(len, pieces)) > MOST_BYTES:
                raise CannotDerive(self.target, "its inventory is too long")
        line, _, self.rest = b"".join(pieces).partition(b"\n")
        return line

    def _ended(self) -> CannotDerive:
        code = self.process.wait()
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return CannotDerive(self.target, f"it ended its own process {how}")


def _inventory(tensors: list[list[Any]]) -> Inventory:
    return {name: Entry(tuple(shape), first, role) for name, shape, first, role in tensors}
