"""Observe changes of one field at a time, which show what depends on that field.

This is a one-at-a-time design (Daniel 1973), repeated at several backgrounds as in the method of elementary effects
(Morris 1991), because a field may have an effect at some backgrounds only. Synthesis learns from each pair of
observations which dimensions and which tensors depend on the field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from sympy import Symbol

from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Steps
from bertsym.derive.limits import (
    BACKGROUND_CANDIDATES,
    BACKGROUNDS,
    MAX_DEFAULT_DEPTH_CHANGES,
    MAX_REJECTIONS_IN_A_ROW,
    MIN_BACKGROUND_DEPTH,
)
from bertsym.derive.sampling.observer import Observer
from bertsym.derive.search import isolate_effective
from bertsym.derive.types import Observation, tensor_kinds
from bertsym.values import replace


class OneFieldChanges:
    """Observations at several backgrounds, each with one field changed; `changed` are the symbols of these fields."""

    def __init__(self, observer: Observer, random: Random, backgrounds: int = BACKGROUNDS) -> None:
        self.observer, self.random, self.backgrounds = observer, random, backgrounds
        self.changed: set[Symbol] = set()

    def at_defaults(self, deep_fields: Mapping[str, int]) -> list[Observation]:
        """Return the observation of the defaults, and with each of these depths reduced by one.

        The default depth is out of the sampled range, so that no other background has it.
        """
        fields = self.observer.oracle.description.fields
        defaults = self.observer.observe_fields(fields)
        if defaults is None:
            return []
        observations = [defaults]
        if len(deep_fields) <= MAX_DEFAULT_DEPTH_CHANGES:
            for axis in (axis for axis in self.observer.space.axes if axis.name in deep_fields):
                reduced = self.observer.observe_fields({**fields, axis.name: fields[axis.name] - 1})
                if reduced is not None:
                    observations.append(self._changed(defaults, reduced, axis))
        return observations

    def at_random_backgrounds(self) -> list[Observation]:
        """Return random backgrounds with the changes of each field there; each background is run with symbols too."""
        observer = self.observer
        observations: list[Observation] = []
        traced = [observer.space.fields({})]
        candidates = [
            observer.first_accepted(self._deep_samples())
            for _ in range(BACKGROUND_CANDIDATES * self.backgrounds // BACKGROUNDS)
        ]
        for steps in self._richest_backgrounds(candidates):
            background = observer.observe(steps)
            if background is None:
                continue
            traced.append(observer.space.fields(steps))
            observations.append(background)
            changes = {axis: self._far_steps(axis, steps) for axis in self._effective_domains(steps, background)}
            observer.prefetch({**steps, axis.name: counts[0]} for axis, counts in changes.items() if counts)
            for axis, counts in changes.items():
                samples = ({**steps, axis.name: count} for count in counts)
                different = observer.first_different(background, samples)
                if different is not None:
                    observations.append(self._changed(background, different, axis))
        observer.trace(traced)
        return [*observations, *(observation for _, observation in candidates)]

    def at_observation(self, observation: Observation) -> list[Observation]:
        """Return the observation as a background, with the changes of each field that has an effect there."""
        space = self.observer.space
        fields = {name: observation.sizes[symbol] for name, symbol in self.observer.symbols.items()}
        known = {axis.name: axis.steps_of({**space.base, **fields}) for axis in space.axes}
        steps = {name: count for name, count in known.items() if count is not None}
        background = Observation(observation.sizes, observation.inventory)
        observations = [background]
        for axis in space.axes:
            if axis.is_determined or axis.name not in steps:
                continue
            samples = ({**steps, axis.name: count} for count in self._near_steps(axis, steps[axis.name]))
            different = self.observer.first_different(background, samples)
            if different is not None:
                observations.append(self._changed(background, different, axis))
        return observations

    def _changed(self, background: Observation, observation: Observation, axis: FieldDomain) -> Observation:
        """Return the observation as a change of one field of the background."""
        symbol = self.observer.symbols[axis.name]
        self.changed.add(symbol)
        return replace(observation, changed_from=background, changed=symbol)

    def _deep_samples(self) -> Iterator[dict[str, int]]:
        """Yield uniform samples whose stacks have a first and another last layer, because layers may differ there."""
        space = self.observer.space
        for _ in range(MAX_REJECTIONS_IN_A_ROW):
            steps = space.sample(self.random)
            depths = (axis.name for axis in space.axes if axis.is_depth)
            yield steps | {name: max(steps[name], MIN_BACKGROUND_DEPTH) for name in depths}

    def _richest_backgrounds(self, candidates: list[tuple[Steps, Observation]]) -> Iterator[Steps]:
        """Yield the candidates that show the most kinds of tensors, and remove them from the list.

        A candidate comes again with all switches inverted if that shows further kinds.
        """
        seen: set[str] = set()
        for _ in range(self.backgrounds):
            best = max(candidates, key=lambda candidate: len(tensor_kinds(candidate[1].inventory) - seen))
            candidates.remove(best)
            steps, observation = best
            seen |= tensor_kinds(observation.inventory)
            yield steps
            inverted = {axis.name: steps[axis.name] + int(axis.is_switch) for axis in self.observer.space.axes}
            other = self.observer.observe(inverted)
            new = tensor_kinds(other.inventory) - seen if other is not None else set()
            if new:
                seen |= new
                yield inverted

    def _effective_domains(self, steps: Steps, background: Observation) -> Iterator[FieldDomain]:
        """Yield the fields with a known effect, and the others that have an effect at their maximum."""
        axes = self.observer.space.axes
        yield from (axis for axis in axes if not axis.no_effect)
        unknown = [axis for axis in axes if axis.no_effect]

        def at_maximum(group: Sequence[FieldDomain]) -> dict[str, int]:
            return {**steps, **{axis.name: axis.max_steps for axis in group}}

        def has_effect(group: Sequence[FieldDomain]) -> bool:
            observation = self.observer.observe(at_maximum(group))
            return observation is None or observation.inventory != background.inventory

        yield from isolate_effective(
            unknown, has_effect, lambda groups: self.observer.prefetch(map(at_maximum, groups))
        )

    def _far_steps(self, axis: FieldDomain, steps: Steps) -> list[int]:
        """Return other numbers of steps of a field, anywhere in its range; a large change hides behind no floor."""
        last = axis.max_steps
        counts = (last,) if axis.no_effect else (axis.sample(self.random), last, last - 1)
        return [count for count in counts if count != steps[axis.name]]

    def _near_steps(self, axis: FieldDomain, steps: int) -> Iterator[int]:
        """Yield other numbers of steps of a field, the nearest first, so that little else changes."""
        if axis.is_listed:
            yield from (index for index in range(len(axis.options)) if index != steps)
            return
        counts = (steps + 1, steps - 1, axis.min_steps, steps + 2, 2 * steps + 1, axis.sample(self.random))
        yield from dict.fromkeys(count for count in counts if count >= axis.min_steps and count != steps)
