"""The search for formulas: what is drawn at random is found again, exactly, and holds at fresh sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil
from random import Random
from typing import Any

import pytest
import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Iverson
from bertsym.derive.evaluator import Evaluator
from bertsym.derive.limits import MAX_CONSTANT_IN_ONE_BUILD, MAX_ROUNDING_DIVISOR, MIN_FIT_ROWS
from bertsym.derive.synthesis.arithmetic import Fitter, _nearest_to_zero, _solve
from bertsym.symbols import F, H, Kind, L, N, Own, heads

from .observing import Sizes, draw

A, B, C = (Own(name, Kind.WIDTH) for name in ("first", "second", "third"))
RATIO = Own("ratio", Kind.RATIO)
Number = Callable[[Sizes], Any]


def fitted(number: Number, samples: Sequence[Sizes], affecting: Sequence[Symbol] = ()) -> Expr | None:
    """Return the formula that is found for the numbers that a function gives."""
    fitter = Fitter(samples, list(samples[0]))
    return fitter.fit(range(len(samples)), [number(sizes) for sizes in samples], affecting)


def assert_found(
    number: Number, affecting: Sequence[Symbol], seed: int, count: int = 40, symbols: Sequence[Symbol] = (A, B, C)
) -> Expr:
    """Assert that the formula found for a number gives it at fresh sizes, three times as large, too."""
    random = Random(seed)
    formula = fitted(number, draw(symbols, random, count), affecting)
    assert formula is not None, number
    for sizes in draw(symbols, random, 60, high=120):
        assert Evaluator(sizes).number(formula) == number(sizes), (formula, sizes)
    return formula


def test_a_constant() -> None:
    assert fitted(lambda _: 7, draw([A], Random(0), 5)) == 7
    assert fitted(lambda _: 1000, draw([A], Random(0), MIN_FIT_ROWS)) == 1000


def test_a_constant_of_few_builds_is_small() -> None:
    fitter = Fitter([{A: 5}, {A: 6}], [A])
    for number in (MAX_CONSTANT_IN_ONE_BUILD, -MAX_CONSTANT_IN_ONE_BUILD):
        assert fitter.fit([0], [number]) == number
        assert fitter.fit([0, 1], [number, number]) == number
    for number in (MAX_CONSTANT_IN_ONE_BUILD + 1, -MAX_CONSTANT_IN_ONE_BUILD - 1):
        assert fitter.fit([0], [number]) is None
        assert fitter.fit([0, 1], [number, number]) is None


def test_two_builds_make_no_line() -> None:
    fitter = Fitter([{A: 5}, {A: 6}, {A: 9}], [A])
    assert fitter.fit([0, 1], [10, 12]) is None
    assert fitter.fit([0, 1, 2], [10, 12, 18]) == 2 * A


def test_as_many_rows_as_coefficients_confirm_nothing() -> None:
    samples: list[Sizes] = [{A: a, B: b} for a, b in ((2, 3), (5, 7), (11, 4), (8, 8), (3, 9), (7, 2))]

    def product(sizes: Sizes) -> Any:
        return int(3 * sizes[A] * sizes[B] + sizes[A] + 2 * sizes[B] + 5)

    assert fitted(product, samples[:4], [A, B]) is None
    assert fitted(product, samples[:5], [A, B]) == 3 * A * B + A + 2 * B + 5


@pytest.mark.parametrize("seed", range(12))
def test_polynomials_drawn_at_random(seed: int) -> None:
    random = Random(seed)
    a, b, c, d = (random.randint(-4, 9) for _ in range(4))
    drawn: list[tuple[Number, list[Symbol]]] = [
        (lambda s: a * s[A] + b, [A]),
        (lambda s: a * s[A] ** 2 + b * s[A] + c, [A]),
        (lambda s: (abs(a) + 1) * s[A] ** 3 + b * s[A] ** 2 + c * s[A] + d, [A]),
        (lambda s: a * s[A] + b * s[B] + c, [A, B]),
        (lambda s: a * s[A] * s[B] + b * s[A] + c * s[B] + d, [A, B]),
        (lambda s: a * s[A] ** 2 + b * s[A] * s[B] + c * s[B] ** 2 + d, [A, B]),
        (lambda s: a * s[A] * s[B] * s[C] + b * s[A] * s[B] + c * s[C] + d, [A, B, C]),
        (lambda s: a * s[A] ** 2 * s[B] + b * s[B] ** 3 + c * s[A], [A, B]),
    ]
    for number, affecting in drawn:
        needed = [symbol for symbol in affecting if number({A: 5, B: 7, C: 3}) != number({A: 5, B: 7, C: 3, symbol: 8})]
        assert_found(number, needed, seed)


@pytest.mark.parametrize("seed", range(6))
def test_sizes_that_nobody_names(seed: int) -> None:
    random = Random(seed)
    a, b, c = (random.randint(1, 9) for _ in range(3))
    assert_found(lambda s: a * s[A] + b, [], seed)
    assert_found(lambda s: s[B] ** 2 + a * s[B] - b, [], seed)
    assert_found(lambda s: a * s[A] * s[C] + b * s[A] + c, [], seed)
    assert_found(lambda s: (s[A] // s[B]) * a + b, [], seed)
    assert_found(lambda s: max(s[A], s[C]), [], seed)


@pytest.mark.parametrize(("degree", "rows"), [(2, 7), (3, 11)])
def test_monomials_need_one_row_more_than_there_are(degree: int, rows: int) -> None:
    """Two sizes have 6 monomials of degree 2, and 10 of degree 3."""

    def number(s: Sizes) -> Any:
        return s[A] ** degree + 2 * s[A] * s[B] ** (degree - 1) + 3 * s[B] ** degree + 7 * s[B] + 1

    samples = draw([A, B], Random(4), rows)
    expected = A**degree + 2 * A * B ** (degree - 1) + 3 * B**degree + 7 * B + 1
    assert fitted(number, samples, [A, B]) == expected
    assert fitted(number, samples[1:], [A, B]) is None


def test_monomials_of_three_sizes() -> None:
    assert assert_found(lambda s: s[A] * s[B] + s[C] ** 2, [A, B, C], 1) == A * B + C**2


def test_inactive_sizes_are_left_out_unless_they_are_named() -> None:
    samples = draw([A, B], Random(3), 20)
    fitter = Fitter(samples, [A, B], active=[A])
    numbers = [sizes[B] + 1 for sizes in samples]
    assert fitter.fit(range(20), numbers) is None
    assert fitter.fit(range(20), numbers, [B]) == B + 1


@pytest.mark.parametrize("seed", range(8))
def test_quotients(seed: int) -> None:
    random = Random(seed)
    a, b = random.randint(1, 5), random.randint(0, 5)
    assert_found(lambda s: a * (s[A] // s[B]) + b, [A, B], seed)
    assert_found(lambda s: a * -(-s[A] // s[B]) + b, [A, B], seed, 120)
    assert_found(lambda s: s[B] * (s[A] // s[B]), [A, B], seed)
    assert_found(lambda s: (s[A] // s[B]) ** 2 + b, [A, B], seed)
    assert_found(lambda s: s[A] // s[B] ** 2 + b, [A, B], seed, 120)
    assert_found(lambda s: (s[A] - s[C]) // s[B] + 1, [A, B, C], seed, 120)
    assert_found(lambda s: s[A] * s[C] // s[B], [A, B, C], seed, 120)
    assert_found(lambda s: (s[A] // s[B]) * s[C] + s[A] * a, [A, B, C], seed, 120)
    assert_found(lambda s: (s[A] // s[B]) + s[A] + a * s[B], [A, B], seed, 120)


def test_a_quotient_by_a_size_that_may_be_0_has_a_value_there() -> None:
    layers = Symbol("layers", integer=True, nonnegative=True)
    samples: list[Sizes] = [{H: 7 * n + 3, layers: 1 + n % 5} for n in range(30)]
    formula = fitted(lambda s: s[H] // s[layers], samples, [H, layers])
    assert formula is not None
    assert Evaluator({H: 12, layers: 0}).number(formula) == 12
    assert Evaluator({H: 12, layers: 5}).number(formula) == 2


@pytest.mark.parametrize("seed", range(8))
def test_the_larger_and_the_smaller(seed: int) -> None:
    random = Random(seed)
    c = random.randint(5, 30)
    assert_found(lambda s: max(s[A], s[B]), [A, B], seed)
    assert_found(lambda s: min(s[A], s[B]), [A, B], seed)
    assert_found(lambda s: max(s[A], c), [A], seed)
    assert_found(lambda s: min(s[A], c), [A], seed)
    assert_found(lambda s: max(s[A] // s[B], 1), [A, B], seed, 120)


def test_a_constant_limit_must_be_seen_twice() -> None:
    samples: list[Sizes] = [{A: a} for a in (3, 5, 8, 13, 20)]
    assert fitted(lambda s: max(s[A], 5), samples, [A]) == 5 + (A - 5) * Iverson(A >= 5)
    assert fitted(lambda s: min(s[A], 15), samples, [A]) is None


@pytest.mark.parametrize("seed", range(10))
def test_lines_rounded_after_a_division(seed: int) -> None:
    random = Random(seed)
    divisor = random.randint(2, 17)
    slope = random.choice([k for k in range(1, 2 * divisor) if k % divisor])
    shift, content = random.randint(0, divisor - 1), random.choice((1, 1, 3))
    samples: list[Sizes] = [{A: a} for a in random.sample(range(1, 200), 90)]

    def number(s: Sizes) -> Any:
        return content * ((slope * s[A] + shift) // divisor)

    formula = fitted(number, samples, [A])
    assert formula is not None
    assert all(Evaluator({A: a}).number(formula) == number({A: a}) for a in range(1, 260))


@pytest.mark.parametrize("shift", [-11, -6, -5, -4, -1, 0, 1, 3, 4, 5, 6, 9, 10, 11])
def test_a_rounded_line_with_any_shift(shift: int) -> None:
    """All remainders are seen, so that just one shift fits; 4 rounds up, and 5 is one more than rounding down."""
    formula = fitted(lambda s: (s[A] + shift) // 5, [{A: a} for a in range(1, 40)], [A])
    assert formula == sympy.floor((A + shift) / sympy.Integer(5))


@pytest.mark.parametrize(
    ("remainders", "shift", "expected"),
    [
        ((0, 1), 3, 0),  # 0 to 3 fit: the one nearest to 0
        ((0, 1), 4, 4),  # 4 alone fits
        ((0, 2), 3, 4),  # 3 and 4 fit: 4 rounds up
        ((0, 2), -2, -1),  # -2 and -1 fit
        ((0, 2), 8, 8),  # 8 and 9 fit
    ],
)
def test_of_several_shifts_one_that_rounds_up_is_preferred(
    remainders: tuple[int, ...], shift: int, expected: int
) -> None:
    samples: list[Sizes] = [{A: 5 * k + remainder} for k in range(1, 12) for remainder in remainders]
    formula = fitted(lambda s: (s[A] + shift) // 5, samples, [A])
    assert formula == sympy.floor((A + expected) / sympy.Integer(5))


@pytest.mark.parametrize("multiple", [2, 8, 64])
def test_rounding_up_to_a_multiple(multiple: int) -> None:
    """A vocabulary padded to a multiple of 64 needs one period of sizes."""

    def number(s: Sizes) -> Any:
        return multiple * ceil(s[A] / multiple)

    samples: list[Sizes] = [{A: a} for a in range(1, 3 * multiple, max(multiple // 16, 1))]
    formula = fitted(number, samples, [A])
    assert formula is not None
    assert all(Evaluator({A: a}).number(formula) == number({A: a}) for a in range(1, 400))


def test_rounding_up_to_an_even_number_needs_four_sizes() -> None:
    assert fitted(lambda s: s[A] + s[A] % 2, [{A: a} for a in (2, 3, 4, 5)], [A]) == 2 * sympy.floor((A + 1) / 2)


def test_a_divisor_needs_two_periods() -> None:
    # Sizes 1 to 6 do not tell floor(4A/5) + 2 from a formula with another divisor.
    assert fitted(lambda s: 4 * s[A] // 5 + 2, [{A: a} for a in range(1, 7)], [A]) is None
    assert fitted(lambda s: 4 * s[A] // 5 + 2, [{A: a} for a in range(1, 14)], [A]) is not None


def test_a_divisor_is_not_too_large() -> None:
    samples: list[Sizes] = [{A: a} for a in range(1, 400)]
    largest = MAX_ROUNDING_DIVISOR
    formula = fitted(lambda s: s[A] // largest, samples, [A])
    assert formula is not None
    assert all(Evaluator({A: a}).number(formula) == a // largest for a in range(1, 900))
    assert fitted(lambda s: s[A] // (largest + 1), samples, [A]) is None


def test_two_numbers_are_left_to_conditions() -> None:
    assert fitted(lambda s: int(s[A] > 9), [{A: a} for a in range(1, 30)], [A]) is None


@pytest.mark.parametrize("divisor", [2, 4, 8, 16])
def test_halves_go_to_the_even_neighbor(divisor: int) -> None:
    def number(s: Sizes) -> Any:
        return round(s[A] / divisor)

    formula = fitted(number, [{A: a} for a in range(1, 120)], [A])
    assert formula is not None
    assert all(Evaluator({A: a}).number(formula) == number({A: a}) for a in range(300))


def test_products_with_a_ratio_are_rounded_down() -> None:
    ratios = [Fraction(3, 2), Fraction(5, 4), Fraction(7, 3), Fraction(2), Fraction(1, 2)]
    samples: list[Sizes] = [{A: 7 + 5 * row, RATIO: ratios[row % 5]} for row in range(25)]
    for factor in (1, 3):

        def number(s: Sizes, factor: int = factor) -> int:
            return int(factor * s[A] * s[RATIO] // 1)

        formula = fitted(number, samples, [A, RATIO])
        assert formula is not None
        for a, ratio in ((40, Fraction(9, 7)), (11, Fraction(5, 2)), (3, Fraction(1, 3))):
            sizes: Sizes = {A: a, RATIO: ratio}
            assert Evaluator(sizes).number(formula) == number(sizes)


@pytest.mark.parametrize("seed", range(4))
def test_a_size_beside_those_that_are_known(seed: int) -> None:
    """A change of the divisor alone may have shown nothing, so that only the dividend is known to have an effect."""
    assert_found(lambda s: s[A] // s[B], [A], seed)
    assert_found(lambda s: s[A] + 2 * s[B] + 3, [A], seed)
    assert_found(lambda s: s[A] * s[B] + 5, [A], seed)
    assert_found(lambda s: max(s[A], s[B]), [A], seed)
    assert_found(lambda s: s[B] * 3 + 1, [A], seed)
    assert_found(lambda s: s[A] + 2 * s[C] + 4 * s[B], [A, C], seed)


def test_a_formula_of_another_column_is_reused() -> None:
    """Ten builds with fourteen sizes show no quotient; another column of sixteen builds does."""
    others = [Own(f"other_{k}", Kind.WIDTH) for k in range(12)]
    pairs = [(37 * n % 101 + 20, 11 * n % 13 + 2) for n in range(16)]
    table = [{H: h, heads: a} | {size: h * a % (7 + k) for k, size in enumerate(others)} for h, a in pairs]
    numbers = [a * (h // a) for h, a in pairs]
    fitter = Fitter(table, [H, heads, *others])
    assert fitter.fit(range(6, 16), numbers[6:]) is None
    assert fitter.fit(range(16), numbers, [H, heads]) == heads * sympy.floor(H / heads)
    assert fitter.fit(range(7, 16), numbers[7:]) == heads * sympy.floor(H / heads)
    assert fitter.fit(range(2), numbers[:2]) is None
    assert fitter.formulas == [heads * sympy.floor(H / heads)]


def test_numbers_without_a_formula() -> None:
    random = Random(5)
    samples = draw([H, F, L, N, heads], random, 40)
    noise = [random.randint(1, 1000) for _ in samples]
    for affecting in ([], [H], [H, F], [H, F, L], [H, F, L, N, heads]):
        assert Fitter(samples, [H, F, L, N, heads]).fit(range(40), noise, affecting) is None


def test_one_wrong_row_refutes_a_formula() -> None:
    samples = draw([A, B], Random(9), 30)
    for row in range(30):
        numbers = [int(2 * sizes[A] * sizes[B] + 1) for sizes in samples]
        numbers[row] += 1
        assert Fitter(samples, [A, B]).fit(range(30), numbers, [A, B]) is None


def test_six_sizes_are_not_multiplied() -> None:
    sizes = [Own(f"size_{k}", Kind.WIDTH) for k in range(6)]
    samples = draw(sizes, Random(2), 100, high=9)

    def number(s: Sizes) -> Any:
        return int(sympy.Mul(*(s[size] for size in sizes)))

    assert fitted(number, samples, sizes) is None


@pytest.mark.parametrize("seed", range(20))
def test_linear_systems(seed: int) -> None:
    random = Random(seed)
    width = random.randint(1, 5)
    solution = [random.randint(-(10**6), 10**6) for _ in range(width)]
    rows = [[random.randint(-50, 50) for _ in range(width)] for _ in range(width + 3)]
    columns = [tuple(row[k] for row in rows) for k in range(width)]
    numbers = tuple(sum(c * x for c, x in zip(solution, row, strict=True)) for row in rows)
    assert _solve(columns, numbers) in (solution, None if sympy.Matrix(rows).rank() < width else solution)


def test_linear_systems_that_decide_nothing() -> None:
    assert _solve([(1, 1, 1), (2, 2, 2)], (5, 5, 5)) is None  # two equal columns
    assert _solve([(1, 1, 2), (2, 2, 5)], (5, 6, 7)) is None  # a contradiction
    assert _solve([(1, 1, 2), (2, 2, 5)], (5, 5, 12)) == [1, 2]  # a row twice
    assert _solve([(Fraction(1, 2), Fraction(3, 2)), (1, 1)], (4, 6)) == [2, 3]
    assert _solve([(0, 1), (1, 0)], (4, 6)) is None  # its first row has no first coefficient: that pivot is not sought


@pytest.mark.parametrize(("low", "high", "nearest"), [(-3, 4, 0), (0, 5, 0), (-5, 0, 0), (2, 9, 2), (-9, -2, -2)])
def test_the_number_nearest_to_0(low: int, high: int, nearest: int) -> None:
    assert _nearest_to_zero(low, high) == nearest
