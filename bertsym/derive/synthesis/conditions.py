"""Predicate learning: the simplest condition over sizes and switches that holds in exactly the wanted rows.

The atoms are comparisons of one size with a number, comparisons of two sizes, switches, remainders, and comparisons
that the model code made. They are joined in small conjunctions and disjunctions, in the order of their length, as
learners of formulas in disjunctive normal form do (DNF; Valiant 1984). A set of rows is an integer with a bit a row,
so that joining and comparing sets is one operation.
"""

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
from bertsym.derive.limits import (
    COMPARED_NUMBERS,
    MAX_CONJUNCTION,
    MAX_THRESHOLD_VALUES,
    MIN_EQUAL_SAMPLES,
    REMAINDER_DIVISORS,
)

Sizes = Mapping[Symbol, int | bool | Fraction]
Join = Callable[[Sequence["Predicate"], int, int], Boolean | None]


class Predicate(NamedTuple):
    """A condition that is built on demand, its sizes, and the rows in which it holds.

    `equal_rows` is set for `N == 6` and `N != 6`: the rows with that value.
    """

    make: Callable[[], Boolean]
    symbols: frozenset[Symbol]
    bits: int
    equal_rows: int | None = None

    def has_support(self, rows: int, samples: Sequence[int]) -> bool:
        """Return True if the predicate may explain what is seen in these rows; `samples` maps a row to its sample.

        `N == 6` is accepted only if enough independent samples have that value: in fewer it may be an accident.
        """
        if self.equal_rows is None:
            return True
        equal = self.equal_rows & rows
        return len({sample for row, sample in enumerate(samples) if equal >> row & 1}) >= MIN_EQUAL_SAMPLES


class Conditions:
    """The predicates over a table of sizes, and the search for the condition that separates its rows.

    Sizes outside `active` had no effect when they were changed alone. They are compared with numbers only, and only
    if no condition over active sizes fits. `samples` maps each row to its sample: rows of one sample have most sizes
    in common, because they differ by a change of one field. `compared` holds relations that the model code evaluated.
    """

    def __init__(
        self,
        table: Sequence[Sizes],
        active: Collection[Symbol],
        samples: Sequence[int] = (),
        compared: Iterable[Boolean] = (),
    ) -> None:
        self.table, self.compared = table, tuple(compared)
        self.samples = samples or range(len(table))
        self.every_row = (1 << len(table)) - 1
        self.active = [symbol for symbol in table[0] if symbol in active]
        self.inactive = [symbol for symbol in table[0] if symbol not in active]
        self._conditions: dict[tuple[int, int, frozenset[Symbol]], Boolean | None] = {}

    def find(self, cases: Mapping[int, bool], preferred: Collection[Symbol] = ()) -> Boolean | None:
        """Return the condition that holds in exactly the rows marked True, or None if no simple one does.

        Rows outside `cases` do not matter. Conditions over `preferred` sizes, known to have an effect, come first.

        >>> from bertsym.symbols import H, N
        >>> table = [{H: h, N: n} for h, n in ((4, 9), (6, 6), (7, 2), (2, 2), (8, 11), (3, 1))]
        >>> Conditions(table, [H, N]).find({row: sizes[H] > sizes[N] for row, sizes in enumerate(table)})
        H > N
        """
        rows = sum(1 << row for row in cases)
        wanted = sum(1 << row for row, holds in cases.items() if holds)
        key = (rows, wanted, frozenset(preferred))
        if key not in self._conditions:
            self._conditions[key] = self._search(*key)
        return self._conditions[key]

    def _search(self, rows: int, wanted: int, preferred: frozenset[Symbol]) -> Boolean | None:
        if wanted == rows:
            return sympy.true
        simple, remainders, inactive = (
            self.supported(predicates, rows) for predicates in (self.simple, self.remainders, self.over_inactive)
        )
        within = [predicate for predicate in simple if predicate.symbols <= preferred] if preferred else []
        touching = [predicate for predicate in simple if predicate.symbols & preferred]
        touching_remainders = [predicate for predicate in remainders if predicate.symbols & preferred]
        pools = (within, touching, [*touching, *touching_remainders], simple, [*simple, *remainders])
        last = [*simple, *inactive]
        # Two predicates over any sizes are more often right than three over the preferred sizes.
        searches = ((_pair, pools), (_larger_join, pools), (_pair, [last]), (_larger_join, [last]))
        conditions = (join(pool, rows, wanted) for join, join_pools in searches for pool in join_pools)
        return next((condition for condition in conditions if condition is not None), None)

    def supported(self, predicates: Iterable[Predicate], rows: int) -> list[Predicate]:
        """Return the predicates that may explain what is seen in these rows."""
        return [predicate for predicate in predicates if predicate.has_support(rows, self.samples)]

    def split_masks(self, preferred: Collection[Symbol], rows: Iterable[int]) -> Iterator[int]:
        """Yield for each simple predicate the rows in which it holds, predicates over preferred sizes first."""
        simple = self.supported(self.simple, sum(1 << row for row in rows))
        sizes = set(preferred)
        return (predicate.bits for predicate in sorted(simple, key=lambda predicate: not predicate.symbols <= sizes))

    def comparisons(self, sizes: Collection[Symbol]) -> Iterator[Predicate]:
        """Yield the comparisons of two of these sizes, one of each pair of opposites."""
        return islice(self._size_comparisons([symbol for symbol in self.active if symbol in sizes]), 0, None, 2)

    def rows_where(self, condition: Boolean) -> set[int]:
        """Return the rows in which a condition holds."""
        return {row for row, sizes in enumerate(self.table) if Evaluator(sizes).holds(condition)}

    @cached_property
    def simple(self) -> list[Predicate]:
        """Return the predicates over one or two active sizes, and those that the model code evaluated."""
        numbers = _number_symbols(self.active, self.table)
        return [*self._one_size(self.active), *self._size_comparisons(numbers), *self.traced]

    @cached_property
    def traced(self) -> list[Predicate]:
        """Return the relations that the model code evaluated, and their opposites."""
        return list(self._traced())

    @cached_property
    def remainders(self) -> list[Predicate]:
        """Return the predicates that an active size is a multiple of a number or of another active size."""
        numbers = [
            symbol
            for symbol in _number_symbols(self.active, self.table)
            if all(sizes[symbol] == int(sizes[symbol]) for sizes in self.table)
        ]
        return [*self._multiples_of_numbers(numbers), *self._multiples_of_sizes(numbers)]

    @cached_property
    def over_inactive(self) -> list[Predicate]:
        """Return the predicates over one inactive size."""
        return list(self._one_size(self.inactive))

    def _one_size(self, symbols: Sequence[Symbol]) -> Iterator[Predicate]:
        numbers = _number_symbols(symbols, self.table)
        for switch in (symbol for symbol in symbols if symbol not in numbers):
            bits = self._bits(sizes[switch] is True for sizes in self.table)
            yield Predicate(partial(_same, switch), frozenset({switch}), bits)
            yield Predicate(partial(sympy.Not, switch), frozenset({switch}), self.every_row & ~bits)
        for symbol in numbers:
            for threshold in self._thresholds(symbol):
                greater = self._bits(sizes[symbol] > threshold for sizes in self.table)
                yield from self._opposites(sympy.Gt, sympy.Le, (symbol, threshold), greater)
                if threshold:
                    equal = self._bits(sizes[symbol] == threshold for sizes in self.table)
                    # Model code tests for 1 on purpose (ResNet's `stride != 1`), so 1 needs no support.
                    equal_rows = equal if threshold > 1 else None
                    yield from self._opposites(sympy.Eq, sympy.Ne, (symbol, threshold), equal, equal_rows)

    def _multiples_of_numbers(self, numbers: Sequence[Symbol]) -> Iterator[Predicate]:
        for symbol, divisor in product(numbers, REMAINDER_DIVISORS):
            multiple = self._bits(sizes[symbol] % divisor == 0 for sizes in self.table)
            yield from self._divisibility(symbol, Integer(divisor), multiple, sympy.true)

    def _multiples_of_sizes(self, numbers: Sequence[Symbol]) -> Iterator[Predicate]:
        for symbol, divisor in permutations(numbers, 2):
            multiple = self._bits(sizes[divisor] > 0 and sizes[symbol] % sizes[divisor] == 0 for sizes in self.table)
            yield from self._divisibility(symbol, at_least_one(divisor), multiple, sympy.Gt(divisor, 0))

    def _divisibility(self, symbol: Symbol, divisor: Expr, bits: int, guard: Boolean) -> Iterator[Predicate]:
        """Yield that a size is a multiple, which holds in the rows of `bits`, and the opposite.

        The `guard` is part of the condition: a divisor of 0 has no multiples.
        """
        make = partial(_is_multiple, symbol, divisor, guard)
        symbols = frozenset({symbol, *divisor.free_symbols})
        yield Predicate(make, symbols, bits)
        yield Predicate(lambda: sympy.Not(make()), symbols, self.every_row & ~bits)

    def _traced(self) -> Iterator[Predicate]:
        evaluators = [Evaluator(sizes) for sizes in self.table]
        for relation in self.compared:
            with suppress(ArithmeticError, KeyError, TypeError):
                bits = self._bits(evaluator.holds(relation) for evaluator in evaluators)
                symbols = frozenset(relation.free_symbols)
                yield Predicate(partial(_same, relation), symbols, bits)
                yield Predicate(partial(_same, sympy.Not(relation)), symbols, self.every_row & ~bits)

    def _size_comparisons(self, numbers: Sequence[Symbol]) -> Iterator[Predicate]:
        for first, second in combinations(numbers, 2):
            equal = self._bits(sizes[first] == sizes[second] for sizes in self.table)
            greater = self._bits(sizes[first] > sizes[second] for sizes in self.table)
            less = self.every_row & ~greater & ~equal
            yield from self._opposites(sympy.Ne, sympy.Eq, (first, second), self.every_row & ~equal)
            yield from self._opposites(sympy.Gt, sympy.Le, (first, second), greater)
            yield from self._opposites(sympy.Gt, sympy.Le, (second, first), less)

    def _opposites(
        self,
        relation: Callable[..., Boolean],
        opposite: Callable[..., Boolean],
        operands: tuple[Symbol, Symbol | int],
        bits: int,
        equal_rows: int | None = None,
    ) -> Iterator[Predicate]:
        """Yield a relation that holds in the rows of `bits`, and its opposite, which holds in the others."""
        symbols = frozenset(operand for operand in operands if isinstance(operand, Symbol))
        yield Predicate(partial(relation, *operands), symbols, bits, equal_rows)
        yield Predicate(partial(opposite, *operands), symbols, self.every_row & ~bits, equal_rows)

    def _thresholds(self, symbol: Symbol) -> list[int]:
        """Return the numbers that a size is compared with: small ones, and its values in the table if these are few."""
        values = {int(sizes[symbol]) for sizes in self.table}
        return sorted({*COMPARED_NUMBERS, *(values - {max(values)} if len(values) <= MAX_THRESHOLD_VALUES else ())})

    def _bits(self, truths: Iterable[bool]) -> int:
        return sum(1 << row for row, holds in enumerate(truths) if holds)


def _number_symbols(symbols: Iterable[Symbol], table: Sequence[Sizes]) -> list[Symbol]:
    return [symbol for symbol in symbols if not isinstance(table[0][symbol], bool)]


def _pair(predicates: Sequence[Predicate], rows: int, wanted: int) -> Boolean | None:
    """Return one predicate, a conjunction of two or a disjunction of two that holds in exactly the wanted rows."""
    for predicate in predicates:
        if predicate.bits & rows == wanted:
            return predicate.make()
    for first, second in combinations(_implied(predicates, wanted), 2):
        if first.bits & second.bits & rows == wanted:
            return sympy.And(first.make(), second.make())
    return _disjunction(predicates, rows, wanted)


def _larger_join(predicates: Sequence[Predicate], rows: int, wanted: int) -> Boolean | None:
    """Return a conjunction that holds in exactly the wanted rows: with a disjunction of two, or of up to four."""
    implied = _implied(predicates, wanted)
    for predicate in sorted(implied, key=lambda predicate: (predicate.bits & rows).bit_count())[:MAX_CONJUNCTION]:
        disjunction = _disjunction(predicates, predicate.bits & rows, wanted)
        if disjunction is not None:
            return sympy.And(predicate.make(), disjunction)
    return _greedy_conjunction(implied, rows, wanted)


def _implied(predicates: Iterable[Predicate], wanted: int) -> list[Predicate]:
    """Return the predicates that hold in all wanted rows: the only ones that a conjunction may have."""
    return [predicate for predicate in predicates if predicate.bits & wanted == wanted]


def _disjunction(predicates: Sequence[Predicate], rows: int, wanted: int) -> Boolean | None:
    """Return a disjunction of two predicates that holds in exactly the wanted rows."""
    sufficient = [
        predicate for predicate in predicates if not predicate.bits & rows & ~wanted and predicate.bits & rows
    ]
    for first, second in combinations(sufficient, 2):
        if (first.bits | second.bits) & rows == wanted:
            return sympy.Or(first.make(), second.make())
    return None


def _greedy_conjunction(implied: Sequence[Predicate], rows: int, wanted: int) -> Boolean | None:
    """Return a conjunction that holds in exactly the wanted rows, by greedy set cover (Chvatal 1979).

    Each step adds the predicate that leaves the fewest rows.
    """
    conjuncts: list[Boolean] = []
    while implied and rows != wanted and len(conjuncts) < MAX_CONJUNCTION:
        predicate = min(implied, key=lambda predicate: (predicate.bits & rows).bit_count())
        conjuncts.append(predicate.make())
        rows &= predicate.bits
    return sympy.And(*conjuncts) if rows == wanted else None


def _is_multiple(symbol: Symbol, divisor: Expr, guard: Boolean) -> Boolean:
    return sympy.And(guard, sympy.Eq(symbol - divisor * sympy.floor(symbol / divisor), 0))


def _same(condition: Boolean) -> Boolean:
    return condition
