"""The activations of GPT-2, in the order in which transformers' code saves them."""

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
from bertsym.symbols import B, F, L, S, d, heads
from bertsym.tree import Block, Component, Node, Repeat


def gelu(run: Run) -> dict[str, Node]:
    """Return what GELU saves. The code writes it out in five operations; the paper's account has it fused."""
    saved: dict[str, Node] = {"activation": tokens(run, "the input of GELU", F)}
    if run.name != "paper":
        saved["half"] = tokens(run, "half of the input", F)
        saved["cube"] = tokens(run, "the power of the input", F)
        saved["tanh"] = tokens(run, "the output of tanh", F)
    return saved


def layer(run: Run) -> Block:
    """Return what a layer saves: query, key and value are one array."""
    if run.name == "checkpointed":
        return checkpoint(run)
    return Block(
        ln_1=Component("attention", layer_norm(run)),
        attn=Block(
            "attention",
            input=tokens(run, "the input of query, key and value"),
            projections=array("query, key and value", run.size, B, S, 3, heads, d),
            **softmax_attention(run, dropout=True, upcast=False),
            dropout=dropout_mask(),
        ),
        ln_2=Component("feed-forward", layer_norm(run)),
        mlp=Block(
            "feed-forward",
            input=tokens(run, "the input"),
            **gelu(run),
            output=tokens(run, "the output of GELU", F),
            dropout=dropout_mask(),
        ),
    )


def model(run: Run) -> Block:
    """Return what the bare model saves; the paper's account has the layers alone."""
    layers = Repeat(L, layer(run))
    if run.name == "paper":
        return Block(h=layers)
    embeddings = Block(
        "embeddings", words=indices("the words", B, S), positions=indices("the positions", S), dropout=dropout_mask()
    )
    return Block(embeddings=embeddings, h=layers, ln_f=Component("final-norm", layer_norm(run)))


def causal_lm(run: Run) -> Node:
    """Return what the language model saves."""
    head = Component("lm-head", tokens(run, "the input of the output embedding"))
    return Block(transformer=model(run), **({} if run.name == "paper" else {"lm_head": head}))


HEADS = {"model": model, "causal-lm": causal_lm}
