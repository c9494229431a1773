"""Formulas in a space: sample, infer, try; every trial that fails becomes a sample and it begins again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import islice
from random import Random

import sympy
from sympy import Expr, Symbol

from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.field_path import ascending_lists, list_index, list_path
from bertsym.derive.domain.space import Space
from bertsym.derive.domain.symbol_names import symbols
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.sampling.depth_policy import ruling
from bertsym.derive.sampling.sampler import Sampler
from bertsym.derive.synthesis.definitions import Defaults
from bertsym.derive.synthesis.expert_routing import with_experts
from bertsym.derive.synthesis.observations import Lists
from bertsym.derive.synthesis.synthesize import synthesize
from bertsym.derive.types import Candidate, CannotDerive, Failure, Fields, Observation
from bertsym.derive.verification.check import chance, counted, disagreement, parameters
from bertsym.errors import InvalidModel
from bertsym.saved_model.derived import Derived
from bertsym.symbols import BY_SYMBOL
from bertsym.values import replace, value

SAMPLES, FEWEST = 16, 4
COUNTED = 3
AIMED = 32
AGAIN = 3
ROUNDS = 12
REFUTING = 24


@value
class Derivation:
    """A closed form and its evidence. `derived` covers every tensor but those that are refused."""

    derived: Derived
    refused: tuple[Failure, ...]
    space: Space
    fields: Fields
    symbols: Mapping[str, Symbol]
    absences: Mapping[str, Expr | None]
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


class Cegis:
    """The space with a symbol for every field that varies in it."""

    def __init__(self, oracle: BuildOracle, space: Space, random: Random, *, keep_names: bool) -> None:
        self.oracle, self.random, self.keep_names = oracle, random, keep_names
        self.symbols = symbols(space, keep=keep_names)
        if all(axis.no_effect for axis in space.axes):
            raise CannotDerive(oracle.target, "no size changes its tensors")
        self.space = replace(space, axes=tuple(self.raised(axis) for axis in space.axes))
        defaults = Defaults(oracle, self.space, self.symbols, random)
        self.definitions, self.absences = defaults.definitions(), defaults.absences()
        self.draws = Sampler(oracle, self.space, self.symbols, random)

    def raised(self, axis: FieldDomain) -> FieldDomain:
        """The axis from where its symbol begins."""
        if axis.is_switch or axis.is_ratio or axis.is_determined:
            return axis
        return replace(axis, min_steps=max(axis.min_steps, BY_SYMBOL[self.symbols[axis.name]].minimum))

    def derivation(self, trials: int, seed: int) -> Derivation:
        """Formulas that no trial refutes."""
        remembered = self.draws.remembered()
        known = [*self.draws.paired(), *remembered]
        known += self.draws.aimed(most=AIMED)
        rest = self.draws.drawn(max(SAMPLES - len(remembered), FEWEST), edges=FEWEST)
        deepened: set[str] = set()
        for rounds in range(1, ROUNDS + 1):
            inferred = self.inferred([*known, *rest])
            deep = set(ruling(inferred, self.space, self.symbols)) - deepened
            if deep:
                deepened |= deep
                self.draws.deepen(deep)
                self.space = self.draws.space
                rest = self.draws.drawn(SAMPLES)
                inferred = self.inferred([*known, *rest])
            if rounds == 1 and inferred.refused:
                rest += self.draws.further([*known, *rest], inferred.refused)
                for sample in self.draws.rare([*known, *rest], inferred.refused):
                    self.draws.isolated(sample, known)
                inferred = self.inferred([*known, *rest])
            if not inferred.tensors:
                raise CannotDerive(self.oracle.target, _none(inferred.refused))
            try:
                derived = self.derived(inferred)
            except InvalidModel as problem:
                raise CannotDerive(self.oracle.target, f"its formulas make no model: {problem}") from None
            fresh = [*self.draws.drawn(trials), *self.draws.aimed(derived.tensors), *self.draws.doubted()]
            refuting = self.refuting(derived, inferred, fresh)
            if not refuting:
                if not all(
                    map(self.oracle.is_deterministic, (self.draws.first, *islice(self.oracle.accepted(), AGAIN)))
                ):
                    raise CannotDerive(self.oracle.target, "it builds other tensors at the same sizes another time")
                rounded = any(side.has(sympy.floor) for tensor in derived.tensors for side in tensor.shape)
                once = chance(derived.tensors, self.space, self.symbols, trials)
                likely = min(Fraction(1), rounds * once)
                builds = len(self.oracle.cache)
                return Derivation(
                    derived,
                    inferred.refused,
                    self.space,
                    self.oracle.description.fields,
                    self.symbols,
                    self.absences,
                    trials,
                    len(fresh) - trials,
                    builds,
                    likely,
                    seed,
                    rounded,
                )
            self.learn(refuting, known, rest)
        raise CannotDerive(self.oracle.target, f"each of {ROUNDS} sets of formulas was refuted by a further build")

    def learn(self, refuting: Sequence[Observation], known: list[Observation], rest: list[Observation]) -> None:
        """Take up the counterexamples: a few with all that matters there, and some of the others."""
        spread = refuting[:: -(-len(refuting) // REFUTING)]
        smallest = sorted(refuting, key=lambda sample: len(sample.inventory))
        for sample in dict.fromkeys(map(id, (refuting[0], smallest[0]))):
            self.draws.isolated(next(one for one in refuting if id(one) == sample), known)
        rest += spread

    def inferred(self, samples: Sequence[Observation]) -> Candidate:
        """The formulas that these builds agree on."""
        return synthesize(samples, self.draws.active(), self.draws.proposals, self.lists())

    def lists(self) -> Lists:
        """The lists that may say which layers are alike."""
        stages: dict[str, list[str]] = {}
        for axis in self.space.axes:
            if axis.is_depth and list_path(axis.name):
                stages.setdefault(list_path(axis.name), []).append(axis.name)
        found = (ascending_lists(self.oracle.description.fields), stages)
        ordered = ([sorted(names, key=list_index) for names in some.values()] for some in found)
        known = ([names for names in some if set(names) <= set(self.symbols)] for some in ordered)
        return Lists(*([tuple(self.symbols[name] for name in names) for names in some] for some in known))

    def derived(self, inferred: Candidate) -> Derived:
        """The formulas with what the code says of itself."""
        told = self.oracle.description
        base = {symbol: told.fields[name] for name, symbol in self.symbols.items()}
        name = self.oracle.target.rpartition(":")[2]
        empty = Derived(name, told.cls, told.source, {}, self.definitions, inferred.tensors)
        used = empty.model().symbols
        plain = replace(empty, defaults={symbol: found for symbol, found in base.items() if symbol in used})
        frozen = [one.name for one in self.space.fixed]
        return with_experts(plain, told.fields, self.symbols, frozen, keep_names=self.keep_names)

    def refuting(self, derived: Derived, inferred: Candidate, fresh: Sequence[Observation]) -> list[Observation]:
        """The fresh builds that the formulas get wrong."""
        without = [re.escape(refusal.tensor).replace(r"\{\}", r"\d+") for refusal in inferred.refused]
        ignored = re.compile("|".join(without) or "(?!)")
        wrong = [sample for sample in fresh if disagreement(derived.tensors, sample, ignored) is not None]
        if wrong or inferred.refused:
            return wrong
        model = derived.model()
        return [one for one in fresh[:COUNTED] if counted(model, one) != parameters(one.inventory)]


def _none(refused: Sequence[Failure]) -> str:
    first = refused[0]
    return f"none of its {len(refused)} tensors has a formula; {first.tensor}, {first.part}: {first.why}"
