"""Text as expressions: `4*H + (V + 6)//7 + [E != H]*E`. Reading evaluates nothing and is bounded in every direction."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson
from bertsym.errors import echo
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

LONGEST = 2000
DEEPEST = 32
MOST_TERMS = 400
HIGHEST_DEGREE = 16
LARGEST_NUMBER = 10**12

_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|[0-9]+|//|!=|<=|>=|[-+*/^()=<>\[\]])")
RELATIONS: Mapping[str, Any] = {
    "=": sympy.Eq,
    "!=": sympy.Ne,
    ">": sympy.Gt,
    ">=": sympy.Ge,
    "<": sympy.Lt,
    "<=": sympy.Le,
}
# How tightly an operator holds its sides; `not` and a leading minus stand between.
_BINDING: Mapping[str, int] = {
    "or": 1, "and": 2, **dict.fromkeys(RELATIONS, 4), "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "^": 8,
}  # fmt: skip
_NOT, _MINUS = 3, 7


class Malformed(Exception):
    """What is wrong with an expression; the file's reader says where."""


@value
class _Number:
    """An expression with bounds on its terms once written out and on its degree, so that no short text grows for ever.

    A number counts as a degree, as a size does.
    """

    expression: Expr
    terms: int = 1
    degree: int = 1

    def __post_init__(self) -> None:
        if self.terms > MOST_TERMS:
            raise Malformed(f"more than {MOST_TERMS} terms when written out")
        if self.degree > HIGHEST_DEGREE:
            raise Malformed(f"a degree beyond {HIGHEST_DEGREE}")


_Found = Any  # a _Number or a condition; sympy is untyped


def read(text: object, symbols: Mapping[str, Symbol], *, exact: bool = False) -> Expr:
    """The expression over these symbols, an integer standing for itself; raises `Malformed`.

    Only an `exact` one may have a quotient that is not rounded down.

    >>> from bertsym.symbols import H, V, tied
    >>> read("4*H + (V - 1)//2", {"H": H, "V": V})
    4*H + floor(V/2 - 1/2)
    >>> read("[not tied]*H^2", {"H": H, "tied": tied})
    H**2*Iverson(~tied)
    """
    found = _Reader(str(text) if type(text) is int else text, symbols, exact=exact).whole()
    if not isinstance(found, _Number):
        raise Malformed("expected a number, got a condition")
    return found.expression


def read_condition(text: object, symbols: Mapping[str, Symbol]) -> Boolean:
    """The condition over these symbols; raises `Malformed`.

    >>> from bertsym.symbols import E, H, tied
    >>> read_condition("tied and E != H", {"E": E, "H": H, "tied": tied})
    tied & Ne(E, H)
    """
    found: Boolean = _Reader(text, symbols, exact=False).whole()
    if isinstance(found, _Number):
        raise Malformed("expected a condition, got a number")
    return found


class _Reader:
    """One pass over the tokens by precedence; numbers and conditions are told apart at every step."""

    def __init__(self, text: object, symbols: Mapping[str, Symbol], *, exact: bool) -> None:
        if not isinstance(text, str) or len(text) > LONGEST:
            raise Malformed(f"expected an expression of at most {LONGEST} characters, got {echo(text)}")
        self.text, self.symbols, self.exact = text, symbols, exact
        self.tokens = [*self._tokens(), ""]
        self.at = 0

    def _tokens(self) -> Iterator[str]:
        place, end = 0, len(self.text.rstrip())
        while place < end:
            token = _TOKEN.match(self.text, place)
            if token is None:
                raise Malformed(f"no expression: {echo(self.text[place:])}")
            yield token.group(1)
            place = token.end()

    def whole(self) -> _Found:
        found = self.down(0, 0)
        if self.tokens[self.at]:
            raise Malformed(f"nothing to do with {echo(self.tokens[self.at])} in {echo(self.text)}")
        return found

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def down(self, least: int, depth: int) -> _Found:
        """As much as operators that bind at least so tightly hold together."""
        if depth > DEEPEST:
            raise Malformed(f"nested more than {DEEPEST} deep")
        found = self.first(depth)
        while (binding := _BINDING.get(self.tokens[self.at], -1)) >= least and binding > 0:
            operator = self.take()
            right = self.down(binding + 1, depth + 1)
            found = self.joined(operator, found, right)
        return found

    def first(self, depth: int) -> _Found:
        word = self.take()
        if word in ("(", "["):
            inside = self.down(0, depth + 1)
            if self.take() != {"(": ")", "[": "]"}[word]:
                raise Malformed(f"a bracket is left open in {echo(self.text)}")
            return inside if word == "(" else _Number(Iverson(_condition(inside)))
        if word == "not":
            return sympy.Not(_condition(self.down(_NOT, depth + 1)))
        if word == "-":
            number = _number(self.down(_MINUS, depth + 1))
            return _Number(-number.expression, number.terms, number.degree)
        if word == "true":
            return sympy.true
        if word.isdecimal():
            if int(word) > LARGEST_NUMBER:
                raise Malformed("a number beyond 10^12")
            return _Number(Integer(word))
        return self.symbol(word)

    def symbol(self, name: str) -> _Found:
        symbol = self.symbols.get(name)
        if symbol is None:
            raise Malformed(f"unknown size {echo(name)}" if name else f"{echo(self.text)} ends too early")
        return symbol if BY_SYMBOL[symbol].kind is Kind.SWITCH else _Number(symbol)

    def joined(self, operator: str, left: _Found, right: _Found) -> _Found:
        if operator in ("and", "or"):
            return (sympy.And if operator == "and" else sympy.Or)(_condition(left), _condition(right))
        one, other = _number(left), _number(right)
        if operator in RELATIONS:
            _Number(Integer(0), one.terms + other.terms)  # refuses what is too long, before sympy compares it
            return RELATIONS[operator](one.expression, other.expression)
        if operator in ("+", "-"):
            added = other.expression if operator == "+" else -other.expression
            return _Number(one.expression + added, one.terms + other.terms, max(one.degree, other.degree))
        if operator == "^":
            return _raised(one, other.expression)
        bounds = _Number(Integer(0), one.terms * other.terms, one.degree + other.degree)
        product = one.expression * (other.expression if operator == "*" else self.inverse(operator, other.expression))
        return _Number(sympy.floor(product) if operator == "//" else product, bounds.terms, bounds.degree)

    def inverse(self, operator: str, divisor: Expr) -> Expr:
        if operator == "/" and not self.exact:
            raise Malformed("an exact quotient, where only // gives whole numbers")
        if not positive(divisor):
            raise Malformed(f"a division by {divisor}, which need not be positive")
        return 1 / divisor


def positive(expression: Expr) -> bool:
    """Whether an expression is above 0 at all sizes: plainly, or as the larger of two of which one is.

    >>> from bertsym.symbols import H, heads
    >>> positive(H + 1), positive(H - 1), positive(1 + (H // heads - 1)*Iverson(sympy.Ge(H // heads, 1)))
    (True, False, True)
    """
    if expression.is_positive:
        return True
    for bracket in expression.atoms(Iverson):
        (relation,) = bracket.args
        if isinstance(relation, sympy.Ge | sympy.Gt | sympy.Le | sympy.Lt):
            there, gone = (sympy.expand(expression.xreplace({bracket: Integer(side)})) for side in (1, 0))
            larger = (there, gone) == (sympy.expand(relation.gts), sympy.expand(relation.lts))
            if larger and (there.is_positive or gone.is_positive):
                return True
    return False


def _raised(base: _Number, exponent: Expr) -> _Number:
    if not isinstance(exponent, Integer) or not 1 <= exponent <= HIGHEST_DEGREE:
        raise Malformed(f"a power that is not between 1 and {HIGHEST_DEGREE}")
    power = int(exponent)
    bounds = _Number(Integer(0), base.terms**power, base.degree * power)
    return _Number(base.expression**power, bounds.terms, bounds.degree)


def _number(found: _Found) -> _Number:
    if not isinstance(found, _Number):
        raise Malformed("a condition where a number is expected")
    return found


def _condition(found: _Found) -> Boolean:
    if isinstance(found, _Number):
        raise Malformed("a number where a condition is expected")
    return found
