"""Draws aimed at what a formula says of itself: on either side of each of its conditions and roundings.

A condition that builds kept by chance, as [N != 6], and a rounding that is off by one in sixty-four are seen at no
other draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import partial
from itertools import chain, islice
from random import Random

import sympy
from sympy import Expr, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space
from bertsym.derive.evaluator import Evaluator, Exact
from bertsym.derive.sampling.strategies import small
from bertsym.tree import Tensor

MOST = 64
JOINT = 4
STARTS, TAKEN = 3, 2
EVEN, FAR = 6, 640
ATTEMPTS, HOLDING = 240, 16
FARTHEST, DEEPEST = 131_072, 40
AROUND = 130  # twice the largest divisor that is looked for


def aimed(
    tensors: Iterable[Tensor],
    space: Space,
    symbols: Mapping[str, Symbol],
    random: Random,
    others: Iterable[Expr] = (),
) -> Iterator[dict[str, int]]:
    """Draws from the space, with one size moved to where a condition or a rounding changes, or several at once.

    The `others` are what is 0 where something else may.

    Every other one is near what the code comes with: where a stride may be anything it is mostly larger than what it
    goes over.
    """
    listed = tuple(tensors)
    borders = sorted({*_borders(listed), *others}, key=str)
    compound = sorted((parts for parts in _compound(listed) if len(parts) > 1), key=str)
    random.shuffle(borders)
    random.shuffle(compound)
    # By turns, and what decides on a whole tensor first: one rounding has room for thirty draws.
    borders.sort(key=lambda border: isinstance(border, sympy.floor))
    alone = _by_turns(_alone(border, space, symbols, random) for border in borders)
    together = (_together(parts, space, symbols, random) for parts in compound for _ in range(JOINT))
    yield from islice(chain(islice(together, MOST // 2), alone), MOST)


def inside(
    tensors: Iterable[Tensor], space: Space, symbols: Mapping[str, Symbol], random: Random
) -> Iterator[dict[str, int]]:
    """Yield draws at which each condition holds: what is there at few sizes is else seen at some of these alone."""
    brackets = {bracket for tensor in tensors for side in tensor.shape for bracket in side.atoms(Iverson)}
    sides = {side for bracket in brackets for side in (bracket.args[0], sympy.Not(bracket.args[0]))}
    conditions = sorted({tensor.when for tensor in tensors} | sides, key=str)
    random.shuffle(conditions)
    for condition in [one for one in conditions if one.atoms(Relational)]:
        kinds = zip(small(space, random), iter(partial(space.sample, random), None), strict=False)
        draws = islice(chain.from_iterable(kinds), ATTEMPTS)
        yield from islice((steps for steps in draws if _holds(condition, space, symbols, steps)), HOLDING)


def _holds(condition: Boolean, space: Space, symbols: Mapping[str, Symbol], steps: Mapping[str, int]) -> bool:
    fields = space.fields(steps)
    with suppress(ArithmeticError):
        return Evaluator({symbol: fields[name] for name, symbol in symbols.items()}).holds(condition)
    return False


def _by_turns(many: Iterable[Iterator[dict[str, int]]]) -> Iterator[dict[str, int]]:
    """Yield one of each in turn, until all are at their end."""
    waiting = list(many)
    while waiting:
        for one in list(waiting):
            drawn = next(one, None)
            if drawn is None:
                waiting.remove(one)
            else:
                yield drawn


def _alone(border: Expr, space: Space, symbols: Mapping[str, Symbol], random: Random) -> Iterator[dict[str, int]]:
    """The draws beside a border, from a few to start from; sooner those that can be moved right to it."""
    usual = [
        space.default_steps(),
        *(draw(random) for draw in (space.sample_near_default, space.sample) for _ in range(STARTS)),
    ]
    small = [space.sample_with_ties(random) for _ in range(STARTS)]
    for starts, most in ((usual, TAKEN), (small, 1)):
        lines = (
            _Line(border, axis, space, symbols, drawn)
            for drawn in starts
            for axis in _movable(border, space, symbols, random)
        )
        found = [(any(map(line.meets, sides)), sides) for line in lines if (sides := list(line.sides()))]
        # Of a relation those where both sides are equal.
        chosen = sorted(found, key=lambda one: not one[0])[:most]
        yield from (steps for _, sides in chosen for steps in sides)


def _together(borders: Sequence[Expr], space: Space, symbols: Mapping[str, Symbol], random: Random) -> dict[str, int]:
    """A draw beside all of these borders, as far as can be: of two conditions each may hide what the other says."""
    drawn = space.sample_near_default(random)
    for border in random.sample(borders, len(borders)):
        for axis in _movable(border, space, symbols, random):
            found = list(_Line(border, axis, space, symbols, drawn).sides())
            if found:
                drawn = random.choice(found)
                break
    return drawn


def _movable(border: Expr, space: Space, symbols: Mapping[str, Symbol], random: Random) -> list[FieldDomain]:
    axes = [axis for axis in space.axes if symbols.get(axis.name) in border.free_symbols and _moves(axis)]
    return random.sample(axes, len(axes))


def _compound(tensors: Iterable[Tensor]) -> set[tuple[Expr, ...]]:
    """For each condition what is 0 where one of its relations changes."""
    conditions = {condition for tensor in tensors for condition in (tensor.when, tensor.tied_when)}
    return {
        tuple(sorted((one.lhs - one.rhs for one in condition.atoms(Relational)), key=str)) for condition in conditions
    }


def _borders(tensors: Iterable[Tensor]) -> set[Expr]:
    """What is rounded down, and for each relation what is 0 where it changes."""
    parts: set[Expr] = set()
    for tensor in tensors:
        parts.update((*tensor.shape, tensor.when, tensor.tied_when))
        parts.update(bound for loop in tensor.loops for bound in loop.bounds)
    relations = (one for part in parts for one in part.atoms(Relational))
    return {one.lhs - one.rhs for one in relations} | {one for part in parts for one in part.atoms(sympy.floor)}


def _moves(axis: FieldDomain) -> bool:
    """Whether its steps can be chosen one by one."""
    return not (axis.is_switch or axis.is_determined)


class _Line:
    """A draw, and what a border is there with one size moved."""

    def __init__(
        self, border: Expr, axis: FieldDomain, space: Space, symbols: Mapping[str, Symbol], drawn: dict[str, int]
    ) -> None:
        self.border, self.axis, self.space, self.symbols, self.drawn = border, axis, space, symbols, drawn

    def sides(self) -> Iterator[dict[str, int]]:
        """The draws beside the change, and at it; none where it does not change or cannot be reckoned."""
        with suppress(ArithmeticError, KeyError):
            if self.axis.is_listed:  # few, so all of them
                yield from ({**self.drawn, self.axis.name: place} for place in range(len(self.axis.options)))
                return
            places = self._rounding() if isinstance(self.border, sympy.floor) else self._crossing()
            yield from (
                {**self.drawn, self.axis.name: steps} for steps in places if self.axis.min_steps <= steps <= self._last
            )

    def meets(self, steps: Mapping[str, int]) -> bool:
        """Whether the border is 0 at such a draw."""
        with suppress(ArithmeticError, KeyError):
            return self._at(steps[self.axis.name]) == 0
        return False

    def _at(self, steps: int, what: Expr | None = None) -> Exact:
        fields = self.space.fields({**self.drawn, self.axis.name: steps})
        sizes = {symbol: fields[name] for name, symbol in self.symbols.items()}
        return Evaluator(sizes).number(self.border if what is None else what)

    def _rounding(self) -> Sequence[int]:
        """The last steps before it goes on to the next number, the first after, and where nothing is rounded.

        There a float may be just below the number that it stands for: int(0.29 * 100) is 28.
        """
        first, inside = self.drawn[self.axis.name], self.border.args[0]
        here, last = self._at(first), min(first + AROUND, self._last)
        change = next(((after - 1, after) for after in range(first + 1, last + 1) if self._at(after) != here), ())
        below = sympy.denom(sympy.together(inside))
        if not change or below == 1:
            return change
        near = range(self.axis.min_steps, min(self.axis.min_steps + FAR, self._last) + 1)
        even: list[int] = []
        odd: list[int] = []
        for steps in near:
            rest = self._at(steps, inside) % 1
            if rest == 0:
                even.append(steps)
            elif below.is_Integer and rest == 1 - Fraction(1, int(below)):
                odd.append(steps)
            if len(even) >= EVEN and (len(odd) >= EVEN or not below.is_Integer):
                break
        return (*change, *even[:EVEN], *odd[:EVEN])

    def _crossing(self) -> Sequence[int]:
        """Where it passes 0, and one step to either side."""
        below, above = self.axis.min_steps, self._last
        falls = self._at(below) > self._at(above)
        if (self._at(below) < 0) == (self._at(above) < 0):
            ends = [steps for steps in (below, above) if self._at(steps) == 0]
            return [near for steps in ends for near in (steps, steps + (1 if steps == below else -1))]
        while above - below > 1:
            middle = (below + above) // 2
            if (self._at(middle) < 0) != falls:
                below = middle
            else:
                above = middle
        return below - 1, below, above, above + 1

    @property
    def _last(self) -> int:
        """The most steps that are tried: of a width more than the draws have."""
        if self.axis.is_limited:
            return self.axis.max_steps
        return max(self.axis.max_steps, DEEPEST if self.axis.is_depth else FARTHEST)
