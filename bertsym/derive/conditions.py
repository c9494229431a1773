"""The simplest condition over sizes and switches that tells builds apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import combinations

import sympy
from sympy import Symbol
from sympy.logic.boolalg import Boolean

from bertsym.derive.reckon import Reckoner

LIMITS = (0, 1, 2, 3, 4)
MOST_VALUES = 24
MOST_TOGETHER = 4

Sizes = Mapping[Symbol, int | bool | Fraction]
Told = tuple[Boolean, int]


class Conditions:
    """The conditions over a table of sizes, each with the rows in which it holds, as the bits of a number.

    Sizes that `active` leaves out had no effect where they were tried alone: they are compared with numbers only, and
    where nothing else tells.
    """

    def __init__(self, table: Sequence[Sizes], active: Collection[Symbol]) -> None:
        self.table = table
        self.every = (1 << len(table)) - 1
        self.active = [symbol for symbol in table[0] if symbol in active]
        self.idle = [symbol for symbol in table[0] if symbol not in active]
        self.known: dict[tuple[int, int, frozenset[Symbol]], Boolean | None] = {}

    def telling(self, cases: Mapping[int, bool], mattering: Collection[Symbol] = ()) -> Boolean | None:
        """The condition that holds in just those of the rows that are said to; None if no simple one does.

        One over sizes that are known to matter is sooner true than one over others.
        """
        asked = sum(1 << row for row in cases)
        wanted = sum(1 << row for row, holds in cases.items() if holds)
        key = (asked, wanted, frozenset(mattering))
        if key not in self.known:
            self.known[key] = self._telling(*key)
        return self.known[key]

    def _telling(self, asked: int, wanted: int, mattering: frozenset[Symbol]) -> Boolean | None:
        if wanted == asked:
            return sympy.true
        first = [told for told in self.simple if told[0].free_symbols <= mattering] if mattering else []
        found = (_told(some, asked, wanted) for some in (first, self.simple, self.simple + self.seldom))
        return next((condition for condition in found if condition is not None), None)

    def ways(self, mattering: Collection[Symbol]) -> Iterator[int]:
        """The rows in which each simple condition holds, those on sizes that matter first."""
        return (bits for _, bits in sorted(self.simple, key=lambda found: not found[0].free_symbols <= set(mattering)))

    def rows(self, condition: Boolean) -> set[int]:
        """The rows in which a condition over switches holds."""
        return {row for row, sizes in enumerate(self.table) if Reckoner(sizes).holds(condition)}

    @cached_property
    def simple(self) -> list[Told]:
        """The conditions on one of the active sizes, or on two."""
        return [*self._alone(self.active), *self._compared(_numbers(self.active, self.table))]

    @cached_property
    def seldom(self) -> list[Told]:
        """Those on one of the others."""
        return list(self._alone(self.idle))

    def _alone(self, symbols: Sequence[Symbol]) -> Iterator[Told]:
        numbers = _numbers(symbols, self.table)
        for switch in (symbol for symbol in symbols if symbol not in numbers):
            bits = self._bits(row[switch] is True for row in self.table)
            yield switch, bits
            yield sympy.Not(switch), self.every & ~bits
        for symbol in numbers:
            for limit in self._limits(symbol):
                bits = self._bits(row[symbol] > limit for row in self.table)
                yield sympy.Gt(symbol, limit), bits
                yield sympy.Le(symbol, limit), self.every & ~bits
                if limit:
                    bits = self._bits(row[symbol] == limit for row in self.table)
                    yield sympy.Eq(symbol, limit), bits
                    yield sympy.Ne(symbol, limit), self.every & ~bits

    def _compared(self, numbers: Sequence[Symbol]) -> Iterator[Told]:
        for one, other in combinations(numbers, 2):
            equal = self._bits(row[one] == row[other] for row in self.table)
            more = self._bits(row[one] > row[other] for row in self.table)
            yield sympy.Ne(one, other), self.every & ~equal
            yield sympy.Eq(one, other), equal
            yield sympy.Gt(one, other), more
            yield sympy.Le(one, other), self.every & ~more
            yield sympy.Gt(other, one), self.every & ~more & ~equal
            yield sympy.Le(other, one), more | equal

    def _limits(self, symbol: Symbol) -> list[int]:
        """The numbers that a size is compared with: the smallest, and all that it was given if these are few."""
        seen = {int(row[symbol]) for row in self.table}
        return sorted({*LIMITS, *(seen - {max(seen)} if len(seen) <= MOST_VALUES else ())})

    def _bits(self, truths: Iterable[bool]) -> int:
        return sum(1 << row for row, holds in enumerate(truths) if holds)


def _numbers(symbols: Iterable[Symbol], table: Sequence[Sizes]) -> list[Symbol]:
    return [symbol for symbol in symbols if not isinstance(table[0][symbol], bool)]


def _told(simple: Sequence[Told], asked: int, wanted: int) -> Boolean | None:
    """The simplest of these, or of few of them together, that holds in just the wanted of the rows."""
    for condition, bits in simple:
        if bits & asked == wanted:
            return condition
    covering = [(c, bits & asked) for c, bits in simple if bits & wanted == wanted]
    for (one, first), (other, second) in combinations(covering, 2):
        if first & second == wanted:
            return sympy.And(one, other)
    either = _either(simple, asked, wanted)
    if either is not None:
        return either
    for condition, bits in sorted(covering, key=_size)[:MOST_TOGETHER]:
        either = _either(simple, bits, wanted)
        if either is not None:
            return sympy.And(condition, either)
    return _together(covering, asked, wanted)


def _either(simple: Sequence[Told], asked: int, wanted: int) -> Boolean | None:
    """Two conditions of which one holds in just the wanted rows."""
    within = [(c, bits & asked) for c, bits in simple if not bits & asked & ~wanted and bits & asked]
    for (one, first), (other, second) in combinations(within, 2):
        if first | second == wanted:
            return sympy.Or(one, other)
    return None


def _size(told: Told) -> int:
    return told[1].bit_count()


def _together(covering: Sequence[Told], asked: int, wanted: int) -> Boolean | None:
    """Conditions that hold in just the wanted rows together, each the one that leaves the fewest others."""
    chosen: list[Boolean] = []
    while covering and asked != wanted and len(chosen) < MOST_TOGETHER:
        condition, bits = min(covering, key=lambda found: (found[1] & asked).bit_count())
        chosen.append(condition)
        asked &= bits
    return sympy.And(*chosen) if asked == wanted else None
