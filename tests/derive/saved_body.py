"""A saved model written by hand: an embedding of words, and layers with a weight and a bias."""

from __future__ import annotations

import sympy

from bertsym.layers import Role
from bertsym.saved_model.derived import Derived, Evidence, Idle, Place, Tried
from bertsym.symbols import H, Kind, L, Own, V, heads
from bertsym.tree import Loop, Tensor

FEW = Own("specials", Kind.WIDTH, 0, "specials of the code")
FOUND = Evidence(16, 3, 200, 0, 9)
BODY = Derived(
    "body",
    "Body",
    "by hand",
    {V: 50, H: 16, L: 2, heads: 4, FEW: 3},
    (),
    (
        Tensor("words", (V, H), Role.EMBEDDING, "", "words"),
        Tensor("layer.{}.w", (H, FEW), Role.MATRIX, "", "layer", (Loop(sympy.S.Zero, L),)),
        Tensor("layer.{}.b", (H,), Role.BIAS, "", "layer", (Loop(sympy.S.One, L),)),
    ),
    whole=(H / heads,),
    places={
        V: Place("vocab_size", Tried(1, 90)),
        H: Place("hidden_size", Tried(1, 9, 2, ("num_heads",))),
        L: Place("layers", Tried(1, 5)),
        heads: Place("num_heads", Tried(1, 6)),
        FEW: Place("specials", Tried(0, 9)),
    },
    idle={"num_labels": Idle(2), "pad_token_id": Idle(0)},
    evidence=FOUND,
)
