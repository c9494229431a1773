"""The simplest condition over sizes and switches that tells builds apart."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cached_property, partial
from itertools import combinations, islice, permutations, product
from typing import NamedTuple

import sympy
from sympy import Expr, Integer, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import at_least_one
from bertsym.derive.evaluator import Evaluator

LIMITS = (0, 1, 2, 3, 4)
UNITS = (2, 3, 4, 5, 6, 7, 8, 16, 32, 64)
MOST_VALUES = 24
MOST_TOGETHER = 4
FEWEST = 3

Sizes = Mapping[Symbol, int | bool | Fraction]


class Predicate(NamedTuple):
    """A condition, made when it is asked for, the sizes that it is about, and the rows in which it holds.

    What is said of one number alone, `alone` being the rows that have it, is an accident where these are few.
    """

    make: Callable[[], Boolean]
    symbols: frozenset[Symbol]
    bits: int
    alone: int | None = None

    def telling(self, asked: int, draws: Sequence[int]) -> bool:
        """Whether it may be the reason for what is seen in these rows, each being of one of the draws."""
        if self.alone is None:
            return True
        having = self.alone & asked
        return len({draw for row, draw in enumerate(draws) if having >> row & 1}) >= FEWEST


class Conditions:
    """The conditions over a table of sizes, each with the rows in which it holds, as the bits of a number.

    Sizes that `active` leaves out had no effect where they were tried alone: they are compared with numbers only, and
    where nothing else tells. `draws` says which draw each row is of: those of one have most sizes in common. `compared`
    are relations that the code was seen to look at.
    """

    def __init__(
        self,
        table: Sequence[Sizes],
        active: Collection[Symbol],
        draws: Sequence[int] = (),
        compared: Iterable[Boolean] = (),
    ) -> None:
        self.table, self.compared = table, tuple(compared)
        self.draws = draws or range(len(table))
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
        simple = [told for told in self.simple if told.telling(asked, self.draws)]
        among = [told for told in simple if told.symbols <= mattering] if mattering else []
        beside = [told for told in simple if told.symbols & mattering]
        seldom = [told for told in self.seldom if told.telling(asked, self.draws)]
        divided = [told for told in self.remainders if told.telling(asked, self.draws)]
        nearby = [told for told in divided if told.symbols & mattering]
        pools = (among, beside, [*beside, *nearby], simple, [*simple, *divided])
        last = [*simple, *seldom]
        # Two conditions on any sizes are sooner true than three on those that matter.
        ways = ((_told, pools), (_told_by_more, pools), (_told, [last]), (_told_by_more, [last]))
        found = (tell(pool, asked, wanted) for tell, many in ways for pool in many)
        return next((condition for condition in found if condition is not None), None)

    def ways(self, mattering: Collection[Symbol], rows: Iterable[int]) -> Iterator[int]:
        """The rows in which each condition that may tell among these holds, those on sizes that matter first."""
        asked = sum(1 << row for row in rows)
        simple = (told for told in self.simple if told.telling(asked, self.draws))
        return (told.bits for told in sorted(simple, key=lambda told: not told.symbols <= set(mattering)))

    def between(self, sizes: Collection[Symbol]) -> Iterator[Predicate]:
        """The comparisons of two of these sizes, each with its opposite left out."""
        return islice(self._compared([s for s in self.active if s in sizes]), 0, None, 2)

    def rows(self, condition: Boolean) -> set[int]:
        """The rows in which a condition over switches holds."""
        return {row for row, sizes in enumerate(self.table) if Evaluator(sizes).holds(condition)}

    @cached_property
    def simple(self) -> list[Predicate]:
        """The conditions on one of the active sizes, or on two, and those that the code was seen to look at."""
        numbers = _numbers(self.active, self.table)
        return [*self._alone(self.active), *self._compared(numbers), *self._seen()]

    @cached_property
    def remainders(self) -> list[Predicate]:
        """The conditions that one of the active sizes is a multiple of a number, or of another of them."""
        numbers = [s for s in _numbers(self.active, self.table) if all(row[s] == int(row[s]) for row in self.table)]
        return [*self._multiples(numbers), *self._divided(numbers)]

    @cached_property
    def seldom(self) -> list[Predicate]:
        """Those on one of the others."""
        return list(self._alone(self.idle))

    def _alone(self, symbols: Sequence[Symbol]) -> Iterator[Predicate]:
        numbers = _numbers(symbols, self.table)
        for switch in (symbol for symbol in symbols if symbol not in numbers):
            bits = self._bits(row[switch] is True for row in self.table)
            yield Predicate(partial(_itself, switch), frozenset({switch}), bits)
            yield Predicate(partial(sympy.Not, switch), frozenset({switch}), self.every & ~bits)
        for symbol in numbers:
            for limit in self._limits(symbol):
                more = self._bits(row[symbol] > limit for row in self.table)
                yield from self._either(sympy.Gt, sympy.Le, (symbol, limit), more)
                if limit:
                    equal = self._bits(row[symbol] == limit for row in self.table)
                    alone = equal if limit > 1 else None
                    yield from self._either(sympy.Eq, sympy.Ne, (symbol, limit), equal, alone)

    def _multiples(self, numbers: Sequence[Symbol]) -> Iterator[Predicate]:
        for symbol, unit in product(numbers, UNITS):
            fits = self._bits(row[symbol] % unit == 0 for row in self.table)
            yield from self._exactly(symbol, Integer(unit), fits, sympy.true)

    def _divided(self, numbers: Sequence[Symbol]) -> Iterator[Predicate]:
        for symbol, by in permutations(numbers, 2):
            fits = self._bits(row[by] > 0 and row[symbol] % row[by] == 0 for row in self.table)
            yield from self._exactly(symbol, at_least_one(by), fits, sympy.Gt(by, 0))

    def _exactly(self, symbol: Symbol, unit: Expr, bits: int, given: Boolean) -> Iterator[Predicate]:
        """A remainder that is 0 in these rows, which are `given`, and the opposite in the rest."""
        make = partial(_multiple, symbol, unit, given)
        symbols = frozenset({symbol, *unit.free_symbols})
        yield Predicate(make, symbols, bits)
        yield Predicate(lambda: sympy.Not(make()), symbols, self.every & ~bits)

    def _seen(self) -> Iterator[Predicate]:
        at = [Evaluator(row) for row in self.table]
        for relation in self.compared:
            with suppress(ArithmeticError, KeyError, TypeError):
                bits = self._bits(row.holds(relation) for row in at)
                for one, holding in ((relation, bits), (sympy.Not(relation), self.every & ~bits)):
                    yield Predicate(partial(_itself, one), frozenset(relation.free_symbols), holding)

    def _compared(self, numbers: Sequence[Symbol]) -> Iterator[Predicate]:
        for one, other in combinations(numbers, 2):
            equal = self._bits(row[one] == row[other] for row in self.table)
            more = self._bits(row[one] > row[other] for row in self.table)
            yield from self._either(sympy.Ne, sympy.Eq, (one, other), self.every & ~equal)
            yield from self._either(sympy.Gt, sympy.Le, (one, other), more)
            yield from self._either(sympy.Gt, sympy.Le, (other, one), self.every & ~more & ~equal)

    def _either(
        self,
        one: Callable[..., Boolean],
        other: Callable[..., Boolean],
        sides: tuple[Symbol, Symbol | int],
        bits: int,
        alone: int | None = None,
    ) -> Iterator[Predicate]:
        """A relation that holds in these rows, and the other, which holds in the rest."""
        symbols = frozenset(side for side in sides if isinstance(side, Symbol))
        yield Predicate(partial(one, *sides), symbols, bits, alone)
        yield Predicate(partial(other, *sides), symbols, self.every & ~bits, alone)

    def _limits(self, symbol: Symbol) -> list[int]:
        """The numbers that a size is compared with: the smallest, and all that it was given if these are few."""
        seen = {int(row[symbol]) for row in self.table}
        return sorted({*LIMITS, *(seen - {max(seen)} if len(seen) <= MOST_VALUES else ())})

    def _bits(self, truths: Iterable[bool]) -> int:
        return sum(1 << row for row, holds in enumerate(truths) if holds)


def _numbers(symbols: Iterable[Symbol], table: Sequence[Sizes]) -> list[Symbol]:
    return [symbol for symbol in symbols if not isinstance(table[0][symbol], bool)]


def _told(simple: Sequence[Predicate], asked: int, wanted: int) -> Boolean | None:
    """The simplest of these, or of two of them, that holds in just the wanted of the rows."""
    for told in simple:
        if told.bits & asked == wanted:
            return told.make()
    covering = [told for told in simple if told.bits & wanted == wanted]
    for one, other in combinations(covering, 2):
        if one.bits & other.bits & asked == wanted:
            return sympy.And(one.make(), other.make())
    return _either_of(simple, asked, wanted)


def _told_by_more(simple: Sequence[Predicate], asked: int, wanted: int) -> Boolean | None:
    """A few of these together, in which two may be either of two, that hold in just the wanted of the rows."""
    covering = [told for told in simple if told.bits & wanted == wanted]
    for told in sorted(covering, key=lambda told: (told.bits & asked).bit_count())[:MOST_TOGETHER]:
        either = _either_of(simple, told.bits & asked, wanted)
        if either is not None:
            return sympy.And(told.make(), either)
    return _together(covering, asked, wanted)


def _either_of(simple: Sequence[Predicate], asked: int, wanted: int) -> Boolean | None:
    """Two conditions of which one holds in just the wanted rows."""
    within = [told for told in simple if not told.bits & asked & ~wanted and told.bits & asked]
    for one, other in combinations(within, 2):
        if (one.bits | other.bits) & asked == wanted:
            return sympy.Or(one.make(), other.make())
    return None


def _together(covering: Sequence[Predicate], asked: int, wanted: int) -> Boolean | None:
    """Conditions that hold in just the wanted rows together, each the one that leaves the fewest others."""
    chosen: list[Boolean] = []
    while covering and asked != wanted and len(chosen) < MOST_TOGETHER:
        told = min(covering, key=lambda told: (told.bits & asked).bit_count())
        chosen.append(told.make())
        asked &= told.bits
    return sympy.And(*chosen) if asked == wanted else None


def _multiple(symbol: Symbol, unit: Expr, given: Boolean) -> Boolean:
    return sympy.And(given, sympy.Eq(symbol - unit * sympy.floor(symbol / unit), 0))


def _itself(condition: Boolean) -> Boolean:
    return condition
