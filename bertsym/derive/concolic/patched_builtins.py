"""`int`, `min` and `max` that keep expressions, put into the modules of the model code.

`int(ratio * width)` makes an int of Python's own, whatever its argument would rather return. Only the name `int` can be
given another meaning. Nothing is undone: this runs in a child process that ends afterwards.
"""

from __future__ import annotations

import builtins
import json.encoder
import math
import sys
from collections.abc import Callable
from typing import Any

from bertsym.derive.concolic import expression_tree as trees
from bertsym.derive.concolic.symbolic_numbers import SymbolicFloat, SymbolicInt, as_fraction, concrete_value, wrap

# Modules that take symbolic numbers as they are, or would break with another `int`.
_UNPATCHED = sys.stdlib_module_names | {"torch", "numpy", "sympy", "bertsym"}


def patch_builtins() -> None:
    """Patch every imported module of the model code, numpy's `prod` and the JSON encoder."""
    replacements = {"int": Int, "min": _extreme("min"), "max": _extreme("max")}
    for name, module in list(sys.modules.items()):
        namespace = getattr(module, "__dict__", None)
        if name.partition(".")[0] not in _UNPATCHED and isinstance(namespace, dict):
            for builtin, replacement in replacements.items():
                namespace.setdefault(builtin, replacement)
    _encode_json_in_python()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.prod = _product(numpy.prod)  # type: ignore[attr-defined]


def _encode_json_in_python() -> None:
    """Use the JSON encoder in Python with `repr` for ints: configurations write themselves, and C takes only ints."""
    encoder: Any = json.encoder
    encoder.c_make_encoder = None
    defaults = encoder._make_iterencode.__defaults__  # noqa: SLF001  # there is no other way in
    encoder._make_iterencode.__defaults__ = (*defaults[:-1], repr)  # noqa: SLF001


class _IntType(type):
    """The metaclass of a class that answers like `int` to all who ask, and keeps what calling `int` would lose."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, builtins.int)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, builtins.int)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and isinstance(args[0], SymbolicInt | SymbolicFloat):
            return args[0].__trunc__()
        return builtins.int(*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        return getattr(builtins.int, name)

    def __eq__(cls, other: object) -> bool:
        return other is builtins.int or other is cls

    def __hash__(cls) -> int:
        return hash(builtins.int)


class Int(metaclass=_IntType):
    """The `int` of the model code."""


def _product(numpy_prod: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `numpy.prod` that multiplies lists of symbolic numbers, such as strides, and leaves arrays to numpy."""

    def product(numbers: Any, *args: Any, **kwargs: Any) -> Any:
        is_symbolic = isinstance(numbers, list | tuple) and any(
            isinstance(number, SymbolicInt | SymbolicFloat) for number in numbers
        )
        return math.prod(numbers) if is_symbolic and not args and not kwargs else numpy_prod(numbers, *args, **kwargs)

    return product


def _extreme(kind: str) -> Callable[..., Any]:
    """Return a `min` or `max` that keeps expressions; a key or a default is left to the builtin."""
    builtin = getattr(builtins, kind)

    def extreme(*args: Any, **kwargs: Any) -> Any:
        numbers = list(args[0]) if len(args) == 1 else list(args)
        recorders = [number.recorder for number in numbers if isinstance(number, SymbolicInt | SymbolicFloat)]
        if kwargs or not recorders:
            return builtin(numbers, **kwargs)
        operands = [numerator if denominator == 1 else None for numerator, denominator in map(as_fraction, numbers)]
        value = builtin(concrete_value(number) for number in numbers)
        return wrap(value, (trees.extreme(kind, operands), 1), recorders[0])

    return extreme
