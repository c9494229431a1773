"""The answers to a demand by enumeration: the printed formula evaluated at every size, conditions checked as Fractions.

Nothing here is solved or narrowed. A size that follows from a condition is tried at all values that a condition of
`demands` can lead to. A number of heads that floats beside a width is any number.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import reduce
from math import floor, prod
from typing import Any

import sympy
from sympy import Symbol

from bertsym.algebra import Iverson
from bertsym.convention import EXACT
from bertsym.count import declared
from bertsym.model import Model
from bertsym.symbols import BY_SYMBOL, H, Kind, d, heads, kv_heads
from tests.solving.demands import Demand

MOST_HEADS = 256

Values = dict[Symbol, Fraction]
Row = tuple[tuple[Fraction, ...], int]
_RELATIONS: dict[Any, Callable[[Any, Any], bool]] = {
    sympy.Eq: operator.eq, sympy.Ne: operator.ne, sympy.Ge: operator.ge, sympy.Gt: operator.gt, sympy.Le: operator.le,
    sympy.Lt: operator.lt,
}  # fmt: skip


def evaluated(node: Any, values: Mapping[Symbol, Any]) -> Any:
    """Return the value of an expression or a condition, by walking it."""
    if node.is_Symbol:
        return values[node]
    if node.is_Rational:
        return Fraction(int(node.p), int(node.q))
    if node in (sympy.true, sympy.false):
        return node is sympy.true
    if node.is_Mul and any(isinstance(factor, Iverson) and not evaluated(factor, values) for factor in node.args):
        return 0  # a tensor that does not exist may have sizes that nobody knows
    arguments = [evaluated(argument, values) for argument in node.args]
    if node.is_Add:
        return sum(arguments)
    if node.is_Mul:
        return prod(arguments)
    if node.is_Pow:
        return Fraction(arguments[0]) ** int(arguments[1])
    if isinstance(node, sympy.floor):
        return floor(arguments[0])
    if isinstance(node, Iverson):
        return int(bool(arguments[0]))
    if isinstance(node, sympy.Not):
        return not arguments[0]
    if isinstance(node, sympy.And | sympy.Or):
        return (all if isinstance(node, sympy.And) else any)(arguments)
    return _RELATIONS[type(node)](*arguments)


class Enumeration:
    """All models that meet a demand, given what became of the sizes that its conditions name.

    `loose` are the sizes of the model's name and base, `searched` the values of each unknown, also of those that only a
    condition names. `followed` are the sizes that a condition determines, `floating` the heads beside a width, and
    `assumed` a head size that stands in the place of a number of heads.
    """

    def __init__(
        self,
        demand: Demand,
        model: Model,
        loose: Mapping[Symbol, Any],
        searched: Mapping[Symbol, range],
        followed: tuple[Symbol, ...],
        floating: tuple[Symbol, ...],
        assumed: Mapping[Symbol, Any],
    ) -> None:
        self.demand, self.model, self.loose, self.searched = demand, model, loose, searched
        self.followed, self.floating, self.assumed = followed, floating, assumed
        self.formula = declared(model.architecture, model.head, EXACT)
        self.given = {model.size(name).symbol: number for name, number in demand.given.items()}
        self.named = {model.size(name).symbol for rule in demand.where for name in rule.symbols}

    @property
    def size(self) -> int:
        """Return the number of values to try."""
        tried: int = prod(len(values) for values in self.searched.values())
        return tried * (MOST_HEADS if self.floating else 1) * int(1500 ** len(self.followed))

    def rows(self) -> set[Row]:
        """Return the values of the unknowns and the count of every model that meets the demand."""
        found = set()
        for values in itertools.product(*self.searched.values()):
            explicit = {**self.given, **self.assumed, **dict(zip(self.searched, values, strict=True))}
            for sizes in self.with_heads(explicit):
                number = self.counted(sizes)
                if number is not None:
                    found.add((tuple(map(Fraction, values)), number))
                    break
        return found

    def with_heads(self, explicit: dict[Symbol, Any]) -> Iterator[Values]:
        """Yield all sizes, with every number of heads that floats."""
        numbers = range(1, MOST_HEADS + 1) if self.floating else [None]
        for number in numbers:
            yield from self.with_followed({**explicit, **dict.fromkeys(self.floating, number)}, self.followed)

    def with_followed(self, explicit: dict[Symbol, Any], followed: tuple[Symbol, ...]) -> Iterator[Values]:
        """Yield all sizes, with every value of the sizes that follow from a condition."""
        if not followed:
            sizes = self.complete(explicit)
            if sizes is not None:
                yield sizes
            return
        first, *rest = followed
        others = self.complete({**explicit, first: Fraction(1)}) or {}
        tried = {Fraction(n) for n in range(1, 300)} | {Fraction(m * n) for n in range(1, 131) for m in (1000, 1024)}
        bases = [others[symbol] for symbol in self.named if symbol in others and symbol is not first]
        tried |= {Fraction(n * base) / m for n in range(1, 129) for m in (1, 2) for base in bases}
        tried |= {Fraction(base) / n for n in range(2, 129) for base in bases} | {Fraction(n, 2) for n in range(1, 30)}
        for number in tried:
            if BY_SYMBOL[first].kind is not Kind.RATIO and number.denominator != 1:
                continue
            trial = {**explicit, first: number}
            if rest or self.holds(trial):
                yield from self.with_followed(trial, tuple(rest))

    def holds(self, explicit: dict[Symbol, Any]) -> bool:
        """Return True if the conditions hold at sizes."""
        sizes = self.complete(explicit)
        return sizes is not None and all(rule.value(self.by_name(sizes)) for rule in self.demand.where)

    def by_name(self, sizes: Values) -> dict[str, Fraction]:
        """Return the sizes under the names of the demand."""
        return {str(symbol): number for symbol, number in sizes.items()}

    def complete(self, explicit: Mapping[Symbol, Any]) -> Values | None:
        """Return every size: what was said, then what follows from it, then what came with the model."""
        said: dict[Symbol, Any] = {symbol: value for symbol, value in explicit.items() if value is not None}
        for rule in self.demand.ties:
            name = self.model.size(rule.name).symbol
            known = self.complete_of(said)
            if known is None:
                return None
            said[name] = rule.value(self.by_name(known))
        return self.complete_of(said)

    def complete_of(self, said: dict[Symbol, Any]) -> Values | None:
        """Return every size with those that definitions give; None if they contradict what was said."""
        sizes: dict[Symbol, Any] = {**self.loose, **said}
        for _ in self.model.architecture.definitions:
            for definition in self.model.architecture.definitions:
                name, adjusts = definition.symbol, definition.adjusts
                if name == d and d in self.assumed:
                    sizes[heads] = Fraction(sizes[H]) / sizes[d]
                    continue
                if not definition.value.free_symbols <= sizes.keys() | {name}:
                    continue
                if adjusts is None:
                    if name not in said and name not in self.loose:
                        sizes[name] = evaluated(definition.value, sizes)
                elif name not in said:
                    sizes[name] = evaluated(definition.value, sizes)
                elif adjusts not in said:
                    sizes[adjusts] = evaluated(definition.inverse, sizes)
                elif evaluated(definition.value, sizes) != sizes[name]:
                    return None
            if self.keys_follow(said, sizes):
                sizes[kv_heads] = sizes[heads]
        return {symbol: Fraction(number) for symbol, number in sizes.items()}

    def keys_follow(self, said: Mapping[Symbol, Any], sizes: Mapping[Symbol, Any]) -> bool:
        """Return True if keys have as many heads as queries, as in the model."""
        tied = {self.model.size(name).symbol for rule in self.demand.ties for name in rule.symbols}
        if (
            kv_heads in {*said, *self.named, *tied}
            or kv_heads not in sizes
            or self.loose.get(heads) != self.loose[kv_heads]
        ):
            return False
        if set(self.searched) == {heads}:
            return False  # alone, it would change no count
        return sizes[heads] != self.loose[heads] and not (heads in self.given and kv_heads in self.model.given)

    def counted(self, sizes: Values) -> int | None:
        """Return the count of the model at sizes; None if it does not exist or a condition fails."""
        for symbol, number in sizes.items():
            kind = BY_SYMBOL[symbol].kind
            if kind is Kind.RATIO and number <= 0:
                return None
            if kind in (Kind.SWITCH, Kind.RATIO):
                continue
            if number < BY_SYMBOL[symbol].minimum or Fraction(number).denominator != 1:
                return None
        named = self.by_name(sizes)
        if not all(rule.value(named) for rule in self.demand.where):
            return None
        if any(evaluated(quotient, sizes).denominator != 1 for quotient in self.model.architecture.whole):
            return None
        if {heads, kv_heads} <= sizes.keys() and sizes[heads] % sizes[kv_heads]:
            return None
        return int(reduce(operator.add, [evaluated(self.formula, sizes)]))
