"""Template mining: tensor names of all builds become templates with open indices.

`encoder.layer.0.weight` and `encoder.layer.1.weight` become the template `encoder.layer.{}.weight` with the indices
(0,) and (1,). A number in a name stays a literal if its range does not change between builds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from sympy import Symbol

from bertsym.checkpoints.tensor_name_numbers import numbered
from bertsym.derive.limits import MAX_SPARSE_LITERAL
from bertsym.derive.types import Entry, Observation
from bertsym.values import replace, value

Indices = tuple[int, ...]


@value
class Tie:
    """A tie's target: a name, with a `{}` for each index that target and tensor have in common."""

    pattern: str


@value
class Signature:
    """The shape and the tie of a tensor: tensors of one template and one build may differ in these."""

    shape: tuple[int, ...]
    tie: Tie | None


@value
class TensorTemplate:
    """The tensors whose names match one pattern, by row of the table of observations and by indices.

    `entries` has a row only if its build has such a tensor. `ties` has the same keys.
    """

    pattern: str
    entries: Mapping[int, Mapping[Indices, Entry]]
    ties: Mapping[int, Mapping[Indices, Tie | None]]

    @property
    def index_count(self) -> int:
        """Return the number of open indices in the pattern."""
        return self.pattern.count("{}")

    @property
    def module(self) -> str:
        """Return the pattern of the module that holds the tensor.

        >>> TensorTemplate("layer.{}.output.weight", {}, {}).module
        'layer.{}.output'
        """
        return self.pattern.rpartition(".")[0]

    def stack(self, position: int) -> str:
        """Return the part of the pattern before one of its indices: the name of the stack that the index counts.

        >>> TensorTemplate("layer.{}.experts.{}.weight", {}, {}).stack(1)
        'layer.{}.experts.'
        """
        return "{}".join(self.pattern.split("{}")[: position + 1])

    def index_runs(self, position: int) -> dict[int, list[int]]:
        """Return by row the values of one index, in ascending order."""
        return {row: sorted({indices[position] for indices in tensors}) for row, tensors in self.entries.items()}

    def signatures(self, row: int) -> dict[Indices, Signature]:
        """Return the signature of each tensor of a build."""
        return {
            indices: Signature(entry.shape, self.ties[row][indices]) for indices, entry in self.entries[row].items()
        }

    @cached_property
    def is_uniform(self) -> bool:
        """Return True if in every build all tensors have the same signature."""
        return all(map(self._is_uniform_in, self.entries))

    def _is_uniform_in(self, row: int) -> bool:
        # A build has thousands of tensors: a `Signature` for each would take most of the time of a derivation.
        ties = self.ties[row]
        signatures = ((entry.shape, ties[indices]) for indices, entry in self.entries[row].items())
        return len({(shape, tie.pattern if tie else None) for shape, tie in signatures}) == 1

    def restricted(self, holds: Callable[[int, Indices], bool]) -> TensorTemplate:
        """Return the template with only those tensors whose row and indices satisfy `holds`."""
        entries = {
            row: {indices: entry for indices, entry in tensors.items() if holds(row, indices)}
            for row, tensors in self.entries.items()
        }
        return replace(self, entries={row: tensors for row, tensors in entries.items() if tensors})


def mine_templates(observations: Sequence[Observation]) -> list[TensorTemplate]:
    """Return the templates of all tensors of all builds, in the order in which the model code lists them."""
    patterns = name_patterns(observations)
    entries: dict[str, dict[int, dict[Indices, Entry]]] = {}
    ties: dict[str, dict[int, dict[Indices, Tie | None]]] = {}
    for row, observation in enumerate(observations):
        for name, entry in observation.inventory.items():
            pattern, indices = patterns[name]
            entries.setdefault(pattern, {}).setdefault(row, {})[indices] = entry
            tie = None if entry.first == name else _tie(indices, *patterns[entry.first])
            ties.setdefault(pattern, {}).setdefault(row, {})[indices] = tie
    return [TensorTemplate(pattern, tensors, ties[pattern]) for pattern, tensors in entries.items()]


def _tie(own_indices: Indices, target_pattern: str, target_indices: Indices) -> Tie:
    """Return the target by its pattern if it has the tensor's own indices, else by its full name."""
    is_parallel = own_indices == target_indices
    return Tie(target_pattern if is_parallel else target_pattern.format(*target_indices))


def name_patterns(observations: Sequence[Observation]) -> dict[str, tuple[str, Indices]]:
    """Return for every tensor name its pattern and its indices.

    A number is an index in one of two cases:

    - its range changes between builds of equal switches;
    - its range takes more than two values over all builds.

    A number stays a literal if some build skips numbers in its range, as a build with an empty stage does.
    """
    names = dict.fromkeys(name for observation in observations for name in observation.inventory)
    numbers_in = {name: list(_numbers_in(name)) for name in names}  # most names occur in every build
    ranges: dict[tuple[str, frozenset[tuple[Symbol, bool]]], set[frozenset[str]]] = {}
    for observation in observations:
        switches = frozenset((symbol, on) for symbol, on in observation.sizes.items() if isinstance(on, bool))
        numbers: dict[tuple[str, str], set[str]] = {}
        for name in observation.inventory:
            for stem, parent, number in numbers_in[name]:
                numbers.setdefault((stem, parent), set()).add(number)
        for (stem, _), members in numbers.items():
            ranges.setdefault((stem, switches), set()).add(frozenset(members))
    index_stems = {stem for (stem, _), seen in ranges.items() if len(seen) > 1}
    ranges_by_stem: dict[str, set[frozenset[str]]] = {}
    for (stem, _), seen in ranges.items():
        ranges_by_stem.setdefault(stem, set()).update(seen)
    index_stems |= {stem for stem, seen in ranges_by_stem.items() if len(seen) > 2}
    index_stems -= {stem for stem, seen in ranges_by_stem.items() if any(map(_skips_numbers, seen))}
    return {name: _pattern(name, index_stems) for name in names}


def _skips_numbers(numbers: Iterable[str]) -> bool:
    """Return True if a small range leaves out numbers between its first and its last."""
    members = {int(number) for number in numbers}
    return max(members) - min(members) >= len(members) and max(members) < MAX_SPARSE_LITERAL


def _numbers_in(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield for each number in a name: its stem (earlier numbers blanked), its parent (numbers kept), the number."""
    words = name.split(".")
    for position, word in enumerate(words):
        match = numbered(word)
        if match is not None:
            prefix, number = match.groups()
            blanked = ["#" if earlier.isdecimal() else earlier for earlier in words[:position]]
            yield ".".join([*blanked, prefix]), ".".join([*words[:position], prefix]), number


def _pattern(name: str, index_stems: set[str]) -> tuple[str, Indices]:
    stems = {parent: stem for stem, parent, _ in _numbers_in(name)}
    words = name.split(".")
    opened, indices = [], []
    for position, word in enumerate(words):
        match = numbered(word)
        if match is not None and stems[".".join([*words[:position], match[1]])] in index_stems:
            opened.append(match[1] + "{}")
            indices.append(int(match[2]))
        else:
            opened.append(word)
    return ".".join(opened), tuple(indices)


def component_name(pattern: str) -> str:
    """Return the name of the component that a tensor belongs to.

    The component is the block after the last index of the pattern, else the first block. If numbered blocks follow
    the index, the block after them counts, as in T5.

    >>> component_name("encoder.layer.{}.attention.self.query.weight"), component_name("embeddings.LayerNorm.bias")
    ('attention', 'embeddings')
    >>> component_name("encoder.block.{}.layer.0.SelfAttention.q.weight")
    'SelfAttention'
    """
    words = pattern.split(".")
    if "{}" in words:
        inner = words[len(words) - words[::-1].index("{}") :]
        while len(inner) > 3 and inner[1].isdigit():
            inner = inner[2:]
        return _component_word(inner[0] if inner else words[0])
    return _component_word(words[0])


def _component_word(word: str) -> str:
    """Return a word without its index and without characters that a saved component name must not have."""
    return re.sub(r"[^\w.-]", "", word.replace("{}", ""), flags=re.ASCII).strip("_") or "tensors"
