"""Join saved models into one whose configuration has them as parts: `encoder.hidden_size` beside `decoder.hidden_size`.

The sizes of a part are renamed, so that two parts of one type have different sizes; its tensors stand under a prefix.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import count
from types import MappingProxyType
from typing import Any, TypeVar

from sympy import Symbol

from bertsym.saved_model.allowed_values import Bounded, Determined, MultipleOf
from bertsym.saved_model.code_names import renamed
from bertsym.saved_model.derived import (
    FIRST,
    ConfigField,
    Derived,
    Domain,
    EntryPart,
)
from bertsym.saved_model.field_rules import FieldRules, LayerSizes
from bertsym.saved_model.inventory import under_prefix
from bertsym.saved_model.layer_lists import LayerList
from bertsym.symbols import BY_SYMBOL, Kind, Own, d
from bertsym.tree import Tensor
from bertsym.values import replace, value

MAX_NAME = 40

V = TypeVar("V")


@value
class Part:
    """A saved model under one head, at the field `path` of the joint configuration and under the module `prefix`.

    The part `is_main` keeps its registered symbols, such as H; other symbols are named after the part, as `encoder_H`.
    The names in `taken` belong to sizes beside the part, so that no size of the part has one of them.
    """

    derived: Derived
    head: str
    path: str
    prefix: str
    is_main: bool = False
    taken: frozenset[str] = frozenset()


def joined(name: str, cls: str, source: str, parts: Iterable[Part]) -> Derived:
    """Return the model that has these parts and no tensor of its own; at most one of them is the main one."""
    moved = [moved_part(part) for part in parts]
    heads = [part.classes[FIRST] for part in moved]
    return Derived(
        name,
        cls,
        source,
        _union(part.defaults for part in moved),
        tuple(definition for part in moved for definition in part.definitions),
        tuple(tensor for head in heads for tensor in head.tensors),
        tuple(constraint for part in moved for constraint in part.constraints),
        fields=_union(part.fields for part in moved),
        fixed_by_derivation=_union(part.fixed_by_derivation for part in moved),
        no_effect=_union(part.no_effect for part in moved),
        engine=min(part.engine for part in moved),
        fixed_by_code=_union(part.fixed_by_code for part in moved),
        layer_lists=tuple(layer_list for part in moved for layer_list in part.layer_lists),
        rules=joined_rules(part.rules for part in moved),
        parts=_union(part.parts for part in moved),
    )


def joined_rules(rules: Iterable[FieldRules]) -> FieldRules:
    """Return the rules of parts and of the whole together; the labels are those of the first."""
    listed = tuple(rules)
    return FieldRules(
        _union(one.aliases for one in listed),
        _union(one.fixed for one in listed),
        _union(one.refused for one in listed),
        _union(one.unless for one in listed),
        listed[0].labels,
        recorded=all(one.recorded for one in listed),
        equal=_union(one.equal for one in listed),
        prevailing=_union(one.prevailing for one in listed),
        layer_sizes=_union(one.layer_sizes for one in listed),
        products=_union(one.products for one in listed),
    )


def size_of(part: Part, symbol: Symbol) -> Symbol:
    """Return the symbol that a size of the part has in the joint model."""
    return _symbols(part).get(symbol, symbol)


def moved_part(part: Part) -> Derived:
    """Return the part as a model of its own over the joint configuration; raise `PartialFormula` without a formula."""
    head = part.derived.classes[part.derived.resolved_head(part.head)]
    alone = replace(part.derived, cls=head.cls, tensors=head.tensors, heads=MappingProxyType({}))
    alone = replace(alone, fixed_by_code={**alone.fixed_by_code, **head.fixed})
    symbols = _symbols(part)
    names = {str(old): str(new) for old, new in symbols.items()}
    derived: Derived = renamed(alone, symbols)
    path = f"{part.path}."
    has_head_size = any(definition.symbol == d for definition in alone.definitions)
    own = EntryPart(alone.name, symbols.get(d, d) if has_head_size else None, alone.rules.recorded)
    return replace(
        derived,
        tensors=tuple(_tensor(tensor, part.prefix) for tensor in derived.tensors),
        fields=MappingProxyType({symbol: _field(field, path) for symbol, field in derived.fields.items()}),
        fixed_by_derivation=_below(path, derived.fixed_by_derivation),
        no_effect=MappingProxyType(
            {
                path + name: replace(field, domain=_domain(field.domain, path))
                for name, field in derived.no_effect.items()
            }
        ),
        fixed_by_code=_below(path, derived.fixed_by_code),
        layer_lists=tuple(_layer_list(layer_list, path, names) for layer_list in derived.layer_lists),
        rules=_rules(derived.rules, path),
        parts=MappingProxyType({part.path: own, **_below(path, derived.parts)}),
    )


def _symbols(part: Part) -> dict[Symbol, Symbol]:
    """Return the sizes of a part with their symbols in the joint model, except those that keep theirs."""
    derived = part.derived
    listed = (symbol for layer_list in derived.layer_lists for symbol in layer_list.symbols)
    defined = [definition.symbol for definition in derived.definitions]
    defined += [definition.adjusts for definition in derived.definitions if definition.adjusts is not None]
    symbols = dict.fromkeys([*derived.defaults, *derived.fields, *listed, *defined])
    changed = [s for s in symbols if not part.is_main or isinstance(s, Own) or str(s) in part.taken]
    used = {*part.taken, *(str(symbol) for symbol in symbols.keys() - set(changed))}
    table: dict[Symbol, Symbol] = {}
    for symbol in changed:
        table[symbol] = _own(symbol, part, derived.fields.get(symbol), used)
        used.add(str(table[symbol]))
    return table


def _own(symbol: Symbol, part: Part, field: ConfigField | None, used: Collection[str]) -> Symbol:
    """Return the symbol of a part's size in the joint model, with a name that is not among the `used` ones."""
    size = BY_SYMBOL[symbol]
    stem = re.sub(r"_config$|_model$", "", part.path).replace(".", "_")
    own = str(symbol)
    name = (own if own.startswith(stem) else f"{stem}_{own}").strip("_")[-MAX_NAME:].lstrip("_0123456789")
    name = next(free for number in count(1) if (free := name if number == 1 else f"{name}_{number}") not in used)
    kind = Kind.WIDTH if size.kind is Kind.COUNT else size.kind
    meaning = f"{size.meaning} of the {stem.replace('_', ' ')}" if not isinstance(symbol, Own) else size.meaning
    if field is not None:
        meaning = f"{part.path}.{field.path} of the code"
    return Own(name, kind, size.minimum, meaning, size.example)


def _tensor(tensor: Tensor, prefix: str) -> Tensor:
    component = prefix.rstrip(".").rpartition(".")[2]
    return replace(under_prefix(tensor, prefix), component=f"{component} {tensor.component}".strip())


def _field(field: ConfigField, path: str) -> ConfigField:
    aliases = tuple(path + alias for alias in field.aliases)
    return replace(field, path=path + field.path, aliases=aliases, domain=_domain(field.domain, path))


def _domain(domain: Domain | None, path: str) -> Domain | None:
    """Return a domain whose rules name the fields by their joint paths."""
    if domain is None:
        return None
    return Domain(
        _allowed(domain.allowed, path),
        domain.min_steps,
        domain.max_steps,
        tuple((path + name, wanted) for name, wanted in domain.only_if),
    )


def _allowed(allowed: Any, path: str) -> Any:
    match allowed:
        case MultipleOf(names):
            return replace(allowed, multiple_of=tuple(path + name for name in names))
        case Determined(names, _, divided_by):
            below = path + divided_by if divided_by else None
            return replace(allowed, multiple_of=tuple(path + name for name in names), divided_by=below)
        case Bounded(inner, at_most, greater_than):
            bounds = (path + bound if bound else None for bound in (at_most, greater_than))
            return Bounded(_allowed(inner, path), *bounds)
    return allowed


def _layer_list(layer_list: LayerList, path: str, names: Mapping[str, str]) -> LayerList:
    """Return a list at its joint paths; `names` has the new names of the sizes, by which a rule names its layers."""
    rule = layer_list.rule
    if rule is not None:
        rule = replace(
            rule,
            fields={symbol: path + name for symbol, name in rule.fields.items()},
            tensors=tuple(replace(layers, name=_renamed_layers(layers.name, names)) for layers in rule.tensors),
        )
    return replace(
        layer_list,
        path=path + layer_list.path,
        length=path + layer_list.length if layer_list.length else "",
        aliases=tuple(path + alias for alias in layer_list.aliases),
        letters={path + name: words for name, words in layer_list.letters.items()},
        index_fields={path + name: kinds for name, kinds in layer_list.index_fields.items()},
        rule=rule,
    )


def _renamed_layers(name: str, names: Mapping[str, str]) -> str:
    kind, dot, index = name.partition(".")
    return f"{names.get(kind, kind)}{dot}{index}"


def _rules(rules: FieldRules, path: str) -> FieldRules:
    """Return the rules of a part with the joint paths of its fields."""
    return replace(
        rules,
        aliases=_names_below(path, rules.aliases),
        prevailing=_names_below(path, rules.prevailing),
        fixed=_below(path, rules.fixed),
        refused=_below(path, rules.refused),
        equal=_below(path, rules.equal),
        unless=_names_below(path, rules.unless),
        layer_sizes=_below(path, {name: _sizes_below(path, table) for name, table in rules.layer_sizes.items()}),
        products=_below(path, {name: (path + size, path + ratio) for name, (size, ratio) in rules.products.items()}),
    )


def _sizes_below(path: str, table: LayerSizes) -> LayerSizes:
    return LayerSizes(path + table.length, table.names, _names_below(path, table.keywords))


def _names_below(path: str, names: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({path + name: path + target for name, target in names.items()})


def _below(path: str, fields: Mapping[str, V]) -> Mapping[str, V]:
    return MappingProxyType({path + name: found for name, found in fields.items()})


def _union(mappings: Iterable[Mapping[Any, V]]) -> Mapping[Any, V]:
    union: dict[Any, V] = {}
    for mapping in mappings:
        union |= mapping
    return MappingProxyType(union)
