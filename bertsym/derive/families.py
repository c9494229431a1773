"""Names to families: which numbers in names are indices, and which tensors of a family are alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sympy import Symbol

from bertsym.derive.process import Entry, Inventory, Number
from bertsym.values import replace, value

Sizes = Mapping[Symbol, Number]
Indices = tuple[int, ...]


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
        if word.isdecimal():
            blanked = ".".join("#" if w.isdecimal() else w for w in words[:place])
            yield blanked, ".".join(words[:place]), word


def _pattern(name: str, repeated: set[str]) -> tuple[str, Indices]:
    stems = {parent: stem for stem, parent, _ in _numbered(name)}
    words = name.split(".")
    shown, indices = [], []
    for place, word in enumerate(words):
        if word.isdecimal() and stems[".".join(words[:place])] in repeated:
            shown.append("{}")
            indices.append(int(word))
        else:
            shown.append(word)
    return ".".join(shown), tuple(indices)


def alike(family: Family) -> list[Family]:
    """The family in parts that are uniform in every build, or as it is where no simple cut does that.

    Cuts that are tried: the first index apart, the last, both; every second, third, fourth index; at an index.
    """
    if family.uniform:
        return [family]
    for place in range(family.pattern.count("{}")):
        for cut in _cuts(family, place):
            parts = [part for part in cut if part.seen]
            if len(parts) > 1 and all(part.uniform for part in parts):
                return parts
    for place in range(family.pattern.count("{}")):
        for cut in _cuts(family, place):
            parts = [part for part in cut if part.seen]
            if len(parts) > 1 and any(part.uniform for part in parts):
                rest = [
                    alike(part) if len(part.seen) < len(family.seen) or _fewer(part, family) else [part]
                    for part in parts
                ]
                if all(part.uniform for found in rest for part in found):
                    return [part for found in rest for part in found]
    return [family]


def _fewer(part: Family, whole: Family) -> bool:
    return sum(map(len, part.seen.values())) < sum(map(len, whole.seen.values()))


def _cuts(family: Family, place: int) -> Iterator[list[Family]]:
    ends = {row: max(i[place] for i in entries) for row, entries in family.seen.items()}
    starts = {row: min(i[place] for i in entries) for row, entries in family.seen.items()}
    yield _split(family, lambda row, i: i[place] == starts[row])
    yield _split(family, lambda row, i: i[place] == ends[row])
    for least in range(1, 4):
        yield _split(family, lambda _, i, least=least: i[place] < least)  # type: ignore[misc]
    for period in (2, 3, 4, 5, 6):
        yield [
            family.only(lambda _, i, rest=rest, period=period: i[place] % period == rest)  # type: ignore[misc]
            for rest in range(period)
        ]
    first = {row: next(iter(family.kinds(row).items())) for row in family.seen}
    yield _split(family, lambda row, i: family.kinds(row)[i] == first[row][1])


def _split(family: Family, holds: Callable[[int, Indices], bool]) -> list[Family]:
    return [family.only(holds), family.only(lambda row, i: not holds(row, i))]
