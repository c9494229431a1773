"""Work counted, not timed: how many functions are entered or left, whatever else the machine does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

from bertsym.errors import BertsymError


def work(function: Callable[[], object]) -> int:
    """Count the calls and returns, of C functions too, until the function ends or refuses."""
    count = 0

    def hook(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(hook)
    try:
        with suppress(BertsymError):
            function()
    finally:
        sys.setprofile(None)
    return count


def growth(function: Callable[[int], object], size: int) -> float:
    """Return the work at twice a size over the work at the size, both run warm."""
    with suppress(BertsymError):
        function(size)
    return work(lambda: function(2 * size)) / work(lambda: function(size))
