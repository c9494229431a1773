"""A saved model written by hand: an embedding of words, and layers with a weight and a bias."""

from __future__ import annotations

import sympy

from bertsym.layers import Role
from bertsym.saved_model.allowed_values import Free, MultipleOf
from bertsym.saved_model.derived import ConfigField, Constraint, Derived, Domain, Evidence, NoEffect
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
    constraints=(Constraint(H / heads),),
    fields={
        V: ConfigField("vocab_size", Domain(Free(), 1, 90)),
        H: ConfigField("hidden_size", Domain(MultipleOf(("num_heads",), 2), 1, 9)),
        L: ConfigField("layers", Domain(Free(), 1, 5)),
        heads: ConfigField("num_heads", Domain(Free(), 1, 6)),
        FEW: ConfigField("specials", Domain(Free(), 0, 9)),
    },
    no_effect={"num_labels": NoEffect(2), "pad_token_id": NoEffect(0)},
    evidence=FOUND,
)
