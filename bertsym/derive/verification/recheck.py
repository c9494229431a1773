"""Test a saved model again: compare its formulas with the model code at new samples of its stored domain."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from random import Random

from bertsym.derive.concolic.path_conditions import boundaries
from bertsym.derive.domain.space import Space, Steps
from bertsym.derive.domain.stored_space import stored_space, stored_symbols
from bertsym.derive.limits import (
    MAX_RECHECK_DEPTH,
    MAX_RECHECK_DEPTH_BELOW_DEFAULT,
    MAX_RECHECK_REJECTIONS_IN_A_ROW,
    RECHECK_EQUALITY_PATTERNS,
)
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.sampling.boundary import boundary_samples
from bertsym.derive.sampling.equality_patterns import equality_patterns, impose_equalities
from bertsym.derive.sampling.observer import Observer
from bertsym.derive.sampling.strategies import below_default
from bertsym.derive.verification.check import built_count, first_mismatch, public_count
from bertsym.saved_model.derived import Derived

STRATEGIES = ("uniform", "small", "equal", "near", "deep", "edge")


def recheck(
    derived: Derived, head: str, oracle: BuildOracle, random: Random, samples: int, max_boundaries: int | None = None
) -> str | None:
    """Return the first tensor that the formulas of a head get wrong and where, or None if they agree everywhere.

    `samples` observations come from all strategies in turn. Further ones are beside the boundaries of the formulas and
    of the conditions that a concolic run shows, at most `max_boundaries`. Every sixth total is compared too. The head
    must have a complete formula. Raise CannotDerive if the model code rejects too many samples in a row.
    """
    tensors, model = derived.classes[head].tensors, derived.model(head=head)
    symbols = stored_symbols(derived)
    observer = Observer(oracle, stored_space(derived, head), symbols, derived.layer_lists)
    space = observer.space
    observer.trace([space.base])
    beside = boundary_samples(tensors, space, symbols, random, boundaries(observer.traces))
    for index, steps in enumerate(chain(_accepted(observer, random, samples), islice(beside, max_boundaries))):
        observation = observer.observe(steps)
        if observation is None:
            continue
        wrong = first_mismatch(tensors, observation)
        if wrong is None and STRATEGIES[index % len(STRATEGIES)] == "small":
            public = public_count(model, observation)
            wrong = None if public in (None, built_count(observation.inventory)) else "total"
        if wrong is not None:
            at = ", ".join(f"{name}={number}" for name, number in space.fields(steps).items())
            return f"{wrong} at {at}"
    return None


def _accepted(observer: Observer, random: Random, count: int) -> Iterator[Steps]:
    """Yield samples that the model code accepts, from all strategies in turn.

    After half of the attempts a uniform sample takes the place of a strategy that the code keeps rejecting.
    """
    for index in range(count):
        strategy = STRATEGIES[index % len(STRATEGIES)]
        attempts = (
            strategy_sample(
                observer.space, random, strategy if 2 * attempt < MAX_RECHECK_REJECTIONS_IN_A_ROW else "uniform"
            )
            for attempt in range(MAX_RECHECK_REJECTIONS_IN_A_ROW)
        )
        yield observer.first_accepted(attempts)[0]


def strategy_sample(space: Space, random: Random, strategy: str) -> dict[str, int]:
    """Return a sample of one of the `STRATEGIES`."""
    match strategy:
        case "small":
            steps = space.sample_small(random)
        case "near":
            steps = space.sample_near_default(random)
        case _:
            steps = space.sample(random, edge=strategy == "edge")
    if strategy == "equal":
        patterns = [[], *islice(equality_patterns(space, random), RECHECK_EQUALITY_PATTERNS)]
        return impose_equalities(space, steps, random.choice(patterns))
    if strategy == "deep":
        beyond = {axis.name: axis.default_steps_outside_range(space.base) for axis in space.axes}
        deep = {name: own for name, own in beyond.items() if own is not None and own <= MAX_RECHECK_DEPTH}
        return steps | below_default(space, random, deep, MAX_RECHECK_DEPTH_BELOW_DEFAULT)
    return steps
