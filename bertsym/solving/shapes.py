"""The shapes of published models: the depth for a width, the size of a head, and the width of the feed-forward net.

Many configurations have nearly the same count, and most of them are shapes that nobody builds, such as 92 layers of 128
features. Tiers of shapes put these last. `--like` accepts only the shapes of a family or of one published model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from sympy import Symbol

from bertsym.errors import Conflict
from bertsym.expressions.tree import Node, Op, constant, size
from bertsym.model import Model
from bertsym.solving.constraints import Constraint, compare
from bertsym.symbols import F, H, L, d, heads
from bertsym.values import value


@value
class Shapes:
    """Bounds of H/L, of the head size and its divisor, and of F/H."""

    aspect: tuple[Fraction, Fraction]
    head: tuple[int, int, int]
    ratio: tuple[Fraction, Fraction]


def _shapes(aspect: tuple[int, int], head: tuple[int, int, int], ratio: tuple[str, str]) -> Shapes:
    low, high = aspect
    return Shapes((Fraction(low), Fraction(high)), head, (Fraction(ratio[0]), Fraction(ratio[1])))


# From the models of `names/published.txt`: each of the bounds of USUAL holds for at least four fifths of them, each of
# PUBLISHED for nineteen twentieths. A test compares.
USUAL = _shapes((32, 136), (64, 128, 16), ("5/2", "11/2"))
PUBLISHED = _shapes((16, 208), (32, 256, 8), ("3/2", "8"))
# A depth that lies within a third of that of a single model has its aspect.
NEARLY = Fraction(4, 3)


def tiers(model: Model) -> list[tuple[Constraint, ...]]:
    """Return the conditions of each tier of shapes for a model, the usual shapes first."""
    return [tuple(_conditions(model, shapes)) for shapes in (USUAL, PUBLISHED)]


def _conditions(model: Model, shapes: Shapes) -> Iterator[Constraint]:
    if {H, L} <= model.symbols:
        yield from _between(size(H), shapes.aspect, size(L), "H/L")
    low, high, divisor = shapes.head
    head = _head_size(model)
    if head is not None:
        yield from _between(head, (Fraction(low), Fraction(high)), constant(1), "the head size")
        whole = compare(Node(Op.REMAINDER, (head, constant(divisor))), Op.EQUAL, constant(0))
        yield Constraint(f"the head size is a multiple of {divisor}", (whole,))
    if {F, H} <= model.symbols:
        yield from _between(size(F), shapes.ratio, size(H), "F/H")


def _between(top: Node, ends: tuple[Fraction, Fraction], bottom: Node, name: str) -> Iterator[Constraint]:
    low, high = (Node(Op.MULTIPLY, (constant(end), bottom)) for end in ends)
    parts = (compare(low, Op.AT_MOST, top), compare(top, Op.AT_MOST, high))
    yield Constraint(f"{ends[0]} <= {name} <= {ends[1]}", parts)


def _head_size(model: Model) -> Node | None:
    """Return the size of a head as a tree; None for a model without one."""
    if d in model.symbols:
        return size(d)
    return Node(Op.DIVIDE, (size(H), size(heads))) if {H, heads} <= model.symbols else None


def like(model: Model, name: str, examples: Iterable[Model]) -> tuple[Constraint, ...]:
    """Return the conditions for the shape of a published model, or of those of a family, that has this name.

    Raises `Conflict` for a model to which none of the conditions applies.
    """
    shapes = [_shape(example) for example in examples]
    head = _head_size(model)
    conditions: list[Constraint] = []
    if {H, L} <= model.symbols and (aspects := _all(shapes, (H, L))):
        ends = (min(aspects), max(aspects))
        if len(shapes) == 1:
            ends = (ends[0] / NEARLY, ends[1] * NEARLY)
        conditions += _between(size(H), ends, size(L), "H/L")
    if head is not None and (sizes := {number for shape in shapes if (number := shape.get(d)) is not None}):
        parts = [compare(head, Op.EQUAL, constant(number)) for number in sorted(sizes)]
        part = parts[0] if len(parts) == 1 else Node(Op.OR, tuple(parts))
        conditions.append(Constraint(f"the head size is {' or '.join(map(str, sorted(sizes)))}", (part,)))
    if {F, H} <= model.symbols and (ratios := _all(shapes, (F, H))):
        conditions += _ratio(min(ratios), max(ratios))
    if not conditions:
        raise Conflict(f"--like {name}", model.name, "it has no aspect, head size or feed-forward width in common")
    return tuple(Constraint(f"{condition.text}, like {name}", condition.parts) for condition in conditions)


def _ratio(low: Fraction, high: Fraction) -> Iterator[Constraint]:
    if low != high:
        yield from _between(size(F), (low, high), size(H), "F/H")
        return
    wide = Node(Op.MULTIPLY, (constant(low), size(H)))
    yield Constraint(f"F/H is {low}", (compare(size(F), Op.EQUAL, wide),))


def _shape(example: Model) -> dict[Symbol, Fraction]:
    """Return the sizes of a published model that make its shape."""
    shape: dict[Symbol, Fraction] = {}
    for symbol in (H, L, F):
        if symbol in example.symbols:
            shape[symbol] = example.number(symbol)
    if d in example.symbols:
        shape[d] = example.number(d)
    elif {H, heads} <= example.symbols:
        shape[d] = example.number(H / heads)
    return shape


def _all(shapes: Iterable[dict[Symbol, Fraction]], pair: tuple[Symbol, Symbol]) -> list[Fraction]:
    return [shape[pair[0]] / shape[pair[1]] for shape in shapes if pair[0] in shape and pair[1] in shape]
