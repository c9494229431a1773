"""The legal space, found by building: which fields matter, which must divide which, how small they go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random

from bertsym.derive.domain.field_domain import Choice, FieldDomain, Switch
from bertsym.derive.domain.field_path import field_name, list_path
from bertsym.derive.domain.screening import DEEP
from bertsym.derive.domain.space import FixedBy, FixedField, Space, in_dependency_order
from bertsym.derive.domain.together import Together
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.types import CannotDerive, Number
from bertsym.values import replace

PAIR = 2
MOST_TALL = 5
SMALL = 8
MOST_PLACES = 8
FEW_DEEP = 3
FEWEST_OF = (1, 2, 3)
MOST_ALIKE = 10
DEEPER = 6

# Names of fields that seldom matter: they are tried together first.
_SELDOM = re.compile(r"token|_id$|_index$|beam|length|window|seed|top_k|chunk|num_labels|interval|eps|size_divisor")


def explore(oracle: BuildOracle, random: Random) -> Space:
    """The space around the values that the code comes with; raises `CannotDerive`."""
    fields = dict(oracle.description.fields)
    rejection = oracle.rejection(fields)
    if rejection is not None:
        raise CannotDerive(oracle.target, f"its own sizes do not build: {rejection.reason}")
    return _Explorer(oracle, fields, random).space()


class _Explorer(Together):
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
        active += self.elsewhere([name for name in self.numbers if name not in (*active, *refusing)], active)
        calm = [name for name in self.numbers if name not in (*active, *refusing)]
        waiting = [name for name in self.numbers if name not in calm]
        for axis in self.plain(
            [FieldDomain(n, self.base[n], is_depth=n in deep) for n in waiting if n in self.integers]
        ):
            self.axes[axis.name] = axis if axis.name in active else replace(axis, no_effect=not self.matters(axis.name))
            waiting.remove(axis.name)
        for final in (False, False, True):
            for name in list(waiting):
                ruled = self.axis(name, deep=name in deep, final=final)
                if ruled is not None:
                    self.axes[name] = (
                        ruled if name in active else replace(ruled, no_effect=not self.matters(name, ruled.options))
                    )
                    waiting.remove(name)
        for name in self.together(waiting):
            waiting.remove(name)
        calm = [name for name in calm if name not in self.axes and name not in waiting]
        frozen = list(map(self.refused, waiting))
        frozen += [
            FixedField(n, "a number below 0 stands for something else") for n in self.negative if self.matters(n)
        ]
        self.prefetch({name: not self.base[name]} for name in self.switches)
        for name in self.switches:
            found = self.switched(name)
            if found is None:
                frozen.append(FixedField(name, "the other value was refused"))
            else:
                self.axes[name] = found
        self.axes |= {axis.name: axis for axis in self.idle(calm)}
        for name in dict.fromkeys(leader for axis in self.axes.values() for leader in axis.multiple_of):
            self.mark_divisor(name)
        bound = self.bound([name for name, axis in self.axes.items() if axis.no_effect and name in self.numbers])
        carrying = [axis for axis in map(self.axes.__getitem__, bound) if self.carries(axis)]
        self.axes |= {axis.name: replace(axis, no_effect=False) for axis in carrying}
        tall = [axis for axis in self.axes.values() if axis.is_depth and not axis.no_effect]
        if len(tall) > MOST_TALL:
            # Stages of layers, all of them as deep as one may be, would be thousands of tensors.
            self.axes |= {axis.name: replace(axis, sampled_values=FEW_DEEP) for axis in tall}
        self.axes |= {axis.name: replace(axis, min_steps=0, sampled_values=MOST_PLACES) for axis in self.placed()}
        self.axes |= {name: self.lively(axis) for name, axis in self.axes.items()}
        arranged = in_dependency_order(self.axes.values())
        assert arranged is not None  # noqa: S101  # every rule was checked for circles when it was found
        return Space(dict(self.base), arranged, tuple(frozen))

    def elsewhere(self, calm: Sequence[str], active: Sequence[str]) -> list[str]:
        """Return the calm fields that have an effect at other sizes, which a rejection there does not show.

        A least width has one where it is large, a scale that may be left out at 0, a period of layers where it is small
        and the stack deep, a size that is compared with another where the two are equal.
        """
        alike = dict.fromkeys((*FEWEST_OF, *(int(self.base[n]) for n in active if n in self.integers)))
        equal = [partial(self.counted, number) for number in [*alike][:MOST_ALIKE]]
        own = self.oracle.description.fields
        deeper: dict[str, Number] = {n: min(DEEPER, int(own[n])) for n in self.integers if self.flat(n)}
        found: set[str] = set()
        anothers: list[Callable[[str], Number]] = [self.double, self.far, self.nothing, *equal]
        count = len(anothers)
        anothers += equal[: len(FEWEST_OF)] if deeper else []
        for place, another in enumerate(anothers):
            beside = {} if place < count else deeper
            if len(found) < len(calm):
                left = [name for name in calm if name not in found]
                found |= {
                    name
                    for name in self.stirring(left, another, beside=beside)
                    if self.tensors({**beside, name: another(name)}) is not None
                }
        return [name for name in calm if name in found]

    def counted(self, number: int, name: str) -> Number:
        """Return the number for a field that counts something, its own value for any other."""
        return self.base[name] if name in self.ratios or "token" in name else number

    def lively(self, axis: FieldDomain) -> FieldDomain:
        """A small size up to where some side of a tensor becomes nothing, as a stride does with what it goes over."""
        if axis.is_depth or axis.no_effect or not axis.is_free or axis.is_ratio or axis.is_switch or axis.base > SMALL:
            return axis
        fine, empty = int(axis.base), axis.min_steps + axis.value_count
        if self.vanishes({}) or not self.vanishes({axis.name: empty - 1}):
            return axis
        while empty - fine > 1:
            middle = (fine + empty) // 2
            fine, empty = (fine, middle) if self.vanishes({axis.name: middle}) else (middle, empty)
        return replace(axis, sampled_values=max(fine - axis.min_steps + 1, PAIR))

    def vanishes(self, changes: dict[str, Number]) -> bool:
        """Whether something that builds has a side of nothing."""
        there = self.tensors(changes)
        return there is not None and any(0 in entry.shape for entry in there.values())

    def placed(self) -> Iterator[FieldDomain]:
        """The entries of lists that say in which layers of a stack something is: they are drawn from its places."""
        for names in self.places:
            axes = [self.axes[name] for name in names if name in self.axes]
            if len(axes) == len(names) and all(axis.is_free for axis in axes):
                yield from axes

    def refused(self, name: str) -> FixedField:
        """A number at no other value of which anything builds."""
        if self.is_length(name) and not list_path(name):
            return FixedField(name, "it is how long the lists beside it are", FixedBy.CODE)
        return FixedField(name, "no other value was accepted")

    def switched(self, name: str) -> FieldDomain | None:
        """The axis of a switch, which may need another one to be turned first."""
        base = bool(self.base[name])
        axis = FieldDomain(name, base, Switch())
        there = self.tensors({name: not base})
        if there is not None:
            return replace(axis, no_effect=there == self.tensors({}))
        for other in self.switches:
            turned = not self.base[other]
            needing = replace(axis, only_if=((other, turned),))
            if other != name and self.tensors({name: not base, other: turned}) is not None:
                return needing if in_dependency_order([*self.axes.values(), needing]) is not None else None
        return None

    def effects(self) -> tuple[list[str], list[str]]:
        """The numbers that change the tensors, and those of which the first other value is refused."""
        seldom = [name for name in self.integers if _SELDOM.search(name)]
        often = [name for name in self.integers if name not in seldom]
        active: list[str] = []
        refusing: list[str] = []
        self.prefetch({name: self.other(name)} for name in often)
        for group in (seldom, self.ratios, *([name] for name in often)):
            for name in self.stirring(group, self.other):
                (refusing if self.tensors({name: self.other(name)}) is None else active).append(name)
        settled = [name for name in refusing if self.matters(name)]
        return active + settled, [name for name in refusing if name not in settled]

    def plain(self, axes: Sequence[FieldDomain]) -> Iterator[FieldDomain]:
        """Those of the axes that need no rule: they may all be changed together, near their base and far from it."""
        if not axes:
            return
        near: dict[str, Number] = {axis.name: axis.base + 1 for axis in axes}
        far: dict[str, Number] = {a.name: a.base + (2 if a.is_depth else self.random.randint(20, 90)) for a in axes}
        if self.tensors(near) is not None and self.tensors(far) is not None:
            axes = [replace(axis, is_depth=axis.is_depth or self.multiplies(axis, near, far)) for axis in axes]
            least: dict[str, Number] = {axis.name: 1 for axis in axes}
            if self.tensors(least) is None:
                yield from map(self.lowered, axes)
                return
            for axis in axes:
                yield (
                    replace(axis, min_steps=0)
                    if self.may_vanish(axis) and self.accepted(axis, {axis.name: 0})
                    else axis
                )
        elif len(axes) > 1:
            half = len(axes) // 2
            yield from self.plain(axes[:half])
            yield from self.plain(axes[half:])

    def carries(self, axis: FieldDomain) -> bool:
        """Whether it changes the tensors once the fields that follow it are made to fit."""
        arranged, own = in_dependency_order(self.axes.values()), axis.steps_of(self.base)
        if arranged is None or own is None or axis.is_determined:
            return False
        there = self.oracle.build(Space(self.base, arranged, ()).fields({axis.name: 2 * max(own, 1)}))
        return there is not None and there != self.tensors({})

    def idle(self, names: Sequence[str]) -> Iterator[FieldDomain]:
        """The axes of fields without effect: as wide as is accepted of all of them together."""
        drawn = {name: self.random.randint(2, 90) for name in names if name in self.integers}
        half = len(names) // 2
        if len(names) > 1 and self.oracle.build({**self.base, **drawn}) is None:
            yield from self.idle(names[:half])
            yield from self.idle(names[half:])
            return
        wide = len(names) > 1 or self.oracle.build({**self.base, **drawn}) is not None
        for name in names:
            found = self.base[name]
            if wide and name in drawn:
                yield FieldDomain(name, found, no_effect=True, is_depth=bool(DEEP.search(field_name(name))))
            else:
                yield FieldDomain(name, found, Choice((found, self.other(name))), no_effect=True)

    def mark_divisor(self, name: str) -> None:
        axis = self.axes.get(name)
        if axis is None:
            self.axes[name] = FieldDomain(name, self.base[name], Choice((self.base[name],)), no_effect=True)
        elif not axis.is_listed:
            self.axes[name] = replace(axis, min_steps=max(axis.min_steps, 1), is_divisor=True)
