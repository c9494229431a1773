"""Whether a rule between two fields is why values are refused, or one that draws happened to keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bertsym.derive.process import Builder, Number
from bertsym.derive.space import Axis

SMALL = (5, 7, 11)


def needed(builder: Builder, base: Mapping[str, Number], axis: Axis) -> bool:
    """Whether what breaks the rule is refused: each field that the axis follows moved alone, or the axis itself.

    A width of 768 is 64 times 12 heads and 384 times a stride of 2. If another stride builds at 768, the stride is
    not why. Twelve heads of a decoder are as many as those of the encoder, but six of them build as well.
    """
    names = [*axis.of, *([axis.name] if axis.exact else ()), *([axis.over] if axis.over is not None else ())]
    return all(builder.build({**base, name: other}) is None for name in names for other in _breaking(base, axis, name))


def _breaking(base: Mapping[str, Number], axis: Axis, name: str) -> Iterator[Number]:
    own = base[name]
    for other in dict.fromkeys((*SMALL, own // 2, 2 * own, own + 1, 2 * own + 1)):
        fields = {**base, name: other}
        unit = axis.step(fields)
        if other > 0 and (fields[axis.name] != unit if axis.exact else fields[axis.name] % unit):
            yield other
