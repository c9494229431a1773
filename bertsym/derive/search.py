"""Searches over a black box that each stage of derive uses: group testing, and the scope of a rejection.

The box answers one question about a group of items, such as "is this configuration accepted?", and each answer costs a
build. The searches ask in a fixed order, so that a derivation is the same from run to run. `bertsym.bisection` has the
search for a boundary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from bertsym.bisection import find_boundary

T = TypeVar("T")
Evidence = TypeVar("Evidence")


def isolate_effective(
    items: Sequence[T],
    has_effect: Callable[[Sequence[T]], bool],
    prefetch: Callable[[Iterable[Sequence[T]]], None] = lambda _: None,
) -> Iterator[T]:
    """Yield the items that have an effect, in order: group testing by halving (Dorfman 1943).

    `has_effect(group)` answers for all items of a group together. It must be True if it is True for a part of the
    group; effects that cancel one another stay unseen. k effective items among n cost about 2 k log2(n/k) questions,
    and one question if there is none. `prefetch` is told the two groups that are asked about next.
    """
    if not items or not has_effect(items):
        return
    if len(items) == 1:
        yield items[0]
        return
    halves = _halves(items)
    prefetch(halves)
    for half in halves:
        yield from isolate_effective(half, has_effect, prefetch)


def accepted_groups(
    items: Sequence[T], trial: Callable[[Sequence[T]], Evidence | None]
) -> Iterator[tuple[Sequence[T], Evidence | None]]:
    """Part the items into groups that are accepted as a whole, by halving, and yield each with its evidence.

    `trial(group)` returns evidence if the group is accepted, else None. A single item that is not accepted is yielded
    with None. The next trial runs only when the caller asks for the next group.
    """
    if not items:
        return
    evidence = trial(items)
    if evidence is not None or len(items) == 1:
        yield items, evidence
        return
    for half in _halves(items):
        yield from accepted_groups(half, trial)


def isolate_failing(
    items: Sequence[T],
    passes: Callable[[Sequence[T]], bool],
    is_over: Callable[[], bool] = lambda: False,
    background: Sequence[T] = (),
) -> list[T]:
    """Return items without which all the others pass together with the background; group testing by halving.

    Items that fail only together are isolated too: one of them is returned. After `is_over()` the rest of a failing
    group is returned as a whole.
    """
    failing: list[T] = []
    rest = list(items)
    while rest and not passes([*background, *rest]):
        if len(rest) == 1 or is_over():
            return [*failing, *rest]
        left, right = _halves(rest)
        more = isolate_failing(left, passes, is_over, background) + isolate_failing(right, passes, is_over, background)
        more = more or isolate_failing(left, passes, is_over, [*background, *right]) or rest
        failing += more
        rest = [item for item in rest if item not in more]
    return failing


def find_scope(items: Sequence[T], is_accepted: Callable[[Sequence[T]], bool], max_size: int) -> list[T]:
    """Return the few items for which the items are rejected together: FindScope of QuAcq (Bessiere et al. 2013).

    Rejection must be monotone: whatever contains a rejected group is rejected, and the empty group is accepted. Each
    item of the scope costs about log2(len(items)) questions. A group that is asked about may contain an item twice.

    The scope is empty if all items together are accepted. It may be incomplete, and then be accepted, if it has
    `max_size` items or if rejection is not monotone.
    """
    scope: list[T] = []
    while (item := _first_rejected(items, scope, is_accepted)) is not None and item not in scope:
        scope.append(item)
        if len(scope) >= max_size or not is_accepted(scope):
            break
    return scope


def _first_rejected(items: Sequence[T], scope: Sequence[T], is_accepted: Callable[[Sequence[T]], bool]) -> T | None:
    """Return the item with which, after the scope and the items before it, the group is first rejected."""
    if is_accepted([*scope, *items]):
        return None
    _, count = find_boundary(0, len(items), lambda count: is_accepted([*scope, *items[:count]]))
    return items[count - 1]


def _halves(items: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    middle = len(items) // 2
    return items[:middle], items[middle:]
