"""Make sizes equal in patterns that cover every pair of sizes.

Model code has tensors that exist only if two sizes differ, such as a projection from E to H. Uniform samples hardly
ever have E = H, so derive would not see the condition. A pattern is a partition of the sizes: those of one group are
made equal. The patterns are a randomised pairwise (covering) design (Cohen et al. 1997, AETG): every two sizes are
equal in many samples, and no two equalities always occur together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from math import lcm
from random import Random

from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space, Steps
from bertsym.derive.limits import EQUALITY_PASSES, EQUALITY_PATTERNS, MAX_EQUAL_SIZE
from bertsym.derive.types import Fields, Number

Group = Sequence[FieldDomain]
Pattern = Sequence[Group]


class EqualitySamples:
    """Samples with equal sizes, in rounds: first new patterns, then the same patterns with all switches inverted.

    A tensor that is missing if two sizes are equal may exist again with a switch on, or with a stride above 1.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self._inverted: list[tuple[Pattern, dict[str, int]]] = []

    def next_round(self, space: Space) -> Iterator[dict[str, int]]:
        """Yield the samples of the next round."""
        inverted, self._inverted = self._inverted, []
        for pattern, switches in inverted:
            yield impose_equalities(space, space.sample_small(self.random) | switches, pattern)
        for pattern in islice(equality_patterns(space, self.random), 0 if inverted else EQUALITY_PATTERNS):
            steps = impose_equalities(space, space.sample(self.random, edge=True), pattern)
            self._inverted.append((pattern, {axis.name: 1 - steps[axis.name] for axis in space.axes if axis.is_switch}))
            yield steps

    def restart(self) -> None:
        """Begin again with new patterns, because the space has changed."""
        self._inverted = []


def equality_patterns(space: Space, random: Random) -> Iterator[Pattern]:
    """Yield patterns without end, or none if there are fewer than two sizes.

    The first pattern is that of the base, because a default is often copied from another size. It includes fields
    without effect, because they may have an effect if a switch is on. Random partitions follow, into two groups, three
    groups and pairs: two sizes are then equal with the probability 1/2, 1/3, or that of one pair among all. Whether two
    other sizes are equal is independent of that, so [E != H] and [N != T] can be told apart.
    """
    sizes = [axis for axis in space.axes if not (axis.is_switch or axis.is_ratio)]
    by_default: dict[Number, list[FieldDomain]] = {}
    for axis in sorted(sizes, key=lambda axis: axis.no_effect):
        by_default.setdefault(axis.base, []).append(axis)
    if len(sizes) < 2:
        return
    yield [group for group in by_default.values() if len(group) > 1]
    while True:
        for group_count in (2, 3):
            random.shuffle(sizes)
            groups: list[list[FieldDomain]] = [[] for _ in range(group_count)]
            for axis in sizes:
                random.choice(groups).append(axis)
            yield [group for group in groups if len(group) > 1]
        random.shuffle(sizes)
        yield list(zip(sizes[::2], sizes[1::2], strict=False))


def impose_equalities(space: Space, steps: Steps, pattern: Pattern) -> dict[str, int]:
    """Return the sample with the sizes of each group equal, as far as their domains allow.

    Sizes that are multiples of others become equal at a common multiple. A size whose domain ends too early for the
    first size of its group is made equal to the other such sizes of the group.
    """
    equal = dict(steps)
    # A group may change the fields on which an earlier group depends, so that one pass is not enough.
    for _ in range(EQUALITY_PASSES):
        for group in pattern:
            waiting = list(group)
            while len(waiting) > 1:
                waiting = _equalise_with_first(space, equal, waiting)
    return equal


def _equalise_with_first(space: Space, steps: dict[str, int], group: Group) -> list[FieldDomain]:
    """Change `steps` so that all sizes that can be equal to the first are; return the others."""
    fields = space.fields(steps)
    first, *rest = group
    equal, unequal = [first], []
    size = fields[first.name]
    stride = first.alignment_stride(fields)
    for axis in rest:
        common = lcm(stride, own) if stride and (own := axis.alignment_stride(fields)) else 0
        candidates = (size, -(-size // common) * common) if common else (size,)
        related = any(axis.name in other.depends_on or other.name in axis.depends_on for other in equal)
        reachable = (
            number for number in candidates if not related and all(_reaches(o, number, fields) for o in [*equal, axis])
        )
        number = next(reachable, None)
        if number is None:
            unequal.append(axis)
        else:
            equal, size, stride = [*equal, axis], number, common
    for axis in equal:
        count = None if axis.is_determined else axis.steps_of({**fields, axis.name: size})
        if count is not None:
            steps[axis.name] = count
    return unequal


def _reaches(axis: FieldDomain, size: Number, fields: Fields) -> bool:
    """Return True if the field can have this size, all other fields being as they are."""
    return fields[axis.name] == size or (size <= MAX_EQUAL_SIZE and axis.reaches(size, fields))
