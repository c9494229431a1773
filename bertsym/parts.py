"""The parts of which one's own model is built: layers, the nodes that put them together, and sizes.

`bertsym.build` makes a model of them.
"""

from __future__ import annotations

import re

from bertsym.errors import Conflict, UnknownName, Unreadable
from bertsym.layers import Attend, Conv1D, Embedding, LayerNorm, Linear, Parameter, Product, RMSNorm, Role
from bertsym.symbols import (
    BY_NAME,
    RUN,
    SIZES,
    B,
    E,
    F,
    H,
    Kind,
    L,
    N,
    Own,
    S,
    T,
    V,
    d,
    experts,
    experts_per_token,
    ffn_ratio,
    heads,
    kv_heads,
    labels,
    tied,
)
from bertsym.tree import Block, Component, Node, Over, Repeat, Reuse, Routed, Stack, Tied, When

__all__ = [
    "SIZES",
    "Attend",
    "B",
    "Block",
    "Component",
    "Conv1D",
    "E",
    "Embedding",
    "F",
    "H",
    "L",
    "LayerNorm",
    "Linear",
    "N",
    "Node",
    "Over",
    "Parameter",
    "Product",
    "RMSNorm",
    "Repeat",
    "Reuse",
    "Role",
    "Routed",
    "S",
    "Stack",
    "T",
    "Tied",
    "V",
    "When",
    "d",
    "experts",
    "experts_per_token",
    "ffn_ratio",
    "heads",
    "kv_heads",
    "labels",
    "size",
    "tied",
]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")


def size(name: str, kind: str = "features", *, least: int = 1, meaning: str = "", example: str = "1") -> Own:
    """Return a size of one's own; `kind` is features, layers, rows, heads, experts, ratio or "yes or no" (a switch).

    Raises `Unreadable`, `UnknownName` for another kind, and `Conflict` for the name of a size that is there.

    Examples:
        >>> size("rank", meaning="rank of the projection")
        rank
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Unreadable("the name of a size", name, "a letter, then letters, digits and _, at most 40")
    if name in BY_NAME or name in {known.name for known in RUN}:
        raise Conflict(f"the size {name}", "the size of that name here", f"import {name} from bertsym.parts")
    kinds = {known.value: known for known in Kind if known not in (Kind.RUN, Kind.COUNT, Kind.ORDER)}
    if not isinstance(kind, str) or kind not in kinds:
        raise UnknownName("kind of size", str(kind), kinds)
    if least not in (0, 1):
        raise Unreadable(f"the least value of {name}", least, "0 or 1")
    return Own(name, kinds[kind], least, meaning, example)
