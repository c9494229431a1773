"""The legal space, found by building: which fields matter, which must divide which, how small they go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain, combinations
from random import Random

from bertsym.derive.necessity import needed
from bertsym.derive.paths import last, list_of, place
from bertsym.derive.probe import DEEP, FEW, MOST_LAYERS, Probe
from bertsym.derive.process import Builder, CannotDerive, Number
from bertsym.derive.space import MOST_HEADS, Axis, Kept, Space, Still, ordered, switch
from bertsym.values import replace

PAIR = 2
MOST_TALL = 5
SMALL = 8
MOST_PLACES = 8
FEW_DEEP = 3
FACTORS = (2, 4, 8, 16, 32, 64)
OPTIONS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)

# Names of fields that seldom matter: they are tried together first.
_SELDOM = re.compile(r"token|_id$|_index$|beam|length|window|seed|top_k|chunk|num_labels|interval|eps|size_divisor")


def explore(builder: Builder, random: Random) -> Space:
    """The space around the values that the code comes with; raises `CannotDerive`."""
    fields = dict(builder.description.fields)
    if builder.build(fields) is None:
        raise CannotDerive(builder.target, f"its own sizes do not build: {builder.raised}")
    return _Explorer(builder, fields, random).space()


class _Explorer(Probe):
    """The fields as they are moved about, and the axes found so far."""

    def space(self) -> Space:
        self.flatten()
        active, refusing = self.effects()
        deep: list[str] = []
        # In a shallow model more may matter, and more may be refused, than in the one that the code comes with.
        for another in (self.other, self.fewer, self.other):
            more = [name for name in self.renaming([n for n in active if n not in deep]) if self.shallow(name)]
            self.enrich(more)
            deep += more
            for name in self.stirring([n for n in self.numbers if n not in (*active, *refusing)], another):
                (active if self.tensors({name: another(name)}) is not None else refusing).append(name)
        calm = [name for name in self.numbers if name not in (*active, *refusing)]
        waiting = [name for name in self.numbers if name not in calm]
        for axis in self.plain([Axis(n, self.base[n], deep=n in deep) for n in waiting if n in self.integers]):
            self.axes[axis.name] = axis if axis.name in active else replace(axis, idle=not self.matters(axis.name))
            waiting.remove(axis.name)
        for final in (False, False, True):
            for name in list(waiting):
                ruled = self.axis(name, deep=name in deep, final=final)
                if ruled is not None:
                    self.axes[name] = (
                        ruled if name in active else replace(ruled, idle=not self.matters(name, ruled.values))
                    )
                    waiting.remove(name)
        calm = [name for name in calm if name not in self.axes and name not in waiting]
        frozen = list(map(self.refused, waiting))
        frozen += [Still(n, "a number below 0 stands for something else") for n in self.negative if self.matters(n)]
        for name in self.switches:
            found = self.switched(name)
            if found is None:
                frozen.append(Still(name, "the other value was refused"))
            else:
                self.axes[name] = found
        self.axes |= {axis.name: axis for axis in self.idle(calm)}
        for name in {leader for axis in self.axes.values() for leader in axis.of}:
            self.mark_divisor(name)
        self.axes |= {
            name: replace(axis, idle=axis.idle and not self.carries(axis)) for name, axis in self.axes.items()
        }
        tall = [axis for axis in self.axes.values() if axis.deep and not axis.idle]
        if len(tall) > MOST_TALL:
            # Stages of layers, all of them as deep as one may be, would be thousands of tensors.
            self.axes |= {axis.name: replace(axis, span=FEW_DEEP) for axis in tall}
        self.axes |= {axis.name: replace(axis, low=0, span=MOST_PLACES) for axis in self.placed()}
        self.axes |= {name: self.lively(axis) for name, axis in self.axes.items()}
        arranged = ordered(self.axes.values())
        assert arranged is not None  # noqa: S101  # every rule was checked for circles when it was found
        return Space(dict(self.base), arranged, tuple(frozen))

    def lively(self, axis: Axis) -> Axis:
        """A small size up to where some side of a tensor becomes nothing, as a stride does with what it goes over."""
        if axis.deep or axis.idle or not axis.free or axis.ratio or axis.switch or axis.base > SMALL:
            return axis
        fine, empty = int(axis.base), axis.low + axis.choices
        if self.vanishes({}) or not self.vanishes({axis.name: empty - 1}):
            return axis
        while empty - fine > 1:
            middle = (fine + empty) // 2
            fine, empty = (fine, middle) if self.vanishes({axis.name: middle}) else (middle, empty)
        return replace(axis, span=max(fine - axis.low + 1, PAIR))

    def vanishes(self, changes: dict[str, Number]) -> bool:
        """Whether something that builds has a side of nothing."""
        there = self.tensors(changes)
        return there is not None and any(0 in entry.shape for entry in there.values())

    def placed(self) -> Iterator[Axis]:
        """The entries of lists that say in which layers of a stack something is: they are drawn from its places."""
        for names in self.places:
            axes = [self.axes[name] for name in names if name in self.axes]
            if len(axes) == len(names) and all(axis.free for axis in axes):
                yield from axes

    def refused(self, name: str) -> Still:
        """A number at no other value of which anything builds."""
        if self.is_length(name) and not list_of(name):
            return Still(name, "it is how long the lists beside it are", Kept.HELD)
        return Still(name, "no other value was accepted")

    def switched(self, name: str) -> Axis | None:
        """The axis of a switch, which may need another one to be turned first."""
        base = bool(self.base[name])
        axis = switch(name, base)
        there = self.tensors({name: not base})
        if there is not None:
            return replace(axis, idle=there == self.tensors({}))
        for other in self.switches:
            turned = not self.base[other]
            needing = replace(axis, needs=((other, turned),))
            if other != name and self.tensors({name: not base, other: turned}) is not None:
                return needing if ordered([*self.axes.values(), needing]) is not None else None
        return None

    def effects(self) -> tuple[list[str], list[str]]:
        """The numbers that change the tensors, and those of which the first other value is refused."""
        seldom = [name for name in self.integers if _SELDOM.search(name)]
        often = [name for name in self.integers if name not in seldom]
        active: list[str] = []
        refusing: list[str] = []
        for group in (seldom, self.ratios, *([name] for name in often)):
            for name in self.stirring(group, self.other):
                (refusing if self.tensors({name: self.other(name)}) is None else active).append(name)
        settled = [name for name in refusing if self.matters(name)]
        return active + settled, [name for name in refusing if name not in settled]

    def plain(self, axes: Sequence[Axis]) -> Iterator[Axis]:
        """Those of the axes that need no rule: they may all be changed together, near their base and far from it."""
        if not axes:
            return
        near: dict[str, Number] = {axis.name: axis.base + 1 for axis in axes}
        far: dict[str, Number] = {a.name: a.base + (2 if a.deep else self.random.randint(20, 90)) for a in axes}
        if self.tensors(near) is not None and self.tensors(far) is not None:
            axes = [replace(axis, deep=axis.deep or self.multiplies(axis, near, far)) for axis in axes]
            least: dict[str, Number] = {axis.name: 1 for axis in axes}
            if self.tensors(least) is None:
                yield from map(self.lowered, axes)
                return
            for axis in axes:
                yield replace(axis, low=0) if self.may_vanish(axis) and self.accepted(axis, {axis.name: 0}) else axis
        elif len(axes) > 1:
            half = len(axes) // 2
            yield from self.plain(axes[:half])
            yield from self.plain(axes[half:])

    def carries(self, axis: Axis) -> bool:
        """Whether it changes the tensors once the fields that follow it are made to fit."""
        if axis.name not in self.numbers or not self.bound(axis.name):
            return False
        arranged, own = ordered(self.axes.values()), axis.steps(self.base)
        if arranged is None or own is None or axis.exact:
            return False
        there = self.builder.build(Space(self.base, arranged, ()).fields({axis.name: 2 * max(own, 1)}))
        return there is not None and there != self.tensors({})

    def may_vanish(self, axis: Axis) -> bool:
        """Whether 0 is tried: in a configuration it often stands for "as another field says"."""
        return ":" in self.builder.target or axis.deep or int(axis.base) <= PAIR

    def axis(self, name: str, *, deep: bool, final: bool) -> Axis | None:
        """The weakest rule under which every value tried is accepted; those with a number in them when `final`."""
        rules = self.rules(name, deep=deep)
        for axis in chain(rules, self.numbered(name, deep=deep) if final else ()):
            if ordered([*self.axes.values(), axis]) is not None and self.holds(axis):
                grown = {name: self.base[name] + MOST_HEADS}
                return self.lowered(replace(self.complete(axis), deep=deep or self.multiplies(axis, {}, grown)))
        return self.listed(name, deep=deep) if final else None

    def rules(self, name: str, *, deep: bool) -> Iterator[Axis]:
        found = self.base[name]
        if isinstance(found, Fraction):
            deep = self.multiplies(Axis(name, found), {}, {name: found + FEW})
            units = (unit for unit in (Fraction(1, 4), Fraction(1)) if found % unit == 0)
            yield from (Axis(name, found, unit, low=1, deep=deep) for unit in units)
            return
        plain = Axis(name, found, deep=deep)
        yield plain
        near = self.near(name)
        yield replace(plain, unit=2) if found % 2 == 0 else plain
        yield from (replace(plain, unit=factor, of=(n,)) for factor in (1, 2, 4) for n in near if found % factor == 0)
        few = [n for n in near if self.base[n] <= MOST_LAYERS and place(n) == place(name)]
        yield from (replace(plain, of=pair) for pair in combinations(few, 2))
        yield from (replace(plain, of=(n,), exact=True) for n in near if found == self.base[n])
        for one, two in combinations([n for n in self.others(name) if place(n) == place(name)], 2):
            product = self.base[one] * self.base[two]
            if found == product:
                yield replace(plain, of=(one, two), exact=True)
            largest = max(self.base[one], self.base[two])
            for third in self.others(name) if found < largest else ():
                over = self.base[third] <= largest and found * self.base[third] == product
                if over and third not in (one, two) and place(third) == place(name):
                    yield replace(plain, of=(one, two), over=third, exact=True)

    def numbered(self, name: str, *, deep: bool) -> Iterator[Axis]:
        """Rules with a number that may be one field or another in disguise."""
        found = self.base[name]
        if not isinstance(found, Fraction):
            plain = Axis(name, found, deep=deep)
            yield from (replace(plain, unit=factor) for factor in FACTORS[1:] if found % factor == 0)
            near = [n for n in self.near(name) if found != self.base[n]]
            yield from (replace(plain, unit=found // self.base[n], of=(n,), exact=True) for n in near)

    def others(self, name: str) -> list[str]:
        """The fields that a rule about this one may name: those that cannot be anything while it stays as it is."""
        return [n for n in self.integers if n != name and self.base[n] >= 2 and self.base[name] and self.bound(n)]

    def near(self, name: str) -> list[str]:
        """The fields that this one is a multiple of, those of its own configuration first."""
        multiples = [n for n in self.others(name) if self.base[name] % self.base[n] == 0]
        return sorted(multiples, key=lambda n: (place(n) != place(name), self.base[n]))

    def holds(self, axis: Axis) -> bool:
        """Whether its values build: near the base, far from it, and with the fields that it follows changed."""
        here = axis.steps(self.base)
        if here is None:
            return False
        if axis.of and not needed(self.builder, self.base, axis):
            return False
        if not axis.exact:
            far = here + (2 if axis.deep else self.random.randint(20, 40) * 2 + 1)
            near = max(here, 1) + 1
            if not all(self.accepted(axis, {axis.name: steps}) for steps in (near, far)):
                return False
        if axis.over is not None:
            leaders = (*axis.of, axis.over)
            return all(self.doubled(axis, leader) for leader in leaders)
        return all(self.follows(axis, leader) or self.follows(axis, *self.alike(axis, leader)) for leader in axis.of)

    def follows(self, axis: Axis, *leaders: str) -> bool:
        """Whether the axis builds when these are given another value."""
        small = int(self.base[leaders[0]]) < 32
        other = next(o for o in ((5, 7, 3, 6, 12) if small else (96, 160, 224)) if o != self.base[leaders[0]])
        return self.accepted(axis, dict.fromkeys(leaders, other) | ({} if axis.exact else {axis.name: 9}))

    def doubled(self, axis: Axis, leader: str) -> bool:
        """Whether the axis builds with the leader twice as large."""
        known = self.axes.get(leader)
        own = int(self.base[leader]) if known is None else known.steps(self.base)
        return own is not None and self.accepted(axis, {leader: 2 * own})

    def alike(self, axis: Axis, leader: str) -> list[str]:
        """The leader and all that are as large."""
        return [
            leader,
            *(n for n in self.integers if self.base[n] == self.base[leader] and n not in (axis.name, leader)),
        ]

    def complete(self, axis: Axis) -> Axis:
        """The axis with the other fields that it must be a multiple of, where its leader cannot be moved alone."""
        if axis.exact or len(axis.of) != 1 or self.follows(axis, *axis.of):
            return axis
        (leader,) = axis.of
        for other in self.alike(axis, leader)[1:]:
            both = replace(axis, of=(leader, other))
            if (
                ordered([*self.axes.values(), both])
                and self.follows(both, leader)
                and needed(self.builder, self.base, both)
            ):
                return both
        return axis

    def accepted(self, axis: Axis, steps: dict[str, int]) -> bool:
        """Whether these values build, once the fields that follow them are made to fit."""
        axes = [*(other for other in self.axes.values() if other.name != axis.name), axis]
        plain = [Axis(name, self.base[name], low=0) for name in steps if name not in {a.name for a in axes}]
        arranged = ordered([*axes, *plain])
        return arranged is not None and self.builder.build(Space(self.base, arranged, ()).fields(steps)) is not None

    def lowered(self, axis: Axis) -> Axis:
        """The axis from the fewest steps that are accepted."""
        if axis.exact:
            return axis
        first = int(1 / axis.unit) if axis.ratio and axis.base >= 1 else 1  # a factor that enlarges is not tried as one
        for steps in range(4) if self.may_vanish(axis) else range(first, first + 3):
            if self.accepted(axis, {axis.name: steps}):
                return replace(axis, low=steps)
        refused, accepted = 3, max(axis.steps(self.base) or 4, 4)
        while accepted - refused > 1:
            middle = (refused + accepted) // 2
            if self.accepted(axis, {axis.name: middle}):
                accepted = middle
            else:
                refused = middle
        return replace(axis, low=accepted)

    def listed(self, name: str, *, deep: bool) -> Axis | None:
        """The few values that are accepted, where no rule says which."""
        found = self.base[name]
        if isinstance(found, Fraction):
            options: Iterable[Number] = (found / 2, found * 2, found + 1, Fraction(1, 2), Fraction(1), Fraction(2))
        else:
            options = OPTIONS if found <= 64 else (found // 4, found // 2, 2 * found, 3 * found, 4 * found)
        fine = [option for option in options if option != found and self.tensors({name: option}) is not None]
        return Axis(name, found, values=(found, *fine), deep=deep) if fine else None

    def idle(self, names: Sequence[str]) -> Iterator[Axis]:
        """The axes of fields without effect: as wide as is accepted of all of them together."""
        drawn = {name: self.random.randint(2, 90) for name in names if name in self.integers}
        half = len(names) // 2
        if len(names) > 1 and self.builder.build({**self.base, **drawn}) is None:
            yield from self.idle(names[:half])
            yield from self.idle(names[half:])
            return
        wide = len(names) > 1 or self.builder.build({**self.base, **drawn}) is not None
        for name in names:
            found = self.base[name]
            if wide and name in drawn:
                yield Axis(name, found, idle=True, deep=bool(DEEP.search(last(name))))
            else:
                yield Axis(name, found, values=(found, self.other(name)), idle=True)

    def mark_divisor(self, name: str) -> None:
        axis = self.axes.get(name)
        if axis is None:
            self.axes[name] = Axis(name, self.base[name], values=(self.base[name],), idle=True)
        elif not axis.values:
            self.axes[name] = replace(axis, low=max(axis.low, 1), divides=True)
