"""Rules between fields, learned from refused draws: which few a draw fails for, and what must hold between two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from random import Random

from bertsym.derive.domain.field_domain import (
    Choice,
    Determined,
    FieldDomain,
    alternative_values,
)
from bertsym.derive.domain.field_path import list_path
from bertsym.derive.domain.necessity import needed
from bertsym.derive.domain.space import FixedBy, FixedField, Space, with_domain
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.types import Fields
from bertsym.values import replace

CALM = 16
SOME = 4
MOST_LESSONS = 60
MOST_TOGETHER = 4
TRIES = 5
COARSER = (2, 4, 8)


def settle(oracle: BuildOracle, space: Space, random: Random) -> Space:
    """The space narrowed until draws are accepted; what cannot be made to fit is frozen."""
    settler = _Settler(oracle, space, random)
    calm = lessons = 0
    while calm < CALM and lessons < MOST_LESSONS:
        # After a lesson there may be another at once, and draws from what was the space then would be in vain.
        many = CALM - calm if calm >= SOME else 1 if lessons else SOME
        draws = [settler.space.sample(random, edge=number % 2 == 1) for number in range(calm, calm + many)]
        oracle.prefetch(map(settler.space.fields, draws))
        for steps in draws:
            if not settler.builds(steps):
                calm = 0
                lessons += 1
                settler.learn(steps)
                break
            calm += 1
    return settler.space


class _Settler:
    def __init__(self, oracle: BuildOracle, space: Space, random: Random) -> None:
        self.oracle, self.space, self.random = oracle, space, random

    def builds(self, steps: Mapping[str, int], space: Space | None = None) -> bool:
        return self.oracle.build((space or self.space).fields(steps)) is not None

    def learn(self, steps: Mapping[str, int]) -> None:
        """Change the space so that it no longer holds this draw."""
        names = [axis.name for axis in self.space.axes]
        culprit = self.first_refused(steps, [], names)
        if culprit is None:
            return
        if not self.builds({culprit: steps[culprit]}):
            self.narrow(culprit, steps[culprit])
            return
        together = self.together(steps, culprit, names)
        if len(together) == 1:
            self.freeze(culprit, "not with others")
            return
        rejection = self.oracle.rejection(self.space.fields(steps))
        if rejection is not None and rejection.timed_out and self.lessened(steps, together):
            return
        for axis, among in self.candidates(steps, together):
            axes = with_domain(self.space.axes, axis)
            if (
                axes is None
                or not self.has_base(axis)
                or not needed(self.oracle, replace(self.space, base=among), axis)
            ):
                continue
            if self.fits(replace(self.space, axes=axes), steps, together):
                self.space = replace(self.space, axes=axes)
                return
        last = next((name for name in together if self.axis(name).no_effect), culprit)
        partners = ", ".join(name for name in together if name != last)
        self.freeze(last, f"refused together with {partners}")

    def has_base(self, axis: FieldDomain) -> bool:
        """Whether the rule holds in the base, which builds."""
        own = axis.steps_of(self.space.base)
        return axis.is_determined or axis.is_ratio or (own is not None and own >= axis.min_steps)

    def together(self, steps: Mapping[str, int], culprit: str, names: list[str]) -> list[str]:
        """The fields that the draw is refused for, all of them, where they are few; the culprit is the first."""
        found = [culprit]
        while len(found) < MOST_TOGETHER and self.builds({name: steps[name] for name in found}):
            partner = self.first_refused(steps, found, names)
            if partner is None or partner in found:
                break
            found.append(partner)
        return found

    def axis(self, name: str) -> FieldDomain:
        found = self.space.axis(name)
        assert found is not None  # noqa: S101  # only names of axes are passed
        return found

    def first_refused(self, steps: Mapping[str, int], always: list[str], names: list[str]) -> str | None:
        """The first name with which, and with those before it, the draw is refused, the rest being as in the base."""
        accepted, refused = 0, len(names)
        if self.builds({name: steps[name] for name in (*always, *names)}):
            return None
        while refused - accepted > 1:
            middle = (accepted + refused) // 2
            if self.builds({name: steps[name] for name in (*always, *names[:middle])}):
                accepted = middle
            else:
                refused = middle
        return names[refused - 1]

    def narrow(self, name: str, steps: int) -> None:
        """Leave out the values of one axis on the side of a refused one."""
        axis = self.axis(name)
        own = axis.steps_of(self.space.base)
        if axis.is_listed:
            unwanted = axis.value_at(steps, self.space.fields({}))
            left = tuple(found for found in axis.options if found != unwanted)
            self.put(replace(axis, allowed=Choice(left)) if len(left) > 1 else None, name)
            return
        if own is None or own == steps:
            self.freeze(name, "only its own value is accepted")
            return
        coarse = next(self.coarser(axis), None)
        if coarse is not None:
            self.put(coarse, name)
            return
        accepted, refused = own, steps
        while abs(refused - accepted) > 1:
            middle = (accepted + refused) // 2
            if self.builds({name: middle}):
                accepted = middle
            else:
                refused = middle
        if steps < own:
            self.put(replace(axis, min_steps=accepted), name)
        elif accepted > axis.min_steps:
            self.put(replace(axis, sampled_values=accepted - axis.min_steps + 1), name)
        else:
            self.freeze(name, "only its own value is accepted")

    def lessened(self, steps: Mapping[str, int], together: list[str]) -> bool:
        """Draw half as much of the largest of these fields, if one of them can be smaller."""
        for axis in sorted(map(self.axis, together), key=lambda axis: axis.min_steps - steps[axis.name]):
            few = (steps[axis.name] - axis.min_steps) // 2 + 1
            if axis.is_stepped and 1 < few < axis.value_count:
                self.put(replace(axis, sampled_values=few), axis.name)
                return True
        return False

    def coarser(self, axis: FieldDomain) -> Iterator[FieldDomain]:
        """The axis in larger steps, where all of some are accepted."""
        for factor in COARSER if axis.is_free and axis.stride == 1 else ():
            own = int(axis.base) // factor
            if axis.base % factor == 0 and all(self.builds({axis.name: (own + k) * factor}) for k in (1, 2, 3, 5, 11)):
                yield axis.with_stride(factor, min_steps=max(-(-axis.min_steps // factor), 1))

    def put(self, axis: FieldDomain | None, name: str) -> None:
        if axis is None:
            self.freeze(name, "only its own value is accepted")
            return
        axes = with_domain(self.space.axes, axis)
        assert axes is not None  # noqa: S101  # its leaders are as they were
        self.space = replace(self.space, axes=axes)

    def freeze(self, name: str, why: str) -> None:
        """The field stays as it is; those that follow it still may."""
        idle = self.axis(name).no_effect and self.tried(name)
        still = FixedField(name, f"{why}, and without effect", FixedBy.NO_EFFECT) if idle else FixedField(name, why)
        axes = tuple(axis for axis in self.space.axes if axis.name != name)
        self.space = replace(self.space, axes=axes, fixed=(*self.space.fixed, still))

    def tried(self, name: str) -> bool:
        """Whether other values of the field alone build, and all of them the same: where none does, nothing showed."""
        base = self.space.base
        built = [self.oracle.build({**base, name: other}) for other in alternative_values(base[name])]
        here = self.oracle.build(base)
        return any(there is not None for there in built) and all(there in (None, here) for there in built)

    def candidates(self, steps: Mapping[str, int], together: list[str]) -> list[tuple[FieldDomain, Fields]]:
        """Rules for any two of the fields, and what to try each among; those that keep a field still are the last."""
        found = []
        for pair in combinations(together, 2):
            among = self.space.fields({name: steps[name] for name in together if name not in pair})
            found += [(axis, among) for axis in self.rules(*pair)]
        return sorted(found, key=lambda one: len(one[0].only_if) > len(self.axis(one[0].name).only_if))

    def rules(self, culprit: str, partner: str) -> Iterator[FieldDomain]:
        """What may have to hold between the two, the weakest first, either following the other."""
        for axis in map(self.axis, (culprit, partner)):
            listed = axis.no_effect and list_path(axis.name)  # the place of a layer, which may be the first
            if axis.min_steps == 0 and not (axis.is_listed or listed):
                yield replace(axis, min_steps=1)
        for name, other in ((culprit, partner), (partner, culprit)):
            axis, leader = self.axis(name), self.axis(other)
            yield from self.following(axis, other)
            if axis.is_listed or leader.is_switch:
                for wanted in leader.options if leader.is_switch else (leader.base,):
                    yield replace(axis, only_if=(*axis.only_if, (other, wanted)))
                continue
            if axis.is_ratio or leader.is_ratio or axis.is_determined:
                continue
            of = axis.multiple_of
            if axis.at_most is None and other not in of and axis.is_depth <= leader.is_depth:
                yield axis.with_bounds(at_most=other)
            if axis.greater_than is None and not of and axis.is_depth <= leader.is_depth:
                yield from (replace(axis.with_bounds(greater_than=other), min_steps=least) for least in (0, 1))
            if other in of:
                # What else it must be a multiple of was not moved, but is no divisor of what it is now.
                yield from (axis.as_multiple_of((*of, third)) for third in self.dividing(axis))
            elif axis.name not in of:
                yield axis.as_multiple_of((*of, other), min_steps=max(axis.min_steps, 1))
                yield axis.as_multiple_of((other,), min_steps=1).with_stride(1)
                own, lead = int(axis.base), int(leader.base)
                if lead and own and own % lead == 0:
                    yield replace(axis, allowed=Determined((other,), own // lead))

    def following(self, axis: FieldDomain, other: str) -> Iterator[FieldDomain]:
        """What follows the other field, as a multiple of this one too."""
        for third in self.space.axes:
            of = third.multiple_of
            if other in of and axis.name not in (third.name, *of) and not (third.is_determined or axis.is_switch):
                yield third.as_multiple_of((*of, axis.name))

    def dividing(self, axis: FieldDomain) -> Iterator[str]:
        """Other fields that the axis is a multiple of in the base."""
        for other in self.space.axes:
            small = not (other.is_switch or other.is_ratio) and 2 <= other.base < axis.base
            if small and other.name not in axis.multiple_of and axis.base % other.base == 0:
                yield other.name

    def fits(self, space: Space, steps: Mapping[str, int], names: list[str]) -> bool:
        """Whether the refused draw and others of these fields are accepted now."""
        least = {axis.name: axis.min_steps for axis in space.axes}
        if not self.builds({name: max(steps[name], least[name]) for name in names}, space):
            return False
        for attempt in range(TRIES):
            drawn = space.sample(self.random, edge=attempt % 2 == 1)
            if not self.builds({name: drawn[name] for name in names}, space):
                return False
        return True
