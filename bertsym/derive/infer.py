"""Inventories seen at many sizes to one inventory in symbols: repeats, shapes, existence and ties, tensor by tensor."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial, reduce
from itertools import pairwise, product

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson, evaluate
from bertsym.derive.conditions import Conditions
from bertsym.derive.families import Family, Sample, Tie, alike, families
from bertsym.derive.fit import Fitter
from bertsym.derive.process import Entry
from bertsym.derive.proposal import Proposal
from bertsym.derive.reckon import Reckoner
from bertsym.layers import Role
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.tree import Loop, Tensor
from bertsym.values import value

MOST_SPLITS = 40
MOST_SWITCHES = 3


@value
class Refusal:
    """A tensor that has no formula here, and which part of it."""

    tensor: str
    part: str
    why: str


@value
class Inferred:
    """The tensors that have formulas, and those that do not."""

    tensors: tuple[Tensor, ...]
    refused: tuple[Refusal, ...]


@value
class Pair:
    """Two builds, by their place, between which one size was changed, with those that must follow it."""

    one: int
    other: int
    symbol: Symbol


class _Refused(Exception):
    """Why one tensor has no formula."""

    def __init__(self, part: str, why: str) -> None:
        super().__init__(part, why)
        self.part, self.why = part, why


def infer(
    samples: Sequence[Sample],
    pairs: Sequence[Pair],
    active: Collection[Symbol],
    proposals: Sequence[Proposal] = (),
) -> Inferred:
    """The inventory that all samples agree on, in the order in which the code lists its tensors.

    A side that the code itself was seen to compute is taken where it gives what all samples have.
    """
    return _Inference(samples, pairs, active, proposals).inferred()


class _Inference:
    """The samples as one table, and what is fitted to it."""

    def __init__(
        self,
        samples: Sequence[Sample],
        pairs: Sequence[Pair],
        active: Collection[Symbol],
        proposals: Sequence[Proposal],
    ) -> None:
        self.samples, self.pairs, self.proposals = samples, pairs, proposals
        self.reckoners = [Reckoner(sample.sizes) for sample in samples]
        symbols = [symbol for symbol in samples[0].sizes if symbol in active]
        self.numbers = [symbol for symbol in samples[0].sizes if BY_SYMBOL[symbol].kind is not Kind.SWITCH]
        self.fitter = Fitter([sample.sizes for sample in samples], self.numbers, active)
        self.conditions = Conditions([sample.sizes for sample in samples], symbols)
        self.relevant: dict[str, set[Symbol]] = {}
        self.proposed: list[list[Expr]] = []
        self.owned: dict[str, list[Family]] = {}
        self.ends: dict[str, Loop] = {}
        self.splits = MOST_SPLITS

    def inferred(self) -> Inferred:
        tensors: list[Tensor] = []
        refused: list[Refusal] = []
        # Families whose indices follow one another say where a stack ends; those that leave indices out need to know.
        found = families(self.samples)
        for family in found:
            self.owned.setdefault(family.pattern.rpartition(".")[0], []).append(family)
        order = sorted(found, key=_gaps)
        made: dict[str, list[Tensor] | Refusal] = {}
        for family in order:
            try:
                made[family.pattern] = [tensor for part in alike(family) for tensor in self.cases(part)]
            except _Refused as refusal:
                made[family.pattern] = Refusal(family.pattern, refusal.part, refusal.why)
        for family in found:
            result = made[family.pattern]
            if isinstance(result, Refusal):
                refused.append(result)
            else:
                tensors += result
        return _without_dangling(tensors, refused)

    def cases(self, family: Family) -> list[Tensor]:
        """The tensor, or one for each case where one formula does not do."""
        self.relevant = {part: set(sizes) for part, sizes in self.relevance(family).items()}
        for other in self.owned.get(family.pattern.rpartition(".")[0], ()):
            for part, sizes in self.relevance(other).items():
                self.relevant.setdefault(part, set()).update(sizes)
        self.proposed = self.sides_proposed(family)
        try:
            return [self.tensor(family)]
        except _Refused as refusal:
            for parts in self.parted(family):
                try:
                    return [self.tensor(part, given) for given, part in parts]
                except _Refused:
                    continue
            raise refusal from None

    def parted(self, family: Family) -> Iterator[list[tuple[Boolean, Family]]]:
        """Ways to part the builds: by the switches that matter to the tensor, one or all, then by other conditions."""
        switches = [s for s in set().union(*self.relevant.values()) if BY_SYMBOL[s].kind is Kind.SWITCH]
        for chosen in (*([switch] for switch in switches), *([switches] if 1 < len(switches) <= MOST_SWITCHES else [])):
            parts = []
            for sides in product((True, False), repeat=len(chosen)):
                given = sympy.And(*(s if on else sympy.Not(s) for s, on in zip(chosen, sides, strict=True)))
                part = family.only(
                    lambda row, _, sides=sides, chosen=chosen: all(  # type: ignore[misc]
                        self.samples[row].sizes[s] is on for s, on in zip(chosen, sides, strict=True)
                    )
                )
                parts += [(given, part)] if part.seen else []
            if len(parts) > 1:
                yield parts
        for told in self.sides(family):
            halves = [family.only(lambda row, _, told=told, side=side: told[row] is side) for side in (True, False)]  # type: ignore[misc]
            yield [(sympy.true, half) for half in halves]

    def sides(self, family: Family) -> Iterator[dict[int, bool]]:
        """Ways to part the builds by a condition, each once."""
        rows = list(family.seen)
        known = set()
        for bits in self.conditions.ways():
            if self.splits <= 0:
                return
            told = {row: bool(bits >> row & 1) for row in rows}
            key = tuple(told.values())
            if len(set(key)) == 2 and key not in known:
                self.splits -= 1
                known.add(key)
                known.add(tuple(not side for side in key))
                yield told

    def tensor(self, family: Family, given: Boolean = sympy.true) -> Tensor:
        """The one formula of a family; `given` holds wherever it was seen."""
        if not family.uniform:
            raise _Refused("shape", "it differs from index to index, by no rule that was tried")
        rows = list(family.seen)
        one = {row: next(iter(entries.values())) for row, entries in family.seen.items()}
        loops = self.loops(family)
        shape = self.shape(rows, [one[row].shape for row in rows])
        tied_to, tied_when = self.tie(family)
        roles = [entry.role for entry in one.values()]
        role = Role(max(roles, key=roles.count))
        when = self.existence(family, loops, given)
        component = component_of(family.pattern)
        return Tensor(
            family.pattern, shape, role, "", component, loops, when=when, tied_to=tied_to, tied_when=tied_when
        )

    def relevance(self, family: Family) -> dict[str, set[Symbol]]:
        """For each part of the tensor the sizes whose change was seen to change it.

        What changes the weight of a layer may change its bias, though that was seldom there.
        """
        parts = {row: _parts(entries) for row, entries in family.seen.items()}
        found: dict[str, set[Symbol]] = {}
        for pair in self.pairs:
            one, other = parts.get(pair.one, {}), parts.get(pair.other, {})
            for part in one.keys() & other.keys():
                if one[part] != other[part]:
                    found.setdefault(part, set()).add(pair.symbol)
        return found

    def fitted(self, part: str, rows: Sequence[int], numbers: Sequence[int]) -> Expr:
        relevant = self.relevant.get(part, set())
        found = self.fitter.fit(rows, numbers, relevant)
        if found is None:
            on = f", which depend on {', '.join(sorted(map(str, relevant)))}" if relevant else ""
            raise _Refused(part, f"no formula gives what {len(rows)} builds have, such as {numbers[0]}{on}")
        return found

    def shape(self, rows: Sequence[int], shapes: Sequence[tuple[int, ...]]) -> tuple[Expr, ...]:
        if len(set(map(len, shapes))) > 1:
            raise _Refused("shape", "its number of dimensions changes")
        sides = enumerate(zip(*shapes, strict=True))
        return tuple(self.side(place, rows, column) for place, column in sides)

    def side(self, place: int, rows: Sequence[int], numbers: Sequence[int]) -> Expr:
        """The formula of one dimension: what fits, or what the code was seen to compute."""
        try:
            return self.fitted(f"dimension {place}", rows, numbers)
        except _Refused:
            for proposed in self.proposed[place] if place < len(self.proposed) else ():
                if all(self.reckoners[row].agrees(proposed, n) for row, n in zip(rows, numbers, strict=True)):
                    return proposed
            raise

    def sides_proposed(self, family: Family) -> list[list[Expr]]:
        """What the code was seen to compute for each dimension of a tensor, the shortest first."""
        names = {family.pattern.format(*i) for entries in family.seen.values() for i in entries}
        shapes = [p.shapes[name] for p in self.proposals for name in names if name in p.shapes]
        places = range(max(map(len, shapes), default=0))
        found = [{shape[place] for shape in shapes if place < len(shape)} - {None} for place in places]
        return [sorted((without_extremes(one) for one in sides), key=sympy.count_ops) for sides in found]

    def loops(self, family: Family) -> tuple[Loop, ...]:
        loops = []
        for place in range(family.pattern.count("{}")):
            runs = {row: sorted({i[place] for i in entries}) for row, entries in family.seen.items()}
            stack = "{}".join(family.pattern.split("{}")[: place + 1])
            loops.append(self.loop(stack, place, runs))
        for entries in family.seen.values():
            ranges = (sorted({indices[p] for indices in entries}) for p in range(len(loops)))
            if len(entries) != len(list(product(*ranges))):
                raise _Refused("repeat", "it is not there for every combination of indices")
        return tuple(loops)

    def loop(self, stack: str, place: int, runs: Mapping[int, list[int]]) -> Loop:
        rows = list(runs)
        if all(run == list(range(run[0], run[-1] + 1)) for run in runs.values()):
            start = self.fitted(f"start of repeat {place}", rows, [runs[row][0] for row in rows])
            loop = Loop(start, self.fitted(f"end of repeat {place}", rows, [runs[row][-1] + 1 for row in rows]))
            self.ends.setdefault(stack, loop)
            return loop
        whole = self.ends.get(stack)
        if whole is None:
            raise _Refused(f"repeat {place}", "its indices have gaps")
        stops = {row: int(evaluate(whole.stop, self.sizes(row))) for row in rows}
        rest = {row: [i for i in range(stops[row]) if i not in run] for row, run in runs.items()}
        for wanted, others in ((runs, False), (rest, True)):
            step = self.stepped(place, {row: run for row, run in wanted.items() if run}, whole.stop, others=others)
            if step is not None and all(self.indices(step, row) == run for row, run in runs.items()):
                return step
        raise _Refused(f"repeat {place}", "its indices have gaps that no constant step explains")

    def stepped(self, place: int, runs: Mapping[int, list[int]], stop: Expr, *, others: bool) -> Loop | None:
        """The loop that goes through these in equal steps."""
        gaps = {row: {b - a for a, b in pairwise(run)} for row, run in runs.items()}
        steps = {row: next(iter(found)) for row, found in gaps.items() if len(found) == 1}
        if not steps or any(len(found) > 1 for found in gaps.values()):
            return None
        start = self.fitted(f"start of repeat {place}", list(runs), [run[0] for run in runs.values()])
        step = self.fitted(f"step of repeat {place}", list(steps), list(steps.values()))
        return Loop(start, stop, step, others=others)

    def sizes(self, row: int) -> dict[Symbol, int]:
        return {symbol: self.samples[row].sizes[symbol] for symbol in self.numbers}  # type: ignore[misc]

    def indices(self, loop: Loop, row: int) -> list[int]:
        start, stop, step = (int(evaluate(part, self.sizes(row))) for part in (loop.start, loop.stop, loop.step))
        return list(loop.indices(start, stop, step)) if step > 0 else []

    def existence(self, family: Family, loops: tuple[Loop, ...], given: Boolean) -> Boolean:
        """The condition under which the tensor exists, beside its loops being run at all."""
        cases = {}
        fitting = self.conditions.rows(given)
        for row in range(len(self.samples)):
            counts = [evaluate(loop.times, self.sizes(row)) for loop in loops]
            if any(count < 0 for count in counts) or all(count > 0 for count in counts):
                cases[row] = row in family.seen
            elif row in family.seen:
                raise _Refused("repeat", "it is there where its range is empty")
        within = {row: there for row, there in cases.items() if row in fitting}
        return sympy.And(given, self.condition("existence", within))

    def condition(self, part: str, cases: Mapping[int, bool]) -> Boolean:
        found = self.conditions.telling(cases)
        if found is None:
            raise _Refused(part, "no simple condition tells when")
        return found

    def tie(self, family: Family) -> tuple[str | None, Boolean]:
        """The tensor it is tied to, if it ever is, and when."""
        found: dict[int, Tie | None] = {row: next(iter(ties.values())) for row, ties in self.ties(family)}
        targets = {tie.pattern for tie in found.values() if tie is not None}
        if not targets:
            return None, sympy.true
        if len(targets) > 1:
            raise _Refused("tie", "it has more than one target")
        cases = {row: tie is not None for row, tie in found.items()}
        return targets.pop(), self.condition("tie", cases)

    def ties(self, family: Family) -> Iterator[tuple[int, Mapping[tuple[int, ...], Tie | None]]]:
        for row, entries in family.seen.items():
            yield row, {indices: family.ties[row][indices] for indices in entries}


def without_extremes(expression: Expr) -> Expr:
    """The larger and the smaller of two as conditions, which is how formulas are kept.

    >>> from bertsym.symbols import H, V
    >>> without_extremes(sympy.Max(H, V) + 1)
    V + (H - V)*Iverson(H >= V) + 1
    """
    larger = expression.replace(sympy.Max, lambda *parts: reduce(partial(_either, sympy.Ge), parts))
    return larger.replace(sympy.Min, lambda *parts: reduce(partial(_either, sympy.Le), parts))


def _either(relation: type[Boolean], one: Expr, other: Expr) -> Expr:
    return other + (one - other) * Iverson(relation(one, other))


def _parts(entries: Mapping[tuple[int, ...], Entry]) -> dict[str, int]:
    """The numbers of one build that are to be fitted, by the names that refusals give them."""
    shape = next(iter(entries.values())).shape
    parts = {f"dimension {place}": side for place, side in enumerate(shape)}
    for place in range(len(next(iter(entries)))):
        run = sorted({indices[place] for indices in entries})
        parts |= {f"start of repeat {place}": run[0], f"end of repeat {place}": run[-1] + 1}
        if len(run) > 1:
            parts[f"step of repeat {place}"] = run[1] - run[0]
    return parts


def _gaps(family: Family) -> bool:
    """Whether some index is left out in some build."""
    return any(
        len(run) != run[-1] - run[0] + 1
        for entries in family.seen.values()
        for place in range(family.pattern.count("{}"))
        for run in [sorted({indices[place] for indices in entries})]
    )


def _without_dangling(tensors: list[Tensor], refused: list[Refusal]) -> Inferred:
    """Tensors tied to one that has no formula have none either."""
    gone = {refusal.tensor for refusal in refused}
    kept = []
    for tensor in tensors:
        if tensor.tied_to in gone:
            refused.append(Refusal(tensor.name, "tie", f"it is tied to {tensor.tied_to}, which has no formula"))
        else:
            kept.append(tensor)
    return Inferred(tuple(kept), tuple(refused))


def component_of(pattern: str) -> str:
    """The part of the model that a tensor belongs to: the block inside the last repeat, else the first block.

    >>> component_of("encoder.layer.{}.attention.self.query.weight"), component_of("embeddings.LayerNorm.bias")
    ('attention', 'embeddings')
    """
    words = pattern.split(".")
    if "{}" in words:
        inner = words[len(words) - words[::-1].index("{}") :]
        return inner[0] if inner else words[0]
    return words[0]
