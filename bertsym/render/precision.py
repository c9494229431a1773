"""Numbers in the unit and to the digits that an author chose, rounded from the exact integers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from bertsym.document import Column, Count, Decimal, Document, Element, Equation, Inline, Result, Rounded, Scaled, Table
from bertsym.errors import Conflict, Unreadable
from bertsym.formulas.tree import Name
from bertsym.quantities import Unit, significant
from bertsym.render import words
from bertsym.values import replace, value

MAX_DIGITS = 30
MAX_UNIT = 20
PLACES = 2
"""The decimal places of a number in a unit if the author chose none, as in 109.48 M."""

NO_UNIT = "none"


@value
class Precision:
    """A unit, empty for the one that fits, and a number of significant digits or of decimal places."""

    unit: str = ""
    digits: int | None = None
    places: int | None = None

    def __post_init__(self) -> None:
        if len(self.unit) > MAX_UNIT:
            raise Unreadable("--unit", self.unit, "a unit such as M, GFLOPs or GiB")
        if self.digits is not None and self.places is not None:
            raise Conflict("--digits", "--places", "a number is rounded in one way")
        for option, number, least in (("--digits", self.digits, 1), ("--places", self.places, 0)):
            if number is not None and not least <= number <= MAX_DIGITS:
                raise Unreadable(option, str(number), f"a whole number from {least} to {MAX_DIGITS}")

    def symbol(self, unit: Unit, largest: int) -> str | None:
        """Return the symbol of the chosen multiple, or the one that fits the largest number; None if the unit lacks it.

        >>> Precision("M").symbol(Unit("parameters"), 1), Precision("G").symbol(Unit("FLOPs", "FLOPs"), 1)
        ('M', 'GFLOPs')
        """
        if not self.unit:
            return unit.fitting(largest)
        base = next(iter(unit.scales()))
        names = (base,) if self.unit == NO_UNIT else (self.unit, self.unit + unit.symbol)
        return next((name for name in names if name in unit.scales()), None)

    def scaled(self, count: int, unit: Unit, symbol: str, *, headed: bool = False) -> Scaled:
        """Return a number in a multiple of its unit, without the symbol if the heading of its column has it."""
        scale = unit.scales()[symbol]
        places = self._places(Fraction(count, scale))
        return Scaled(count, scale, min(places, 0) if scale == 1 else places, "" if headed else symbol)

    def decimal(self, number: Decimal) -> Decimal:
        """Return a number that is no count, to the digits or places that were chosen."""
        if self.digits is None and self.places is None:
            return number
        return replace(number, places=max(0, self._places(number.value)))

    def _places(self, exact: Fraction) -> int:
        if self.digits is not None:
            return significant(exact, self.digits)
        return PLACES if self.places is None else self.places


def at_precision(document: Document, precision: Precision) -> Document:
    """Return the document with its counts in that unit, and to these digits; raise `Conflict` if it has none.

    Sizes stay as they are, and so do the numbers of running text.
    """
    if precision == Precision():
        return document
    changed = tuple(_element(element, precision) for element in document)
    if changed == document:
        option = "--unit" if precision.unit else "--digits" if precision.digits is not None else "--places"
        units = {number.unit.title: number.unit for element in document for number in _numbers(element)}
        known = "; ".join(f"{title} are in {_known(unit)}" for title, unit in units.items())
        raise Conflict(f"{option} {precision.unit}".strip(), "the answer", known or "it has no number to round")
    return changed


def _known(unit: Unit) -> str:
    symbols = [symbol for symbol in unit.scales() if symbol]
    return f"{', '.join(symbols[:5])} or {NO_UNIT}"


def _numbers(element: Element) -> Iterable[Count | Rounded]:
    match element:
        case Result(steps) | Equation(steps):
            parts: Sequence[Inline] = steps
        case Table(rows=rows, footer=footer):
            parts = [cell for row in (*rows, footer) for cell in row]
        case _:
            parts = ()
    return (part for part in parts if isinstance(part, Count | Rounded))


def _element(element: Element, precision: Precision) -> Element:
    match element:
        case Result(steps) | Equation(steps):
            return replace(element, steps=tuple(_alone(step, precision) for step in steps))
        case Table():
            return _table(element, precision)
        case _:
            return element


def _alone(part: Inline, precision: Precision) -> Inline:
    match part:
        case Count(number, unit=unit) | Rounded(number, unit):
            symbol = precision.symbol(unit, number)
            return part if symbol is None else precision.scaled(number, unit, symbol)
        case Decimal():
            return precision.decimal(part)
        case _:
            return part


def _table(table: Table, precision: Precision) -> Table:
    lines = [*table.rows, *((table.footer,) if table.footer else ())]
    columns, cells = [], []
    for index, column in enumerate(table.columns):
        title, changed = _column(column, [(line[0], line[index]) for line in lines], precision)
        columns.append(title)
        cells.append(changed)
    rows = list(zip(*cells, strict=True)) if lines else []
    footer = rows.pop() if table.footer else ()
    return replace(table, columns=tuple(columns), rows=tuple(rows), footer=footer)


def _column(column: Column, cells: list[tuple[Inline, Inline]], precision: Precision) -> tuple[Column, list[Inline]]:
    """Return the heading with the unit, and the cells; `cells` are pairs of a row's first cell and the column's own.

    A number in a row or a column that is headed by a size is a value of that size.
    """
    shown = [cell for _, cell in cells]
    counted = [cell for head, cell in cells if isinstance(cell, Count | Rounded) and not isinstance(head, Name)]
    units = {cell.unit for cell in counted}
    if isinstance(column.title, Name) or len(units) != 1:
        return column, shown
    unit = units.pop()
    symbol = precision.symbol(unit, max((abs(cell.value) for cell in counted), default=0))
    if symbol is None:
        return column, shown
    result: list[Inline] = [
        cell
        if isinstance(head, Name) or not isinstance(cell, Count | Rounded)
        else precision.scaled(cell.value, unit, symbol, headed=True)
        for head, cell in cells
    ]
    title = words.inline(column.title)
    if title == unit.symbol:
        return replace(column, title=symbol), result
    headed = title if title.casefold() == symbol.casefold() or not symbol else f"{title} ({symbol})".lstrip()
    return replace(column, title=headed), result
