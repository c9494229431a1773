"""Lists of a configuration with an entry a layer, such as `layer_types`, as the numbers of layers of each kind.

Two words are of one kind if the model code builds the same layer for both. A list is then the number of layers of each
kind, which formulas are in, and the rank of their arrangement, which places the names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.arrangements import counts, rank
from bertsym.model import Definition
from bertsym.spellings import fields
from bertsym.symbols import Kind, Own
from bertsym.tree import Tensor
from bertsym.values import value


@value
class LayerKind:
    """A kind of layer: the size that counts these layers, and the words for it, the usual one first."""

    count: Symbol
    words: tuple[str, ...]


@value
class ListRule:
    """The list that the configuration class makes if a file omits it.

    `tensors` has the layers of each kind, named by the size that counts them: `L_full.{}` with a loop, or `L_full.0`.
    The sizes in it are those of `fields`, by their paths, with their `defaults`. At these the list is the default.
    """

    fields: Mapping[Symbol, str]
    defaults: Mapping[Symbol, Value]
    tensors: tuple[Tensor, ...]


CONSTANT = ListRule(MappingProxyType({}), MappingProxyType({}), ())
"""The rule that the class has one list, whatever the other fields say."""


@value
class LayerList:
    """A field with an entry a layer, at `path`.

    - `order` is the size with the rank of the arrangement.
    - `length` is the field with the number of layers, empty if the list alone says it.
    - `default` has the kind of each layer, as a position in `kinds`.
    - `aliases` are other paths of the same list.
    - `letters` has the paths of texts with a letter a layer that stand for the list, with the word of each letter.
    - `index_fields` are lists of indices that stand for the list: the kind of the listed layers, and of the others.
    - If `is_indices`, the field lists the layers of the first kind by their indices, and there are no words.
    - `last` is the kind that the class gives the last layer, whatever the list says there.
    """

    path: str
    order: Symbol
    kinds: tuple[LayerKind, ...]
    default: tuple[int, ...]
    length: str = ""
    aliases: tuple[str, ...] = ()
    letters: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    is_indices: bool = False
    rule: ListRule | None = None
    index_fields: Mapping[str, tuple[int, int]] = MappingProxyType({})
    last: int | None = None

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """Return the sizes of the list: the number of layers of each kind, then the rank."""
        return (*(kind.count for kind in self.kinds), self.order)

    @property
    def length_path(self) -> str:
        """Return the path of the number of layers; `layer_types[]` is the length of the list itself."""
        return self.length or f"{self.path}[]"

    @property
    def paths(self) -> frozenset[str]:
        """Return the fields that say which list it is: itself, its other names, and what stands for it."""
        made_of = () if self.rule is None else self.rule.fields.values()
        return frozenset((self.path, *self.aliases, *self.letters, *self.index_fields, *made_of, *self.idle_lengths))

    @property
    def idle_lengths(self) -> tuple[str, ...]:
        """Return the usual fields for a number of layers, if the list alone says how many layers there are."""
        part = self.path.rpartition(".")[0]
        return () if self.length else tuple(f"{part}.{name}".lstrip(".") for name in fields("L"))

    def kind_of(self, word: str) -> int | None:
        """Return the kind that a word stands for, None for an unknown word."""
        return next((number for number, kind in enumerate(self.kinds) if word in kind.words), None)

    def sizes(self, kinds: Sequence[int]) -> dict[Symbol, int]:
        """Return the sizes of a list of kinds."""
        amounts = counts(kinds, len(self.kinds))
        return dict(zip(self.symbols, (*amounts, rank(kinds, len(self.kinds))), strict=True))

    def definition(self, length: Symbol, *, defines_length: bool) -> Definition:
        """Return the definition that the numbers of layers of all kinds are as many as there are layers.

        The first list of a stack defines its length, and the commonest kind gives way if the user gives the length. A
        further list over the same stack defines one of its kinds.
        """
        amounts = [kind.count for kind in self.kinds]
        commonest = max(range(len(amounts)), key=self.default.count)
        usual = amounts.pop(commonest)
        if defines_length:
            return Definition(length, sum(amounts, usual), usual, length - sum(amounts))
        first, *rest = amounts
        return Definition(usual, length - sum(amounts), first, length - usual - sum(rest))


def order_symbol(name: str, path: str) -> Symbol:
    """Return the size with the rank of a list's arrangement."""
    return Own(name, Kind.ORDER, 0, f"arrangement of the layers in {path}")


def count_symbol(name: str, path: str, word: str) -> Symbol:
    """Return the size that counts the layers of a kind."""
    return Own(name, Kind.DEPTH, 0, f"layers with {word} in {path}")


def listed_sizes(lists: Sequence[LayerList], kinds: Mapping[str, Sequence[int]]) -> Iterator[tuple[Symbol, int]]:
    """Yield the sizes of all lists; `kinds` has the kind of each layer by the path of the list."""
    for layer_list in lists:
        yield from layer_list.sizes(kinds[layer_list.path]).items()
