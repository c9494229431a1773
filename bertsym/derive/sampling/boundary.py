"""Choose samples on both sides of every condition and floor (boundary value analysis, Myers 1979).

A condition that observations show by chance, such as [N != 6], and a floor that is off by one in 64 values, are hardly
ever refuted by other samples. A *boundary* is an expression: either one that is 0 where a relation changes, or a floor,
which changes at each multiple.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import partial
from itertools import chain, islice
from random import Random

import sympy
from sympy import Expr, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson
from bertsym.bisection import find_boundary
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space, Steps
from bertsym.derive.evaluator import Evaluator, Exact
from bertsym.derive.limits import (
    BOUNDARY_STARTS,
    JOINT_SAMPLES_PER_CONDITION,
    MAX_BOUNDARY_DEPTH,
    MAX_BOUNDARY_SAMPLES,
    MAX_BOUNDARY_STEPS,
    MAX_CONDITION_ATTEMPTS,
    MAX_FLOOR_PERIOD,
    MAX_FLOOR_REMAINDER_SEARCH,
    MAX_SWEEPS_PER_BOUNDARY,
    SAMPLES_PER_CONDITION,
    SAMPLES_PER_FLOOR_REMAINDER,
)
from bertsym.derive.sampling.strategies import small_with_outliers
from bertsym.tree import Tensor


def boundary_samples(
    tensors: Iterable[Tensor],
    space: Space,
    symbols: Mapping[str, Symbol],
    random: Random,
    traced: Iterable[Expr] = (),
) -> Iterator[dict[str, int]]:
    """Yield samples on both sides of the boundaries of the formulas, and of the `traced` boundaries of the model code.

    The first samples are near several boundaries at once, for each condition with more than one relation. Then come
    samples near one boundary, from each boundary in turn. At most `MAX_BOUNDARY_SAMPLES` are yielded.
    """
    formulas = tuple(tensors)
    boundaries = sorted({*_boundaries(formulas), *traced}, key=str)
    compound = sorted((group for group in _compound_boundaries(formulas) if len(group) > 1), key=str)
    random.shuffle(boundaries)
    random.shuffle(compound)
    # Relations first: they decide whether tensors exist, and one floor has dozens of samples.
    boundaries.sort(key=lambda boundary: isinstance(boundary, sympy.floor))
    single = _round_robin(_near_boundary(boundary, space, symbols, random) for boundary in boundaries)
    joint = (
        _near_all_boundaries(group, space, symbols, random)
        for group in compound
        for _ in range(JOINT_SAMPLES_PER_CONDITION)
    )
    yield from islice(chain(islice(joint, MAX_BOUNDARY_SAMPLES // 2), single), MAX_BOUNDARY_SAMPLES)


def condition_samples(
    tensors: Iterable[Tensor], space: Space, symbols: Mapping[str, Symbol], random: Random
) -> Iterator[dict[str, int]]:
    """Yield samples at which each condition of the formulas holds.

    Tensors that exist for few sizes are hardly ever observed otherwise. The condition of an Iverson bracket in a
    dimension is made to hold, and not to hold.
    """
    brackets = {bracket for tensor in tensors for dimension in tensor.shape for bracket in dimension.atoms(Iverson)}
    cases = {case for bracket in brackets for case in (bracket.args[0], sympy.Not(bracket.args[0]))}
    conditions = sorted({tensor.when for tensor in tensors} | cases, key=str)
    random.shuffle(conditions)
    for condition in conditions:
        if not condition.atoms(Relational):
            continue
        small_then_uniform = zip(
            small_with_outliers(space, random), iter(partial(space.sample, random), None), strict=False
        )
        samples = islice(chain.from_iterable(small_then_uniform), MAX_CONDITION_ATTEMPTS)
        holding = (steps for steps in samples if _holds(condition, space, symbols, steps))
        yield from islice(holding, SAMPLES_PER_CONDITION)


def _holds(condition: Boolean, space: Space, symbols: Mapping[str, Symbol], steps: Steps) -> bool:
    fields = space.fields(steps)
    with suppress(ArithmeticError, KeyError):  # a number of layers of one kind is no field
        return Evaluator({symbol: fields[name] for name, symbol in symbols.items()}).holds(condition)
    return False


def _boundaries(tensors: Iterable[Tensor]) -> set[Expr]:
    """Return the boundaries of all dimensions, conditions and loops."""
    parts: set[Expr] = set()
    for tensor in tensors:
        parts.update((*tensor.shape, tensor.when, tensor.tied_when))
        parts.update(bound for loop in tensor.loops for bound in loop.bounds)
    relations = {relation.lhs - relation.rhs for part in parts for relation in part.atoms(Relational)}
    return relations | {floor for part in parts for floor in part.atoms(sympy.floor)}


def _compound_boundaries(tensors: Iterable[Tensor]) -> set[tuple[Expr, ...]]:
    """Return the boundaries of the relations of each condition."""
    conditions = {condition for tensor in tensors for condition in (tensor.when, tensor.tied_when)}
    return {
        tuple(sorted((relation.lhs - relation.rhs for relation in condition.atoms(Relational)), key=str))
        for condition in conditions
    }


def _round_robin(sources: Iterable[Iterator[dict[str, int]]]) -> Iterator[dict[str, int]]:
    """Yield from each source in turn until all are exhausted."""
    waiting = list(sources)
    while waiting:
        for source in list(waiting):
            steps = next(source, None)
            if steps is None:
                waiting.remove(source)
            else:
                yield steps


def _near_boundary(
    boundary: Expr, space: Space, symbols: Mapping[str, Symbol], random: Random
) -> Iterator[dict[str, int]]:
    """Yield samples on both sides of a boundary, by moving one field of a few starting samples.

    Near the default, a stride is mostly larger than the size that it divides. Uniform and small starts show the other
    order. Sweeps that meet the boundary exactly come first: they show both sides of a relation equal.
    """
    usual = [
        space.default_steps(),
        *(sample(random) for sample in (space.sample_near_default, space.sample) for _ in range(BOUNDARY_STARTS)),
    ]
    small = [space.sample_with_ties(random) for _ in range(BOUNDARY_STARTS)]
    for starts, max_sweeps in ((usual, MAX_SWEEPS_PER_BOUNDARY), (small, 1)):
        sweeps = (
            AxisSweep(boundary, axis, space, symbols, start)
            for start in starts
            for axis in _sweepable(boundary, space, symbols, random)
        )
        swept = [(any(map(sweep.meets, samples)), samples) for sweep in sweeps if (samples := list(sweep.samples()))]
        exact_first = sorted(swept, key=lambda sweep: not sweep[0])
        yield from (steps for _, samples in exact_first[:max_sweeps] for steps in samples)


def _near_all_boundaries(
    boundaries: Sequence[Expr], space: Space, symbols: Mapping[str, Symbol], random: Random
) -> dict[str, int]:
    """Return a sample near all of these boundaries, as far as possible: one relation may hide the other's effect."""
    steps = space.sample_near_default(random)
    for boundary in random.sample(boundaries, len(boundaries)):
        for axis in _sweepable(boundary, space, symbols, random):
            samples = list(AxisSweep(boundary, axis, space, symbols, steps).samples())
            if samples:
                steps = random.choice(samples)
                break
    return steps


def _sweepable(boundary: Expr, space: Space, symbols: Mapping[str, Symbol], random: Random) -> list[FieldDomain]:
    """Return the fields that the boundary depends on and that can be moved, in random order."""
    movable = (axis for axis in space.axes if not (axis.is_switch or axis.is_determined))
    axes = [axis for axis in movable if symbols.get(axis.name) in boundary.free_symbols]
    return random.sample(axes, len(axes))


class AxisSweep:
    """A line through the space: a starting sample with one field moved, along which a boundary may be crossed."""

    def __init__(
        self, boundary: Expr, axis: FieldDomain, space: Space, symbols: Mapping[str, Symbol], start: dict[str, int]
    ) -> None:
        self.boundary, self.axis, self.start = boundary, axis, start
        self.fields_at = space.line(start, axis.name)
        self.names = {symbol: name for name, symbol in symbols.items() if symbol in boundary.free_symbols}

    def samples(self) -> Iterator[dict[str, int]]:
        """Yield the samples on both sides of the boundary, or none if the line does not cross it."""
        with suppress(ArithmeticError, KeyError):
            if self.axis.is_listed:  # there are few values, so all of them are tried
                yield from ({**self.start, self.axis.name: index} for index in range(len(self.axis.options)))
                return
            counts = self._floor_changes() if isinstance(self.boundary, sympy.floor) else self._sign_change()
            in_range = (count for count in counts if self.axis.min_steps <= count <= self._last)
            yield from ({**self.start, self.axis.name: count} for count in in_range)

    def meets(self, steps: Steps) -> bool:
        """Return True if the sample is on the boundary."""
        with suppress(ArithmeticError, KeyError):
            return self._value(self.boundary, steps[self.axis.name]) == 0
        return False

    def _value(self, expression: Expr, count: int) -> Exact:
        """Return the value of an expression after this number of steps of the field."""
        fields = self.fields_at(count)
        return Evaluator({symbol: fields[name] for symbol, name in self.names.items()}).number(expression)

    def _floor_changes(self) -> Sequence[int]:
        """Return the steps before and after the floor increases, and steps at which its argument is an integer.

        There the model code may compute with floats and round down: int(0.29 * 100) is 28. If the denominator is a
        number, steps whose remainder is the largest are returned too.
        """
        start, argument = self.start[self.axis.name], self.boundary.args[0]
        here, last = self._value(self.boundary, start), min(start + MAX_FLOOR_PERIOD, self._last)
        later = range(start + 1, last + 1)
        change = next(((count - 1, count) for count in later if self._value(self.boundary, count) != here), ())
        denominator = sympy.denom(sympy.together(argument))
        if not change or denominator == 1:
            return change
        integral: list[int] = []
        largest: list[int] = []
        first = self.axis.min_steps
        for count in range(first, min(first + MAX_FLOOR_REMAINDER_SEARCH, self._last) + 1):
            remainder = self._value(argument, count) % 1
            if remainder == 0:
                integral.append(count)
            elif denominator.is_Integer and remainder == 1 - Fraction(1, int(denominator)):
                largest.append(count)
            enough = len(largest) >= SAMPLES_PER_FLOOR_REMAINDER or not denominator.is_Integer
            if len(integral) >= SAMPLES_PER_FLOOR_REMAINDER and enough:
                break
        return (*change, *integral[:SAMPLES_PER_FLOOR_REMAINDER], *largest[:SAMPLES_PER_FLOOR_REMAINDER])

    def _sign_change(self) -> Sequence[int]:
        """Return the steps on both sides of a change of sign, and one step further, by bisection."""
        low, high = self.axis.min_steps, self._last
        at_low, at_high = self._value(self.boundary, low), self._value(self.boundary, high)
        if (at_low < 0) == (at_high < 0):
            # No change of sign; the expression may still be 0 at an end of the line, as N - 1 is at the minimum 1.
            ends = [(count, inwards) for count, inwards, at in ((low, 1, at_low), (high, -1, at_high)) if at == 0]
            return [count for end, inwards in ends for count in (end, end + inwards)]
        falls = at_low > at_high
        below, above = find_boundary(low, high, lambda count: (self._value(self.boundary, count) < 0) != falls)
        return below - 1, below, above, above + 1

    @property
    def _last(self) -> int:
        """The largest number of steps to try; a width may go further than in other samples."""
        if self.axis.is_limited:
            return self.axis.max_steps
        return max(self.axis.max_steps, MAX_BOUNDARY_DEPTH if self.axis.is_depth else MAX_BOUNDARY_STEPS)
