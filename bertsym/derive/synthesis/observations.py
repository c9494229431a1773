"""All builds as the rows of one table, and what is fitted to their columns."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from operator import itemgetter

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson, max_to_iverson
from bertsym.derive.concolic.path_conditions import candidate_conditions, index_landmarks
from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.evaluator import Evaluator
from bertsym.derive.synthesis.arithmetic import Fitter
from bertsym.derive.synthesis.conditions import Conditions
from bertsym.derive.synthesis.name_templates import TensorTemplate
from bertsym.derive.types import Entry, Number, Observation, OneFieldChange
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

FEW_VALUES = 6
MOST_BRANCHED, FEWEST_BRANCHED = 3, 8


class NoFormula(Exception):
    """Why one tensor has no formula."""

    def __init__(self, part: str, why: str) -> None:
        super().__init__(part, why)
        self.part, self.why = part, why


@value
class Lists:
    """Lists of a configuration, by their symbols: places in a stack, and how many layers each stage of it has."""

    places: Sequence[tuple[Symbol, ...]]
    stages: Sequence[tuple[Symbol, ...]]


NO_LISTS = Lists((), ())


class ObservationTable:
    """The samples, and for the family at hand the sizes that matter to each part of it."""

    def __init__(
        self,
        samples: Sequence[Observation],
        active: Collection[Symbol],
        proposals: Sequence[ConcolicTrace],
        lists: Lists,
    ) -> None:
        self.samples, self.proposals, self.lists = samples, proposals, lists
        self.pairs = _changes(samples)
        self.at = [Evaluator(sample.sizes) for sample in samples]
        self.numbers = [symbol for symbol in samples[0].sizes if BY_SYMBOL[symbol].kind is not Kind.SWITCH]
        self.fitter = Fitter([sample.sizes for sample in samples], self.numbers, active)
        first = {pair.after: pair.before for pair in self.pairs}
        draws = [first.get(row, row) for row in range(len(samples))]
        self.conditions = Conditions(
            [sample.sizes for sample in samples], active, draws, candidate_conditions(proposals)
        )
        self.landmarks, self.periods = index_landmarks(proposals)
        self.relevant: dict[str, set[Symbol]] = {}
        self.pools: dict[str, dict[str, set[Symbol]]] = {}
        self.proposed: list[list[Expr]] = []
        self.kept: dict[Expr, tuple[tuple[int, str], Expr]] = {}

    def marks(self) -> Iterator[Callable[[int, int], object]]:
        """What lists of the configuration say of an index in a build: is it in there, and how far into which stage."""
        for symbols in self.lists.places:
            yield lambda row, i, symbols=symbols: i in self._listed(symbols, row)  # type: ignore[misc]
        for symbols in self.lists.stages:
            yield lambda row, i, symbols=symbols: self._stage(symbols, row, i)[0]  # type: ignore[misc]
            yield lambda row, i, symbols=symbols: self._stage(symbols, row, i)  # type: ignore[misc]

    def _listed(self, symbols: Sequence[Symbol], row: int) -> list[int]:
        return [int(self.samples[row].sizes[symbol]) for symbol in symbols]

    def _stage(self, symbols: Sequence[Symbol], row: int, i: int) -> tuple[int, bool]:
        """In which of stages of such depths a layer is, and whether it is the first there."""
        ends = list(accumulate(self._listed(symbols, row)))
        stage = bisect(ends, i)
        return stage, i == (ends[stage - 1] if stage else 0)

    def turn_to(self, family: TensorTemplate, siblings: Sequence[TensorTemplate]) -> None:
        """Look at a family, with its siblings in the module, if any.

        A size that changes the weight of a layer may change its bias, which few samples have.
        """
        pooled = self._pooled(family.pattern.rpartition(".")[0], siblings) if siblings else {}
        self.relevant = {part: set(sizes) for part, sizes in pooled.items()}
        _unite(self.relevant, self.relevance(family))
        self.proposed = self._proposed(family)

    def _pooled(self, module: str, siblings: Sequence[TensorTemplate]) -> dict[str, set[Symbol]]:
        """Return the sizes that change a part of any tensor of a module, united once for all of its tensors."""
        if module not in self.pools:
            self.pools[module] = {}
            for sibling in siblings:
                _unite(self.pools[module], self.relevance(sibling))
        return self.pools[module]

    def relevance(self, family: TensorTemplate) -> dict[str, set[Symbol]]:
        """For each part of the tensor the sizes whose change was seen to change it."""
        seen, runs = family.seen, {row: _runs(entries) for row, entries in family.seen.items()}
        found: dict[str, set[Symbol]] = {}
        for pair in self.pairs:
            if pair.before in seen and pair.after in seen:
                one, other = runs[pair.before], runs[pair.after]
                both = next((i for i in seen[pair.before] if i in seen[pair.after]), None)
                if both is not None:  # one tensor in both builds: another layer may have other sides
                    one, other = ({**runs[row], **_sides(seen[row][both])} for row in (pair.before, pair.after))
                for part in one.keys() & other.keys():
                    if one[part] != other[part]:
                        found.setdefault(part, set()).add(pair.symbol)
        return found

    def reshaping(self, family: TensorTemplate) -> Iterator[Symbol]:
        """The sizes whose change was seen to change anything about the family."""
        seen = family.seen
        return (pair.symbol for pair in self.pairs if seen.get(pair.before) != seen.get(pair.after))

    def renaming(self, family: TensorTemplate) -> Iterator[Symbol]:
        """The sizes whose change was seen to change which tensors of the family there are."""
        there = {row: frozenset(entries) for row, entries in family.seen.items()}
        return (pair.symbol for pair in self.pairs if there.get(pair.before) != there.get(pair.after))

    def few(self, family: TensorTemplate) -> Iterator[dict[int, Number]]:
        """Sizes that matter to the family at hand, build by build: those of few values, and the powers of 2 in them."""
        for symbol in sorted(set().union(*self.relevant.values()) & set(self.numbers), key=str):
            at = {row: self.samples[row].sizes[symbol] for row in family.seen}
            powers: dict[int, Number] = {row: int(number).bit_length() for row, number in at.items()}
            for found in (at, powers):
                if 2 < len(set(found.values())) <= FEW_VALUES:
                    yield found

    def explained(self, family: TensorTemplate) -> Iterator[dict[int, bool]]:
        """Build by build, whether a side is what a build with symbols said, as `size or another` is unless it is 0."""
        for place, sides in enumerate(self.proposed):
            for side in sides:
                yield {
                    row: all(
                        self.at[row].apart(side, n) == 0 for e in entries.values() for n in e.shape[place : place + 1]
                    )
                    for row, entries in family.seen.items()
                }

    def fitted(self, part: str, rows: Sequence[int], numbers: Sequence[int]) -> Expr:
        """The formula of a part's numbers; raises `NoFormula`."""
        relevant = self.relevant.get(part, set())
        found = self.fitter.fit(rows, numbers, relevant)
        if found is None:
            on = f", which depend on {', '.join(sorted(map(str, relevant)))}" if relevant else ""
            raise NoFormula(part, f"no formula gives what {len(rows)} builds have, such as {numbers[0]}{on}")
        return found

    def side(self, place: int, rows: Sequence[int], numbers: Sequence[int]) -> Expr:
        """The formula of one dimension: what fits, or what the code was seen to compute, with a number added to it."""
        try:
            return self.fitted(f"dimension {place}", rows, numbers)
        except NoFormula:
            for proposed in self.proposed[place] if place < len(self.proposed) else ():
                apart = {self.at[row].apart(proposed, n) for row, n in zip(rows, numbers, strict=True)}
                more = apart.pop()
                if not apart and more is not None and more == int(more):
                    return proposed + int(more)
            branched = self._branched(f"dimension {place}", rows, numbers)
            if branched is None:
                raise
            return branched

    def _branched(self, part: str, rows: Sequence[int], numbers: Sequence[int]) -> Expr | None:
        """One formula on one side of a comparison of the sizes that matter, and another on the other side."""
        relevant = self.relevant.get(part, set()) & set(self.numbers)
        if not 1 < len(relevant) <= MOST_BRANCHED or len(rows) < FEWEST_BRANCHED:
            return None
        for told in self.conditions.between(relevant):
            halves = [[(r, n) for r, n in zip(rows, numbers, strict=True) if told.bits >> r & 1 == on] for on in (1, 0)]
            if min(map(len, halves)) < FEWEST_BRANCHED // 2:
                continue
            then, otherwise = (self.fitter.fit([r for r, _ in half], [n for _, n in half], relevant) for half in halves)
            if then is not None and otherwise is not None:
                return otherwise + (then - otherwise) * Iverson(told.make())
        return None

    def _proposed(self, family: TensorTemplate) -> list[list[Expr]]:
        """What the code was seen to compute for each dimension of a tensor, the shortest first."""
        names = {family.pattern.format(*i) for entries in family.seen.values() for i in entries}
        shapes = [p.shapes[name] for p in self.proposals for name in names if name in p.shapes]
        places = range(max(map(len, shapes), default=0))
        found = [{shape[place] for shape in shapes if place < len(shape)} - {None} for place in places]
        return [[side for _, side in sorted(map(self._as_kept, sides), key=itemgetter(0))] for sides in found]

    def _as_kept(self, side: Expr) -> tuple[tuple[int, str], Expr]:
        """A side as formulas are kept, behind what it is ordered by; many tensors have the same."""
        if side not in self.kept:
            plain = max_to_iverson(side)
            self.kept[side] = _length(plain), plain
        return self.kept[side]

    def condition(self, part: str, cases: Mapping[int, bool], mattering: Iterable[Symbol] = ()) -> Boolean:
        """The condition that tells the rows apart, if it can over sizes that matter; raises `NoFormula`."""
        found = self.conditions.telling(cases, frozenset(mattering))
        if found is None:
            raise NoFormula(part, "no simple condition tells when")
        return found


def _changes(samples: Sequence[Observation]) -> list[OneFieldChange]:
    """Return the pairs of rows between which one size was changed."""
    rows = {id(sample): row for row, sample in enumerate(samples)}
    return [
        OneFieldChange(rows[id(sample.changed_from)], row, sample.changed)
        for row, sample in enumerate(samples)
        if sample.changed_from is not None and sample.changed is not None
    ]


def _unite(relevant: dict[str, set[Symbol]], more: Mapping[str, set[Symbol]]) -> None:
    for part, sizes in more.items():
        relevant.setdefault(part, set()).update(sizes)


def _length(side: Expr) -> tuple[int, str]:
    return sympy.count_ops(side), str(side)


def _sides(entry: Entry) -> dict[str, int]:
    """The sides of a tensor, by the names that refusals give them."""
    return {f"dimension {place}": side for place, side in enumerate(entry.shape)}


def _runs(entries: Mapping[tuple[int, ...], Entry]) -> dict[str, int]:
    """Where the indices of one build begin and end, and their distance, by the names that refusals give them."""
    parts: dict[str, int] = {}
    for place in range(len(next(iter(entries)))):
        run = sorted({indices[place] for indices in entries})
        parts |= {f"start of repeat {place}": run[0], f"end of repeat {place}": run[-1] + 1}
        if len(run) > 1:
            parts[f"step of repeat {place}"] = run[1] - run[0]
    return parts
