"""The domain of a head: the base's domains as they are stored, and domains for the fields that only the head reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from random import Random

from sympy import Symbol

from bertsym.derive.domain.base_trials import is_depth_name
from bertsym.derive.domain.constraint_acquisition import acquire_constraints
from bertsym.derive.domain.infer_domain import infer_domain
from bertsym.derive.domain.space import Space, in_dependency_order
from bertsym.derive.domain.stored_space import stored_space
from bertsym.derive.domain.symbol_names import symbols
from bertsym.derive.limits import MAX_REJECTIONS_IN_A_ROW, RICH_BASE_SAMPLES
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.sampling.observer import Observer
from bertsym.derive.types import CannotDerive, Fields, tensor_kinds
from bertsym.saved_model.derived import Derived
from bertsym.values import replace, value


@value
class JointDomain:
    """The space of a head, the symbol of each field, and the fields that the head reads and its base does not (`own`)."""

    space: Space
    symbols: Mapping[str, Symbol]
    own: tuple[str, ...]


def joint_domain(base: Derived, oracle: BuildOracle, random: Random) -> JointDomain:
    """Return the domain of a head over a derived base; raise `CannotDerive` if the head rejects the base's samples.

    Only the fields that the base has no size for are screened, at one configuration that shows many kinds of tensors.
    Constraints between these and the base's fields are learned from rejected samples.
    """
    described = oracle.description.fields
    stored = _of_head(stored_space(base), described)
    sized = {field.path for field in base.fields.values()}
    fixed = {*base.fixed_by_derivation, *base.fixed_by_code}
    new = [name for name in described if name not in sized and name not in fixed]
    rich = _rich_configuration(oracle, _without(stored, new), random)
    inferred = infer_domain(oracle.over(new, {name: n for name, n in rich.items() if name not in new}), random)
    own = tuple(axis.name for axis in inferred.axes if not axis.no_effect)
    kept = [replace(axis, no_effect=axis.name not in sized) for axis in stored.axes if axis.name not in own]
    known = {axis.name for axis in kept}
    axes = in_dependency_order([*kept, *(axis for axis in inferred.axes if axis.name not in known)])
    if axes is None:
        raise CannotDerive(oracle.target, "its own fields depend on one another in a circle")
    joint = acquire_constraints(oracle, Space(stored.base, axes, inferred.fixed), random)
    return JointDomain(joint, symbols(joint, keep=False, known=_symbols(base)), own)


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


def _symbols(base: Derived) -> dict[str, Symbol]:
    return {field.path: symbol for symbol, field in base.fields.items()}


def _rich_configuration(oracle: BuildOracle, space: Space, random: Random) -> Fields:
    """Return the accepted sample of the base's space at which the head has the most kinds of tensors."""
    observer = Observer(oracle, space, {})
    candidates = []
    for _ in range(RICH_BASE_SAMPLES):
        samples = (space.sample(random) for _ in range(MAX_REJECTIONS_IN_A_ROW))
        candidates.append(observer.first_accepted(samples))
    steps, _ = max(candidates, key=lambda candidate: len(tensor_kinds(candidate[1].inventory)))
    return space.fields(steps)
