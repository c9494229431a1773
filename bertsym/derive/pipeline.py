"""The stages of a derivation in order: open the target, infer its domain, search for formulas, fall back if some lack.

`Attempt` is one run of the stages with one stream of random numbers. `derive_in` makes a second attempt with the next
seed if the first leaves anything open, and fixes fields of the better attempt only if that is not enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from random import Random

from bertsym.derive.cegis import Cegis
from bertsym.derive.conclusions import domain_found
from bertsym.derive.derivation import Derivation
from bertsym.derive.domain.constraint_acquisition import acquire_constraints, unfreeze
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.field_path import ascending_lists, list_path, parent_config
from bertsym.derive.domain.infer_domain import infer_domain
from bertsym.derive.domain.space import FixedBy, Space
from bertsym.derive.events import TRACE_VERSION, Begun, Concluded, Fallback
from bertsym.derive.limits import MAX_FALLBACK_FACTOR, MAX_FALLBACK_GROUPS, MAX_ROUNDS, MIN_TRIALS
from bertsym.derive.list_rules import with_rules
from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.derive.sampling.depth_policy import failures_by_field
from bertsym.derive.trace import NO_TRACE, Trace
from bertsym.derive.types import Arguments, CannotDerive, Fields
from bertsym.saved_model.derived import Derived
from bertsym.values import replace


def derive(
    target: str,
    sizes: Arguments,
    *,
    trials: int = 16,
    seed: int = 0,
    seconds: float = 20.0,
    keep_names: bool = False,
    trace: Trace = NO_TRACE,
) -> Derivation:
    """Return the closed form of a transformers model type or class, or of `package.module:callable` at `sizes`.

    `sizes` of a model of transformers are settings of its configuration by path, such as `{"q_lora_rank": None}`.
    This runs the target's code in another process, at most `seconds` for each build. `trials` random configurations
    test the formulas. Raises `CannotDerive`.
    """
    with Worker(seconds) as worker:
        return derive_in(worker, target, sizes, trials=trials, seed=seed, keep_names=keep_names, trace=trace)


def derive_in(
    worker: Worker,
    target: str,
    sizes: Arguments,
    *,
    trials: int = 16,
    seed: int = 0,
    keep_names: bool = False,
    trace: Trace = NO_TRACE,
) -> Derivation:
    """Return what `derive` returns, in a worker that may have run other targets before; raises `CannotDerive`.

    One seed may miss what another shows: if a tensor has no formula, or a field was fixed, the stages run again with
    the next seed, and the better attempt is kept.

    If fields with an entry a layer vary and that leaves anything open, they are left to the configuration class.
    """
    derivation, lists = _derive_with(worker, target, sizes, trials, seed, keep_names=keep_names, trace=trace)
    if lists and (derivation is None or not derivation.whole or not derivation.derived.layer_lists):
        without, _ = _derive_with(
            worker, target, sizes, trials, seed, keep_names=keep_names, trace=trace, with_lists=False
        )
        if derivation is None or (without is not None and without.whole):
            derivation = without
    assert derivation is not None  # noqa: S101  # the second attempt raises what it fails with
    ruled = with_list_rules(derivation.derived, worker, target, sizes, trials=trials, seed=seed)
    return replace(derivation, derived=ruled)


def with_list_rules(
    derived: Derived, worker: Worker, target: str, sizes: Arguments, *, trials: int = 16, seed: int = 0
) -> Derived:
    """Return the model with the rules of its lists that have none yet: what the class makes of other fields."""

    def rule(path: str) -> Derivation:
        derivation, _ = _derive_with(worker, target, sizes, trials, seed, keep_names=True, trace=NO_TRACE, rule=path)
        assert derivation is not None  # noqa: S101  # a rule has no lists of its own
        return derivation

    return with_rules(derived, rule)


def _derive_with(
    worker: Worker,
    target: str,
    sizes: Arguments,
    trials: int,
    seed: int,
    *,
    keep_names: bool,
    trace: Trace,
    with_lists: bool = True,
    rule: str = "",
) -> tuple[Derivation | None, bool]:
    """Return a derivation, and True if fields with an entry a layer varied in it; None if only these may be at fault.

    Raise `CannotDerive` if no such field varied.
    """
    try:
        oracle = BuildOracle(worker, target, sizes, with_lists=with_lists, rule=rule)
    except CannotDerive as error:
        trace.failed("oracle", "open", error)
        raise
    lists = bool(oracle.description.lists)
    try:
        return _derive_oracle(oracle, trials, seed, keep_names=keep_names, trace=trace), lists
    except CannotDerive:
        if lists:
            return None, lists
        raise


def _derive_oracle(oracle: BuildOracle, trials: int, seed: int, *, keep_names: bool, trace: Trace) -> Derivation:
    """Return the better of two attempts in an open target; raise `CannotDerive`."""
    trials, target = max(trials, MIN_TRIALS), oracle.target
    described = oracle.description
    trace.take(
        lambda: Begun(TRACE_VERSION, target, seed, trials, described.cls, described.source, dict(described.fields))
    )
    # Both streams begin with a seed that is printed, so that a user can repeat the derivation.
    first, second = (Random(number) for number in (seed, seed + 1))  # noqa: S311
    attempts = [Attempt(oracle, first, trials, seed, 1, keep_names=keep_names, trace=trace)]
    if any(attempts[0].badness):
        with suppress(CannotDerive):
            attempts.append(Attempt(oracle, second, trials, seed, 2, keep_names=keep_names, trace=trace))
    derivation = min(attempts, key=lambda attempt: attempt.badness).best()
    # A wrong formula had a chance to pass in each search of each attempt, and in every round of it.
    searches = 1 + MAX_ROUNDS * (sum(attempt.searches for attempt in attempts) - 1)
    derivation = replace(derivation, chance=min(Fraction(1), derivation.chance * searches))
    with trace.stage("pipeline", "result", oracle) as stage:
        formulas, refused, chance = len(derivation.derived.tensors), len(derivation.refused), derivation.chance
        stage.conclude(lambda: Concluded(formulas, refused, str(chance), derivation.seed))
    return derivation


class Attempt:
    """One run of the stages with one stream of random numbers: its domain, and a derivation or the problem.

    Raises `CannotDerive` if the target does not build at its defaults.
    """

    def __init__(
        self,
        oracle: BuildOracle,
        random: Random,
        trials: int,
        seed: int,
        number: int,
        *,
        keep_names: bool,
        trace: Trace,
    ) -> None:
        self.oracle, self.random, self.trials, self.seed = oracle, random, trials, seed
        self.number, self.keep_names, self.trace = number, keep_names, trace
        self._mark()
        self.domain = self.find_domain()
        self.searches = 0
        self.derivation: Derivation | None = None
        try:
            self.derivation = self.solve(self.domain)
        except CannotDerive as problem:
            self.problem = problem

    def find_domain(self) -> Space:
        """Return a domain that fixes each field at its default.

        A saved model states the default of a fixed field, so a domain that fixes it elsewhere is of no use: RF-DETR's
        `out_indices` build as 0, 1, 2, 3 beside three layers, and as no other four numbers. Such fields are held at
        their defaults, and the domain is inferred again.
        """
        held: frozenset[str] = frozenset()
        while True:
            domain = self.find_domain_with(held)
            displaced = fixed_elsewhere(domain, self.oracle.description.fields)
            if displaced <= held:
                return domain
            held |= displaced

    def find_domain_with(self, held: frozenset[str]) -> Space:
        """Return a domain: screen the fields, learn constraints from rejections, try fixed fields again."""
        with self.trace.stage("domain", "infer", self.oracle) as stage:
            inferred = infer_domain(self.oracle, self.random, held)
            stage.conclude(lambda: domain_found(inferred, self.oracle))
        with self.trace.stage("domain", "acquire_constraints", self.oracle) as stage:
            acquired = acquire_constraints(self.oracle, inferred, self.random)
            stage.conclude(lambda: domain_found(acquired, self.oracle, inferred))
        with self.trace.stage("domain", "unfreeze", self.oracle) as stage:
            domain = unfreeze(self.oracle, acquired, self.random)
            stage.conclude(lambda: domain_found(domain, self.oracle, acquired))
        return domain

    def _mark(self) -> None:
        """Say in the trace that the next stages belong to this attempt."""
        self.trace.attempt, self.trace.seed, self.trace.round = self.number, self.seed + self.number - 1, 0

    @property
    def badness(self) -> tuple[bool, int, int]:
        """The sort key of attempts, best first: no result, tensors without a formula, fields that derive fixed."""
        if self.derivation is None:
            return True, 0, 0
        fixed = sum(field.fixed_by is FixedBy.DERIVATION for field in self.derivation.space.fixed)
        return False, len(self.derivation.refused), fixed

    def solve(self, domain: Space) -> Derivation:
        """Return the formulas over a domain; raises `CannotDerive`."""
        self.searches += 1
        with self.trace.stage("pipeline", "search", self.oracle):  # an event if it raises, else none
            search = Cegis(self.oracle, domain, self.random, keep_names=self.keep_names, trace=self.trace)
            return search.derive(self.trials, self.seed)

    def with_fixed(self, names: list[str]) -> Derivation | None:
        """Return formulas for every tensor with these fields fixed at their defaults, or None if there are none."""
        self._mark()
        with self.trace.stage("pipeline", "fix_fields", self.oracle) as stage:
            stage.conclude(lambda: Fallback(tuple(names), "tensors have no formula"))
        with suppress(CannotDerive):
            defaults = {name: self.oracle.description.fields[name] for name in names}
            derivation = self.solve(self.domain.with_fixed(defaults))
            return derivation if derivation.whole else None
        return None

    def best(self) -> Derivation:
        """Return the derivation, with fields fixed if every tensor has a formula only then; raises `CannotDerive`.

        A size that a user named is never fixed: it belongs in the formula, or there is none.
        """
        is_named = ":" in self.oracle.target
        derivation = self.derivation
        if derivation is None:
            depths = [axis.name for axis in self.domain.axes if axis.is_depth]
            fixed = self.with_fixed(depths) if depths and not is_named else None
            if fixed is None:
                raise self.problem
            return fixed
        if derivation.whole or is_named:
            return derivation
        switch = self._switch_of(derivation)
        if switch is not None and (fixed := self.with_fixed([switch])) is not None:
            return fixed
        times = failures_by_field(derivation.refused, derivation.space, derivation.symbols)
        groups = fallback_fields(derivation.space, derivation.fields, times)
        # All groups together first: if they do not help, none of them alone will.
        together = self.with_fixed([name for group in groups for name in group]) if groups else None
        alone = map(self.with_fixed, groups) if together is not None and len(groups) == 2 else iter(())
        return next(filter(None, alone), together) or derivation

    def _switch_of(self, derivation: Derivation) -> str | None:
        """Return a switch at whose default no tensor without a formula exists, as Gemma 4's `attention_bias` is."""
        missing = [re.compile(re.escape(one.tensor).replace(r"\{\}", "[0-9]+")) for one in derivation.refused]
        defaults = self.oracle.description.fields

        def exist(fields: Fields) -> set[str]:
            built = self.oracle.build(fields)
            return {one.pattern for one in missing if any(map(one.fullmatch, built or ()))}

        if exist(defaults):
            return None
        switches = (axis.name for axis in self.domain.axes if axis.is_switch)
        return next((name for name in switches if exist({**defaults, name: not defaults[name]})), None)


def fixed_elsewhere(space: Space, defaults: Fields) -> frozenset[str]:
    """Return the fields that are fixed at another value than their default."""
    return frozenset(field.name for field in space.fixed if space.base[field.name] != defaults[field.name])


def fallback_fields(space: Space, defaults: Fields, causes: Mapping[str, int]) -> list[list[str]]:
    """Return groups of fields that may be fixed so that every tensor has a formula, the most promising first.

    Layers at indices that follow no rule, or a logarithm of a factor, are one number each if the field is fixed.
    `causes` counts for each field the tensors without a formula that it may explain. The entries of a list form one
    group, and with a depth go the lists of layers in that stack. Widths are left alone.
    """
    return list(_groups(space, defaults, causes))[:MAX_FALLBACK_GROUPS]


def _groups(space: Space, defaults: Fields, causes: Mapping[str, int]) -> Iterator[list[str]]:
    lists: dict[str, list[FieldDomain]] = {}
    for axis in space.axes:
        if axis.is_depth or defaults[axis.name] <= MAX_FALLBACK_FACTOR:
            lists.setdefault(list_path(axis.name) or axis.name, []).append(axis)
    ascending = ascending_lists(defaults)
    most = {name: max(causes[axis.name] for axis in axes) for name, axes in lists.items()}
    for name in sorted((name for name in lists if most[name] and name not in ascending), key=lambda name: -most[name]):
        deep = any(axis.is_depth for axis in lists[name])
        indices = [other for other in ascending if deep and parent_config(other) == parent_config(name)]
        yield [axis.name for member in (name, *indices) for axis in lists.get(member, ())]
