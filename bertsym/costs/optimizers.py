"""The optimizers: the arrays that each keeps for a tensor of parameters, in torch's implementations.

An array has a shape and a number of bytes for each element; None stands for the bytes of the parameters.

`adamw8bit` is that of bitsandbytes (`optim/optimizer.py`, version 0.45 and later). The state of a tensor with 4,096
elements or more has 8 bits, with a scale of 32 bits for each block of 256 elements. That of a smaller tensor has 32
bits. All tensors share the tables that say what 8 bits mean. The step is a number of Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy
from sympy import Expr
from sympy.logic.boolalg import Boolean

from bertsym.errors import UnknownName
from bertsym.values import value

FLOAT32 = 4
UINT8 = 1
LEAST_IN_8_BITS = 4096
BLOCK = 256
CODES = 256
"""The values that 8 bits can stand for."""

Sides = tuple[Expr, ...]


def ceiling_of_quotient(number: Expr, divisor: int) -> Expr:
    """Return the quotient rounded up; formulas are printed and read with `floor` only.

    >>> ceiling_of_quotient(sympy.Integer(257), 256), ceiling_of_quotient(sympy.Integer(256), 256)
    (2, 1)
    """
    return sympy.floor((number + divisor - 1) / sympy.Integer(divisor))


def _alike(sides: Sides) -> Sides:
    return sides


def _scalar(_: Sides) -> Sides:
    return ()


def _rows(sides: Sides) -> Sides:
    """Return a mean for each row of a matrix, or for each entry of a vector."""
    return sides[:-1] if len(sides) > 1 else sides


def _columns(sides: Sides) -> Sides:
    """Return a mean for each column of a matrix; a vector has none."""
    return (*sides[:-2], sides[-1]) if len(sides) > 1 else (sympy.S.Zero,)


def _blocks(sides: Sides) -> Sides:
    return (ceiling_of_quotient(sympy.prod(sides, sympy.S.One), BLOCK),)


def _codes(_: Sides) -> Sides:
    return (sympy.Integer(CODES),)


def _always(_: Sides) -> Boolean:
    return sympy.true


def _in_8_bits(sides: Sides) -> Boolean:
    return sympy.prod(sides, sympy.S.One) >= LEAST_IN_8_BITS


def _in_32_bits(sides: Sides) -> Boolean:
    return sympy.prod(sides, sympy.S.One) < LEAST_IN_8_BITS


@value
class State:
    """An array that an optimizer keeps for a tensor: `shape` of the tensor's shape, `size` bytes for each element.

    The optimizer keeps it for a tensor if `when` holds for the shape.
    """

    name: str
    shape: Callable[[Sides], Sides]
    size: int | None = None
    when: Callable[[Sides], Boolean] = _always


@value
class Optimizer:
    """The arrays for each tensor, and those that all tensors which need them share."""

    states: tuple[State, ...]
    shared: tuple[State, ...] = ()
    library: str = "torch"


_STEP = State("step", _scalar, FLOAT32)
OPTIMIZERS: Mapping[str, Optimizer] = {
    "adamw": Optimizer((State("exp_avg", _alike), State("exp_avg_sq", _alike), _STEP)),
    "amsgrad": Optimizer(
        (State("exp_avg", _alike), State("exp_avg_sq", _alike), State("max_exp_avg_sq", _alike), _STEP)
    ),
    "adamw8bit": Optimizer(
        (
            State("state1", _alike, UINT8, _in_8_bits),
            State("state2", _alike, UINT8, _in_8_bits),
            State("absmax1", _blocks, FLOAT32, _in_8_bits),
            State("absmax2", _blocks, FLOAT32, _in_8_bits),
            State("state1-32bit", _alike, FLOAT32, _in_32_bits),
            State("state2-32bit", _alike, FLOAT32, _in_32_bits),
        ),
        (State("qmap1", _codes, FLOAT32, _in_8_bits), State("qmap2", _codes, FLOAT32, _in_8_bits)),
        "bitsandbytes",
    ),
    "sgd": Optimizer(()),
    "momentum": Optimizer((State("momentum_buffer", _alike),)),
    "adagrad": Optimizer((State("sum", _alike), _STEP)),
    "adafactor": Optimizer((State("row_var", _rows), State("col_var", _columns), _STEP)),
}


def named_optimizer(name: str) -> Optimizer:
    """Return the optimizer of that name; raises `UnknownName`."""
    if name not in OPTIMIZERS:
        raise UnknownName("optimizer", name, OPTIMIZERS)
    return OPTIMIZERS[name]
