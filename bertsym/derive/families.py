"""Names to families: which numbers in names are indices, and which tensors of a family are alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations

from sympy import Symbol

from bertsym.derive.process import Entry, Inventory, Number
from bertsym.sources.numbering import numbered
from bertsym.values import replace, value

Sizes = Mapping[Symbol, Number]
Indices = tuple[int, ...]

PERIODS = (2, 3, 4, 5, 6, 7, 8)
MOST_APART = 8
MOST_PAIRED = 12


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

    A number is an index where its range is seen to change and no switch did it, or takes more than two forms.
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
    return {name: _pattern(name, repeated) for name in names}


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


def alike(family: Family) -> list[Family]:
    """The family in parts that are uniform in every build, or as it is where no simple cut does that.

    Cuts that are tried: the first index apart, the last, both; every so many, with the last or without; each index by
    itself; those that are like the first; two of these at two places.
    """
    if family.uniform:
        return [family]
    kinds = {row: family.kinds(row) for row in family.seen}
    single = [labels for place in range(family.pattern.count("{}")) for labels in _labels(kinds, place)]
    for labels in (*single, *(_both(one, other) for one, other in combinations(single[:MOST_PAIRED], 2))):
        if _parts(kinds, labels):
            found = dict.fromkeys(labels(row, i) for row, seen in kinds.items() for i in seen)
            return [family.only(partial(_labelled, labels, label)) for label in found]
    return [family]


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
    for least in range(1, 4):
        yield lambda _, i, least=least: i[place] < least  # type: ignore[misc]
    for period in PERIODS:
        for rest in range(period):
            yield lambda _, i, p=period, r=rest: i[place] % p == r  # type: ignore[misc]
            yield lambda row, i, p=period, r=rest: (i[place] % p == r, i[place] == ends[row])  # type: ignore[misc]
    for period in PERIODS[1:]:
        yield lambda _, i, p=period: i[place] % p  # type: ignore[misc]
