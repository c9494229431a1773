"""The legal space of a model's fields, found by building: which matter, which must divide which, how small they go."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from random import Random

from bertsym.derive.process import Builder, CannotDerive, Fields, Inventory
from bertsym.values import value

SHALLOW = 3
MOST_DEEP = 6
MOST_HEADS = 48
MOST_WIDE = 3000
FACTORS = (1, 2, 4, 8, 16, 32, 64)


@value
class Axis:
    """What a field may be: a multiple of `factor`, and of the field `of` if there is one; `least` is the smallest.

    `deep` fields decide how many tensors there are; they are drawn from few values, for every tensor is built.
    `divides` says that some other field must be a multiple of this one.
    """

    name: str
    least: int
    factor: int = 1
    of: str | None = None
    deep: bool = False
    divides: bool = False

    @property
    def choices(self) -> int:
        """From how many values a draw picks."""
        return MOST_DEEP if self.deep else MOST_HEADS if self.divides or self.of else MOST_WIDE


@value
class Space:
    """The axes in the order in which they can be drawn, the switches, and what stays as it is, with the reason."""

    base: Fields
    axes: tuple[Axis, ...]
    switches: tuple[str, ...]
    frozen: tuple[tuple[str, str], ...]
    idle: tuple[str, ...]

    def draw(self, random: Random, *, edge: bool = False) -> dict[str, int | bool]:
        """All fields at once; at an edge some are as small as they go."""
        fields = dict(self.base)
        for axis in self.axes:
            unit = axis.factor * (int(fields[axis.of]) if axis.of else 1)
            low = max(-(-axis.least // unit), 0)
            fields[axis.name] = unit * random.randint(low, low + axis.choices - 1)
            if edge and random.random() < 0.5:
                fields[axis.name] = unit * low
        for name in self.switches:
            fields[name] = random.random() < 0.5
        return fields

    def coincidences(self, random: Random) -> Iterator[dict[str, int | bool]]:
        """Draws in which two sizes are equal, for every two that can be: [E != H] shows at no other."""
        for first, second in combinations(self.axes, 2):
            follower, leader = (first, second) if first.of is None and second.deep <= first.deep else (second, first)
            if follower.of is not None or follower.divides or (follower.deep and not leader.deep):
                continue
            fields = self.draw(random)
            found = int(fields[leader.name])
            if found >= follower.least and found % follower.factor == 0:
                yield {**fields, follower.name: found}


def explore(builder: Builder, random: Random) -> Space:
    """The space around the values that the code comes with; raises `CannotDerive`."""
    fields = dict(builder.description.fields)
    if builder.build(fields) is None:
        raise CannotDerive(builder.target, f"its own sizes do not build: {builder.raised}")
    return _Explorer(builder, fields, random).space()


class _Explorer:
    """The fields as they are moved about."""

    def __init__(self, builder: Builder, fields: dict[str, int | bool], random: Random) -> None:
        self.builder, self.base, self.random = builder, fields, random
        self.axes: dict[str, Axis] = {}
        self.numbers = [name for name, found in fields.items() if not isinstance(found, bool)]

    def tensors(self, **changes: int | bool) -> Inventory | None:
        return self.builder.build({**self.base, **changes})

    def space(self) -> Space:
        for name in self.numbers:
            self.lower_token(name)
        deep = [name for name in self.numbers if self.shallow(name)]
        switches = [n for n, found in self.base.items() if isinstance(found, bool) and self.matters(n, (not found,))]
        active = [name for name in self.numbers if name in deep or self.matters(name, self.around(name))]
        waiting = list(self.numbers)
        for _ in range(3):
            for name in list(waiting):
                axis = self.axis(name, deep=name in deep) if name in active or not self.moves(name) else None
                if axis is not None:
                    self.axes[name] = axis
                    waiting.remove(name)
        stuck = [
            n for n, found in self.base.items() if isinstance(found, bool) and self.tensors(**{n: not found}) is None
        ]
        for name in [axis.of for axis in self.axes.values() if axis.of]:
            self.mark_divisor(name)
        used = {name: axis for name, axis in self.axes.items() if name in active or axis.divides}
        ordered = sorted(used.values(), key=lambda axis: len(list(self.chain(axis))))
        frozen = [(name, "no other value was accepted") for name in active if name not in used]
        frozen += [(name, "the other value was refused") for name in stuck]
        idle = tuple(name for name in self.numbers if name not in used and name not in dict(frozen))
        return Space(dict(self.base), tuple(ordered), tuple(switches), tuple(frozen), idle)

    def lower_token(self, name: str) -> None:
        """A token's number says nothing of a size, but the vocabulary may not be smaller."""
        if name.endswith(("_token_id", "_token_index")) and int(self.base[name]) > 1:
            there = self.tensors(**{name: 1})
            if there is not None and there == self.tensors():
                self.base[name] = 1

    def shallow(self, name: str) -> bool:
        """Whether the field decides how many tensors there are; if so it is made small."""
        found = int(self.base[name])
        for start in (SHALLOW, 1, found):
            numbers = [self.number(name, few) for few in (start, start + 1, start + 2)]
            # Three values, for two differ in number where one of them is a special case, such as E = H, as well.
            if None not in numbers and len(set(numbers)) == 3:
                if start < found:
                    self.base[name] = start
                return True
        return False

    def number(self, name: str, found: int) -> int | None:
        """How many tensors there are."""
        there = self.tensors(**{name: found}) if found < 10**6 else None
        return None if there is None else len(there)

    def around(self, name: str) -> tuple[int, ...]:
        found = int(self.base[name])
        return (found + 1, 2 * found, found + 8, 3 * found, found // 2, found + 64)

    def matters(self, name: str, candidates: tuple[int | bool, ...]) -> bool:
        """Whether some other value that builds changes the tensors."""
        here = self.tensors()
        there = (self.tensors(**{name: candidate}) for candidate in candidates)
        return any(found is not None and found != here for found in there)

    def moves(self, name: str) -> bool:
        """Whether the next value builds: a field without effect that does not divide anything."""
        return self.tensors(**{name: int(self.base[name]) + 1}) is not None

    def axis(self, name: str, *, deep: bool) -> Axis | None:
        """The weakest rule under which every value tried is accepted."""
        found = int(self.base[name])
        others = [n for n in self.numbers if n != name and int(self.base[n]) >= 2 and found % int(self.base[n]) == 0]
        rules: list[tuple[int, str | None]] = [(factor, None) for factor in FACTORS[:2]]
        rules += [(factor, other) for factor in FACTORS[:2] for other in others if other not in self.below(name)]
        rules += [(factor, None) for factor in FACTORS[2:]]
        for factor, of in rules:
            if found % factor == 0 and self.holds(name, factor, of, deep=deep):
                return Axis(name, self.least(name, factor, of), factor, of, deep)
        return None

    def holds(self, name: str, factor: int, of: str | None, *, deep: bool) -> bool:
        """Whether multiples build: near the base, far from it, and with the other field changed."""
        unit = factor * (int(self.base[of]) if of else 1)
        here = max(int(self.base[name]) // unit, 1)
        far = here + (2 if deep else self.random.randint(20, 40) * 2 + 1)
        near = [k for k in (here + 1, far) if k != here]
        if not all(self.accepted({name: unit * k}) for k in near):
            return False
        if of is None:
            return True
        other = next((o for o in (5, 7, 3, 6, 12) if o != self.base[of]), 5)
        alike = {n: other for n in self.numbers if self.base[n] == self.base[of] and n != name}
        moved = factor * other
        return any(self.accepted({name: moved * 9, **change}) for change in ({of: other}, alike))

    def accepted(self, changes: dict[str, int]) -> bool:
        """Whether the changes build once the multiples of what changed are made to fit."""
        return self.tensors(**self.repaired(changes)) is not None

    def repaired(self, changes: dict[str, int]) -> dict[str, int]:
        fixed = dict(changes)
        for axis in self.axes.values():
            if axis.of in fixed and axis.name not in fixed:
                unit = axis.factor * fixed[axis.of]
                fixed[axis.name] = unit * max(1, round(int(self.base[axis.name]) / unit)) if unit else 0
        return fixed

    def least(self, name: str, factor: int, of: str | None) -> int:
        unit = factor * (int(self.base[of]) if of else 1)
        for multiple in range(4):
            if self.accepted({name: unit * multiple}):
                return multiple if of else unit * multiple
        refused, accepted = 3, max(int(self.base[name]) // unit, 4)
        while accepted - refused > 1:
            middle = (refused + accepted) // 2
            if self.accepted({name: unit * middle}):
                accepted = middle
            else:
                refused = middle
        return accepted if of else unit * accepted

    def below(self, name: str) -> set[str]:
        """The fields that are multiples of this one, however far down."""
        found = {axis.name for axis in self.axes.values() if axis.of == name}
        return found.union(*(self.below(n) for n in found)) if found else found

    def chain(self, axis: Axis) -> Iterator[str]:
        while axis.of is not None and axis.of in self.axes:
            yield axis.of
            axis = self.axes[axis.of]

    def mark_divisor(self, name: str) -> None:
        axis = self.axes.get(name)
        if axis is not None:
            self.axes[name] = Axis(axis.name, max(axis.least, 1), axis.factor, axis.of, axis.deep, divides=True)
        else:
            found = int(self.base[name])
            self.axes[name] = Axis(name, found, found, None, deep=False, divides=True)
