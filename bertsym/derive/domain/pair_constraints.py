"""Candidate constraints between two fields, the weakest first: FindConstraint's language (Bessiere et al. 2013)."""

from __future__ import annotations

from collections.abc import Iterator

from bertsym.derive.domain.field_domain import Determined, FieldDomain
from bertsym.derive.domain.field_path import list_path
from bertsym.derive.domain.space import Space
from bertsym.derive.limits import MIN_LEADER
from bertsym.values import replace


def pair_constraints(space: Space, first: FieldDomain, second: FieldDomain) -> Iterator[FieldDomain]:
    """Yield domains by which a constraint between the two fields would hold, either field following the other.

    Each is the domain of one of the two fields, or of a multiple of one, with a constraint added:

    - at least 1, or at most the value of the second field, or greater than that;
    - a multiple of the second field, or in proportion to it;
    - free at one value of the second field only.
    """
    for axis in (first, second):
        is_index = axis.no_effect and list_path(axis.name)  # the index of a layer, which may be the first
        if axis.min_steps == 0 and not (axis.is_listed or is_index):
            yield replace(axis, min_steps=1)
    for axis, leader in ((first, second), (second, first)):
        yield from _multiples_of_both(space, axis, leader.name)
        if axis.is_listed or leader.is_switch:
            for wanted in leader.options if leader.is_switch else (leader.base,):
                yield replace(axis, only_if=(*axis.only_if, (leader.name, wanted)))
        elif not (axis.is_ratio or leader.is_ratio or axis.is_determined):
            yield from _bounds(axis, leader)
            yield from _multiples(space, axis, leader)


def _multiples_of_both(space: Space, axis: FieldDomain, leader: str) -> Iterator[FieldDomain]:
    """Yield the multiples of the leader as multiples of this field too."""
    for third in space.axes:
        names = third.multiple_of
        if leader in names and axis.name not in (third.name, *names) and not (third.is_determined or axis.is_switch):
            yield third.as_multiple_of((*names, axis.name))


def _bounds(axis: FieldDomain, leader: FieldDomain) -> Iterator[FieldDomain]:
    """Yield the field bounded by the leader; a depth is bounded by depths only."""
    if axis.is_depth and not leader.is_depth:
        return
    names = axis.multiple_of
    if axis.at_most is None and leader.name not in names:
        yield axis.with_bounds(at_most=leader.name)
    if axis.greater_than is None and not names:
        yield from (replace(axis.with_bounds(greater_than=leader.name), min_steps=least) for least in (0, 1))


def _multiples(space: Space, axis: FieldDomain, leader: FieldDomain) -> Iterator[FieldDomain]:
    """Yield the field as a multiple of the leader, alone or beside its other divisors, or in proportion to it."""
    names = axis.multiple_of
    if leader.name in names:
        # A further divisor may have been overlooked, because it did not change when the first was found.
        yield from (axis.as_multiple_of((*names, third)) for third in _divisors(space, axis))
        return
    yield axis.as_multiple_of((*names, leader.name), min_steps=max(axis.min_steps, 1))
    yield axis.as_multiple_of((leader.name,), min_steps=1).with_stride(1)
    own, lead = int(axis.base), int(leader.base)
    if lead and own and own % lead == 0:
        yield replace(axis, allowed=Determined((leader.name,), own // lead))


def _divisors(space: Space, axis: FieldDomain) -> Iterator[str]:
    """Yield further fields that divide the value in the base."""
    for divisor in space.axes:
        is_small = not (divisor.is_switch or divisor.is_ratio) and MIN_LEADER <= divisor.base < axis.base
        if is_small and divisor.name not in axis.multiple_of and axis.base % divisor.base == 0:
            yield divisor.name
