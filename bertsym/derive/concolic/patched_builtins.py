"""`int`, `min` and `max` that keep expressions: put into the modules of the code, in a process that ends afterwards.

`int(ratio * width)` is an int of Python's own, whatever its argument would rather return; only the name `int` can be
given another meaning.
"""

from __future__ import annotations

import builtins
import json.encoder
import math
import sys
from collections.abc import Callable
from typing import Any

import torch

from bertsym.derive.concolic import expression_tree as trees
from bertsym.derive.concolic.symbolic_numbers import Real, Size, made, plain, quotient

_FOREIGN = sys.stdlib_module_names | {"torch", "numpy", "sympy", "bertsym"}


def keep() -> None:
    """Nothing is put back: the process is given up."""
    for name, found in list(sys.modules.items()):
        space = getattr(found, "__dict__", None)
        if name.partition(".")[0] not in _FOREIGN and isinstance(space, dict):
            for function, kept in (("int", Int), ("min", _extreme("min")), ("max", _extreme("max"))):
                space.setdefault(function, kept)
    _written_by_json()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.prod = _product(numpy.prod)  # type: ignore[attr-defined]
    # The root of a width, for initial values that nobody wants.
    torch.nn.init._calculate_fan_in_and_fan_out = lambda _: (1, 1)  # noqa: SLF001


def _written_by_json() -> None:
    """A configuration writes itself as JSON here and there; what is written in C takes Python's own int alone."""
    encoder: Any = json.encoder
    encoder.c_make_encoder = None
    defaults = encoder._make_iterencode.__defaults__  # noqa: SLF001  # there is no other way in
    encoder._make_iterencode.__defaults__ = (*defaults[:-1], repr)  # noqa: SLF001


class _Integers(type):
    """Makes a class that is `int` to everyone who asks, and keeps what calling `int` would lose."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, builtins.int)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, builtins.int)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and isinstance(args[0], Size | Real):
            return args[0].__trunc__()
        return builtins.int(*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        return getattr(builtins.int, name)

    def __eq__(cls, other: object) -> bool:
        return other is builtins.int or other is cls

    def __hash__(cls) -> int:
        return hash(builtins.int)


class Int(metaclass=_Integers):
    """`int` in the modules of the code."""


def _product(of_arrays: Callable[..., Any]) -> Callable[..., Any]:
    """The product of a list of numbers, as strides are multiplied; arrays are left to numpy."""

    def product(numbers: Any, *how: Any, **also: Any) -> Any:
        listed = isinstance(numbers, list | tuple) and any(isinstance(number, Size | Real) for number in numbers)
        return math.prod(numbers) if listed and not how and not also else of_arrays(numbers, *how, **also)

    return product


def _extreme(kind: str) -> Callable[..., Any]:
    builtin = getattr(builtins, kind)

    def extreme(*args: Any, **kwargs: Any) -> Any:
        given = list(args[0]) if len(args) == 1 else list(args)
        traces = [number.trace for number in given if isinstance(number, Size | Real)]
        if kwargs or not traces:
            return builtin(given, **kwargs)
        sides = [above if below == 1 else None for above, below in map(quotient, given)]
        return made(builtin(plain(number) for number in given), (trees.extreme(kind, sides), 1), traces[0])

    return extreme
