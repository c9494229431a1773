"""Ctrl-C on the command line: it ends the process at once, or raises an exception if there is something to tidy up."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130  # the exit code that shells give a program that SIGINT ended


def leave(*_: object) -> None:
    """End the process at once; a module that is being imported would swallow an exception, or show it."""
    os._exit(INTERRUPTED)


def leave_on_interrupt() -> None:
    """Let an interrupt end the process, unless the caller ignores interrupts."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let an interrupt raise `KeyboardInterrupt` inside the block."""
    ours = signal.getsignal(signal.SIGINT) is leave
    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, leave)
