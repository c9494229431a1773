"""Rules that a field may follow: multiples, products, quotients, a list of values; the weakest that holds is taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain, combinations

from bertsym.derive.domain.field_domain import Choice, Determined, FieldDomain, Free, MultipleOf
from bertsym.derive.domain.field_path import parent_config
from bertsym.derive.domain.necessity import needed
from bertsym.derive.domain.screening import FEW, MOST_LAYERS, Probe
from bertsym.derive.domain.space import Space, in_dependency_order
from bertsym.derive.limits import MAX_DIVISOR_VALUES
from bertsym.derive.types import Number
from bertsym.values import replace

PAIR = 2
FACTORS = (2, 4, 8, 16, 32, 64)
OPTIONS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


class Rules(Probe):
    """What a field may be, given the axes found so far."""

    @property
    def found(self) -> Space:
        """The space of the axes found so far."""
        return Space(self.base, tuple(self.axes.values()), ())

    def may_vanish(self, axis: FieldDomain) -> bool:
        """Whether 0 is tried: in a configuration it often stands for "as another field says"."""
        own = ":" in self.oracle.target or axis.is_depth or int(axis.base) <= PAIR
        return own or self.left_out(axis.name)

    def axis(self, name: str, *, deep: bool, final: bool) -> FieldDomain | None:
        """The weakest rule under which every value tried is accepted; those with a number in them when `final`."""
        rules = self.rules(name, deep=deep)
        for axis in chain(rules, self.numbered(name, deep=deep) if final else ()):
            if in_dependency_order([*self.axes.values(), axis]) is not None and self.holds(axis):
                grown = {name: self.base[name] + MAX_DIVISOR_VALUES}
                return self.lowered(replace(self.complete(axis), is_depth=deep or self.multiplies(axis, {}, grown)))
        return self.listed(name, deep=deep) if final else None

    def rules(self, name: str, *, deep: bool) -> Iterator[FieldDomain]:
        """Rules to be tried, the weakest first."""
        found = self.base[name]
        if isinstance(found, Fraction):
            if self.left_out(name):
                return
            deep = self.multiplies(FieldDomain(name, found), {}, {name: found + FEW})
            units = (unit for unit in (Fraction(1, 4), Fraction(1)) if found % unit == 0)
            yield from (FieldDomain(name, found, Free(unit), is_depth=deep) for unit in units)
            return
        plain = FieldDomain(name, found, is_depth=deep)
        yield plain
        near = self.near(name)
        yield replace(plain, allowed=Free(2)) if found % 2 == 0 else plain
        yield from (
            replace(plain, allowed=MultipleOf((n,), factor))
            for factor in (1, 2, 4)
            for n in near
            if found % factor == 0
        )
        few = [n for n in near if self.base[n] <= MOST_LAYERS and parent_config(n) == parent_config(name)]
        yield from (replace(plain, allowed=MultipleOf(pair)) for pair in combinations(few, 2))
        yield from (replace(plain, allowed=Determined((n,))) for n in near if found == self.base[n])
        for one, two in combinations([n for n in self.others(name) if parent_config(n) == parent_config(name)], 2):
            product = self.base[one] * self.base[two]
            if found == product:
                yield replace(plain, allowed=Determined((one, two)))
            largest = max(self.base[one], self.base[two])
            for third in self.others(name) if found < largest else ():
                over = self.base[third] <= largest and found * self.base[third] == product
                if over and third not in (one, two) and parent_config(third) == parent_config(name):
                    yield replace(plain, allowed=Determined((one, two), divided_by=third))

    def numbered(self, name: str, *, deep: bool) -> Iterator[FieldDomain]:
        """Rules with a number that may be one field or another in disguise."""
        found = self.base[name]
        if not isinstance(found, Fraction):
            plain = FieldDomain(name, found, is_depth=deep)
            yield from (replace(plain, allowed=Free(factor)) for factor in FACTORS[1:] if found % factor == 0)
            near = [n for n in self.near(name) if found != self.base[n]]
            yield from (replace(plain, allowed=Determined((n,), found // self.base[n])) for n in near)

    def others(self, name: str) -> list[str]:
        """The fields that a rule about this one may name: those that cannot be anything while it stays as it is."""
        able = [n for n in self.integers if n != name and self.base[n] >= 2]
        return self.bound(able) if self.base[name] else []

    def near(self, name: str) -> list[str]:
        """The fields that this one is a multiple of, those of its own configuration first."""
        multiples = [n for n in self.others(name) if self.base[name] % self.base[n] == 0]
        return sorted(multiples, key=lambda n: (parent_config(n) != parent_config(name), self.base[n]))

    def holds(self, axis: FieldDomain) -> bool:
        """Whether its values build: near the base, far from it, and with the fields that it follows changed."""
        here = axis.steps_of(self.base)
        if here is None:
            return False
        if axis.multiple_of and not needed(self.oracle, self.found, axis):
            return False
        if not axis.is_determined:
            far = here + (2 if axis.is_depth else self.random.randint(20, 40) * 2 + 1)
            near = max(here, 1) + 1
            if not all(self.accepted(axis, {axis.name: steps}) for steps in (near, far)):
                return False
        if axis.divided_by is not None:
            leaders = (*axis.multiple_of, axis.divided_by)
            return all(self.doubled(axis, leader) for leader in leaders)
        return all(
            self.follows(axis, leader) or self.follows(axis, *self.alike(axis, leader)) for leader in axis.multiple_of
        )

    def follows(self, axis: FieldDomain, *leaders: str) -> bool:
        """Whether the axis builds when these are given another value."""
        small = int(self.base[leaders[0]]) < 32
        other = next(o for o in ((5, 7, 3, 6, 12) if small else (96, 160, 224)) if o != self.base[leaders[0]])
        return self.accepted(axis, dict.fromkeys(leaders, other) | ({} if axis.is_determined else {axis.name: 9}))

    def doubled(self, axis: FieldDomain, leader: str) -> bool:
        """Whether the axis builds with the leader twice as large."""
        known = self.axes.get(leader)
        own = int(self.base[leader]) if known is None else known.steps_of(self.base)
        return own is not None and self.accepted(axis, {leader: 2 * own})

    def alike(self, axis: FieldDomain, leader: str) -> list[str]:
        """The leader and all that are as large."""
        return [
            leader,
            *(n for n in self.integers if self.base[n] == self.base[leader] and n not in (axis.name, leader)),
        ]

    def complete(self, axis: FieldDomain) -> FieldDomain:
        """The axis with the other fields that it must be a multiple of, where its leader cannot be moved alone."""
        if axis.is_determined or len(axis.multiple_of) != 1 or self.follows(axis, *axis.multiple_of):
            return axis
        (leader,) = axis.multiple_of
        for other in self.alike(axis, leader)[1:]:
            both = axis.as_multiple_of((leader, other))
            if (
                in_dependency_order([*self.axes.values(), both])
                and self.follows(both, leader)
                and needed(self.oracle, self.found, both)
            ):
                return both
        return axis

    def accepted(self, axis: FieldDomain, steps: dict[str, int]) -> bool:
        """Whether these values build, once the fields that follow them are made to fit."""
        axes = [*(other for other in self.axes.values() if other.name != axis.name), axis]
        plain = [
            FieldDomain(name, self.base[name], min_steps=0) for name in steps if name not in {a.name for a in axes}
        ]
        arranged = in_dependency_order([*axes, *plain])
        return arranged is not None and self.oracle.build(Space(self.base, arranged, ()).fields(steps)) is not None

    def lowered(self, axis: FieldDomain) -> FieldDomain:
        """The axis from the fewest steps that are accepted."""
        if axis.is_determined:
            return axis
        first = (
            int(1 / axis.stride) if axis.is_ratio and axis.base >= 1 else 1
        )  # a factor that enlarges is not tried as one
        for steps in range(4) if self.may_vanish(axis) else range(first, first + 3):
            if self.accepted(axis, {axis.name: steps}):
                return replace(axis, min_steps=steps)
        refused, accepted = 3, max(axis.steps_of(self.base) or 4, 4)
        while accepted - refused > 1:
            middle = (refused + accepted) // 2
            if self.accepted(axis, {axis.name: middle}):
                accepted = middle
            else:
                refused = middle
        return replace(axis, min_steps=accepted)

    def listed(self, name: str, *, deep: bool) -> FieldDomain | None:
        """The few values that are accepted, where no rule says which."""
        found = self.base[name]
        if isinstance(found, Fraction):
            others = (found / 2, found * 2, found + 1)
            options: Iterable[Number] = (*others, Fraction(1, 2), Fraction(1), Fraction(2), Fraction(0))
        else:
            options = OPTIONS if found <= 64 else (found // 4, found // 2, 2 * found, 3 * found, 4 * found)
        fine = [option for option in options if option != found and self.tensors({name: option}) is not None]
        return FieldDomain(name, found, Choice((found, *fine)), is_depth=deep) if fine else None
