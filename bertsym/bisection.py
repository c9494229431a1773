"""The boundary of a monotone predicate over the integers, by bisection."""

from __future__ import annotations

from collections.abc import Callable


def find_boundary(inside: int, outside: int, holds: Callable[[int], bool]) -> tuple[int, int]:
    """Return the neighbouring integers (last, first) such that `holds(last)` and not `holds(first)`.

    The caller knows that the predicate holds at `inside` and fails at `outside`; neither is evaluated again. Either of
    the two may be the larger. The predicate is evaluated at most ceil(log2(abs(outside - inside))) times, at
    (inside + outside) // 2 each time. If it is not monotone, one of its boundaries is returned.

    >>> find_boundary(0, 100, lambda number: number * number <= 50)
    (7, 8)
    >>> find_boundary(9, 0, lambda number: number >= 3)
    (3, 2)
    """
    while abs(outside - inside) > 1:
        middle = (inside + outside) // 2
        if holds(middle):
            inside = middle
        else:
            outside = middle
    return inside, outside
