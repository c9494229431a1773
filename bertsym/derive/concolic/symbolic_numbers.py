"""Symbolic numbers that the model code computes with: each has a concrete value and the expression it came from.

They follow PyExZ3's `SymbolicInt` (Ball and Daniel 2015): Python's operators build the expression, and a comparison
adds to the path condition. Uses that need a plain number (`range`, an index, a square root) get the concrete value.
Those uses are recorded, and nothing is specialised by them.
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
from bertsym.derive.concolic.path_recorder import PathRecorder
from bertsym.derive.concolic.torch_sym_node import SymNode
from bertsym.derive.limits import MAX_DENOMINATOR, MAX_SIMPLE_DENOMINATOR

Quotient = tuple[Tree | None, Tree | None]  # numerator and denominator; None if not known
Number = builtins.int | float


class SymbolicNumber:
    """The methods that an integer and a float share. Operators and comparisons are added below."""

    recorder: PathRecorder

    def __neg__(self) -> Any:
        return _multiply(self, -1)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self if concrete_value(self) >= 0 else -self

    def __bool__(self) -> bool:
        is_true = bool(concrete_value(self))
        self.recorder.add_path_condition("!=" if is_true else "=", as_fraction(self)[0], 0)
        return is_true

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _: Any) -> Any:
        return self

    def __repr__(self) -> str:
        return repr(concretise(self))

    def __format__(self, spec: str) -> str:
        return format(concretise(self), spec)

    def __divmod__(self, other: Any) -> Any:
        return operator.floordiv(self, other), operator.mod(self, other)

    def __round__(self, digits: Any = None) -> Any:
        numerator, denominator = as_fraction(self)
        if digits is not None:
            return round(concretise(self), digits)
        return wrap(round(concrete_value(self)), (_half_to_even(numerator, denominator), 1), self.recorder)

    def __floor__(self) -> Any:
        return wrap(math.floor(concrete_value(self)), (trees.floor_divide(*as_fraction(self)), 1), self.recorder)

    def __ceil__(self) -> Any:
        return wrap(math.ceil(concrete_value(self)), (trees.ceiling_divide(*as_fraction(self)), 1), self.recorder)

    def __trunc__(self) -> Any:
        return self.__floor__() if concrete_value(self) >= 0 else math.trunc(concrete_value(self))


class SymbolicInt(SymbolicNumber, torch.SymInt):  # type: ignore[misc]  # torch is untyped here
    """An integer with an expression, which torch takes as a dimension.

    It says that it is an int, so that validation passes it. It is no subclass of int: `4.0 * size` would then return
    a bare float without calling any method here.
    """

    def __init__(self, number: int, tree: Tree | None, recorder: PathRecorder) -> None:
        self.node, self.recorder = SymNode(tree, number, recorder), recorder

    @property  # type: ignore[misc]  # what `isinstance` asks
    def __class__(self) -> Any:
        return builtins.int

    def __int__(self) -> int:
        return int(concretise(self))

    __index__ = __int__

    def __float__(self) -> float:
        return float(concretise(self))

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        import numpy as np  # noqa: PLC0415  # only the code that calls it has it for certain

        return np.asarray(concretise(self), *args, **kwargs)

    def __reduce_ex__(self, _: Any) -> Any:
        return builtins.int, (concretise(self),)

    def bit_length(self) -> int:
        """Return the bit length of the value."""
        return int(self).bit_length()

    def is_integer(self) -> bool:
        """Return True, as every int does."""
        return True


class SymbolicFloat(SymbolicNumber, float):
    """A float that is the fraction of two expressions."""

    fraction: Quotient

    def __new__(cls, number: float, fraction: Quotient, recorder: PathRecorder) -> Any:
        """Return a float with its fraction."""
        self = float.__new__(cls, number)
        self.fraction, self.recorder = fraction, recorder
        return self

    def __reduce_ex__(self, _: Any) -> Any:
        return float, (concretise(self),)

    def is_integer(self) -> bool:
        """Return True if the value is an integer, and record that as a condition."""
        is_whole = float(concrete_value(self)).is_integer()
        self.recorder.add_path_condition("=" if is_whole else "!=", trees.modulo(*self.fraction), 0)
        return is_whole


def as_fraction(number: Any) -> Quotient:
    """Return the number as one expression over another; a plain number is exact, or (None, None) if it is no fraction.

    >>> as_fraction(8), as_fraction(0.75), as_fraction(0.29), as_fraction(2**0.5)
    ((8, 1), (3, 4), (29, 100), (None, None))
    """
    if isinstance(number, SymbolicFloat):
        return number.fraction
    if isinstance(number, torch.SymInt):
        return getattr(number.node, "tree", None), 1
    if isinstance(number, int):
        return int(number), 1
    if isinstance(number, float) and math.isfinite(number):
        simple = Fraction(number).limit_denominator(MAX_SIMPLE_DENOMINATOR)
        exact = simple if float(simple) == number else Fraction(repr(number))
        if exact.denominator <= MAX_DENOMINATOR:
            return exact.numerator, exact.denominator
    return None, None


def concrete_value(number: Any) -> Any:
    """Return the value without its expression, for a use that needs no record."""
    if isinstance(number, SymbolicFloat):
        return float.__float__(number)
    return number.node.hint if isinstance(number, torch.SymInt) else number


def concretise(number: Any) -> Any:
    """Return the value without its expression, and record that the expression ends here."""
    if isinstance(number, SymbolicFloat):
        number.recorder.mark_concretised(*number.fraction)
    if isinstance(number, torch.SymInt):
        return number.node.int_()
    return concrete_value(number)


def wrap(number: Any, fraction: Quotient, recorder: PathRecorder) -> Any:
    """Return the value with its expression, or the bare value if the expression is not known or is a number."""
    numerator, denominator = fraction
    if numerator is None or denominator is None or (isinstance(numerator, int) and isinstance(denominator, int)):
        return number
    if isinstance(number, int):
        return SymbolicInt(number, numerator, recorder) if denominator == 1 else number
    return SymbolicFloat(number, fraction, recorder) if isinstance(number, float) else number


def _half_to_even(numerator: Tree | None, denominator: Tree | None) -> Tree | None:
    """Return the quotient as Python's `round` gives it: halves go to the even neighbor.

    >>> _half_to_even("H", 3)
    ('//', ('+', ('*', 2, 'H'), 3), 6)
    """
    are_whole = trees.is_whole(numerator) and trees.is_whole(denominator)
    if denominator == 1 and are_whole:
        return numerator
    doubled, halved = trees.multiply(numerator, 2), trees.multiply(denominator, 2)
    half_up = trees.floor_divide(trees.add(doubled, denominator), halved)
    if are_whole and isinstance(denominator, int) and denominator % 2:
        return half_up  # an odd divisor has no halves
    # A half lies below an odd number, to which half-up rounds, exactly if this quotient v is an integer: then
    # floor(v) + floor(-v) is 0, and -1 elsewhere.
    odd_half, period = trees.subtract(doubled, denominator), trees.multiply(halved, 2)
    floors = [trees.floor_divide(trees.multiply(odd_half, sign), period) for sign in (1, -1)]
    return trees.subtract(half_up, trees.add(trees.add(*floors), 1))


def _add(a: Quotient, b: Quotient, sign: int = 1) -> Quotient:
    crossed = trees.multiply(trees.multiply(b[0], a[1]), sign)
    return _reduce(trees.add(trees.multiply(a[0], b[1]), crossed), trees.multiply(a[1], b[1]))


def _reduce(numerator: Tree | None, denominator: Tree | None) -> Quotient:
    """Return the fraction, as an integer if the denominator divides the numerator."""
    are_whole = trees.is_whole(numerator) and trees.is_whole(denominator)
    whole = trees.floor_divide(numerator, denominator) if are_whole else None
    divides = whole is not None and trees.multiply(whole, denominator) == numerator
    return (whole, 1) if divides else (numerator, denominator)


def _power(a: Quotient, b: Quotient) -> Quotient:
    if isinstance(b[0], int) and b[1] == 1:
        return trees.power(a[0], b[0]), trees.power(a[1], b[0])
    return None, None


_ARITHMETIC: dict[str, tuple[Callable[..., Any], Callable[[Quotient, Quotient], Quotient]]] = {
    "add": (operator.add, _add),
    "sub": (operator.sub, lambda a, b: _add(a, b, -1)),
    "mul": (operator.mul, lambda a, b: _reduce(trees.multiply(a[0], b[0]), trees.multiply(a[1], b[1]))),
    "truediv": (operator.truediv, lambda a, b: _reduce(trees.multiply(a[0], b[1]), trees.multiply(a[1], b[0]))),
    "floordiv": (
        operator.floordiv,
        lambda a, b: (trees.floor_divide(trees.multiply(a[0], b[1]), trees.multiply(a[1], b[0])), 1),
    ),
    "mod": (operator.mod, lambda a, b: (trees.modulo(a[0], b[0]) if a[1] == b[1] == 1 else None, 1)),
    "pow": (operator.pow, _power),
}
# Each comparison with the relation that held if it was true, and if it was false.
_COMPARISONS: dict[str, tuple[str, str]] = {
    "eq": ("=", "!="),
    "ne": ("!=", "="),
    "lt": ("<", ">="),
    "le": ("<=", ">"),
    "gt": (">", "<="),
    "ge": (">=", "<"),
}
_BIT_OPERATIONS = ("and", "or", "xor", "lshift", "rshift")


def _operation(
    compute: Callable[..., Any], express: Callable[[Quotient, Quotient], Quotient], *, reflected: bool = False
) -> Callable[..., Any]:
    def method(self: SymbolicNumber, other: Any, *_: Any) -> Any:
        if not isinstance(other, Number | torch.SymInt):
            return NotImplemented
        left, right = (other, self) if reflected else (self, other)
        number = compute(concrete_value(left), concrete_value(right))
        fraction = express(as_fraction(left), as_fraction(right))
        if None in fraction and compute is not operator.pow:  # a root scales attention, and sizes no tensor
            self.recorder.mark_concretised(*as_fraction(left), *as_fraction(right))
        return wrap(number, fraction, self.recorder)

    return method


def _comparison(name: str, if_true: str, if_false: str) -> Callable[..., Any]:
    compare = getattr(operator, name)

    def method(self: SymbolicNumber, other: Any) -> Any:
        if not isinstance(other, Number | torch.SymInt):
            return NotImplemented
        holds = compare(concrete_value(self), concrete_value(other))
        left, right = as_fraction(self), as_fraction(other)
        crossed = trees.multiply(left[0], right[1]), trees.multiply(right[0], left[1])
        if None in crossed:
            self.recorder.mark_concretised(*left, *right)
        self.recorder.add_path_condition(if_true if holds else if_false, *crossed)
        return holds

    return method


for _cls in (SymbolicInt, SymbolicFloat):
    for _name, (_compute, _express) in _ARITHMETIC.items():
        setattr(_cls, f"__{_name}__", _operation(_compute, _express))
        setattr(_cls, f"__r{_name}__", _operation(_compute, _express, reflected=True))
    for _name, _signs in _COMPARISONS.items():
        setattr(_cls, f"__{_name}__", _comparison(_name, *_signs))
    _cls.__hash__ = lambda self: hash(concrete_value(self))  # type: ignore[method-assign]
for _name in _BIT_OPERATIONS:
    _compute = getattr(operator, f"__{_name}__")
    setattr(SymbolicInt, f"__{_name}__", _operation(_compute, lambda *_: (None, None)))
    setattr(SymbolicInt, f"__r{_name}__", _operation(_compute, lambda *_: (None, None), reflected=True))
_multiply = _operation(operator.mul, _ARITHMETIC["mul"][1])
