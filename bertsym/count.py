"""Counts: totals and breakdowns of a model under a convention, as sums over the inventory."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from itertools import product

import sympy
from sympy import Expr, Integer, Symbol

from bertsym import stretches
from bertsym.algebra import evaluate, expand, free, substitute
from bertsym.convention import EXACT, Convention
from bertsym.errors import TooLarge, member
from bertsym.existence import check_routing, check_shapes
from bertsym.model import Architecture, Model
from bertsym.stretches import Span
from bertsym.tree import Loop, Tensor
from bertsym.values import replace, value

# The tensors that are written out one by one, at sizes such as L=1000000000.
MAX_WRITTEN_TENSORS = 200_000

_INDEX = re.compile(r"\{\}|(?<![0-9])[0-9]+(?=\.|$)")


class By(Enum):
    """The ways to break a total down."""

    COMPONENT = "component"
    ROLE = "role"
    LAYER = "layer"
    MODULE = "module"

    @classmethod
    def named(cls, name: str) -> By:
        """Return the member of that name; raise `UnknownName`."""
        return member(cls, "way to break down", name)


@value
class Part:
    """A named part of a total, in public symbols, with its number if every size is known."""

    name: str
    expression: Expr
    count: int | None


def weight(tensor: Tensor, convention: Convention) -> Expr:
    """Return what one entry of the inventory adds to a count, in the symbols of the declaration."""
    return tensor.times * _weight_of_one(tensor, convention)


def _weight_of_one(tensor: Tensor, convention: Convention) -> Expr:
    """Weigh an entry in one round of its loops, given that its condition holds."""
    if not convention.counts(tensor):
        return Integer(0)
    own = tensor.own if convention.ties_once else Integer(1)
    return own * tensor.numel * convention.times(tensor)


def raw(tensors: Iterable[Tensor], convention: Convention) -> Expr:
    """Sum tensors in the symbols of the declaration."""
    return sympy.Add(*(weight(tensor, convention) for tensor in tensors))


@value
class CountableModel:
    """A model that has been checked under a convention: there is such a model, and its active experts are known.

    `countable` makes one, and with it every count of one answer.
    """

    model: Model
    convention: Convention

    def total(self, keep: Iterable[Symbol] = ()) -> Expr:
        """Return the formula in public symbols, expanded; `keep` leaves derived sizes and defaults as symbols."""
        model = self.model
        return _total(model.architecture, model.head, self.convention, frozenset(model.rules(keep).items()))

    def count(self) -> int:
        """Return the exact number; raises `MissingSize` while a size that it depends on is unknown."""
        model = self.model
        rules = frozenset(model.rules().items())
        return _whole(model.evaluated(_public(model.architecture, model.head, self.convention, rules)))

    def number(self, expression: Expr) -> int | None:
        """Return the number of a public expression, or None while a size is unknown."""
        return count_or_none(self.model, expression)

    def breakdown(self, by: By = By.COMPONENT, keep: Iterable[Symbol] = ()) -> tuple[Part, ...]:
        """Return the total by component, role, layer or module, without empty rows; the rows sum to the total."""
        model = self.model
        rules = frozenset(model.rules(keep).items())
        if by is By.LAYER:
            groups = _grouped(model, self.convention, by, rules)
        else:
            groups = _grouped_alike(model.architecture, model.head, self.convention, by, rules)
        return tuple(Part(label, amount, self.number(amount)) for label, amount in groups)


def countable(model: Model, convention: Convention = EXACT) -> CountableModel:
    """Check a model and return it; raises `NoShape`, `NotKnown`, `UnknownRouting` or `Conflict`."""
    check_routing(model, convention)
    check_shapes(model)
    return CountableModel(model, convention)


def total(model: Model, convention: Convention = EXACT, keep: Iterable[Symbol] = ()) -> Expr:
    """Return the formula of a model in public symbols, expanded; raises what `countable` raises.

    >>> from bertsym.zoo import named
    >>> total(named("bert-base-uncased")).free_symbols == total(named("bert")).free_symbols
    True
    """
    return countable(model, convention).total(keep)


def count(model: Model, convention: Convention = EXACT) -> int:
    """Return the exact number of a model; raises `MissingSize` and what `countable` raises.

    >>> from bertsym.zoo import named
    >>> count(named("bert-base-uncased"))
    109482240
    """
    return countable(model, convention).count()


def breakdown(
    model: Model, convention: Convention = EXACT, by: By = By.COMPONENT, keep: Iterable[Symbol] = ()
) -> tuple[Part, ...]:
    """Return the total of a model in parts; raises what `countable` raises."""
    return countable(model, convention).breakdown(by, keep)


@lru_cache(maxsize=512)
def _total(
    architecture: Architecture, head: str, convention: Convention, rules: frozenset[tuple[Symbol, Expr]]
) -> Expr:
    """Expand the total in public symbols; its cache serves models that differ in other sizes."""
    return expand(_public(architecture, head, convention, rules))


@lru_cache(maxsize=512)
def _public(
    architecture: Architecture, head: str, convention: Convention, rules: frozenset[tuple[Symbol, Expr]]
) -> Expr:
    """Sum the total in public symbols, not expanded."""
    return substitute(declared(architecture, head, convention), dict(rules))


@lru_cache(maxsize=512)
def declared(architecture: Architecture, head: str, convention: Convention) -> Expr:
    """Sum the total in the symbols of the declaration, which is the same at all sizes."""
    return raw(Model(architecture, head).tensors, convention)


def count_or_none(model: Model, expression: Expr) -> int | None:
    """Return the number of a public expression, or None while a size is unknown."""
    if not free(expression) <= set(model.given):
        return None
    return _whole(evaluate(expression, model.given))


def _whole(value: Fraction) -> int:
    if value.denominator != 1:
        raise AssertionError(f"a count of {value}: the inventory is inconsistent")
    return value.numerator


@lru_cache(maxsize=512)
def _grouped_alike(
    architecture: Architecture, head: str, convention: Convention, by: By, rules: frozenset[tuple[Symbol, Expr]]
) -> tuple[tuple[str, Expr], ...]:
    """Return the parts of a total that do not depend on the sizes, unlike stretches of layers."""
    return _grouped(Model(architecture, head), convention, by, rules)


def _grouped(
    model: Model, convention: Convention, by: By, rules: frozenset[tuple[Symbol, Expr]]
) -> tuple[tuple[str, Expr], ...]:
    groups: dict[str, list[Expr]] = {}
    for label, amount in _by_layer(model, convention) if by is By.LAYER else _labelled(model, convention, by):
        groups.setdefault(label, []).append(amount)
    put_in = dict(rules)
    sums = ((label, expand(substitute(sympy.Add(*amounts), put_in))) for label, amounts in groups.items())
    return tuple((label, amount) for label, amount in sums if amount != 0)


def _labelled(model: Model, convention: Convention, by: By) -> Iterator[tuple[str, Expr]]:
    for tensor in model.tensors:
        yield _label(tensor, by), weight(tensor, convention)


def _label(tensor: Tensor, by: By) -> str:
    match by:
        case By.ROLE:
            return tensor.role.value
        case By.MODULE:
            return tensor.owner
    return tensor.component


def _by_layer(model: Model, convention: Convention) -> Iterator[tuple[str, Expr]]:
    """Divide every stack into stretches of layers that are alike; the tensors outside stacks go by component.

    A stack that leaves layers out, or whose bounds have no proved order, is one row.
    """
    begins = {tensor.name.partition("{}")[0] for tensor in model.tensors if tensor.loops}
    homes = [(tensor, _home(tensor, begins)) for tensor in model.tensors]
    stacks: dict[str, list[tuple[Tensor, Loop]]] = {}
    for tensor, home in homes:
        if home is not None:
            stacks.setdefault(home[0], []).append((tensor, home[1]))
    for tensor, home in homes:
        if home is None:
            yield tensor.component, weight(tensor, convention)
        elif home[0] in stacks:
            yield from _stretches(model, convention, home[0].rstrip("."), stacks.pop(home[0]))


def _home(tensor: Tensor, begins: Container[str]) -> tuple[str, Loop] | None:
    """Find the outermost stack of a tensor, and its layers: `layers.0.w` is in layer 0 if there is `layers.{}.v`."""
    for index in _INDEX.finditer(tensor.name):
        begin = tensor.name[: index.start()]
        if begin in begins and index.group() == "{}":
            return begin, tensor.loops[0]
        if begin in begins:
            return begin, Loop(Integer(index.group()), Integer(index.group()) + 1)
    return None


def _stretches(
    model: Model, convention: Convention, stack: str, entries: list[tuple[Tensor, Loop]]
) -> Iterator[tuple[str, Expr]]:
    rows = None
    if all(loop.plain for _, loop in entries):
        rows = stretches.rows(model, [_span(tensor, loop, convention) for tensor, loop in entries])
    if rows is None:
        rows = [("", weight(tensor, convention)) for tensor, _ in entries]
    yield from ((f"{stack} {label}".strip() or "all layers", amount) for label, amount in rows)


def _span(tensor: Tensor, loop: Loop, convention: Convention) -> Span:
    inner = replace(tensor, loops=tensor.loops[1:]) if tensor.loops and tensor.loops[0] is loop else tensor
    each = inner.times * _weight_of_one(tensor, convention)
    return Span(loop.start, loop.stop, each, tensor.when, tensor.reuse)


def written_out(model: Model) -> Iterator[tuple[str, tuple[int, ...], Tensor]]:
    """Yield every real tensor of a model whose sizes are known: full name, shape, inventory entry.

    Raises `MissingSize`, and `TooLarge` beyond 200,000 tensors.
    """
    check_shapes(model)
    entries = []
    for tensor in model.tensors:
        times = _whole(model.number(tensor.times))
        if times:
            entries.append((tensor, times))
    size = sum(times for _, times in entries)
    if size > MAX_WRITTEN_TENSORS:
        raise TooLarge("the inventory", size, MAX_WRITTEN_TENSORS)
    present = [tensor for tensor, _ in entries]
    shapes = [tuple(_whole(model.number(side)) for side in tensor.shape) for tensor in present]
    for (*_, index), tensor, indices in sorted(_placed(model, present), key=lambda entry: entry[0]):
        yield tensor.name.format(*indices), shapes[index], tensor


def _placed(model: Model, entries: list[Tensor]) -> Iterator[tuple[tuple[int, ...], Tensor, tuple[int, ...]]]:
    """Yield every tensor with its sort key in the framework's order: by layer, then as declared."""
    first: dict[str, int] = {}
    for position, tensor in enumerate(entries):
        pieces = tensor.name.split("{}")
        stacks = ["{}".join(pieces[: depth + 1]) for depth in range(len(tensor.loops))]
        for stack in stacks:
            first.setdefault(stack, position)
        for indices in _indices(model, tensor.loops):
            path = (step for stack, index in zip(stacks, indices, strict=True) for step in (first[stack], index))
            yield (*path, position), tensor, indices


def _indices(model: Model, loops: tuple[Loop, ...]) -> Iterator[tuple[int, ...]]:
    ranges = (loop.indices(*(_whole(model.number(bound)) for bound in loop.bounds)) for loop in loops)
    return product(*ranges)
