"""The work of an encoder as ELECTRA's script counts it: google-research/electra, flops_computation.py.

The script counts look-ups as products with one-hot rows. Every addition, norm, activation, softmax and dropout has a
constant of its own. The backward pass takes as much as the forward pass, not twice as much. The script knows sizes and
no code, so it counts BERT's layer whatever the model. Here it counts the models to which its authors applied it.
"""

from __future__ import annotations

from functools import cache

import sympy
from sympy import Expr, Rational

from bertsym.errors import NotKnownOf
from bertsym.layers import Parameter, Role
from bertsym.model import Architecture, Head
from bertsym.symbols import B, E, F, H, L, S, V, d, heads
from bertsym.tree import Block, Node, Repeat, Tensor, When, tensors

DROPOUT = 4
"""The operations of dropout: a random number, a comparison, and two products."""
NORM = 5
ACTIVATION = 8
SOFTMAX = 5
MASKED = Rational(5, 32)
"""The share of tokens under the output softmax: 80 of 512 positions are predicted."""
APPLIED_TO = ("bert", "electra", "roberta", "albert")
"""The model types for which the script has numbers. Its GPT, XLNet and T5 differ from their classes."""


def _work(meaning: str, count: int | Expr, *sides: Expr | int, role: Role = Role.OTHER) -> Parameter:
    """Return the work of one kind for each token: so many operations for each element of the sides."""
    return Parameter(tuple(sympy.S(side) for side in (count * B * S, *sides)), role, meaning)


def _linear(inputs: Expr, outputs: Expr, bias: str = "one addition for each output") -> Block:
    weight = _work("inputs times outputs", 2, inputs, outputs, role=Role.MATRIX)
    return Block(weight=weight, bias=_work(bias, 1, outputs, role=Role.BIAS))


projected = heads * d
scores = S * heads
layer = Block(
    attention=Block(
        "attention",
        query=_linear(H, projected),
        key=_linear(H, projected),
        value=_linear(H, projected),
        scores=_work("each query with each key", 2, projected, S, role=Role.PRODUCT),
        scale=_work("a quotient for each score", 1, scores),
        softmax=_work("maximum, exponential, sum and quotient of each score", SOFTMAX, scores),
        dropout=_work("dropout of each score", DROPOUT, scores),
        mixture=_work("each score with each value", 2, H, S, role=Role.PRODUCT),
        output=_linear(H, H),
        output_dropout=_work("dropout of each feature", DROPOUT, H),
        residual=_work("one addition for each feature", 1, H),
        # The script forgets the factor H here: electra#121.
        LayerNorm=_work("norm of one feature", NORM, role=Role.NORM),
    ),
    feed_forward=Block(
        "feed-forward",
        dense=_linear(H, F),
        activation=_work("the terms of GELU", ACTIVATION, F),
        output=_linear(F, H),
        dropout=_work("dropout of each feature", DROPOUT, H),
        residual=_work("one addition for each feature", 1, H),
        LayerNorm=_work("norm of each feature", NORM, H, role=Role.NORM),
    ),
)


def _embeddings(width: Expr) -> Block:
    projection = When(sympy.Ne(width, H), _linear(width, H)) if width != H else Block()
    return Block(
        "embeddings",
        words=_work("a one-hot row times the table", 2, V, width, role=Role.EMBEDDING),
        positions_and_types=_work("one-hot rows times the tables", 2, S + 2, width, role=Role.EMBEDDING),
        added=_work("the sum of three rows", 2, width),
        LayerNorm=_work("norm of each feature", NORM, width, role=Role.NORM),
        dropout=_work("dropout of each feature", DROPOUT, width),
        projection=projection,
    )


classifier = Block(
    "classifier",
    dense=_linear(H, H),
    activation=_work("the terms of GELU", ACTIVATION, H),
    logits=_work("one output", 2, H, role=Role.MATRIX),
)


def _output(width: Expr) -> Block:
    """Return the work of predicting the masked tokens. The factor 2 of a row of logits is that of the target word."""
    return Block(
        "lm-head",
        words=_work("inputs times outputs", 2 * MASKED, V, width, role=Role.EMBEDDING),
        dense=_work("inputs times outputs", 2 * MASKED, H, width, role=Role.MATRIX),
        bias=_work("one addition for each output", MASKED, width, role=Role.BIAS),
        activation=_work("the terms of GELU", ACTIVATION * MASKED, width),
        LayerNorm=_work("norm of each feature", NORM * MASKED, width, role=Role.NORM),
        softmax=_work("softmax of each logit", SOFTMAX * MASKED, V),
        target=_work("the logit of the target", 2 * MASKED, V),
    )


def _tree(width: Expr, top: Block) -> Block:
    return Block(embeddings=_embeddings(width), layer=Repeat(L, layer), top=top)


@cache
def _entries(node: Node) -> tuple[Tensor, ...]:
    return tensors(node)


def _width(architecture: Architecture, head: Head) -> Expr:
    """Return the width of embeddings; raises `NotKnownOf` for a model that the script does not count."""
    if architecture.name not in APPLIED_TO:
        reason = "ELECTRA's script counts encoders of BERT's layer"
        raise NotKnownOf(head.cls, "work by ELECTRA's script", reason, f"such are {', '.join(APPLIED_TO)}")
    return E if E in architecture.symbols else H


def inference(architecture: Architecture, head: Head) -> tuple[Tensor, ...]:
    """Return the script's `get_infer_flops`: layers, embeddings, and a classifier over each token."""
    return _entries(_tree(_width(architecture, head), classifier))


def pretraining(architecture: Architecture, head: Head) -> tuple[Tensor, ...]:
    """Return a forward pass of the script's `get_train_flops`, with the output softmax over the masked tokens."""
    width = _width(architecture, head)
    return _entries(_tree(width, _output(width)))
