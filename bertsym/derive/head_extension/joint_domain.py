"""The domain of a head: the base's domains as they are stored, and domains for the fields that only the head reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from random import Random

from sympy import Symbol

from bertsym.derive.domain.base_trials import BaseTrials, is_depth_name
from bertsym.derive.domain.constraint_acquisition import acquire_constraints
from bertsym.derive.domain.depths import is_list_length
from bertsym.derive.domain.infer_domain import LIST_LENGTH, infer_domain
from bertsym.derive.domain.space import FixedBy, FixedField, Space, in_dependency_order
from bertsym.derive.domain.stored_space import own_lengths, stored_space, stored_symbols
from bertsym.derive.domain.symbol_names import symbols
from bertsym.derive.limits import MAX_REJECTIONS_IN_A_ROW, RICH_BASE_SAMPLES
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.sampling.observer import Observer
from bertsym.derive.search import isolate_effective
from bertsym.derive.types import CannotDerive, Fields, Number, tensor_kinds
from bertsym.saved_model.derived import ConfigField, Derived
from bertsym.saved_model.derived import symbols as symbols_of
from bertsym.values import replace, value


@value
class JointDomain:
    """The space of a head, the symbol of each field, and `own`: the fields that the head alone reads."""

    space: Space
    symbols: Mapping[str, Symbol]
    own: tuple[str, ...]


def joint_domain(base: Derived, oracle: BuildOracle, random: Random, lengths: Collection[str] = ()) -> JointDomain:
    """Return the domain of a head over a derived base; raise `CannotDerive` if the head rejects the base's samples.

    Only the fields that the base has no size for are screened, at one configuration that shows many kinds of tensors.
    Constraints between these and the base's fields are learned from rejected samples. The fields of `lengths` stay as
    long as the lists beside them.
    """
    described = oracle.description.fields
    stored = _of_head(stored_space(base), described)
    sized = _fields_of_base(base)
    # A field that follows others, as XLNet's `d_model` follows heads and head size, keeps its rule.
    settled = {*sized, *base.fixed_by_derivation, *base.fixed_by_code}
    lists = {layer_list.path for layer_list in base.layer_lists} | set(own_lengths(base))
    settled |= {axis.name for axis in stored.axes if axis.depends_on or axis.name in lists}
    new = [name for name in described if name not in settled]
    rich = _rich_configuration(oracle, _without(stored, new), random)
    view = oracle.over(new, {name: n for name, n in rich.items() if name not in new})
    effective = [name for name in _effective(view) if name not in lengths]
    pinned = {**view.pinned, **{name: described[name] for name in new if name not in effective}}
    inferred = infer_domain(oracle.over(effective, pinned), random) if effective else Space({}, (), ())
    held = tuple(FixedField(name, LIST_LENGTH, FixedBy.CODE) for name in lengths)
    inferred = replace(inferred, fixed=(*inferred.fixed, *held))
    own = tuple(axis.name for axis in inferred.axes if not axis.no_effect)
    replaced = {*own, *(field.name for field in inferred.fixed)}
    kept = [replace(axis, no_effect=axis.name not in sized | lists) for axis in _without(stored, replaced).axes]
    known = {axis.name for axis in kept}
    axes = in_dependency_order([*kept, *(axis for axis in inferred.axes if axis.name not in known)])
    if axes is None:
        raise CannotDerive(oracle.target, "its own fields depend on one another in a circle")
    joint = acquire_constraints(oracle, Space(stored.base, axes, inferred.fixed), random)
    return JointDomain(joint, symbols(joint, keep=False, known=stored_symbols(base)), own)


def list_lengths(oracle: BuildOracle, names: Sequence[str]) -> list[str]:
    """Return the fields among these that are as long as a list beside them, as a number of stages is."""
    trials = BaseTrials(oracle, dict(oracle.description.fields))
    return [name for name in names if name in trials.integers and is_depth_name(name) and is_list_length(trials, name)]


def _fields_of_base(base: Derived) -> set[str]:
    """Return the fields behind the sizes of the bare class; another head may have brought further sizes."""
    used = symbols_of(base.tensors, base.definitions, base.quotients)
    used |= {symbol for layer_list in base.layer_lists for symbol in layer_list.symbols}
    paths = {field.path for symbol, field in base.fields.items() if symbol in used}
    while (
        further := {name for field in base.fields.values() if field.path in paths for name in _leaders(field)} - paths
    ):
        paths |= further
    return paths


def _leaders(field: ConfigField) -> tuple[str, ...]:
    if field.domain is None:
        return ()
    return (*field.domain.allowed.depends_on, *(name for name, _ in field.domain.only_if))


def _of_head(space: Space, described: Fields) -> Space:
    """Return the space of the base over the fields that the head has, with the head's defaults for the others."""
    known = _without(space, [axis.name for axis in space.axes if axis.name not in described])
    marked = (replace(axis, is_depth=axis.is_depth or is_depth_name(axis.name)) for axis in known.axes)
    return Space({**described, **space.base}, tuple(marked), ())


def _without(space: Space, names: Collection[str]) -> Space:
    """Return the space without these fields, and without the fields that depend on them."""
    axes = space.axes
    while any(axis.name in names or not {axis.name for axis in axes}.issuperset(axis.depends_on) for axis in axes):
        present = {axis.name for axis in axes} - set(names)
        axes = tuple(axis for axis in axes if axis.name in present and present.issuperset(axis.depends_on))
    return replace(space, axes=axes)


def _effective(oracle: BuildOracle) -> list[str]:
    """Return the fields that change the inventory, or that the head rejects, at one of a few other values.

    All fields together are given other values first, so that a head without fields of its own costs a few builds.
    """
    trials = BaseTrials(oracle, dict(oracle.description.fields))
    unchanged = trials.build({})
    others: list[Callable[[str], Number]] = [trials.alternative, trials.zero, trials.double, trials.far, lambda _: 1]
    effective: set[str] = set()

    def differs(names: Sequence[str], other: Callable[[str], Number]) -> bool:
        return trials.build({name: other(name) for name in names}) != unchanged

    for other in others:
        rest = [name for name in trials.numbers if name not in effective]
        effective |= set(isolate_effective(rest, partial(differs, other=other)))
    effective |= set(isolate_effective(trials.switches, partial(differs, other=lambda name: not trials.base[name])))
    effective |= {name for name in trials.negative if trials.affects_inventory(name)}
    return [name for name in oracle.description.fields if name in effective]


def _rich_configuration(oracle: BuildOracle, space: Space, random: Random) -> Fields:
    """Return the accepted sample of the base's space at which the head has the most kinds of tensors.

    Every other sample has the depths of the defaults. Fields that are not sampled are at their defaults, and these may
    need as many layers: Molmo2's `vision_feature_layer` names the last one of 25.
    """
    observer = Observer(oracle, space, {})
    steps_at_default = space.default_steps()
    deep = {axis.name: steps_at_default[axis.name] for axis in space.axes if axis.is_depth}
    candidates = []
    for _ in range(RICH_BASE_SAMPLES):
        samples = (space.sample(random) | (deep if attempt % 2 else {}) for attempt in range(MAX_REJECTIONS_IN_A_ROW))
        candidates.append(observer.first_accepted(samples))
    steps, _ = max(candidates, key=lambda candidate: len(tensor_kinds(candidate[1].inventory)))
    return space.fields(steps)
