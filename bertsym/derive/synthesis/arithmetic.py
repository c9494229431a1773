"""Integers seen at many sizes to the shortest exact formula that gives them all, or to none.

Only sizes that are known to matter are looked at first. Tried in this order: a constant; in one size a line, a
parabola, a line rounded down after a division; then sums of products of the sizes that matter, of their squares, of
quotients rounded down or up, of the larger or the smaller of two.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import combinations, combinations_with_replacement, permutations
from math import gcd, prod

import sympy
from sympy import Expr, Integer, Symbol

from bertsym.algebra import at_least_one, choice_by_relation, expand
from bertsym.derive.evaluator import Evaluator
from bertsym.values import value

HALVED = (2, 4, 8, 16)
POWERS = (2, 3, 4)
LARGEST_DIVISOR = 64
FEWEST = 3
SMALL = 8  # a kernel or a pair may be what it is in one build; a width is not
MOST_MULTIPLIED = 5
MOST_TOGETHER = 3
MOST_COMPARED = 12
PRIME = 2**61 - 1

Numbers = tuple[int, ...]
Amounts = tuple[int | Fraction, ...]


@value
class Atom:
    """What a formula is made of, and its value at every size seen. It is written down only once it is of use."""

    made: Callable[[], Expr]
    numbers: Amounts

    @property
    def expression(self) -> Expr:
        """The formula of this part."""
        return self.made()


class Fitter:
    """Formulas over the atoms of a table of sizes; equal columns are fitted once."""

    def __init__(
        self,
        table: Sequence[Mapping[Symbol, int | Fraction]],
        symbols: Sequence[Symbol],
        active: Collection[Symbol] = (),
    ) -> None:
        self.active = frozenset(active or symbols)
        self.columns = {s: Atom(partial(_same, s), tuple(row[s] for row in table)) for s in symbols}
        self.at = [Evaluator(row) for row in table]
        self.known: dict[tuple[Numbers, Numbers, frozenset[Symbol]], Expr | None] = {}

    def fit(self, rows: Sequence[int], numbers: Sequence[int], relevant: Iterable[Symbol] = ()) -> Expr | None:
        """The formula of numbers seen at those rows of the table; None where there is none, or too few to tell.

        >>> from bertsym.symbols import H, heads
        >>> table = [{H: h, heads: a} for h, a in ((3, 2), (8, 5), (13, 4), (21, 9), (40, 3), (7, 7))]
        >>> Fitter(table, [H, heads]).fit(range(6), [row[H] * row[heads] * 2 + row[H] for row in table])
        2*H*heads + H
        >>> Fitter(table, [H]).fit(range(6), [(row[H] - 1) // 4 + 1 for row in table])
        floor(H/4 + 3/4)
        """
        mattering = frozenset(relevant)
        key = (tuple(rows), tuple(numbers), mattering)
        if key not in self.known:
            found = self._fit(key[0], key[1], mattering)
            self.known[key] = self._elsewhere(key[0], key[1]) if found is None else found
        return self.known[key]

    def _elsewhere(self, rows: Numbers, numbers: Numbers) -> Expr | None:
        """The formula of other numbers that gives these too: often that of a part which more builds have."""
        if len(numbers) < FEWEST:
            return None
        found = dict.fromkeys(formula for formula in self.known.values() if formula is not None)
        exact = list(zip(rows, numbers, strict=True))
        return next((f for f in found if all(self.at[row].apart(f, number) == 0 for row, number in exact)), None)

    def _fit(self, rows: Numbers, numbers: Numbers, relevant: frozenset[Symbol]) -> Expr | None:
        if len(set(numbers)) == 1 and (len(numbers) >= FEWEST or abs(numbers[0]) <= SMALL):
            return Integer(numbers[0])
        if len(numbers) < FEWEST:
            return None
        placed = {symbol: _at(atom, rows) for symbol, atom in self.columns.items()}
        atoms = [atom for atom in placed.values() if len(set(atom.numbers)) > 1]
        chosen = [placed[symbol] for symbol in placed if symbol in relevant]
        if chosen:
            formulas = _deep(chosen, numbers) if len(chosen) <= MOST_MULTIPLIED else iter(())
            return next(formulas, None) or next(_beside(chosen, atoms, numbers), None)
        lively = [placed[s] for s in placed if s in self.active and len(set(placed[s].numbers)) > 1]
        return next(_shallow(lively, numbers), None)


def _same(expression: Expr) -> Expr:
    return expression


def _at(atom: Atom, rows: Numbers) -> Atom:
    return Atom(atom.made, tuple(atom.numbers[row] for row in rows))


def _linear(atoms: Sequence[Atom], numbers: Numbers) -> Iterator[Expr]:
    one = _one(numbers)
    for atom in atoms:
        yield from _combined([one, atom], numbers)


def _beside(chosen: Sequence[Atom], atoms: Sequence[Atom], numbers: Numbers) -> Iterator[Expr]:
    """What depends on these and on one more, whose effect is seldom seen, as that of what is divided by much."""
    yield from _linear(atoms, numbers)
    one = _one(numbers)
    for other in atoms:
        if other not in chosen:
            for atom in chosen:
                yield from _combined([one, atom, other], numbers)
            yield from _combined([one, *chosen, other], numbers)
        if len(chosen) > MOST_TOGETHER or other in chosen:
            continue
        yield from _combined(_products((*chosen, other)), numbers)
        for atom in chosen:
            yield from _either((atom, other), numbers)
            for extra in _quotients((atom, other), numbers):
                yield from _combined([one, extra, _times(extra, extra)], numbers)


def _shallow(atoms: Sequence[Atom], numbers: Numbers) -> Iterator[Expr]:
    """What may depend on anything."""
    one = _one(numbers)
    yield from _linear(atoms, numbers)
    for atom in atoms:
        yield from _combined([one, atom, _times(atom, atom)], numbers)
    yield from _either(atoms, numbers)
    for atom in atoms:
        yield from _rounded(atom, numbers)
    for pair in combinations(atoms, 2):
        yield from _combined(_products(pair), numbers)
        if len(atoms) <= MOST_COMPARED:
            for extra in _quotients(pair, numbers):
                yield from _combined([one, extra, _times(extra, extra)], numbers)


def _deep(atoms: Sequence[Atom], numbers: Numbers) -> Iterator[Expr]:
    """What depends on these, and on these alone."""
    one = _one(numbers)
    for atom in atoms:
        yield from _combined([one, atom], numbers)
    for atom in atoms:
        yield from _combined([one, atom, _times(atom, atom)], numbers)
    yield from _either(atoms, numbers)
    for atom in atoms:
        yield from _rounded(atom, numbers)
    yield from _combined([one, *atoms], numbers)
    yield from _combined(_products(atoms), numbers)
    for extra in _quotients(atoms, numbers):
        yield from _combined([one, extra], numbers)
        yield from _combined([one, extra, _times(extra, extra)], numbers)
        yield from _combined([one, extra, *atoms], numbers)
        for atom in atoms:
            yield from _combined([_times(extra, atom)], numbers)
        if len(atoms) <= MOST_TOGETHER:
            yield from _combined(_products((extra, *atoms)), numbers)
    for degree in (2, 3):
        if len(atoms) <= MOST_TOGETHER:
            yield from _combined(_monomials(atoms, degree), numbers)
    for atom in atoms:
        power = _times(atom, _times(atom, atom))
        yield from _combined([one, atom, _times(atom, atom), power], numbers)
    for extra in _quotients(atoms, numbers):
        yield from _either([extra], numbers)
    for atom in atoms:
        yield from _to_even(atom, numbers)


def _one(numbers: Sequence[object]) -> Atom:
    return Atom(partial(_same, Integer(1)), (1,) * len(numbers))


def _times(*atoms: Atom) -> Atom:
    return Atom(
        lambda: sympy.Mul(*(atom.expression for atom in atoms)),
        tuple(prod(values) for values in zip(*(atom.numbers for atom in atoms), strict=True)),
    )


def _divisor(atom: Atom) -> Expr:
    """Return the divisor for a size: at least 1, because a formula is evaluated at size 0 too."""
    return at_least_one(atom.expression) if atom.expression.is_Symbol else atom.expression


def _down(above: Callable[..., Expr], below: Callable[..., Expr], numbers: Iterable[int | Fraction]) -> Atom:
    """A quotient rounded down, of which the numbers are given."""
    return Atom(lambda: sympy.floor(above() / below()), tuple(map(int, numbers)))


def _quotients(atoms: Sequence[Atom], numbers: Numbers) -> Iterator[Atom]:
    """One size over another, rounded down and up; the steps of a size in a difference; products rounded down."""
    for x, y in permutations(atoms, 2):
        if not all(n >= 1 and n == int(n) for n in y.numbers):
            continue
        below = partial(_divisor, y)
        both = list(zip(x.numbers, y.numbers, strict=True))
        yield _down(x.made, below, (a // b for a, b in both))
        if any(a % b for a, b in both):
            yield _down(lambda x=x, y=y: x.expression + y.expression - 1, below, (-(-a // b) for a, b in both))
        for power in POWERS:
            yield _down(x.made, lambda y=y, p=power: _divisor(y) ** p, (a // b**power for a, b in both))
        for other in atoms:
            if other is x or other is y:
                continue
            three = list(zip(both, other.numbers, strict=True))
            yield _down(lambda x=x, o=other: x.expression - o.expression, below, ((a - c) // b for (a, b), c in three))
            yield _down(lambda x=x, o=other: x.expression * o.expression, below, (a * c // b for (a, b), c in three))
    for x, y in combinations(atoms, 2):
        if any(n != int(n) for n in (*x.numbers, *y.numbers)):
            product = _times(x, y)
            largest = max(product.numbers)
            factor = max(round(max(map(abs, numbers)) / largest), 1) if largest else 1
            products = (factor * n // 1 for n in product.numbers)
            yield _down(lambda p=product, c=factor: c * p.expression, partial(_same, Integer(1)), products)


def _either(atoms: Sequence[Atom], numbers: Numbers) -> Iterator[Expr]:
    """The larger or the smaller of two sizes, or of a size and a number, as often as it takes."""
    constants = {number for number in numbers if numbers.count(number) > 1}
    others = [*atoms, *(Atom(partial(_same, Integer(c)), (c,) * len(numbers)) for c in sorted(constants))]
    for one in atoms:
        for other in others:
            if other is one:
                continue
            for choose, relation in ((max, sympy.Ge), (min, sympy.Le)):
                if all(choose(a, b) == n for a, b, n in zip(one.numbers, other.numbers, numbers, strict=True)):
                    yield choice_by_relation(relation, one.expression, other.expression)


def _products(atoms: Sequence[Atom]) -> list[Atom]:
    """The products of every choice among the atoms, the empty one included."""
    one = _one(atoms[0].numbers)
    chosen = (choice for count in range(1, len(atoms) + 1) for choice in combinations(atoms, count))
    return [one, *(_times(*choice) for choice in chosen)]


def _monomials(atoms: Sequence[Atom], degree: int) -> list[Atom]:
    one = _one(atoms[0].numbers)
    chosen = (c for count in range(1, degree + 1) for c in combinations_with_replacement(atoms, count))
    return [one, *(_times(*choice) for choice in chosen)]


def _combined(basis: Sequence[Atom], numbers: Numbers) -> Iterator[Expr]:
    """The one combination of the basis with integer coefficients that gives the numbers, if there is one."""
    if len(numbers) <= len(basis):
        return
    found = _solved([atom.numbers for atom in basis], numbers)
    if found is not None:
        whole = [(c, atom) for c, atom in zip(found, basis, strict=True) if c]
        sums = (sum(c * atom.numbers[p] for c, atom in whole) for p in range(len(numbers)))
        if all(got == wanted for got, wanted in zip(sums, numbers, strict=True)):
            yield expand(sympy.Add(*(c * atom.expression for c, atom in whole)))


def _solved(columns: Sequence[Amounts], numbers: Numbers) -> list[int] | None:
    """Coefficients that give the first rows that decide them; None where the rows decide nothing.

    Reckoned modulo a prime, which finds integers below half of it, at once; whether they are right is seen afterwards.
    """
    width = len(columns)
    pivots: list[list[int]] = []
    for place, wanted in enumerate(numbers):
        row = [*(_residue(column[place]) for column in columns), wanted % PRIME]
        for lead, pivot in enumerate(pivots):
            if factor := row[lead]:
                row = [(r - factor * p) % PRIME for r, p in zip(row, pivot, strict=True)]
        lead = len(pivots)
        if not row[lead]:
            if any(row[:width]):
                continue
            if row[width]:
                return None
            continue
        inverse = pow(row[lead], -1, PRIME)
        pivots.append([r * inverse % PRIME for r in row])
        if len(pivots) == width:
            break
    if len(pivots) < width:
        return None
    result = [0] * width
    for lead in reversed(range(width)):
        known = sum(pivots[lead][k] * result[k] for k in range(lead + 1, width))
        result[lead] = (pivots[lead][width] - known) % PRIME
    return [c - PRIME if c > PRIME // 2 else c for c in result]


def _residue(number: int | Fraction) -> int:
    if isinstance(number, int):
        return number % PRIME
    return number.numerator * pow(number.denominator, -1, PRIME) % PRIME


def _rounded(atom: Atom, numbers: Numbers) -> Iterator[Expr]:
    """M floor((a x + c) / b) with the least b that gives all numbers; of the possible c what rounds up, or the least.

    Two numbers are a condition sooner than a line.
    """
    content = gcd(*numbers)
    if content == 0 or len(set(numbers)) < FEWEST:
        return
    pairs = sorted(zip(atom.numbers, (number // content for number in numbers), strict=True))
    (low, least), (high, most) = pairs[0], pairs[-1]
    if high == low:
        return
    # A divisor is seen where the numbers go round twice: six depths do not tell floor((4L + 5)/5) from what is 1 at 0.
    # Up to a multiple of M is the usual one: sooner by the number that all of them are multiples of.
    first = [content] if 2 <= content <= min(LARGEST_DIVISOR, high - low) else []
    for below in (*first, *range(2, min(LARGEST_DIVISOR, int(high - low) // 2) + 1)):
        slope = round(Fraction((most - least) * below) / (high - low))
        lowest = max(below * y - slope * x for x, y in pairs)
        highest = min(below * y - slope * x + below - 1 for x, y in pairs)
        if slope and lowest <= highest and lowest == int(lowest):
            shift = below - 1 if 0 < lowest <= below - 1 <= highest else _simplest(int(lowest), int(highest))
            yield content * sympy.floor((slope * atom.expression + shift) / Integer(below))
            return


def _to_even(atom: Atom, numbers: Numbers) -> Iterator[Expr]:
    """What Python's `round` makes of a size over an even number: halves go to the even neighbour."""
    for below in HALVED:
        if all(round(Fraction(x) / below) == y for x, y in zip(atom.numbers, numbers, strict=True)):
            half = atom.expression + below // 2
            up = sympy.floor(half / (2 * below)) - sympy.floor((half - 1) / (2 * below))
            yield sympy.floor((half - 1) / below) + up
            return


def _simplest(low: int, high: int) -> int:
    """The number nearest to 0 between the two."""
    return 0 if low <= 0 <= high else low if low > 0 else high
