"""The closure of a question: the sizes to find, the fixed sizes, and the sizes that follow from these.

A definition such as d = H/heads is an equation between sizes. Each equation determines one size that nobody fixed, or
becomes a condition that every answer must satisfy. What the user gave holds in every answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Value, atom, free, substitute
from bertsym.model import Model, is_head_size
from bertsym.solving.open_model import Tie
from bertsym.symbols import BY_SYMBOL, Kind, in_order
from bertsym.values import value


@value
class Floating:
    """A number of heads that accompanies an unknown width: nobody fixed it, and no count depends on it.

    `kept` is the number that the model has or that was assumed, `width` the width that the heads share. `size` is the
    width of a head at that number, or None if it is no whole number.
    """

    symbol: Symbol
    kept: int
    width: Expr
    size: int | None


@value
class Closure:
    """Every size of a question: an unknown, a number, or an expression in unknowns and in heads that float.

    `ready` is the model at the fixed sizes, `assumed` those of them that nobody gave. `numbers` are their values, with
    defaults and switches. `rules` give the sizes that follow, over unknowns and fixed sizes; `follows` are the rules
    with the numbers put in. `equations` must hold besides. `displaced` are sizes that would be assumed if they did not
    follow: they differ from answer to answer.
    """

    ready: Model
    unknowns: tuple[Symbol, ...]
    ties: tuple[Tie, ...]
    assumed: tuple[Symbol, ...]
    numbers: Mapping[Symbol, Value]
    rules: Mapping[Symbol, Expr]
    follows: Mapping[Symbol, Expr]
    equations: tuple[tuple[Symbol, Expr], ...]
    floating: tuple[Floating, ...] = ()
    displaced: tuple[Symbol, ...] = ()

    @property
    def shown(self) -> tuple[Symbol, ...]:
        """Return the sizes that an answer names: with them, and those that stand still, there is one model."""
        beside = (floating.symbol for floating in self.floating)
        return tuple(dict.fromkeys((*self.unknowns, *beside, *self.tied, *self.displaced, *self.derived)))

    @property
    def derived(self) -> tuple[Symbol, ...]:
        """Return the numbers of heads and the widths that differ between answers, or a head size for its number."""
        moving = [symbol for symbol in in_order(self.follows) if free(self.follows[symbol])]
        different = {*self.unknowns, *moving, *(floating.symbol for floating in self.floating)}
        numbers = {symbol for symbol in different if BY_SYMBOL[symbol].kind is Kind.HEADS}
        definitions = self.ready.architecture.definitions
        sizes = {d.symbol for d in definitions if is_head_size(d) and free(d.value) & numbers}
        return tuple(s for s in moving if BY_SYMBOL[s].kind in (Kind.HEADS, Kind.WIDTH) and s not in sizes)

    @property
    def tied(self) -> tuple[Symbol, ...]:
        """Return the sizes that follow as the user said."""
        return tuple(symbol for symbol, _ in self.ties)

    def require_known(self, expression: Expr) -> None:
        """Raise `MissingSize` if an expression over the unknowns has a size that nobody gave."""
        known = {*self.unknowns, *(floating.symbol for floating in self.floating)}
        if missing := in_order(free(expression) - known):
            raise self.ready.architecture.without(missing)

    def over(self, expression: Expr) -> Expr:
        """Return an expression of the declaration over the unknowns, with every number put in."""
        return substitute(substitute(expression, self.follows), self.numbers)

    def symbolic(self, expression: Expr) -> Expr:
        """Return an expression of the declaration in public symbols, with rules, defaults and switches put in."""
        architecture = self.ready.architecture
        put_in = {
            symbol: atom(number)
            for symbol, number in self.numbers.items()
            if architecture.defaults.get(symbol, BY_SYMBOL[symbol].default) is not None
        }
        return substitute(substitute(expression, self.rules), put_in)

    def at(self, values: Mapping[Symbol, Value]) -> dict[Symbol, Value] | None:
        """Return every size at values of the unknowns; None if one of them does not exist."""
        sizes: dict[Symbol, Value] = {**self.numbers, **values}
        for symbol, expression in self.follows.items():
            number = substitute(expression, values)
            if not isinstance(number, sympy.Rational):
                return None
            sizes[symbol] = plain(Fraction(int(number.p), int(number.q)))
        return sizes


def plain(number: Fraction) -> int | Fraction:
    """Return a whole number as an int."""
    return number.numerator if number.denominator == 1 else number
