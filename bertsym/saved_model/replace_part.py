"""Put an entry into the place of a part of another entry: LLaVA with Mistral's language model instead of Llama's.

The sizes, fields and rules below the part's path, and the tensors below its prefix, are those of the new part. Tensors
beside the part, as a projector, keep their formulas. The sizes that they take from the part, as
`text_config.hidden_size`, are the sizes that the new part's class has under the same name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count
from types import MappingProxyType
from typing import TypeVar

from sympy import Expr, Integer, Symbol

from bertsym.algebra import Value, free
from bertsym.errors import InvalidModel
from bertsym.model import Definition
from bertsym.saved_model.code_names import renamed, with_code_names
from bertsym.saved_model.derived import FIRST, ConfigField, Derived, DerivedHead, Domain, unresolved
from bertsym.saved_model.field_rules import FieldRules, ValueKind
from bertsym.saved_model.head_size_rewrite import in_head_size
from bertsym.saved_model.inventory import Inventory, at_sizes, under_prefix
from bertsym.saved_model.join_parts import Part, joined_rules, moved_part
from bertsym.symbols import BY_SYMBOL, Kind, Own
from bertsym.ties import check_ties
from bertsym.tree import Tensor
from bertsym.values import replace, value

V = TypeVar("V")


@value
class Holder:
    """The module of a class that holds a part: the prefix of its tensors, and the head of the part."""

    prefix: str
    head: str


@value
class Replacement:
    """A new part at a `path`: its entry, and the module that holds it in each class of the whole.

    `holders` has None for a class without the part; a class that it does not name is left out. `spellings` are the
    names that the old part's class has for each of its fields.
    """

    path: str
    entry: Derived
    holders: Mapping[str, Holder | None]
    spellings: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def with_part(derived: Derived, new: Replacement) -> Derived:
    """Return the entry with the new part in the place of the old one; a class that does not fit is left out.

    Raise `PartialFormula` if the new part has no formula, and `InvalidModel` if the first class does not fit: a tensor
    beside the part takes a size from it that the new part lacks.
    """
    old = _sizes_of_part(derived, new.path)
    beside = _without_part(derived, new.path, old)
    taken = frozenset(str(symbol) for symbol in _sizes(beside))
    parts = _moved_parts(new, taken, is_main=any(not isinstance(one, Own) for one in old & derived.fields.keys()))
    if not parts:
        raise InvalidModel(derived.name, f"no part of another type is known in {derived.cls}")
    moved = next(iter(parts.values()))
    counterparts = _Counterparts(derived, old, moved, new, taken)
    heads: dict[str, DerivedHead] = {}
    for name, head in derived.classes.items():
        try:
            if name in new.holders:
                heads[name] = _head(derived.name, head, new.holders[name], parts, counterparts)
        except InvalidModel:
            if name == FIRST:
                raise
    if FIRST not in heads:
        raise InvalidModel(derived.name, f"no part of another type is known in {derived.cls}")
    first = heads.pop(FIRST)
    beside = renamed(beside, {symbol: counterparts.of(symbol) for symbol in old & _free_beside(beside)})
    fixed = {path: at for part in parts.values() for path, at in part.fixed_by_code.items()}
    return replace(
        beside,
        defaults={**beside.defaults, **moved.defaults, **counterparts.defaults},
        definitions=(*beside.definitions, *moved.definitions),
        tensors=first.tensors,
        evidence=first.evidence,
        constraints=(*beside.constraints, *moved.constraints),
        fields=MappingProxyType({**beside.fields, **moved.fields, **counterparts.fields}),
        fixed_by_derivation=MappingProxyType({**beside.fixed_by_derivation, **moved.fixed_by_derivation}),
        no_effect=_except(
            {field.path for field in counterparts.fields.values()}, {**beside.no_effect, **moved.no_effect}
        ),
        heads=MappingProxyType(heads),
        fixed_by_code=MappingProxyType({**beside.fixed_by_code, **fixed}),
        layer_lists=(*beside.layer_lists, *moved.layer_lists),
        rules=replace(
            joined_rules((_rules_beside(derived.rules, new, moved), moved.rules)), recorded=derived.rules.recorded
        ),
        parts=MappingProxyType({**beside.parts, **moved.parts}),
    )


def _moved_parts(new: Replacement, taken: frozenset[str], *, is_main: bool) -> dict[str, Derived]:
    """Return the new part under each head that a class holds; their sizes and fields are the same."""
    entry = in_head_size(with_code_names(new.entry))
    heads = dict.fromkeys(holder.head for holder in new.holders.values() if holder is not None)
    moved = {head: moved_part(Part(entry, head, new.path, "", is_main=is_main, taken=taken)) for head in heads}
    return moved if is_main else {head: _without_ratios(part) for head, part in moved.items()}


def _without_ratios(moved: Derived) -> Derived:
    """Return a part without its definitions by a ratio, as of F by ffn_ratio: only one part has the registered one."""
    return replace(
        moved,
        definitions=tuple(one for one in moved.definitions if one.adjusts is None or one.adjusts in moved.defaults),
    )


def _sizes_of_part(derived: Derived, path: str) -> frozenset[Symbol]:
    """Return the sizes of a part's fields and lists, and those without a field that depend on them, as ffn_ratio."""
    below = f"{path}."
    old = {symbol for symbol, field in derived.fields.items() if field.path.startswith(below)}
    for layer_list in derived.layer_lists:
        if layer_list.path.startswith(below):
            old.update(layer_list.symbols)
    for definition in derived.definitions:
        sizes = {definition.symbol, *free(definition.value)}
        if sizes & old and _is_of_part(definition, derived, old):
            old |= sizes - derived.fields.keys() - derived.defaults.keys()
    return frozenset(old)


def _is_of_part(definition: Definition, derived: Derived, old: Collection[Symbol]) -> bool:
    """Return True if a definition is of a size of the part, or of one without a field that depends on the part."""
    is_free = definition.symbol not in derived.fields and bool(free(definition.value) & set(old))
    return definition.symbol in old or is_free


def _without_part(derived: Derived, path: str, old: frozenset[Symbol]) -> Derived:
    """Return the entry without its tensors and without the sizes and fields of a part."""
    below = f"{path}."
    fields = {
        symbol: replace(field, domain=_domain(field.domain, below))
        for symbol, field in derived.fields.items()
        if symbol not in old
    }
    no_effect = {name: replace(field, domain=_domain(field.domain, below)) for name, field in derived.no_effect.items()}
    return replace(
        derived,
        defaults={symbol: default for symbol, default in derived.defaults.items() if symbol not in old},
        definitions=tuple(
            definition for definition in derived.definitions if not _is_of_part(definition, derived, old)
        ),
        constraints=tuple(constraint for constraint in derived.constraints if not free(constraint.quotient) <= old),
        fields=MappingProxyType(fields),
        fixed_by_derivation=_beside(below, derived.fixed_by_derivation),
        no_effect=_beside(below, no_effect),
        fixed_by_code=_beside(below, derived.fixed_by_code),
        layer_lists=tuple(one for one in derived.layer_lists if not one.path.startswith(below)),
        parts=_beside(below, derived.parts),
        tensors=(),
        heads=MappingProxyType({}),
    )


def _head(
    model: str, head: DerivedHead, holder: Holder | None, parts: Mapping[str, Derived], counterparts: _Counterparts
) -> DerivedHead:
    """Return a class with the new part under its prefix; raise `InvalidModel` if the part does not fit."""
    below = f"{counterparts.new.path}."
    missing = tuple(one for one in unresolved(head) if holder is None or not one.tensor.startswith(holder.prefix))
    evidence = replace(head.evidence, unresolved=missing) if missing and head.evidence is not None else None
    tensors = _with_counterparts([one for one in head.tensors if not _is_below(one, holder)], counterparts)
    if holder is not None:
        index = next((i for i, tensor in enumerate(head.tensors) if _is_below(tensor, holder)), len(tensors))
        inner = tuple(under_prefix(tensor, holder.prefix) for tensor in parts[holder.head].tensors)
        tensors = (*tensors[:index], *inner, *tensors[index:])
    if not missing:
        check_ties(model, tensors)
    return replace(head, tensors=tensors, evidence=evidence, fixed=_beside(below, head.fixed))


def _with_counterparts(tensors: Iterable[Tensor], counterparts: _Counterparts) -> Inventory:
    """Return tensors beside the part with the sizes of the new part for those of the old one."""
    listed = tuple(tensors)
    table = {symbol: counterparts.of(symbol) for symbol in counterparts.old & _free_in(listed)}
    result: Inventory = _renamed_tensors(listed, table)
    return result


class _Counterparts:
    """The sizes of the new part for those that other tensors take from the old one.

    A field of the new part that changes none of its own tensors becomes a size, with its `fields` and `defaults`.
    """

    def __init__(
        self, derived: Derived, old: frozenset[Symbol], moved: Derived, new: Replacement, taken: frozenset[str]
    ) -> None:
        self.derived, self.old, self.moved, self.new = derived, old, moved, new
        self.used = {*taken, *(str(symbol) for symbol in _sizes(moved))}
        self.table: dict[Symbol, Expr] = {}
        self.fields: dict[Symbol, ConfigField] = {}
        self.defaults: dict[Symbol, Value] = {}

    def of(self, symbol: Symbol) -> Expr:
        """Return the counterpart of a size of the old part; raise `InvalidModel` if there is none, or several."""
        if symbol not in self.table:
            self.table[symbol] = self._searched(symbol)
        return self.table[symbol]

    def _searched(self, symbol: Symbol) -> Expr:
        field = self.derived.fields.get(symbol)
        if field is None:
            raise self._refuse(str(symbol))
        below = f"{self.new.path}."
        name = field.path.removeprefix(below)
        further = self.new.spellings.get(name, ())
        names = {field.path, *field.aliases, *(below + spelling for spelling in further)}
        sizes = [one for one, at in self.moved.fields.items() if names & {at.path, *at.aliases}]
        if len(sizes) == 1:
            return sizes[0]
        idle = sorted(names & self.moved.no_effect.keys())
        if not sizes and len(idle) == 1:
            default = self.moved.no_effect[idle[0]].default
            if default is not None:
                return self._own_size(symbol, idle[0], default)
        fixed = sorted(names & {*self.moved.fixed_by_code, *self.moved.fixed_by_derivation})
        if not sizes and len(fixed) == 1:
            at = self.moved.fixed_by_derivation.get(fixed[0])
            constant = self.moved.fixed_by_code.get(fixed[0]) if at is None else at.value
            if isinstance(constant, int) and not isinstance(constant, bool):
                return Integer(constant)
        raise self._refuse(name)

    def _own_size(self, symbol: Symbol, path: str, default: Value) -> Symbol:
        size = BY_SYMBOL[symbol]
        stem = path.replace(".", "_")
        name = next(
            free for number in count(1) if (free := f"{stem}_{number}" if number > 1 else stem) not in self.used
        )
        own = Own(name, size.kind, size.minimum, f"{path} of the code", str(default))
        self.used.add(name)
        # Swin's class computes the `hidden_size` that a file omits, which no tensor of its own depends on.
        is_computed = size.kind is not Kind.SWITCH
        self.fields[own], self.defaults[own] = ConfigField(path, omission_unknown=is_computed), default
        return own

    def _refuse(self, name: str) -> InvalidModel:
        return InvalidModel(self.derived.name, f"a tensor depends on {self.new.path}.{name}, which the type lacks")


def _rules_beside(rules: FieldRules, new: Replacement, moved: Derived) -> FieldRules:
    """Return the rules of the whole beside the part; an alias of a field that the new part lacks is refused."""
    below = f"{new.path}."
    known = {name for field in moved.fields.values() for name in (field.path, *field.aliases)} | moved.no_effect.keys()
    aliases = _beside(below, rules.aliases)
    lost = {alias for alias, target in aliases.items() if target.startswith(below) and target not in known}
    return replace(
        rules,
        aliases=_except(lost, aliases),
        prevailing=_except(lost, _beside(below, rules.prevailing)),
        fixed=_beside(below, rules.fixed),
        refused=MappingProxyType({**_beside(below, rules.refused), **dict.fromkeys(lost, frozenset({ValueKind.ANY}))}),
        unless=_beside(below, rules.unless),
        equal=_beside(below, rules.equal),
        layer_sizes=_beside(below, rules.layer_sizes),
        products=_beside(below, rules.products),
    )


def _renamed_tensors(tensors: Inventory, table: Mapping[Symbol, Expr]) -> Inventory:
    return tuple(at_sizes(tensor, table) for tensor in tensors)


def _free_in(tensors: Iterable[Tensor]) -> frozenset[Symbol]:
    """Return every size that the names, shapes and conditions of tensors depend on."""
    parts: list[Expr] = []
    for tensor in tensors:
        parts += [*tensor.shape, tensor.when, tensor.tied_when]
        parts += [bound for loop in tensor.loops for bound in loop.bounds]
        parts += () if tensor.routing is None else tensor.routing.sides
    return frozenset().union(*map(free, parts))


def _free_beside(beside: Derived) -> frozenset[Symbol]:
    """Return every size that the definitions, constraints and defaults of an entry depend on."""
    parts = [part for definition in beside.definitions for part in (definition.symbol, definition.value)]
    parts += [constraint.quotient for constraint in beside.constraints]
    parts += [field.if_omitted for field in beside.fields.values() if field.if_omitted is not None]
    return frozenset().union(*map(free, parts))


def _sizes(derived: Derived) -> Iterator[Symbol]:
    yield from derived.defaults
    yield from derived.fields
    for layer_list in derived.layer_lists:
        yield from layer_list.symbols
    for definition in derived.definitions:
        yield from {definition.symbol, *free(definition.value)}


def _domain(domain: Domain | None, below: str) -> Domain | None:
    """Return a domain that depends on no field of the part, None for another one."""
    if domain is None:
        return None
    names = (*domain.allowed.depends_on, *(name for name, _ in domain.only_if))
    return None if any(name.startswith(below) for name in names) else domain


def _is_below(tensor: Tensor, holder: Holder | None) -> bool:
    return holder is not None and tensor.name.startswith(holder.prefix)


def _beside(below: str, fields: Mapping[str, V]) -> Mapping[str, V]:
    return MappingProxyType({path: at for path, at in fields.items() if not path.startswith(below)})


def _except(names: set[str], fields: Mapping[str, V]) -> Mapping[str, V]:
    return MappingProxyType({path: at for path, at in fields.items() if path not in names})
