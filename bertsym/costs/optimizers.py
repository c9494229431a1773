"""The optimizers: the arrays that each keeps for a tensor of parameters, in torch's implementations.

An array has a shape and a number of bytes for each element; None stands for the bytes of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy
from sympy import Expr

from bertsym.errors import UnknownName
from bertsym.values import value

FLOAT32 = 4

Sides = tuple[Expr, ...]


@value
class State:
    """An array that an optimizer keeps for a tensor: `shape` of the tensor's shape, `size` bytes for each element."""

    name: str
    shape: Callable[[Sides], Sides]
    size: int | None = None


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


_STEP = State("step", _scalar, FLOAT32)
OPTIMIZERS: Mapping[str, tuple[State, ...]] = {
    "adamw": (State("exp_avg", _alike), State("exp_avg_sq", _alike), _STEP),
    "amsgrad": (State("exp_avg", _alike), State("exp_avg_sq", _alike), State("max_exp_avg_sq", _alike), _STEP),
    "sgd": (),
    "momentum": (State("momentum_buffer", _alike),),
    "adagrad": (State("sum", _alike), _STEP),
    "adafactor": (State("row_var", _rows), State("col_var", _columns), _STEP),
}


def named_optimizer(name: str) -> tuple[State, ...]:
    """Return the arrays that the optimizer of that name keeps for a tensor; raises `UnknownName`."""
    if name not in OPTIMIZERS:
        raise UnknownName("optimizer", name, OPTIMIZERS)
    return OPTIMIZERS[name]
