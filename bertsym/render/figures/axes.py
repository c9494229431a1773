"""The axes of figures: exact ends and ticks, labels in a unit that leaves few digits, and titles."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import chain, count

from sympy import Symbol

from bertsym.charts import Exact
from bertsym.quantities import Unit, decimal_places, rounded_to
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

# The most intervals between the ticks of an axis.
INTERVALS = 6
# The most intervals of an axis with labels such as 500,000, and the number at which they begin.
INTERVALS_OF_LONG = 4
LONG = 100_000


@value
class Title:
    """The title of an axis: words, and a symbol after them."""

    words: str
    symbol: Symbol | None = None


@value
class Tick:
    """A labelled position on an axis."""

    at: Exact
    label: str


@value
class Axis:
    """An axis from low to high."""

    title: Title
    low: Exact
    high: Exact
    ticks: tuple[Tick, ...]

    def place(self, at: Exact) -> Fraction:
        """Return a position on the axis as a share of its length."""
        return (Fraction(at) - self.low) / (Fraction(self.high) - self.low)


def of_counts(counts: Iterable[int], unit: Unit, *, tight: bool = False) -> Axis:
    """Return an axis from 0 to a tick that no count exceeds, or to the largest count if it is `tight`.

    >>> from bertsym.quantities import PARAMETERS
    >>> axis = of_counts([109482240], PARAMETERS)
    >>> axis.title.words, axis.high, [tick.label for tick in axis.ticks]
    ('parameters (M)', 120000000, ['0', '20', '40', '60', '80', '100', '120'])
    >>> of_counts([96637943808], Unit("FLOPs", "FLOPs")).title.words
    'GFLOPs'
    """
    most = max(1, *counts)
    step = next(step for step in _round_numbers() if step * INTERVALS >= most)
    high = -(-most // step) * step
    symbol = unit.fitting(high)
    scale = unit.scales()[symbol]
    title = symbol if unit.symbol == unit.title else f"{unit.title} ({symbol})" if symbol else unit.title
    ticks = (Tick(number, _label(Fraction(number, scale))) for number in range(0, high + 1, step))
    return Axis(Title(title), 0, most if tight else high, tuple(tick for tick in ticks if not tight or tick.at <= most))


def of_percent(unit: Unit) -> Axis:
    """Return an axis of shares of a whole, from 0 to 100 percent."""
    return Axis(Title(f"share of {unit.title} (%)"), 0, 100, tuple(Tick(at, str(at)) for at in range(0, 101, 20)))


def of_size(symbol: Symbol, low: Exact, high: Exact) -> Axis:
    """Return an axis of a size between the ends.

    >>> from bertsym.symbols import H
    >>> [tick.label for tick in of_size(H, 256, 2048).ticks]
    ['512', '1024', '1536', '2048']
    >>> [tick.label for tick in of_size(H, 1000, 1000000).ticks]
    ['262,144', '524,288', '786,432']
    """
    size = BY_SYMBOL[symbol]
    words = size.meaning if size.meaning != size.name else ""
    intervals = INTERVALS if high < LONG else INTERVALS_OF_LONG
    return Axis(Title(words, symbol), low, high, _ticks(low, high, _steps(size.kind, low, high), intervals))


def of_shares(shares: Iterable[Fraction], words: str) -> Axis:
    """Return an axis from the least share, or 0, to the largest.

    >>> [tick.label for tick in of_shares([Fraction(178, 100), Fraction(-33, 1000)], "elasticity").ticks]
    ['0', '0.5', '1', '1.5']
    """
    low, high = min(Fraction(0), *shares), max(Fraction(0), *shares)
    return Axis(Title(words), low, high, _ticks(low, high, (Fraction(step, 1000) for step in _round_numbers())))


def _ticks(low: Exact, high: Exact, steps: Iterable[Exact], intervals: int = INTERVALS) -> tuple[Tick, ...]:
    step = next(step for step in steps if (high - low) <= step * intervals)
    first = -(-Fraction(low) // Fraction(step))
    last = Fraction(high) // Fraction(step)
    positions = (index * step for index in range(int(first), int(last) + 1))
    return tuple(Tick(position, _label(Fraction(position))) for position in positions)


def _steps(kind: Kind, low: Exact, high: Exact) -> Iterable[Exact]:
    """Return distances between ticks, as people choose them for a size of that kind."""
    if kind is Kind.WIDTH and high - low >= 64:
        return (64 * 2**power for power in count())
    if kind in (Kind.DEPTH, Kind.HEADS, Kind.EXPERTS):
        return chain((1, 2, 4, 6, 12, 24), (48 * 2**power for power in count()))
    if kind is Kind.RATIO:
        return (Fraction(step, 100) for step in _round_numbers())
    return _round_numbers()


def _round_numbers() -> Iterable[int]:
    return (digit * 10**power for power in count() for digit in (1, 2, 5))


def _label(number: Fraction) -> str:
    """Write a tick exactly: its denominator divides a power of ten. Four digits are not grouped."""
    text = rounded_to(number, decimal_places(number) or 0).replace("-", "\N{MINUS SIGN}")
    return text if abs(number) >= 10_000 else text.replace(",", "")
