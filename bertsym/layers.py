"""The leaf kinds: the tensors that a layer is made of, and the role of each."""

from __future__ import annotations

from enum import Enum

import sympy
from sympy import Expr
from sympy.logic.boolalg import Boolean

from bertsym.symbols import S
from bertsym.values import replace, value


class Role(Enum):
    """The role of a tensor, by which conventions filter.

    A scale multiplies features, scores or a whole branch, and no norm does it: a layer scale, a gate, a temperature.
    `OTHER` is for what is none of these: decay rates of a state space, attention sinks, weights of an activation.
    `PRODUCT` is work without parameters of its own: activations that are multiplied with one another.
    """

    EMBEDDING = "embedding"
    MATRIX = "matrix"
    BIAS = "bias"
    NORM = "norm"
    SCALE = "scale"
    OTHER = "other"
    PRODUCT = "product"


@value
class Embedding:
    """A table of `rows` vectors of `width` features each; looked up, never multiplied.

    A table of positions serves sequences of at most `longest` tokens.
    """

    rows: Expr | int
    width: Expr
    what: str = "one row per entry"
    longest: Expr | None = None


@value
class Linear:
    """y = x W^T + b, from `inputs` to `outputs` features; the weight is stored (outputs, inputs), as in torch.

    `bias` may be a switch; `role` is EMBEDDING for an output embedding, the matrix that turns features back into
    tokens; `transposed` stores the weight (inputs, outputs), as GPT-2 does.
    """

    inputs: Expr
    outputs: Expr | int
    bias: bool | Boolean = True
    role: Role = Role.MATRIX
    transposed: bool = False


@value
class LayerNorm:
    """Scale and shift, one of each per feature; mean and variance are computed, not learned (Ba et al. 2016).

    Without `bias`, which may be a switch, there is no shift.
    """

    width: Expr
    bias: bool | Boolean = True


@value
class RMSNorm:
    """A scale per feature and no shift; the root mean square is computed, not learned (Zhang and Sennrich 2019)."""

    width: Expr


@value
class Conv1D:
    """A convolution along the sequence, `kernel` tokens wide, from `inputs` to `outputs` features."""

    inputs: Expr
    outputs: Expr
    kernel: Expr


@value
class Parameter:
    """A tensor of its own, outside any layer; a matrix is multiplied with every row, as that of a Linear."""

    shape: tuple[Expr | int, ...]
    role: Role
    meaning: str


@value
class Attend:
    """softmax(QK^T / sqrt(size)) V over `heads` heads of `size` features: work without parameters.

    Each query looks over `keys` tokens. A value has `values` features, by default `size`. Groups of query heads share
    `kv_heads` heads of keys and values, by default one each. With `causal`, a token looks at no later token. A
    `window` of 0 is none. In causal attention a token looks at the last `window` tokens, otherwise at tokens at most
    half a window away. With `mixed`, the first of `every` layers in a stack has no window.
    """

    heads: Expr
    size: Expr
    keys: Expr = S
    values: Expr | None = None
    kv_heads: Expr | None = None
    causal: bool = False
    window: Expr = sympy.S.Zero
    mixed: bool = False


@value
class Product:
    """A product of activations, or with a tensor that another layer stores: work without parameters of its own.

    Every row takes as many multiply-adds as the product of `sides`. The role `OTHER` is for a result that nobody uses,
    so that no gradient flows back.
    """

    sides: tuple[Expr, ...]
    role: Role = Role.PRODUCT


@value
class Activation:
    """An array that a forward pass saves for the backward pass: its sides, and `size` bytes for each element."""

    meaning: str
    sides: tuple[Expr, ...]
    size: int


Leaf = Embedding | Linear | LayerNorm | RMSNorm | Conv1D | Parameter | Attend | Product | Activation


@value
class Weight:
    """One tensor of a leaf, which exists if `when` holds; an empty name stands for the leaf itself."""

    name: str
    shape: tuple[Expr, ...]
    role: Role
    meaning: str
    when: Boolean = sympy.true


def parameters(leaf: Leaf) -> tuple[Weight, ...]:
    """Return the tensors of a leaf, in the order in which torch lists them; raise for an unknown leaf."""
    match leaf:
        case Embedding(rows=rows, width=width, what=what):
            return (_weight("weight", Role.EMBEDDING, what, rows, width),)
        case Linear(inputs=inputs, outputs=outputs, bias=bias, role=role, transposed=transposed):
            shape = (inputs, outputs) if transposed else (outputs, inputs)
            weight = _weight("weight", role, "one weight per output and input", *shape)
            return (weight, *_where(_weight("bias", Role.BIAS, "one bias per output", outputs), sympy.S(bias)))
        case LayerNorm(width=width, bias=bias):
            scale = _weight("weight", Role.NORM, "scale, one per feature", width)
            return (scale, *_where(_weight("bias", Role.NORM, "shift, one per feature", width), sympy.S(bias)))
        case RMSNorm(width=width):
            return (_weight("weight", Role.NORM, "scale, one per feature", width),)
        case Conv1D(inputs=inputs, outputs=outputs, kernel=kernel):
            what = "one weight per output, input and place in the kernel"
            return (
                _weight("weight", Role.MATRIX, what, outputs, inputs, kernel),
                _weight("bias", Role.BIAS, "one bias per output", outputs),
            )
        case Parameter(shape=shape, role=role, meaning=meaning):
            return (_weight("", role, meaning, *shape),)
        case Attend() | Product() | Activation():
            return ()
    raise TypeError(f"no parameters are known for a leaf of kind {type(leaf).__name__}")


def _weight(name: str, role: Role, meaning: str, *shape: Expr | int) -> Weight:
    return Weight(name, tuple(sympy.S(size) for size in shape), role, meaning)


def _where(weight: Weight, condition: Boolean) -> tuple[Weight, ...]:
    """Return the weight under its condition, or nothing if the condition can never hold."""
    return () if condition == sympy.false else (replace(weight, when=condition),)
