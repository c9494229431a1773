"""The sizes that tensor parallelism divides among devices (Shoeybi et al. 2019, "Megatron-LM", arXiv:1909.08053)."""

from __future__ import annotations

from bertsym.expressions.tree import Node, Op, constant, size
from bertsym.model import Model
from bertsym.solving.constraints import Constraint, compare
from bertsym.symbols import F, V, heads, kv_heads

DIVIDED = (heads, kv_heads, F, V)


def divided(model: Model, devices: int) -> tuple[Constraint, ...]:
    """Return the conditions under which this many devices each have an equal part of every divided matrix."""
    conditions = []
    for symbol in DIVIDED:
        if symbol in model.symbols:
            rest = Node(Op.REMAINDER, (size(symbol), constant(devices)))
            part = compare(rest, Op.EQUAL, constant(0))
            conditions.append(Constraint(f"{symbol} % {devices} == 0 (--tp {devices})", (part,)))
    return tuple(conditions)
