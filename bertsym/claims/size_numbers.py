"""Plain numbers of a formula read as the sizes of a model: 80 is L and 8192 is H in `80 x 4 x 8192 x 8192`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice, product

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.formulas.tree import Form, Name, Number, children, rebuild
from bertsym.formulas.tree import product as times
from bertsym.symbols import BY_SYMBOL, Kind, in_order
from bertsym.values import value

# The readings of one formula that are tried. Each small number that is also a size doubles them.
MAX_READINGS = 192
MAX_COMBINATIONS = 4_096
# A number from here on that is a size is no coefficient.
LEAST_WIDTH = 32
# A number that is a small multiple of a width counts several: 3,840 = 5 * 768 is a bias of 4H and one of H.
MAX_MULTIPLE = 16

_COUNTABLE = (Kind.DEPTH, Kind.ROWS, Kind.WIDTH, Kind.HEADS, Kind.EXPERTS)


@value
class SizedForm:
    """A formula in which numbers became sizes; `sizes` are those that its numbers stand for."""

    form: Form
    sizes: Mapping[Symbol, Value]


def sized_forms(form: Form, sizes: Mapping[Symbol, Value]) -> Iterator[SizedForm]:
    """Yield the readings of a formula with its numbers as sizes, the likeliest first, the formula as it is last.

    >>> from bertsym.claims.parser import read
    >>> from bertsym.symbols import H, L
    >>> from bertsym.wording import pretty
    >>> form = read("12 * (12*768*768 + 13*768)").main.form
    >>> pretty(next(sized_forms(form, {H: 768, L: 12})).form)
    'L·(12·H·H + 13·H)'
    """
    numbers = list(_numbers(form))
    places = [_place(index, number) for index, number in enumerate(numbers)]
    distinct = dict(zip(places, numbers, strict=True))
    earlier: set[Fraction] = set()
    choices: dict[object, Sequence[Form]] = {}
    for at, number in distinct.items():
        choices[at] = _meanings(number, sizes, again=number in earlier)
        earlier.add(number)
    combinations = islice(product(*(enumerate(meanings) for meanings in choices.values())), MAX_COMBINATIONS)
    likeliest = sorted(combinations, key=lambda chosen: sum(rank for rank, _ in chosen))
    for chosen in likeliest[:MAX_READINGS]:
        meanings = dict(zip(choices, (meaning for _, meaning in chosen), strict=True))
        used = {symbol: sizes[symbol] for meaning in meanings.values() for symbol in _symbols(meaning)}
        if used:
            yield SizedForm(_with(form, [meanings[at] for at in places]), used)
    yield SizedForm(form, {})


def unsized(sized: SizedForm, sizes: Mapping[Symbol, Value]) -> int:
    """Return how many numbers of a reading are left plain although they are large and equal to a size."""
    values = {Fraction(size) for size in sizes.values()}
    plain = (leaf.value for leaf in leaves(sized.form) if isinstance(leaf, Number))
    return sum(1 for number in plain if number >= LEAST_WIDTH and number in values)


def _place(index: int, number: Fraction) -> object:
    """Return the key of a number: a large one means the same wherever it stands, a small one may be a coefficient."""
    return number if number >= LEAST_WIDTH else (index, number)


def _numbers(form: Form) -> Iterator[Fraction]:
    """Yield the numbers of a formula from the left to the right."""
    if isinstance(form, Number):
        yield form.value
        return
    for part in children(form):
        yield from _numbers(part)  # type: ignore[arg-type]  # a condition has no numbers that are sizes


def _meanings(number: Fraction, sizes: Mapping[Symbol, Value], *, again: bool) -> Sequence[Form]:
    """Return a number's meanings, the likeliest first.

    A large number is a size. A small one is a depth where it first stands, and a coefficient where it stands `again`.
    """
    literal = Number(number)
    if number.denominator != 1 or number < 2:
        return (literal,)
    known = {s: v for s, v in sizes.items() if not isinstance(v, bool) and BY_SYMBOL[s].kind in _COUNTABLE}
    equal: list[Form] = [Name(symbol) for symbol in in_order(known) if known[symbol] == number]
    if number >= LEAST_WIDTH:
        return (*equal, *_multiples(number, known), literal) if not equal else (*equal, literal)
    if again:
        return (literal, *equal)
    deep = [name for name in equal if isinstance(name, Name) and BY_SYMBOL[name.symbol].kind is Kind.DEPTH]
    return (*deep, literal, *(name for name in equal if name not in deep))


def _multiples(number: Fraction, sizes: Mapping[Symbol, Value]) -> Iterator[Form]:
    """Yield a number as a small multiple of a width."""
    for symbol in in_order(sizes):
        width = Fraction(sizes[symbol])
        wide = BY_SYMBOL[symbol].kind is Kind.WIDTH and width >= LEAST_WIDTH
        if wide and (number / width).denominator == 1 and number / width <= MAX_MULTIPLE:
            yield times([Number(number / width), Name(symbol)])
            return


def leaves(form: Form) -> Iterator[Form]:
    """Yield the numbers and names of a formula from the left to the right."""
    parts = children(form)
    if not parts:
        yield form
    for part in parts:
        yield from leaves(part)  # type: ignore[arg-type]


def _symbols(form: Form) -> Iterator[Symbol]:
    if isinstance(form, Name):
        yield form.symbol
    for part in children(form):
        yield from _symbols(part)  # type: ignore[arg-type]


def _with(form: Form, meanings: list[Form]) -> Form:
    """Return the form with its numbers replaced in order; the list is used up."""
    if isinstance(form, Number):
        return meanings.pop(0)
    parts = [_with(part, meanings) for part in children(form)]  # type: ignore[arg-type]
    rebuilt: Form = rebuild(form, parts)
    return rebuilt
