"""The cache of keys and values that a decoder keeps of S tokens, so that the next one is not computed anew.

An entry has the shape of an array that a layer keeps: sequences, heads, tokens, features. A layer with a sliding window
keeps at most one token less than its window, because the next token is in the window too.
"""

from __future__ import annotations

from functools import cache, partial

import sympy
from sympy import Expr

from bertsym.algebra import Iverson
from bertsym.convention import Convention
from bertsym.costs.cached_projections import DERIVED
from bertsym.costs.quantity import Account, Quantity
from bertsym.costs.settings import Settings
from bertsym.layers import Attend, Leaf, Role, Weight
from bertsym.model import Architecture, Head
from bertsym.quantities import BYTES, Unit
from bertsym.symbols import B, S, S_source
from bertsym.tree import Listed, Tensor, inventory
from bertsym.values import replace

READS = frozenset({"dtype"})
ELEMENTS = Unit("elements")


def kept(leaf: Leaf) -> tuple[Weight, ...]:
    """Return the keys and values that attention keeps: its own if it is causal, else those of the encoder."""
    if not isinstance(leaf, Attend) or not (leaf.causal or leaf.keys == S_source):
        return ()
    tokens = _tokens(leaf.keys, leaf.window)
    heads = leaf.heads if leaf.kv_heads is None else leaf.kv_heads
    values = leaf.size if leaf.values is None else leaf.values
    return (
        Weight("keys", (B, heads, tokens, leaf.size), Role.PRODUCT, "a key for each head and token"),
        Weight("values", (B, heads, tokens, values), Role.PRODUCT, "a value for each head and token"),
    )


def _tokens(keys: Expr, window: Expr) -> Expr:
    """Return the tokens of which a layer keeps something."""
    slides = sympy.And(window > 0, keys >= window)
    return keys + (window - 1 - keys) * Iverson(slides)


@cache
def entries(architecture: Architecture, head: Head) -> tuple[Tensor, ...]:
    """Return the arrays that the layers keep; none for a model without causal attention.

    Of a derived model they are the outputs of projections, if the model type is one of which a test has shown it.
    """
    if isinstance(head.tree, Listed) and architecture.name in DERIVED:
        kept_of = DERIVED[architecture.name]
        return tuple(_output(t) for t in head.tree.tensors if t.name.endswith(".weight") and t.module in kept_of)
    # An encoder works on rows of its own. It runs once and keeps nothing.
    arrays = tuple(array for array in inventory(head.tree, kept) if array.rows is None)
    return arrays if any(S in array.numel.free_symbols for array in arrays) else ()


def _output(projection: Tensor) -> Tensor:
    """Return the array that keeps the outputs of a projection."""
    meaning = "the output of the projection for each token"
    return replace(projection, shape=(B, S, projection.shape[0]), role=Role.PRODUCT, meaning=meaning)


def _in_bytes(size: int, architecture: Architecture, head: Head) -> tuple[Tensor, ...]:
    return tuple(replace(array, shape=(sympy.Integer(size), *array.shape)) for array in entries(architecture, head))


def quantity(settings: Settings) -> Quantity:
    """Return the quantity: elements, or bytes if the type of numbers is given."""
    elements = Convention(
        "elements",
        "the elements of the keys and values that are kept after S tokens",
        "transformers DynamicCache",
        ties_once=False,
        unit=ELEMENTS,
    )
    size = settings.itemsize("bfloat16")
    in_bytes = Convention(
        "bytes",
        f"the bytes of the keys and values that are kept after S tokens, {size} for each",
        "vLLM, llama.cpp: size of the KV cache, without padding to blocks",
        ties_once=False,
        unit=BYTES,
    )
    accounts = (Account(elements, entries), Account(in_bytes, partial(_in_bytes, size)))
    order = accounts if settings.dtype is None else accounts[::-1]
    return Quantity("cache", "cache", "transformers DynamicCache after a forward pass", order)
