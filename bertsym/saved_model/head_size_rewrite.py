"""The head size d = H/heads in place of H/heads rounded down: readable, and a polynomial to solve."""

from __future__ import annotations

import sympy

from bertsym.model import Definition
from bertsym.saved_model.derived import Derived
from bertsym.symbols import H, d, heads
from bertsym.tree import Tensor
from bertsym.values import replace
from bertsym.zoo.parts import FREE_HEAD_SIZE

_ROUNDED = sympy.floor(H / heads)


def in_head_size(derived: Derived) -> Derived:
    """Return the model with d in place of H/heads rounded down.

    The model stays as it is if d is a field of its own. At every H that is a multiple of heads the two models are the
    same; the rewritten model refuses any other H, unless its default H is none: then d is H/heads rounded down.
    """
    own = derived.defaults.get(H), derived.defaults.get(heads)
    if d in derived.defaults or not all(own):
        return derived
    definition = Definition(d, _ROUNDED) if int(own[0] or 0) % int(own[1] or 1) else FREE_HEAD_SIZE
    tensors = _rewritten(derived.tensors)
    classes = {name: replace(head, tensors=_rewritten(head.tensors)) for name, head in derived.heads.items()}
    if tensors == derived.tensors and classes == dict(derived.heads):
        return derived
    is_defined = any(known.symbol == d for known in derived.definitions)
    definitions = derived.definitions if is_defined else (*derived.definitions, definition)
    return replace(derived, tensors=tensors, heads=classes, definitions=definitions)


def _rewritten(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(
        replace(tensor, shape=tuple(side.xreplace({_ROUNDED: d}) for side in tensor.shape)) for tensor in tensors
    )
