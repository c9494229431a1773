"""Code that rounds H/heads down, in the head size d = H/heads: readable, and with a polynomial to solve."""

from __future__ import annotations

import sympy

from bertsym.saved_model.derived import Derived, DerivedHead
from bertsym.symbols import H, d, heads
from bertsym.tree import Tensor
from bertsym.values import replace
from bertsym.zoo.parts import FREE_HEAD_SIZE

_ROUNDED = sympy.floor(H / heads)


def in_head_size(derived: Derived) -> Derived:
    """The model with d for H/heads rounded down, where its own H is a multiple of heads and d is no field of its own.

    It is the same model wherever H is a multiple of heads, and no other size is taken.
    """
    own = derived.base.get(H), derived.base.get(heads)
    if d in derived.base or not all(own) or int(own[0] or 0) % int(own[1] or 1):
        return derived
    tensors = _moved(derived.tensors)
    there = {name: DerivedHead(head.cls, _moved(head.tensors), head.evidence) for name, head in derived.heads.items()}
    if tensors == derived.tensors and there == dict(derived.heads):
        return derived
    defined = (*derived.definitions, FREE_HEAD_SIZE)
    return replace(derived, tensors=tensors, heads=there, definitions=defined)


def _moved(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(
        replace(tensor, shape=tuple(side.xreplace({_ROUNDED: d}) for side in tensor.shape)) for tensor in tensors
    )
