"""Layers at places of a stack that follow a rule: its first ones, every so many of them, its last one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import product

from bertsym.values import value

MOST_FIRST = 4
MOST_PERIOD = 8

FIRST, EVERY, LAST = "first", "every", "last"
Label = tuple[str, int]


@value
class Chart:
    """The places of a stack by name: each of the first few, the last, between them by remainders."""

    first: int
    period: int
    last: bool

    def label(self, index: int, depth: int) -> Label:
        """What this place of a stack so deep is called."""
        if self.last and index == depth - 1:
            return LAST, 0
        return (FIRST, index) if index < self.first else (EVERY, index % self.period)


def charts(
    runs: Mapping[int, Collection[int]], depths: Mapping[int, int]
) -> Iterator[tuple[Chart, Mapping[Label, Label]]]:
    """The names of places that explain which of them are taken, in builds that are so deep; the simplest rule first.

    What a name means is given for each that is taken: all between the first and the last are one where just one is
    left out.

    >>> every = {0: [3, 7, 9], 1: [3, 5], 2: [0], 3: [3, 7, 11, 15]}
    >>> chart, names = next(charts(every, {0: 10, 1: 6, 2: 1, 3: 16}))
    >>> chart, sorted(names)
    (Chart(first=0, period=4, last=True), [('every', 3), ('last', 0)])
    """
    simple = sorted(
        (Chart(*drawn) for drawn in product(range(MOST_FIRST), range(1, MOST_PERIOD + 1), (False, True))),
        key=lambda chart: 2 * chart.first + chart.period + chart.last,
    )
    for strict in (True, False):
        for chart in simple:
            names = _taken(chart, runs, depths, strict=strict)
            if names is not None and len(set(names.values())) > 1:
                yield chart, names


def _taken(
    chart: Chart, runs: Mapping[int, Collection[int]], depths: Mapping[int, int], *, strict: bool
) -> dict[Label, Label] | None:
    """The names that are taken; None where one between the first and the last, or any if `strict`, is only at times."""
    taken: set[Label] = set()
    free: set[Label] = set()
    for row, run in runs.items():
        for index in range(depths[row]):
            (taken if index in run else free).add(chart.label(index, depths[row]))
    if any(strict or kind == EVERY for kind, _ in taken & free):
        return None
    between = {name for name in taken if name[0] == EVERY}
    one = len(between) == chart.period - 1 and not chart.first
    return {name: (EVERY, 0) if one and name in between else name for name in sorted(taken)}
