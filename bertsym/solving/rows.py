"""Blocks of rows for a search on arrays: a column of exact integers for each known unknown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bertsym.straight_line import Interval, Program
from bertsym.values import value

# Blocks of so many rows stay in a processor's cache, and are long enough that numpy's calls cost little.
BLOCK = 1 << 16
# Shorter blocks wait for more rows.
SHORT = BLOCK // 8
# No 64-bit number of a block leaves this interval, so that a sum or a difference of two numbers fits.
SAFE: Interval = (-(2**61), 2**61)

# An array, or one number for all rows.
Column = Any


@value
class Rows:
    """A block of rows: a column for each known unknown, and the share of the space that each row stands for."""

    columns: tuple[Column, ...]
    shares: Column

    @property
    def size(self) -> int:
        """Return the number of rows."""
        return len(self.shares)

    def __getitem__(self, index: Any) -> Rows:
        """Return the rows at an index of numpy."""
        return Rows(tuple(column[index] for column in self.columns), self.shares[index])

    def at(self, index: int) -> list[int]:
        """Return one row as Python's integers."""
        return [int(column[index]) for column in self.columns]


def joined(blocks: Iterator[Rows]) -> Iterator[Rows]:
    """Join short blocks, because a call of numpy costs the same for few rows as for many."""
    waiting: list[Rows] = []
    for block in blocks:
        waiting.append(block)
        if sum(rows.size for rows in waiting) >= SHORT:
            yield _concatenated(waiting)
            waiting = []
    if waiting:
        yield _concatenated(waiting)


def _concatenated(blocks: Sequence[Rows]) -> Rows:
    if len(blocks) == 1:
        return blocks[0]
    columns = zip(*(rows.columns for rows in blocks), strict=True)
    return Rows(tuple(map(np.concatenate, columns)), np.concatenate([rows.shares for rows in blocks]))


def chunks(rows: Rows, sizes: Column) -> Iterator[slice]:
    """Yield slices of rows which have at most `BLOCK` values together; `sizes` are the values of each row."""
    ends = np.cumsum(np.minimum(sizes, BLOCK).astype(np.int64))
    start = 0
    while start < rows.size:
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + BLOCK, side="right")))
        yield slice(start, stop)
        start = stop


def products(rows: Rows, first: Column, sizes: Column, values: range) -> Iterator[Rows]:
    """Yield the rows with each of their values: so many in each row, from an index of `values` on."""
    if rows.size == 1 and sizes[0] > BLOCK:
        share = rows.shares / int(sizes[0])
        for start in range(int(first[0]), int(first[0] + sizes[0]), BLOCK):
            many = min(BLOCK, int(first[0] + sizes[0]) - start)
            yield from products(Rows(rows.columns, share * many), np.array([start]), np.array([many]), values)
        return
    counts = sizes.astype(np.int64)
    row: Column = np.repeat(np.arange(rows.size), counts)
    index = np.arange(len(row)) + np.repeat(first.astype(np.int64) - (np.cumsum(counts) - counts), counts)
    column = values.start + (index if values.stop < SAFE[1] else index.astype(object)) * values.step
    shares: Column = np.repeat(rows.shares / np.maximum(counts, 1), counts)
    yield Rows((*(old[row] for old in rows.columns), column), shares)


def run(program: Program, rows: Rows, factors: Sequence[int] = (), beside: int = 0) -> list[Column]:
    """Return a column for each output of a program.

    The last columns may be multiplied by the factors, and each may be added to the number beside.
    """
    columns, kind = operands(program, rows, (), factors, beside)
    registers = [*columns, *program.constants]
    for operation, left, right in program.steps:
        registers.append(kept(operation(registers[left], registers[right]), kind))
    return [column(registers[output], rows.size, kind) for output in program.outputs]


def kept(numbers: Column, kind: type) -> Column:
    """Return numbers as the kind of their block; the truth values of a relation are 64-bit integers in any block."""
    return numbers.astype(kind) if isinstance(numbers, np.ndarray) and numbers.dtype != kind else numbers


def operands(
    program: Program, rows: Rows, box: Sequence[Interval], factors: Sequence[int], beside: int = 0
) -> tuple[list[Column], type]:
    """Return the columns for a program, whose other unknowns lie in the box, and the kind of their numbers.

    They are 64-bit integers if an interval run proves that each register, the last outputs times the factors, and the
    number beside are safe. Else they are Python's integers, which have no largest one.
    """
    columns = rows.columns[: len(program.inputs)]
    if rows.size and abs(beside) <= SAFE[1]:
        intervals = [*((int(c.min()), int(c.max())) for c in columns), *box]
        outputs = program.bounds(intervals)[-len(factors) :] if factors else []
        largest = [max(1, -low, high) * factor for (low, high), factor in zip(outputs, factors, strict=True)]
        if program.within(intervals, SAFE) and max(largest, default=0) <= SAFE[1]:
            return list(columns), np.int64
    return [c.astype(object) for c in columns], object


def column(numbers: Column, size: int, kind: type = np.int64) -> Column:
    """Return an output of a program as a column; an output that depends on no unknown is one number."""
    if isinstance(numbers, np.ndarray):
        return kept(numbers, kind)
    return np.full(size, numbers, kind if abs(numbers) <= SAFE[1] else object)


def precedes(columns: Sequence[Column], numbers: Sequence[int]) -> Column:
    """Return, for each row of the columns, True if the row precedes the numbers in lexicographic order."""
    less: Column = False
    equal: Column = True
    for one, number in zip(columns, numbers, strict=True):
        less = less | (equal & (one < number))
        equal = equal & (one == number)
    return less
