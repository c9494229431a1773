"""Trials by an adversary: small sizes, all orders of any two of them, and one far from the others.

A formula and the draws that it was fitted to have a source in common; what they both overlook shows at no more draws of
the same kind. A condition of two sizes shows where both are small, a period where the stack is deep and the period is
not, a least width where one size is much larger than all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice, product
from random import Random

from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space

SMALLEST = 3
# Primes: of so many numbers each, every two and every three of the sizes are given all of their combinations.
PAIRED, TRIPLED = 7, 5
FAR = (25, 64, 131, 1024)
DEEPEST = 64


def doubting(space: Space, random: Random, many: int) -> Iterator[dict[str, int]]:
    """Yield so many draws: every choice of the smallest sizes if there are few, then small ones, some with one far.

    All combinations of any two sizes from low on are in `PAIRED` squared draws, of any three in `TRIPLED` cubed ones:
    orthogonal arrays (Bush 1952), by polynomials over a prime field.
    """
    designs = (_combined(space, random, 2, PAIRED), _combined(space, random, 3, TRIPLED), small(space, random))
    yield from islice(chain(_grid(space, random, many // 4), *designs), many)


def _combined(space: Space, random: Random, strength: int, levels: int) -> Iterator[dict[str, int]]:
    """Yield draws in which any so many of the sizes have every combination of the smallest so many values.

    Of more sizes than there are columns two may share one, by chance.
    """
    axes = [axis for axis in space.axes if _movable(axis)]
    columns = list(range(levels))
    random.shuffle(columns)
    at = {axis.name: columns[place % levels] for place, axis in enumerate(random.sample(axes, len(axes)))}
    rows = list(product(range(levels), repeat=strength))
    for coefficients in random.sample(rows, len(rows)):
        drawn = space.sample_with_ties(random)
        for axis in axes:
            above = sum(c * at[axis.name] ** power for power, c in enumerate(coefficients)) % levels
            drawn[axis.name] = axis.min_steps + min(above, axis.value_count - 1)
        yield drawn


def _grid(space: Space, random: Random, most: int) -> Iterator[dict[str, int]]:
    """Yield every choice among the smallest values of each size, or nothing if that is too many."""
    axes = [axis for axis in space.axes if _movable(axis)]
    if SMALLEST ** len(axes) <= most:
        for above in product(range(SMALLEST), repeat=len(axes)):
            least = {
                axis.name: axis.min_steps + min(k, axis.value_count - 1) for axis, k in zip(axes, above, strict=True)
            }
            yield space.sample_with_ties(random) | least


def small(space: Space, random: Random) -> Iterator[dict[str, int]]:
    """Yield small draws without end, and every so often one with one size far from the others."""
    movable = [axis for axis in space.axes if _movable(axis)]
    while True:
        for _ in range(len(FAR)):
            yield space.sample_with_ties(random)
        drawn = space.sample_with_ties(random)
        for axis in random.sample(movable, min(1, len(movable))):
            drawn[axis.name] = max(min(random.choice(FAR), _farthest(axis)), axis.min_steps)
        yield drawn


def _movable(axis: FieldDomain) -> bool:
    return axis.is_stepped


def _farthest(axis: FieldDomain) -> int:
    """Return the most steps to try; those of a rule or of a stack of stacks end where its draws do."""
    if axis.is_limited:
        return axis.max_steps
    return DEEPEST if axis.is_depth else FAR[-1]
