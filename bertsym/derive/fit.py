"""Integers seen at many sizes to the shortest exact formula that gives them all, or to none.

Tried in this order: a constant; in one size a line, a parabola, a line rounded down after a division; in two and three
sizes every product of different ones with integer coefficients. A quotient of two sizes, rounded down, may stand for
one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from math import prod

import sympy
from sympy import Expr, Integer, Symbol

from bertsym.algebra import expand
from bertsym.values import value

LARGEST_DIVISOR = 64
FEWEST = 3

Numbers = tuple[int, ...]


@value
class Atom:
    """What a formula is made of, and its value at every size seen."""

    expression: Expr
    numbers: Numbers


class Fitter:
    """Formulas over the atoms of a table of sizes; equal columns are fitted once."""

    def __init__(self, table: Sequence[Mapping[Symbol, int]], symbols: Sequence[Symbol]) -> None:
        self.table = table
        self.columns = [Atom(symbol, tuple(row[symbol] for row in table)) for symbol in symbols]
        self.known: dict[tuple[tuple[int, ...], Numbers], Expr | None] = {}

    def fit(self, rows: Sequence[int], numbers: Sequence[int]) -> Expr | None:
        """The formula of numbers seen at those rows of the table; None where there is none, or too few to tell.

        >>> from bertsym.symbols import H, heads
        >>> table = [{H: h, heads: a} for h, a in ((3, 2), (8, 5), (13, 4), (21, 9), (40, 3), (7, 7))]
        >>> Fitter(table, [H, heads]).fit(range(6), [row[H] * row[heads] * 2 + row[H] for row in table])
        2*H*heads + H
        >>> Fitter(table, [H]).fit(range(6), [(row[H] - 1) // 4 + 1 for row in table])
        floor(H/4 + 3/4)
        """
        key = (tuple(rows), tuple(numbers))
        if key not in self.known:
            self.known[key] = next(self._formulas(*key), None)
        return self.known[key]

    def _formulas(self, rows: Numbers, numbers: Numbers) -> Iterator[Expr]:
        if len(set(numbers)) == 1:
            yield Integer(numbers[0])
        if len(numbers) < FEWEST:
            return
        single = [_at(atom, rows) for atom in self.columns]
        atoms = [atom for atom in single if len(set(atom.numbers)) > 1]
        quotients = list(_quotients(atoms))
        for atom in (*atoms, *quotients):
            yield from _combined([Atom(Integer(1), (1,) * len(rows)), atom], numbers)
        for atom in atoms:
            square = Atom(atom.expression**2, tuple(n * n for n in atom.numbers))
            yield from _combined([Atom(Integer(1), (1,) * len(rows)), atom, square], numbers)
        for atom in atoms:
            yield from _rounded(atom, numbers)
        for count in (2, 3):
            for chosen in combinations(atoms, count):
                yield from _combined(_products(chosen), numbers)
        for quotient in quotients:
            for atom in atoms:
                yield from _combined(_products((quotient, atom)), numbers)


def _at(atom: Atom, rows: Numbers) -> Atom:
    return Atom(atom.expression, tuple(atom.numbers[row] for row in rows))


def _quotients(atoms: Sequence[Atom]) -> Iterator[Atom]:
    """One size over another, rounded down, for all pairs in which the divisor is never 0."""
    for above in atoms:
        for below in atoms:
            if above is not below and all(below.numbers):
                numbers = tuple(a // b for a, b in zip(above.numbers, below.numbers, strict=True))
                if len(set(numbers)) > 1:
                    yield Atom(sympy.floor(above.expression / below.expression), numbers)


def _products(atoms: Sequence[Atom]) -> list[Atom]:
    """The products of every choice among the atoms, the empty one included."""
    chosen = [choice for count in range(len(atoms) + 1) for choice in combinations(atoms, count)]
    places = range(len(atoms[0].numbers))
    return [
        Atom(prod((atom.expression for atom in choice), start=Integer(1)), tuple(_product(choice, p) for p in places))
        for choice in chosen
    ]


def _product(choice: Sequence[Atom], place: int) -> int:
    return prod(atom.numbers[place] for atom in choice)


def _combined(basis: Sequence[Atom], numbers: Numbers) -> Iterator[Expr]:
    """The one combination of the basis with integer coefficients that gives the numbers, if there is one."""
    if len(numbers) <= len(basis):
        return
    found = _solved([atom.numbers for atom in basis], numbers)
    if found is not None and all(c.denominator == 1 for c in found):
        whole = [int(c) for c in found]
        sums = (sum(c * atom.numbers[p] for c, atom in zip(whole, basis, strict=True)) for p in range(len(numbers)))
        if all(got == wanted for got, wanted in zip(sums, numbers, strict=True)):
            yield expand(sympy.Add(*(c * atom.expression for c, atom in zip(whole, basis, strict=True))))


def _solved(columns: Sequence[Numbers], numbers: Numbers) -> list[Fraction] | None:
    """Coefficients that give the first rows that decide them; None where the rows decide nothing."""
    width = len(columns)
    pivots: list[list[Fraction]] = []
    for place, wanted in enumerate(numbers):
        row = [*(Fraction(column[place]) for column in columns), Fraction(wanted)]
        for lead, pivot in enumerate(pivots):
            if row[lead]:
                row = [r - row[lead] * p for r, p in zip(row, pivot, strict=True)]
        lead = len(pivots)
        if not row[lead]:
            if any(row[:width]):
                continue
            if row[width]:
                return None
            continue
        row = [r / row[lead] for r in row]
        pivots.append(row)
        if len(pivots) == width:
            break
    if len(pivots) < width:
        return None
    result = [Fraction(0)] * width
    for lead in reversed(range(width)):
        result[lead] = pivots[lead][width] - sum(
            (pivots[lead][k] * result[k] for k in range(lead + 1, width)), start=Fraction(0)
        )
    return result


def _rounded(atom: Atom, numbers: Numbers) -> Iterator[Expr]:
    """floor((a x + c) / b) with the least b that gives all numbers; of the possible c the middle one."""
    pairs = sorted(zip(atom.numbers, numbers, strict=True))
    (low, least), (high, most) = pairs[0], pairs[-1]
    if high == low:
        return
    for below in range(2, LARGEST_DIVISOR + 1):
        slope = round(Fraction((most - least) * below, high - low))
        lowest = max(below * y - slope * x for x, y in pairs)
        highest = min(below * y - slope * x + below - 1 for x, y in pairs)
        if slope and lowest <= highest:
            shift = _simplest(lowest, highest)
            yield sympy.floor((slope * atom.expression + shift) / Integer(below))
            return


def _simplest(low: int, high: int) -> int:
    """The number nearest to 0 between the two."""
    return 0 if low <= 0 <= high else low if low > 0 else high
