"""Extend a derived base by a head: most formulas are inherited, and only the rest is searched for.

A derivation spends its builds on the domain and on the tensors of the base. A head has both from its base. The search
for its own few tensors is the same `Cegis` as that of a base, over the same domain, and each of its builds is compared
with the inherited formulas as well. So the formulas of the head pass as many random trials as those of a base.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import islice
from random import Random
from types import MappingProxyType

import sympy
from sympy import Symbol

from bertsym.algebra import atom
from bertsym.derive.cegis import Cegis
from bertsym.derive.derivation import Derivation, SynthesisInput
from bertsym.derive.domain.stored_space import stored_symbols
from bertsym.derive.export import recorded
from bertsym.derive.head_extension.inherited import Inherited, Unlike, UnlikeContext, find_inherited
from bertsym.derive.head_extension.joint_domain import JointDomain, joint_domain, list_lengths
from bertsym.derive.limits import (
    HEAD_SHARE,
    MAX_HEAD_SEARCHES,
    MAX_INHERITED_BOUNDARY_SAMPLES,
    MAX_REJECTIONS_IN_A_ROW,
    MAX_ROUNDS,
    MIN_TRIALS,
    SORTING_SAMPLES,
)
from bertsym.derive.merge_heads import with_symbols
from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.derive.sampling.boundary import boundary_samples
from bertsym.derive.sampling.observer import Observer
from bertsym.derive.sampling.sampler import Sampler
from bertsym.derive.synthesis.observations import NO_LISTS
from bertsym.derive.types import Arguments, CannotDerive
from bertsym.derive.verification.check import built_count, first_mismatch
from bertsym.derive.verification.error_bound import error_bound
from bertsym.saved_model.derived import Derived
from bertsym.tree import Tensor
from bertsym.values import replace

NO_ARGUMENTS: Arguments = MappingProxyType({})


def extend_head(
    base: Derived, worker: Worker, target: str, sizes: Arguments = NO_ARGUMENTS, *, trials: int = 16, seed: int = 0
) -> Derived:
    """Return the formulas of a class over the sizes of `base`, which holds a derived class of the same configuration.

    `sizes` are the arguments of a callable, or the settings of the configuration.

    Raise `CannotDerive` if the class shares no tensor with the base, if a tensor of its own has no formula, or if it
    accepts other sizes than the base.
    """
    oracle = BuildOracle(worker, target, sizes, with_lists=bool(base.layer_lists))
    return HeadExtension(base, oracle, Random(seed), max(trials, MIN_TRIALS), seed).derive()  # noqa: S311


class HeadExtension:
    """One extension: the joint domain, the inherited templates, and the search for the rest."""

    def __init__(self, base: Derived, oracle: BuildOracle, random: Random, trials: int, seed: int) -> None:
        self.base, self.oracle, self.random, self.trials, self.seed = base, oracle, random, trials, seed
        self.domain: JointDomain = joint_domain(base, oracle, random)
        self.inherited = self._find_inherited()
        self.rounds = 0

    def derive(self) -> Derived:
        """Return the head's own model over the symbols of the base; raise `CannotDerive`.

        Swin's head has `embed_dim * 2**(num_layers - 1)` columns, and its configuration class takes a number of stages
        that is not the length of its lists. If a tensor has no formula, such a number stays as long as the lists.
        """
        try:
            return self._derive()
        except CannotDerive:
            lengths = list_lengths(self.oracle, self.domain.own)
            if not lengths:
                raise
            self.domain = joint_domain(self.base, self.oracle, self.random, lengths)
            self.inherited = self._find_inherited()
            return self._derive()

    def _derive(self) -> Derived:
        """Return the head's own model over the fields of the domain; raise `CannotDerive`."""
        if not self.inherited.kept:
            raise CannotDerive(self.oracle.target, f"it has no tensor of {self.base.cls}")
        for searches in range(1, MAX_HEAD_SEARCHES + 1):
            try:
                return self._search(searches)
            except (Unlike, UnlikeContext) as problem:
                self.inherited.search_again(problem)
        raise CannotDerive(self.oracle.target, f"its builds contradict {self.base.cls} in {MAX_HEAD_SEARCHES} ways")

    def _find_inherited(self) -> Inherited:
        """Sort the templates of the base by a few builds of the head."""
        space, random = self.domain.space, self.random
        observer = Observer(self.oracle, space, self._all_symbols(), self.base.layer_lists)
        observations = [
            observer.first_accepted(space.sample(random) for _ in range(MAX_REJECTIONS_IN_A_ROW))[1]
            for _ in range(SORTING_SAMPLES)
        ]
        return find_inherited(self.base.tensors, observations, lambda fields: observer.sizes({**space.base, **fields}))

    def _all_symbols(self) -> dict[str, Symbol]:
        """Return the symbols of all fields, those that the head fixes included."""
        return {**stored_symbols(self.base), **self.domain.symbols}

    def _search(self, searches: int) -> Derived:
        """Return the head with formulas for all of its tensors; raise `CannotDerive`.

        Raise `Unlike` or `UnlikeContext` if a build contradicts the inherited formulas.
        """
        for fields in list(self.oracle.accepted()):
            if self.domain.space.contains(fields):
                self.inherited.rest(fields, self.oracle.build(fields) or {})
        rest = self.oracle.selecting(self.inherited.rest)
        derivation = (self._no_rest(rest) if self._is_empty(rest) else None) or self._search_rest(rest)
        renamed = self.inherited.renamed(derivation.derived.tensors)
        context = self.inherited.context_names(without=renamed)
        own = [tensor for tensor in derivation.derived.tensors if tensor.name not in context]
        edges = self._try_boundaries(rest, derivation.derived.tensors)
        tensors = tuple(self._at_fixed_fields([*self.inherited.inventory(without=renamed), *own]))
        # A wrong formula had a chance to pass in every round of every search.
        chances = self.rounds + MAX_ROUNDS * (searches - 1) + 1
        chance = chances * error_bound(tensors, self.domain.space, self.domain.symbols, self.trials)
        derivation = replace(
            derivation, edges=derivation.edges + edges, builds=len(self.oracle.cache), chance=min(Fraction(1), chance)
        )
        built = self.oracle.build(self.oracle.description.fields)
        head = recorded(derivation, None if built is None else built_count(built))
        return replace(head, tensors=tensors, layer_lists=self.base.layer_lists)

    def _at_fixed_fields(self, tensors: Iterable[Tensor]) -> Iterator[Tensor]:
        """Yield the tensors with numbers for the fields of the base that the head accepts at one value only."""
        space = self.domain.space
        varied = {axis.name for axis in space.axes}
        values = {
            symbol: atom(space.base[field.path])
            for symbol, field in self.base.fields.items()
            if field.path not in varied and field.path in space.base
        }
        for tensor in tensors:
            fixed = with_symbols(tensor, values)
            if fixed.when != sympy.false:
                yield fixed

    def _try_boundaries(self, rest: BuildOracle, own: Sequence[Tensor]) -> int:
        """Build the head at the boundaries of the inherited formulas; return the number of builds.

        Raise `CannotDerive` if one refutes a formula of the head's own tensors, `Unlike` for an inherited one.
        """
        domain = self.domain
        samples = boundary_samples(self.inherited.inventory(), domain.space, domain.symbols, self.random)
        observer = Observer(rest, domain.space, domain.symbols, self.base.layer_lists)
        observations = observer.observe_all(islice(samples, MAX_INHERITED_BOUNDARY_SAMPLES))
        wrong = next(filter(None, (first_mismatch(own, observation) for observation in observations)), None)
        if wrong is not None:
            raise CannotDerive(self.oracle.target, f"the formula of {wrong} is wrong at a boundary of {self.base.cls}")
        return len(observations)

    def _is_empty(self, rest: BuildOracle) -> bool:
        """Return True if the head has no tensor of its own in any build so far."""
        inside = (fields for fields in self.oracle.accepted() if self.domain.space.contains(fields))
        return not any(map(rest.build, inside))

    def _search_rest(self, rest: BuildOracle) -> Derivation:
        """Return formulas for the tensors that are not inherited; raise `CannotDerive` if one has none.

        Group testing finds the few fields that the rest depends on; the domain says only what affects the whole.
        """
        space = self.domain.space
        first = next((axis.name for axis in space.axes if axis.is_stepped and not axis.no_effect), "")
        effective = {*self.domain.own, first}
        axes = tuple(replace(axis, no_effect=axis.name not in effective) for axis in space.axes)
        known = self.domain.symbols
        search = Cegis(
            rest,
            replace(space, axes=axes),
            self.random,
            keep_names=False,
            known=known,
            lists=self.base.layer_lists,
            share=HEAD_SHARE,
        )
        derivation = search.derive(self.trials, self.seed)
        self.rounds += search.rounds
        if not derivation.whole:
            failure = derivation.refused[0]
            problem = f"no formula for {failure.tensor}, {failure.part}: {failure.reason}"
            raise CannotDerive(self.oracle.target, problem)
        return derivation

    def _no_rest(self, rest: BuildOracle) -> Derivation | None:
        """Return a derivation without tensors, tested as any other; None if a trial shows an own tensor of the head."""
        domain, described = self.domain, self.oracle.description
        sampler = Sampler(rest, domain.space, domain.symbols, self.random, self.base.layer_lists, HEAD_SHARE)
        fresh = sampler.mixed(self.trials)
        if any(observation.inventory for observation in fresh):
            return None
        return Derivation(
            derived=Derived(self.oracle.target, described.cls, described.source, {}, (), ()),
            refused=(),
            space=domain.space,
            fields=described.fields,
            symbols=domain.symbols,
            absences={},
            trials=self.trials,
            edges=len(fresh) - self.trials,
            builds=len(self.oracle.cache),
            chance=Fraction(0),
            seed=self.seed,
            rounded=False,
            evidence=SynthesisInput((), (), (), NO_LISTS),
        )
