"""Names to families: which numbers in names are indices, and which tensors of a family are alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from sympy import Symbol

from bertsym.checkpoints.tensor_name_numbers import numbered
from bertsym.derive.types import Entry, Observation
from bertsym.values import replace, value

Indices = tuple[int, ...]

MOST_NAMED = 12


@value
class Tie:
    """What a tensor is tied to: a name, with a `{}` for each index that is its own."""

    pattern: str


@value
class Signature:
    """What can differ between the tensors of a family in one build."""

    shape: tuple[int, ...]
    tie: Tie | None


@value
class TensorTemplate:
    """Tensors of one pattern of names: for each build that has any, by their indices.

    `fixed` says which index was put into the name after all, for a layer that is unlike the others.
    """

    pattern: str
    seen: Mapping[int, Mapping[Indices, Entry]]
    ties: Mapping[int, Mapping[Indices, Tie | None]]

    def kinds(self, row: int) -> dict[Indices, Signature]:
        """What each tensor of a build is like."""
        return {i: Signature(entry.shape, self.ties[row][i]) for i, entry in self.seen[row].items()}

    @cached_property
    def uniform(self) -> bool:
        """Whether all of a build are alike, in every build."""
        return all(map(self._alike, self.seen))

    def _alike(self, row: int) -> bool:
        """Return True if all tensors of a build are alike; makes no `Signature`, for there are thousands of tensors."""
        ties = self.ties[row]
        tied = ((entry.shape, ties[i]) for i, entry in self.seen[row].items())
        return len({(shape, tie.pattern if tie else None) for shape, tie in tied}) == 1

    def only(self, holds: Callable[[int, Indices], bool]) -> TensorTemplate:
        """The tensors of whose build and indices this holds."""
        seen = {row: {i: e for i, e in entries.items() if holds(row, i)} for row, entries in self.seen.items()}
        return replace(self, seen={row: entries for row, entries in seen.items() if entries})


def families(samples: Sequence[Observation]) -> list[TensorTemplate]:
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
    return [TensorTemplate(pattern, seen, ties[pattern]) for pattern, seen in found.items()]


def _tie(own: Indices, pattern: str, indices: Indices) -> Tie:
    """The target by its name, or by its pattern where its indices are the tensor's own."""
    return Tie(pattern if own == indices else pattern.format(*indices))


def patterns(samples: Sequence[Observation]) -> dict[str, tuple[str, Indices]]:
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
