"""Constraint acquisition: constraints between fields, learned from rejected samples (QuAcq, Bessiere et al. 2013).

A rejected sample is reduced to its scope, the few fields that it is rejected for. Then candidate constraints between
two of these are tried, the weakest first. A constraint is learned if breaking it is rejected, and if samples that keep
it are accepted. A field for which no constraint is found is fixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from random import Random

from bertsym.bisection import find_boundary
from bertsym.derive.domain.base_trials import is_depth_name
from bertsym.derive.domain.field_domain import Choice, FieldDomain, Switch, alternative_values
from bertsym.derive.domain.pair_constraints import pair_constraints
from bertsym.derive.domain.space import FixedBy, FixedField, Space, in_dependency_order, with_domain
from bertsym.derive.limits import (
    ACCEPTED_IN_A_ROW,
    BREAKING_VALUES,
    COARSE_STRIDES,
    COARSE_TRIAL_STEPS,
    FIRST_BATCH,
    MAX_LESSONS,
    MAX_SCOPE,
    TRIALS_PER_CONSTRAINT,
    UNFREEZE_SAMPLES,
)
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.search import find_scope
from bertsym.derive.types import CannotDerive, Fields, Number
from bertsym.values import replace

_MISSING_PACKAGE = "ImportError"


def acquire_constraints(oracle: BuildOracle, space: Space, random: Random) -> Space:
    """Return the space narrowed until samples are accepted in a row; fields without a fitting constraint are fixed."""
    learner = ConstraintLearner(oracle, space, random)
    accepted = lessons = 0
    while accepted < ACCEPTED_IN_A_ROW and lessons < MAX_LESSONS:
        # After a lesson the next sample may bring another, and then samples drawn before it are in vain.
        rest = ACCEPTED_IN_A_ROW - accepted
        batch = rest if accepted >= FIRST_BATCH else 1 if lessons else FIRST_BATCH
        samples = [learner.space.sample(random, edge=n % 2 == 1) for n in range(accepted, accepted + batch)]
        oracle.prefetch(map(learner.space.fields, samples))
        for steps in samples:
            if not learner.is_accepted(steps):
                accepted = 0
                lessons += 1
                learner.learn(steps)
                break
            accepted += 1
    return learner.space


def is_necessary(oracle: BuildOracle, space: Space, axis: FieldDomain) -> bool:
    """Return True if the model code rejects whatever breaks the constraint, each of its fields being moved alone.

    Many constraints hold by chance. A width of 768 is 64 times 12 heads, and 384 times a stride of 2. Another stride
    builds at 768, so the stride is in no constraint. A decoder's 12 heads equal those of the encoder, but 6 build too.

    Other fields that depend on the moved one move with it. Else a text model's width, which must be a multiple of its
    heads, would make a constraint for an image model's width of 768.
    """
    names = list(axis.multiple_of)
    if axis.is_determined:
        names += [axis.name, *([axis.divided_by] if axis.divided_by is not None else [])]
    return all(oracle.build(fields) is None for name in names for fields in _breaking(space, axis, name))


def _breaking(space: Space, axis: FieldDomain, name: str) -> Iterator[Fields]:
    """Yield the base with the field at a few values that break the constraint, dependent fields following it."""
    own = space.base[name]
    without = replace(space, axes=tuple(known for known in space.axes if known.name not in (axis.name, name)))
    for number in dict.fromkeys((*BREAKING_VALUES, own // 2, 2 * own, own + 1, 2 * own + 1)):
        fields = without.with_changes(space.base, {name: number})
        step = axis.step_at(fields)
        if number > 0 and step and (fields[axis.name] != step if axis.is_determined else fields[axis.name] % step):
            yield fields


class ConstraintLearner:
    """A space that becomes smaller with every rejected sample that it learns from."""

    def __init__(self, oracle: BuildOracle, space: Space, random: Random) -> None:
        self.oracle, self.space, self.random = oracle, space, random

    def is_accepted(self, steps: Mapping[str, int], space: Space | None = None) -> bool:
        """Return True if the model code accepts these steps, all other fields being as in the base."""
        return self.oracle.build((space or self.space).fields(steps)) is not None

    def learn(self, steps: Mapping[str, int]) -> None:
        """Change the space so that it no longer contains this rejected sample."""

        def are_accepted(names: Sequence[str]) -> bool:
            return self.is_accepted({name: steps[name] for name in names})

        scope = find_scope([axis.name for axis in self.space.axes], are_accepted, MAX_SCOPE)
        if not scope:
            return
        if len(scope) == 1:
            (name,) = scope
            if are_accepted(scope):
                self._fix(name, "not with others")
            elif not self._raise_follower(name, steps):
                self._narrow(name, steps[name])
            return
        rejection = self.oracle.rejection(self.space.fields(steps))
        if rejection is not None and rejection.timed_out and self._halve_largest(steps, scope):
            return
        if not self._constrain(steps, scope):
            # A list of layers says more than a number beside it, such as Gemma 4's `num_kv_shared_layers`.
            lists = {name for field in self.oracle.description.lists for name in (field.path, field.length)}
            plain = [name for name in scope if name not in lists] or scope
            fixed = next((name for name in scope if self._axis(name).no_effect), plain[0])
            partners = ", ".join(name for name in scope if name != fixed)
            self._fix(fixed, f"refused together with {partners}")

    def _constrain(self, steps: Mapping[str, int], scope: Sequence[str]) -> bool:
        """Add the weakest necessary constraint with which samples of the scope are accepted, if there is one."""
        for axis, background in self._candidates(steps, scope):
            axes = with_domain(self.space.axes, axis)
            if axes is None or not self._holds_in_base(axis):
                continue
            if not is_necessary(self.oracle, replace(self.space, base=background), axis):
                continue
            if self._accepts(replace(self.space, axes=axes), steps, scope):
                self.space = replace(self.space, axes=axes)
                return True
        return False

    def _candidates(self, steps: Mapping[str, int], scope: Sequence[str]) -> list[tuple[FieldDomain, Fields]]:
        """Return constraints between any two fields of the scope, those that fix a field at some values last.

        Each comes with the background of its trials: the base with the other fields of the scope as in the sample.
        """
        candidates = []
        for pair in combinations(scope, 2):
            background = self.space.fields({name: steps[name] for name in scope if name not in pair})
            first, second = map(self._axis, pair)
            candidates += [(axis, background) for axis in pair_constraints(self.space, first, second)]
        return sorted(candidates, key=lambda pair: len(pair[0].only_if) > len(self._axis(pair[0].name).only_if))

    def _raise_follower(self, name: str, steps: Mapping[str, int]) -> bool:
        """Let a field be greater than this one if that makes the rejected value valid; return False if none does.

        An offset of 1 below a period of 2 cannot grow alone. The least period that builds, 2, is the offset and 1.
        """
        own = self.space.base[name]
        for axis in self.space.axes:
            if axis.name == name or not axis.is_free or axis.stride != 1 or axis.min_steps != own + 1:
                continue
            follower = replace(axis.with_bounds(greater_than=name), min_steps=1)
            axes = with_domain(self.space.axes, follower)
            if axes is None or not self._holds_in_base(follower):
                continue
            if self._accepts(replace(self.space, axes=axes), steps, (name, axis.name)):
                self.space = replace(self.space, axes=axes)
                return True
        return False

    def _holds_in_base(self, axis: FieldDomain) -> bool:
        """Return True if the constraint holds in the base, which builds."""
        own = axis.steps_of(self.space.base)
        return axis.is_determined or axis.is_ratio or (own is not None and own >= axis.min_steps)

    def _accepts(self, space: Space, steps: Mapping[str, int], scope: Sequence[str]) -> bool:
        """Return True if the rejected sample and others of its scope are accepted in this space."""
        least = {axis.name: axis.min_steps for axis in space.axes}
        if not self.is_accepted({name: max(steps[name], least[name]) for name in scope}, space):
            return False
        for trial in range(TRIALS_PER_CONSTRAINT):
            sample = space.sample(self.random, edge=trial % 2 == 1)
            if not self.is_accepted({name: sample[name] for name in scope}, space):
                return False
        return True

    def _narrow(self, name: str, steps: int) -> None:
        """Remove the values of one field from a rejected one on."""
        axis = self._axis(name)
        own = axis.steps_of(self.space.base)
        if axis.is_listed:
            rejected = axis.value_at(steps, self.space.fields({}))
            options = tuple(option for option in axis.options if option != rejected)
            self._put(replace(axis, allowed=Choice(options)) if len(options) > 1 else None, name)
            return
        if own is None or own == steps:
            self._put(None, name)
            return
        coarser = self._coarser(axis)
        if coarser is not None:
            self._put(coarser, name)
            return
        accepted, _ = find_boundary(own, steps, lambda count: self.is_accepted({name: count}))
        if steps < own:
            self._put(replace(axis, min_steps=accepted), name)
        elif accepted > axis.min_steps:
            self._put(replace(axis, sampled_values=accepted - axis.min_steps + 1), name)
        else:
            self._put(None, name)

    def _coarser(self, axis: FieldDomain) -> FieldDomain | None:
        """Return the domain with the smallest stride of which several multiples are accepted, if there is one."""
        if not (axis.is_free and axis.stride == 1):
            return None
        for stride in COARSE_STRIDES:
            own = int(axis.base) // stride
            values = ((own + steps) * stride for steps in COARSE_TRIAL_STEPS)
            if axis.base % stride == 0 and all(self.is_accepted({axis.name: number}) for number in values):
                return axis.with_stride(stride, min_steps=max(-(-axis.min_steps // stride), 1))
        return None

    def _halve_largest(self, steps: Mapping[str, int], scope: Sequence[str]) -> bool:
        """Halve the range of the largest field of the scope; return False if none can be smaller."""
        for axis in sorted(map(self._axis, scope), key=lambda axis: axis.min_steps - steps[axis.name]):
            count = (steps[axis.name] - axis.min_steps) // 2 + 1
            if axis.is_stepped and 1 < count < axis.value_count:
                self._put(replace(axis, sampled_values=count), axis.name)
                return True
        return False

    def _axis(self, name: str) -> FieldDomain:
        axis = self.space.axis(name)
        assert axis is not None  # noqa: S101  # only names of domains are passed
        return axis

    def _put(self, axis: FieldDomain | None, name: str) -> None:
        """Replace a domain; fix the field if there is none."""
        if axis is None:
            self._fix(name, "only its own value is accepted")
            return
        axes = with_domain(self.space.axes, axis)
        assert axes is not None  # noqa: S101  # it depends on the same fields as before
        self.space = replace(self.space, axes=axes)

    def _fix(self, name: str, why: str) -> None:
        """Fix a field at its base value; fields that depend on it still vary."""
        if self._axis(name).no_effect and self._has_no_effect(name):
            field = FixedField(name, f"{why}, and without effect", FixedBy.NO_EFFECT)
        else:
            field = FixedField(name, why)
        axes = tuple(axis for axis in self.space.axes if axis.name != name)
        self.space = replace(self.space, axes=axes, fixed=(*self.space.fixed, field))

    def _has_no_effect(self, name: str) -> bool:
        """Return True if other values of the field build alone, and all give the same inventory."""
        base = self.space.base
        inventories = [self.oracle.build({**base, name: number}) for number in alternative_values(base[name])]
        accepted = [inventory for inventory in inventories if inventory is not None]
        unchanged = self.oracle.build(base)
        return bool(accepted) and all(inventory == unchanged for inventory in accepted)


def unfreeze(oracle: BuildOracle, space: Space, random: Random) -> Space:
    """Return the space after other values of each fixed field were tried, in samples of all other fields.

    - The model code fixes a field of which it accepts no other value in any sample. `is_encoder` of XLM is one.
    - A switch that it accepts in some sample varies again, and that sample becomes the base. So does a number that it
      accepts in samples only, or only together with the fields that depend on it.
    - A depth stays fixed, because the lists beside it may have its length.
    """
    defaults = oracle.description.fields
    for field in space.fixed:
        name = field.name
        if field.fixed_by is not FixedBy.DERIVATION or is_depth_name(name):
            continue
        accepting = _accepting_fields(oracle, space, name, random)
        if accepting is None:
            held = FixedField(name, "the code accepts no other value", FixedBy.CODE)
            space = replace(space, fixed=tuple(held if known.name == name else known for known in space.fixed))
        elif (
            accepting not in (defaults, space.base) or isinstance(defaults[name], bool) or any(_followers(space, name))
        ):
            space = _with_freed(oracle, space, name, accepting, random)
    return space.propagate_fixed()


def _accepting_fields(oracle: BuildOracle, space: Space, name: str, random: Random) -> Fields | None:
    """Return the defaults, the base or a sample at which another value of the field builds, None if there are none.

    Dependent fields follow it, another fixed field may change with it, and every stack has a layer. A build that fails
    because a package is missing counts as accepted.
    """
    defaults = oracle.description.fields
    depths = {axis.name for axis in space.axes if axis.is_depth}
    samples = []
    for _ in range(UNFREEZE_SAMPLES):
        steps = space.sample(random)
        samples.append(space.fields(steps | {name: max(steps[name], 1) for name in depths}))
    for fields in (defaults, space.base, *samples):
        if oracle.build(fields) is None:
            continue
        changes = [{name: number} for number in alternative_values(defaults[name])]
        for change in (*changes, *_changes_of_two(space, name)):
            for followed in (space, *_followers(space, name)):
                rejection = oracle.rejection(followed.with_changes(fields, change))
                if rejection is None or _MISSING_PACKAGE in rejection.reason:
                    return fields
    return None


def _followers(space: Space, name: str) -> Iterator[Space]:
    """Yield the space with one field alone of those that the field determines, as others may be equal by chance."""
    for axis in space.axes:
        if axis.is_determined and name in axis.depends_on:
            yield replace(space, axes=(axis,))


def _changes_of_two(space: Space, name: str) -> Iterator[dict[str, Number]]:
    """Yield changes that double a number and double another fixed one, or make that one larger by the same."""
    own = space.base[name]
    for field in space.fixed:
        beside = space.base[field.name]
        if field.name != name and type(own) is type(beside) is int:
            yield {name: 2 * own, field.name: 2 * beside}
            yield {name: 2 * own, field.name: beside + own}


def _with_freed(oracle: BuildOracle, space: Space, name: str, base: Fields, random: Random) -> Space:
    """Return the space around another base in which the field varies; the same space if more fields are fixed then."""
    fixed = tuple(field for field in space.fixed if field.name != name)
    own = base[name]
    axis = FieldDomain(name, own, Switch()) if isinstance(own, bool) else FieldDomain(name, own)
    axes = in_dependency_order([*space.axes, axis])
    assert axes is not None  # noqa: S101  # the new domain depends on no field
    wider = replace(space, base=dict(base), axes=axes, fixed=fixed)
    try:
        freed = acquire_constraints(oracle, wider, random)
    except CannotDerive:
        return space
    return freed if len(freed.fixed) < len(space.fixed) else space
