"""The command line: parse, one library call, render, echo. The only place that prints or exits.

Importing this imports nothing more, so that `main` decides on what an interrupt does before the long imports begin.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["main", "run"]


def run() -> int:
    """Run the command line of `sys.argv`; return the exit code."""
    from bertsym.cli.app import run as ran

    return ran()


def main() -> NoReturn:
    """Run the console script; exit without freeing sympy's hundred thousand objects, as mypy does."""
    try:
        from bertsym.cli.interrupts import leave_on_interrupt

        leave_on_interrupt()
        _fill_closed_descriptors()
        code = run()
    except KeyboardInterrupt:
        code = 130
    os._exit(code)


def _fill_closed_descriptors() -> None:
    """Open the null device for each closed standard stream, so that no file takes its descriptor."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # `open` takes the lowest free descriptor
