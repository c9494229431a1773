"""Which indices a repeated tensor has: one after another, in steps, or those that the steps leave out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, pairwise, product

import sympy
from sympy import Expr, Integer

from bertsym.algebra import Iverson, max_to_iverson
from bertsym.derive.synthesis.name_templates import TensorTemplate
from bertsym.derive.synthesis.observations import NoFormula, ObservationTable
from bertsym.tree import Loop

FEWEST = 3


class Repeats:
    """The loops of families; those whose indices follow one another say where a stack ends."""

    def __init__(self, rows: ObservationTable) -> None:
        self.rows = rows
        self.ends: dict[str, Loop] = {}
        self.families: Sequence[TensorTemplate] = ()
        self.gapped: dict[str, list[Loop]] = {}

    def loops(self, family: TensorTemplate) -> tuple[Loop, ...]:
        """One for each index in the names of a family; raises `NoFormula`."""
        loops = []
        for place in range(family.pattern.count("{}")):
            runs = {row: sorted({i[place] for i in entries}) for row, entries in family.seen.items()}
            loops.append(self._loop(_stack(family, place), place, runs))
        for entries in family.seen.values():
            ranges = (sorted({indices[p] for indices in entries}) for p in range(len(loops)))
            if len(entries) != len(list(product(*ranges))):
                raise NoFormula("repeat", "it is not there for every combination of indices")
        return tuple(loops)

    def _loop(self, stack: str, place: int, runs: Mapping[int, list[int]]) -> Loop:
        if all(run == list(range(run[0], run[-1] + 1)) for run in runs.values()):
            whole = self._whole(stack)
            start = self._bound(f"start of repeat {place}", {row: run[0] for row, run in runs.items()}, whole)
            stop = self._bound(f"end of repeat {place}", {row: run[-1] + 1 for row, run in runs.items()}, whole)
            loop = Loop(start, stop)
            self.ends.setdefault(stack, loop)
            return loop
        whole = self._whole(stack)
        if whole is None:
            raise NoFormula(f"repeat {place}", "its indices have gaps")
        # What has one index a build cannot say its step, but may be where another tensor of the stack is.
        for loop in self.gapped.get(stack, ()):
            if all(self._indices(loop, row) == run for row, run in runs.items()):
                return loop
        for listed, others in product(self.rows.lists.places, (False, True)):
            loop = Loop(sympy.S.Zero, whole.stop, others=others, listed=listed)
            if all(self._indices(loop, row) == run for row, run in runs.items()):
                return loop
        for stop in (whole.stop, whole.stop - 1):
            rest = {row: [i for i in range(self._at(stop, row)) if i not in run] for row, run in runs.items()}
            for wanted, others in ((runs, False), (rest, True)):
                for loop in self._stepped(place, {row: run for row, run in wanted.items() if run}, stop, others=others):
                    if all(self._indices(loop, row) == run for row, run in runs.items()):
                        self.gapped.setdefault(stack, []).append(loop)
                        return loop
        raise NoFormula(f"repeat {place}", "its indices have gaps that no constant step explains")

    def _whole(self, stack: str) -> Loop | None:
        """Return the loop through a whole stack: that of a tensor which all layers have, or of all tensors together."""
        if stack not in self.ends:
            indices: dict[int, set[int]] = {}
            for family in self.families:
                if family.pattern.startswith(f"{stack}{{}}"):
                    place = stack.count("{}")
                    for row, entries in family.seen.items():
                        indices.setdefault(row, set()).update(i[place] for i in entries)
            if any(max(found) != len(found) - 1 for found in indices.values()):
                return None
            rows = list(indices)
            stop = self.rows.fitter.fit(rows, [len(indices[row]) for row in rows]) if rows else None
            if stop is None:
                return None
            self.ends[stack] = Loop(sympy.S.Zero, stop)
        return self.ends[stack]

    def _bound(self, part: str, numbers: Mapping[int, int], whole: Loop | None) -> Expr:
        """Return where a run begins or ends: as it fits, or at a place in the stack that is cut off; `NoFormula`."""
        try:
            return self.rows.fitted(part, list(numbers), list(numbers.values()))
        except NoFormula:
            for place in self._places(whole.stop) if whole is not None and len(numbers) >= FEWEST else ():
                for bound in (place, larger(place, Integer(0)), smaller(place, whole.stop)):  # type: ignore[union-attr]
                    if all(self.rows.at[row].apart(bound, number) == 0 for row, number in numbers.items()):
                        return bound
            raise

    def _places(self, stop: Expr) -> Iterator[Expr]:
        """Places in a stack that code names: so many from either end, halves, what the index was seen compared with."""
        yield from (place + more for place in self.rows.landmarks for more in (0, 1))
        numbers = [symbol for symbol in self.rows.numbers if symbol != stop and symbol.is_integer]
        for symbol in numbers:
            yield from (stop - symbol, symbol, symbol + 1, symbol - 1, stop - symbol - 1)
        yield from (sympy.floor((stop + more) / 2) for more in (0, 1))

    def depths(self, family: TensorTemplate, place: int) -> dict[int, int] | None:
        """How deep the stack is that an index goes through, in the builds that have the family; None if nobody says."""
        whole = self._whole(_stack(family, place))
        return None if whole is None else {row: self._at(whole.stop, row) for row in family.seen}

    def _at(self, expression: Expr, row: int) -> int:
        try:
            return self.rows.at[row].whole(expression)
        except ArithmeticError:
            raise NoFormula("repeat", "its end can be a fraction, or its step 0") from None

    def _stepped(self, place: int, runs: Mapping[int, list[int]], stop: Expr, *, others: bool) -> Iterator[Loop]:
        """Loops that may go through these in equal steps: in one that is seen, or in that of a size."""
        gaps = {row: {b - a for a, b in pairwise(run)} for row, run in runs.items()}
        steps = {row: next(iter(found)) for row, found in gaps.items() if len(found) == 1}
        if not runs or any(len(found) > 1 for found in gaps.values()):
            return
        if not steps:
            raise NoFormula(f"step of repeat {place}", "no build has two of its indices")
        relevant = self.rows.relevant.get(f"step of repeat {place}", ())
        found = self.rows.fitter.fit(list(steps), list(steps.values()), relevant)
        for step in [found] if found is not None else []:
            yield from (Loop(start, stop, step, others=others) for start in self._starts(place, runs, step))
        for symbol in self.rows.numbers:
            at = [sample.sizes[symbol] for sample in self.rows.samples]
            if min(at) >= 1 and all(at[row] == step for row, step in steps.items()):
                yield from (Loop(start, stop, symbol, others=others) for start in self._starts(place, runs, symbol))
                # None is left out where the remainder that is can be no remainder.
                for s in [s for s in self.rows.numbers if others and s not in (symbol, stop) and s.is_integer]:
                    yield Loop(stop + (s - stop) * Iverson(s < symbol), stop, symbol, others=True)
        for period, rest in self.rows.periods:
            if all(self.rows.at[row].apart(period, step) == 0 for row, step in steps.items()):
                yield from (Loop(start, stop, period, others=others) for start in (rest - 1, rest, period + rest - 1))

    def _starts(self, place: int, runs: Mapping[int, list[int]], step: Expr) -> Iterator[Expr]:
        """Where the steps may begin: at the last or the first index of the first, from a size on, or elsewhere."""
        firsts = [run[0] for run in runs.values()]
        later = (step * sympy.floor((s + step - 1) / step) for s in self.rows.numbers if s != step)
        last = (step * sympy.floor((s + step) / step) - 1 for s in self.rows.numbers if s != step)
        same = [sympy.Integer(firsts[0])] if len(set(firsts)) == 1 else []
        for start in chain((step - 1, step), same, *([later, last] if step.is_Symbol else [])):
            if all(self.rows.at[row].apart(start, first) == 0 for row, first in zip(runs, firsts, strict=True)):
                yield start
                return
        with suppress(NoFormula):
            yield self.rows.fitted(f"start of repeat {place}", list(runs), firsts)

    def _indices(self, loop: Loop, row: int) -> list[int]:
        try:
            start, stop, step, *listed = (self._at(bound, row) for bound in loop.bounds)
        except NoFormula:
            return []
        return list(loop.indices(start, stop, step, *listed)) if step > 0 else []


def larger(one: Expr, other: Expr) -> Expr:
    """Return the larger of two, as formulas are kept."""
    return max_to_iverson(sympy.Max(one, other, evaluate=False))


def smaller(one: Expr, other: Expr) -> Expr:
    """Return the smaller of two, as formulas are kept."""
    return max_to_iverson(sympy.Min(one, other, evaluate=False))


def _stack(family: TensorTemplate, place: int) -> str:
    """The names before an index."""
    return "{}".join(family.pattern.split("{}")[: place + 1])


def longest(family: TensorTemplate) -> int:
    """How many tensors of it a build has at most."""
    return max(map(len, family.seen.values()))


def gapped(family: TensorTemplate) -> bool:
    """Whether some index is left out in some build."""
    return any(
        len(run) != run[-1] - run[0] + 1
        for entries in family.seen.values()
        for place in range(family.pattern.count("{}"))
        for run in [sorted({indices[place] for indices in entries})]
    )
