"""The activations of Mixtral, whose experts multiply by `grouped_mm`, transformers' default in 16 bits."""

from __future__ import annotations

from bertsym.costs.activations.arrays import INDEX, array, indices, tokens
from bertsym.costs.activations.kernels import FLOAT32, Run
from bertsym.costs.activations.llama import body, heads_over, layer_with
from bertsym.symbols import B, F, H, S, experts, experts_per_token
from bertsym.tree import Block, Node

OFFSET = 4
CHOSEN = B * S * experts_per_token
"""The pairs of a token and an expert that works on it."""


def mixture(run: Run) -> Block:
    """Return what router and experts save: pairs are sorted by expert, and their results sorted back."""
    router = Block(
        "router",
        input=tokens(run, "the input"),
        probabilities=array("the softmax over experts", FLOAT32, B, S, experts),
        chosen=array("the chosen experts", INDEX, B, S, experts_per_token),
        total=array("the sum of the chosen probabilities", FLOAT32, B, S),
        weights=array("the weights of the chosen experts", FLOAT32, B, S, experts_per_token),
    )
    work = Block(
        "experts",
        tokens=indices("the token of each pair", CHOSEN),
        order=indices("the order of the pairs by expert", CHOSEN),
        offsets=array("the end of each expert's pairs", OFFSET, experts),
        input=array("the input of each pair", run.size, CHOSEN, H),
        gate_and_up=array("gate and up of each pair", run.size, CHOSEN, 2 * F),
        activation=array("the output of SiLU", run.size, CHOSEN, F),
        down=array("the input of the projection back", run.size, CHOSEN, F),
        weights=array("the weight of each pair", FLOAT32, CHOSEN),
        output=array("the output of each pair", run.size, CHOSEN, H),
        back=indices("the former order of the pairs", CHOSEN),
    )
    return Block(gate=router, experts=work)


def model(run: Run) -> Node:
    """Return what the bare model saves."""
    return body(run, layer_with(run, "mlp", "experts", mixture(run)))


HEADS = heads_over(model)
