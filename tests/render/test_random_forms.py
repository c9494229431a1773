"""Random formulas of the kinds that a derivation makes come back from every syntax, at random sizes.

Each is drawn twice over: as sympy has it, and as a function of its sizes in fractions, to which sympy is a stranger.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor, prod
from typing import Any

import pytest
import sympy
from sympy import Symbol

from bertsym.algebra import Iverson
from bertsym.document import Result
from bertsym.formulas.styles import Style, form
from bertsym.formulas.tree import (
    Bracket,
    Condition,
    Conjunction,
    Disjunction,
    Floor,
    Form,
    Name,
    Negation,
    Number,
    Power,
    Product,
    Quotient,
    Relation,
    Root,
    Sign,
    Sum,
    children,
)
from bertsym.render.sheet import Sheet
from bertsym.symbols import BY_SYMBOL, H, Kind, L, Own, V, experts, ffn_ratio, heads, tied
from bertsym.wording import plain
from tests.render.printing import SHEETS, Reader, only
from tests.render.reading import Tree, Unknown, of_text, value

pytestmark = pytest.mark.slow

FORMULAS, TREES, PER_SEED = 300, 1_000, 20

every, offset = Own("every", Kind.DEPTH), Own("layer_offset", Kind.DEPTH, 0)
ratio, gate, k, A = (
    Own("mlp_ratio", Kind.RATIO),
    Own("use_gate", Kind.SWITCH),
    Own("k", Kind.WIDTH),
    Own("A", Kind.WIDTH),
)
NUMBERS: tuple[Symbol, ...] = (H, L, V, heads, experts, ffn_ratio, every, offset, ratio, k, A)
SWITCHES: tuple[Symbol, ...] = (tied, gate)

Sizes = Mapping[str, Any]


READER = Reader((*NUMBERS, *SWITCHES))


@dataclass(frozen=True)
class Drawn:
    """A formula or a condition, and what it comes to."""

    found: Any
    at: Callable[[Sizes], Any]


class Draw:
    """Formulas and conditions, a part at a time."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def sizes(self) -> dict[str, Any]:
        most = self.random.choice((1, 2, 3, 12))
        ratios = (Fraction(1, 2), Fraction(1), Fraction(8, 3), Fraction(2))
        least = {str(s): BY_SYMBOL[s].minimum for s in NUMBERS}
        found: dict[str, Any] = {name: Fraction(self.random.randint(low, most)) for name, low in least.items()}
        found |= {str(s): self.random.choice(ratios) for s in (ffn_ratio, ratio)}
        return found | {str(s): self.random.random() < 0.5 for s in SWITCHES}

    def number(self, depth: int) -> Drawn:
        """A sum, a product, a power, a quotient, a rounding, a remainder, the larger of two, or a bracket."""
        if depth <= 0 or self.random.random() < 0.15:
            return self.leaf()
        kinds = (
            self.sum,
            self.product,
            self.power,
            self.rounded,
            self.rounded_up,
            self.remainder,
            self.larger,
            self.bracket,
        )
        return self.random.choice(kinds)(depth - 1)

    def leaf(self) -> Drawn:
        if self.random.random() < 0.3:
            amount = self.random.choice((1, 2, 3, 7, -1, -2, Fraction(1, 2), Fraction(8, 3)))
            return Drawn(sympy.Rational(str(amount)), lambda _: Fraction(amount))
        symbol = self.random.choice(NUMBERS)
        return Drawn(symbol, lambda at: at[str(symbol)])

    def positive(self) -> Drawn:
        """Return a form that can be a denominator."""
        symbol = self.random.choice(NUMBERS)
        more = self.random.choice((0, 0, 1, 3) if symbol.is_positive else (1, 3))
        return Drawn(symbol + more, lambda at: at[str(symbol)] + more)

    def sum(self, depth: int) -> Drawn:
        one, other = self.number(depth), self.number(depth)
        sign = self.random.choice((1, 1, -1))
        return Drawn(one.found + sign * other.found, lambda at: one.at(at) + sign * other.at(at))

    def product(self, depth: int) -> Drawn:
        one, other = self.number(depth), self.number(depth)
        return Drawn(one.found * other.found, lambda at: one.at(at) * other.at(at))

    def power(self, depth: int) -> Drawn:
        base, exponent = self.number(min(depth, 1)), self.random.choice((2, 2, 3))
        return Drawn(base.found**exponent, lambda at: base.at(at) ** exponent)

    def rounded(self, depth: int) -> Drawn:
        above, below = self.number(depth), self.positive()
        return Drawn(sympy.floor(above.found / below.found), lambda at: Fraction(floor(above.at(at) / below.at(at))))

    def rounded_up(self, depth: int) -> Drawn:
        above, below = self.number(depth), self.positive()
        return Drawn(
            -sympy.floor(-above.found / below.found), lambda at: Fraction(-floor(-above.at(at) / below.at(at)))
        )

    def remainder(self, depth: int) -> Drawn:
        above, below = self.number(min(depth, 1)), self.positive()
        found = above.found - below.found * sympy.floor(above.found / below.found)
        return Drawn(found, lambda at: above.at(at) % below.at(at))

    def larger(self, depth: int) -> Drawn:
        one, other = self.number(depth), self.number(depth)
        found = other.found + (one.found - other.found) * Iverson(sympy.Ge(one.found, other.found))
        return Drawn(found, lambda at: max(one.at(at), other.at(at)))

    def bracket(self, depth: int) -> Drawn:
        inside = self.condition(depth + 1)
        return Drawn(Iverson(inside.found), lambda at: Fraction(int(inside.at(at))))

    def condition(self, depth: int) -> Drawn:
        kind = self.random.random()
        if depth <= 0 or kind < 0.35:
            return self.relation(depth) if kind < 0.25 else self.switch()
        if kind < 0.5:
            inside = self.condition(depth - 1)
            return Drawn(sympy.Not(inside.found), lambda at: not inside.at(at))
        parts = [self.condition(depth - 1) for _ in range(self.random.choice((2, 2, 3)))]
        both, whole = (sympy.And, all) if kind < 0.75 else (sympy.Or, any)
        return Drawn(both(*(part.found for part in parts)), lambda at: whole([part.at(at) for part in parts]))

    def switch(self) -> Drawn:
        symbol = self.random.choice(SWITCHES)
        return Drawn(symbol, lambda at: at[str(symbol)])

    def relation(self, depth: int) -> Drawn:
        one, other = self.number(min(depth, 2)), self.number(min(depth, 2))
        relations: tuple[tuple[Any, Callable[[Any, Any], bool]], ...] = (
            (sympy.Eq, lambda a, b: a == b),
            (sympy.Ne, lambda a, b: a != b),
            (sympy.Gt, lambda a, b: a > b),
            (sympy.Ge, lambda a, b: a >= b),
            (sympy.Lt, lambda a, b: a < b),
            (sympy.Le, lambda a, b: a <= b),
        )
        kind, holds = self.random.choice(relations)
        return Drawn(kind(one.found, other.found), lambda at: holds(one.at(at), other.at(at)))


def seen(reader: Reader, written: Form, sheets: Sequence[Sheet]) -> Iterator[tuple[str, Tree]]:
    """The formula as read from a terminal, from JSON, from Markdown and from a paper, each with its text."""
    yield plain(written), only(of_text(plain(written)))
    for printed, sides in reader.chain(Result((written,)), sheets):
        yield printed, only(sides)


@pytest.mark.parametrize("seed", range(FORMULAS // PER_SEED))
def test_a_random_formula_comes_back(seed: int) -> None:
    draw = Draw(seed)
    for _ in range(PER_SEED):
        drawn = draw.number(3)
        style = draw.random.choice(list(Style))
        places = [draw.sizes() for _ in range(5)]
        for printed, side in seen(READER, form(drawn.found, style), [draw.random.choice(SHEETS)]):
            for at in places:
                try:
                    found = value(side, at)
                except Unknown:  # a share of what is 0 there
                    assert style is Style.DOMINANT, f"seed {seed}: {printed!r} has no value at {at}"
                    continue
                assert found == drawn.at(at), f"seed {seed}, {style}, {drawn.found}: {printed!r} at {at}"


class Trees:
    """Forms of any shape, as no writer may ever make them: negative factors, powers of powers, sums of sums."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def form(self, depth: int) -> Form:
        if depth <= 0 or self.random.random() < 0.2:
            amount = self.random.choice((0, 1, 2, 3, 12, -1, -2, Fraction(1, 2), Fraction(-8, 3), Fraction(8, 3), 1234))
            return Number(Fraction(amount)) if self.random.random() < 0.3 else Name(self.random.choice(NUMBERS))
        kind = self.random.randrange(9)
        inside = self.form(depth - 1)
        if kind == 0:
            return Power(inside, self.random.choice((2, 3)))
        if kind == 1:
            return Quotient(inside, self.form(depth - 1))
        if kind == 2:
            return Floor(inside)
        if kind == 3:
            return Root(Power(inside, 2))
        if kind == 4:
            return Bracket(self.condition(depth - 1))
        parts = (inside, *(self.form(depth - 1) for _ in range(self.random.choice((1, 1, 2)))))
        return Sum(parts) if kind < 7 else Product(parts)

    def condition(self, depth: int) -> Condition:
        kind = self.random.randrange(6)
        if depth <= 0 or kind < 2:
            return Name(self.random.choice(SWITCHES))
        if kind == 2:
            return Negation(self.condition(depth - 1))
        if kind < 5:
            parts = tuple(self.condition(depth - 1) for _ in range(self.random.choice((2, 2, 3))))
            return Conjunction(parts) if kind == 3 else Disjunction(parts)
        return Relation(self.form(depth - 1), self.random.choice(list(Sign)), self.form(depth - 1))


_HOLDS: Mapping[Sign, Callable[[Any, Any], bool]] = {
    Sign.EQUAL: lambda a, b: a == b,
    Sign.UNEQUAL: lambda a, b: a != b,
    Sign.ABOVE: lambda a, b: a > b,
    Sign.AT_LEAST: lambda a, b: a >= b,
    Sign.BELOW: lambda a, b: a < b,
    Sign.AT_MOST: lambda a, b: a <= b,
}


def worth(written: Form | Condition, at: Sizes) -> Any:
    """Return the value of a form, computed part by part."""
    parts = [worth(part, at) for part in children(written)]
    match written:
        case Number(amount):
            return amount
        case Name(symbol):
            return at[str(symbol)]
        case Power(_, exponent):
            return parts[0] ** exponent
        case Quotient():
            return parts[0] / parts[1]
        case Floor():
            return Fraction(floor(parts[0]))
        case Root():
            return abs(worth(children(children(written)[0])[0], at))
        case Bracket():
            return Fraction(int(parts[0]))
        case Product():
            return prod(parts)
        case Sum():
            return sum(parts)
        case Relation(_, sign, _):
            return _HOLDS[sign](*parts)
        case Negation():
            return not parts[0]
    return all(parts) if isinstance(written, Conjunction) else any(parts)


@pytest.mark.parametrize("seed", range(TREES // PER_SEED))
def test_any_tree_of_forms_comes_back(seed: int) -> None:
    trees, draw = Trees(seed), Draw(seed)
    for _ in range(PER_SEED):
        written = trees.form(4)
        places = [draw.sizes() for _ in range(3)]
        for printed, side in seen(READER, written, [draw.random.choice(SHEETS)]):
            for at in places:
                try:
                    wanted = worth(written, at)
                except ZeroDivisionError:
                    continue
                assert value(side, at) == wanted, f"seed {seed}, {written}: {printed!r} at {at}"
