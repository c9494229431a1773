"""Control over the processes that model code starts: they become ours when orphaned, and all of them can be ended."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from bertsym.derive.limits import MAX_KILL_SWEEPS, MAX_MARK_SWEEPS

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # of prctl(2)


def adopt_orphans() -> None:
    """Make this process the parent of every descendant that loses its own parent, so that it can be ended."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, however that comes."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, argument: int) -> None:
    import ctypes  # noqa: PLC0415  # 5 ms, in which the other process goes on

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


def kill_descendants() -> None:
    """Kill and reap every descendant of this process, also those that the model code moved to other sessions."""
    for _ in range(MAX_KILL_SWEEPS):
        for process in descendants():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def descendants() -> list[int]:
    """Return the children of this process, their children and so on, as /proc lists them."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parents[int(path.parent.name)] = int(path.read_text(errors="replace").rpartition(")")[2].split()[1])
    descending: list[int] = []
    generation = {os.getpid()}
    while generation:
        generation = {process for process, parent in parents.items() if parent in generation}
        descending += generation
    return descending


def kill_marked(mark: bytes) -> None:
    """Kill every process that has the mark, `NAME=VALUE`, in its environment.

    The client uses this if the model code killed the supervisor, whose descendants then have other parents.
    """
    for _ in range(MAX_MARK_SWEEPS):
        killed = False
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in path.read_bytes().split(b"\0"):
                    os.kill(int(path.parent.name), signal.SIGKILL)
                    killed = True
        if not killed:
            return
        time.sleep(0.02)
