"""The space of valid configurations: the domain of each field, the fixed fields, and ways to sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from random import Random

from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.limits import (
    EDGE_MINIMUM_OR_DEFAULT_SHARE,
    EDGE_MINIMUM_SHARE,
    EXTENDED_DEPTH_VALUES,
    MAX_EXTENDED_DEPTHS,
    NEAR_DEFAULT_SHARE,
    POOL_MAXIMA,
    SMALL_STEPS,
)
from bertsym.derive.types import Fields, Number
from bertsym.values import replace, value

Steps = Mapping[str, int]


class FixedBy(Enum):
    """The reason why a field is fixed, by the part of a saved model that keeps the field."""

    DERIVATION = "fixed_by_derivation"  # derive found no other valid value, so the formula holds at this value only
    CODE = "fixed_by_code"  # the model code accepts no other value
    NO_EFFECT = "no_effect"  # the inventory is the same at other values


@value
class FixedField:
    """A field that stays at its base value; `why` is for readers, `fixed_by` for programs."""

    name: str
    why: str
    fixed_by: FixedBy = FixedBy.DERIVATION


@value
class Space:
    """The domains of the fields (`axes`), and the fixed fields, around the valid configuration `base`.

    Each domain stands after those of the fields that it depends on, so that values can be computed in this order.
    """

    base: Fields
    axes: tuple[FieldDomain, ...]
    fixed: tuple[FixedField, ...]

    def axis(self, name: str) -> FieldDomain | None:
        """Return the domain of a field, None if the field is fixed."""
        return next((axis for axis in self.axes if axis.name == name), None)

    @property
    def fields_without_effect(self) -> tuple[str, ...]:
        """Return the fields that changed nothing when changed alone; samples vary them all the same."""
        return tuple(axis.name for axis in self.axes if axis.no_effect)

    def with_fixed(self, values: Fields) -> Space:
        """Return the space with these fields fixed at these values."""
        axes = tuple(axis for axis in self.axes if axis.name not in values)
        why = "left as it is, for no formula was found with others"
        fixed = (FixedField(axis.name, why) for axis in self.axes if axis.name in values)
        return Space({**self.base, **values}, axes, (*self.fixed, *fixed)).propagate_fixed()

    def propagate_fixed(self) -> Space:
        """Return the space with each field fixed that fixed fields determine."""
        fixed = {field.name: field for field in self.fixed}
        for axis in self.axes:
            if axis.is_determined and all(name in fixed for name in axis.depends_on):
                causes = {fixed[name].fixed_by for name in axis.depends_on}
                why = f"it follows {axis.depends_on[0]}, which stands still"
                cause = FixedBy.CODE if causes == {FixedBy.CODE} else FixedBy.DERIVATION
                fixed[axis.name] = FixedField(axis.name, why, cause)
        axes = tuple(axis for axis in self.axes if axis.name not in fixed)
        return replace(self, axes=axes, fixed=tuple(fixed.values()))

    def with_extended_depths(self, names: Iterable[str]) -> Space:
        """Return the space with these depths sampled from `EXTENDED_DEPTH_VALUES` values."""
        extended = (replace(a, sampled_values=EXTENDED_DEPTH_VALUES) if a.name in names else a for a in self.axes)
        return replace(self, axes=tuple(extended))

    def degree(self, axis: FieldDomain) -> int:
        """Return the degree of the field's value in all numbers of steps: a multiple of two fields has degree 3."""
        leaders = (self.axis(name) for name in axis.multiple_of)
        return axis.own_degree + sum(self.degree(leader) for leader in leaders if leader is not None)

    def fields(self, steps: Steps) -> dict[str, Number]:
        """Return the values after these numbers of steps.

        A field without a number of steps gets its base value, or its minimum if the values of other fields exclude it.
        """
        fields = dict(self.base)
        self._step_through(self.axes, steps, fields)
        return fields

    def line(self, steps: Steps, name: str) -> Callable[[int], dict[str, Number]]:
        """Return a function that gives the values after other numbers of steps of one field.

        It equals `fields`, and computes only the fields that depend on this one.
        """
        start, moving = self.fields(steps), {name}
        axes = []
        for axis in self.axes:
            if axis.name == name or not moving.isdisjoint(axis.depends_on):
                axes.append(axis)
                moving.add(axis.name)

        def at(count: int) -> dict[str, Number]:
            fields = dict(start)
            self._step_through(axes, {**steps, name: count}, fields)
            return fields

        return at

    def _step_through(self, axes: Iterable[FieldDomain], steps: Steps, fields: dict[str, Number]) -> None:
        """Set these fields to their values after the numbers of steps."""
        for axis in axes:
            count = steps.get(axis.name)
            if count is None:
                count = axis.steps_of(self.base)
            fields[axis.name] = axis.value_at(axis.min_steps if count is None else count, fields)

    def with_changes(self, fields: Fields, changes: Fields) -> Fields:
        """Return the fields with changes; a field that depends on a changed one keeps its number of steps."""
        result = {**fields, **changes}
        moved = set(changes)
        for axis in self.axes:
            if axis.name not in changes and not moved.isdisjoint(axis.depends_on):
                steps = axis.steps_of(fields)
                result[axis.name] = axis.value_at(axis.min_steps if steps is None else steps, result)
                moved.add(axis.name)
        return result

    def contains(self, fields: Fields) -> bool:
        """Return True if some numbers of steps lead to these values."""
        known = {axis.name: axis.steps_of(fields) for axis in self.axes}
        steps = {name: count for name, count in known.items() if count is not None}
        too_small = any(axis.min_steps > steps.get(axis.name, 0) for axis in self.axes if axis.is_stepped)
        return not too_small and self.fields(steps) == fields

    def default_steps(self) -> dict[str, int]:
        """Return the numbers of steps to the base, the minimum for a field whose domain excludes its base value."""
        known = {axis.name: axis.steps_of(self.base) for axis in self.axes}
        return {axis.name: axis.min_steps if (own := known[axis.name]) is None else own for axis in self.axes}

    def sample(self, random: Random, *, edge: bool = False) -> dict[str, int]:
        """Draw all fields uniformly; at an edge draw some at their minimum and some at their base value."""
        steps = {}
        for axis in self.axes:
            share = random.random() if edge and not axis.is_switch else 1.0
            own = axis.steps_of(self.base)
            if share < EDGE_MINIMUM_SHARE:
                steps[axis.name] = axis.min_steps
            elif share < EDGE_MINIMUM_OR_DEFAULT_SHARE and own is not None and not axis.is_depth:
                steps[axis.name] = own
            else:
                steps[axis.name] = axis.sample(random)
        return steps

    def sample_near_default(self, random: Random) -> dict[str, int]:
        """Draw most fields at their base value and the others anywhere: users' configurations are mostly like this.

        A value that a bound folds, or that follows a field which is seldom valid, moves in few other samples.
        """
        steps = self.sample(random, edge=True)
        for axis in self.axes:
            own = axis.steps_of(self.base)
            if own is not None and own >= axis.min_steps and random.random() < NEAR_DEFAULT_SHARE:
                steps[axis.name] = own
        return steps

    def sample_small(self, random: Random) -> dict[str, int]:
        """Draw every width and every factor at its minimum or a few steps above.

        Tensors that exist only if some size is above 1 are missing in no other sample.
        """
        steps = self.sample(random)
        small = (axis for axis in self.axes if not (axis.is_depth or axis.is_listed))
        return steps | {a.name: a.min_steps + min(random.choice(SMALL_STEPS), a.value_count - 1) for a in small}

    def sample_with_ties(self, random: Random) -> dict[str, int]:
        """Draw every field from one small pool of numbers: any two are equal in some samples, and in both orders.

        At most `MAX_EXTENDED_DEPTHS` stacks may have as many layers as `EXTENDED_DEPTH_VALUES`.
        """
        largest = random.choice(POOL_MAXIMA)
        pool = [random.randint(0, largest) for _ in range(2 + len(self.axes) // 2)]
        drawn = self.sample(random)
        depths = [axis.name for axis in self.axes if axis.is_depth and not axis.sampled_values]
        extended = set(random.sample(depths, min(len(depths), MAX_EXTENDED_DEPTHS)))
        for axis in self.axes:
            if axis.is_stepped:
                last = max(axis.max_steps, EXTENDED_DEPTH_VALUES) if axis.name in extended else axis.max_steps
                steps = random.choice(pool)
                drawn[axis.name] = max(steps, axis.min_steps) if steps <= last else random.randint(axis.min_steps, last)
        return drawn


def in_dependency_order(axes: Iterable[FieldDomain]) -> tuple[FieldDomain, ...] | None:
    """Return the domains, each after the fields that it depends on; None if they depend on one another in a circle."""
    waiting = {axis.name: axis for axis in axes}
    arranged: dict[str, FieldDomain] = {}
    while waiting:
        ready = {name: axis for name, axis in waiting.items() if not any(field in waiting for field in axis.depends_on)}
        if not ready:
            return None
        arranged |= ready
        waiting = {name: axis for name, axis in waiting.items() if name not in ready}
    return tuple(arranged.values())


def with_domain(axes: Sequence[FieldDomain], axis: FieldDomain) -> tuple[FieldDomain, ...] | None:
    """Return the domains with this one in the place of the field's old one; None if they then depend in a circle."""
    return in_dependency_order([axis if old.name == axis.name else old for old in axes])
