"""The activations of BERT, in the order in which transformers' code saves them."""

from __future__ import annotations

from sympy import Expr

from bertsym.costs.activations.arrays import (
    MASK,
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
from bertsym.tree import Block, Component, Node, Repeat


def layer(run: Run) -> Block:
    """Return what a layer saves. Projections share their input; a residual connection saves nothing."""
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


def predictions(run: Run) -> Block:
    """Return what the head of masked language modelling saves."""
    return Block(
        "lm-head",
        dense=tokens(run, "the output of the last layer"),
        activation=tokens(run, "the input of GELU"),
        LayerNorm=layer_norm(run),
        decoder=tokens(run, "the input of the output embedding"),
    )


def pooler(run: Run) -> dict[str, Node]:
    """Return what the pooler saves: all of its input, of which it reads the first token, and its output."""
    output = array("the output of tanh", run.size, B, H)
    return {"pooler": Block("pooler", input=tokens(run, "the output of the last layer"), output=output)}


def dropped(run: Run, *rows: Expr) -> Block:
    """Return what a classifier behind dropout saves of the rows that it works on."""
    mask = array("which features are dropped", MASK, *rows, H)
    return Block("classifier", dropout=mask, input=array("the input of the classifier", run.size, *rows, H))


def over_body(run: Run, **head: Node) -> Node:
    """Return what a class saves; the paper's account has the layers alone."""
    return Block(**body(run), **({} if run.name == "paper" else head))


def model(run: Run) -> Node:
    """Return what the bare model saves, and with it a class whose head saves nothing of its own."""
    return over_body(run, **pooler(run))


def masked_lm(run: Run) -> Node:
    """Return what the masked-LM model saves."""
    return over_body(run, cls=predictions(run))


def pretraining(run: Run) -> Node:
    """Return what the model of both tasks saves; the head and the pooler share their input."""
    output = Component("pooler", array("the output of tanh", run.size, B, H))
    return over_body(run, cls=predictions(run), pooler=output)


def sequence_classification(run: Run) -> Node:
    """Return what a classifier of sequences saves."""
    return over_body(run, **pooler(run), classifier=dropped(run, B))


def token_classification(run: Run) -> Node:
    """Return what a classifier of tokens saves; dropout does not need its input, the last layer's output."""
    return over_body(run, classifier=dropped(run, B, S))


def question_answering(run: Run) -> Node:
    """Return what the model of answers saves."""
    return over_body(run, qa_outputs=Component("classifier", tokens(run, "the output of the last layer")))


HEADS = {
    "model": model,
    "pretraining": pretraining,
    "masked-lm": masked_lm,
    "next-sentence": model,
    "sequence-classification": sequence_classification,
    "token-classification": token_classification,
    "question-answering": question_answering,
    "multiple-choice": sequence_classification,
}
