"""Fields with an entry a layer: numbered lists, from which samples choose, and what the oracle says about such a field.

A sample has one number for a list, and the worker and the sampler agree which list that is: 0 is the default, every
other number a random list. So the list has as many entries as the sample has layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bertsym.values import value

_MASK = 2**64 - 1
KIND_WEIGHTS = (0, 1, 1, 4)
"""Weights from which a random list draws that of each kind: some lists lack a kind, and some have mostly one."""


class RandomStream:
    """A stream of random integers (SplitMix64; Steele, Lea, Flood 2014), the same in every process and version."""

    def __init__(self, seed: int) -> None:
        self.state = seed & _MASK

    def below(self, bound: int) -> int:
        """Return the next integer from 0 to `bound` - 1."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return (mixed ^ (mixed >> 31)) % bound


@value
class ListField:
    """A field with an entry a layer.

    - `kinds` has the words of each kind of layer, the usual word first. The model code builds the same for all of them.
    - `default` has the kind of each layer in the configuration that the target comes with.
    - `length` is the field with the number of layers. It is `own_length` if the configuration has no such field.
    - If `is_indices`, the field lists the layers of the first kind by their indices.
    - If `is_constant`, the class has these indices whatever the number of layers.
    - `aliases` are other paths of the field, `letters` texts with a letter a layer, with the word of each letter.
    - `index_fields` are lists of indices that stand for the list: the kind of the listed layers, and of the others.
    - `last` is the kind of the last layer if the class overwrites it, whatever the list says there.
    """

    path: str
    kinds: tuple[tuple[str, ...], ...]
    default: tuple[int, ...]
    length: str
    is_indices: bool = False
    aliases: tuple[str, ...] = ()
    letters: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    index_fields: Mapping[str, tuple[int, int]] = MappingProxyType({})
    is_constant: bool = False
    last: int | None = None

    @property
    def own_length(self) -> str:
        """Return the name of the number of layers if no field of the configuration has it."""
        return own_length(self.path)

    def to_json(self) -> dict[str, Any]:
        """Return the field ready for JSON."""
        letters = {path: dict(words) for path, words in self.letters.items()}
        own: dict[str, Any] = {name: getattr(self, name) for name in type(self).__match_args__}
        return {**own, "letters": letters, "index_fields": dict(self.index_fields)}

    def kinds_at(self, number: int, length: int) -> tuple[int, ...]:
        """Return the kind of each layer in the list of this number.

        >>> ListField("layer_types", (("a",), ("b",)), (0, 0, 1), "layers").kinds_at(0, 5)
        (0, 1, 0, 1, 0)
        """
        count = len(self.kinds)
        if number == 0:
            # A small stack has all kinds, so that fields of each are seen to have an effect.
            cycle = self.default if length == len(self.default) else tuple(layer % count for layer in range(length))
            return self._ended(cycle)
        stream = RandomStream(number)
        weights = [KIND_WEIGHTS[stream.below(len(KIND_WEIGHTS))] for _ in range(count)]
        pool = [kind for kind, weight in enumerate(weights) for _ in range(weight)] or list(range(count))
        return self._ended(tuple(pool[stream.below(len(pool))] for _ in range(length)))

    def _ended(self, kinds: tuple[int, ...]) -> tuple[int, ...]:
        return kinds if self.last is None else (*kinds[:-1], self.last)[: len(kinds)]

    def kinds_of(self, entries: Sequence[Any], fields: Mapping[str, Any]) -> list[int]:
        """Return the kind of each layer in a list of the configuration; raise `KeyError` for an unknown word."""
        if self.is_indices:
            return [0 if layer in entries else 1 for layer in range(int(fields[self.length]))]
        kinds = {word: kind for kind, words in enumerate(self.kinds) for word in words}
        return [kinds[word] for word in entries]

    def written(self, number: int, length: int) -> list[str] | list[int]:
        """Return the list of this number as the configuration class takes it; any word stands for its kind."""
        kinds = self.kinds_at(number, length)
        if self.is_indices:
            return [layer for layer, kind in enumerate(kinds) if kind == 0]
        stream = RandomStream(~number)
        words = [self.kinds[kind] for kind in kinds]
        return [choices[stream.below(len(choices)) if number else 0] for choices in words]


def own_length(path: str) -> str:
    """Return the name under which the length of a list varies that alone says how many layers there are."""
    return f"{path}_length"


def kind_letter(kind: int) -> str:
    """Return the letter that stands for a kind in the names of a rule's layers: a number would be an index.

    >>> kind_letter(1)
    'b'
    """
    return chr(ord("a") + kind)
