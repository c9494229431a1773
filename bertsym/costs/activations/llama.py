"""The activations of Llama, in the order in which transformers' code saves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy

from bertsym.algebra import Iverson
from bertsym.costs.activations.arrays import array, checkpoint, indices, softmax_attention, tokens
from bertsym.costs.activations.kernels import FLOAT32, Run
from bertsym.symbols import B, F, H, L, S, d, heads, kv_heads
from bertsym.tree import Block, Component, Node, Repeat


def rms_norm(run: Run) -> Block:
    """Return what an RMSNorm saves: its input and a root for each token in 32 bits, and the normed features."""
    return Block(
        input=array("the input in 32 bits", FLOAT32, B, S, H),
        root=array("the inverse root of each token", FLOAT32, B, S),
        normed=tokens(run, "the normed features"),
    )


# A single key of a single sequence is not repeated: torch reads it anew for each head.
NOT_REPEATED = sympy.Eq(B, 1) & sympy.Eq(kv_heads, 1)


def attention(run: Run) -> Block:
    """Return what attention saves. Eager attention repeats keys and values for the heads that share them."""
    shared = kv_heads if run.name == "flash" else heads + (kv_heads - heads) * Iverson(NOT_REPEATED)
    return Block(
        "attention",
        input=tokens(run, "the input of query, key and value"),
        query=array("the query", run.size, B, heads, S, d),
        key=array("the key", run.size, B, shared, S, d),
        value=array("the value", run.size, B, shared, S, d),
        **softmax_attention(run, dropout=False, upcast=True),
    )


def feed_forward(run: Run) -> Block:
    """Return what the gated feed-forward net saves."""
    features = {
        "gate": "the input of SiLU",
        "activation": "the output of SiLU",
        "up": "the features that the gate multiplies",
        "down": "the input of the projection back",
    }
    saved = {name: tokens(run, meaning, F) for name, meaning in features.items()}
    return Block("feed-forward", input=tokens(run, "the input"), **saved)


def layer_with(run: Run, name: str, component: str, mlp: Node) -> Block:
    """Return what a layer saves; `mlp` is its second half."""
    if run.name == "checkpointed":
        return checkpoint(run)
    return Block(
        input_layernorm=Component("attention", rms_norm(run)),
        self_attn=attention(run),
        post_attention_layernorm=Component(component, rms_norm(run)),
        **{name: mlp},
    )


def body(run: Run, layer: Node) -> Block:
    """Return what the bare model saves; all layers share the angles of rotary positions."""
    angles = Block(
        "attention", **{name: array(f"the {name} of positions", run.size, S, d) for name in ("cosine", "sine")}
    )
    return Block(
        embed_tokens=Component("embeddings", indices("the words", B, S)),
        **({} if run.name == "checkpointed" else {"rotary_emb": angles}),
        layers=Repeat(L, layer),
        norm=Component("final-norm", rms_norm(run)),
    )


def heads_over(model: Callable[[Run], Node]) -> Mapping[str, Callable[[Run], Node]]:
    """Return the heads of a model."""

    def causal_lm(run: Run) -> Node:
        head = Component("lm-head", tokens(run, "the input of the output embedding"))
        return Block(model=model(run), lm_head=head)

    return {"model": model, "causal-lm": causal_lm}


def model(run: Run) -> Node:
    """Return what the bare model saves."""
    return body(run, layer_with(run, "mlp", "feed-forward", feed_forward(run)))


HEADS = heads_over(model)
