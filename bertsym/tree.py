"""A model as a tree of named parts, and the tree written out: the flat inventory of tensors.

The inventory is the single truth. Every count, table and proof is a filtered sum over it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson
from bertsym.arrangements import arranged
from bertsym.errors import InvalidModel
from bertsym.layers import Leaf, Role, Weight, parameters
from bertsym.values import replace, value


@value
class Block:
    """Named parts side by side; `component` is the paper's name for what they form, inherited downwards."""

    component: str
    parts: tuple[tuple[str, Node], ...]

    def __init__(self, _component: str = "", /, **parts: Node) -> None:
        object.__setattr__(self, "component", _component)
        object.__setattr__(self, "parts", tuple(parts.items()))


@value
class Component:
    """A part with the paper's name for it, if the checkpoint has no block that carries the name."""

    component: str
    part: Node


@value
class Loop:
    """An index that fills one `{}` of a tensor's name: start, start + step, ... below stop; or the `others` there.

    Where some are `listed`, as a configuration lists the layers with global attention, it is those that are below stop,
    each once, whatever their order. Where layers are of several kinds, `listed` has the rank of their arrangement and
    the number of layers of each kind, and the indices are those of the layers of these `kinds`.
    """

    start: Expr
    stop: Expr
    step: Expr = sympy.S.One
    others: bool = False
    listed: tuple[Expr, ...] = ()
    kinds: tuple[int, ...] = ()

    @staticmethod
    def of_kinds(kinds: Iterable[int], order: Expr, counts: Iterable[Expr]) -> Loop:
        """Return the loop over the layers of some kinds; `order` is the rank of the arrangement of all layers."""
        amounts = tuple(counts)
        return Loop(sympy.S.Zero, sympy.Add(*amounts), listed=(order, *amounts), kinds=tuple(kinds))

    @property
    def plain(self) -> bool:
        """Return True if the indices follow one another."""
        return self.step == 1 and not self.others and not self.listed

    @property
    def bounds(self) -> tuple[Expr, ...]:
        """Return the first index, the end, the step, and the indices that are listed."""
        return (self.start, self.stop, self.step, *self.listed)

    def replaced(self, rules: Mapping[Symbol, Symbol]) -> Loop:
        """Return the loop over other symbols."""
        start, stop, step, *listed = (bound.xreplace(rules) for bound in self.bounds)
        return Loop(start, stop, step, self.others, tuple(listed), self.kinds)

    @property
    def times(self) -> Expr:
        """Count the indices.

        >>> start, stop, step = Integer(3), Integer(12), Integer(4)
        >>> Loop(start, stop, step).times, Loop(start, stop, step, others=True).times
        (3, 9)
        >>> Loop(start, Integer(1), others=True).times  # all that there are, for none is left out
        1
        >>> Loop(start, stop, others=True, listed=(Integer(7), Integer(2), Integer(7), Integer(20))).times
        10
        >>> Loop.of_kinds([1], Integer(0), [Integer(5), Integer(7)]).times
        7
        """
        if self.kinds:
            return sympy.Add(*(self.listed[1 + kind] for kind in self.kinds))
        run = self.stop - self.start
        hits = run if self.step == 1 else sympy.floor((run + self.step - 1) / self.step)
        if self.listed:
            hits = sympy.Add(*(self._new(index) for index in range(len(self.listed))))
        elif self.others and not (self.start - self.step + 1).is_nonpositive:
            hits *= Iverson(self.start < self.stop)  # else fewer than none
        return self.stop - hits if self.others else hits

    def _new(self, position: int) -> Expr:
        """Return 1 for a listed index that is below `stop` and was not listed before, else 0."""
        index = self.listed[position]
        unlike = (Iverson(sympy.Ne(index, earlier)) for earlier in self.listed[:position])
        return sympy.Mul(Iverson(index < self.stop), *unlike)

    def indices(self, start: int, stop: int, step: int, *listed: int) -> Iterable[int]:
        """Return the indices at these values of the bounds, in ascending order.

        >>> order, counts = Integer(1), [Integer(1), Integer(2)]  # the layers are of the kinds 1, 0, 1
        >>> list(Loop.of_kinds([1], order, counts).indices(0, 3, 1, 1, 1, 2))
        [0, 2]
        """
        if self.kinds:
            order, *counts = listed
            return (index for index, kind in enumerate(arranged(order, tuple(counts))) if kind in self.kinds)
        hits = sorted({index for index in listed if index < stop}) if self.listed else range(start, stop, step)
        return (index for index in range(stop) if index not in hits) if self.others else hits


def _exact(number: Any) -> Any:
    """Return an integer as sympy's, and anything else as it is: text is no number."""
    return Integer(number) if isinstance(number, int) else number


@value
class Repeat:
    """The part once for each index in start..stop-1: `Repeat(L, layer)` or `Repeat(1, L, layer)`.

    With a `step`, at every so many of them; with `others`, at the indices of 0..stop-1 that this leaves out.
    """

    loop: Loop
    part: Node

    def __init__(self, *range_and_part: Expr | int | Node, step: Expr | int = 1, others: bool = False) -> None:
        *bounds, part = range_and_part
        start, stop = bounds if len(bounds) == 2 else (0, *bounds)
        object.__setattr__(self, "loop", Loop(_exact(start), _exact(stop), _exact(step), others=others))
        object.__setattr__(self, "part", part)


@value
class Reuse:
    """The same part applied `times` times over: the work grows, the parameters do not (ALBERT's shared layer)."""

    times: Expr | int
    part: Node

    def __post_init__(self) -> None:
        """Take an integer too."""
        object.__setattr__(self, "times", _exact(self.times))


@value
class Over:
    """A part that works on `rows` rows of a run instead of on every token: a pooler works on one row a sequence."""

    rows: Expr | int
    part: Node

    def __post_init__(self) -> None:
        """Take an integer too."""
        object.__setattr__(self, "rows", _exact(self.rows))


@value
class Stack:
    """Parts laid over one another under one name: all layers have this, all but the first have that too."""

    parts: tuple[Node, ...]

    def __init__(self, *parts: Node) -> None:
        object.__setattr__(self, "parts", parts)


@value
class When:
    """A part that exists only if a condition over sizes and switches holds."""

    condition: Boolean
    part: Node


@value
class Tied:
    """A part of which some tensors are identical with tensors elsewhere, if a condition holds.

    `Tied(Linear(H, V), when=tied, weight="embeddings.word_embeddings.weight")`
    """

    part: Node
    condition: Boolean
    targets: tuple[tuple[str, str], ...]

    def __init__(self, part: Node, *, when: Boolean = sympy.true, **targets: str) -> None:
        object.__setattr__(self, "part", part)
        object.__setattr__(self, "condition", when)
        object.__setattr__(self, "targets", tuple(targets.items()))


@value
class Routed:
    """A part that is, or lies in, one of `among` experts, of which a router chooses `chosen` for each token.

    `chosen` is None if the number is not known.
    """

    chosen: Expr | int | None
    among: Expr | int
    part: Node

    def __post_init__(self) -> None:
        """Take integers for numbers of experts too."""
        object.__setattr__(self, "chosen", _exact(self.chosen))
        object.__setattr__(self, "among", _exact(self.among))


@value
class Routing:
    """The number of experts that work on a token, among how many; `chosen` is None if it is not known."""

    chosen: Expr | None
    among: Expr

    @property
    def sides(self) -> tuple[Expr, ...]:
        """Return both numbers, or the one that is known."""
        return (self.among,) if self.chosen is None else (self.chosen, self.among)

    def with_sizes(self, rules: Mapping[Expr, Expr]) -> Routing:
        """Return the routing with other sizes in place of some."""
        chosen = None if self.chosen is None else self.chosen.xreplace(rules)
        return Routing(chosen, self.among.xreplace(rules))


@value
class Tensor:
    """One entry of the inventory: a named array of parameters, or one per round of its loops.

    `name` has a `{}` for each loop, outermost first. `reuse` is how often the layer that owns it is applied. `tied_to`
    names the tensor that it is identical with if `tied_when` holds. `routing` says that the loops or the shape run over
    experts, and that a token meets only some of them. `rows` is how many rows of a run its layer works on, None for one
    a token.
    """

    name: str
    shape: tuple[Expr, ...]
    role: Role
    meaning: str
    component: str = ""
    loops: tuple[Loop, ...] = ()
    reuse: Expr = sympy.S.One
    when: Boolean = sympy.true
    tied_to: str | None = None
    tied_when: Boolean = sympy.true
    routing: Routing | None = None
    rows: Expr | None = None

    @property
    def module(self) -> str:
        """Return the checkpoint's name of its layer: `q_proj` of `layers.{}.self_attn.q_proj.weight`."""
        return self.name.rpartition(".")[0].rpartition(".")[2]

    @property
    def owner(self) -> str:
        """Return the checkpoint's full name of its layer: `layers.*.self_attn.q_proj`; itself if no layer has it."""
        return (self.name.rpartition(".")[0] or self.name).replace("{}", "*")

    @property
    def numel(self) -> Expr:
        """Return the number of entries of one array: the product of its shape."""
        return sympy.prod(self.shape, sympy.S.One)

    @property
    def times(self) -> Expr:
        """Return the number of such arrays in the model: the product of its loops, 0 if its condition fails."""
        return sympy.prod([loop.times for loop in self.loops]) * Iverson(self.when)

    @property
    def own(self) -> Expr:
        """Return 1 if these parameters are the tensor's own, 0 if they are another tensor's."""
        return Integer(1) if self.tied_to is None else Iverson(sympy.Not(self.tied_when))

    def runs_over(self, number: Expr) -> bool:
        """Return True if a loop or a dimension runs over that number, or over a multiple of it.

        >>> from bertsym.symbols import F, H, L
        >>> [Tensor("up", (2 * F, H), Role.MATRIX, "").runs_over(number) for number in (F, H, L)]
        [True, True, False]
        """
        numbers = (*self.shape, *(loop.times for loop in self.loops))
        if number.is_Integer:
            return bool(number > 0) and any(n.is_Integer and n % number == 0 for n in numbers)
        return any(number in sympy.Mul.make_args(n) for n in numbers)

    @property
    def active(self) -> Expr:
        """Return the share of these parameters that works on one token; raise `TypeError` if it is not known."""
        return Integer(1) if self.routing is None else self.routing.chosen / self.routing.among


@value
class Listed:
    """An inventory that was found written out, as that of a derived model."""

    tensors: tuple[Tensor, ...]


class Unlisted(Exception):  # no error of a user: whoever asks for the entries says what is unknown
    """A request for other entries than the parameters of a tree that lists its parameters only."""


Node = Block | Component | Repeat | Reuse | Over | Stack | When | Tied | Routed | Listed | Leaf
Entries = Callable[[Leaf], tuple[Weight, ...]]


def tensors(node: Node) -> tuple[Tensor, ...]:
    """Write a tree out as its tensors, in the order of the declaration, names joined with dots."""
    return inventory(node, parameters)


@cache
def inventory(node: Node, entries: Entries) -> tuple[Tensor, ...]:
    """Write a tree out as the entries of its leaves, in the order of the declaration, names joined with dots."""
    return tuple(_walk(node, entries))


def _walk(node: Node, entries: Entries) -> Iterable[Tensor]:
    match node:
        case Block(component=component, parts=parts):
            return (_inside(name, component, tensor) for name, part in parts for tensor in inventory(part, entries))
        case Stack(parts=parts):
            return (tensor for part in parts for tensor in inventory(part, entries))
        case Tied(part=part, condition=condition, targets=targets):
            return _tie(part, inventory(part, entries), condition, dict(targets))
        case Listed(tensors=listed):
            if entries is not parameters:
                raise Unlisted
            return listed
        case Component() | Repeat() | Reuse() | Over() | When() | Routed():
            return (_marked(node, tensor) for tensor in inventory(node.part, entries))
    return (Tensor(w.name, w.shape, w.role, w.meaning, when=w.when) for w in entries(node))


def _marked(node: Component | Repeat | Reuse | Over | When | Routed, tensor: Tensor) -> Tensor:
    """Return an entry of a node's one part with what the node says of it."""
    match node:
        case Component(component=component):
            return replace(tensor, component=tensor.component or component)
        case Repeat(loop=loop):
            return replace(_inside("{}", "", tensor), loops=(loop, *tensor.loops))
        case Reuse(times=times):
            return replace(tensor, reuse=tensor.reuse * times)
        case Over(rows=rows):
            return replace(tensor, rows=rows if tensor.rows is None else tensor.rows)
        case When(condition=condition):
            return replace(tensor, when=sympy.And(condition, tensor.when))
        case Routed(chosen=chosen, among=among):
            return replace(tensor, routing=Routing(chosen, among))


def _inside(name: str, component: str, tensor: Tensor) -> Tensor:
    joined = f"{name}.{tensor.name}" if tensor.name else name
    return replace(tensor, name=joined, component=tensor.component or component)


def _tie(part: Node, entries: tuple[Tensor, ...], condition: Boolean, targets: dict[str, str]) -> Iterator[Tensor]:
    unknown = set(targets) - {tensor.name for tensor in tensors(part)}
    if unknown:
        raise InvalidModel("?", f"nothing to tie: no tensor named {', '.join(sorted(unknown))}")
    for tensor in entries:
        target = targets.get(tensor.name)
        yield replace(tensor, tied_to=target, tied_when=condition) if target else tensor
