"""Read the sizes that a config.json gives single layers, in `per_layer_config`: the layers then differ in their shapes.

The library applies the table to any configuration whose model code asks for it, layer by layer. If a file has no table,
a class such as Gemma 4's makes it from keywords such as `global_head_dim`. A table in the file makes these keywords
idle.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Value, evaluate, free
from bertsym.arrangements import counts, rank
from bertsym.config.field_rules import PER_LAYER, holder_of, renamed, without_field
from bertsym.config.fields import LONGEST_INDEX, sizes
from bertsym.config.flatten import flattened
from bertsym.config.layer_lists import MAX_LAYERS, list_sizes
from bertsym.config.omitted_fields import completed
from bertsym.errors import BadField, Unreadable, echo
from bertsym.files.jsonfile import Json
from bertsym.model import check_value
from bertsym.saved_model.derived import FIRST, Derived, schema, symbols
from bertsym.saved_model.field_rules import LayerSizes
from bertsym.saved_model.inventory import at_sizes
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.tree import Loop, Tensor
from bertsym.values import replace

K = TypeVar("K")
V = TypeVar("V")
MAX_SHAPES = 50_000
"""The largest product of layers and of shapes of layers. Each shape is a tensor with an arrangement of all layers."""
Substitutes = dict[Symbol, Expr | Boolean]
"""The sizes of one layer that differ from those of the model."""


def with_layer_sizes(derived: Derived, config: Mapping[str, Json], file: Path) -> tuple[Derived, Mapping[str, Json]]:
    """Return the entry with the sizes of single layers in its shapes, and the configuration without these.

    An entry without a rule for them is returned as it is. Raise `BadField` for a table that no formula covers.
    """
    for path, rule in derived.rules.layer_sizes.items():
        holder, name = holder_of(config, path)
        if holder is None or name not in holder:
            continue
        derived = _without_keywords(derived, rule)
        config = _without(config, (path, *rule.keywords))
        if holder[name] not in (None, {}):
            table = _Table(derived, rule, path, config, file)
            derived = table.applied(holder[name])
            config = _without(config, table.fixed_fields)
    return derived, config


class _Table:
    """The table of one part, with the number of layers and the sizes that the file gives to all layers."""

    def __init__(self, derived: Derived, rule: LayerSizes, path: str, config: Mapping[str, Json], file: Path) -> None:
        self.derived, self.rule, self.path, self.file = derived, rule, path, file
        fields = completed(flattened(renamed(config, derived.rules, file)), derived, file)
        self.given: dict[Symbol, Value] = {**derived.defaults, **sizes(fields, schema(derived), file)}
        self.given |= list_sizes(fields, derived, self.given, file)
        self.symbols = {field.path: symbol for symbol, field in derived.fields.items()}
        self.depth = self.symbols.get(rule.length)
        self.counts = {
            symbol
            for layer_list in derived.layer_lists
            if layer_list.length == rule.length
            for symbol in layer_list.symbols
        }

    def applied(self, table: Json) -> Derived:
        """Return the entry with a tensor for each shape that a layer has; raise `BadField`."""
        layers = self._layers()
        numbers: dict[frozenset[tuple[Symbol, Expr | Boolean]], int] = {frozenset(): 0}
        group_of = [0] * layers
        for layer, row in self._rows(table, layers):
            group_of[layer] = numbers.setdefault(frozenset(row.items()), len(numbers))
        if len(numbers) * layers > MAX_SHAPES:
            raise self._refuse(f"{len(numbers) - 1:,} shapes of {layers:,} layers are too many")
        groups: list[Substitutes] = [dict(row) for row in numbers]
        changed = frozenset().union(*groups)
        self._check_definitions(changed)
        tensors = {
            name: tuple(at_sizes(one, self.fixed) for one in self._split(head.tensors, groups, group_of, changed))
            for name, head in self.derived.classes.items()
        }
        return replace(
            self.derived,
            tensors=tensors[FIRST],
            heads=MappingProxyType(
                {name: replace(head, tensors=tensors[name]) for name, head in self.derived.heads.items()}
            ),
            defaults=_except(self.fixed, self.derived.defaults),
            fields=_except(self.fixed, self.derived.fields),
            definitions=tuple(one for one in self.derived.definitions if not free(one.value) & self.fixed.keys()),
            layer_lists=tuple(one for one in self.derived.layer_lists if one.length != self.rule.length),
        )

    @property
    def fixed(self) -> dict[Symbol, Expr]:
        """Return the sizes that the file fixes: the table names its layers, so the user cannot give another depth."""
        depth = () if self.depth is None else (self.depth,)
        return {symbol: sympy.Integer(self.given[symbol]) for symbol in (*depth, *self.counts)}

    @property
    def fixed_fields(self) -> frozenset[str]:
        """Return the fields behind the fixed sizes."""
        names = {self.rule.length}
        for symbol, field in self.derived.fields.items():
            names |= {field.path, *field.aliases} if symbol in self.fixed else set()
        for layer_list in self.derived.layer_lists:
            names |= layer_list.paths if layer_list.length == self.rule.length else set()
        return frozenset(names)

    def _layers(self) -> int:
        if self.depth is not None:
            layers = self.given[self.depth]
        else:
            layers = sum(self.given[symbol] for symbol in self.counts if BY_SYMBOL[symbol].kind is Kind.DEPTH)
        if layers > MAX_LAYERS:
            raise self._refuse(f"more than {MAX_LAYERS:,} layers")
        return int(layers)

    def _rows(self, table: Json, layers: int) -> Iterator[tuple[int, Substitutes]]:
        """Yield the layers of the table whose sizes differ from those of the model."""
        if not isinstance(table, dict):
            raise self._refuse(f"expected an object of layers, got {echo(table)}")
        seen: set[int] = set()
        for key, row in table.items():
            if not (key.isascii() and key.isdecimal() and len(key) <= LONGEST_INDEX and int(key) < layers):
                raise self._refuse(f"expected an index of a layer below {layers}, got {echo(key)}")
            if not isinstance(row, dict):
                raise self._refuse(f"layer {key}: expected an object of sizes, got {echo(row)}")
            if int(key) in seen:
                raise self._refuse(f"layer {int(key)} twice")
            seen.add(int(key))
            found = dict(self._sizes(key, row))
            if found:
                yield int(key), found

    def _sizes(self, key: str, row: Mapping[str, Json]) -> Iterator[tuple[Symbol, Expr | Boolean]]:
        for name, found in row.items():
            field = self.path.removesuffix(PER_LAYER) + name
            symbol = self.symbols.get(field)
            is_idle = field in self.derived.no_effect and (found is None or isinstance(found, int | float))
            if symbol is None or name not in self.rule.names:
                if is_idle or (name == "skip" and found == []):
                    continue
                raise self._refuse(f"layer {key}: no formula covers {echo(name)} for single layers")
            try:
                number = check_value(BY_SYMBOL[symbol], found)
            except Unreadable as error:
                raise self._refuse(f"layer {key}, {name}: expected {error.expected}, got {echo(found)}") from None
            if number != self.given[symbol]:
                yield symbol, sympy.S(number)

    def _check_definitions(self, changed: frozenset[Symbol]) -> None:
        """Raise `BadField` if another size or a constraint follows from a size that differs from layer to layer."""
        values = [definition.value for definition in self.derived.definitions if definition.adjusts is None]
        for expression in (*values, *self.derived.quotients):
            if free(expression) & changed:
                raise self._refuse(f"no formula covers single layers with {expression} of their own")

    def _split(
        self,
        tensors: Sequence[Tensor],
        groups: Sequence[Substitutes],
        group_of: Sequence[int],
        changed: frozenset[Symbol],
    ) -> Iterator[Tensor]:
        """Yield each tensor once for each shape that it has in a layer."""
        for tensor in tensors:
            used = symbols((tensor,), (), ()) | tensor.when.free_symbols
            if not used & changed:
                yield tensor
                continue
            place = next((place for place, loop in enumerate(tensor.loops) if self._runs_over_layers(loop)), None)
            if place is None:
                raise self._refuse(f"{tensor.name} is in no layer, and depends on a size that differs between layers")
            loop = tensor.loops[place]
            indices = set(loop.indices(*(int(evaluate(bound, self.given)) for bound in loop.bounds)))
            for number, group in enumerate(groups):
                members = [1 if index in indices and group_of[index] == number else 0 for index in range(len(group_of))]
                if any(members):
                    order, amounts = rank(members, 2), counts(members, 2)
                    own = Loop.of_kinds([1], sympy.Integer(order), map(sympy.Integer, amounts))
                    yield at_sizes(tensor, group, (*tensor.loops[:place], own, *tensor.loops[place + 1 :]))

    def _runs_over_layers(self, loop: Loop) -> bool:
        used = frozenset().union(*(free(bound) for bound in loop.bounds))
        return bool(used & {*self.counts, self.depth})

    def _refuse(self, problem: str) -> BadField:
        return BadField(str(self.file), self.path, problem)


def _without_keywords(derived: Derived, rule: LayerSizes) -> Derived:
    """Return the entry for a file with a table: each keyword of the class becomes the size that it would replace."""
    symbols_at = {field.path: symbol for symbol, field in derived.fields.items()}
    stands_for = {symbols_at[keyword]: symbols_at[field] for keyword, field in rule.keywords.items()}
    if not stands_for:
        return derived

    def meant(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
        return tuple(at_sizes(tensor, stands_for) for tensor in tensors)

    return replace(
        derived,
        tensors=meant(derived.tensors),
        heads=MappingProxyType(
            {name: replace(head, tensors=meant(head.tensors)) for name, head in derived.heads.items()}
        ),
        defaults=_except(stands_for, derived.defaults),
        fields=_except(stands_for, derived.fields),
    )


def _except(names: Container[K], table: Mapping[K, V]) -> Mapping[K, V]:
    return MappingProxyType({name: found for name, found in table.items() if name not in names})


def _without(config: Mapping[str, Any], paths: Iterable[str]) -> Mapping[str, Any]:
    """Return the configuration without the fields at these paths, if it has them."""
    for path in paths:
        holder, name = holder_of(config, path)
        if holder is not None and name in holder:
            config = without_field(config, path.split("."))
    return config
