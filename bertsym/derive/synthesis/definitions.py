"""What the code makes of sizes that are left out: d = H/heads, an inner width of 2H, the default of a nested class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from random import Random

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import free
from bertsym.derive.domain.space import Space
from bertsym.derive.evaluator import Evaluator
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.synthesis.arithmetic import Fitter
from bertsym.derive.types import Fields
from bertsym.model import Definition
from bertsym.symbols import BY_SYMBOL, F, H, Kind, d, heads
from bertsym.zoo.parts import FEED_FORWARD, FREE_HEAD_SIZE

DRAWS = 14
CHECKS = 6
FEW = 5


class Defaults:
    """What each size became where it alone was left out of draws of all."""

    def __init__(self, oracle: BuildOracle, space: Space, symbols: Mapping[str, Symbol], random: Random) -> None:
        self.symbols, self.base = symbols, oracle.description.fields
        known = [axis for axis in space.axes if not (axis.is_switch or axis.is_ratio) and axis.name in symbols]
        self.numbers = [axis.name for axis in known if not axis.no_effect]
        draws = [space.fields(space.sample(random)) for _ in range(DRAWS + CHECKS)]
        self.draws, self.left = draws, list(_left(oracle, draws, [axis.name for axis in known]))
        self.table = [{symbols[axis.name]: fields[axis.name] for axis in known} for fields in draws]

    def definitions(self) -> tuple[Definition, ...]:
        """The definitions of a model's sizes, none of which rests on another; F = ffn_ratio H is the house's own."""
        meant = {self.symbols[name]: name for name in self.numbers}
        kept = [FEED_FORWARD] if F in meant and H in meant else []
        taken = {F, d} if kept else {d}
        found = list(self._defined(taken))
        if {d, H, heads} <= set(meant) and self._is_quotient(meant):
            kept.append(FREE_HEAD_SIZE)
        defined = {definition.symbol for definition in (*kept, *found)}
        return (*kept, *(definition for definition in found if not free(definition.value) & defined))

    def absences(self) -> dict[str, Expr | None]:
        """Those that become something else than they come with, and what; None where no formula says what.

        Where the code refuses to be without one nothing is said of it.
        """
        found: dict[str, Expr | None] = {}
        for name in map(str, self.symbols):
            seen = self._seen(name)
            if len(seen) >= FEW and any(there != self.base[name] for _, there in seen):
                found[name] = self._formula(name, [self.symbols[one] for one in self.numbers if one != name])
        return found

    def _seen(self, name: str) -> list[tuple[int, int]]:
        return [(row, int(there[name])) for row, there in enumerate(self.left) if name in there]

    def _formula(self, name: str, others: Sequence[Symbol]) -> Expr | None:
        """What follows others in a formula that the last draws confirm."""
        seen = self._seen(name)
        if len({there for _, there in seen}) == 1:
            return sympy.Integer(seen[0][1])
        if len(seen) < DRAWS:
            return None
        rows, values = zip(*seen[:-CHECKS], strict=True)
        formula = Fitter(self.table, others).fit(rows, values) or self._quotient(seen, others)
        if formula is None:
            return None
        right = all(Evaluator(self.table[row]).apart(formula, there) == 0 for row, there in seen[-CHECKS:])
        return formula if right else None

    def _quotient(self, seen: Sequence[tuple[int, int]], others: Sequence[Symbol]) -> Expr | None:
        """One size over another, as a head size is, of which there may be too many to fit."""
        for above, below in permutations(others, 2):
            rows = ((self.table[row][above], self.table[row][below], there) for row, there in seen)
            if all(under > 0 and over // under == there for over, under, there in rows):
                return sympy.floor(above / below)
        return None

    def _defined(self, taken: set[Symbol]) -> Iterator[Definition]:
        for name in self.numbers:
            symbol = self.symbols[name]
            if symbol in taken or len({there for _, there in self._seen(name)}) < 3:
                continue
            formula = self._formula(name, [self.symbols[one] for one in self.numbers if one != name])
            # What is as large as another size unless it is said is still a choice of its own: kv_heads, an embedding.
            if formula is not None and not formula.is_Symbol:
                smooth = formula.replace(sympy.floor, lambda inside: inside)
                exact = all(not inside.args[0].is_Add and free(inside) for inside in formula.atoms(sympy.floor))
                if exact and not any(BY_SYMBOL[s].kind is Kind.RATIO for s in free(smooth)):
                    yield Definition(symbol, smooth)

    def _is_quotient(self, meant: Mapping[Symbol, str]) -> bool:
        """Whether the head size, left out, is H/heads."""
        both = [(f, there) for f, there in zip(self.draws, self.left, strict=True) if meant[d] in there]
        whole = [(f[meant[H]] // f[meant[heads]], there[meant[d]]) for f, there in both if f[meant[heads]]]
        return len(whole) > CHECKS and all(ours == theirs for ours, theirs in whole)


def _left(oracle: BuildOracle, draws: Sequence[Fields], numbers: Sequence[str]) -> Iterator[Fields]:
    """What the code makes of the numbers that are left out; of those that soon turn out to be constants no more."""
    first = [oracle.defaults(fields, numbers) for fields in draws[:FEW]]
    yield from first
    moving = [name for name in numbers if len({there.get(name) for there in first}) > 1]
    for fields in draws[FEW:]:
        yield oracle.defaults(fields, moving) if moving else {}
