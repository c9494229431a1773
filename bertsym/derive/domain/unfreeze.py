"""Fields that stand still: those of which the code accepts no other value, and those that it takes elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from bertsym.derive.domain.constraint_acquisition import settle
from bertsym.derive.domain.field_domain import FieldDomain, Switch, alternative_values
from bertsym.derive.domain.field_path import field_name
from bertsym.derive.domain.screening import DEEP
from bertsym.derive.domain.space import FixedBy, FixedField, Space, in_dependency_order
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.types import CannotDerive, Fields, Number
from bertsym.values import replace

DRAWS = 12
ELSEWHERE = "ImportError"


def reconsidered(oracle: BuildOracle, space: Space, random: Random) -> Space:
    """The space once each frozen field was given other values at draws of all else.

    One that the code accepts at no other value anywhere is held there by the code, not by the derivation. A switch that
    it accepts at some draw becomes an axis, and that draw the base; so does a number that it accepts at draws alone, or
    with what follows it. A depth is left alone: lists may go with it.
    """
    own = oracle.description.fields
    for still in space.fixed:
        if still.fixed_by is FixedBy.DERIVATION and not DEEP.search(field_name(still.name)):
            there = _accepted(oracle, space, still.name, random)
            if there is None:
                space = _instead(space, FixedField(still.name, "the code accepts no other value", FixedBy.CODE))
            elif (
                there not in (own, space.base)
                or isinstance(own[still.name], bool)
                or any(_followers(space, still.name))
            ):
                space = _freed(oracle, space, still.name, there, random)
    return space.propagate_fixed()


def _accepted(oracle: BuildOracle, space: Space, name: str, random: Random) -> Fields | None:
    """A draw without empty stacks where another value, and what follows it, builds or fails for want of a package."""
    own = oracle.description.fields
    deep = {axis.name for axis in space.axes if axis.is_depth}
    draws = []
    for _ in range(DRAWS):
        steps = space.sample(random)
        draws.append(space.fields(steps | {name: max(steps[name], 1) for name in deep}))
    for fields in (own, space.base, *draws):
        if oracle.build(fields) is None:
            continue
        changes = [{name: other} for other in alternative_values(own[name])]
        for change in (*changes, *_beside(space, name)):
            for followed in (space, *_followers(space, name)):
                rejection = oracle.rejection(followed.with_changes(fields, change))
                if rejection is None or ELSEWHERE in rejection.reason:
                    return fields
    return None


def _followers(space: Space, name: str) -> Iterator[Space]:
    """The space with one alone of those that are as the field is; the others may be so by chance."""
    for axis in space.axes:
        if axis.is_determined and name in axis.depends_on:
            yield replace(space, axes=(axis,))


def _beside(space: Space, name: str) -> Iterator[dict[str, Number]]:
    """A number twice as large, with another that stands still twice as large too, or larger by as much."""
    own = space.base[name]
    for still in space.fixed:
        beside = space.base[still.name]
        if still.name != name and type(own) is type(beside) is int:
            yield {name: 2 * own, still.name: 2 * beside}
            yield {name: 2 * own, still.name: beside + own}


def _instead(space: Space, still: FixedField) -> Space:
    return replace(space, fixed=tuple(still if one.name == still.name else one for one in space.fixed))


def _freed(oracle: BuildOracle, space: Space, name: str, base: Fields, random: Random) -> Space:
    """The space around another base, where the field can be moved; as it was if more stands still then."""
    frozen = tuple(one for one in space.fixed if one.name != name)
    own = base[name]
    axis = FieldDomain(name, own, Switch()) if isinstance(own, bool) else FieldDomain(name, own)
    axes = in_dependency_order([*space.axes, axis])
    assert axes is not None  # noqa: S101  # it follows nothing
    wider = replace(space, base=dict(base), axes=axes, fixed=frozen)
    try:
        found = settle(oracle, wider, random)
    except CannotDerive:
        return space
    return found if len(found.fixed) < len(space.fixed) else space
