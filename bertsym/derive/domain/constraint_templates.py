"""Constraint templates: the constraints that one field may have, the weakest first, and the first of them that holds.

A constraint is kept as the `FieldDomain` that it leaves. The fields that it names come from trials: only a field of
which the model code rejects some value, while all others stay, can be part of a constraint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain, combinations
from random import Random

from bertsym.bisection import find_boundary
from bertsym.derive.domain.base_trials import BaseTrials, is_depth_name
from bertsym.derive.domain.constraint_acquisition import is_necessary
from bertsym.derive.domain.depths import multiplies_tensors
from bertsym.derive.domain.field_domain import Choice, Determined, FieldDomain, Free, MultipleOf
from bertsym.derive.domain.field_path import parent_config
from bertsym.derive.domain.space import Space, in_dependency_order
from bertsym.derive.limits import (
    FAR_STEPS,
    FOLLOWER_STEPS,
    LARGE_LEADER_VALUES,
    LEADER_FACTORS,
    LISTED_OPTIONS,
    MAX_DIVISOR_VALUES,
    MAX_LAYER_COUNT,
    MAX_LISTED_VALUE,
    MAX_PROPORTIONAL_CANDIDATES,
    MAX_PROPORTIONAL_GROUP,
    MAX_SMALL_LEADER,
    MAX_ZERO_CANDIDATE,
    MIN_ADDED_TENSORS,
    MIN_LEADER,
    PROPORTIONAL_FACTORS,
    SMALL_LEADER_VALUES,
    STRIDES,
    TRIED_STEPS,
)
from bertsym.derive.types import Fields, Number
from bertsym.values import replace


def weak_constraints(free: FieldDomain, base: Fields, leaders: Sequence[str]) -> Iterator[FieldDomain]:
    """Yield the constraints without a constant of their own, the weakest first.

    `free` is the domain without a constraint, `leaders` the fields that a constraint may name.
    """
    name, number = free.name, free.base
    divisors = _divisors(name, base, leaders)
    yield replace(free, allowed=Free(2)) if number % 2 == 0 else free
    for factor in LEADER_FACTORS:
        yield from (replace(free, allowed=MultipleOf((n,), factor)) for n in divisors if number % factor == 0)
    beside = [n for n in leaders if parent_config(n) == parent_config(name)]
    small = [n for n in divisors if base[n] <= MAX_LAYER_COUNT and parent_config(n) == parent_config(name)]
    yield from (replace(free, allowed=MultipleOf(pair)) for pair in combinations(small, 2))
    yield from (replace(free, allowed=Determined((n,))) for n in divisors if number == base[n])
    for first, second in combinations(beside, 2):
        product = base[first] * base[second]
        if number == product:
            yield replace(free, allowed=Determined((first, second)))
        largest = max(base[first], base[second])
        for third in beside if number < largest else ():
            is_quotient = base[third] <= largest and number * base[third] == product
            if is_quotient and third not in (first, second):
                yield replace(free, allowed=Determined((first, second), divided_by=third))


def constraints_with_constants(free: FieldDomain, base: Fields, leaders: Sequence[str]) -> Iterator[FieldDomain]:
    """Yield the constraints with a constant, which may only be the present value of another field."""
    number = free.base
    yield from (replace(free, allowed=Free(stride)) for stride in STRIDES if number % stride == 0)
    for name in _divisors(free.name, base, leaders):
        if number != base[name]:
            yield replace(free, allowed=Determined((name,), number // base[name]))


def _divisors(name: str, base: Fields, leaders: Sequence[str]) -> list[str]:
    """Return the fields that the value is a multiple of in the base, those of its own configuration first."""
    divisors = [n for n in leaders if base[name] % base[n] == 0]
    return sorted(divisors, key=lambda n: (parent_config(n) != parent_config(name), base[n]))


class ConstraintSearch:
    """The search for the weakest constraint of each field; `domains` are the domains that were found so far."""

    def __init__(self, trials: BaseTrials, random: Random) -> None:
        self.trials, self.random = trials, random
        self.domains: dict[str, FieldDomain] = {}

    @property
    def base(self) -> Fields:
        """Return the base configuration."""
        return self.trials.base

    def find(self, name: str, *, is_depth: bool, with_constants: bool) -> FieldDomain | None:
        """Return the domain by the weakest constraint under which all values tried build, None if there is none.

        Only `with_constants` are constraints with a constant and, at last, lists of values tried.
        """
        constant = self._constraints_with_constants(name, is_depth=is_depth) if with_constants else iter(())
        for constrained in chain(self._weak_constraints(name, is_depth=is_depth), constant):
            if in_dependency_order([*self.domains.values(), constrained]) is not None and self._holds(constrained):
                grown = {name: self.base[name] + MAX_DIVISOR_VALUES}
                axis = self._with_second_divisor(constrained)
                is_depth = is_depth or multiplies_tensors(self.trials, constrained, {}, grown)
                return self.lower_minimum(replace(axis, is_depth=is_depth))
        return self._listed(name, is_depth=is_depth) if with_constants else None

    def find_proportional(self, names: Sequence[str]) -> list[str]:
        """Give domains to fields that build only in proportion, such as a projector's width and its model's.

        Of each group the least field gets a domain, and the others are fixed multiples of it. Return all these fields.
        """
        settled: list[str] = []
        for group in self._proportional_groups(names):
            if not set(group) & set(settled) and self._lead(*sorted(group, key=self.base.__getitem__)):
                settled += group
        return settled

    def may_be_zero(self, axis: FieldDomain) -> bool:
        """Return True if 0 is to be tried: in a configuration it often means "as another field says"."""
        own_code = ":" in self.trials.oracle.target
        likely = own_code or axis.is_depth or int(axis.base) <= MAX_ZERO_CANDIDATE
        return likely or self.trials.affects_only_at_zero(axis.name)

    def is_accepted(self, axis: FieldDomain, steps: Mapping[str, int]) -> bool:
        """Return True if the base builds after these steps, all fields that depend on them being made to fit."""
        axes = [*(known for known in self.domains.values() if known.name != axis.name), axis]
        known = {axis.name for axis in axes}
        axes += [FieldDomain(name, self.base[name], min_steps=0) for name in steps if name not in known]
        arranged = in_dependency_order(axes)
        if arranged is None:
            return False
        return self.trials.oracle.build(Space(self.base, arranged, ()).fields(steps)) is not None

    def lower_minimum(self, axis: FieldDomain) -> FieldDomain:
        """Return the domain from the fewest steps that build."""
        if axis.is_determined:
            return axis
        # A ratio that enlarges is not tried below 1.
        first = int(1 / axis.stride) if axis.is_ratio and axis.base >= 1 else 1
        for steps in range(TRIED_STEPS + 1) if self.may_be_zero(axis) else range(first, first + TRIED_STEPS):
            if self.is_accepted(axis, {axis.name: steps}):
                return replace(axis, min_steps=steps)
        own = max(axis.steps_of(self.base) or 0, TRIED_STEPS + 1)
        least, _ = find_boundary(own, TRIED_STEPS, lambda steps: self.is_accepted(axis, {axis.name: steps}))
        return replace(axis, min_steps=least)

    def _weak_constraints(self, name: str, *, is_depth: bool) -> Iterator[FieldDomain]:
        free = FieldDomain(name, self.base[name], is_depth=is_depth)
        if free.is_ratio:
            yield from self._ratio_constraints(free)
            return
        yield free
        yield from weak_constraints(free, self.base, self._leaders(name))

    def _ratio_constraints(self, free: FieldDomain) -> Iterator[FieldDomain]:
        name, number = free.name, free.base
        if self.trials.affects_only_at_zero(name):
            return
        far = {name: number + MIN_ADDED_TENSORS}
        is_depth = multiplies_tensors(self.trials, FieldDomain(name, number), {}, far)
        for stride in (Fraction(1, 4), Fraction(1)):
            if number % stride == 0:
                yield replace(free, allowed=Free(stride), is_depth=is_depth)

    def _constraints_with_constants(self, name: str, *, is_depth: bool) -> Iterator[FieldDomain]:
        free = FieldDomain(name, self.base[name], is_depth=is_depth)
        if not free.is_ratio:
            yield from constraints_with_constants(free, self.base, self._leaders(name))

    def _leaders(self, name: str) -> list[str]:
        """Return the fields that a constraint may name: those that the model code rejects at other values."""
        able = [n for n in self.trials.integers if n != name and self.base[n] >= MIN_LEADER]
        return self.trials.constrained_fields(able) if self.base[name] else []

    def _holds(self, axis: FieldDomain) -> bool:
        """Return True if the constraint is necessary and its values build, near and far, and as other fields change."""
        here = axis.steps_of(self.base)
        if here is None:
            return False
        if axis.multiple_of and not self._is_necessary(axis):
            return False
        if not axis.is_determined:
            far = here + (2 if axis.is_depth else self.random.randint(*FAR_STEPS) * 2 + 1)
            near = max(here, 1) + 1
            if not all(self.is_accepted(axis, {axis.name: steps}) for steps in (near, far)):
                return False
        if axis.divided_by is not None:
            return all(self._follows_doubled(axis, leader) for leader in (*axis.multiple_of, axis.divided_by))
        return all(
            self._follows(axis, leader) or self._follows(axis, *self._equal_fields(axis, leader))
            for leader in axis.multiple_of
        )

    def _follows(self, axis: FieldDomain, *leaders: str) -> bool:
        """Return True if the field builds as the constraint says when these fields get another value."""
        own = self.base[leaders[0]]
        values = SMALL_LEADER_VALUES if int(own) < MAX_SMALL_LEADER else LARGE_LEADER_VALUES
        changed = next(number for number in values if number != own)
        steps = dict.fromkeys(leaders, changed)
        return self.is_accepted(axis, steps if axis.is_determined else steps | {axis.name: FOLLOWER_STEPS})

    def _follows_doubled(self, axis: FieldDomain, leader: str) -> bool:
        """Return True if the field builds as the constraint says with the leader twice as large."""
        known = self.domains.get(leader)
        own = int(self.base[leader]) if known is None else known.steps_of(self.base)
        return own is not None and self.is_accepted(axis, {leader: 2 * own})

    def _equal_fields(self, axis: FieldDomain, leader: str) -> list[str]:
        """Return the leader, and all other integers that equal it in the base."""
        base = self.base
        equal = (n for n in self.trials.integers if base[n] == base[leader] and n not in (axis.name, leader))
        return [leader, *equal]

    def _with_second_divisor(self, axis: FieldDomain) -> FieldDomain:
        """Return the domain as a multiple of an equal field too, if its leader alone cannot change."""
        if axis.is_determined or len(axis.multiple_of) != 1 or self._follows(axis, *axis.multiple_of):
            return axis
        (leader,) = axis.multiple_of
        for second in self._equal_fields(axis, leader)[1:]:
            both = axis.as_multiple_of((leader, second))
            arranged = in_dependency_order([*self.domains.values(), both])
            if arranged and self._follows(both, leader) and self._is_necessary(both):
                return both
        return axis

    def _is_necessary(self, axis: FieldDomain) -> bool:
        return is_necessary(self.trials.oracle, Space(self.base, tuple(self.domains.values()), ()), axis)

    def _listed(self, name: str, *, is_depth: bool) -> FieldDomain | None:
        """Return a domain of the few values that build, if no constraint describes them."""
        number = self.base[name]
        options: Iterable[Number]
        if isinstance(number, Fraction):
            halves = (Fraction(1, 2), Fraction(1), Fraction(2), Fraction(0))
            options = (number / 2, number * 2, number + 1, *halves)
        elif number <= MAX_LISTED_VALUE:
            options = LISTED_OPTIONS
        else:
            options = (number // 4, number // 2, 2 * number, 3 * number, 4 * number)
        accepted = [option for option in options if option != number and self.trials.build({name: option}) is not None]
        return FieldDomain(name, number, Choice((number, *accepted)), is_depth=is_depth) if accepted else None

    def _lead(self, leader: str, *followers: str) -> bool:
        """Return True if the leader has a domain once the followers are fixed multiples of it; else change nothing."""
        before = dict(self.domains)
        for name in followers:
            factor = int(self.base[name]) // int(self.base[leader])
            self.domains[name] = FieldDomain(name, self.base[name], Determined((leader,), factor))
        for with_constants in (False, True):
            axis = self.find(leader, is_depth=False, with_constants=with_constants)
            if axis is not None and not axis.is_listed:
                self.domains[leader] = axis
                return True
        self.domains = before
        return False

    def _proportional_groups(self, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Yield the groups of numbers that build in proportion, and not if they grow by equal amounts."""
        base = self.base
        able = [n for n in names if n in self.trials.integers and base[n] and not is_depth_name(n)]
        for size in range(2, MAX_PROPORTIONAL_GROUP + 1):
            for group in combinations(able[:MAX_PROPORTIONAL_CANDIDATES], size):
                least = min(base[name] for name in group)
                if all(base[name] % least == 0 for name in group) and self._is_proportional(group):
                    yield group

    def _is_proportional(self, group: Sequence[str]) -> bool:
        """Return True if the group builds in proportion, and no two unequal fields of it build larger by the same."""
        base, build = self.base, self.trials.build
        if any(build({name: factor * base[name] for name in group}) is None for factor in PROPORTIONAL_FACTORS):
            return False
        least = min(base[name] for name in group)
        unequal = (pair for pair in combinations(group, 2) if base[pair[0]] != base[pair[1]])
        return all(build({name: base[name] + least for name in pair}) is None for pair in unequal)
