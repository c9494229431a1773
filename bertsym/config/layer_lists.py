"""Read the lists of a config.json with an entry a layer as numbers of layers of each kind, and their arrangement."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from sympy import Expr, Symbol

from bertsym.algebra import Iverson, Value, evaluate
from bertsym.errors import BadField, DivisionByZero, echo
from bertsym.files.jsonfile import Json
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.layer_lists import CONSTANT, LayerList, ListRule

MAX_LAYERS = 10_000
NO_LIST = "missing, and no list is known to follow from the other fields; add it"


def list_sizes(
    fields: Mapping[str, Json], derived: Derived, given: Mapping[Symbol, Value], file: Path
) -> dict[Symbol, Value]:
    """Return the sizes of all lists; `fields` are flattened, `given` are the sizes that other fields give.

    Raise BadField for a word that no formula covers, and for a list that is not as long as the stack.
    """
    sizes: dict[Symbol, Value] = {}
    for layer_list in derived.layer_lists:
        sizes |= layer_list.sizes(_ListReader(layer_list, fields, derived, given, file).kinds())
    return sizes


class _ListReader:
    """The fields of one list: the list itself, its other names, the texts that stand for it, the number of layers."""

    def __init__(
        self,
        layer_list: LayerList,
        fields: Mapping[str, Json],
        derived: Derived,
        given: Mapping[Symbol, Value],
        file: Path,
    ) -> None:
        self.layer_list, self.fields, self.derived, self.given, self.file = layer_list, fields, derived, given, file

    def kinds(self) -> Sequence[int]:
        """Return the kind of each layer; Gemma 4 makes the last one a layer with full attention, whatever it was."""
        kinds, last = self._given_kinds(), self.layer_list.last
        return kinds if last is None or not kinds else (*kinds[:-1], last)

    def _given_kinds(self) -> Sequence[int]:
        """Return the kind of each layer as the file has it, else as the configuration class makes it."""
        found: dict[str, Sequence[int]] = {}
        for path in (self.layer_list.path, *self.layer_list.aliases):
            if self.fields.get(path) is not None:
                found[path] = self._listed(path, self.fields[path])
        # A list wins over a text with a letter a layer, as in the library.
        for path, letters in self.layer_list.letters.items():
            if not found and self.fields.get(path) is not None:
                found[path] = self._lettered(path, self.fields[path], letters)
        for path, (listed, other) in self.layer_list.index_fields.items():
            if not found and self.fields.get(path) is not None:
                found[path] = self._indexed_field(path, self.fields[path], listed, other)
        if not found:
            made = self._made_by_class()
            self._check_length(self.layer_list.path, len(made))
            return made
        first, *others = found
        for path in others:
            if tuple(found[path]) != tuple(found[first]):
                raise self._refuse(path, f"another list than {first}")
        self._check_length(first, len(found[first]))
        return found[first]

    def _listed(self, path: str, value: Json) -> Sequence[int]:
        if not isinstance(value, list) or len(value) > MAX_LAYERS:
            raise self._refuse(path, f"expected a list of at most {MAX_LAYERS:,} entries, got {echo(value)}")
        return self._indexed(path, value) if self.layer_list.is_indices else [self._kind(path, word) for word in value]

    def _kind(self, path: str, word: Json) -> int:
        kind = self.layer_list.kind_of(word) if isinstance(word, str) else None
        if kind is None:
            words = [kind.words[0] for kind in self.layer_list.kinds]
            raise self._refuse(path, f"a layer with {echo(word)} is not covered; the kinds are {', '.join(words)}")
        return kind

    def _indexed_field(self, path: str, value: Json, listed: int, other: int) -> Sequence[int]:
        if not isinstance(value, list) or len(value) > MAX_LAYERS:
            raise self._refuse(path, f"expected indices of layers, got {echo(value)}")
        return [listed if kind == 0 else other for kind in self._indexed(path, value)]

    def _indexed(self, path: str, value: Sequence[Json]) -> Sequence[int]:
        indices: set[int] = set()
        for index in value:
            if isinstance(index, bool) or not isinstance(index, int) or index < 0:
                raise self._refuse(path, f"expected indices of layers, got {echo(index)}")
            indices.add(index)
        return self._at_indices(indices)

    def _at_indices(self, indices: Collection[int]) -> Sequence[int]:
        """Return the kinds of the layers: a class asks for each layer if it is listed, so a later index is idle."""
        return [0 if layer in indices else 1 for layer in range(self._layers())]

    def _lettered(self, path: str, value: Json, letters: Mapping[str, str]) -> Sequence[int]:
        match value:
            case str():
                written = list(value)
            case list() if all(type(number) is int for number in value):
                # A class takes as many of the numbers as there are layers.
                written = [str(number) for number in value[: self._layers()]]
            case _:
                raise self._refuse(path, f"expected a letter or a number for each layer, got {echo(value)}")
        if len(written) > MAX_LAYERS:
            raise self._refuse(path, f"expected at most {MAX_LAYERS:,} layers, got {len(written):,}")
        for letter in written:
            if letter not in letters:
                raise self._refuse(path, f"the letter {echo(letter)} is not covered; known: {' '.join(letters)}")
        return [self._kind(path, letters[letter]) for letter in written]

    def _check_length(self, path: str, entries: int) -> None:
        """Raise BadField if the list has another number of entries than the stack has layers."""
        for other in self.layer_list.idle_lengths:
            if self.fields.get(other) not in (None, entries):
                raise self._refuse(other, f"{echo(self.fields[other])}, but {path} has {entries} layers")
        if self.layer_list.length and entries != self._layers():
            raise self._refuse(path, f"{entries} entries, but {self.layer_list.length} is {self._layers()}")

    def _layers(self) -> int:
        number = self._field(self.layer_list.length, len(self.layer_list.default))
        return int(number)

    def _field(self, path: str, default: Value) -> Value:
        """Return the value of a field: that of its size, else what the file has, else the default."""
        for symbol, field in self.derived.fields.items():
            if field.path == path and symbol in self.given:
                return self.given[symbol]
        value = self.fields.get(path, default if default.denominator == 1 else None)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._refuse(path, f"expected an integer, got {echo(value)}")
        return value

    def _made_by_class(self) -> Sequence[int]:
        """Return the list that the configuration class makes without the field."""
        rule = self.layer_list.rule
        if rule is None:
            raise self._refuse(
                self.layer_list.path, "missing, and the configuration class makes it in an unknown way; add it"
            )
        if self.layer_list.is_indices and rule == CONSTANT:
            return self._at_indices({layer for layer, kind in enumerate(self.layer_list.default) if kind == 0})
        sizes = {symbol: self._field(path, rule.defaults[symbol]) for symbol, path in rule.fields.items()}
        return self.layer_list.default if sizes == rule.defaults else self._ruled(rule, sizes)

    def _ruled(self, rule: ListRule, sizes: Mapping[Symbol, Value]) -> Sequence[int]:
        counts = {str(kind.count): number for number, kind in enumerate(self.layer_list.kinds)}
        kinds: dict[int, int] = {}
        entries = 0
        for tensor in rule.tensors:
            if not evaluate(Iverson(tensor.when), sizes):
                continue
            count, _, index = tensor.name.partition(".")
            layers: Iterable[int] = [int(index)] if index != "{}" else ()
            for loop in tensor.loops:
                bounds = [self._bound(bound, sizes) for bound in loop.bounds]
                if bounds[1] > MAX_LAYERS or bounds[2] < 1:
                    raise self._refuse(self.layer_list.path, NO_LIST)
                layers = loop.indices(*bounds)
            for layer in layers:
                kinds[layer] = counts[count]
                entries += 1
        if entries != len(kinds) or sorted(kinds) != list(range(self._layers() if self.layer_list.length else entries)):
            raise self._refuse(self.layer_list.path, NO_LIST)
        return [kinds[layer] for layer in range(entries)]

    def _bound(self, bound: Expr, sizes: Mapping[Symbol, Value]) -> int:
        try:
            return int(evaluate(bound, sizes))
        except DivisionByZero:  # a period of 0 layers
            raise self._refuse(self.layer_list.path, NO_LIST) from None

    def _refuse(self, path: str, problem: str) -> BadField:
        return BadField(str(self.file), path, problem)
