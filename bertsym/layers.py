"""The leaf kinds: what a layer is made of, and what each of its tensors is for."""

from __future__ import annotations

from enum import Enum

import sympy
from sympy import Expr

from bertsym.values import value


class Role(Enum):
    """What a tensor is to whoever counts: conventions are filters over it."""

    EMBEDDING = "embedding"
    MATRIX = "matrix"
    BIAS = "bias"
    NORM = "norm"


@value
class Embedding:
    """A table of `rows` vectors of `width` features each; looked up, never multiplied."""

    rows: Expr | int
    width: Expr
    what: str = "one row per entry"


@value
class Linear:
    """y = x W^T + b, from `inputs` to `outputs` features; the weight is stored (outputs, inputs), as in torch.

    `role` is EMBEDDING for an output embedding: the matrix that turns features back into tokens.
    """

    inputs: Expr
    outputs: Expr | int
    bias: bool = True
    role: Role = Role.MATRIX


@value
class LayerNorm:
    """Scale and shift, one of each per feature; mean and variance are computed, not learned (Ba et al. 2016)."""

    width: Expr


@value
class Parameter:
    """A tensor of its own, outside any layer."""

    shape: tuple[Expr | int, ...]
    role: Role
    meaning: str


@value
class Attend:
    """softmax(QK^T / sqrt(size)) V over `heads` heads of `size` features: work without parameters."""

    heads: Expr
    size: Expr


Leaf = Embedding | Linear | LayerNorm | Parameter | Attend


@value
class Weight:
    """One tensor of a leaf; an empty name stands for the leaf itself."""

    name: str
    shape: tuple[Expr, ...]
    role: Role
    meaning: str


def parameters(leaf: Leaf) -> tuple[Weight, ...]:
    """The tensors of a leaf, in the order torch lists them; a leaf that is not known raises."""
    match leaf:
        case Embedding(rows=rows, width=width, what=what):
            return (_weight("weight", Role.EMBEDDING, what, rows, width),)
        case Linear(inputs=inputs, outputs=outputs, bias=bias, role=role):
            weight = _weight("weight", role, "one weight per output and input", outputs, inputs)
            return (weight, _weight("bias", Role.BIAS, "one bias per output", outputs)) if bias else (weight,)
        case LayerNorm(width=width):
            return (
                _weight("weight", Role.NORM, "scale, one per feature", width),
                _weight("bias", Role.NORM, "shift, one per feature", width),
            )
        case Parameter(shape=shape, role=role, meaning=meaning):
            return (_weight("", role, meaning, *shape),)
        case Attend():
            return ()
    raise TypeError(f"no parameters are known for a leaf of kind {type(leaf).__name__}")


def _weight(name: str, role: Role, meaning: str, *shape: Expr | int) -> Weight:
    return Weight(name, tuple(sympy.S(size) for size in shape), role, meaning)
