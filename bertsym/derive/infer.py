"""Inventories seen at many sizes to one inventory in symbols: repeats, shapes, existence and ties, tensor by tensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import evaluate
from bertsym.derive.fit import Fitter
from bertsym.derive.process import Entry, Inventory
from bertsym.layers import Role
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.tree import Loop, Tensor
from bertsym.values import value

Sizes = Mapping[Symbol, int | bool]
Indices = tuple[int, ...]


@value
class Sample:
    """What the code builds at some sizes."""

    sizes: Sizes
    inventory: Inventory


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


class _Refused(Exception):
    """Why one tensor has no formula."""

    def __init__(self, part: str, why: str) -> None:
        super().__init__(part, why)
        self.part, self.why = part, why


@value
class Family:
    """The tensors of one pattern of names: for each sample that has any, which indices, and one of the entries."""

    pattern: str
    seen: Mapping[int, Mapping[Indices, Entry]]


def infer(samples: Sequence[Sample]) -> Inferred:
    """The inventory that all samples agree on, in the order in which the code lists its tensors."""
    return _Inference(samples).inferred()


def patterns(samples: Sequence[Sample]) -> dict[str, tuple[str, Indices]]:
    """Every name with its pattern and indices: a number is an index where its range changes and no switch did it."""
    names = dict.fromkeys(name for sample in samples for name in sample.inventory)
    ranges: dict[tuple[str, frozenset[tuple[Symbol, bool]]], set[frozenset[str]]] = {}
    for sample in samples:
        switches = frozenset((s, on) for s, on in sample.sizes.items() if isinstance(on, bool))
        children: dict[tuple[str, str], set[str]] = {}
        for name in sample.inventory:
            for stem, parent, index in _numbered(name):
                children.setdefault((stem, parent), set()).add(index)
        for (stem, _), found in children.items():
            ranges.setdefault((stem, switches), set()).add(frozenset(found))
    repeated = {stem for (stem, _), found in ranges.items() if len(found) > 1}
    return {name: _pattern(name, repeated) for name in names}


def _numbered(name: str) -> Iterator[tuple[str, str, str]]:
    """Each number in a name: what stands before it with numbers blanked, with numbers kept, and the number."""
    words = name.split(".")
    for place, word in enumerate(words):
        if word.isdecimal():
            blanked = ".".join("#" if w.isdecimal() else w for w in words[:place])
            yield blanked, ".".join(words[:place]), word


def _pattern(name: str, repeated: set[str]) -> tuple[str, Indices]:
    stems = {parent: stem for stem, parent, _ in _numbered(name)}
    words = name.split(".")
    shown, indices = [], []
    for place, word in enumerate(words):
        if word.isdecimal() and stems[".".join(words[:place])] in repeated:
            shown.append("{}")
            indices.append(int(word))
        else:
            shown.append(word)
    return ".".join(shown), tuple(indices)


class _Inference:
    """The samples as one table, and what is fitted to it."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples
        self.placed = patterns(samples)
        symbols = list(samples[0].sizes)
        self.switches = [s for s in symbols if BY_SYMBOL[s].kind is Kind.SWITCH]
        self.numbers = [s for s in symbols if s not in self.switches]
        table = [{s: int(sample.sizes[s]) for s in self.numbers} for sample in samples]
        self.fitter = Fitter(table, self.numbers)

    def inferred(self) -> Inferred:
        tensors, refused = [], []
        for family in self.families():
            try:
                tensors.append(self.tensor(family))
            except _Refused as refusal:
                refused.append(Refusal(family.pattern, refusal.part, refusal.why))
        names = {tensor.name for tensor in tensors}
        for tensor in [t for t in tensors if t.tied_to is not None and t.tied_to not in names]:
            tensors.remove(tensor)
            refused.append(Refusal(tensor.name, "tie", f"it is tied to {tensor.tied_to}, which has no formula"))
        return Inferred(tuple(tensors), tuple(refused))

    def families(self) -> list[Family]:
        found: dict[str, dict[int, dict[Indices, Entry]]] = {}
        for place, sample in enumerate(self.samples):
            for name, entry in sample.inventory.items():
                pattern, indices = self.placed[name]
                found.setdefault(pattern, {}).setdefault(place, {})[indices] = entry
        return [Family(pattern, seen) for pattern, seen in found.items()]

    def tensor(self, family: Family) -> Tensor:
        rows = list(family.seen)
        one = {row: next(iter(entries.values())) for row, entries in family.seen.items()}
        for row, entries in family.seen.items():
            if any(entry.shape != one[row].shape for entry in entries.values()):
                raise _Refused("shape", "it differs from index to index")
        roles = [entry.role for entry in one.values()]
        loops = self.loops(family)
        shape = self.shape(rows, [one[row].shape for row in rows])
        tied_to, tied_when = self.tie(family)
        role = Role(max(roles, key=roles.count))
        when = self.existence(family, loops)
        component = component_of(family.pattern)
        return Tensor(
            family.pattern, shape, role, "", component, loops, when=when, tied_to=tied_to, tied_when=tied_when
        )

    def fitted(self, part: str, rows: Sequence[int], numbers: Sequence[int]) -> Expr:
        found = self.fitter.fit(rows, numbers)
        if found is None:
            raise _Refused(part, f"no formula gives what {len(rows)} builds have, such as {numbers[0]}")
        return found

    def shape(self, rows: Sequence[int], shapes: Sequence[tuple[int, ...]]) -> tuple[Expr, ...]:
        if len(set(map(len, shapes))) > 1:
            raise _Refused("shape", "its number of dimensions changes")
        sides = enumerate(zip(*shapes, strict=True))
        return tuple(self.fitted(f"dimension {place}", rows, column) for place, column in sides)

    def loops(self, family: Family) -> tuple[Loop, ...]:
        rows = list(family.seen)
        loops = []
        for place in range(family.pattern.split(".").count("{}")):
            runs = [sorted({indices[place] for indices in family.seen[row]}) for row in rows]
            if any(run != list(range(run[0], run[-1] + 1)) for run in runs):
                raise _Refused(f"repeat {place}", "its indices have gaps")
            start = self.fitted(f"start of repeat {place}", rows, [run[0] for run in runs])
            stop = self.fitted(f"end of repeat {place}", rows, [run[-1] + 1 for run in runs])
            loops.append(Loop(start, stop))
        for row in rows:
            ranges = (sorted({indices[p] for indices in family.seen[row]}) for p in range(len(loops)))
            if len(family.seen[row]) != len(list(product(*ranges))):
                raise _Refused("repeat", "it is not there for every combination of indices")
        return tuple(loops)

    def existence(self, family: Family, loops: tuple[Loop, ...]) -> Boolean:
        """The condition under which the tensor exists, beside its loops being run at all."""
        there = []
        for place, sample in enumerate(self.samples):
            numbers = {s: sample.sizes[s] for s in self.numbers}
            counts = [evaluate(loop.times, numbers) for loop in loops]
            if all(count > 0 for count in counts):
                there.append((sample, place in family.seen))
            elif place in family.seen:
                raise _Refused("repeat", "it is there where its range is empty")
        return self.condition("existence", there)

    def condition(self, part: str, cases: Sequence[tuple[Sample, bool]]) -> Boolean:
        """The simplest condition that tells the cases apart."""
        if all(holds for _, holds in cases):
            return sympy.true
        for condition in self.conditions():
            if all(_holds(condition, sample.sizes) is holds for sample, holds in cases):
                return condition
        raise _Refused(part, "no simple condition tells when")

    def conditions(self) -> Iterator[Boolean]:
        simple = [literal for switch in self.switches for literal in (switch, sympy.Not(switch))]
        yield from simple
        for first, second in product(simple, simple):
            yield sympy.And(first, second)
        for symbol in self.numbers:
            for limit in (0, 1, 2, 3):
                yield sympy.Gt(symbol, limit)
                yield sympy.Le(symbol, limit)
        for first, second in product(self.numbers, self.numbers):
            if first is not second:
                yield from (sympy.Ne(first, second), sympy.Eq(first, second), sympy.Gt(first, second))

    def tie(self, family: Family) -> tuple[str | None, Boolean]:
        """The tensor it is tied to, if it ever is, and when."""
        targets, cases = set(), []
        for row, entries in family.seen.items():
            firsts = {indices: self.placed[entry.first] for indices, entry in entries.items()}
            others = {first for indices, first in firsts.items() if first != (family.pattern, indices)}
            cases.append((self.samples[row], bool(others)))
            if others and len(others) < len(set(firsts.values())):
                raise _Refused("tie", "it holds for some indices only")
            targets |= others
        if not targets:
            return None, sympy.true
        if len(targets) > 1 or next(iter(targets))[1]:
            raise _Refused("tie", "ties between repeated tensors are not covered")
        return next(iter(targets))[0], self.condition("tie", cases)


def _holds(condition: Boolean, sizes: Sizes) -> bool:
    values = {s: sympy.S(v) if isinstance(v, bool) else sympy.Integer(v) for s, v in sizes.items()}
    return bool(condition.xreplace(values) == sympy.true)


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
