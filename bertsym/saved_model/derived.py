"""What a derivation found, as a value: classes over one configuration, the sizes in it, and why to believe it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sympy import Expr, Symbol, ceiling, floor
from sympy.core.relational import Relational

from bertsym.algebra import Value, free
from bertsym.errors import PartialFormula
from bertsym.files.jsonfile import Json
from bertsym.model import Architecture, Definition, Head, Model, NamedSize
from bertsym.schema import Field, Schema
from bertsym.symbols import BY_SYMBOL, Kind, in_order
from bertsym.tree import Listed, Tensor
from bertsym.values import value

DEFAULTS = "the code it is derived from"
FIRST = "model"
LARGEST_PLAIN = 4

_INDEX = re.compile(r"\[([0-9]{1,3})\]")


@value
class Tried:
    """The values that draws picked from: `low` to `most` steps, each of `unit` times the fields `of`.

    Of several fields the least common multiple counts. Fields go by their paths. The value may not pass that of the
    field `within`, and begins at that of `above`; an `exact` one takes no steps, and is the product of the fields, over
    the field `over`; `values` lists all there are. Where a field of `needs` is not as it says, it was left alone.
    """

    low: int = 1
    most: int = 1
    unit: Value = 1
    of: tuple[str, ...] = ()
    exact: bool = False
    over: str = ""
    within: str = ""
    above: str = ""
    values: tuple[Value, ...] = ()
    needs: tuple[tuple[str, Value], ...] = ()


@value
class Place:
    """Where a size stands in the code: its path through nested configurations and lists, and further spellings of it.

    A switch without more was tried at both its values. `absent` is what the code takes where a configuration leaves it
    out, if that is not what it comes with; of one that is `needed` nobody knows.
    """

    field: str
    tried: Tried | None = None
    aliases: tuple[str, ...] = ()
    absent: Expr | None = None
    needed: bool = False


@value
class Refused:
    """A tensor without a formula, which part of it, and why."""

    tensor: str
    part: str
    why: str


@value
class Evidence:
    """How one class was tried: draws, builds, and the exponent k of the bound 10^-k on a false pass.

    `count` is what the code itself has at its own sizes; `refused` are the tensors that the formula leaves out.
    """

    trials: int
    edges: int
    builds: int
    seed: int
    bound: int
    count: int | None = None
    refused: tuple[Refused, ...] = ()


@value
class DerivedHead:
    """One class, as an inventory."""

    cls: str
    tensors: tuple[Tensor, ...]
    evidence: Evidence | None = None


@value
class Frozen:
    """What a field was left at, and why."""

    held: Json
    why: str


@value
class Idle:
    """A field that changes nothing, what it was, and what was tried; other fields may be multiples of it."""

    base: Value | None = None
    tried: Tried | None = None


@value
class Derived:
    """A class as an inventory over the sizes of its configuration, and further classes (`heads`) over the same.

    `whole` are quotients without which the code does not build. Of the fields that the formula does not follow `frozen`
    are numbers and switches, `held` are texts, lists, how many entries these have and what the code accepts at one
    value only, and `idle` change nothing.
    """

    name: str
    cls: str
    source: str
    base: Mapping[Symbol, Value]
    definitions: tuple[Definition, ...]
    tensors: tuple[Tensor, ...]
    whole: tuple[Expr, ...] = ()
    places: Mapping[Symbol, Place] = MappingProxyType({})
    frozen: Mapping[str, Frozen] = MappingProxyType({})
    idle: Mapping[str, Idle] = MappingProxyType({})
    evidence: Evidence | None = None
    heads: Mapping[str, DerivedHead] = MappingProxyType({})
    engine: int = 0
    held: Mapping[str, Json] = MappingProxyType({})

    @property
    def classes(self) -> Mapping[str, DerivedHead]:
        """Every class by the name of its head."""
        return {FIRST: DerivedHead(self.cls, self.tensors, self.evidence), **self.heads}

    def model(self, label: str = "", base: str = DEFAULTS, head: str = FIRST) -> Model:
        """The model, with every size open and the code's own defaults as the named size `base`.

        Raises `InvalidModel`, and `PartialFormula` for a head of which some tensors have no formula.
        """
        refused = refusals(self.classes[head]) if head in self.classes else ()
        if refused:
            first = refused[0]
            raise PartialFormula(self.name, self.classes[head].cls, len(refused), first.tensor, first.part, first.why)
        architecture = self.architecture(base)
        architecture.head(head)
        return Model(architecture, head, label=label or self.name)

    def architecture(self, base: str = DEFAULTS) -> Architecture:
        """The classes that have a whole formula as heads; raises `InvalidModel`."""
        there = {name: found for name, found in self.classes.items() if not refusals(found)}
        used = symbols((tensor for found in there.values() for tensor in found.tensors), self.definitions, self.whole)
        sizes = {symbol: found for symbol, found in self.base.items() if symbol in used}
        rounded = self.rounded()
        return Architecture(
            name=self.name,
            title=self.cls,
            paper=self.source,
            heads={name: Head(found.cls, Listed(found.tensors)) for name, found in there.items()},
            definitions=self.definitions,
            sizes={base: NamedSize(sizes, self.source)},
            base=base,
            schema=schema(self),
            defaults=MappingProxyType(
                {s: found for s, found in sizes.items() if BY_SYMBOL[s].default is not None}
                | {s: found for s, found in sizes.items() if BY_SYMBOL[s].kind is Kind.SWITCH}
            ),
            whole=tuple(dict.fromkeys((*self.whole, *rounded))),
            most=self.most(),
            rounded=rounded,
        )

    def most(self) -> dict[Symbol, int]:
        """The largest value that was tried of each size that layers with names of their own were counted off in."""
        conditions = (tensor.when for head in self.classes.values() for tensor in head.tensors)
        relations = {one for condition in conditions for one in condition.atoms(Relational)}
        counted: dict[Expr, int] = {}
        for one in relations:
            if one.rhs.is_Integer:
                counted[one.lhs] = max(counted.get(one.lhs, 0), int(one.rhs))
        tried = {symbol: place.tried for symbol, place in self.places.items() if symbol in counted}
        limits = {s: int(one.most * one.unit) for s, one in tried.items() if one is not None and not one.of}
        # What comes with the last of the values that were tried may go on coming with each.
        return {
            symbol: max(limit, int(self.base[symbol]))
            for symbol, limit in limits.items()
            if LARGEST_PLAIN < counted[symbol] <= limit
            or (BY_SYMBOL[symbol].kind is Kind.DEPTH and limit - 1 <= counted[symbol] <= limit)
        }

    def rounded(self) -> tuple[Expr, ...]:
        """Return the quotients that were whole in every sample, of sizes that a formula rounds.

        Between samples a polynomial has no other choice; a rounded quotient has. At multiples of 8 12*(H//8) is 3*H//2.
        """
        listed = [tensor for head in self.classes.values() for tensor in head.tensors]
        parts = [part for tensor in listed for part in (*tensor.shape, tensor.times)]
        sizes: frozenset[Symbol] = frozenset().union(
            *(free(one) for part in parts for one in part.atoms(floor, ceiling))
        )
        tried = {symbol: self.places[symbol].tried for symbol in in_order(sizes & self.places.keys())}
        steps = {s: one.unit for s, one in tried.items() if one is not None and not (one.of or one.values or one.exact)}
        # A default that is no multiple was tried by itself.
        own = (
            s / int(step) for s, step in steps.items() if step > 1 and step == int(step) and self.base[s] % step == 0
        )
        return (*(quotient for quotient in self.whole if free(quotient) & sizes), *own)


def refusals(head: DerivedHead) -> tuple[Refused, ...]:
    """The tensors of a class that have no formula."""
    return head.evidence.refused if head.evidence is not None else ()


def symbols(tensors: Iterable[Tensor], definitions: Iterable[Definition], whole: Iterable[Expr]) -> frozenset[Symbol]:
    """Every size that the formulas, the definitions and the conditions depend on."""
    listed = tuple(tensors)
    parts = [part for tensor in listed for part in (*tensor.shape, tensor.times, tensor.own)]
    parts += [part for tensor in listed if tensor.routing is not None for part in tensor.routing.sides]
    parts += [part for definition in definitions for part in (definition.symbol, definition.value)]
    return frozenset().union(*map(free, (*parts, *whole)))


def schema(derived: Derived) -> Schema:
    """How a `config.json` spells the sizes; what the code itself takes where a file leaves one out.

    A size that the code derives from others is left to its definition. Of a list with a size an entry the length is
    fixed, and so is every field that is frozen or held.
    """
    follows = {definition.symbol for definition in derived.definitions if definition.adjusts is None}
    fields = tuple(
        Field(
            place.field,
            symbol,
            None if symbol in follows else derived.base[symbol],
            None if symbol in follows else place.absent,
            place.aliases,
        )
        for symbol, place in derived.places.items()
    )
    fixed: dict[str, tuple[object, ...]] = {name: (frozen.held,) for name, frozen in derived.frozen.items()}
    fixed |= {name: (found,) for name, found in derived.held.items()}
    paths = [*(place.field for place in derived.places.values()), *derived.frozen]
    fixed |= {f"{stem}[]": (length,) for stem, length in lengths(paths).items()}
    return Schema(derived.name, fields, fixed, frozenset(derived.idle))


def lengths(paths: Iterable[str]) -> dict[str, int]:
    """How many entries the lists among the paths have.

    >>> lengths(["hidden", "vision.depths[0]", "vision.depths[1]"])
    {'vision.depths': 2}
    """
    found: dict[str, int] = {}
    for path in paths:
        for bracket in _INDEX.finditer(path):
            stem = path[: bracket.start()]
            found[stem] = max(found.get(stem, 0), int(bracket.group(1)) + 1)
    return found
