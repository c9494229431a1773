"""Ways to choose samples that do not look at any build: pure functions of a space and a random generator.

A formula and the samples that it was fitted to have a common source, so what both overlook shows in no further samples
of the same kind. These strategies show what uniform samples hide:

- a comparison of two sizes shows if both are small, because then they are often equal and in either order;
- a period over layers shows if the stack is deep and the period is not;
- a least width shows if one size is much larger than all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice, product
from random import Random

from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space
from bertsym.derive.limits import (
    EXHAUSTIVE_VALUES,
    MAX_OUTLIER_DEPTH,
    OUTLIER_STEPS,
    PAIRWISE_LEVELS,
    SMALL_SAMPLES,
    THREEWISE_LEVELS,
)


def small_and_near_default(space: Space, random: Random) -> Iterator[dict[str, int]]:
    """Yield samples with all widths small, then samples near the defaults."""
    for strategy in (space.sample_small, space.sample_near_default):
        for _ in range(SMALL_SAMPLES):
            yield strategy(random)


def below_default(space: Space, random: Random, defaults: Mapping[str, int], max_distance: int) -> dict[str, int]:
    """Return numbers of steps at these defaults or up to `max_distance` below, for fields sampled far from them.

    A stack of 48 layers is sampled with at most 6 layers otherwise, and may follow a rule that only deep stacks show.
    """
    minimum = {axis.name: axis.min_steps for axis in space.axes}
    return {name: max(steps - random.randint(0, max_distance), minimum[name]) for name, steps in defaults.items()}


def adversarial(space: Space, random: Random, count: int) -> Iterator[dict[str, int]]:
    """Yield `count` samples: a full factorial design if it is small, then orthogonal arrays, then small sizes.

    The orthogonal arrays hold all combinations of the `PAIRWISE_LEVELS` smallest values of any two sizes, and of the
    `THREEWISE_LEVELS` smallest values of any three.
    """
    designs = (
        orthogonal_array(space, random, 2, PAIRWISE_LEVELS),
        orthogonal_array(space, random, 3, THREEWISE_LEVELS),
        small_with_outliers(space, random),
    )
    yield from islice(chain(full_factorial(space, random, count // 4), *designs), count)


def orthogonal_array(space: Space, random: Random, strength: int, levels: int) -> Iterator[dict[str, int]]:
    """Yield samples in which any `strength` sizes take all combinations of their `levels` smallest values.

    The rows are the polynomials of a degree below `strength` over the field of integers modulo `levels`, which must be
    prime; the value of a row at a column's point is the level there (Bush 1952). There are `levels` columns. If there
    are more sizes than columns, sizes share columns at random. Sizes with listed values stay random.
    """
    sizes = [axis for axis in space.axes if axis.is_stepped]
    points = list(range(levels))
    random.shuffle(points)
    column = {axis.name: points[index % levels] for index, axis in enumerate(random.sample(sizes, len(sizes)))}
    polynomials = list(product(range(levels), repeat=strength))
    for coefficients in random.sample(polynomials, len(polynomials)):
        steps = space.sample_with_ties(random)
        for axis in sizes:
            level = sum(c * column[axis.name] ** power for power, c in enumerate(coefficients)) % levels
            steps[axis.name] = axis.min_steps + min(level, axis.value_count - 1)
        yield steps


def full_factorial(space: Space, random: Random, max_samples: int) -> Iterator[dict[str, int]]:
    """Yield all combinations of the smallest values of every size, or nothing if there are more than `max_samples`."""
    sizes = [axis for axis in space.axes if axis.is_stepped]
    if EXHAUSTIVE_VALUES ** len(sizes) <= max_samples:
        for levels in product(range(EXHAUSTIVE_VALUES), repeat=len(sizes)):
            smallest = {
                axis.name: axis.min_steps + min(level, axis.value_count - 1)
                for axis, level in zip(sizes, levels, strict=True)
            }
            yield space.sample_with_ties(random) | smallest


def small_with_outliers(space: Space, random: Random) -> Iterator[dict[str, int]]:
    """Yield samples from small pools of numbers without end; in every fifth, one size is far from the others."""
    sizes = [axis for axis in space.axes if axis.is_stepped]
    while True:
        for _ in range(len(OUTLIER_STEPS)):
            yield space.sample_with_ties(random)
        steps = space.sample_with_ties(random)
        for axis in random.sample(sizes, min(1, len(sizes))):
            steps[axis.name] = max(min(random.choice(OUTLIER_STEPS), _max_outlier(axis)), axis.min_steps)
        yield steps


def _max_outlier(axis: FieldDomain) -> int:
    """Return the most steps of an outlier: a constraint or a divisor limits it, and layers take time to build."""
    if axis.is_limited:
        return axis.max_steps
    return MAX_OUTLIER_DEPTH if axis.is_depth else OUTLIER_STEPS[-1]
