"""The legal space of a model's fields: what each may be given the others, and draws from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from fractions import Fraction
from itertools import pairwise
from math import lcm, prod
from random import Random

from bertsym.derive.domain.field_path import entry, list_of
from bertsym.derive.types import Fields, Number
from bertsym.values import replace, value

MOST_DEEP = 6
DEEPER = 20
MOST_TALL = 2
MOST_HEADS = 24
MOST_WIDE = 500
SMALLEST, OWN = 0.4, 0.6
NEAR = 0.75
ABOVE_LEAST = (0, 0, 1, 1, 2, 3, 5, 9)
WIDEST = (2, 4, 8, 16, 40)  # a comparison of two sizes shows where both are small; one of 40 with 3 shows as well

Steps = Mapping[str, int]


@value
class FieldDomain:
    """What a field may be: a multiple of `unit` and of each of the fields `of`, by the number of steps drawn for it.

    `exact` axes take no steps, and are the product, divided by the field `over`; `within` and `above` name a field that
    the value may not pass; `values` lists all there are; where a field of `needs` is not as it says, the value is that
    of the base. `low` is the fewest steps.
    `deep` fields decide how many tensors there are and are drawn from few values, for every tensor is built.
    """

    name: str
    base: Number
    unit: Number = 1
    of: tuple[str, ...] = ()
    low: int = 1
    span: int = 0
    exact: bool = False
    over: str | None = None
    within: str | None = None
    above: str | None = None
    values: tuple[Number, ...] = ()
    needs: tuple[tuple[str, Number], ...] = ()
    deep: bool = False
    divides: bool = False
    idle: bool = False

    @property
    def choices(self) -> int:
        """From how many values a draw picks."""
        if self.exact:
            return 1
        if self.values:
            return len(self.values)
        most = MOST_DEEP if self.deep else MOST_HEADS if self.divides or self.of else MOST_WIDE
        return self.span or most

    @property
    def most(self) -> int:
        """After how many steps the draws end."""
        return self.low + self.choices - 1

    @property
    def switch(self) -> bool:
        """Whether it is a yes or no."""
        return isinstance(self.base, bool)

    @property
    def ratio(self) -> bool:
        """Whether it may be a fraction."""
        return isinstance(self.base, Fraction)

    @property
    def free(self) -> bool:
        """Whether it can be set to any multiple of a constant."""
        return not (self.of or self.exact or self.within or self.above or self.values or self.needs or self.ratio)

    @property
    def leaders(self) -> tuple[str, ...]:
        """The fields that must be known first."""
        others = (self.over, self.within, self.above, *(name for name, _ in self.needs))
        return (*self.of, *(name for name in others if name is not None))

    def step(self, fields: Fields) -> Number:
        """How far the value moves in one step, its leaders being known; the value itself of an exact axis."""
        leaders = [fields[name] for name in self.of]
        if self.over is not None:
            return self.unit * prod(leaders) // max(fields[self.over], 1)
        return self.unit * (prod(leaders) if self.exact or len(leaders) < 2 else lcm(*map(int, leaders)))

    def value(self, steps: int, fields: Fields) -> Number:
        """The value after so many steps, its leaders being known."""
        if any(fields[name] != wanted for name, wanted in self.needs):
            return self.base
        if self.values:
            return self.values[steps % len(self.values)]
        unit = self.step(fields)
        if self.exact:
            return unit
        if self.within is not None and steps >= self.low:
            most = int(fields[self.within] // unit) if unit else 0
            steps = self.low + (steps - self.low) % max(most - self.low + 1, 1)
        return (fields[self.above] if self.above is not None else 0) + unit * steps

    def beyond(self, fields: Fields) -> int | None:
        """After how many steps the value is the one in these fields, where that is further than draws go."""
        own = self.steps(fields) if self.free and not self.switch else None
        return own if own is not None and own > self.most else None

    def steps(self, fields: Fields) -> int | None:
        """After how many steps the value is the one in these fields, if it can be."""
        found = fields[self.name]
        if self.values:
            return self.values.index(found) if found in self.values else None
        rest = found - (fields[self.above] if self.above is not None else 0)
        unit = self.step(fields)
        return int(rest // unit) if unit and rest % unit == 0 else None


def switch(name: str, base: bool, *, idle: bool = False) -> FieldDomain:  # noqa: FBT001  # it is the value
    """The axis of a yes or no."""
    return FieldDomain(name, base, values=(False, True), idle=idle)


def others(own: Number) -> Iterator[Number]:
    """Other values of a field, near and far."""
    if isinstance(own, bool):
        yield not own
    elif isinstance(own, Fraction):
        yield from {own + 1, own / 2, own * 2, Fraction(1, 2), Fraction(1, 8)} - {own}
    else:
        near = {own + 1, own - 1, 2 * own, own // 2, 3 * own, own + 8, 1, 2, 4, 8}
        yield from sorted(other for other in near - {own} if other >= 0)


class FixedBy(Enum):
    """What a field that stands still means for the formula, by the part of a saved model that it is kept in."""

    DERIVATION = "frozen"  # the formula holds at this value alone
    CODE = "held"  # so it does, and no other goes with the lists as they are
    NO_EFFECT = "idle"  # the tensors are the same at others


@value
class FixedField:
    """A field that stays as it is, and why; `why` is for readers, `kept` for programs."""

    name: str
    why: str
    kept: FixedBy = FixedBy.DERIVATION


@value
class Space:
    """The axes, each after its leaders, and the fields that stay as they are."""

    base: Fields
    axes: tuple[FieldDomain, ...]
    frozen: tuple[FixedField, ...]

    def axis(self, name: str) -> FieldDomain | None:
        """The axis of a field, if it has one."""
        return next((axis for axis in self.axes if axis.name == name), None)

    def standing(self, own: Fields) -> Space:
        """The space with these fields left as the code has them."""
        axes = tuple(axis for axis in self.axes if axis.name not in own)
        why = "left as it is, for no formula was found with others"
        stood = (FixedField(axis.name, why) for axis in self.axes if axis.name in own)
        return Space({**self.base, **own}, axes, (*self.frozen, *stood)).anchored()

    def anchored(self) -> Space:
        """The space without the axes that are as others are which stand still, for so do they."""
        still = {one.name: one for one in self.frozen}
        for axis in self.axes:
            if axis.exact and all(name in still for name in axis.leaders):
                kept = [still[name].kept for name in axis.leaders]
                why = f"it follows {axis.leaders[0]}, which stands still"
                still[axis.name] = FixedField(
                    axis.name, why, FixedBy.CODE if set(kept) == {FixedBy.CODE} else FixedBy.DERIVATION
                )
        left = tuple(axis for axis in self.axes if axis.name not in still)
        return replace(self, axes=left, frozen=tuple(still.values()))

    def deepened(self, names: Iterable[str]) -> Space:
        """The space with these depths drawn from more values."""
        return replace(self, axes=tuple(replace(a, span=DEEPER) if a.name in names else a for a in self.axes))

    @property
    def idle(self) -> tuple[str, ...]:
        """The fields without effect where they were tried alone; draws change them all the same."""
        return tuple(axis.name for axis in self.axes if axis.idle)

    def fields(self, steps: Steps) -> dict[str, Number]:
        """The values after so many steps; of an axis that is left out its base, as far as its leaders allow."""
        fields = dict(self.base)
        for axis in self.axes:
            count = steps.get(axis.name)
            if count is None:
                count = axis.steps(self.base)
            fields[axis.name] = axis.value(axis.low if count is None else count, fields)
        return fields

    def along(self, fields: Fields, change: Fields) -> Fields:
        """The values with a change to them, and what follows the changed fields as many steps from these as before."""
        found = {**fields, **change}
        moved = set(change)
        for axis in self.axes:
            if axis.name not in change and not moved.isdisjoint(axis.leaders):
                steps = axis.steps(fields)
                found[axis.name] = axis.value(axis.low if steps is None else steps, found)
                moved.add(axis.name)
        return found

    def has(self, fields: Fields) -> bool:
        """Whether some steps lead to these values."""
        steps = {axis.name: axis.steps(fields) for axis in self.axes}
        taken = {name: count for name, count in steps.items() if count is not None}
        few = any(axis.low > taken.get(axis.name, 0) for axis in self.axes if not (axis.exact or axis.values))
        return not few and self.fields(taken) == fields

    def steps(self, random: Random, *, edge: bool = False) -> dict[str, int]:
        """A draw of all axes; at an edge some are as small as they go, some as the code has them."""
        drawn = {}
        for axis in self.axes:
            chance = random.random() if edge and not axis.switch else 1.0
            own = axis.steps(self.base)
            if chance < SMALLEST:
                drawn[axis.name] = axis.low
            elif chance < OWN and own is not None and not axis.deep:
                drawn[axis.name] = own
            else:
                drawn[axis.name] = random.randint(axis.low, axis.most)
        return drawn

    def own(self) -> dict[str, int]:
        """The steps of the base, of an axis that does not reach it the fewest."""
        found = {axis.name: axis.steps(self.base) for axis in self.axes}
        return {axis.name: axis.low if (own := found[axis.name]) is None else own for axis in self.axes}

    def near(self, random: Random) -> dict[str, int]:
        """A draw with most axes as the code has them and the others anywhere: of what is used there are most like this.

        What is folded into something small, or follows a number that is seldom what it must be, moves at few others.
        """
        drawn = self.steps(random, edge=True)
        for axis in self.axes:
            own = axis.steps(self.base)
            if own is not None and own >= axis.low and random.random() < NEAR:
                drawn[axis.name] = own
        return drawn

    def small(self, random: Random) -> dict[str, int]:
        """A draw of all axes with every width and factor as small as it goes, or nearly.

        What is there only where this or that size is above 1 is left out at no other draw.
        """
        drawn = self.steps(random)
        small = (axis for axis in self.axes if not (axis.switch or axis.deep or axis.values))
        return drawn | {a.name: a.low + min(random.choice(ABOVE_LEAST), a.choices - 1) for a in small}

    def tiny(self, random: Random) -> dict[str, int]:
        """Draw every axis from the same few small numbers, which gives all orders of any two, equality included.

        A stack may be as deep as `DEEPER` here, two at once at most: a layer may stand at every ninth place.
        """
        widest = random.choice(WIDEST)
        pool = [random.randint(0, widest) for _ in range(2 + len(self.axes) // 2)]
        drawn = self.steps(random)
        deep = [axis.name for axis in self.axes if axis.deep and not axis.span]
        tall = set(random.sample(deep, min(len(deep), MOST_TALL)))
        for axis in self.axes:
            if not (axis.switch or axis.values or axis.exact):
                most = max(axis.most, DEEPER) if axis.name in tall else axis.most
                steps = random.choice(pool)
                drawn[axis.name] = max(steps, axis.low) if steps <= most else random.randint(axis.low, most)
        return drawn


def places(fields: Fields) -> dict[str, list[str]]:
    """The lists that may be places in a stack: more than one number, each larger than the one before.

    >>> places({"depths[0]": 2, "depths[1]": 2, "global[0]": 2, "global[1]": 5, "global[2]": 8})
    {'global': ['global[0]', 'global[1]', 'global[2]']}
    """
    lists: dict[str, list[str]] = {}
    for name, found in fields.items():
        if list_of(name) and isinstance(found, int) and not isinstance(found, bool):
            lists.setdefault(list_of(name), []).append(name)
    inorder = {name: sorted(found, key=entry) for name, found in lists.items()}
    return {
        name: found
        for name, found in inorder.items()
        if len(found) > 1 and all(fields[one] < fields[other] for one, other in pairwise(found))
    }


def ordered(axes: Iterable[FieldDomain]) -> tuple[FieldDomain, ...] | None:
    """The axes, each after its leaders; None where they go round in circles."""
    waiting = {axis.name: axis for axis in axes}
    placed: dict[str, FieldDomain] = {}
    while waiting:
        ready = {name: axis for name, axis in waiting.items() if not any(leader in waiting for leader in axis.leaders)}
        if not ready:
            return None
        placed |= ready
        waiting = {name: axis for name, axis in waiting.items() if name not in ready}
    return tuple(placed.values())


def changed(axes: Sequence[FieldDomain], axis: FieldDomain) -> tuple[FieldDomain, ...] | None:
    """The axes with this one put in for that of its name."""
    return ordered([axis if other.name == axis.name else other for other in axes])
