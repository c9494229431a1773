"""A sieve over the rows of a large space: on arrays, it discards what cannot be among the best.

A row fixes all unknowns but the last. The sieve builds rows unknown by unknown, in blocks, so that memory stays flat.
It discards a row only if a bound proves that no configuration of the row can be among the best (branch and bound, Land
and Doig 1960): the counts of the box of open unknowns are too far from the target, or their residue class has no number
near it, or a constraint fails. In a whole row the sieve inverts the count exactly. The remaining rows go to the exact
search, which alone decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from math import ceil, floor
from typing import Any

import numpy as np
from sympy import Expr, Symbol

from bertsym.algebra import substitute
from bertsym.solving.interval_propagation import Axis, narrow
from bertsym.solving.row_bounds import spans
from bertsym.solving.row_constraints import LinearLimit, Translation, decided
from bertsym.solving.row_counts import RowCount, integer_symbol
from bertsym.solving.rows import BLOCK, SAFE, Column, Rows, chunks, column, joined, operands, precedes, products, run
from bertsym.solving.search import Incumbent, Listener, Space
from bertsym.straight_line import NoProgram, Program
from bertsym.values import value

# The rows that are searched exactly before the others of their block are compared with the best again.
BATCH = 32
# Nobody can wait for an axis with more values, unless it is inverted.
MAX_VALUES = 1 << 40
# The order in which rows are tried resolves a quotient of sizes to this part of 1.
RESOLUTION = 1 << 10


@value
class Limit:
    """A budget over rows: the least and the largest whole count, each of which may be open."""

    count: RowCount
    low: int | None
    high: int | None


@value
class Step:
    """An unknown of the enumeration: the comparisons that limit it in a row, and the programs that filter rows."""

    axis: Axis
    limits: tuple[LinearLimit, ...]
    filters: tuple[Program, ...]


@value
class Candidates:
    """The rows that may improve on the best, with the least error of each as a quotient, and its least lead.

    `last` are the values of the last unknown at that error.
    """

    rows: Rows
    error: Column
    denominator: Column
    last: Column | None
    lead: tuple[Column, Column] | None

    def __getitem__(self, index: Any) -> Candidates:
        """Return the candidates at an index of numpy."""
        lead = None if self.lead is None else (self.lead[0][index], self.lead[1][index])
        last = None if self.last is None else self.last[index]
        return Candidates(self.rows[index], self.error[index], self.denominator[index], last, lead)


def sieve(space: Space, listener: Listener) -> Sieve | None:
    """Return a sieve over a space; None if a count or the order has no program."""
    if any(axis.size > MAX_VALUES for axis in space.unknowns[:-1]):
        return None
    try:
        return Sieve(space, listener)
    except NoProgram:
        return None


class Sieve:
    """The enumeration of the rows of a space; `run` hands those that may hold one of the best to the exact search."""

    def __init__(self, space: Space, listener: Listener) -> None:
        """Compile the counts, the constraints and the order; raises `NoProgram`."""
        self.space = space
        self.listener = listener
        self.symbols = tuple(axis.symbol for axis in space.unknowns)
        self.constraints = (*space.constraints, *space.accepted)
        self.axes = tuple(map(self._narrowed, space.unknowns))
        integers = {axis.symbol: integer_symbol(axis) for axis in self.axes}
        self.unknowns = tuple(integers.values())
        self.box = [(axis.start, axis.stop) for axis in self.axes]
        self.count = self._row_count(space.total, integers)
        self.limits = tuple(
            Limit(
                count,
                None if budget.low is None else min(ceil(budget.low), count.most + 1),
                None if budget.high is None or budget.high >= count.most else floor(budget.high),
            )
            for budget, count in ((budget, self._row_count(budget.total, integers)) for budget in space.budgets)
        )
        # A target above every count, as of a search for the largest one, orders them as the number above the largest.
        self.target = min(space.target, self.count.most + 1)
        self.beyond = space.target - self.target
        counts = (self.count, *(limit.count for limit in self.limits))
        self.inverted = all(count.growing is not None for count in counts)
        self.lead = None if space.lead is None else self._row_count(space.lead, integers)
        self.steps = tuple(self._step(depth, integers) for depth in range(len(self.axes)))
        self.done = 0.0

    def _narrowed(self, axis: Axis) -> Axis:
        """Return the values that the constraints on this unknown alone allow."""
        alone = [c for c in self.constraints if c.symbols <= {axis.symbol, *self.space.fixed}]
        values = axis.within(*narrow(axis, alone, self.space.fixed, axis.start, axis.stop))
        return Axis(axis.symbol, values.start, values[-1] if values else values.start - 1, values.step)

    def _row_count(self, expression: Expr, integers: Mapping[Symbol, Symbol]) -> RowCount:
        return RowCount(substitute(expression, integers), self.unknowns, self.axes)

    def _step(self, depth: int, integers: Mapping[Symbol, Symbol]) -> Step:
        translation = Translation(integers, self.axes, self.space.fixed)
        known = frozenset({*self.space.fixed, *self.symbols[:depth]})
        limits, filters = [], []
        for condition in decided(self.constraints, known, self.symbols[depth]):
            limit = translation.limit(condition, depth)
            program = None if limit is not None else translation.filter(condition, depth)
            if limit is not None:
                limits.append(limit)
            elif program is not None:
                filters.append(program)
        return Step(self.axes[depth], tuple(limits), tuple(filters))

    def run(self) -> None:
        """Enumerate the rows; those that may hold one of the best go to the exact search."""
        if not all(axis.size > 0 for axis in self.axes):
            return
        blocks: Iterator[Rows] = iter([Rows((), np.ones(1))])
        for depth in range(len(self.axes) - 1 if self.inverted else len(self.axes)):
            blocks = joined(self._extended(depth, blocks))
        for rows in blocks:
            for start in range(0, rows.size, BLOCK):
                block = rows[start : start + BLOCK]
                self._search(self._nearest(block) if self.inverted else self._counted(block))
                self._finish(block.shares)

    def _finish(self, shares: Column) -> None:
        self.done += float(shares.sum())
        self.listener.report(min(self.done, 1.0))

    def _kept(self, rows: Rows, keep: Column) -> Rows:
        """Return the rows to keep; the others are done."""
        if keep.all():
            return rows
        self._finish(rows.shares[~keep])
        return rows[keep]

    # The enumeration.

    def _extended(self, depth: int, blocks: Iterator[Rows]) -> Iterator[Rows]:
        """Yield the rows of each block with every value that the unknown at a depth may have."""
        step = self.steps[depth]
        for unsorted in blocks:
            seen = self._incumbent()
            block = self._kept(unsorted, self._may_improve(unsorted))
            block = self._sorted(block) if block.size * step.axis.size > BLOCK else block
            first, last = self._range(depth, block)
            for part in chunks(block, last - first + 1):
                rows = block[part]
                keep = last[part] >= first[part]
                if self._incumbent() != seen:
                    keep = keep & self._may_improve(rows)
                kept, start = self._kept(rows, keep), first[part][keep]
                if not kept.size:
                    continue
                for made in self._products(depth, kept, start, last[part][keep] - start + 1):
                    filtered = self._filtered(step.filters, made)
                    if filtered.size:
                        yield filtered

    def _sorted(self, rows: Rows) -> Rows:
        """Return rows with the most promising first, because good configurations found early exclude others."""
        if not rows.columns:
            return rows
        error, denominator = self._least_error(rows)
        return rows[_order(self._ranked(Candidates(rows, error, denominator, None, self._leads(rows))))]

    def _products(self, depth: int, rows: Rows, first: Column, sizes: Column) -> Iterator[Rows]:
        """Yield the rows with each of their values of an unknown, without some that cannot be among the best."""
        dense = rows.size * self.axes[depth].size <= 4 * min(int(sizes.sum()), BLOCK)
        near = self._near(rows) if self.inverted and depth == len(self.axes) - 2 and dense else None
        if near is None:
            yield from products(rows, first, sizes, self.axes[depth].values())
            return
        row, index = np.nonzero(near)
        inside = (index >= first[row]) & (index < (first + sizes)[row])
        row, index = row[inside], index[inside]
        axis, shares = self.axes[depth], (rows.shares / sizes.astype(float))[row]
        self._finish(rows.shares.sum() - shares.sum())
        yield Rows((*(column[row] for column in rows.columns), axis.start + index * axis.step), shares)

    def _near(self, rows: Rows) -> Column | None:
        """Return, for each row and each value of the unknown before the last, False if no count is near the target.

        The counts along the last unknown must be numbers a + k*b. One of them is within an error of the target if the
        remainder says so. Return None if they are not, or if a number may be too large for 64 bits.
        """
        incumbent, program = self._incumbent(), self.count.growing
        axis, last = self.axes[-2:]
        if incumbent is None or program is None or len(program.outputs) != 3 or self.lead is not None:
            return None
        factors = _Line.factors(self.count, program)
        columns, kind = operands(program, rows, [(axis.start, axis.stop)], factors, axis.stop)
        if kind is object or not rows.size:
            return None
        grid = [*(column[:, None] for column in columns), np.arange(axis.start, axis.stop + 1, axis.step)[None, :]]
        constant, slope, denominator = program.run(grid)
        if not np.min(slope) > 0:
            return None
        reach = incumbent.error * denominator
        rest = self.target * denominator - constant - slope * last.start
        near = (rest + reach) % (slope * last.step) <= 2 * reach
        return np.broadcast_to(near, (rows.size, axis.size))

    def _filtered(self, filters: Sequence[Program], rows: Rows) -> Rows:
        for program in filters:
            if rows.size:
                (holds,) = run(program, rows)
                rows = self._kept(rows, holds == 1)
        return rows

    def _range(self, depth: int, rows: Rows) -> tuple[Column, Column]:
        """Return the first and the last index of an unknown's values that the linear constraints allow in each row."""
        axis = self.axes[depth]
        beside = axis.stop + axis.step
        first, last = column(0, rows.size), column(axis.size - 1, rows.size)
        for limit in self.steps[depth].limits:
            slope, constant = run(limit.program, rows, beside=beside)
            low, high = limit.bounds(slope, constant)
            if low is not None:
                first = np.maximum(first, np.minimum(-((axis.start - low) // axis.step), axis.size))
            if high is not None:
                last = np.minimum(last, np.maximum((high - axis.start) // axis.step, -1))
        return first, last

    # The bounds of a box.

    def _may_improve(self, rows: Rows) -> Column:
        """Return, for each row, False if no configuration of its box meets the budgets and improves on the best."""
        keep: Column = np.ones(rows.size, bool)
        if not rows.columns:
            return keep
        for limit in self.limits:
            keep &= self._between(limit.count, rows, limit.low, limit.high)
        incumbent = self._incumbent()
        if incumbent is None:
            return keep
        index = np.flatnonzero(keep)
        rows = rows[index]
        if self.lead is None:
            near, far = self.target - incumbent.error, self.target + incumbent.error
            within = self._between(self.count, rows, near, far)
            index, rows = index[within], rows[within]
        if len(index):
            error, denominator = self._least_error(rows)
            improved = self._improving(Candidates(rows, error, denominator, None, self._leads(rows)), incumbent)
            index = index[improved]
        keep[:] = False
        keep[index] = True
        return keep

    def _box(self, count: RowCount, rows: Rows) -> tuple[Column, Column, Column, Column]:
        """Return the least and the largest numerator of a count in each row's box, and so of the denominator."""
        known = len(rows.columns)
        columns, kind = operands(count.whole, rows, self.box[known:], [count.most + 2])
        sides = [(c, c, axis.start >= 0) for c, axis in zip(columns, self.axes, strict=False)]
        sides += [(axis.start, axis.stop, axis.start >= 0) for axis in self.axes[known:]]
        (low, high, _), (least, most, _) = spans(count.whole, sides, kind)
        low, high, least, most = (column(c, rows.size, kind) for c in (low, high, least, most))
        return low, high, least, most

    def _between(self, count: RowCount, rows: Rows, low: int | None, high: int | None) -> Column:
        """Return, for each row, False if no count of its box lies between two numbers."""
        keep: Column = np.ones(rows.size, bool)
        low = None if low is None or low <= 0 else min(low, count.most + 1)
        high = None if high is None or high >= count.most else high
        if low is None and high is None:
            return keep
        below, above, least, most = self._box(count, rows)
        if high is not None:
            keep &= below <= high * (most if high >= 0 else least)
        if low is not None:
            keep &= above >= low * least
        return keep

    def _least_error(self, rows: Rows) -> tuple[Column, Column]:
        """Return a lower bound of the error in each row's box, as a quotient."""
        size = rows.size
        low, high, least, most = self._box(self.count, rows)
        known = least == most
        if not known.all():
            return column(0, size), column(1, size)
        distance = np.maximum(np.maximum(low - self.target * least, self.target * least - high), 0)
        program = self.count.residues(len(rows.columns))
        if program is None:
            return distance, least
        constant, *others, denominator = run(program, rows, [self.count.most + 2])
        modulus = reduce(np.gcd, others, column(0, size))
        missing = self.target * denominator - constant
        remainder = missing % np.where(modulus == 0, 1, modulus)
        near = np.where(modulus == 0, np.abs(missing), np.minimum(remainder, modulus - remainder))
        return np.maximum(distance, near), least

    def _leads(self, rows: Rows) -> tuple[Column, Column] | None:
        """Return a lower bound of the lead in each row's box, as a quotient."""
        if self.lead is None:
            return None
        low, _, least, most = self._box(self.lead, rows)
        return low, np.where(low < 0, least, most)

    def _incumbent(self) -> Incumbent | None:
        worst = self.listener.worst()
        return None if worst is None else Incumbent(worst.lead, worst.error - self.beyond, worst.tail)

    def _improving(self, found: Candidates, incumbent: Incumbent) -> Column:
        """Return, for each row, True if its least lead, error and values precede those of the last of the best."""
        limit = _scaled(found.denominator, incumbent.error)
        better, equal = found.error < limit, found.error == limit
        if equal.any():
            better = better | (equal & precedes(self._tail(found), incumbent.tail))
        if found.lead is not None:
            lead = _scaled(found.lead[0], incumbent.lead.denominator)
            limit = _scaled(found.lead[1], incumbent.lead.numerator)
            better = (lead < limit) | ((lead == limit) & better)
        return better

    def _tail(self, found: Candidates) -> list[Column]:
        """Return the values of each row in the order of the request, the least ones for unknowns that are open."""
        values: dict[Symbol, Column] = {axis.symbol: axis.start for axis in (*self.space.idle, *self.axes)}
        values |= dict(zip(self.symbols, found.rows.columns, strict=False))
        if found.last is not None:
            values[self.symbols[-1]] = found.last
        return [values[axis.symbol] for axis in self.space.axes]

    def _ranked(self, found: Candidates) -> list[Column]:
        """Return the columns by which rows are tried in order: the lead, the error and the values."""
        lead = [] if found.lead is None else [_scaled(found.lead[0], RESOLUTION) // found.lead[1]]
        return [*lead, found.error // found.denominator, *self._tail(found)]

    # The last unknown.

    def _nearest(self, rows: Rows) -> Candidates:
        """Return the rows that have a configuration within the budgets, with the values nearest to the target."""
        depth = len(self.axes) - 1
        first, last = self._range(depth, rows)
        for limit in self.limits:
            line = _Line(limit.count, rows)
            if limit.high is not None:
                last = np.minimum(last, line.largest(limit.high, first, last))
            if limit.low is not None:
                first = np.maximum(first, line.largest(limit.low - 1, first, last) + 1)
        keep = first <= last
        rows, first, last = rows[keep], first[keep], last[keep]
        if not rows.size:
            return _NONE
        line = _Line(self.count, rows)
        wanted = line.denominator * self.target
        below = line.largest(self.target, first, last)
        above = below + 1
        under = wanted - line.numerator(np.maximum(below, first))
        over = line.numerator(np.minimum(above, last)) - wanted
        lower = (below >= first) & ((above > last) | (under <= over))
        index = np.where(line.constant, first, np.where(lower, below, above))
        axis = self.axes[-1]
        values = axis.start + axis.step * (index if axis.stop + axis.step <= SAFE[1] else index.astype(object))
        return Candidates(rows, np.where(lower, under, over), line.denominator, values, self._leads(rows))

    def _counted(self, rows: Rows) -> Candidates:
        """Return the configurations that keep to the budgets, with their errors."""
        keep: Column = np.ones(rows.size, bool)
        for limit in self.limits:
            keep &= self._between(limit.count, rows, limit.low, limit.high)
        rows = rows[keep]
        if not rows.size:
            return _NONE
        numerator, denominator = run(self.count.whole, rows, [self.count.most + 2])
        error = np.abs(numerator - self.target * denominator)
        return Candidates(rows, error, denominator, None, self._leads(rows))

    def _search(self, found: Candidates) -> None:
        """Hand the rows that may improve on the best to the exact search, the most promising first."""
        if not found.rows.size:
            return
        incumbent = self._incumbent()
        if incumbent is not None:
            found = found[self._improving(found, incumbent)]
        found = found[_order(self._ranked(found))]
        while found.rows.size:
            for index in range(min(BATCH, found.rows.size)):
                known = dict(zip(self.symbols, found.rows.at(index), strict=False))
                if self.inverted:
                    self.listener.row(known)
                else:
                    self.listener.configuration(known)
            self._finish(np.zeros(1))
            found = found[BATCH:]
            incumbent = self._incumbent()
            if incumbent is not None and found.rows.size:
                found = found[self._improving(found, incumbent)]


class _Line:
    """A growing count along the last unknown in each row, by the index of its value."""

    def __init__(self, count: RowCount, rows: Rows) -> None:
        program = count.growing
        if program is None:
            raise NoProgram("a count that may fall")
        self.axis = count.axes[-1]
        *self.coefficients, self.denominator = columns = run(program, rows, self.factors(count, program))
        self.wide = self.axis.stop + self.axis.step > SAFE[1] or any(column.dtype == object for column in columns)
        self.constant: Column = np.ones(rows.size, bool)
        for coefficient in self.coefficients[1:]:
            self.constant &= coefficient == 0

    @staticmethod
    def factors(count: RowCount, program: Program) -> list[int]:
        """Return a factor for each output: if the products are safe, so is the count at each end, term by term."""
        end = max(abs(count.axes[-1].start), count.axes[-1].stop + count.axes[-1].step)
        terms = len(program.outputs) - 1
        return [*((terms + 1) * end**power for power in range(terms)), count.most + 2]

    def numerator(self, index: Column) -> Column:
        """Return the numerator of the count at an index of each row."""
        number = self.axis.start + self.axis.step * (index.astype(object) if self.wide else index)
        result = self.coefficients[-1]
        for coefficient in self.coefficients[-2::-1]:
            result = result * number + coefficient
        return result

    def largest(self, target: int, first: Column, last: Column) -> Column:
        """Return the largest index from first to last whose count is at most the target, or the index before first."""
        wanted = self.denominator * target
        if len(self.coefficients) == 2:
            constant, slope = self.coefficients
            rest = wanted - constant - slope * self.axis.start
            index = rest // np.where(slope == 0, 1, slope * self.axis.step)
            index = np.where(slope == 0, np.where(rest >= 0, last, first - 1), index)
            return np.maximum(np.minimum(index, last), first - 1)
        # The count at `inside` is at most the target, or `inside` is before first; at `outside` it is above.
        inside, outside = first - 1, np.maximum(last + 1, first)
        while (outside - inside > 1).any():
            middle = (inside + outside) // 2
            at_most = (middle < first) | (self.numerator(np.clip(middle, first, np.maximum(last, first))) <= wanted)
            inside, outside = np.where(at_most, middle, inside), np.where(at_most, outside, middle)
        return inside


_NONE = Candidates(Rows((), ()), (), (), None, None)


def _order(columns: Sequence[Column]) -> Column:
    """Return the index that sorts rows by columns, the first column leading."""
    arrays = [numbers for numbers in columns if isinstance(numbers, np.ndarray)]
    order = np.arange(len(arrays[0]))
    for numbers in reversed(arrays):
        order = order[np.argsort(numbers[order], kind="stable")]
    return order


def _scaled(numbers: Column, factor: int) -> Column:
    """Return the numbers times a factor, as Python's integers if a product might not be safe."""
    if len(numbers) and numbers.dtype != object:
        largest = max(abs(int(numbers.min())), abs(int(numbers.max())))
        if largest * abs(factor) > SAFE[1]:
            numbers = numbers.astype(object)
    return numbers * factor
