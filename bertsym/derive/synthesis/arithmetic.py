"""Bottom-up enumerative synthesis: the shortest exact formula that gives an integer in every row, or None.

Formulas are linear combinations with integer coefficients over a small basis of terms. Bases are enumerated from
simple to complex (enumerative synthesis, Alur et al. 2013; bottom-up, Albarghouthi et al. 2013):

1. a constant;
2. in one size: a line, a parabola, a line rounded down after a division;
3. products of the affecting sizes, squares, quotients rounded down or up, the larger or the smaller of two.

The coefficients of a basis are the solution of a linear system modulo a prime (Dixon 1982 solves rational systems by
modular arithmetic). Every row then confirms the solution exactly, so that nothing is rounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, partial, reduce
from itertools import combinations, combinations_with_replacement, permutations
from math import gcd
from operator import eq, mul

import sympy
from sympy import Expr, Integer, Symbol

from bertsym.algebra import Iverson, at_least_one, expand
from bertsym.derive.evaluator import Evaluator
from bertsym.derive.limits import (
    BANKERS_DIVISORS,
    DIVISOR_POWERS,
    MAX_AFFECTING_SIZES,
    MAX_CONSTANT_IN_ONE_BUILD,
    MAX_PAIRED_SIZES,
    MAX_PRODUCT_SIZES,
    MAX_ROUNDING_DIVISOR,
    MIN_FIT_ROWS,
)
from bertsym.values import value

PRIME = 2**61 - 1  # a Mersenne prime: coefficients below half of it are found exactly

Numbers = tuple[int, ...]
Amounts = tuple[int | Fraction, ...]


@value
class Term:
    """A building block of formulas: its value in every row, and a function that builds its expression on demand."""

    build: Callable[[], Expr]
    values: Amounts

    @property
    def expression(self) -> Expr:
        """Return the expression of this term."""
        return self.build()


class Fitter:
    """The search for formulas over the sizes of a table; equal columns are fitted once.

    `table` maps sizes to numbers, a row an observation. `symbols` are the sizes that formulas may have. `active` holds
    those that affect some tensor: only they are tried if nobody says which sizes affect a column.
    """

    def __init__(
        self,
        table: Sequence[Mapping[Symbol, int | Fraction]],
        symbols: Sequence[Symbol],
        active: Collection[Symbol] = (),
    ) -> None:
        self.active = frozenset(active or symbols)
        self.columns = {
            symbol: Term(partial(_same, symbol), tuple(sizes[symbol] for sizes in table)) for symbol in symbols
        }
        self.evaluators = [Evaluator(sizes) for sizes in table]
        self._formulas: dict[tuple[Numbers, Numbers, frozenset[Symbol]], Expr | None] = {}

    def fit(self, rows: Sequence[int], numbers: Sequence[int], affecting: Iterable[Symbol] = ()) -> Expr | None:
        """Return the formula that gives these numbers in these rows of the table.

        Return None if no formula does, or if the rows are too few to decide. `affecting` are the sizes that are known
        to change the numbers.

        >>> from bertsym.symbols import H, heads
        >>> table = [{H: h, heads: a} for h, a in ((3, 2), (8, 5), (13, 4), (21, 9), (40, 3), (7, 7))]
        >>> Fitter(table, [H, heads]).fit(range(6), [row[H] * row[heads] * 2 + row[H] for row in table])
        2*H*heads + H
        >>> Fitter(table, [H]).fit(range(6), [(row[H] - 1) // 4 + 1 for row in table])
        floor(H/4 + 3/4)
        """
        key = (tuple(rows), tuple(numbers), frozenset(affecting))
        if key not in self._formulas:
            formula = self._search(*key)
            self._formulas[key] = self._reused(key[0], key[1]) if formula is None else formula
        return self._formulas[key]

    @property
    def formulas(self) -> list[Expr]:
        """Return every formula found so far, each once."""
        return list(dict.fromkeys(formula for formula in self._formulas.values() if formula is not None))

    def _reused(self, rows: Numbers, numbers: Numbers) -> Expr | None:
        """Return a formula of another column that gives these numbers too: more builds may have that column."""
        if len(numbers) < MIN_FIT_ROWS:
            return None
        cells = list(zip(rows, numbers, strict=True))
        fitting = (
            formula
            for formula in self.formulas
            if all(self.evaluators[row].residual(formula, number) == 0 for row, number in cells)
        )
        return next(fitting, None)

    def _search(self, rows: Numbers, numbers: Numbers, affecting: frozenset[Symbol]) -> Expr | None:
        if len(set(numbers)) == 1 and (len(numbers) >= MIN_FIT_ROWS or abs(numbers[0]) <= MAX_CONSTANT_IN_ONE_BUILD):
            return Integer(numbers[0])
        if len(numbers) < MIN_FIT_ROWS:
            return None
        columns = {symbol: _in_rows(term, rows) for symbol, term in self.columns.items()}
        varying = {symbol: term for symbol, term in columns.items() if len(set(term.values)) > 1}
        chosen = [columns[symbol] for symbol in columns if symbol in affecting]
        if chosen:
            formulas = _in_affecting_sizes(chosen, numbers) if len(chosen) <= MAX_AFFECTING_SIZES else iter(())
            return next(formulas, None) or next(_with_one_more_size(chosen, list(varying.values()), numbers), None)
        return next(_in_few_sizes([varying[symbol] for symbol in varying if symbol in self.active], numbers), None)


def _same(expression: Expr) -> Expr:
    return expression


def _in_rows(term: Term, rows: Numbers) -> Term:
    return Term(term.build, tuple(term.values[row] for row in rows))


def _in_affecting_sizes(terms: Sequence[Term], numbers: Numbers) -> Iterator[Expr]:
    """Yield formulas in sizes that are known to affect the numbers, from simple to complex."""
    one = _one(numbers)
    yield from _lines(terms, numbers)
    yield from _parabolas(terms, numbers)
    yield from _extremes(terms, numbers)
    for term in terms:
        yield from _rounded_line(term, numbers)
    yield from _combination([one, *terms], numbers)
    yield from _combination(_products(terms), numbers)
    for quotient in _quotients(terms, numbers):
        yield from _combination([one, quotient], numbers)
        yield from _combination([one, quotient, _product(quotient, quotient)], numbers)
        yield from _combination([one, quotient, *terms], numbers)
        for term in terms:
            yield from _combination([_product(quotient, term)], numbers)
        if len(terms) <= MAX_PRODUCT_SIZES:
            yield from _combination(_products((quotient, *terms)), numbers)
    for degree in (2, 3):
        if len(terms) <= MAX_PRODUCT_SIZES:
            yield from _combination(_monomials(terms, degree), numbers)
    for term in terms:
        square = _product(term, term)
        yield from _combination([one, term, square, _product(term, square)], numbers)
    for quotient in _quotients(terms, numbers):
        yield from _extremes([quotient], numbers)
    for term in terms:
        yield from _rounded_to_even(term, numbers)


def _with_one_more_size(chosen: Sequence[Term], terms: Sequence[Term], numbers: Numbers) -> Iterator[Expr]:
    """Yield formulas in the affecting sizes plus one more, whose effect integer division may have hidden."""
    yield from _lines(terms, numbers)
    one = _one(numbers)
    for extra in terms:
        if extra not in chosen:
            for term in chosen:
                yield from _combination([one, term, extra], numbers)
            yield from _combination([one, *chosen, extra], numbers)
        if len(chosen) > MAX_PRODUCT_SIZES or extra in chosen:
            continue
        yield from _combination(_products((*chosen, extra)), numbers)
        for term in chosen:
            yield from _extremes((term, extra), numbers)
            for quotient in _quotients((term, extra), numbers):
                yield from _combination([one, quotient, _product(quotient, quotient)], numbers)


def _in_few_sizes(terms: Sequence[Term], numbers: Numbers) -> Iterator[Expr]:
    """Yield formulas in one or two of all active sizes: nobody knows which of them affect the numbers."""
    one = _one(numbers)
    yield from _lines(terms, numbers)
    yield from _parabolas(terms, numbers)
    yield from _extremes(terms, numbers)
    for term in terms:
        yield from _rounded_line(term, numbers)
    for pair in combinations(terms, 2):
        yield from _combination(_products(pair), numbers)
        if len(terms) <= MAX_PAIRED_SIZES:
            for quotient in _quotients(pair, numbers):
                yield from _combination([one, quotient, _product(quotient, quotient)], numbers)


def _lines(terms: Sequence[Term], numbers: Numbers) -> Iterator[Expr]:
    one = _one(numbers)
    for term in terms:
        yield from _combination([one, term], numbers)


def _parabolas(terms: Sequence[Term], numbers: Numbers) -> Iterator[Expr]:
    one = _one(numbers)
    for term in terms:
        yield from _combination([one, term, _product(term, term)], numbers)


def _one(numbers: Sequence[object]) -> Term:
    return Term(partial(_same, Integer(1)), (1,) * len(numbers))


def _product(*terms: Term) -> Term:
    return Term(
        lambda: sympy.Mul(*(term.expression for term in terms)),
        tuple(reduce(partial(map, mul), (term.values for term in terms))),
    )


def _products(terms: Sequence[Term]) -> list[Term]:
    """Return the product of every subset of the terms, the empty product 1 included."""
    one = _one(terms[0].values)
    subsets = (subset for size in range(1, len(terms) + 1) for subset in combinations(terms, size))
    return [one, *(_product(*subset) for subset in subsets)]


def _monomials(terms: Sequence[Term], degree: int) -> list[Term]:
    """Return the monomials up to a degree, the constant 1 included."""
    one = _one(terms[0].values)
    multisets = (chosen for size in range(1, degree + 1) for chosen in combinations_with_replacement(terms, size))
    return [one, *(_product(*chosen) for chosen in multisets)]


def _divisor(term: Term) -> Expr:
    """Return the divisor for a size: at least 1, because a formula is evaluated at size 0 too."""
    return at_least_one(term.expression) if term.expression.is_Symbol else term.expression


def _floored(
    numerator: Callable[..., Expr], denominator: Callable[..., Expr], values: Iterable[int | Fraction]
) -> Term:
    """Return the term of a quotient rounded down, whose values are given."""
    return Term(lambda: sympy.floor(numerator() / denominator()), tuple(map(int, values)))


def _quotients(terms: Sequence[Term], numbers: Numbers) -> Iterator[Term]:
    """Yield quotients of the terms.

    In order, for each pair x, y: x/y rounded down, x/y rounded up, x over a power of y. For each third term z:
    (x - z)/y and x*z/y, rounded down. Last, products of fractions, rounded down.
    """
    for x, y in permutations(terms, 2):
        if not all(amount >= 1 and amount == int(amount) for amount in y.values):
            continue
        denominator = partial(_divisor, y)
        pairs = list(zip(x.values, y.values, strict=True))
        yield _floored(x.build, denominator, (a // b for a, b in pairs))
        if any(a % b for a, b in pairs):
            yield _floored(
                lambda x=x, y=y: x.expression + y.expression - 1, denominator, (-(-a // b) for a, b in pairs)
            )
        for power in DIVISOR_POWERS:
            yield _floored(x.build, lambda y=y, p=power: _divisor(y) ** p, (a // b**power for a, b in pairs))
        for z in terms:
            if z is x or z is y:
                continue
            triples = list(zip(pairs, z.values, strict=True))
            yield _floored(
                lambda x=x, z=z: x.expression - z.expression, denominator, ((a - c) // b for (a, b), c in triples)
            )
            yield _floored(
                lambda x=x, z=z: x.expression * z.expression, denominator, (a * c // b for (a, b), c in triples)
            )
    for x, y in combinations(terms, 2):
        if any(amount != int(amount) for amount in (*x.values, *y.values)):
            product = _product(x, y)
            largest = max(product.values)
            factor = max(round(max(map(abs, numbers)) / largest), 1) if largest else 1
            yield _floored(
                lambda p=product, c=factor: c * p.expression,
                partial(_same, Integer(1)),
                (factor * amount // 1 for amount in product.values),
            )


def _extremes(terms: Sequence[Term], numbers: Numbers) -> Iterator[Expr]:
    """Yield the larger or the smaller of two terms, or of a term and a number that occurs more than once."""
    operands = [*terms, *_repeated(tuple(numbers))]
    for first in terms:
        for second in operands:
            if second is first:
                continue
            for choose, relation in ((max, sympy.Ge), (min, sympy.Le)):
                if all(map(eq, map(choose, first.values, second.values), numbers)):
                    is_first = relation(first.expression, second.expression)
                    yield second.expression + (first.expression - second.expression) * Iverson(is_first)


@lru_cache(maxsize=64)
def _repeated(numbers: Numbers) -> tuple[Term, ...]:
    """Return the numbers that occur more than once, as constants; the same column is compared with many terms."""
    repeated = sorted(number for number, count in Counter(numbers).items() if count > 1)
    return tuple(Term(partial(_same, Integer(number)), (number,) * len(numbers)) for number in repeated)


def _combination(basis: Sequence[Term], numbers: Numbers) -> Iterator[Expr]:
    """Yield the linear combination of the basis with integer coefficients that gives the numbers, if there is one.

    There must be more rows than coefficients, so that at least one row confirms the solution.
    """
    if len(numbers) <= len(basis):
        return
    coefficients = _solve([term.values for term in basis], numbers)
    if coefficients is not None:
        summands = [(coefficient, term) for coefficient, term in zip(coefficients, basis, strict=True) if coefficient]
        sums = (sum(c * term.values[row] for c, term in summands) for row in range(len(numbers)))
        if all(total == number for total, number in zip(sums, numbers, strict=True)):
            yield expand(sympy.Add(*(c * term.expression for c, term in summands)))


def _solve(columns: Sequence[Amounts], numbers: Numbers) -> list[int] | None:
    """Return the coefficients that solve the first independent rows, or None if the rows do not determine them.

    Gaussian elimination modulo `PRIME`. The caller confirms the solution in all rows with exact integers.
    """
    width = len(columns)
    pivots: list[list[int]] = []
    for amounts in zip(*columns, numbers, strict=True):
        row = [amount % PRIME if type(amount) is int else _residue(amount) for amount in amounts]
        for lead, pivot in enumerate(pivots):
            if factor := row[lead]:
                row = [(entry - factor * above) % PRIME for entry, above in zip(row, pivot, strict=True)]
        lead = len(pivots)
        if not row[lead]:
            if any(row[:width]):
                continue
            if row[width]:
                return None
            continue
        inverse = pow(row[lead], -1, PRIME)
        pivots.append([entry * inverse % PRIME for entry in row])
        if len(pivots) == width:
            break
    if len(pivots) < width:
        return None
    solution = [0] * width
    for lead in reversed(range(width)):
        solved = sum(pivots[lead][k] * solution[k] for k in range(lead + 1, width))
        solution[lead] = (pivots[lead][width] - solved) % PRIME
    return [residue - PRIME if residue > PRIME // 2 else residue for residue in solution]


def _residue(amount: int | Fraction) -> int:
    if isinstance(amount, int):
        return amount % PRIME
    return amount.numerator * pow(amount.denominator, -1, PRIME) % PRIME


def _rounded_line(term: Term, numbers: Numbers) -> Iterator[Expr]:
    """Yield M*floor((a*x + c)/b) with the smallest b that gives all numbers.

    M is the greatest common divisor of the numbers. If several c fit, the one that rounds up is taken, else the one
    nearest to 0. Two distinct numbers are left to conditions.
    """
    content = gcd(*numbers)
    if content == 0 or len(set(numbers)) < MIN_FIT_ROWS:
        return
    points = sorted(zip(term.values, (number // content for number in numbers), strict=True))
    (low, lowest_number), (high, highest_number) = points[0], points[-1]
    if high == low:
        return
    # A divisor shows only if the size runs through two periods: sizes 0 to 5 do not tell floor((4L + 5)/5) from L + 1.
    # Rounding up to a multiple of M is common (vocabularies padded to 64), so it needs one period only.
    padded = [content] if 2 <= content <= min(MAX_ROUNDING_DIVISOR, high - low) else []
    for divisor in (*padded, *range(2, min(MAX_ROUNDING_DIVISOR, int(high - low) // 2) + 1)):
        slope = round(Fraction((highest_number - lowest_number) * divisor) / (high - low))
        min_shift = max(divisor * y - slope * x for x, y in points)
        max_shift = min(divisor * y - slope * x + divisor - 1 for x, y in points)
        if slope and min_shift <= max_shift and min_shift == int(min_shift):
            rounds_up = 0 < min_shift <= divisor - 1 <= max_shift
            shift = divisor - 1 if rounds_up else _nearest_to_zero(int(min_shift), int(max_shift))
            yield content * sympy.floor((slope * term.expression + shift) / Integer(divisor))
            return


def _nearest_to_zero(low: int, high: int) -> int:
    return 0 if low <= 0 <= high else low if low > 0 else high


def _rounded_to_even(term: Term, numbers: Numbers) -> Iterator[Expr]:
    """Yield a size over a power of two as Python's `round` gives it: halves go to the even neighbor."""
    for divisor in BANKERS_DIVISORS:
        if all(round(Fraction(x) / divisor) == number for x, number in zip(term.values, numbers, strict=True)):
            shifted = term.expression + divisor // 2
            # 1 if the size lies halfway between two multiples of the divisor and the upper one is even, else 0.
            half_goes_up = sympy.floor(shifted / (2 * divisor)) - sympy.floor((shifted - 1) / (2 * divisor))
            yield sympy.floor((shifted - 1) / divisor) + half_goes_up
            return
