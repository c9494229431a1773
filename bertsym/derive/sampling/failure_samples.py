"""Choose samples for tensors that have no formula yet: synthesis saw them too seldom, or missed them too seldom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from bertsym.derive.limits import (
    MAX_FAILURES_TO_SAMPLE,
    MINORITY_EXAMPLES,
    RARE_OBSERVATIONS,
    SAMPLES_PER_FAILURE,
)
from bertsym.derive.sampling.observer import Observer
from bertsym.derive.types import Failure, Number, Observation


def minority_examples(observations: Sequence[Observation], failures: Sequence[Failure]) -> list[Observation]:
    """Return small observations with or without each failed tensor, whichever is rarer.

    Few conditions hold at a small rare observation, so changes of its fields tell them apart.
    """
    examples: dict[int, Observation] = {}
    for failure in failures[:MAX_FAILURES_TO_SAMPLE]:
        name = _name_pattern(failure)
        present = [any(map(name.fullmatch, observation.inventory)) for observation in observations]
        is_rare = 2 * sum(present) <= len(present)
        minority = [o for o, is_present in zip(observations, present, strict=True) if is_present is is_rare]
        smallest = sorted(minority, key=lambda observation: sum(map(int, observation.sizes.values())))
        examples |= {id(observation): observation for observation in smallest[:MINORITY_EXAMPLES]}
    return list(examples.values())


def more_like_rare(
    observer: Observer, random: Random, observations: Sequence[Observation], failures: Sequence[Failure]
) -> list[Observation]:
    """Return new observations that probably have the failed tensors, for those in few observations so far.

    The new samples keep the switches and the depths of the observation with the most shapes of the tensor.
    """
    names = {symbol: name for name, symbol in observer.symbols.items()}
    space = observer.space
    new: list[Observation] = []
    for failure in failures[:MAX_FAILURES_TO_SAMPLE]:
        name = _name_pattern(failure)
        having = [o for o in (*observations, *new) if any(map(name.fullmatch, o.inventory))]
        if not 0 < len(having) < RARE_OBSERVATIONS:
            continue
        sizes = max(having, key=lambda observation: _shape_count(name, observation)).sizes
        kept: dict[str, Number] = {names[symbol]: size for symbol, size in sizes.items() if isinstance(size, bool)}
        kept |= {axis.name: sizes[observer.symbols[axis.name]] for axis in space.axes if axis.is_depth}
        for _ in range(SAMPLES_PER_FAILURE):
            observation = observer.observe_fields({**space.fields(space.sample(random)), **kept})
            new += [observation] if observation is not None else []
    return new


def _name_pattern(failure: Failure) -> re.Pattern[str]:
    """Return a pattern for the names of the failed template's tensors."""
    return re.compile(re.escape(failure.tensor).replace(r"\{\}", r"\d+"))


def _shape_count(name: re.Pattern[str], observation: Observation) -> int:
    """Return the number of different shapes that tensors of this name have in the observation."""
    return len({entry.shape for tensor, entry in observation.inventory.items() if name.fullmatch(tensor)})
