"""Numbers that remember what they were computed from, for the code that builds a model.

Whatever needs a plain number (`range`, an index, a square root) sees the value, and nothing is specialised by it. What
is compared is recorded: the code takes the path of the values that it was given.
"""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import torch

from bertsym.derive.concolic import expression_tree as trees
from bertsym.derive.concolic.expression_tree import Tree
from bertsym.derive.concolic.torch_sym_node import Node, Trace

LARGEST_DENOMINATOR = 10**6

Quotient = tuple[Tree | None, Tree | None]
Number = builtins.int | float


class Traced:
    """What an integer and a fraction have in common."""

    trace: Trace

    def __neg__(self) -> Any:
        return _MINUS(self, -1)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self if plain(self) >= 0 else -self

    def __bool__(self) -> bool:
        holds = bool(plain(self))
        self.trace.hold("!=" if holds else "=", quotient(self)[0], 0)
        return holds

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _: Any) -> Any:
        return self

    def __repr__(self) -> str:
        return repr(taken(self))

    def __format__(self, how: str) -> str:
        return format(taken(self), how)

    def __divmod__(self, other: Any) -> Any:
        return operator.floordiv(self, other), operator.mod(self, other)

    def __round__(self, digits: Any = None) -> Any:
        above, below = quotient(self)
        if digits is not None:
            return round(taken(self), digits)
        twice = trees.add(trees.multiply(above, 2), below)
        rounded = trees.floor_divide(twice, trees.multiply(below, 2))
        return made(round(plain(self)), (above if below == 1 else rounded, 1), self.trace)

    def __floor__(self) -> Any:
        return made(math.floor(plain(self)), (trees.floor_divide(*quotient(self)), 1), self.trace)

    def __ceil__(self) -> Any:
        return made(math.ceil(plain(self)), (trees.ceiling_divide(*quotient(self)), 1), self.trace)

    def __trunc__(self) -> Any:
        return self.__floor__() if plain(self) >= 0 else math.trunc(plain(self))


class Size(Traced, torch.SymInt):  # type: ignore[misc]  # torch is untyped here
    """An integer with an expression: says it is an int, so that validation passes it, and is a `torch.SymInt`.

    No subclass of int, whose value a float would take without asking: 4.0 * Size would be a bare float.
    """

    def __init__(self, number: int, tree: Tree | None, trace: Trace) -> None:
        self.node, self.trace = Node(tree, number, trace), trace

    @property  # type: ignore[misc]  # what `isinstance` asks
    def __class__(self) -> Any:
        return builtins.int

    def __int__(self) -> int:
        return int(taken(self))

    __index__ = __int__

    def __float__(self) -> float:
        return float(taken(self))

    def __array__(self, *how: Any, **also: Any) -> Any:
        import numpy as np  # noqa: PLC0415  # only the code that calls it has it for certain

        return np.asarray(taken(self), *how, **also)

    def __reduce_ex__(self, _: Any) -> Any:
        return builtins.int, (taken(self),)

    def bit_length(self) -> int:
        """As of the value."""
        return int(self).bit_length()

    def is_integer(self) -> bool:
        """As of every integer."""
        return True


class Real(Traced, float):
    """A fraction of two expressions."""

    quotient: Quotient

    def __new__(cls, number: float, found: Quotient, trace: Trace) -> Any:
        """A float with its fraction."""
        self = float.__new__(cls, number)
        self.quotient, self.trace = found, trace
        return self

    def __reduce_ex__(self, _: Any) -> Any:
        return float, (taken(self),)

    def is_integer(self) -> bool:
        """As of the value; that it is one is a relation."""
        whole = float(plain(self)).is_integer()
        self.trace.hold("=" if whole else "!=", trees.modulo(*self.quotient), 0)
        return whole


def quotient(number: Any) -> Quotient:
    """The number as one expression over another, with None for what it does not have."""
    if isinstance(number, Real):
        return number.quotient
    if isinstance(number, torch.SymInt):
        return getattr(number.node, "tree", None), 1
    if isinstance(number, int):
        return int(number), 1
    if isinstance(number, float) and math.isfinite(number):
        near = Fraction(number).limit_denominator(1000)
        exact = near if float(near) == number else Fraction(repr(number))
        if exact.denominator <= LARGEST_DENOMINATOR:
            return exact.numerator, exact.denominator
    return None, None


def plain(number: Any) -> Any:
    """The value alone."""
    if isinstance(number, Real):
        return float.__float__(number)
    return number.node.hint if isinstance(number, torch.SymInt) else number


def taken(number: Any) -> Any:
    """The value alone, for a use that is recorded."""
    if isinstance(number, Real):
        number.trace.take(*number.quotient)
    if isinstance(number, torch.SymInt):
        return number.node.int_()
    return plain(number)


def made(number: Any, found: Quotient, trace: Trace) -> Any:
    """The value with its expression, or the bare value where that was not kept or is a number."""
    above, below = found
    if above is None or below is None or (isinstance(above, int) and isinstance(below, int)):
        return number
    if isinstance(number, int):
        return Size(number, above, trace) if below == 1 else number
    return Real(number, found, trace) if isinstance(number, float) else number


def _added(a: Quotient, b: Quotient, times: int = 1) -> Quotient:
    crossed = trees.multiply(trees.multiply(b[0], a[1]), times)
    return _reduced(trees.add(trees.multiply(a[0], b[1]), crossed), trees.multiply(a[1], b[1]))


def _reduced(above: Tree | None, below: Tree | None) -> Quotient:
    """The fraction, cancelled where it comes out even."""
    whole = trees.floor_divide(above, below) if trees.is_whole(above) and trees.is_whole(below) else None
    return (whole, 1) if whole is not None and trees.multiply(whole, below) == above else (above, below)


def _power(a: Quotient, b: Quotient) -> Quotient:
    if isinstance(b[0], int) and b[1] == 1:
        return trees.power(a[0], b[0]), trees.power(a[1], b[0])
    return None, None


_ARITHMETIC: dict[str, tuple[Callable[..., Any], Callable[[Quotient, Quotient], Quotient]]] = {
    "add": (operator.add, _added),
    "sub": (operator.sub, lambda a, b: _added(a, b, -1)),
    "mul": (operator.mul, lambda a, b: _reduced(trees.multiply(a[0], b[0]), trees.multiply(a[1], b[1]))),
    "truediv": (operator.truediv, lambda a, b: _reduced(trees.multiply(a[0], b[1]), trees.multiply(a[1], b[0]))),
    "floordiv": (
        operator.floordiv,
        lambda a, b: (trees.floor_divide(trees.multiply(a[0], b[1]), trees.multiply(a[1], b[0])), 1),
    ),
    "mod": (operator.mod, lambda a, b: (trees.modulo(a[0], b[0]) if a[1] == b[1] == 1 else None, 1)),
    "pow": (operator.pow, _power),
}
_RELATIONS: dict[str, tuple[str, str]] = {
    "eq": ("=", "!="),
    "ne": ("!=", "="),
    "lt": ("<", ">="),
    "le": ("<=", ">"),
    "gt": (">", "<="),
    "ge": (">=", "<"),
}
_BITS = ("and", "or", "xor", "lshift", "rshift")


def _operation(
    compute: Callable[..., Any], express: Callable[[Quotient, Quotient], Quotient], *, turned: bool = False
) -> Callable[..., Any]:
    def method(self: Traced, other: Any, *_: Any) -> Any:
        if not isinstance(other, Number | torch.SymInt):
            return NotImplemented
        left, right = (other, self) if turned else (self, other)
        number, found = compute(plain(left), plain(right)), express(quotient(left), quotient(right))
        if None in found and compute is not operator.pow:  # a root scales attention; sizes are none
            self.trace.take(*quotient(left), *quotient(right))
        return made(number, found, self.trace)

    return method


def _comparison(name: str, held: str, not_held: str) -> Callable[..., Any]:
    compute = getattr(operator, name)

    def method(self: Traced, other: Any) -> Any:
        if not isinstance(other, Number | torch.SymInt):
            return NotImplemented
        holds = compute(plain(self), plain(other))
        left, right = quotient(self), quotient(other)
        sides = trees.multiply(left[0], right[1]), trees.multiply(right[0], left[1])
        if None in sides:
            self.trace.take(*left, *right)
        self.trace.hold(held if holds else not_held, *sides)
        return holds

    return method


for _cls in (Size, Real):
    for _name, (_compute, _express) in _ARITHMETIC.items():
        setattr(_cls, f"__{_name}__", _operation(_compute, _express))
        setattr(_cls, f"__r{_name}__", _operation(_compute, _express, turned=True))
    for _name, _signs in _RELATIONS.items():
        setattr(_cls, f"__{_name}__", _comparison(_name, *_signs))
    _cls.__hash__ = lambda self: hash(plain(self))  # type: ignore[method-assign]
for _name in _BITS:
    _compute = getattr(operator, f"__{_name}__")
    setattr(Size, f"__{_name}__", _operation(_compute, lambda *_: (None, None)))
    setattr(Size, f"__r{_name}__", _operation(_compute, lambda *_: (None, None), turned=True))
_MINUS = _operation(operator.mul, _ARITHMETIC["mul"][1])
