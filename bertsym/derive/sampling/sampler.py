"""The samples of a derivation: every strategy as a method that returns observations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from random import Random

from sympy import Symbol

from bertsym.derive.concolic.path_conditions import boundaries
from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.domain.space import Space
from bertsym.derive.limits import (
    BACKGROUNDS,
    DEFAULT_DEPTH_SAMPLES,
    EDGE_SAMPLES,
    MAX_ADVERSARIAL_SAMPLES,
    MAX_BOUNDARY_SAMPLES,
    MAX_CONDITION_SAMPLES,
    MAX_DEPTH_BELOW_DEFAULT,
    MAX_EARLIER_OBSERVATIONS,
    MAX_LIBRARY_TENSORS_BUILT,
    MAX_OWN_TENSORS_BUILT,
    MAX_REJECTIONS_IN_A_ROW,
    POOL_SAMPLES,
)
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.sampling.boundary import boundary_samples, condition_samples
from bertsym.derive.sampling.equality_patterns import EqualitySamples
from bertsym.derive.sampling.failure_samples import minority_examples, more_like_rare
from bertsym.derive.sampling.observer import Observer
from bertsym.derive.sampling.one_field_changes import OneFieldChanges
from bertsym.derive.sampling.strategies import adversarial, below_default, small_and_near_default
from bertsym.derive.types import Failure, Observation
from bertsym.saved_model.layer_lists import LayerList
from bertsym.tree import Tensor


class Sampler:
    """The samples of one search for formulas, built and returned as observations.

    A method returns fewer observations than samples, because the model code may reject some. Methods raise
    CannotDerive if it rejects too many in a row. All randomness comes from `random`, so a seed repeats a run.

    One in `share` of the further samples is made, those beside the uniform ones, the edges and the boundaries: a head
    over a derived base has few tensors of its own to test.
    """

    def __init__(
        self,
        oracle: BuildOracle,
        space: Space,
        symbols: Mapping[str, Symbol],
        random: Random,
        lists: Sequence[LayerList] = (),
        share: int = 1,
    ) -> None:
        self.oracle, self.random, self.share = oracle, random, share
        self.observer = Observer(oracle, space, symbols, lists)
        self.first_accepted = next(reversed(list(oracle.accepted())), oracle.description.fields)
        self._one_field_changes = OneFieldChanges(self.observer, random, BACKGROUNDS if share == 1 else 1)
        self._equality = EqualitySamples(random)
        defaults = oracle.description.fields
        # A base has shown already whether its deepest layers follow another rule.
        depths = [axis for axis in space.axes if axis.is_depth] if share == 1 else []
        deep = {axis.name: axis.default_steps_outside_range(defaults) for axis in depths}
        self._default_depths = {name: steps for name, steps in deep.items() if steps is not None}

    @property
    def space(self) -> Space:
        """The space that samples are drawn from."""
        return self.observer.space

    @property
    def traces(self) -> Sequence[ConcolicTrace]:
        """The concolic traces of all backgrounds."""
        return self.observer.traces

    @property
    def effective_symbols(self) -> set[Symbol]:
        """The symbols of all fields that have an effect somewhere."""
        known = {self.observer.symbols[axis.name] for axis in self.space.axes if not axis.no_effect}
        return self._one_field_changes.changed | known

    def extend_depths(self, names: Collection[str]) -> None:
        """Sample these depths from more values from now on."""
        self.observer.space = self.space.with_extended_depths(names)
        self._equality.restart()

    def earlier(self) -> list[Observation]:
        """Return the latest observations that inferring the domain has made inside of the space."""
        inside = (fields for fields in self.oracle.accepted() if self.space.contains(fields))
        observations = map(self.observer.observe_fields, islice(inside, MAX_EARLIER_OBSERVATIONS))
        return [observation for observation in observations if observation is not None]

    def one_field_changes(self) -> list[Observation]:
        """Return the defaults and random backgrounds, each with the changes of one field."""
        changes = self._one_field_changes
        return [*changes.at_defaults(self._default_depths), *changes.at_random_backgrounds()]

    def one_field_changes_at(self, observation: Observation) -> list[Observation]:
        """Return the observation, and the changes of each field that has an effect there."""
        return self._one_field_changes.at_observation(observation)

    def mixed(self, uniform: int, edges: int = EDGE_SAMPLES) -> list[Observation]:
        """Return observations of several strategies.

        There are `uniform` uniform ones, as many as the error bound counts, and `edges` at the edges of the space. A
        rejected sample of these two is drawn again. Others are small, near the default, from one pool of numbers, with
        equal sizes, or as deep as the default.
        """
        space, random = self.space, self.random
        required = [space.sample(random, edge=is_edge) for is_edge in (*[False] * uniform, *[True] * edges)]
        further = list(small_and_near_default(space, random))
        further += [space.sample_with_ties(random) for _ in range(self._affordable(POOL_SAMPLES))]
        further += self._equality.next_round(space)
        further = further[:: self.share]
        for _ in range(DEFAULT_DEPTH_SAMPLES if self._default_depths else 0):
            depths = below_default(space, random, self._default_depths, MAX_DEPTH_BELOW_DEFAULT)
            further.append(space.sample(random) | depths)
        self.observer.prefetch(required + further)
        observations = []
        for index, steps in enumerate(required):
            observation = self.observer.observe(steps)
            observations.append(observation if observation is not None else self._redrawn(is_edge=index >= uniform))
        return observations + self.observer.observe_all(further)

    def _redrawn(self, *, is_edge: bool) -> Observation:
        samples = (self.space.sample(self.random, edge=is_edge) for _ in range(MAX_REJECTIONS_IN_A_ROW))
        return self.observer.first_accepted(samples)[1]

    def boundary(self, tensors: Sequence[Tensor] = (), max_samples: int | None = None) -> list[Observation]:
        """Return observations at the boundaries of these formulas, and of the conditions that traces show.

        `max_samples` limits the samples beside boundaries. Samples at which conditions hold come on top.
        """
        space, symbols, random = self.space, self.observer.symbols, self.random
        traced = boundaries(self.traces)
        if self.share == 1:
            samples = list(islice(boundary_samples(tensors, space, symbols, random, traced), max_samples))
        else:
            # The base's own trials had the conditions of its code.
            samples = list(islice(boundary_samples(tensors, space, symbols, random), max_samples))
            beside = boundary_samples((), space, symbols, random, traced)
            samples += islice(beside, (max_samples or MAX_BOUNDARY_SAMPLES) // self.share)
        holding = condition_samples(tensors, space, symbols, random)
        samples += islice(holding, self._affordable(MAX_CONDITION_SAMPLES) // self.share)
        return self.observer.observe_all(samples)

    def adversarial(self) -> list[Observation]:
        """Return observations of small sizes and outliers, made to refute formulas."""
        return self.observer.observe_all(
            adversarial(self.space, self.random, self._affordable(MAX_ADVERSARIAL_SAMPLES) // self.share)
        )

    def like_rare(self, observations: Sequence[Observation], failures: Sequence[Failure]) -> list[Observation]:
        """Return new observations that probably have the failed tensors."""
        return more_like_rare(self.observer, self.random, observations, failures)

    def minority(self, observations: Sequence[Observation], failures: Sequence[Failure]) -> list[Observation]:
        """Return those of the observations that are rare examples of the failed tensors."""
        return minority_examples(observations, failures)

    def _affordable(self, count: int) -> int:
        """Return the number of further samples, at most `count`: fewer of a module with many tensors."""
        is_own = ":" in self.oracle.target
        tensors = max(self.oracle.tensor_count(self.first_accepted), 1)
        return min(count, (MAX_OWN_TENSORS_BUILT if is_own else MAX_LIBRARY_TENSORS_BUILT) // tensors)
