"""Names to families: which numbers in names are indices, and which tensors of a family are alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, combinations, product

from sympy import Symbol

from bertsym.derive.process import Entry, Inventory, Number
from bertsym.sources.numbering import numbered
from bertsym.values import replace, value

Sizes = Mapping[Symbol, Number]
Indices = tuple[int, ...]

PERIODS = (2, 3, 4, 5, 6, 7, 8)
MOST_APART = 8
MOST_PAIRED = 12
MOST_CUTS = 6
MOST_NAMED = 12


@value
class Sample:
    """What the code builds at some sizes."""

    sizes: Sizes
    inventory: Inventory


@value
class Tie:
    """What a tensor is tied to: a name, with a `{}` for each index that is its own."""

    pattern: str


@value
class Kind:
    """What can differ between the tensors of a family in one build."""

    shape: tuple[int, ...]
    tie: Tie | None


@value
class Family:
    """Tensors of one pattern of names: for each build that has any, by their indices.

    `fixed` says which index was put into the name after all, for a layer that is unlike the others.
    """

    pattern: str
    seen: Mapping[int, Mapping[Indices, Entry]]
    ties: Mapping[int, Mapping[Indices, Tie | None]]

    def kinds(self, row: int) -> dict[Indices, Kind]:
        """What each tensor of a build is like."""
        return {i: Kind(entry.shape, self.ties[row][i]) for i, entry in self.seen[row].items()}

    @property
    def uniform(self) -> bool:
        """Whether all of a build are alike, in every build."""
        return all(len(set(self.kinds(row).values())) == 1 for row in self.seen)

    def only(self, holds: Callable[[int, Indices], bool]) -> Family:
        """The tensors of whose build and indices this holds."""
        seen = {row: {i: e for i, e in entries.items() if holds(row, i)} for row, entries in self.seen.items()}
        return replace(self, seen={row: entries for row, entries in seen.items() if entries})


def families(samples: Sequence[Sample]) -> list[Family]:
    """All tensors of all builds, in the order in which the code lists them."""
    placed = patterns(samples)
    found: dict[str, dict[int, dict[Indices, Entry]]] = {}
    ties: dict[str, dict[int, dict[Indices, Tie | None]]] = {}
    for row, sample in enumerate(samples):
        for name, entry in sample.inventory.items():
            pattern, indices = placed[name]
            found.setdefault(pattern, {}).setdefault(row, {})[indices] = entry
            tie = None if entry.first == name else _tie(indices, *placed[entry.first])
            ties.setdefault(pattern, {}).setdefault(row, {})[indices] = tie
    return [Family(pattern, seen, ties[pattern]) for pattern, seen in found.items()]


def _tie(own: Indices, pattern: str, indices: Indices) -> Tie:
    """The target by its name, or by its pattern where its indices are the tensor's own."""
    return Tie(pattern if own == indices else pattern.format(*indices))


def patterns(samples: Sequence[Sample]) -> dict[str, tuple[str, Indices]]:
    """Every name with its pattern and indices.

    A number is an index where its range is seen to change and no switch did it, or takes more than two forms. Where
    some build leaves numbers out altogether, as one with an empty stage does, they are names.
    """
    names = dict.fromkeys(name for sample in samples for name in sample.inventory)
    ranges: dict[tuple[str, frozenset[tuple[Symbol, bool]]], set[frozenset[str]]] = {}
    for sample in samples:
        switches = frozenset((s, on) for s, on in sample.sizes.items() if isinstance(on, bool))
        children: dict[tuple[str, str], set[str]] = {}
        for name in sample.inventory:
            for stem, parent, index in _numbered(name):
                children.setdefault((stem, parent), set()).add(index)
        for (stem, _), found in children.items():
            ranges.setdefault((stem, switches), set()).add(frozenset(found))
    repeated = {stem for (stem, _), found in ranges.items() if len(found) > 1}
    forms: dict[str, set[frozenset[str]]] = {}
    for (stem, _), seen in ranges.items():
        forms.setdefault(stem, set()).update(seen)
    repeated |= {stem for stem, seen in forms.items() if len(seen) > 2}
    repeated -= {stem for stem, seen in forms.items() if any(map(_leaves_out, seen))}
    return {name: _pattern(name, repeated) for name in names}


def _leaves_out(indices: Iterable[str]) -> bool:
    """Whether numbers between the first and the last are missing, and there are few."""
    found = {int(index) for index in indices}
    return max(found) - min(found) >= len(found) and max(found) < MOST_NAMED


def _numbered(name: str) -> Iterator[tuple[str, str, str]]:
    """Each number in a name: what stands before it with numbers blanked, with numbers kept, and the number."""
    words = name.split(".")
    for place, word in enumerate(words):
        number = numbered(word)
        if number is not None:
            before, index = number.groups()
            blanked = ["#" if w.isdecimal() else w for w in words[:place]]
            yield ".".join([*blanked, before]), ".".join([*words[:place], before]), index


def _pattern(name: str, repeated: set[str]) -> tuple[str, Indices]:
    stems = {parent: stem for stem, parent, _ in _numbered(name)}
    words = name.split(".")
    shown, indices = [], []
    for place, word in enumerate(words):
        number = numbered(word)
        if number is not None and stems[".".join([*words[:place], number[1]])] in repeated:
            shown.append(number[1] + "{}")
            indices.append(int(number[2]))
        else:
            shown.append(word)
    return ".".join(shown), tuple(indices)


Labels = Callable[[int, Indices], object]


def alike(family: Family, marks: Sequence[Callable[[int, int], object]] = ()) -> Iterator[list[Family]]:
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
        for labels in apart:
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


def _parted(family: Family, kinds: Mapping[int, Mapping[Indices, Kind]], labels: Labels) -> list[Family]:
    found = dict.fromkeys(labels(row, i) for row, seen in kinds.items() for i in seen)
    return [family.only(partial(_labelled, labels, label)) for label in found]


def _parts(kinds: Mapping[int, Mapping[Indices, Kind]], labels: Labels) -> bool:
    """Whether tensors of one label are alike in every build."""
    for row, seen in kinds.items():
        first: dict[object, Kind] = {}
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


def _labels(kinds: Mapping[int, Mapping[Indices, Kind]], place: int) -> Iterator[Labels]:
    runs = {row: [i[place] for i in seen] for row, seen in kinds.items()}
    starts = {row: min(run) for row, run in runs.items()}
    ends = {row: max(run) for row, run in runs.items()}
    yield lambda row, i: i[place] == starts[row]
    yield lambda row, i: i[place] == ends[row]
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
