"""The activations of BERT, in the order in which transformers' code saves them."""

from __future__ import annotations

from bertsym.costs.activations.arrays import (
    array,
    checkpoint,
    dropout_mask,
    indices,
    layer_norm,
    softmax_attention,
    tokens,
)
from bertsym.costs.activations.kernels import Run
from bertsym.symbols import B, F, H, L, S, d, heads
from bertsym.tree import Block, Node, Repeat


def layer(run: Run) -> Block:
    """Return what a layer saves: projections share their input, and a residual connection saves nothing."""
    if run.name == "checkpointed":
        return checkpoint(run)
    projections = {name: array(f"the {name}", run.size, B, heads, S, d) for name in ("query", "key", "value")}
    return Block(
        attention=Block(
            "attention",
            self=Block(
                input=tokens(run, "the input of query, key and value"),
                **projections,
                **softmax_attention(run, dropout=True, upcast=False),
            ),
            output=Block(dropout=dropout_mask(), LayerNorm=layer_norm(run)),
        ),
        intermediate=Block(
            "feed-forward",
            input=tokens(run, "the input"),
            activation=tokens(run, "the input of GELU", F),
        ),
        output=Block(
            "feed-forward",
            input=tokens(run, "the output of GELU", F),
            dropout=dropout_mask(),
            LayerNorm=layer_norm(run),
        ),
    )


def embeddings(run: Run) -> Block:
    """Return what the embeddings save; one row of segments serves all sequences."""
    return Block(
        "embeddings",
        words=indices("the words", B, S),
        segments=indices("the segments", S),
        LayerNorm=layer_norm(run),
        dropout=dropout_mask(),
    )


def body(run: Run) -> dict[str, Node]:
    """Return what the embeddings and the layers save; the paper's account has the layers alone."""
    layers = Block(layer=Repeat(L, layer(run)))
    return {"encoder": layers} if run.name == "paper" else {"embeddings": embeddings(run), "encoder": layers}


def pooler(run: Run) -> Block:
    """Return what the pooler saves: all of its input, of which it reads the first token, and its output."""
    output = array("the output of tanh", run.size, B, H)
    return Block("pooler", input=tokens(run, "the output of the last layer"), output=output)


def model(run: Run) -> Node:
    """Return what the bare model saves."""
    return Block(**body(run), **({} if run.name == "paper" else {"pooler": pooler(run)}))


def masked_lm(run: Run) -> Node:
    """Return what the masked-LM model saves."""
    head = Block(
        "lm-head",
        dense=tokens(run, "the output of the last layer"),
        activation=tokens(run, "the input of GELU"),
        LayerNorm=layer_norm(run),
        decoder=tokens(run, "the input of the output embedding"),
    )
    return Block(bert=Block(**body(run)), **({} if run.name == "paper" else {"cls": head}))


HEADS = {"model": model, "masked-lm": masked_lm}
