"""From a name to a model: explore, sample, infer, try; every trial that fails becomes a sample and it begins again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from random import Random

import sympy
from sympy import Symbol

from bertsym.derive.defaults import definitions
from bertsym.derive.experts import with_experts
from bertsym.derive.explore import explore
from bertsym.derive.families import Sample
from bertsym.derive.infer import Inferred, Refusal, infer
from bertsym.derive.names import symbols
from bertsym.derive.paths import entry, list_of
from bertsym.derive.process import Builder, CannotDerive, Fields, Inventory, Number, Worker
from bertsym.derive.proof import chance, disagreement, miscounted
from bertsym.derive.proposal import Proposal
from bertsym.derive.rows import Lists, Pair
from bertsym.derive.settle import settle
from bertsym.derive.space import Axis, Space, places
from bertsym.derive.standing import suspects
from bertsym.sources.derived import Derived
from bertsym.symbols import BY_SYMBOL
from bertsym.values import replace, value

FEWEST_TRIALS = 12
PAIR = 2
SAMPLES = 16
EDGES = 8
BACKGROUNDS = 2
CANDIDATES = 6
COUNTED = 3
ROUNDS = 8
MOST_ROUNDS = 16
MOST_REFUSED = 30
RARE, FURTHER, MOST_RARE = 60, 24, 6

_NUMBER = re.compile(r"\b\d+\b")


@value
class Derivation:
    """A closed form and its evidence. `derived` covers every tensor but those that are refused."""

    derived: Derived
    refused: tuple[Refusal, ...]
    space: Space
    fields: Fields
    symbols: Mapping[str, Symbol]
    trials: int
    edges: int
    builds: int
    chance: Fraction
    seed: int
    rounded: bool

    @property
    def whole(self) -> bool:
        """Whether every tensor has a formula."""
        return not self.refused


def derive(
    target: str,
    sizes: Fields,
    *,
    trials: int = 16,
    seed: int = 0,
    seconds: float = 20.0,
    keep_names: bool = False,
) -> Derivation:
    """The closed form of a transformers model type or class, or of `package.module:callable` at those sizes.

    Runs the code, in another process. Raises `CannotDerive`.
    """
    with Worker(seconds) as worker:
        return derive_in(worker, target, sizes, trials=trials, seed=seed, keep_names=keep_names)


def derive_in(
    worker: Worker, target: str, sizes: Fields, *, trials: int = 16, seed: int = 0, keep_names: bool = False
) -> Derivation:
    """As `derive`, in a worker that has already imported what one target after another needs."""
    builder = Builder(worker, target, sizes)
    random = Random(seed)  # noqa: S311  # the seed is printed so that a run can be repeated
    space = settle(builder, explore(builder, random), random)

    def within(space: Space) -> Derivation:
        return _Deriver(builder, space, random, keep_names=keep_names).derivation(max(trials, FEWEST_TRIALS), seed)

    found = within(space)
    deep = _depths(found)
    if deep:
        # What layers are like may follow another rule in deeper stacks, and a rule that shows in these alone.
        found = within(found.space.deepened(deep))
    if found.whole or ":" in target:
        return found  # a size that somebody named is to be in the formula, or the tensor without one is to be told
    groups = suspects(found.space, found.fields, _causes(found))

    def standing(names: list[str]) -> Derivation | None:
        with suppress(CannotDerive):
            attempt = within(found.space.standing({name: found.fields[name] for name in names}))
            return attempt if attempt.whole else None
        return None

    # All together first: where that does not help, none of them alone will.
    together = standing([name for group in groups for name in group]) if groups else None
    alone = map(standing, groups) if together is not None and len(groups) == PAIR else iter(())
    return next(filter(None, alone), together) or found


def _depths(found: Derivation) -> list[str]:
    """The depths that may be why tensors have no formula, or that layers are counted off in, if they are few."""
    causes = _causes(found)
    loops = [loop for tensor in found.derived.tensors for loop in tensor.loops if not loop.plain]
    stepped = set().union(*(loop.stop.free_symbols for loop in loops))
    axes = [axis for axis in found.space.axes if axis.deep and axis.free and axis.unit == 1]
    most = max((causes[axis.name] for axis in axes), default=0)
    deep = [a.name for a in axes if found.symbols[a.name] in stepped or 0 < causes[a.name] == most]
    return deep if len(deep) <= PAIR else []


def _causes(found: Derivation) -> Counter[str]:
    """How many tensors without a formula each field may be the cause of."""
    times = Counter(symbol for refusal in found.refused for symbol in refusal.sizes)
    return Counter({axis.name: times[found.symbols[axis.name]] for axis in found.space.axes})


class _Deriver:
    """The space with a symbol for every field that varies in it."""

    def __init__(self, builder: Builder, space: Space, random: Random, *, keep_names: bool) -> None:
        self.builder, self.random, self.keep_names = builder, random, keep_names
        self.symbols = symbols(space, keep=keep_names)
        if all(axis.idle for axis in space.axes):
            raise CannotDerive(builder.target, "no size changes its tensors")
        self.space = replace(space, axes=tuple(self.raised(axis) for axis in space.axes))
        self.definitions = definitions(builder, self.space, self.symbols, random)
        self.pairs: list[Pair] = []
        self.proposals: list[Proposal] = []

    def raised(self, axis: Axis) -> Axis:
        """The axis from where its symbol begins."""
        if axis.switch or axis.ratio or axis.exact:
            return axis
        return replace(axis, low=max(axis.low, BY_SYMBOL[self.symbols[axis.name]].minimum))

    def derivation(self, trials: int, seed: int) -> Derivation:
        """Formulas that no trial refutes."""
        samples = [*self.paired(self.own()), *self.drawn(SAMPLES)]
        for rounds in range(1, ROUNDS + 1):
            inferred = infer(samples, self.pairs, self.active(), self.proposals, self.lists())
            if rounds == 1 and inferred.refused:
                samples += self.more(samples, inferred.refused)
                inferred = infer(samples, self.pairs, self.active(), self.proposals, self.lists())
            if not inferred.tensors:
                raise CannotDerive(self.builder.target, _none(inferred.refused))
            derived = self.derived(inferred)
            fresh = self.drawn(trials)
            refuting = self.refuting(derived, inferred, fresh)
            if not refuting:
                rounded = any(side.has(sympy.floor) for tensor in derived.tensors for side in tensor.shape)
                once = chance(derived.tensors, self.space, self.symbols, trials)
                likely = min(Fraction(1), rounds * once)
                builds = len(self.builder.found)
                return Derivation(
                    derived,
                    inferred.refused,
                    self.space,
                    self.builder.description.fields,
                    self.symbols,
                    trials,
                    len(fresh) - trials,
                    builds,
                    likely,
                    seed,
                    rounded,
                )
            samples += refuting
        raise CannotDerive(self.builder.target, f"each of {ROUNDS} sets of formulas was refuted by a further build")

    def own(self) -> list[Sample]:
        """What the code builds at its own sizes: its stacks are as deep there as nowhere else."""
        fields = self.builder.description.fields
        inventory = self.builder.build(fields)
        return [] if inventory is None else [self.sampled(fields, inventory)]

    def more(self, samples: Sequence[Sample], refused: Sequence[Refusal]) -> list[Sample]:
        """Further draws like those that have the tensors without a formula that were seen least."""
        fields = {symbol: name for name, symbol in self.symbols.items()}
        found: list[Sample] = []
        for refusal in refused[:MOST_RARE]:
            name = re.compile(re.escape(refusal.tensor).replace(r"\{\}", r"\d+"))
            having = [sample for sample in (*samples, *found) if any(map(name.fullmatch, sample.inventory))]
            if not 0 < len(having) < RARE:
                continue
            like = max(having, key=lambda sample: _shapes(name, sample)).sizes
            kept: dict[str, Number] = {fields[symbol]: at for symbol, at in like.items() if isinstance(at, bool)}
            kept |= {axis.name: like[self.symbols[axis.name]] for axis in self.space.axes if axis.deep}
            for _ in range(FURTHER):
                drawn = {**self.space.fields(self.space.steps(self.random)), **kept}
                inventory = self.builder.build(drawn)
                found += [self.sampled(drawn, inventory)] if inventory is not None else []
        return found

    def lists(self) -> Lists:
        """The lists that may say which layers are alike."""
        stages: dict[str, list[str]] = {}
        for axis in self.space.axes:
            if axis.deep and list_of(axis.name):
                stages.setdefault(list_of(axis.name), []).append(axis.name)
        found = (places(self.builder.description.fields), stages)
        ordered = ([sorted(names, key=entry) for names in some.values()] for some in found)
        known = ([names for names in some if set(names) <= set(self.symbols)] for some in ordered)
        return Lists(*([tuple(self.symbols[name] for name in names) for names in some] for some in known))

    def active(self) -> set[Symbol]:
        """The sizes that matter somewhere."""
        stirring = {pair.symbol for pair in self.pairs}
        return stirring | {self.symbols[axis.name] for axis in self.space.axes if not axis.idle}

    def derived(self, inferred: Inferred) -> Derived:
        """The formulas with what the code says of itself."""
        told = self.builder.description
        base = {symbol: told.fields[name] for name, symbol in self.symbols.items()}
        name = self.builder.target.rpartition(":")[2]
        empty = Derived(name, told.cls, told.source, {}, self.definitions, inferred.tensors)
        used = empty.model().symbols
        plain = replace(empty, base={symbol: found for symbol, found in base.items() if symbol in used})
        frozen = [one.name for one in self.space.frozen]
        return with_experts(plain, told.fields, self.symbols, frozen, keep_names=self.keep_names)

    def refuting(self, derived: Derived, inferred: Inferred, fresh: Sequence[Sample]) -> list[Sample]:
        """The fresh builds that the formulas get wrong."""
        without = [re.escape(refusal.tensor).replace(r"\{\}", r"\d+") for refusal in inferred.refused]
        ignored = re.compile("|".join(without) or "(?!)")
        wrong = [sample for sample in fresh if disagreement(derived.tensors, sample, ignored) is not None]
        if wrong or inferred.refused:
            return wrong
        model = derived.model()
        return [sample for sample in fresh[:COUNTED] if miscounted(model, sample)]

    def paired(self, samples: list[Sample]) -> list[Sample]:
        """Draws, and for every axis the draw with that axis changed: what changes with it depends on it."""
        self.pairs = []
        numbers = {axis.name: self.symbols[axis.name] for axis in self.space.axes if not axis.switch}
        for steps in self.backgrounds():
            background = self.sampled_at(steps)
            if background is None:
                continue
            proposal = self.builder.propose(self.space.fields(steps), numbers)
            self.proposals += [proposal] if proposal is not None else []
            here = len(samples)
            samples.append(background)
            for axis in self.stirring(steps, background):
                found = self.beside(axis, steps, background)
                if found is not None:
                    self.pairs.append(Pair(here, len(samples), self.symbols[axis.name]))
                    samples.append(found)
        return samples

    def stirring(self, steps: Mapping[str, int], background: Sample) -> Iterator[Axis]:
        """The axes that may matter here: those without effect only where together they have one."""
        idle = [axis for axis in self.space.axes if axis.idle]
        together = self.sampled_at({**steps, **{axis.name: axis.low + axis.choices - 1 for axis in idle}})
        calm = together is not None and together.inventory == background.inventory
        return (axis for axis in self.space.axes if not (axis.idle and calm))

    def backgrounds(self) -> Iterator[dict[str, int]]:
        """Accepted draws that show many kinds of tensors between them, the switches turned where that shows more."""
        candidates = []
        for _ in range(CANDIDATES):
            steps, _ = self.accepted(edge=False)
            steps |= {axis.name: max(steps[axis.name], 2) for axis in self.space.axes if axis.deep}
            found = self.sampled_at(steps)
            candidates += [(steps, self.kinds(found))] if found else []
        shown: set[str] = set()
        for _ in range(min(BACKGROUNDS, len(candidates))):
            steps, names = max(candidates, key=lambda candidate: len(candidate[1] - shown))
            candidates.remove((steps, names))
            shown |= names
            yield steps
            turned = {axis.name: steps[axis.name] + int(axis.switch) for axis in self.space.axes}
            found = self.sampled_at(turned)
            more = self.kinds(found) - shown if found is not None else set()
            if more:
                shown |= more
                yield turned

    def kinds(self, sample: Sample) -> set[str]:
        """The names of tensors, layers of one stack taken together."""
        return {_NUMBER.sub("#", name) for name in sample.inventory}

    def sampled_at(self, steps: Mapping[str, int]) -> Sample | None:
        fields = self.space.fields(steps)
        inventory = self.builder.build(fields)
        return None if inventory is None else self.sampled(fields, inventory)

    def beside(self, axis: Axis, steps: Mapping[str, int], background: Sample) -> Sample | None:
        """The draw with this axis changed, if some change is accepted and changes something."""
        most = axis.low + axis.choices - 1
        for other in (most,) if axis.idle else (self.random.randint(axis.low, most), most, most - 1):
            found = self.sampled_at({**steps, axis.name: other}) if other != steps[axis.name] else None
            if found is not None and found.inventory != background.inventory:
                return found
        return None

    def drawn(self, uniform: int) -> list[Sample]:
        """So many uniform draws, some at the edges, and some with sizes equal, so that every two that can be are."""
        samples = [self.accepted(edge=edge)[1] for edge in (*[False] * uniform, *[True] * EDGES)]
        for pairs in islice(self.space.rounds(), MOST_ROUNDS):
            fields = self.space.fields(self.space.equal(self.space.steps(self.random), pairs))
            inventory = self.builder.build(fields)
            if inventory is not None:
                samples.append(self.sampled(fields, inventory))
        return samples

    def sampled(self, fields: Fields, inventory: Inventory) -> Sample:
        """What was built, by symbol."""
        return Sample({symbol: fields[name] for name, symbol in self.symbols.items()}, inventory)

    def accepted(self, *, edge: bool) -> tuple[dict[str, int], Sample]:
        """A draw that the code accepts."""
        for _ in range(MOST_REFUSED):
            steps = self.space.steps(self.random, edge=edge)
            fields = self.space.fields(steps)
            inventory = self.builder.build(fields)
            if inventory is not None:
                return steps, self.sampled(fields, inventory)
        why = f", the last for {self.builder.raised}" if self.builder.raised else ""
        raise CannotDerive(self.builder.target, f"it refuses {MOST_REFUSED} draws of sizes in a row{why}")


def _shapes(name: re.Pattern[str], sample: Sample) -> int:
    """How many shapes the tensors of such a name have in a build."""
    return len({entry.shape for found, entry in sample.inventory.items() if name.fullmatch(found)})


def _none(refused: Sequence[Refusal]) -> str:
    first = refused[0]
    return f"none of its {len(refused)} tensors has a formula; {first.tensor}, {first.part}: {first.why}"
