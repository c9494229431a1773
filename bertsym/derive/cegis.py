"""Counterexample-guided inductive synthesis (CEGIS, Solar-Lezama 2008) of a model's formulas over one domain.

The sampler chooses configurations, the oracle builds them (a membership oracle, Angluin 1987), the synthesizer infers
formulas from the observations, and the check tries the formulas at fresh builds. A build that refutes a formula is a
counterexample: it becomes an observation, and the loop begins again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from random import Random
from types import MappingProxyType

import sympy
from sympy import Symbol

from bertsym.derive.conclusions import checked, mismatch, path_seen, synthesized
from bertsym.derive.derivation import Derivation, SynthesisInput
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.field_path import ascending_lists, list_index, list_path
from bertsym.derive.domain.space import Space
from bertsym.derive.domain.symbol_names import layer_lists, symbols
from bertsym.derive.events import Sampled
from bertsym.derive.limits import (
    MAX_COUNTED_OBSERVATIONS,
    MAX_COUNTEREXAMPLES,
    MAX_FIRST_BOUNDARY_SAMPLES,
    MAX_ROUNDS,
    MIN_NEW_SAMPLES,
    MIN_SAMPLES,
    REPEATED_BUILDS,
)
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.sampling.depth_policy import depths_to_extend
from bertsym.derive.sampling.sampler import Sampler
from bertsym.derive.synthesis.definitions import Defaults
from bertsym.derive.synthesis.expert_routing import with_experts
from bertsym.derive.synthesis.observations import LayerLists
from bertsym.derive.synthesis.synthesize import synthesize
from bertsym.derive.trace import NO_TRACE, Trace
from bertsym.derive.types import NO_EFFECT, Candidate, CannotDerive, Failure, NotDerived, Observation
from bertsym.derive.verification.check import built_count, first_mismatch, public_count
from bertsym.derive.verification.error_bound import error_bound
from bertsym.errors import InvalidModel
from bertsym.model import Definition
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.layer_lists import LayerList
from bertsym.symbols import BY_SYMBOL
from bertsym.values import replace


class Cegis:
    """One search for formulas over a domain; it owns the observations and decides which are made next.

    `known` are symbols that fields have already, and `lists` the lists with an entry a layer, in the model that the
    formulas become a part of. One in `share` of the
    further samples is made (`Sampler`).

    Raises `CannotDerive` if no field of the domain changes a tensor.
    """

    def __init__(
        self,
        oracle: BuildOracle,
        space: Space,
        random: Random,
        *,
        keep_names: bool,
        trace: Trace = NO_TRACE,
        known: Mapping[str, Symbol] = MappingProxyType({}),
        lists: Sequence[LayerList] | None = None,
        share: int = 1,
    ) -> None:
        self.oracle, self.random, self.keep_names, self.trace = oracle, random, keep_names, trace
        self.symbols = symbols(space, keep=keep_names, lists=oracle.description.lists, known=known)
        self.lists = layer_lists(oracle.description.lists, self.symbols) if lists is None else tuple(lists)
        if all(axis.no_effect for axis in space.axes):
            raise CannotDerive(oracle.target, NO_EFFECT)
        self.space = replace(space, axes=tuple(map(self._with_least_value, space.axes)))
        orders = {layer_list.path for layer_list in self.lists}
        numbers = {name: symbol for name, symbol in self.symbols.items() if name not in orders}
        defaults = Defaults(oracle, self.space, numbers, random)
        self.definitions, self.absences = defaults.definitions(), defaults.absences()
        self.sampler = Sampler(oracle, self.space, self.symbols, random, self.lists, share)
        self.deepened: set[str] = set()
        self.rounds = 0
        # Observations that stay, and random ones that are drawn anew if a depth is extended.
        self.chosen: list[Observation] = []
        self.drawn: list[Observation] = []

    def derive(self, trials: int, seed: int) -> Derivation:
        """Return formulas that no fresh build refutes, the rest as failures; raises `CannotDerive`.

        `trials` is the number of random observations that test a candidate. `seed` is recorded.
        """
        self.sample()
        counterexamples: Sequence[Observation] = ()
        for number in range(1, MAX_ROUNDS + 1):
            self.trace.round = self.rounds = number
            candidate = self.synthesize()
            candidate = self.extend_depths(candidate)
            if number == 1 and candidate.refused:
                candidate = self.sample_failures(candidate)
            model = self.assemble(candidate)
            fresh = self.fresh_observations(model, trials)
            counterexamples = self.check(model, candidate, fresh)
            if not counterexamples:
                return self.verified(model, candidate, number, trials, len(fresh), seed)
            self.learn(counterexamples)
        why = f"each of {MAX_ROUNDS} sets of formulas was refuted by a further build, the last by"
        name, predicted, built = mismatch(model, counterexamples[0], _failed_names(candidate.refused))
        sizes = ", ".join(f"{symbol}={number}" for symbol, number in counterexamples[0].sizes.items())
        problem = f"{why} {name} at {sizes} (predicted {predicted}, built {built})"
        raise self.not_derived(problem, candidate)

    def sample(self) -> None:
        """Make the first observations: kept builds, one-field changes, boundaries and random samples."""
        with self.trace.stage("sampling", "first_samples", self.oracle) as stage:
            kept = self.sampler.earlier()
            changes = self.sampler.one_field_changes()
            boundary = self.sampler.boundary(max_samples=MAX_FIRST_BOUNDARY_SAMPLES // self.sampler.share)
            self.drawn = self.sampler.mixed(max(MIN_SAMPLES - len(kept), MIN_NEW_SAMPLES), edges=MIN_NEW_SAMPLES)
            self.chosen = [*changes, *kept, *boundary]
            strategies = {"one field": changes, "kept": kept, "boundary": boundary, "random": self.drawn}
            stage.conclude(lambda: self._sampled(strategies))
        with self.trace.stage("concolic", "path_conditions", self.oracle) as stage:
            stage.conclude(lambda: path_seen(self.sampler.traces))

    def synthesize(self) -> Candidate:
        """Infer the formulas that all observations agree on."""
        with self.trace.stage("synthesis", "synthesize", self.oracle) as stage:
            given = self.synthesis_input()
            candidate = synthesize(given.observations, given.active, given.traces, given.lists)
            ignored = _failed_names(candidate.refused)
            stage.conclude(lambda: synthesized(candidate, given, ignored, self.trace))
        return candidate

    def extend_depths(self, candidate: Candidate) -> Candidate:
        """Sample deeper stacks if a rule over layers, or a failure, is about a depth, and synthesize again."""
        deep = set(depths_to_extend(candidate, self.space, self.symbols)) - self.deepened
        if not deep:
            return candidate
        with self.trace.stage("sampling", "deeper_stacks", self.oracle) as stage:
            self.deepened |= deep
            self.sampler.extend_depths(deep)
            self.space = self.sampler.space
            self.drawn = self.sampler.mixed(MIN_SAMPLES)
            stage.conclude(lambda: self._sampled({f"deeper in {', '.join(sorted(deep))}": self.drawn}))
        return self.synthesize()

    def sample_failures(self, candidate: Candidate) -> Candidate:
        """Sample more builds that have the tensors without a formula, and synthesize again."""
        with self.trace.stage("sampling", "unsolved_tensors", self.oracle) as stage:
            further = self.sampler.like_rare([*self.chosen, *self.drawn], candidate.refused)
            self.drawn += further
            before = len(self.chosen)
            for observation in self.sampler.minority([*self.chosen, *self.drawn], candidate.refused):
                self.chosen += self.sampler.one_field_changes_at(observation)
            stage.conclude(lambda: self._sampled({"unsolved": further, "one field": self.chosen[before:]}))
        return self.synthesize()

    def assemble(self, candidate: Candidate) -> Derived:
        """Return the candidate as a model, with what the target says of itself; raises `CannotDerive`."""
        if not candidate.tensors:
            raise self.not_derived(no_formula(candidate.refused), candidate)
        try:
            return self._model(candidate)
        except InvalidModel as problem:
            raise self.not_derived(f"its formulas make no model: {problem}", candidate) from None

    def fresh_observations(self, model: Derived, trials: int) -> list[Observation]:
        """Return observations that no synthesis has used: random, at the formulas' boundaries, and adversarial."""
        with self.trace.stage("sampling", "fresh_samples", self.oracle) as stage:
            drawn = self.sampler.mixed(trials)
            boundary = self.sampler.boundary(model.tensors)
            doubting = self.sampler.adversarial()
            counts = {"random": len(drawn), "boundary": len(boundary), "adversarial": len(doubting)}
            stage.conclude(lambda: Sampled(counts))
        return [*drawn, *boundary, *doubting]

    def check(self, model: Derived, candidate: Candidate, fresh: Sequence[Observation]) -> list[Observation]:
        """Return the counterexamples among fresh observations, in their order."""
        with self.trace.stage("verification", "check", self.oracle) as stage:
            ignored = _failed_names(candidate.refused)
            wrong = [one for one in fresh if first_mismatch(model.tensors, one, ignored) is not None]
            if not wrong and not candidate.refused:
                public = model.model()
                few = fresh[:MAX_COUNTED_OBSERVATIONS]
                wrong = [one for one in few if public_count(public, one) != built_count(one.inventory)]
            stage.conclude(lambda: checked(model, fresh, wrong, ignored, self.trace))
        return wrong

    def learn(self, counterexamples: Sequence[Observation]) -> None:
        """Add counterexamples to the observations; change one field at a time of the first and the smallest."""
        with self.trace.stage("sampling", "counterexamples", self.oracle) as stage:
            before = len(self.chosen)
            first, smallest = counterexamples[0], min(counterexamples, key=lambda one: len(one.inventory))
            self.chosen += self.sampler.one_field_changes_at(first)
            if smallest is not first:
                self.chosen += self.sampler.one_field_changes_at(smallest)
            spread = counterexamples[:: -(-len(counterexamples) // MAX_COUNTEREXAMPLES)]
            self.drawn += spread
            stage.conclude(lambda: self._sampled({"counterexample": spread, "one field": self.chosen[before:]}))

    def verified(
        self, model: Derived, candidate: Candidate, rounds: int, trials: int, fresh: int, seed: int
    ) -> Derivation:
        """Return the derivation; raises `CannotDerive` if a repeated build differs."""
        with self.trace.stage("verification", "repeat_builds", self.oracle):  # an event if it raises, else none
            repeated = (self.sampler.first_accepted, *islice(self.oracle.accepted(), REPEATED_BUILDS))
            if not self.oracle.is_deterministic(repeated):
                raise CannotDerive(self.oracle.target, "it builds other tensors at the same sizes another time")
        once = error_bound(model.tensors, self.space, self.symbols, trials)
        return Derivation(
            derived=model,
            refused=candidate.refused,
            space=self.space,
            fields=self.oracle.description.fields,
            symbols=self.symbols,
            absences=self.absences,
            trials=trials,
            edges=fresh - trials,
            builds=len(self.oracle.cache),
            # A wrong formula had a chance to pass in every round.
            chance=min(Fraction(1), rounds * once),
            seed=seed,
            rounded=any(side.has(sympy.floor) for tensor in model.tensors for side in tensor.shape),
            evidence=self.synthesis_input(),
        )

    def synthesis_input(self) -> SynthesisInput:
        """Return everything that the synthesizer may use."""
        observations = [*self.chosen, *self.drawn]
        active = self.sampler.effective_symbols
        for layer_list in self.lists:
            active = active - {layer_list.order} | {kind.count for kind in layer_list.kinds}
        return SynthesisInput(observations, active, tuple(self.sampler.traces), self._lists())

    def not_derived(self, problem: str, candidate: Candidate) -> NotDerived:
        """Return the error with the evidence for it."""
        return NotDerived(self.oracle.target, problem, candidate, self.synthesis_input())

    def _with_least_value(self, axis: FieldDomain) -> FieldDomain:
        """Return the domain without the values below those that its symbol may take."""
        if axis.is_switch or axis.is_ratio or axis.is_determined:
            return axis
        return replace(axis, min_steps=max(axis.min_steps, BY_SYMBOL[self.symbols[axis.name]].minimum))

    def _sampled(self, strategies: Mapping[str, Sequence[Observation]]) -> Sampled:
        ids = {strategy: self.trace.ids(found, strategy) for strategy, found in strategies.items()}
        return Sampled({strategy: len(found) for strategy, found in strategies.items()}, ids)

    def _lists(self) -> LayerLists:
        """Return the lists of the configuration that may say which layers are alike."""
        stages: dict[str, list[str]] = {}
        for axis in self.space.axes:
            if axis.is_depth and list_path(axis.name):
                stages.setdefault(list_path(axis.name), []).append(axis.name)
        listed = (ascending_lists(self.oracle.description.fields), stages)
        ordered = ([sorted(names, key=list_index) for names in lists.values()] for lists in listed)
        known = ([names for names in lists if set(names) <= set(self.symbols)] for lists in ordered)
        indices, depths = ([tuple(self.symbols[name] for name in names) for names in lists] for lists in known)
        return LayerLists(indices, depths, self.lists)

    def _model(self, candidate: Candidate) -> Derived:
        """Return the candidate as a model with the target's class, source and default sizes."""
        description = self.oracle.description
        orders = {layer_list.path for layer_list in self.lists}
        own_lengths = {field.own_length for field in description.lists}
        numbers = {name: symbol for name, symbol in self.symbols.items() if name not in orders | own_lengths}
        base = {symbol: description.fields[name] for name, symbol in numbers.items()}
        listed = {bound for tensor in candidate.tensors for loop in tensor.loops for bound in loop.listed}
        lists = tuple(layer_list for layer_list in self.lists if layer_list.order in listed)
        for layer_list in lists:
            base |= layer_list.sizes(layer_list.default)
        name = self.oracle.target.rpartition(":")[2]
        definitions = (*self.definitions, *self._list_definitions(lists))
        empty = Derived(
            name, description.cls, description.source, base, definitions, candidate.tensors, layer_lists=lists
        )
        used = empty.model().symbols
        model = replace(empty, defaults={symbol: number for symbol, number in base.items() if symbol in used})
        fixed = [field.name for field in self.space.fixed]
        return with_experts(model, description.fields, self.symbols, fixed, keep_names=self.keep_names)

    def _list_definitions(self, lists: Sequence[LayerList]) -> Iterator[Definition]:
        """Yield the definitions that the layers of all kinds are as many as the stack has."""
        defined: set[Symbol] = set()
        for layer_list in lists:
            field = self.oracle.description.list_at(layer_list.path)
            length = self.symbols.get(field.length) if field is not None else None
            if length is not None:
                yield layer_list.definition(length, defines_length=length not in defined)
                defined.add(length)


def _failed_names(failures: Sequence[Failure]) -> re.Pattern[str]:
    """Return a pattern of the names of tensors without a formula."""
    names = [re.escape(failure.tensor).replace(r"\{\}", r"\d+") for failure in failures]
    return re.compile("|".join(names) or "(?!)")


def no_formula(failures: Sequence[Failure]) -> str:
    """Return the problem of a model without formulas: the first tensor, its part, and why."""
    first = failures[0]
    return (
        f"none of its {len(failures)} tensors has a formula; the first is {first.tensor}, {first.part}: {first.reason}"
    )
