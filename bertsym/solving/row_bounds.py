"""Bounds of a program over boxes, one box for each row of an array (interval arithmetic, Moore 1966)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import product
from typing import Any

import numpy as np

from bertsym.solving.rows import Column, kept
from bertsym.straight_line import Program

# The ends of an interval, each an array or one number for all rows; and True if the interval is surely not negative.
Span = tuple[Column, Column, bool]


def spans(program: Program, inputs: Sequence[Span], kind: type) -> list[Span]:
    """Return an interval for each output, for each row of the inputs; the caller bounds arrays first."""
    registers: list[Span] = [*inputs, *((constant, constant, constant >= 0) for constant in program.constants)]
    for operation, left, right in program.steps:
        known = _SPANS.get(operation)
        operands = registers[left], registers[right]
        low, high, positive = _truth(operation, *operands) if known is None else known(*operands)
        registers.append((kept(low, kind), kept(high, kind), positive))
    return [registers[output] for output in program.outputs]


def _truth(relation: Callable[[Any, Any], Any], left: Span, right: Span) -> Span:
    """Return the interval of a relation: its truth if both sides are known, else 0 to 1."""
    sure = (left[0] == left[1]) & (right[0] == right[1])
    truth = relation(left[0], right[0])
    return truth * sure, 1 - (1 - truth) * sure, True


def _product(left: Span, right: Span) -> Span:
    if left[2] and right[2]:
        return left[0] * right[0], left[1] * right[1], True
    return (*_hull(operator.mul, left, right), False)


def _quotient(left: Span, right: Span) -> Span:
    # A divisor is at least 1.
    if left[2]:
        return left[0] // right[1], left[1] // right[0], True
    return (*_hull(operator.floordiv, left, right), False)


def _hull(operation: Callable[[Any, Any], Any], left: Span, right: Span) -> tuple[Column, Column]:
    ends = [operation(one, other) for one, other in product(left[:2], right[:2])]
    if not any(isinstance(end, np.ndarray) for end in ends):
        return min(ends), max(ends)
    return reduce(np.minimum, ends), reduce(np.maximum, ends)


_SPANS: Mapping[Any, Callable[[Span, Span], Span]] = {
    operator.add: lambda left, right: (left[0] + right[0], left[1] + right[1], left[2] and right[2]),
    operator.sub: lambda left, right: (left[0] - right[1], left[1] - right[0], False),
    operator.mul: _product,
    operator.floordiv: _quotient,
    operator.mod: lambda _left, right: (0, right[1] - 1, True),
}
