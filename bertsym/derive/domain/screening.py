"""Trying other values of fields, alone and together: what changes the tensors, what renames them, what is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from random import Random
from types import MappingProxyType

from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.field_path import ascending_lists, field_name, list_index, list_path, parent_config
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.types import Inventory, Number

SHALLOW = 3
FEW = 6
MOST_LAYERS = 64

_NUMBER = re.compile(r"\b\d+\b")

# Names of fields that say how deep a stack is.
DEEP = re.compile(r"layers?$|layers?\[|depth|_blocks|n_layer|num_block|num_flows|stage_repeats")


class Probe:
    """The fields of some code around a base, which is made small where stacks are deep."""

    def __init__(self, oracle: BuildOracle, fields: dict[str, Number], random: Random) -> None:
        self.oracle, self.base, self.random = oracle, fields, random
        self.axes: dict[str, FieldDomain] = {}
        self.places: list[list[str]] = []
        integers = [n for n, found in fields.items() if isinstance(found, int) and not isinstance(found, bool)]
        self.integers = [name for name in integers if fields[name] >= 0]
        self.negative = [name for name in integers if fields[name] < 0]
        self.ratios = [n for n, found in fields.items() if isinstance(found, Fraction)]
        self.numbers = [*self.integers, *self.ratios]
        self.switches = [n for n, found in fields.items() if isinstance(found, bool)]

    def tensors(self, changes: dict[str, Number]) -> Inventory | None:
        """What the code builds with these changes to the base; None where it refuses."""
        return self.oracle.build({**self.base, **changes})

    def prefetch(self, many: Iterable[dict[str, Number]]) -> None:
        """Have built what will be asked for: each of these changes to the base."""
        self.oracle.prefetch({**self.base, **changes} for changes in many)

    def flatten(self) -> None:
        """Make stacks of layers small that are called so, for everything that follows builds them."""
        for names in ascending_lists(self.base).values():
            first: dict[str, Number] = {name: list_index(name) for name in names}
            if all(self.base[name] < MOST_LAYERS for name in names) and self.layered(names) and self.tensors(first):
                self.base |= first
                self.places.append(names)
        listed = set(chain(*self.places))
        tall = [n for n in self.integers if DEEP.search(field_name(n)) and self.base[n] > SHALLOW and n not in listed]
        deep = [name for name in tall if not self.is_length(name)]
        for group in (deep, *([name] for name in deep)):
            low: dict[str, Number] = {name: SHALLOW for name in group if self.base[name] > SHALLOW}
            if low and self.tensors(low) is not None:
                self.base |= low
        for name in self.ratios:
            if DEEP.search(field_name(name)) and self.base[name] > 1 and self.tensors({name: Fraction(1)}) is not None:
                self.base[name] = Fraction(1)

    def layered(self, names: Sequence[str]) -> bool:
        """Whether there is a depth beside a list that all its numbers are below."""
        deep = [
            name
            for name in self.integers
            if DEEP.search(field_name(name)) and parent_config(name) == parent_config(names[0])
        ]
        return any(self.base[name] > max(self.base[n] for n in names) for name in deep if not list_path(name))

    def is_length(self, name: str) -> bool:
        """Whether it may be how long the lists of its configuration are, as a number of stages is."""
        lengths = Counter((parent_config(path), path) for path in map(list_path, self.numbers) if path)
        return any(where == parent_config(name) and length == self.base[name] for (where, _), length in lengths.items())

    def enrich(self, deep: Sequence[str]) -> None:
        """Move the base to where there are more kinds of tensors, such as layers with experts and layers without."""
        for name in deep:
            here = self.kinds({})
            richest = max(range(FEW), key=lambda few, name=name: self.kinds({name: few}))  # type: ignore[misc]
            if self.kinds({name: richest}) > here:
                self.base[name] = richest

    def kinds(self, changes: dict[str, Number]) -> int:
        """How many kinds of tensors there are, layers of one stack taken together."""
        there = self.tensors(changes)
        return 0 if there is None else len({_NUMBER.sub("#", name) for name in there})

    def stirring(
        self,
        names: Sequence[str],
        another: Callable[[str], Number],
        seen: Callable[[Inventory | None], object] = lambda there: there,
        beside: Mapping[str, Number] = MappingProxyType({}),
    ) -> Iterator[str]:
        """Those of the names that do not, given other values together, leave what is seen as it is."""
        there = {**beside, **{name: another(name) for name in names}}
        if not names or seen(self.tensors(there)) == seen(self.tensors(dict(beside))):
            return
        if len(names) == 1:
            yield names[0]
            return
        half = len(names) // 2
        self.prefetch({**beside, **{name: another(name) for name in part}} for part in (names[:half], names[half:]))
        yield from self.stirring(names[:half], another, seen, beside)
        yield from self.stirring(names[half:], another, seen, beside)

    def renaming(self, names: Sequence[str]) -> list[str]:
        """The integers at whose other values there are other tensors, or nothing that builds."""
        integers = [name for name in self.integers if name in names]
        found: set[str] = set()
        for another in (self.other, self.fewer, lambda _: 1):
            found |= set(self.stirring([name for name in integers if name not in found], another, _names))
        return [name for name in integers if name in found]

    def fewer(self, name: str) -> Number:
        """A smaller value, which shows what counts within something else."""
        found = self.base[name]
        return found // 2 if isinstance(found, int) and 0 < found <= MOST_LAYERS else found

    def other(self, name: str) -> Number:
        """Another value, likely to be accepted."""
        found = self.base[name]
        if isinstance(found, Fraction):
            return found / 2 if found else Fraction(1, 2)
        return 1 if name.endswith(("_token_id", "_token_index")) and found != 1 else found + 1

    def double(self, name: str) -> Number:
        """Twice as much, which most of what must divide it still does."""
        return self.other(name) if "token" in name else 2 * self.base[name]

    def far(self, name: str) -> Number:
        """A much larger value."""
        found = self.base[name]
        return found * 4 if isinstance(found, Fraction) else self.other(name) if "token" in name else 3 * found + 64

    def nothing(self, name: str) -> Number:
        """Nothing at all."""
        return self.base[name] * 0

    def left_out(self, name: str) -> bool:
        """Whether it changes something at nothing alone, as a scale that is left out."""
        here = self.tensors({})
        there = self.tensors({name: self.nothing(name)})
        same = all(self.tensors({name: other}) in (here, None) for other in (self.other(name), self.far(name)))
        return same and there is not None and there != here

    def around(self, name: str) -> tuple[Number, ...]:
        """Further values, near and far."""
        found = self.base[name]
        if isinstance(found, Fraction):
            return (found / 2, found * 2, found + 1)
        return (found + 1, 2 * found, found // 2, found + 8, 3 * found, found + 64, max(found - 1, 0))

    def matters(self, name: str, values: Sequence[Number] = ()) -> bool:
        """Whether some other value that builds changes the tensors: of these, or of those around the base."""
        here = self.tensors({})
        there = (self.tensors({name: candidate}) for candidate in (*values, *self.around(name)))
        return any(found is not None and found != here for found in there)

    def shallow(self, name: str) -> bool:
        """Whether the field decides which tensors there are, at more than a special value; if so it is made small."""
        found = int(self.base[name])
        for start in dict.fromkeys((min(SHALLOW, found), 2, 1, found) if found > FEW else (found, 1)):
            there = [self.named(name, few) for few in (start, start + 1, start + 2)]
            # Three values, for two differ where one of them is a special case, such as E = H, as well.
            if None not in there and len(set(there)) == 3:
                if found > FEW:
                    self.base[name] = start
                return True
            if len(set(there)) == 1:
                break
        # One that counts within what another counts, such as the layers before the first with experts.
        tall: dict[str, Number] = {n: FEW for n in self.integers if n != name and self.flat(n)}
        return found <= MOST_LAYERS and any(
            len({self.named(name, few, beside) for few in (*range(FEW), 8, 16)} - {None}) > 2 for beside in ({}, tall)
        )

    def flat(self, name: str) -> bool:
        """Whether it is a depth that was made small."""
        return bool(DEEP.search(field_name(name))) and self.base[name] == SHALLOW < self.oracle.description.fields[name]

    def named(self, name: str, found: int, beside: Mapping[str, Number] | None = None) -> frozenset[str] | None:
        """Which tensors there are."""
        return _names(self.tensors({**(beside or {}), name: found}) if found < 10**4 else None)

    def multiplies(self, axis: FieldDomain, near: Mapping[str, Number], far: Mapping[str, Number]) -> bool:
        """Whether there are more tensors the larger it is, as with a width for each level that is no list."""
        here, there = self.tensors(dict(near)), self.tensors(dict(far))
        if here is None or there is None or len(there) <= len(here) + FEW:
            return False
        alone = self.tensors({axis.name: far[axis.name]})
        return alone is None or len(alone) > len(here) + FEW

    def bound(self, names: Sequence[str]) -> list[str]:
        """Those of the names of which some other value is refused as long as all else stays."""
        self.prefetch({name: self.next(name)} for name in names)
        free = [name for name in names if self.tensors({name: self.next(name)}) is not None]
        self.prefetch({name: self.twice(name)} for name in free)
        return [name for name in names if name not in free or self.tensors({name: self.twice(name)}) is None]

    def next(self, name: str) -> int:
        """One more, from a fraction the next integer."""
        return int(self.base[name]) + 1

    def twice(self, name: str) -> int:
        """One more than twice as many, which has no divisor in common with it."""
        return 2 * int(self.base[name]) + 1


def _names(there: Inventory | None) -> frozenset[str] | None:
    return None if there is None else frozenset(there)
