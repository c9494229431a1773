"""Formulas as the library hands them out, on which names, plain symbols and lambdify mean what they say.

Inside, a symbol carries assumptions, so `Symbol("H")` and the text "H" are another symbol: a derivative by them is 0.
Outside, symbols are plain, and the methods of a formula take names. A floor of a quotient is a function of two
integers, because `lambdify` would divide as floats: (1/3)*7 - 1/3 rounds below 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Basic, Expr, Function, Integer, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from bertsym import algebra
from bertsym.algebra import free

NO_NAMES: Mapping[str, str] = MappingProxyType({})


def _bracket(condition: Any) -> Any:
    """Return 1 or 0 for a decided condition, an array for an array."""
    return Iverson(condition) if isinstance(condition, Basic) else condition * 1


def _floor_quotient(numerator: Any, denominator: Any) -> Any:
    """Return the quotient rounded down: exact for integers and for arrays of integers."""
    if isinstance(numerator, Basic) or isinstance(denominator, Basic):
        return FloorQuotient(numerator, denominator)
    return numerator // denominator


class Iverson(algebra.Iverson):
    """The Iverson bracket: 1 if its condition holds, else 0. `lambdify` knows it; `rewrite(Piecewise)` replaces it."""

    _imp_ = staticmethod(_bracket)

    def _eval_rewrite_as_Piecewise(self, condition: Boolean, **_options: Any) -> Expr:  # noqa: N802  # sympy's name
        return sympy.Piecewise((1, condition), (0, True))

    def _latex(self, printer: Any) -> str:
        return rf"\left[{printer.doprint(self.args[0])}\right]"


class FloorQuotient(Function):  # type: ignore[misc]  # sympy is untyped
    """A quotient of two integers, rounded down. `lambdify` divides exactly; `rewrite(floor)` replaces it.

    >>> FloorQuotient(7, 2), FloorQuotient(Symbol("H") - 1, 3)
    (3, floor((H - 1)/3))
    """

    nargs = 2
    is_integer = True
    _imp_ = staticmethod(_floor_quotient)

    @classmethod
    def eval(cls, numerator: Expr, denominator: Expr) -> Expr | None:
        """Return the numerator itself over 1, or the number of a quotient of numbers."""
        if denominator == 1 and numerator.is_integer:
            return numerator
        if numerator.is_number and denominator.is_number and denominator != 0:
            return sympy.floor(numerator / denominator)
        return None

    def _eval_derivative(self, _symbol: Symbol) -> Expr:
        return Integer(0)

    def _eval_rewrite_as_floor(self, numerator: Expr, denominator: Expr, **_options: Any) -> Expr:
        return sympy.floor(numerator / denominator)

    def _sympystr(self, printer: Any) -> str:
        return f"floor({printer.doprint(sympy.together(self.args[0] / self.args[1]))})"

    def _latex(self, printer: Any) -> str:
        numerator, denominator = map(printer.doprint, self.args)
        return rf"\left\lfloor{{\frac{{{numerator}}}{{{denominator}}}}}\right\rfloor"


def public(expression: Expr, other_names: Mapping[str, str] = NO_NAMES) -> Expr:
    """Return an expression of the house as users get it; its methods take `other_names` of its symbols too.

    >>> from bertsym.symbols import H, N, ffn_ratio
    >>> formula = public(ffn_ratio * H**2 + N * H)
    >>> formula.diff("N"), formula.subs({"H": 2, Symbol("N"): 5}), formula.xreplace({N: Integer(1)})
    (H, 4*ffn_ratio + 10, H**2*ffn_ratio + H)
    """
    return _by_name(_plain(_exact(expression)), other_names)


def _exact(expression: Expr) -> Expr:
    """Write floors as functions of two integers and relations without quotients, so that no float rounds them."""
    return expression.replace(sympy.floor, _divided).replace(lambda part: isinstance(part, Relational), _multiplied_out)


def _divided(inside: Expr) -> Expr:
    return FloorQuotient(*sympy.together(inside).as_numer_denom())


def _multiplied_out(relation: Relational) -> Boolean:
    """Return a relation between integers, unless a divisor may be negative."""
    if not all(isinstance(side, Expr) for side in relation.args):
        return relation
    (left, below_left), (right, below_right) = (sympy.together(side).as_numer_denom() for side in relation.args)
    if not (below_left.is_positive and below_right.is_positive):
        return relation
    return relation.func(left * below_right, right * below_left)


def _plain(expression: Expr) -> Expr:
    """Put plain symbols and public brackets into an expression."""
    plain = {symbol: plain_symbol(symbol) for symbol in free(expression)}
    if len(set(plain.values())) < len(plain):
        raise AssertionError(f"two sizes of one name in {expression}")
    return expression.xreplace(plain).replace(algebra.Iverson, Iverson)


def plain_symbol(symbol: Symbol) -> Symbol:
    """Return the symbol of that name without assumptions, as `sympy.Symbol` makes it."""
    return Symbol(str(symbol.name))


class _ByName:
    """A sum, a product or a power whose methods take names: a name stands for the symbol of the formula that has it.

    It equals the sympy expression `ordinary`.
    """

    other_names: Mapping[str, str] = NO_NAMES
    args: tuple[Basic, ...]
    is_commutative: bool
    ordinary_class: type[Basic]

    @property
    def ordinary(self) -> Expr:
        """Return the same expression of sympy's own class."""
        expression: Any = Basic.__new__(self.ordinary_class, *self.args)
        expression.is_commutative = self.is_commutative
        return expression

    def __new__(cls, *args: Any, **options: Any) -> Any:
        """Make an ordinary expression, because sympy may rebuild an expression by its class."""
        return cls.ordinary_class(*args, **options)

    @property
    def func(self) -> type[Basic]:
        """Return sympy's own class."""
        return self.ordinary_class

    def __eq__(self, other: object) -> bool:
        return bool(self.ordinary == (other.ordinary if isinstance(other, _ByName) else other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.ordinary)

    def __reduce_ex__(self, _protocol: object) -> tuple[Any, ...]:
        return _by_name, (self.ordinary, dict(self.other_names))

    def _meant(self, argument: Any) -> Any:
        """Return an argument with symbols in place of names, and of symbols with other assumptions."""
        if isinstance(argument, Mapping):
            return {self._meant(name): self._meant(given) for name, given in argument.items()}
        if isinstance(argument, tuple | list):
            return type(argument)(map(self._meant, argument))
        if isinstance(argument, str | Symbol):
            free = self.ordinary.free_symbols
            named = Symbol(str(argument))
            if named not in free and isinstance(argument, str):
                named = Symbol(self.other_names.get(argument, argument))
            known = named in free
            return named if known or (isinstance(argument, str) and argument.isidentifier()) else argument
        return argument


def _method(name: str) -> Callable[..., Any]:
    """Return sympy's method of that name, with symbols in place of names."""

    @wraps(getattr(Expr, name))
    def method(self: Any, *args: Any, **options: Any) -> Any:
        if "subs" in options:
            options["subs"] = self._meant(options["subs"])
        result = getattr(self.ordinary, name)(*map(self._meant, args), **options)
        return _by_name(result, self.other_names) if isinstance(result, Expr) else result

    return method


_METHODS = (
    "as_independent", "as_poly", "coeff", "collect", "diff", "evalf", "expand", "factor", "has", "integrate",
    "is_polynomial", "limit", "n", "replace", "series", "simplify", "subs", "xreplace",
)  # fmt: skip
_CLASSES: Mapping[type[Basic], Any] = {
    cls: type(cls.__name__, (_ByName, cls), {"ordinary_class": cls, **{name: _method(name) for name in _METHODS}})
    for cls in (sympy.Add, sympy.Mul, sympy.Pow)
}


def _by_name(expression: Expr, other_names: Mapping[str, str]) -> Expr:
    """Return an expression whose methods take names; a symbol, a number or a function stays as it is."""
    cls = _CLASSES.get(type(expression))
    if cls is None:
        return expression
    named: Any = Basic.__new__(cls, *expression.args)
    named.is_commutative = expression.is_commutative
    named.other_names = other_names
    return named
