"""The result of a derivation as a value: classes over one configuration, their sizes, and the evidence for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType

from sympy import Expr, Symbol, ceiling, floor
from sympy.core.relational import Relational

from bertsym.algebra import Value, free
from bertsym.errors import PartialFormula
from bertsym.files.jsonfile import Json
from bertsym.model import Architecture, Definition, Head, Model, NamedSize, unique
from bertsym.names.heads import head_named
from bertsym.saved_model.allowed_values import AllowedValues, Bounded, Choice, Determined, Free
from bertsym.saved_model.field_rules import NOT_RECORDED, FieldRules
from bertsym.saved_model.layer_lists import LayerList
from bertsym.schema import Field, Schema
from bertsym.symbols import BY_SYMBOL, Kind, in_order
from bertsym.tree import Listed, Tensor
from bertsym.values import replace, value

DEFAULTS = "the code it is derived from"
FIRST = "model"
MAX_COUNTED = 4
"""Up to this number a comparison with a size may be a rule of the code; a larger one comes from counting layers off."""

_INDEX = re.compile(r"\[([0-9]{1,3})\]")


class Basis(Enum):
    """The reason why a quotient must be whole, as far as the derivation knows it."""

    CODE = "code"  # the code rejected samples in which the quotient was not whole
    SAMPLING = "sampling"  # the quotient was whole in every sample; no build broke it
    UNKNOWN = "unknown"  # an entry of format 2 does not say which


@value
class Constraint:
    """A quotient of sizes that must be a whole number, such as H/heads, and why."""

    quotient: Expr
    basis: Basis = Basis.CODE


@value
class Domain:
    """The values from which the sampler chose: allowed values, the fewest and the most steps, and a guard.

    A list of values, a switch and a value that other fields determine have no steps. Unless each field of `only_if`
    has its value, the sampler left the guarded field at its default.
    """

    allowed: AllowedValues
    min_steps: int = 1
    max_steps: int = 1
    only_if: tuple[tuple[str, Value], ...] = ()


@value
class ConfigField:
    """The field of the configuration behind a size: its path through nested parts and lists, and its domain.

    `if_omitted` is the value that the code takes if a configuration leaves the field out, when that value is not the
    default. `omission_unknown` says that the value is another one, and that the derivation does not know which.
    """

    path: str
    domain: Domain | None = None
    aliases: tuple[str, ...] = ()
    if_omitted: Expr | None = None
    omission_unknown: bool = False


@value
class UnresolvedTensor:
    """A tensor without a formula, the part of it that has none, and the reason."""

    tensor: str
    part: str
    reason: str


@value
class Evidence:
    """The trials of one class: samples, builds, and the exponent k of the bound 10^-k on a false pass.

    `parameters` is the count of the code itself at its defaults. `unresolved` lists the tensors without a formula.
    """

    trials: int
    edge_trials: int
    builds: int
    seed: int
    bound: int
    parameters: int | None = None
    unresolved: tuple[UnresolvedTensor, ...] = ()


@value
class DerivedHead:
    """One class, as an inventory; its formula holds only at these values of the `fixed` fields."""

    cls: str
    tensors: tuple[Tensor, ...]
    evidence: Evidence | None = None
    fixed: Mapping[str, Json] = MappingProxyType({})


@value
class FixedValue:
    """The default at which the derivation fixed a field, and the reason."""

    value: Json
    reason: str


@value
class NoEffect:
    """A field that changes no tensor: its default and its domain, because other fields may be multiples of it."""

    default: Value | None = None
    domain: Domain | None = None


@value
class EntryPart:
    """A part that has an entry of its own: its model type, and the symbol of its head size if it has any.

    The rules of a whole entry are below the part's path too; `has_rules` says if those of the part are recorded.
    """

    model_type: str
    head_size: Symbol | None = None
    has_rules: bool = True


@value
class Derived:
    """A class as an inventory over the sizes of its configuration, with further classes (`heads`) over the same sizes.

    A formula holds only at the defaults of the fields that are fixed. `fixed_by_derivation` are numbers and switches
    for which the derivation found no formula at other values. `fixed_by_code` are texts, lists, the lengths of lists,
    and numbers that the code accepts at one value only. The fields of `no_effect` change nothing. The sizes of
    `layer_lists` are among the `defaults`, but not among the `fields`. `synonyms` are names of sizes besides their
    fields and their symbols. `rules` say how a configuration file is read beyond that. `parts` are the parts that
    were put in from entries of their own, by their paths.
    """

    name: str
    cls: str
    source: str
    defaults: Mapping[Symbol, Value]
    definitions: tuple[Definition, ...]
    tensors: tuple[Tensor, ...]
    constraints: tuple[Constraint, ...] = ()
    fields: Mapping[Symbol, ConfigField] = MappingProxyType({})
    fixed_by_derivation: Mapping[str, FixedValue] = MappingProxyType({})
    no_effect: Mapping[str, NoEffect] = MappingProxyType({})
    evidence: Evidence | None = None
    heads: Mapping[str, DerivedHead] = MappingProxyType({})
    engine: int = 0
    fixed_by_code: Mapping[str, Json] = MappingProxyType({})
    layer_lists: tuple[LayerList, ...] = ()
    synonyms: Mapping[str, Symbol] = MappingProxyType({})
    rules: FieldRules = NOT_RECORDED
    parts: Mapping[str, EntryPart] = MappingProxyType({})

    def __hash__(self) -> int:
        # Its tables have no hash. Entries that share a name are few, and compared in full.
        return hash((self.name, self.cls))

    @property
    def classes(self) -> Mapping[str, DerivedHead]:
        """Every class by the name of its head."""
        return {FIRST: DerivedHead(self.cls, self.tensors, self.evidence), **self.heads}

    def part_of(self, path: str) -> EntryPart | None:
        """Return the innermost part with an entry of its own that a field lies in, or None."""
        within = [part for part in self.parts if path.startswith(f"{part}.")]
        return self.parts[max(within, key=len)] if within else None

    def has_rules(self, path: str) -> bool:
        """Return True if the rules for the field at a path are recorded."""
        part = self.part_of(path)
        return self.rules.recorded if part is None else part.has_rules

    @property
    def list_paths(self) -> frozenset[str]:
        """The fields that say which lists of layer kinds there are, except those that are sizes of their own."""
        sizes = {field.path for field in self.fields.values()}
        return frozenset().union(*(layer_list.paths for layer_list in self.layer_lists)) - sizes

    @property
    def list_lengths(self) -> frozenset[str]:
        """The fields that say how long the lists of layer kinds are."""
        return frozenset(layer_list.length for layer_list in self.layer_lists if layer_list.length)

    @property
    def quotients(self) -> tuple[Expr, ...]:
        """The quotients that must be whole, whatever the reason."""
        return tuple(constraint.quotient for constraint in self.constraints)

    def model(self, label: str = "", base: str = DEFAULTS, head: str = FIRST) -> Model:
        """Return the model, with every size open and the code's own defaults as the named size `base`.

        Raises `InvalidModel`, and `PartialFormula` for a head of which some tensors have no formula.
        """
        meant = self.resolved_head(head)
        return Model(self.architecture(base), label=label or self.name).with_head(meant)

    def resolved_head(self, head: str) -> str:
        """Return the name of a head that has a whole formula; raises `PartialFormula`."""
        meant = head_named(head, {name: carried.cls for name, carried in self.classes.items()}) or head
        missing = unresolved(self.classes[meant]) if meant in self.classes else ()
        if missing:
            first = missing[0]
            raise PartialFormula(
                self.name, self.classes[meant].cls, len(missing), first.tensor, first.part, first.reason
            )
        return meant

    def architecture(self, base: str = DEFAULTS) -> Architecture:
        """Return the classes that have a whole formula as heads; raises `InvalidModel`."""
        resolved = {name: head for name, head in self.classes.items() if not unresolved(head)}
        listed = (tensor for head in resolved.values() for tensor in head.tensors)
        used = symbols(listed, self.definitions, self.quotients)
        used |= {layer_list.order for layer_list in self.layer_lists}
        sizes = {symbol: default for symbol, default in self.defaults.items() if symbol in used}
        rounded = self.rounded()
        architecture = Architecture(
            name=self.name,
            title=self.cls,
            paper=self.source,
            heads={name: Head(head.cls, Listed(head.tensors)) for name, head in resolved.items()},
            definitions=tuple(
                replace(definition, binding=self.is_determined(definition.symbol)) for definition in self.definitions
            ),
            sizes={base: NamedSize(sizes, self.source)},
            base=base,
            schema=schema(self),
            defaults=MappingProxyType(
                {s: default for s, default in sizes.items() if BY_SYMBOL[s].default is not None}
                | {s: default for s, default in sizes.items() if BY_SYMBOL[s].kind in (Kind.SWITCH, Kind.ORDER)}
            ),
            whole=tuple(dict.fromkeys((*self.quotients, *rounded))),
            most=self.largest_known(),
            rounded=rounded,
        )
        return unique(architecture)

    def is_determined(self, symbol: Symbol) -> bool:
        """Return True if the code accepts one value of a size only, which follows from other sizes."""
        domain = self.fields[symbol].domain if symbol in self.fields else None
        return domain is not None and isinstance(domain.allowed, Determined)

    def largest_known(self) -> dict[Symbol, int]:
        """Return the largest sampled value of each size whose layers have conditions of their own, layer by layer."""
        conditions = (tensor.when for head in self.classes.values() for tensor in head.tensors)
        relations = {relation for condition in conditions for relation in condition.atoms(Relational)}
        counted: dict[Expr, int] = {}
        for relation in relations:
            if relation.rhs.is_Integer:
                counted[relation.lhs] = max(counted.get(relation.lhs, 0), int(relation.rhs))
        domains = {symbol: field.domain for symbol, field in self.fields.items() if symbol in counted}
        limits = {s: largest for s, domain in domains.items() if (largest := _largest(domain)) is not None}
        # A layer that exists from the last sampled value on may be the first of many, one for each further value.
        return {
            symbol: max(limit, int(self.defaults[symbol]))
            for symbol, limit in limits.items()
            if MAX_COUNTED < counted[symbol] <= limit
            or (BY_SYMBOL[symbol].kind is Kind.DEPTH and limit - 1 <= counted[symbol] <= limit)
        }

    def rounded(self) -> tuple[Expr, ...]:
        """Return the quotients that were whole in every sample, of sizes that a formula rounds.

        Between samples a polynomial has no other choice; a rounded quotient has. At multiples of 8 12*(H//8) is 3*H//2.
        """
        listed = [tensor for head in self.classes.values() for tensor in head.tensors]
        parts = [part for tensor in listed for part in (*tensor.shape, tensor.times)]
        parts += [definition.value for definition in self.definitions if definition.adjusts is None]
        sizes: frozenset[Symbol] = frozenset().union(
            *(free(quotient) for part in parts for quotient in part.atoms(floor, ceiling))
        )
        domains = {symbol: self.fields[symbol].domain for symbol in in_order(sizes & self.fields.keys())}
        strides = {s: stride for s, domain in domains.items() if (stride := _constant_stride(domain)) is not None}
        # The default is a sample too: if it is no multiple of the stride, the quotient was not whole in every sample.
        own = (
            s / int(stride)
            for s, stride in strides.items()
            if stride > 1 and stride == int(stride) and self.defaults[s] % stride == 0
        )
        return (*(quotient for quotient in self.quotients if free(quotient) & sizes), *own)


def _constant_stride(domain: Domain | None) -> Value | None:
    """Return the constant that every sampled value is a multiple of; None if the rule is another one."""
    match domain:
        case Domain(Free(stride) | Bounded(Free(stride))):
            return stride
    return None


def _largest(domain: Domain | None) -> int | None:
    """Return the largest sampled value; None if the field was not sampled, or if other fields decide."""
    stride = _constant_stride(domain)
    match domain:
        case Domain(Choice(options)):
            return int(max(options))
        case Domain() if stride is not None:
            return int(domain.max_steps * stride)
    return None


def unresolved(head: DerivedHead) -> tuple[UnresolvedTensor, ...]:
    """Return the tensors of a class that have no formula."""
    return head.evidence.unresolved if head.evidence is not None else ()


def symbols(
    tensors: Iterable[Tensor], definitions: Iterable[Definition], quotients: Iterable[Expr]
) -> frozenset[Symbol]:
    """Return every size that the formulas, the definitions and the constraints depend on."""
    listed = tuple(tensors)
    parts = [part for tensor in listed for part in (*tensor.shape, tensor.times, tensor.own)]
    parts += [part for tensor in listed if tensor.routing is not None for part in tensor.routing.sides]
    parts += [part for definition in definitions for part in (definition.symbol, definition.value)]
    return frozenset().union(*map(free, (*parts, *quotients)))


def schema(derived: Derived) -> Schema:
    """Return how a `config.json` spells the sizes, with the value that the code takes if a file omits one.

    A size that the code derives from others is left to its definition. Every fixed field must have its default, and
    every list with a size an entry its length.
    """
    follows = {definition.symbol for definition in derived.definitions if definition.adjusts is None}
    fields = tuple(
        Field(
            field.path,
            symbol,
            None if symbol in follows else derived.defaults[symbol],
            None if symbol in follows else field.if_omitted,
            field.aliases,
        )
        for symbol, field in derived.fields.items()
    )
    fixed: dict[str, tuple[object, ...]] = {path: (at.value,) for path, at in derived.fixed_by_derivation.items()}
    fixed |= {path: (value,) for path, value in derived.fixed_by_code.items()}
    paths = [*(field.path for field in derived.fields.values()), *derived.fixed_by_derivation]
    # Some entries of a list may change nothing, and others have one value that the code accepts.
    entries = lengths([*paths, *derived.no_effect, *derived.fixed_by_code])
    fixed |= {f"{stem}[]": (entries[stem],) for stem in lengths(paths)}
    return Schema(derived.name, fields, fixed, frozenset(derived.no_effect), derived.synonyms)


def lengths(paths: Iterable[str]) -> dict[str, int]:
    """Return the number of entries of each list among the paths.

    >>> lengths(["hidden", "vision.depths[0]", "vision.depths[1]"])
    {'vision.depths': 2}
    """
    longest: dict[str, int] = {}
    for path in paths:
        for bracket in _INDEX.finditer(path):
            stem = path[: bracket.start()]
            longest[stem] = max(longest.get(stem, 0), int(bracket.group(1)) + 1)
    return longest
