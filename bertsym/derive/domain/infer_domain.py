"""The first estimate of the domains: which fields matter, which constraints they have alone, and how small they go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from bertsym.bisection import find_boundary
from bertsym.derive.domain.base_trials import BaseTrials, is_depth_name
from bertsym.derive.domain.constraint_templates import ConstraintSearch
from bertsym.derive.domain.depths import index_list_domains, is_list_length, multiplies_tensors, shrink_depths
from bertsym.derive.domain.field_domain import Choice, FieldDomain, Switch
from bertsym.derive.domain.field_path import list_path
from bertsym.derive.domain.screening import Screening
from bertsym.derive.domain.space import FixedBy, FixedField, Space, in_dependency_order
from bertsym.derive.limits import (
    FAR_INCREASE,
    FEW_DEPTH_VALUES,
    LAYER_INDEX_VALUES,
    MAX_CAPPED_BASE,
    MAX_DEPTHS,
    MAX_LAYER_COUNT,
    MIN_CAPPED_VALUES,
    NO_EFFECT_TRIAL_VALUES,
    NUMBERED_LISTS,
)
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.search import accepted_groups
from bertsym.derive.types import CannotDerive, Number
from bertsym.values import replace

Changes = Mapping[str, Number]
LIST_LENGTH = "it is how long the lists beside it are"


def infer_domain(oracle: BuildOracle, random: Random, held: frozenset[str] = frozenset()) -> Space:
    """Return the space around the values that the target comes with; raise `CannotDerive` if these do not build.

    The base has the `held` fields at their defaults.

    The space knows the constraints of each field beside the base. Constraints that only show when several fields
    change at once are left to `acquire_constraints`.
    """
    defaults = dict(oracle.description.fields)
    rejection = oracle.rejection(defaults)
    if rejection is not None:
        raise CannotDerive(oracle.target, f"its own sizes do not build: {rejection.reason}")
    trials = BaseTrials(oracle, defaults, held)
    index_lists = shrink_depths(trials)
    screening = Screening(trials)
    screening.run()
    return _DomainInference(trials, screening, random).infer(index_lists)


class _DomainInference:
    """The domains found so far (`search.domains`), around the base of the trials."""

    def __init__(self, trials: BaseTrials, screening: Screening, random: Random) -> None:
        self.trials, self.screening, self.random = trials, screening, random
        self.search = ConstraintSearch(trials, random)

    def infer(self, index_lists: Sequence[list[str]]) -> Space:
        """Return the space: the numbers with an effect come first, then switches, then fields without effect."""
        without_effect = self.screening.unclassified
        waiting = [name for name in self.trials.numbers if name not in without_effect]
        waiting = self.find_constraints(self.find_unconstrained(waiting))
        fixed = [*map(self.rejected_field, waiting), *self.negative_fields(), *self.find_switches()]
        self.add([FieldDomain(field.path, 0, Choice(tuple(range(NUMBERED_LISTS)))) for field in self.trials.lists])
        self.add(self.domains_without_effect([name for name in without_effect if name not in self.search.domains]))
        self.mark_divisors()
        self.mark_effective_with_dependents()
        self.limit_depths()
        for axis in index_list_domains(index_lists, self.search.domains):
            self.add([replace(axis, min_steps=0, sampled_values=LAYER_INDEX_VALUES)])
        for axis in list(self.search.domains.values()):
            self.add([self.cap_layer_count(self.cap_before_empty(axis))])
        arranged = in_dependency_order(self.search.domains.values())
        assert arranged is not None  # noqa: S101  # each constraint was checked for circles when it was found
        return Space(dict(self.trials.base), arranged, tuple(fixed))

    def add(self, axes: Iterator[FieldDomain] | Sequence[FieldDomain]) -> None:
        """Take up domains, each as soon as it is found, because later trials move the fields that depend on it."""
        for axis in axes:
            self.search.domains[axis.name] = axis

    def find_unconstrained(self, names: Sequence[str]) -> list[str]:
        """Add the domains of integers without a constraint; return the names that have none yet."""
        depths = self.screening.depths
        integers = [
            FieldDomain(name, self.trials.base[name], is_depth=name in depths)
            for name in names
            if name in self.trials.integers
        ]
        rest = list(names)
        for axis in self.unconstrained(integers):
            self.add([self.with_effect(axis)])
            rest.remove(axis.name)
        return rest

    def unconstrained(self, axes: Sequence[FieldDomain]) -> Iterator[FieldDomain]:
        """Yield the domains that may all change together, near the base and far from it."""
        for group, changes in accepted_groups(axes, self._grown_together):
            if changes is None:
                continue
            near, far = changes
            marked = [
                replace(axis, is_depth=axis.is_depth or multiplies_tensors(self.trials, axis, near, far))
                for axis in group
            ]
            if self.trials.build({axis.name: 1 for axis in marked}) is None:
                yield from map(self.search.lower_minimum, marked)
                continue
            for axis in marked:
                zero = self.search.may_be_zero(axis) and self.search.is_accepted(axis, {axis.name: 0})
                yield replace(axis, min_steps=0) if zero else axis

    def _grown_together(self, axes: Sequence[FieldDomain]) -> tuple[Changes, Changes] | None:
        """Return the changes by one and by much more at which the fields build together, None if they do not."""
        near = {axis.name: axis.base + 1 for axis in axes}
        far = {a.name: a.base + (2 if a.is_depth else self.random.randint(*FAR_INCREASE)) for a in axes}
        accepted = self.trials.build(near) is not None and self.trials.build(far) is not None
        return (near, far) if accepted else None

    def with_effect(self, axis: FieldDomain) -> FieldDomain:
        """Return the domain marked as one without effect, if the field changes the inventory at no accepted value."""
        if axis.name in self.screening.active:
            return axis
        return replace(axis, no_effect=not self.trials.affects_inventory(axis.name, axis.options))

    def find_constraints(self, names: Sequence[str]) -> list[str]:
        """Add the domains of numbers with a constraint; return the names that have none.

        A second pass finds constraints with fields that got their domain in the first one.
        """
        rest = list(names)
        for with_constants in (False, False, True):
            for name in list(rest):
                is_depth = name in self.screening.depths
                axis = self.search.find(name, is_depth=is_depth, with_constants=with_constants)
                if axis is not None:
                    self.add([self.with_effect(axis)])
                    rest.remove(name)
        for name in self.search.find_proportional(rest):
            rest.remove(name)
        return rest

    def rejected_field(self, name: str) -> FixedField:
        """Return a number at no other value of which the code builds as a fixed field."""
        if is_list_length(self.trials, name) and not list_path(name):
            return FixedField(name, LIST_LENGTH, FixedBy.CODE)
        return FixedField(name, "no other value was accepted")

    def negative_fields(self) -> Iterator[FixedField]:
        """Yield the negative numbers as fixed fields.

        Those without effect are kept too: another kind of value may have one, as a list of layers for
        `vision_feature_layer` of LLaVA.
        """
        for name in self.trials.negative:
            if self.trials.affects_inventory(name):
                yield FixedField(name, "a number below 0 stands for something else")
            else:
                yield FixedField(name, "without effect", FixedBy.NO_EFFECT)

    def find_switches(self) -> Iterator[FixedField]:
        """Add the domains of switches; yield the switches without a second value as fixed fields."""
        switches = self.trials.switches
        self.trials.prefetch({name: not self.trials.base[name]} for name in switches)
        for name in switches:
            axis = self.switch_domain(name)
            if axis is None:
                yield FixedField(name, "the other value was refused")
            else:
                self.add([axis])

    def switch_domain(self, name: str) -> FieldDomain | None:
        """Return the domain of a switch, which may vary only if another switch is turned; None if it cannot vary."""
        base, build = self.trials.base, self.trials.build
        axis = FieldDomain(name, bool(base[name]), Switch())
        inventory = build({name: not base[name]})
        if inventory is not None:
            return replace(axis, no_effect=inventory == build({}))
        for guard in self.trials.switches:
            turned = not base[guard]
            if guard != name and build({name: not base[name], guard: turned}) is not None:
                guarded = replace(axis, only_if=((guard, turned),))
                return guarded if in_dependency_order([*self.search.domains.values(), guarded]) is not None else None
        return None

    def domains_without_effect(self, names: Sequence[str]) -> Iterator[FieldDomain]:
        """Yield domains of fields without effect: free if groups of them build at random values, else two values."""

        def trial(group: Sequence[str]) -> Changes | None:
            integers = [name for name in group if name in self.trials.integers]
            changes = {name: self.random.randint(*NO_EFFECT_TRIAL_VALUES) for name in integers}
            return changes if self.trials.build(changes) is not None else None

        for group, changes in accepted_groups(names, trial):
            for name in group:
                base = self.trials.base[name]
                if changes is not None and name in changes:
                    yield FieldDomain(name, base, no_effect=True, is_depth=is_depth_name(name))
                else:
                    yield FieldDomain(name, base, Choice((base, self.trials.alternative(name))), no_effect=True)

    def mark_divisors(self) -> None:
        """Mark the fields that others are a multiple of; such a field begins at 1, and has a domain in any case."""
        domains = self.search.domains
        for name in dict.fromkeys(leader for axis in domains.values() for leader in axis.multiple_of):
            axis = domains.get(name)
            if axis is None:
                base = self.trials.base[name]
                self.add([FieldDomain(name, base, Choice((base,)), no_effect=True)])
            elif not axis.is_listed:
                self.add([replace(axis, min_steps=max(axis.min_steps, 1), is_divisor=True)])

    def mark_effective_with_dependents(self) -> None:
        """Mark the fields that have an effect once the fields that depend on them are made to fit."""
        domains = self.search.domains
        names = [name for name, axis in domains.items() if axis.no_effect and name in self.trials.numbers]
        effective = [
            axis
            for axis in map(domains.__getitem__, self.trials.constrained_fields(names))
            if self.affects_with_dependents(axis)
        ]
        self.add([replace(axis, no_effect=False) for axis in effective])

    def affects_with_dependents(self, axis: FieldDomain) -> bool:
        """Return True if the field doubled, with the fields that depend on it, changes the inventory."""
        arranged, own = in_dependency_order(self.search.domains.values()), axis.steps_of(self.trials.base)
        if arranged is None or own is None or axis.is_determined:
            return False
        doubled = Space(self.trials.base, arranged, ()).fields({axis.name: 2 * max(own, 1)})
        inventory = self.trials.oracle.build(doubled)
        return inventory is not None and inventory != self.trials.build({})

    def limit_depths(self) -> None:
        """Sample each depth from few values if there are many: all stages together would make thousands of tensors."""
        depths = [axis for axis in self.search.domains.values() if axis.is_depth and not axis.no_effect]
        if len(depths) > MAX_DEPTHS:
            self.add([replace(axis, sampled_values=FEW_DEPTH_VALUES) for axis in depths])

    def cap_layer_count(self, axis: FieldDomain) -> FieldDomain:
        """Return the domain of a number of first or last layers with the few values that a small stack tells apart.

        Such a number gives the layers other shapes, and no other names. All values beyond the stack are alike.
        """
        if axis.is_depth or axis.no_effect or not axis.is_free or not is_depth_name(axis.name):
            return axis
        beyond = [self.trials.build({axis.name: steps}) for steps in (MAX_LAYER_COUNT, 2 * MAX_LAYER_COUNT + 1)]
        if beyond[0] is None or beyond[0] != beyond[1]:
            return axis
        return replace(axis, sampled_values=LAYER_INDEX_VALUES)

    def cap_before_empty(self, axis: FieldDomain) -> FieldDomain:
        """Return a small field's domain up to where a dimension becomes 0, as a quotient by a large stride does."""
        if axis.is_depth or axis.no_effect or not axis.is_free or axis.base > MAX_CAPPED_BASE:
            return axis
        first_unsampled = axis.min_steps + axis.value_count
        if self.has_empty_tensor({}) or not self.has_empty_tensor({axis.name: first_unsampled - 1}):
            return axis
        last, _ = find_boundary(
            int(axis.base), first_unsampled, lambda number: not self.has_empty_tensor({axis.name: number})
        )
        return replace(axis, sampled_values=max(last - axis.min_steps + 1, MIN_CAPPED_VALUES))

    def has_empty_tensor(self, changes: Changes) -> bool:
        """Return True if the model code builds a tensor with a dimension of 0."""
        inventory = self.trials.build(changes)
        return inventory is not None and any(0 in entry.shape for entry in inventory.values())
