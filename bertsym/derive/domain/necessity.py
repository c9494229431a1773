"""Whether a rule between two fields is why values are refused, or one that draws happened to keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.types import Number
from bertsym.values import replace

SMALL = (5, 7, 11)


def needed(oracle: BuildOracle, space: Space, axis: FieldDomain) -> bool:
    """Whether what breaks the rule is refused: each field that the axis follows moved alone, or the axis itself.

    A width of 768 is 64 times 12 heads and 384 times a stride of 2. If another stride builds at 768, the stride is
    not why. Twelve heads of a decoder are as many as those of the encoder, but six of them build as well. What else
    follows the field in the space goes with it, or a text's width would be why an image's is a multiple of its heads.
    """
    names = [
        *axis.multiple_of,
        *([axis.name] if axis.is_determined else ()),
        *([axis.divided_by] if axis.divided_by is not None else ()),
    ]
    return all(oracle.build(broken) is None for name in names for broken in _broken(space, axis, name))


def _broken(space: Space, axis: FieldDomain, name: str) -> Iterator[Mapping[str, Number]]:
    """The base with the field at a few values that break the rule, and with what follows the field."""
    own = space.base[name]
    without = replace(space, axes=tuple(other for other in space.axes if other.name not in (axis.name, name)))
    for other in dict.fromkeys((*SMALL, own // 2, 2 * own, own + 1, 2 * own + 1)):
        fields = without.with_changes(space.base, {name: other})
        unit = axis.step_at(fields)
        if other > 0 and unit and (fields[axis.name] != unit if axis.is_determined else fields[axis.name] % unit):
            yield fields
