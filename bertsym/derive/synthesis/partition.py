"""Families whose tensors are not all alike, cut into parts that are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, combinations, product

from bertsym.derive.synthesis.name_templates import Indices, Signature, TensorTemplate

PERIODS = (2, 3, 4, 5, 6, 7, 8)
MOST_APART = 8
MOST_PAIRED = 12
MOST_CUTS = 6

Labels = Callable[[int, Indices], object]


def alike(family: TensorTemplate, marks: Sequence[Callable[[int, int], object]] = ()) -> Iterator[list[TensorTemplate]]:
    """Ways to part a family so that each part is uniform in every build: not at all first, and if no cut does that.

    Cuts that are tried: what `marks` say of an index in a build; the first index apart, the last, both; every so many,
    with the last or without; each index by itself, also at two places; those that are like the first; two of these at
    two places.
    """
    kinds = {row: family.kinds(row) for row in family.seen}
    count = family.pattern.count("{}")
    few = [place for place in range(count) if all(i[place] < MOST_APART for seen in kinds.values() for i in seen)]
    apart: list[Labels] = [lambda _, i, place=place: i[place] for place in few]  # type: ignore[misc]
    apart += [_both(one, other) for one, other in combinations(apart, 2)]
    if family.uniform:
        yield [family]
        for labels in (*apart, *(_last(kinds, place) for place in range(count))):
            yield _parted(family, kinds, labels)
        return
    places = [[*_marked(marks, place), *_labels(kinds, place)] for place in range(count)]
    pairs = (product(one[:MOST_PAIRED], other[:MOST_PAIRED]) for one, other in combinations(places, 2))
    known: set[tuple[tuple[bool, ...], ...]] = set()
    for labels in (*chain(*places), *apart, *(_both(one, other) for pair in pairs for one, other in pair)):
        if len(known) < MOST_CUTS and _parts(kinds, labels):
            names = [labels(row, i) for row, seen in kinds.items() for i in seen]
            cut = tuple(tuple(name == label for name in names) for label in dict.fromkeys(names))
            if cut not in known:
                known.add(cut)
                yield _parted(family, kinds, labels)
    if not known:
        yield [family]


def _parted(
    family: TensorTemplate, kinds: Mapping[int, Mapping[Indices, Signature]], labels: Labels
) -> list[TensorTemplate]:
    found = dict.fromkeys(labels(row, i) for row, seen in kinds.items() for i in seen)
    return [family.only(partial(_labelled, labels, label)) for label in found]


def _parts(kinds: Mapping[int, Mapping[Indices, Signature]], labels: Labels) -> bool:
    """Whether tensors of one label are alike in every build."""
    for row, seen in kinds.items():
        first: dict[object, Signature] = {}
        for i, kind in seen.items():
            if first.setdefault(labels(row, i), kind) != kind:
                return False
    return True


def _labelled(labels: Labels, label: object, row: int, i: Indices) -> bool:
    return labels(row, i) == label


def _both(one: Labels, other: Labels) -> Labels:
    return lambda row, i: (one(row, i), other(row, i))


def _marked(marks: Sequence[Callable[[int, int], object]], place: int) -> Iterator[Labels]:
    for mark in marks:
        yield lambda row, i, mark=mark: mark(row, i[place])  # type: ignore[misc]


def _last(kinds: Mapping[int, Mapping[Indices, Signature]], place: int) -> Labels:
    ends = {row: max(i[place] for i in seen) for row, seen in kinds.items()}
    return lambda row, i: i[place] == ends[row]


def _labels(kinds: Mapping[int, Mapping[Indices, Signature]], place: int) -> Iterator[Labels]:
    runs = {row: [i[place] for i in seen] for row, seen in kinds.items()}
    starts = {row: min(run) for row, run in runs.items()}
    ends = {row: max(run) for row, run in runs.items()}
    yield lambda row, i: i[place] == starts[row]
    yield _last(kinds, place)
    yield lambda row, i: (i[place] == starts[row], i[place] == ends[row])
    first = {row: next(iter(seen.values())) for row, seen in kinds.items()}
    yield lambda row, i: kinds[row][i] == first[row]
    if max(ends.values()) < MOST_APART:
        yield lambda _, i: i[place]
        yield lambda row, i: -1 if i[place] == ends[row] else i[place]
        yield lambda row, i: (i[place], i[place] == ends[row])
    for least in range(1, 4):
        yield lambda _, i, least=least: i[place] < least  # type: ignore[misc]
    for least, period in product(range(4), PERIODS):
        for rest in range(period):
            every = partial(_every, place, least, period, rest)
            yield every
            yield lambda row, i, every=every: 2 if i[place] == ends[row] else every(row, i)  # type: ignore[misc]
            if least:
                yield lambda row, i, k=least, every=every: every(row, i) if i[place] >= k else i[place] - k  # type: ignore[misc]
    for period in PERIODS[1:]:
        yield lambda _, i, p=period: i[place] % p  # type: ignore[misc]


def _every(place: int, least: int, period: int, rest: int, _: int, i: Indices) -> bool:
    return i[place] >= least and i[place] % period == rest
