"""Numbers that the code takes at other values only together, as two widths that must be equal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from bertsym.derive.domain.constraint_templates import Rules
from bertsym.derive.domain.field_domain import Choice, Determined, FieldDomain
from bertsym.derive.domain.field_path import field_name
from bertsym.derive.domain.screening import DEEP

MOST = 12
LARGEST = 3
TIMES = (2, 3)


class Together(Rules):
    """What a field may be where others must go with it."""

    def together(self, waiting: Sequence[str]) -> list[str]:
        """Those that got an axis: of each group the least is free, and the others are fixed multiples of it."""
        found: list[str] = []
        for group in self.groups(waiting):
            if not set(group) & set(found) and self.led(*sorted(group, key=self.base.__getitem__)):
                found += group
        return found

    def led(self, leader: str, *followers: str) -> bool:
        """Whether a rule for the first was found, the others being fixed multiples of it."""
        before = dict(self.axes)
        for name in followers:
            unit = int(self.base[name]) // int(self.base[leader])
            self.axes[name] = FieldDomain(name, self.base[name], Determined((leader,), unit))
        for final in (False, True):
            found = self.axis(leader, deep=False, final=final)
            if found is not None and not isinstance(found.allowed, Choice):
                self.axes[leader] = found
                return True
        self.axes = before
        return False

    def groups(self, waiting: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Those of the numbers that are accepted in proportion, and not when they grow by equal amounts."""
        able = [
            name for name in waiting if name in self.integers and self.base[name] and not DEEP.search(field_name(name))
        ]
        for size in range(2, LARGEST + 1):
            for group in combinations(able[:MOST], size):
                least = min(self.base[name] for name in group)
                if all(self.base[name] % least == 0 for name in group) and self.proportional(group):
                    yield group

    def proportional(self, group: Sequence[str]) -> bool:
        """Whether they are accepted twice and three times as large, and any two unequal ones not by the same more."""
        base = self.base
        if any(self.tensors({name: times * base[name] for name in group}) is None for times in TIMES):
            return False
        least = min(base[name] for name in group)
        unequal = (pair for pair in combinations(group, 2) if base[pair[0]] != base[pair[1]])
        return all(self.tensors({name: base[name] + least for name in pair}) is None for pair in unequal)
