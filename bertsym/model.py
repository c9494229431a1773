"""A model: an architecture's tree under one task head, at sizes of which some may still be unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, ref

from sympy import Expr, Symbol

from bertsym.algebra import Value, atom, evaluate, free, substitute
from bertsym.errors import (
    Conflict,
    InvalidModel,
    MissingSize,
    NegativeSize,
    NotAnInteger,
    UnknownHead,
    UnknownName,
    Unreadable,
    printable,
    suggestion,
)
from bertsym.files.jsonfile import Json
from bertsym.names.heads import head_named
from bertsym.names.heads import meanings as meanings_of_head
from bertsym.schema import Schema
from bertsym.spellings import LETTERS, AmbiguousName, folded, run_sizes, spelled, typed
from bertsym.symbols import BY_NAME, BY_SYMBOL, RUN_BY_NAME, Kind, Own, Size, in_order
from bertsym.ties import check_ties
from bertsym.tree import Node, Routing, Tensor, tensors
from bertsym.values import reduced, replace, value
from bertsym.wording import said

T = TypeVar("T")

EMPTY: Mapping[Symbol, Value] = MappingProxyType({})
# The head sizes that an error proposes first: most published models have one of them.
USUAL_HEAD_SIZES = (64, 128)
# An error proposes no number of heads that is farther from the one that does not fit.
MAX_HEADS_TRIED = 1000


@value
class Definition:
    """A derived size: `symbol = value`, and what gives way when the symbol itself is given: `adjusts = inverse`.

    `Definition(d, H / heads, heads, H / d)`: the head size follows from H and heads; asked for a head size of 64, the
    number of heads follows instead. Without `adjusts` the symbol is free: a given value simply replaces the formula,
    unless the definition is `binding`: then it must be that of the formula.
    """

    symbol: Symbol
    value: Expr
    adjusts: Symbol | None = None
    inverse: Expr | None = None
    binding: bool = False


def is_head_size(definition: Definition) -> bool:
    """Return True for the definition of the head size: a width that depends on the number of heads."""
    kinds = {BY_SYMBOL[symbol].kind for symbol in free(definition.value)}
    return Kind.HEADS in kinds and BY_SYMBOL[definition.symbol].kind is Kind.WIDTH


@value
class Head:
    """A task head: the class that carries it in the framework, and that class as a tree."""

    cls: str
    tree: Node


@value
class NamedSize:
    """Sizes that were published under a name, with their source."""

    values: Mapping[Symbol, Value]
    source: str


@value
class Architecture:
    """A model family of one paper: its heads, derived sizes, published sizes and the spelling of its configuration.

    `accepted` are sizes that may be given although no entry of an inventory depends on them.

    `whole` are quotients that must be integers for the model to run, such as heads over kv_heads if groups of heads
    share keys. The model can be built and counted without that. `rounded` are quotients that must be integers for the
    trees to be known to hold. `most` is the largest value of a size for which the trees are known to hold.

    Raises `InvalidModel` when built if a tie has no target of equal shape, a name occurs twice, or a definition does
    not invert.
    """

    name: str
    title: str
    paper: str
    heads: Mapping[str, Head]
    definitions: tuple[Definition, ...]
    sizes: Mapping[str, NamedSize]
    base: str
    schema: Schema
    defaults: Mapping[Symbol, Value] = EMPTY
    whole: tuple[Expr, ...] = ()
    most: Mapping[Symbol, int] = MappingProxyType({})
    rounded: tuple[Expr, ...] = ()
    accepted: frozenset[Symbol] = frozenset()

    def __hash__(self) -> int:
        # Its tables have no hash. Those that share a name are few, and compared in full.
        return hash(self.name)

    def __reduce__(self) -> tuple[Any, ...]:
        """Tell pickle and copy to return the first that is equal."""
        make, fields = reduced(self)
        return _made, (make, *fields)

    def __post_init__(self) -> None:
        for definition in self.definitions:
            if definition.adjusts is not None and definition.inverse is not None:
                back = definition.value.xreplace({definition.adjusts: definition.inverse})
                if back != definition.symbol:
                    raise InvalidModel(self.name, f"the definition of {definition.symbol} does not invert")
        if self.base not in self.sizes:
            raise InvalidModel(self.name, f"the base size {self.base} is not among its sizes")
        unique(self)

    @property
    def symbols(self) -> frozenset[Symbol]:
        """Return every symbol that may be given."""
        return self.counted | self.accepted

    @cached_property
    def counted(self) -> frozenset[Symbol]:
        """Return every symbol of any head's tree, of definitions and conditions, and those with a default."""
        result: set[Symbol] = set(self.defaults)
        for head in self.heads.values():
            for tensor in tensors(head.tree):
                routing = tensor.routing.sides if tensor.routing else ()
                for part in (*tensor.shape, tensor.times, tensor.own, tensor.reuse, *routing):
                    result |= free(part)
        for definition in self.definitions:
            result |= {definition.symbol, *free(definition.value)}
        for quotient in self.whole:
            result |= free(quotient)
        return frozenset(result)

    @cached_property
    def _names(self) -> Mapping[str, Mapping[str, Symbol | None]]:
        return self.schema.meanings(self.symbols)

    @cached_property
    def other_names(self) -> Mapping[str, str]:
        """Return the names, apart from its own, that mean one size, with the public name: `hidden_size` is H."""
        spellings = (spelling for symbol in self.symbols for spelling in spelled(str(symbol.name)))
        other: dict[str, str] = {}
        for name in dict.fromkeys((*self._names, *spellings)):
            try:
                symbol = self.named(name)
            except (UnknownName, AmbiguousName):
                continue
            if str(symbol.name) != name:
                other[name] = str(symbol.name)
        return MappingProxyType(other)

    def has_own(self, name: str) -> bool:
        """Return True if the configuration has a field of that name, whether or not it sets a size."""
        return name in self._names and name not in BY_NAME

    def named(self, name: str) -> Symbol:
        """Find the symbol that a name means, as `Model.size` does; raises `UnknownName` or `AmbiguousName`."""
        means = self._names.get(name) or self._in_any_case.get(folded(name))
        means = means or self.registered((*typed(name), *run_sizes(name)))
        if len(means) > 1:
            raise AmbiguousName(name, tuple(means))
        for path, symbol in means.items():
            if symbol is not None:
                return symbol
            reason = f"{path} changes nothing" if path in self.schema.idle else f"it holds for one value of {path} only"
            raise UnknownName(f"size of {self.name}", name, (), f"the formula has no such size, for {reason}")
        if name in RUN_BY_NAME or run_sizes(name):
            raise UnknownName(
                f"size of {self.name}", name, (), "a size of a run: pass it with --of flops, cache or memory"
            )
        close = suggestion(name, self._names).startswith("did you mean")
        known = self._names if close else tuple(map(str, self.symbols))
        hint = "" if suggestion(name, known) else "`bertsym models NAME` lists the sizes of a model"
        raise UnknownName(f"size of {self.name}", name, known, hint)

    def registered(self, names: Iterable[str]) -> Mapping[str, Symbol | None]:
        """Return those of the registered sizes, and of the sizes of a run, that the model has."""
        sizes = (BY_NAME.get(name) or RUN_BY_NAME[name] for name in names)
        return {size.name: size.symbol for size in sizes if size.symbol in self.symbols}

    @cached_property
    def _in_any_case(self) -> Mapping[str, Mapping[str, Symbol | None]]:
        """Return the meanings of the model's names of several letters, by the names in lower case."""
        table: dict[str, dict[str, Symbol | None]] = {}
        for name, means in self._names.items():
            if len(name) > 1:
                known = table.setdefault(folded(name), {})
                known |= {
                    path: symbol for path, symbol in means.items() if symbol is None or symbol not in known.values()
                }
        return table

    @cached_property
    def _own(self) -> Mapping[Symbol, Size]:
        return {s: BY_SYMBOL[s] for named in self.sizes.values() for s in named.values if isinstance(s, Own)}

    @cached_property
    def derived(self) -> frozenset[Symbol]:
        """Return the sizes that have a definition."""
        return frozenset(definition.symbol for definition in self.definitions)

    def closed(self, independent: frozenset[Symbol]) -> Mapping[Symbol, Expr]:
        """Return each derived size in terms of sizes that are not derived.

        If a size with a definition is `independent`, because it is given or kept as a symbol, the size that adjusts to
        it is derived instead.
        """
        return _closed(self.definitions, independent)

    def size(self, symbol: Symbol) -> Size:
        """Return the meaning of a symbol in this model.

        A symbol in a formula may come from sympy's cache, and so from another model that has one of the same name.
        """
        return self._own.get(symbol) or BY_SYMBOL[symbol]

    def without(self, missing: Sequence[Symbol]) -> MissingSize:
        """Return the error for sizes that nobody gave; no published model has the sizes of a run."""
        size, *others = map(self.size, missing)
        if size.kind is not Kind.RUN:
            return MissingSize(size.name, size.meaning, size.example, self.example)
        run = tuple(f"{other.name}={other.example}" for other in others if other.kind is Kind.RUN)
        return MissingSize(size.name, size.meaning, size.example, others=run)

    @cached_property
    def routings(self) -> tuple[Routing, ...]:
        """Return how tokens are routed to experts, under any head; empty for a model without experts."""
        inventories = (tensors(head.tree) for head in self.heads.values())
        routings = (t.routing for inventory in inventories for t in inventory if t.routing is not None)
        return tuple(dict.fromkeys(routings))

    @property
    def example(self) -> str | None:
        """Return a name for the command line, or None: the base of a derived model is a phrase."""
        return None if " " in self.base else self.base

    def head(self, name: str) -> Head:
        """Return the head of that name, after its tree has been checked; raises `UnknownHead` or `InvalidModel`."""
        head = self.heads[self.head_named(name)]
        check_ties(self.name, tensors(head.tree))
        return head

    def head_named(self, name: str) -> str:
        """Return the head that a name, an alias such as `mlm` or a class means; raises `UnknownHead`."""
        classes = {head: carried.cls for head, carried in self.heads.items()}
        found = head_named(name, classes)
        if found is None:
            raise UnknownHead(f"head of {self.name}", name, self.heads, " or ".join(meanings_of_head(name)))
        return found


@value
class Model:
    """An architecture under one head; `given` holds the sizes that are known, defaults and definitions apart.

    `pinned` are those that the user gave, as the user gave them: the rest came with the model's name or file. `notes`
    say how a file was read where a reader may not expect it; the command line prints them on standard error. `typed`
    is the text that the user typed, if it is not the label. `head_reason` says why a name means its head, unless the
    user or a file chose the head. `configuration` has the fields that the model was read from, if any.
    """

    architecture: Architecture
    head: str = "model"
    given: Mapping[Symbol, Value] = EMPTY
    label: str = ""
    pinned: Mapping[Symbol, Value] = EMPTY
    notes: tuple[str, ...] = ()
    typed: str = ""
    head_reason: str = ""
    configuration: Mapping[str, Json] | None = None

    @property
    def name(self) -> str:
        """Return the name under which answers show the model."""
        return self.label or self.architecture.name

    @property
    def read_as(self) -> str:
        """Return the sentence that says as which model another spelling was read, or an empty text."""
        return f"{printable(self.typed)} is counted as {self.name}" if self.typed else ""

    @property
    def cls(self) -> str:
        """Return the class name in the framework."""
        return self.architecture.heads[self.head].cls

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """Return the inventory, in the symbols of the declaration."""
        return _inventory(self.architecture, self.head)

    def with_head(self, head: str) -> Model:
        """Return the model with the same sizes under another task head; raises `UnknownHead`."""
        self.architecture.head(head)
        return replace(self, head=self.architecture.head_named(head), head_reason="")

    def with_sizes(self, values: Mapping[Symbol, Value], *, pin: bool = False) -> Model:
        """Return the model with sizes put in, over those that it has.

        With `pin` the sizes are remembered as given by the user, and hold in whatever is searched later.

        A derived size (F, d) replaces the size that adjusts to it. Raises `Unreadable` for a value that the size cannot
        have, `Conflict`, `NotAnInteger` and `NegativeSize` for sizes that do not fit together.
        """
        checked = {symbol: check_value(self.architecture.size(symbol), value) for symbol, value in values.items()}
        self.check_known(checked)
        for symbol, most in self.architecture.most.items():
            if checked.get(symbol, most) > most:
                raise Unreadable(
                    self.architecture.size(symbol).title, checked[symbol], f"at most {most}: beyond it nothing is known"
                )
        sizes, pinned = (merged(self.architecture.definitions, old, checked) for old in (self.given, self.pinned))
        if not pin:
            pinned = {symbol: number for symbol, number in pinned.items() if symbol not in checked}
        return replace(self, given=_settle(self.architecture, sizes), pinned=pinned)

    def check_known(self, symbols: Iterable[Symbol]) -> None:
        """Raise `UnknownName` for a symbol that the architecture does not have."""
        known = self.symbols
        for symbol in symbols:
            if symbol not in known:
                names = {BY_SYMBOL[s].name for s in known}
                raise UnknownName(f"size of {self.architecture.name}", str(symbol), names)

    @property
    def symbols(self) -> frozenset[Symbol]:
        """Return every symbol that may be given."""
        return self.architecture.symbols

    def size(self, name: str) -> Size:
        """Find the size that a name means in this model.

        A name is a public one (`H`), that of a field of the model's configuration (`text_config.hidden_size`, or
        `hidden_size` if no other part has one), or a common spelling (`d_model`). The model's own names come first.
        Raises `UnknownName` or `AmbiguousName`.
        """
        return self.architecture.size(self.architecture.named(name))

    def setting(self, name: str) -> Size:
        """Find the size that a name before an equals sign means: as `size`, or a letter such as `h` or `A`.

        Raises `UnknownName` or `AmbiguousName`.
        """
        meant = () if name in map(str, self.symbols) else self.architecture.registered(LETTERS.get(name, ()))
        if len(meant) > 1:
            raise AmbiguousName(name, tuple(meant))
        return self.size(next(iter(meant), name))

    def rules(self, keep: Iterable[Symbol] = ()) -> dict[Symbol, Expr]:
        """Return what a public formula has in place of the symbols of the declaration, closed: substitute it once.

        Derived sizes become their definitions, sizes with a default their values; `keep` leaves symbols as they are.
        """
        unchanged = set(keep)
        derived = self.architecture.closed(frozenset((self.given.keys() | unchanged) & self.architecture.derived))
        values: dict[Symbol, Expr] = {}
        for symbol in self.symbols - unchanged - set(derived):
            default = self.architecture.defaults.get(symbol, BY_SYMBOL[symbol].default)
            if default is not None:
                values[symbol] = atom(self.given.get(symbol, default))
        return {symbol: substitute(value, values) for symbol, value in derived.items()} | values

    def public(self, expression: Expr, keep: Iterable[Symbol] = ()) -> Expr:
        """Return an expression of the declaration in the public symbols, with definitions and defaults substituted."""
        return substitute(expression, self.rules(keep) if keep else self._rules)

    @cached_property
    def _rules(self) -> dict[Symbol, Expr]:
        return self.rules()

    def number(self, expression: Expr) -> Fraction:
        """Return the exact value of an expression of the declaration; raises `MissingSize`."""
        return self.evaluated(self.public(expression))

    def evaluated(self, public: Expr) -> Fraction:
        """Return the exact value of an expression in public symbols; raises `MissingSize`."""
        missing = in_order(free(public) - set(self.given))
        if missing:
            raise self.architecture.without(missing)
        return evaluate(public, self.given)


# The first of several equal architectures.
_FIRST: WeakKeyDictionary[Architecture, ref[Architecture]] = WeakKeyDictionary()


def unique(architecture: Architecture) -> Architecture:
    """Return the first architecture that is equal to this one: caches find it without comparing its tables."""
    return _FIRST.setdefault(architecture, ref(architecture))() or architecture


def _made(make: Callable[..., Architecture], *fields: object) -> Architecture:
    """Return the architecture that `reduced` tells to make, or the equal one that there was before."""
    return unique(make(*fields))


@lru_cache(maxsize=512)
def _closed(definitions: tuple[Definition, ...], independent: frozenset[Symbol]) -> Mapping[Symbol, Expr]:
    """Substitute the definitions into one another, until none has a derived size on its right side."""
    rules: dict[Symbol, Expr] = {}
    for definition in definitions:
        if definition.symbol not in independent:
            rules[definition.symbol] = definition.value
        elif definition.adjusts is not None and definition.inverse is not None:
            rules[definition.adjusts] = definition.inverse
    closed = rules
    for _ in rules:  # as many rounds as a chain of definitions is long
        if not any(free(value) & rules.keys() for value in closed.values()):
            break
        closed = {symbol: substitute(value, rules) for symbol, value in closed.items()}
    return MappingProxyType(closed)


@lru_cache(maxsize=512)
def _inventory(architecture: Architecture, head: str) -> tuple[Tensor, ...]:
    return tensors(architecture.head(head).tree)


def check_value(size: Size, value: object) -> Value:
    """Return the value in the type that the size has; raises `Unreadable`."""
    if size.kind is Kind.SWITCH and isinstance(value, bool):
        return value
    if size.kind is not Kind.SWITCH and isinstance(value, int | Fraction) and not isinstance(value, bool):
        exact = Fraction(value)
        if size.kind is Kind.RATIO and (exact > 0 or exact == size.minimum == 0):
            return exact
        if size.kind is not Kind.RATIO and exact.denominator == 1 and exact >= size.minimum:
            return exact.numerator
    raise Unreadable(size.title, value, size.expected)


def merged(definitions: Iterable[Definition], older: Mapping[Symbol, T], newer: Mapping[Symbol, T]) -> dict[Symbol, T]:
    """Merge sizes: a newer derived size replaces the older size that adjusts to it, and the other way round."""
    sizes = {**older, **newer}
    for definition in definitions:
        if definition.adjusts is not None and (definition.symbol in newer) != (definition.adjusts in newer):
            sizes.pop(definition.adjusts if definition.symbol in newer else definition.symbol, None)
    return sizes


def _settle(architecture: Architecture, given: Mapping[Symbol, Value]) -> Mapping[Symbol, Value]:
    """Replace derived sizes by the sizes that adjust to them, and check both: F = 3072 at H = 768 is ffn_ratio = 4."""
    settled = dict(given)
    for definition in architecture.definitions:
        symbol, adjusts, inverse = definition.symbol, definition.adjusts, definition.inverse
        if symbol not in settled or adjusts is None or inverse is None:
            continue
        known = followed(architecture.definitions, settled, evaluate)
        if free(inverse) <= set(known):
            implied = evaluate(inverse, known)
            if adjusts in settled and settled[adjusts] != implied:
                size = BY_SYMBOL[adjusts]
                raise Conflict(
                    f"{symbol}={settled[symbol]}", f"{adjusts}={settled[adjusts]}", f"{size.name} would be {implied}"
                )
            if BY_SYMBOL[adjusts].kind is not Kind.RATIO and implied.denominator != 1:
                advice = f"pass sizes for which {definition.symbol} divides evenly"
                raise NotAnInteger(str(adjusts), BY_SYMBOL[adjusts].meaning, said(inverse), str(implied), advice)
            settled[adjusts] = check_value(BY_SYMBOL[adjusts], implied)
            del settled[symbol]
    full = followed(architecture.definitions, settled, evaluate)
    for definition in architecture.definitions:
        if free(definition.value) <= set(full):
            value = evaluate(definition.value, full)
            if settled.get(definition.symbol) == value:
                del settled[definition.symbol]
            elif definition.binding and definition.symbol in settled:
                raise Conflict(
                    f"{definition.symbol}={settled[definition.symbol]}",
                    ", ".join(f"{size}={full[size]}" for size in in_order(free(definition.value))),
                    f"{BY_SYMBOL[definition.symbol].name} would be {value}",
                )
            if definition.symbol not in settled and value.denominator != 1:
                size, formula = BY_SYMBOL[definition.symbol], said(definition.value)
                raise NotAnInteger(size.name, size.meaning, formula, str(value), fitting(definition, full))
            if value < 0:
                size, names = BY_SYMBOL[definition.symbol], in_order(free(definition.value))
                said_names = tuple(BY_SYMBOL[symbol].name for symbol in names)
                raise NegativeSize(size.name, size.meaning, said(definition.value), str(value), said_names)
    return MappingProxyType(settled)


def fitting(definition: Definition, sizes: Mapping[Symbol, Value]) -> str:
    """Return what to give so that a derived size is whole: for a head size, itself or the nearest number of heads.

    >>> from bertsym.symbols import H, d, heads
    >>> fitting(Definition(d, H / heads, heads, H / d), {H: 1024, heads: 12})
    'add d=64 or heads=16'
    >>> fitting(Definition(d, H / heads, heads, H / d), {H: 1009, heads: 12})
    'choose H and heads to fit'
    """
    names = " and ".join(sorted(str(symbol) for symbol in free(definition.value)))
    counts = [symbol for symbol in free(definition.value) if BY_SYMBOL[symbol].kind is Kind.HEADS]
    if is_head_size(definition) and len(counts) == 1 and free(definition.value) <= set(sizes):
        (count,) = counts
        number = int(sizes[count])
        width = evaluate(definition.value, sizes) * number
        usual = [width // size for size in USUAL_HEAD_SIZES if width % size == 0]
        near = (number + sign * away for away in range(min(number, MAX_HEADS_TRIED)) for sign in (-1, 1))
        divisor = next((n for n in (*usual, *near) if 1 < n < width and width % n == 0), None)
        if divisor is not None:
            given = f"{definition.symbol}={width // divisor} or " if definition.adjusts is not None else ""
            return f"add {given}{count}={divisor}"
    return f"choose {names} to fit"


def followed(
    definitions: Iterable[Definition], sizes: Mapping[Symbol, T], put_in: Callable[[Expr, Mapping[Symbol, T]], T]
) -> dict[Symbol, T]:
    """Return the sizes with every size that their definitions determine, directly or in a chain.

    `put_in` puts the sizes, which are numbers or expressions, into the value of a definition.
    """
    full = dict(sizes)
    waiting = [definition for definition in definitions if definition.symbol not in full]
    while ready := [definition for definition in waiting if free(definition.value) <= set(full)]:
        full |= {definition.symbol: put_in(definition.value, full) for definition in ready}
        waiting = [definition for definition in waiting if definition not in ready]
    return full
