"""Two saved models written by hand: a small one, and one with every part that a file can have."""

from __future__ import annotations

from fractions import Fraction

import sympy

from bertsym.layers import Role
from bertsym.model import Definition
from bertsym.saved_model.allowed_values import Bounded, Choice, Determined, Free, MultipleOf, Switch
from bertsym.saved_model.derived import (
    Basis,
    ConfigField,
    Constraint,
    Derived,
    DerivedHead,
    Domain,
    Evidence,
    FixedValue,
    NoEffect,
    UnresolvedTensor,
)
from bertsym.symbols import E, F, H, Kind, L, Own, V, heads, tied
from bertsym.tree import Loop, Tensor
from bertsym.values import replace
from bertsym.zoo.parts import FEED_FORWARD

BRANCHES = Own("branches", Kind.DEPTH, 0, "branches of the code")
BLOCKS, RATIO = Own("blocks", Kind.DEPTH), Own("expand", Kind.RATIO)
SMALL = Derived(
    "small",
    "Small",
    "by hand",
    {V: 10, H: 4, L: 2, F: 8, E: 4, BRANCHES: 3, tied: True},
    (FEED_FORWARD,),
    (
        Tensor("words.weight", (V, H), Role.EMBEDDING, "", "words"),
        Tensor("up.weight", (H, E), Role.MATRIX, "", "up", when=sympy.Ne(E, H)),
        Tensor(
            "layers.{}.experts.{}.weight", (F, sympy.floor((H + 1) / 2)), Role.MATRIX, "", "experts",
            (Loop(sympy.S(1), L), Loop(sympy.S(0), BRANCHES)),
        ),
        Tensor("out.weight", (V, H), Role.EMBEDDING, "", "out", tied_to="words.weight", tied_when=tied),
    ),
)  # fmt: skip


BODY = (
    *SMALL.tensors[:3],
    Tensor("a.{}.w", (H, sympy.floor(RATIO * H)), Role.MATRIX, "", "a", (Loop(sympy.S(1), L, sympy.S(2)),)),
    Tensor("a.{}.v", (H,), Role.NORM, "", "a", (Loop(sympy.S(1), L, sympy.S(2), others=True),)),
    Tensor("a.{}.y", (H,), Role.NORM, "", "a", (Loop(sympy.S(0), L, listed=(V, H + 1)),)),
    Tensor("a.{}.x", (H,), Role.NORM, "", "a", (Loop(sympy.S(0), L, others=True, listed=(V, sympy.S(3))),)),
    Tensor("b.{}.w", (H, 2 * F), Role.MATRIX, "", "b", (Loop(sympy.S.Zero, BLOCKS),), when=sympy.Or(tied, H > 3)),
    Tensor(
        "b.{}.again", (H, 2 * F), Role.MATRIX, "", "b", (Loop(sympy.S.Zero, L),), tied_to="b.{}.w", tied_when=E > 2 * H
    ),
    Tensor("scale", (), Role.NORM, "", "scale"),
)
HEADED = tuple(
    replace(tensor, name=f"body.{tensor.name}", tied_to=tensor.tied_to and f"body.{tensor.tied_to}")
    for tensor in BODY
    if tensor.name != "a.{}.v"
)
RICH = Derived(
    "rich",
    "Rich",
    "transformers 5.23.0",
    {V: 10, H: 4, L: 2, heads: 2, F: 8, E: 4, BRANCHES: 3, BLOCKS: 2, RATIO: Fraction(8, 3), tied: True},
    (FEED_FORWARD, Definition(E, 2 * H), Definition(heads, H / 2)),
    BODY,
    (Constraint(H / heads), Constraint(F / heads, Basis.SAMPLING), Constraint(F / (8 * heads), Basis.UNKNOWN)),
    {
        V: ConfigField("vocab_size", Domain(Free(), 2, 3001)),
        H: ConfigField("text.hidden_size", Domain(MultipleOf(("heads",), 8), 1, 48), ("d_model", "text.dim")),
        L: ConfigField("depths[0]", Domain(Free(), 1, 6), if_omitted=heads * H),
        heads: ConfigField("heads", Domain(Choice((1, 2, 48)))),
        F: ConfigField("F", Domain(Free(3), 1, 48), omission_unknown=True),
        E: ConfigField("depths[1]", Domain(Bounded(Free(), "text.hidden_size", "heads"), 1, 9, (("heads", 2),))),
        BRANCHES: ConfigField("num_experts", Domain(Determined(("blocks", "heads"), 2, "depths[0]"))),
        BLOCKS: ConfigField("blocks", Domain(Bounded(MultipleOf(("heads",)), "F"), 1, 6)),
        RATIO: ConfigField("expand", Domain(Free(Fraction(1, 2)), 1, 12)),
        tied: ConfigField("tie_word_embeddings", Domain(Switch(), only_if=(("heads", 2),))),
    },
    {"window": FixedValue(7, "no other value was accepted")},
    {
        "dropout": NoEffect(),
        "pad_token_id": NoEffect(0, Domain(Free(), 0, 499)),
        "mode": NoEffect(1, Domain(Choice((1, 4)))),
        "cache": NoEffect(True, Domain(Switch())),
        "causal": NoEffect(False, Domain(Switch((False,)))),
        "count": NoEffect(3),
    },
    fixed_by_code={"activation": "gelu", "more": [1, None, {"a": 2}], "nothing": None},
    evidence=Evidence(16, 3, 200, 7, 12, 4321),
    heads={
        "masked-lm": DerivedHead(
            "RichForMaskedLM",
            (*HEADED, Tensor("out", (V,), Role.BIAS, "", "out")),
            Evidence(16, 3, 200, 7, 12, None, (UnresolvedTensor("odd.{}.weight", "dimension 1", "no formula"),)),
        ),
        "causal-lm": DerivedHead("RichForCausalLM", (Tensor("out", (V,), Role.BIAS, "", "out"), *HEADED[2:])),
    },
    engine=3,
)
