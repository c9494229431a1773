"""Draws from the legal space, built: uniform, at its edges, small, with sizes equal, deep, in pairs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from random import Random

from sympy import Symbol

from bertsym.derive.concolic.path_conditions import boundaries
from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.sampling.boundary import aimed, inside
from bertsym.derive.sampling.equality_patterns import Group, coinciding, groupings
from bertsym.derive.sampling.strategies import doubting
from bertsym.derive.types import CannotDerive, Failure, Fields, Inventory, Number, Observation
from bertsym.tree import Tensor
from bertsym.values import replace

EDGES = 8
SMALL = 8
BACKGROUNDS = 2
CANDIDATES = 6
GROUPINGS = 24
MOST_REFUSED = 30
MOST_TALL = 4
MOST_REMEMBERED = 16
PAIR = 2
AS_DEEP, LESS = 2, 2
TINY, INSIDE, DOUBTED = 24, 160, 600
MOST_ENTRIES, MOST_OWN_ENTRIES = 5_000, 24_000  # code of one's own is smaller, and nobody else has tried it
RARE, FURTHER, MOST_RARE = 60, 24, 6

_NUMBER = re.compile(r"\b\d+\b")


class Sampler:
    """What the code builds at sizes from the space; `changed` are the sizes that were changed alone."""

    def __init__(self, oracle: BuildOracle, space: Space, symbols: Mapping[str, Symbol], random: Random) -> None:
        self.oracle, self.space, self.symbols, self.random = oracle, space, symbols, random
        self.changed: set[Symbol] = set()
        self.proposals: list[ConcolicTrace] = []
        self.turned: list[tuple[list[Group], dict[str, int]]] = []
        self.first = next(reversed(list(oracle.accepted())), oracle.description.fields)
        own = {
            axis.name: axis.default_steps_outside_range(oracle.description.fields)
            for axis in space.axes
            if axis.is_depth
        }
        self.tall = {name: steps for name, steps in own.items() if steps is not None}

    def deepen(self, names: Collection[str]) -> None:
        """Draw these depths from more values from now on."""
        self.space = self.space.with_extended_depths(names)
        self.turned = []

    def sampled(self, fields: Fields, inventory: Inventory) -> Observation:
        """What was built, by symbol."""
        return Observation({symbol: fields[name] for name, symbol in self.symbols.items()}, inventory)

    def sampled_at(self, steps: Mapping[str, int]) -> Observation | None:
        """What was built after so many steps, if the code accepts that."""
        return next(self.built(self.space.fields(steps)), None)

    def prefetch(self, many: Iterable[Mapping[str, int]]) -> None:
        """Have built what will be asked for, so many at a time as there is room for."""
        self.oracle.prefetch(map(self.space.fields, many))

    def deep(self) -> list[Observation]:
        """What the code builds at its own sizes, and with each of few depths a little less, which is paired with it."""
        fields = self.oracle.description.fields
        samples = list(self.built(fields))
        tall = [axis for axis in self.space.axes if axis.name in self.tall]
        for axis in tall if samples and len(tall) <= MOST_TALL else ():
            for found in self.built({**fields, axis.name: fields[axis.name] - 1}):
                samples.append(self.changed_alone(samples[0], found, axis))
        return samples

    def built(self, fields: Fields) -> Iterator[Observation]:
        """What the code builds, if it does."""
        inventory = self.oracle.build(fields)
        if inventory is not None:
            yield self.sampled(fields, inventory)

    def accepted(self, *, edge: bool = False, depth: int = 0) -> tuple[dict[str, int], Observation]:
        """A draw that the code accepts, its stacks at least so deep."""
        for _ in range(MOST_REFUSED):
            steps = self.space.sample(self.random, edge=edge)
            steps |= {axis.name: max(steps[axis.name], depth) for axis in self.space.axes if axis.is_depth}
            fields = self.space.fields(steps)
            inventory = self.oracle.build(fields)
            if inventory is not None:
                return steps, self.sampled(fields, inventory)
        rejection = self.oracle.rejection(fields)
        why = f", the last for {rejection.reason}" if rejection is not None else ""
        raise CannotDerive(self.oracle.target, f"it refuses {MOST_REFUSED} draws of sizes in a row{why}")

    def remembered(self) -> list[Observation]:
        """The last of what was built before at sizes from the space, as when it was settled."""
        fitting = (fields for fields in self.oracle.accepted() if self.space.contains(fields))
        return list(chain(*(self.built(fields) for fields in islice(fitting, MOST_REMEMBERED))))

    def drawn(self, uniform: int, edges: int = EDGES) -> list[Observation]:
        """So many uniform draws, some at edges, small, near the code's own, with sizes equal, or deep."""
        first = [self.space.sample(self.random, edge=edge) for edge in (*[False] * uniform, *[True] * edges)]
        further = [
            draw(self.random)
            for draw in (self.space.sample_small, self.space.sample_near_default)
            for _ in range(SMALL)
        ]
        further += [self.space.sample_with_ties(self.random) for _ in range(self.room(TINY))]
        further += self.equalled()
        for _ in range(AS_DEEP if self.tall else 0):
            less = {name: max(own - self.random.randint(0, LESS), 1) for name, own in self.tall.items()}
            further.append(self.space.sample(self.random) | less)
        self.prefetch(first + further)
        samples = [self.sampled_at(steps) or self.accepted(edge=n >= uniform)[1] for n, steps in enumerate(first)]
        samples += filter(None, map(self.sampled_at, further))
        return samples

    def equalled(self) -> Iterator[dict[str, int]]:
        """Draws in which sizes are equal, in other groups each time.

        Every other time they are those of the time before with the switches turned and all else small, for what is
        left out where two sizes are equal may be there with a switch on, or with a stride above 1.
        """
        turned, self.turned = self.turned, []
        for groups, switches in turned:
            yield coinciding(self.space, self.space.sample_small(self.random) | switches, groups)
        for groups in islice(groupings(self.space, self.random), 0 if turned else GROUPINGS):
            steps = coinciding(self.space, self.space.sample(self.random, edge=True), groups)
            self.turned.append(
                (groups, {axis.name: 1 - steps[axis.name] for axis in self.space.axes if axis.is_switch})
            )
            yield steps

    def room(self, most: int) -> int:
        """Return how many more builds are worth their time: fewer of a module of many tensors."""
        entries = MOST_OWN_ENTRIES if ":" in self.oracle.target else MOST_ENTRIES
        return min(most, entries // len(self.oracle.build(self.first) or (0,)))

    def doubted(self) -> list[Observation]:
        """Build what an adversary draws, as far as the code accepts it."""
        many = list(doubting(self.space, self.random, self.room(DOUBTED)))
        self.prefetch(many)
        return list(filter(None, map(self.sampled_at, many)))

    def changed_alone(self, background: Observation, found: Observation, axis: FieldDomain) -> Observation:
        """Return the observation as one that differs from the background in this size alone."""
        symbol = self.symbols[axis.name]
        self.changed.add(symbol)
        return replace(found, changed_from=background, changed=symbol)

    def isolated(self, sample: Observation, known: list[Observation]) -> None:
        """Append a build to those known, and it with one size changed at a time, paired: all that matters there."""
        fields = {name: sample.sizes[symbol] for name, symbol in self.symbols.items()}
        steps = {
            axis.name: count
            for axis in self.space.axes
            if (count := axis.steps_of({**self.space.base, **fields})) is not None
        }
        background = Observation(sample.sizes, sample.inventory)
        known.append(background)
        for axis in self.space.axes:
            if axis.is_determined or axis.name not in steps:
                continue
            found = self.beside(sample, ({**steps, axis.name: other} for other in self.around(axis, steps[axis.name])))
            if found is not None:
                known.append(self.changed_alone(background, found, axis))

    def rare(self, samples: Sequence[Observation], refused: Sequence[Failure]) -> list[Observation]:
        """Return small builds that have a tensor without a formula, or that lack it, whichever is rarer."""
        found: dict[int, Observation] = {}
        for refusal in refused[:MOST_RARE]:
            name = re.compile(re.escape(refusal.tensor).replace(r"\{\}", r"\d+"))
            having = [any(name.fullmatch(found) for found in sample.inventory) for sample in samples]
            seldom = 2 * sum(having) <= len(having)
            alike = [sample for sample, has in zip(samples, having, strict=True) if has is seldom]
            small = sorted(alike, key=lambda sample: sum(int(number) for number in sample.sizes.values()))
            found |= {id(sample): sample for sample in small[:BACKGROUNDS]}
        return list(found.values())

    def around(self, axis: FieldDomain, steps: int) -> Iterator[int]:
        """Other numbers of steps along an axis, near by, at its end and further up."""
        if axis.is_listed:
            yield from (other for other in range(len(axis.options)) if other != steps)
            return
        near = (steps + 1, steps - 1, axis.min_steps, steps + 2, 2 * steps + 1, axis.sample(self.random))
        yield from dict.fromkeys(other for other in near if other >= axis.min_steps and other != steps)

    def aimed(self, tensors: Sequence[Tensor] = (), most: int | None = None) -> list[Observation]:
        """What the code builds on either side of what it was seen to compare, and of what these formulas say."""
        compared = boundaries(self.proposals)
        many = list(islice(aimed(tensors, self.space, self.symbols, self.random, compared), most))
        many += islice(inside(tensors, self.space, self.symbols, self.random), self.room(INSIDE))
        self.prefetch(many)
        return list(filter(None, map(self.sampled_at, many)))

    def paired(self) -> list[Observation]:
        """Draws, and for every axis the draw with that axis changed: what changes with it depends on it."""
        samples = self.deep()
        self.propose({})  # the base has all its stages
        candidates = [self.accepted(depth=PAIR) for _ in range(CANDIDATES)]
        for steps in self.backgrounds(candidates):
            background = self.sampled_at(steps)
            if background is None:
                continue
            self.propose(steps)
            samples.append(background)
            others = {axis: list(self.others(axis, steps)) for axis in self.stirring(steps, background)}
            self.prefetch({**steps, axis.name: tried[0]} for axis, tried in others.items() if tried)
            for axis, tried in others.items():
                found = self.beside(background, ({**steps, axis.name: other} for other in tried))
                if found is not None:
                    samples.append(self.changed_alone(background, found, axis))
        return [*samples, *(found for _, found in candidates)]

    def propose(self, steps: Mapping[str, int]) -> None:
        """Take up what one run with symbols in it says, if it comes to an end."""
        numbers = {axis.name: self.symbols[axis.name] for axis in self.space.axes if not axis.is_switch}
        proposal = self.oracle.trace(self.space.fields(steps), numbers)
        self.proposals += [proposal] if proposal is not None else []

    def stirring(self, steps: Mapping[str, int], background: Observation) -> Iterator[FieldDomain]:
        """The axes that may matter here: those without effect only where together they have one."""
        yield from (axis for axis in self.space.axes if not axis.no_effect)
        yield from self.moving([axis for axis in self.space.axes if axis.no_effect], steps, background)

    def moving(
        self, idle: Sequence[FieldDomain], steps: Mapping[str, int], background: Observation
    ) -> Iterator[FieldDomain]:
        """Those of the axes that do not, as large as they go together, leave the background as it is."""
        found = self.sampled_at({**steps, **{axis.name: axis.max_steps for axis in idle}}) if idle else background
        if found is not None and found.inventory == background.inventory:
            return
        if len(idle) == 1:
            yield idle[0]
            return
        half = len(idle) // 2
        self.prefetch({**steps, **{axis.name: axis.max_steps for axis in part}} for part in (idle[:half], idle[half:]))
        yield from self.moving(idle[:half], steps, background)
        yield from self.moving(idle[half:], steps, background)

    def backgrounds(self, candidates: list[tuple[dict[str, int], Observation]]) -> Iterator[dict[str, int]]:
        """Those taken from the draws that show the most kinds of tensors, the switches turned where that shows more."""
        shown: set[str] = set()
        for _ in range(BACKGROUNDS):
            best = max(candidates, key=lambda candidate: len(self.kinds(candidate[1]) - shown))
            candidates.remove(best)
            steps, found = best
            shown |= self.kinds(found)
            yield steps
            turned = {axis.name: steps[axis.name] + int(axis.is_switch) for axis in self.space.axes}
            other = self.sampled_at(turned)
            more = self.kinds(other) - shown if other is not None else set()
            if more:
                shown |= more
                yield turned

    def kinds(self, sample: Observation) -> set[str]:
        """The names of tensors, layers of one stack taken together."""
        return {_NUMBER.sub("#", name) for name in sample.inventory}

    def others(self, axis: FieldDomain, steps: Mapping[str, int]) -> Iterator[int]:
        """Other numbers of steps along an axis that are to be tried."""
        most = axis.max_steps
        tried = (most,) if axis.no_effect else (axis.sample(self.random), most, most - 1)
        return (other for other in tried if other != steps[axis.name])

    def beside(self, background: Observation, many: Iterable[Mapping[str, int]]) -> Observation | None:
        """The first of these draws that is accepted and shows something else."""
        samples = (self.sampled_at(steps) for steps in many)
        return next((found for found in samples if found is not None and found.inventory != background.inventory), None)

    def active(self) -> set[Symbol]:
        """The sizes that matter somewhere."""
        stirring = self.changed
        return stirring | {self.symbols[axis.name] for axis in self.space.axes if not axis.no_effect}

    def further(self, samples: Sequence[Observation], refused: Sequence[Failure]) -> list[Observation]:
        """Further draws like those that have the tensors without a formula that were seen least."""
        fields = {symbol: name for name, symbol in self.symbols.items()}
        found: list[Observation] = []
        for refusal in refused[:MOST_RARE]:
            name = re.compile(re.escape(refusal.tensor).replace(r"\{\}", r"\d+"))
            having = [sample for sample in (*samples, *found) if any(map(name.fullmatch, sample.inventory))]
            if not 0 < len(having) < RARE:
                continue
            like = max(having, key=lambda sample: _shapes(name, sample)).sizes
            kept: dict[str, Number] = {fields[symbol]: at for symbol, at in like.items() if isinstance(at, bool)}
            kept |= {axis.name: like[self.symbols[axis.name]] for axis in self.space.axes if axis.is_depth}
            for _ in range(FURTHER):
                found += self.built({**self.space.fields(self.space.sample(self.random)), **kept})
        return found


def _shapes(name: re.Pattern[str], sample: Observation) -> int:
    """How many shapes the tensors of such a name have in a build."""
    return len({entry.shape for found, entry in sample.inventory.items() if name.fullmatch(found)})
