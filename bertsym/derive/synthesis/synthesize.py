"""Inventories seen at many sizes to one inventory in symbols: repeats, shapes, existence and ties, tensor by tensor."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice, product

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.synthesis.layer_charts import charts
from bertsym.derive.synthesis.loop_ranges import Repeats, gapped, longest
from bertsym.derive.synthesis.name_templates import TensorTemplate, Tie, families
from bertsym.derive.synthesis.observations import NO_LISTS, Lists, NoFormula, ObservationTable
from bertsym.derive.synthesis.partition import alike
from bertsym.derive.synthesis.rerolling import folded
from bertsym.derive.synthesis.ties import alike_tied
from bertsym.derive.types import Candidate, Failure, Observation
from bertsym.layers import Role
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.tree import Loop, Tensor
from bertsym.values import replace

MOST_SPLITS = 40
MOST_SWITCHES = 3
MOST_CHARTS = 4


def synthesize(
    samples: Sequence[Observation],
    active: Collection[Symbol],
    proposals: Sequence[ConcolicTrace] = (),
    lists: Lists = NO_LISTS,
) -> Candidate:
    """The inventory that all samples agree on, in the order in which the code lists its tensors.

    A side that the code itself was seen to compute is taken where it gives what all samples have. The `lists` are those
    of the configuration that may say which layers are alike.
    """
    return _Inference(ObservationTable(samples, active, proposals, lists)).inferred()


class _Inference:
    """The families of the samples, tensor by tensor."""

    def __init__(self, rows: ObservationTable) -> None:
        self.rows, self.samples = rows, rows.samples
        self.repeats = Repeats(rows)
        self.owned: dict[str, list[TensorTemplate]] = {}
        self.splits = MOST_SPLITS

    def inferred(self) -> Candidate:
        tensors: list[Tensor] = []
        refused: list[Failure] = []
        # Families whose indices follow one another say where a stack ends; those that leave indices out need to know.
        found = self.repeats.families = families(self.samples)
        for family in found:
            self.owned.setdefault(family.pattern.rpartition(".")[0], []).append(family)
        order = sorted(found, key=lambda family: (gapped(family), not family.uniform, -longest(family)))
        made: dict[str, list[Tensor] | Failure] = {}
        for family in order:
            made[family.pattern] = self.cut(family, found)
        for family in found:
            result = made[family.pattern]
            if isinstance(result, Failure):
                refused.append(result)
            else:
                tensors += result
        return _without_dangling(list(alike_tied(tensors, self.samples, self.rows.at, refused)), refused)

    def cut(self, family: TensorTemplate, others: Sequence[TensorTemplate]) -> list[Tensor] | Failure:
        """The tensors of a family, in the first of the ways to cut it in which all parts have a formula."""
        first: NoFormula | None = None
        if not family.uniform:
            # Where the stack ends is seen of all its layers, whatever each is like.
            self.rows.turn_to(family, ())
            with suppress(NoFormula):
                self.repeats.loops(family)
        for parts in alike(family, list(self.rows.marks())):
            try:
                return [tensor for part in parts for tensor in self.cases(part)]
            except NoFormula as refusal:
                first = first or refusal
        assert first is not None  # noqa: S101  # there is one way at least
        return Failure(family.pattern, first.part, first.why, self.causes(family, first.part, others))

    def causes(self, family: TensorTemplate, part: str, others: Sequence[TensorTemplate]) -> frozenset[Symbol]:
        """The sizes that may be why a part has no formula: of a place in a stack those that move any place in it."""
        if part.startswith("dimension"):
            return frozenset(self.rows.reshaping(family))
        stack = family.pattern.partition("{}")[0]
        beside = [other for other in others if stack != family.pattern and other.pattern.startswith(stack + "{}")]
        numbers = (s for other in beside for s in self.rows.renaming(other) if BY_SYMBOL[s].kind is not Kind.SWITCH)
        return frozenset(self.rows.renaming(family)).union(numbers)

    def cases(self, family: TensorTemplate) -> list[Tensor]:
        """The tensor, or one for each case where one formula does not do."""
        try:
            return self.sided(family)
        except NoFormula as refusal:
            for parts in chain(self.placed(family), self.valued(family)):
                with suppress(NoFormula):
                    return [tensor for part in parts for tensor in self.sided(part)]
            raise refusal from None

    def sided(self, family: TensorTemplate) -> list[Tensor]:
        """The tensor, or one for each side of a condition."""
        self.rows.turn_to(family, self.beside(family))
        try:
            return [self.tensor(family)]
        except NoFormula as refusal:
            for parts in self.parted(family):
                with suppress(NoFormula):
                    return [self.tensor(part, given) for given, part in parts]
            raise refusal from None

    def valued(self, family: TensorTemplate) -> Iterator[list[TensorTemplate]]:
        """Ways to part the builds by the few values of a size."""
        self.rows.turn_to(family, self.beside(family))
        for at in self.rows.few(family):
            yield [family.only(lambda row, _, at=at, one=one: at[row] == one) for one in dict.fromkeys(at.values())]  # type: ignore[misc]

    def beside(self, family: TensorTemplate) -> list[TensorTemplate]:
        """The families of the same module."""
        return self.owned.get(family.pattern.rpartition(".")[0], [])

    def placed(self, family: TensorTemplate) -> Iterator[list[TensorTemplate]]:
        """Ways to part it by places in a stack."""
        for place in range(family.pattern.count("{}")):
            runs = {row: {i[place] for i in entries} for row, entries in family.seen.items()}
            depths = self.repeats.depths(family, place)
            if depths is None or any(max(run) >= depths[row] for row, run in runs.items()):
                continue
            for chart, names in islice(charts(runs, depths), MOST_CHARTS):
                yield [
                    family.only(
                        lambda row, i, wanted=wanted, label=chart.label, names=names, place=place, deep=depths: (  # type: ignore[misc]
                            names[label(i[place], deep[row])] == wanted
                        )
                    )
                    for wanted in dict.fromkeys(names.values())
                ]

    def parted(self, family: TensorTemplate) -> Iterator[list[tuple[Boolean, TensorTemplate]]]:
        """Ways to part the builds: by the switches that matter to the tensor, one or all, then by other conditions."""
        mattering = set().union(*self.rows.relevant.values())
        switches = sorted((s for s in mattering if BY_SYMBOL[s].kind is Kind.SWITCH), key=str)
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
        explained = [told for told in self.rows.explained(family) if len(set(told.values())) > 1]
        simpler = (found for told in explained for found in self.within(told))
        for told in chain(simpler, explained, self.sides(family)):
            halves = [family.only(lambda row, _, told=told, side=side: told[row] is side) for side in (True, False)]  # type: ignore[misc]
            yield [(sympy.true, half) for half in halves]

    def within(self, told: Mapping[int, bool]) -> Iterator[dict[int, bool]]:
        """Yield the condition that holds in most of these rows and in no others, if there is one.

        Where a width is 0, what the code made of one side of a branch is what it makes of the other side as well.
        """
        mattering = set().union(*self.rows.relevant.values())
        wanted = sum(1 << row for row, holds in told.items() if holds)
        asked = sum(1 << row for row in told)
        fitting = [
            bits for bits in self.rows.conditions.ways(mattering, told) if bits & asked and not bits & asked & ~wanted
        ]
        best = max(fitting, key=lambda bits: (bits & asked).bit_count(), default=0)
        if best:
            yield {row: bool(best >> row & 1) for row in told}

    def sides(self, family: TensorTemplate) -> Iterator[dict[int, bool]]:
        """Ways to part the builds by a condition, each once."""
        rows = list(family.seen)
        known = set()
        mattering = set().union(*self.rows.relevant.values(), self.rows.renaming(family))
        for bits in self.rows.conditions.ways(mattering, rows):
            if self.splits <= 0:
                return
            told = {row: bool(bits >> row & 1) for row in rows}
            key = tuple(told.values())
            if len(set(key)) == 2 and key not in known:
                self.splits -= 1
                known.add(key)
                known.add(tuple(not side for side in key))
                yield told

    def tensor(self, family: TensorTemplate, given: Boolean = sympy.true) -> Tensor:
        """The one formula of a family; `given` holds wherever it was seen."""
        if not family.uniform:
            raise NoFormula("shape", "it differs from index to index, by no rule that was tried")
        rows = list(family.seen)
        one = {row: next(iter(entries.values())) for row, entries in family.seen.items()}
        loops = self.repeats.loops(family)
        shape = self.shape(rows, [one[row].shape for row in rows])
        tied_to, tied_when = self.tie(family)
        roles = [entry.role for entry in one.values()]
        role = Role(max(roles, key=roles.count))
        when = self.existence(family, loops, given)
        component = component_of(family.pattern)
        return Tensor(
            family.pattern, shape, role, "", component, loops, when=when, tied_to=tied_to, tied_when=tied_when
        )

    def shape(self, rows: Sequence[int], shapes: Sequence[tuple[int, ...]]) -> tuple[Expr, ...]:
        if len(set(map(len, shapes))) > 1:
            raise NoFormula("shape", "its number of dimensions changes")
        sides = enumerate(zip(*shapes, strict=True))
        return tuple(self.rows.side(place, rows, column) for place, column in sides)

    def existence(self, family: TensorTemplate, loops: tuple[Loop, ...], given: Boolean) -> Boolean:
        """The condition under which the tensor exists, beside its loops being run at all."""
        cases = {}
        begun = [sympy.Lt(loop.start, loop.stop) for loop in loops if not (loop.plain or loop.listed)]
        short = set()
        fitting = self.rows.conditions.rows(given)
        for row in range(len(self.samples)):
            try:
                counts = [self.rows.at[row].number(loop.times) for loop in loops]
            except ZeroDivisionError:
                raise NoFormula("repeat", "its step can be 0") from None
            below = any(count < 0 for count in counts)
            if below:
                short.add(row)
            if below or all(count > 0 for count in counts):
                cases[row] = row in family.seen
            elif row in family.seen:
                raise NoFormula("repeat", "it is there where its range is empty")
        within = {row: there for row, there in cases.items() if row in fitting}
        changing = self.rows.renaming(family)
        beside = None
        if short and begun:
            longer = {row: there for row, there in within.items() if row not in short}
            with suppress(NoFormula):
                beside = self.rows.condition("existence", longer, changing)
        if beside == sympy.true:
            return sympy.And(given, *begun)
        try:
            return sympy.And(given, self.rows.condition("existence", within, changing))
        except NoFormula:
            if beside is None:
                raise
            return sympy.And(given, *begun, beside)

    def tie(self, family: TensorTemplate) -> tuple[str | None, Boolean]:
        """The tensor it is tied to, if it ever is, and when."""
        found: dict[int, Tie | None] = {row: next(iter(ties.values())) for row, ties in self.ties(family)}
        targets = {tie.pattern for tie in found.values() if tie is not None}
        if not targets:
            return None, sympy.true
        if len(targets) > 1:
            raise NoFormula("tie", "it has more than one target")
        cases = {row: tie is not None for row, tie in found.items()}
        return targets.pop(), self.rows.condition("tie", cases)

    def ties(self, family: TensorTemplate) -> Iterator[tuple[int, Mapping[tuple[int, ...], Tie | None]]]:
        for row, entries in family.seen.items():
            yield row, {indices: family.ties[row][indices] for indices in entries}


def _without_dangling(tensors: list[Tensor], refused: list[Failure]) -> Candidate:
    """Tensors tied to one that has no formula have none either."""
    gone = {refusal.tensor for refusal in refused}
    kept = []
    for tensor in tensors:
        if tensor.tied_to in gone:
            refused.append(Failure(tensor.name, "tie", f"it is tied to {tensor.tied_to}, which has no formula"))
        else:
            kept.append(tensor)
    named = (replace(tensor, component=component_of(tensor.name)) for tensor in folded(kept))
    return Candidate(tuple(named), tuple(refused))


def component_of(pattern: str) -> str:
    """The part of the model that a tensor belongs to: the block inside the last repeat, else the first block.

    Blocks that are numbered there are the ones that count.

    >>> component_of("encoder.layer.{}.attention.self.query.weight"), component_of("embeddings.LayerNorm.bias")
    ('attention', 'embeddings')
    >>> component_of("encoder.block.{}.layer.0.SelfAttention.q.weight")
    'SelfAttention'
    """
    words = pattern.split(".")
    if "{}" in words:
        inner = words[len(words) - words[::-1].index("{}") :]
        while len(inner) > 3 and inner[1].isdigit():
            inner = inner[2:]
        return _bare(inner[0] if inner else words[0])
    return _bare(words[0])


def _bare(word: str) -> str:
    """A word without its index and what no component is called."""
    return re.sub(r"[^\w.-]", "", word.replace("{}", ""), flags=re.ASCII).strip("_") or "tensors"
