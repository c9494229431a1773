"""Sizes made equal in a draw: what is there only where E differs from H shows at no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import lcm
from random import Random

from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space, Steps
from bertsym.derive.types import Fields, Number

PASSES = 2
LARGEST = 20_000

Group = Sequence[FieldDomain]


def coinciding(space: Space, steps: Steps, groups: Sequence[Group]) -> dict[str, int]:
    """The draw with the sizes of each group as large as one another, as far as they can be.

    A size that must be a multiple of others is met at a multiple of both; one that must be small is left to be equal to
    others that must.
    """
    drawn = dict(steps)
    for _ in range(PASSES):  # a group may move what the sizes of one before it are multiples of
        for group in groups:
            waiting = list(group)
            while len(waiting) > 1:
                waiting = _met(space, drawn, waiting)
    return drawn


def groupings(space: Space, random: Random) -> Iterator[list[Group]]:
    """Ways to part the sizes into groups, without end; none where there are no two sizes.

    First those that are equal in the base, for a default is often another size, also what has no effect there: it may
    have one with a switch on. Then at random into two groups, into three, or into pairs: two sizes are equal with a
    probability of a half, a third, or that of one pair among all, and whether two others are says nothing of it: so
    [E != H] and [N != T] are told apart.
    """
    sizes = [axis for axis in space.axes if not (axis.is_switch or axis.is_ratio)]
    alike: dict[Number, list[FieldDomain]] = {}
    for axis in sorted(sizes, key=lambda axis: axis.no_effect):
        alike.setdefault(axis.base, []).append(axis)
    if len(sizes) < 2:
        return
    yield [group for group in alike.values() if len(group) > 1]
    while True:
        for many in (2, 3):
            random.shuffle(sizes)
            parts: list[list[FieldDomain]] = [[] for _ in range(many)]
            for axis in sizes:
                random.choice(parts).append(axis)
            yield [part for part in parts if len(part) > 1]
        random.shuffle(sizes)
        yield list(zip(sizes[::2], sizes[1::2], strict=False))


def _met(space: Space, drawn: dict[str, int], group: Group) -> list[FieldDomain]:
    """Make all that can be as large as the first so; those that cannot are given back."""
    fields = space.fields(drawn)
    first, *others = group
    met, left = [first], []
    size = fields[first.name]
    stride = first.alignment_stride(fields)
    for axis in others:
        both = lcm(stride, own) if stride and (own := axis.alignment_stride(fields)) else 0
        wanted = (size, -(-size // both) * both) if both else (size,)
        together = [*met, axis]
        related = any(axis.name in one.depends_on or one.name in axis.depends_on for one in met)
        found = next((n for n in wanted if not related and all(_reaches(one, n, fields) for one in together)), None)
        if found is None:
            left.append(axis)
        else:
            met, size, stride = together, found, both
    for axis in met:
        steps = None if axis.is_determined else axis.steps_of({**fields, axis.name: size})
        if steps is not None:
            drawn[axis.name] = steps
    return left


def _reaches(axis: FieldDomain, size: Number, fields: Fields) -> bool:
    """Whether the size can be so large, its leaders being as they are."""
    return fields[axis.name] == size or (size <= LARGEST and axis.reaches(size, fields))
