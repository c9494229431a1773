"""Ctrl-C on the command line: it ends the process at once, or raises an exception if there is something to tidy up."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130  # what a shell says of a program that an interrupt ended


def leave(*_: object) -> None:
    """End the process where it is: an exception would be swallowed, or shown, by whatever is being imported."""
    os._exit(INTERRUPTED)


def leave_on_interrupt() -> None:
    """Let an interrupt end the process, unless the caller has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let an interrupt be a `KeyboardInterrupt` in here."""
    ours = signal.getsignal(signal.SIGINT) is leave
    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, leave)
