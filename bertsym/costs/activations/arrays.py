"""The arrays that parts of several models save for the backward pass."""

from __future__ import annotations

from sympy import Expr, Integer

from bertsym.costs.activations.kernels import FLOAT32, Run
from bertsym.layers import Activation
from bertsym.symbols import B, H, S, d, heads
from bertsym.tree import Block, Node

MASK = 1
"""The bytes of an element of the mask that CUDA's dropout saves."""
INDEX = 8
SEED, OFFSET = 16, 8
"""The bytes of the seed and the offset from which FlashAttention draws its dropout again."""


def array(meaning: str, size: int, *sides: Expr | int) -> Activation:
    """Return an array of these sides, with `size` bytes for each element."""
    return Activation(meaning, tuple(Integer(1) * side for side in sides), size)


def tokens(run: Run, meaning: str, width: Expr = H) -> Activation:
    """Return an array of `width` features for each token, in the model's type."""
    return array(meaning, run.size, B, S, width)


def dropout_mask(width: Expr = H) -> Activation:
    """Return the mask of dropout over the features of each token."""
    return array("which features are dropped", MASK, B, S, width)


def indices(meaning: str, *sides: Expr | int) -> Activation:
    """Return the rows of a table that are looked up."""
    return array(meaning, INDEX, *sides)


def layer_norm(run: Run) -> Block:
    """Return what a LayerNorm saves: its input, and the statistics of each token in 32 bits."""
    statistics = {name: array(f"the {name} of each token", FLOAT32, B, S) for name in ("mean", "deviation")}
    return Block(input=tokens(run, "the input"), **({} if run.name == "paper" else statistics))


def softmax_attention(run: Run, *, dropout: bool, upcast: bool) -> dict[str, Node]:
    """Return what attention saves besides queries, keys and values.

    `dropout` says whether scores are dropped, and `upcast` whether the softmax computes in 32 bits.
    """
    square = (B, heads, S, S)
    if run.name == "flash":
        return {
            "output": array("the mixture of values", run.size, B, heads, S, d),
            "logsumexp": array("the normalizer of each query", FLOAT32, B, heads, S),
            "seed": array("the seed of dropout", SEED),
            "offset": array("the offset of dropout", OFFSET),
        }
    saved: dict[str, Node] = {
        "probabilities": array("the softmax of the scores", FLOAT32 if upcast else run.size, *square)
    }
    if dropout:
        saved["mask"] = array("which scores are dropped", MASK, *square)
    if dropout or (upcast and run.size != FLOAT32):
        saved["weights"] = array("the scores as they weigh values", run.size, *square)
    return {**saved, "output": array("the mixture of values", run.size, B, S, heads, d)}


def checkpoint(run: Run) -> Block:
    """Return what a layer saves that runs its forward pass again: its input."""
    return Block(input=tokens(run, "the input of the layer"))
