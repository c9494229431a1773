"""Classes over one configuration become one model: its sizes are made one, and a wrong formula does not stay hidden."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sympy

from bertsym.algebra import Value
from bertsym.count import count, written_out
from bertsym.derive.domain.stored_space import stored_space
from bertsym.derive.merge_heads import joined
from bertsym.derive.types import CannotDerive, Entry, Rejection
from bertsym.derive.verification.recheck import drawn, recheck
from bertsym.layers import Role
from bertsym.saved_model.allowed_values import Free, MultipleOf
from bertsym.saved_model.decode import parsed
from bertsym.saved_model.derived import (
    ConfigField,
    Constraint,
    Derived,
    Domain,
    Evidence,
    FixedValue,
    NoEffect,
    schema,
    unresolved,
)
from bertsym.saved_model.encode import text
from bertsym.symbols import H, Kind, L, Own, V, heads, labels
from bertsym.tree import Loop, Tensor
from bertsym.values import replace
from bertsym.zoo.parts import FREE_HEAD_SIZE

FEW = Own("specials", Kind.WIDTH, 0, "specials of the code")
MORE = Own("specials", Kind.DEPTH, 1, "specials of the code")
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
PREFIXED = tuple(
    replace(t, name=f"body.{t.name}", component="body", shape=tuple(s.xreplace({FEW: MORE}) for s in t.shape))
    for t in BODY.tensors
)
CLASSIFIER = replace(
    BODY,
    cls="BodyForSequenceClassification",
    tensors=(*PREFIXED, Tensor("out", (labels, H), Role.MATRIX, "", "out")),
    defaults={V: 50, H: 16, L: 2, heads: 4, MORE: 3, labels: 2},
    fields={
        **{symbol: field for symbol, field in BODY.fields.items() if symbol != FEW},
        MORE: ConfigField("specials", Domain(Free(), 1, 6)),
        labels: ConfigField("num_labels", Domain(Free(), 0, 9)),
    },
    no_effect={"pad_token_id": NoEffect(0)},
)


def test_a_size_of_two_classes_is_one_size() -> None:
    whole = joined(BODY, {"sequence-classification": CLASSIFIER})
    model, head = whole.model(), whole.model(head="sequence-classification")
    assert model.symbols == head.symbols == {V, H, L, heads, MORE, labels}
    assert set(whole.no_effect) == {"pad_token_id"}
    assert {field.path for field in whole.fields.values()} == {
        "vocab_size", "hidden_size", "layers", "num_heads", "specials", "num_labels"
    }  # fmt: skip
    sizes: dict[Any, Value] = {V: 10, H: 4, L: 3, MORE: 2}
    assert count(model.with_sizes(sizes)) == 40 + 3 * 8 + 2 * 4
    assert count(head.with_sizes({**sizes, labels: 7})) == 40 + 3 * 8 + 2 * 4 + 28
    assert [t.component for t in head.tensors] == ["words", "layer", "layer", "out"]
    written = text(whole)
    assert '{"head": "model", "under": "body."}' not in written  # three tensors are too few to refer to
    again = parsed(json.loads(written), Path("body.json"))
    assert again.classes == whole.classes
    assert again.fields == whole.fields


def test_a_head_in_which_a_size_stands_still_has_no_whole_formula() -> None:
    still = replace(
        CLASSIFIER,
        fields={symbol: field for symbol, field in CLASSIFIER.fields.items() if symbol is not L},
        fixed_by_derivation={"layers": FixedValue(2, "no other value was accepted")},
    )
    (refused,) = unresolved(joined(BODY, {"sequence-classification": still}).classes["sequence-classification"])
    assert (refused.part, refused.reason) == ("layers", "no other value was accepted")


def test_what_one_class_holds_all_do() -> None:
    """A length of lists that a head is refused without is so for the whole configuration, idle as it is elsewhere."""
    held = replace(CLASSIFIER, fixed_by_code={"pad_token_id": 0}, no_effect={})
    whole = joined(BODY, {"sequence-classification": held})
    assert (dict(whole.fixed_by_code), set(whole.no_effect)) == ({"pad_token_id": 0}, set())
    assert stored_space(whole).base["pad_token_id"] == 0
    read = parsed(json.loads(text(whole)), Path("body.json"))
    assert dict(schema(read).fixed) == {"pad_token_id": (0,)}
    without = {symbol: field for symbol, field in CLASSIFIER.fields.items() if symbol is not L}
    still = joined(BODY, {"sequence-classification": replace(CLASSIFIER, fields=without, fixed_by_code={"layers": 2})})
    (refused,) = unresolved(still.classes["sequence-classification"])
    assert (refused.part, refused.reason, dict(still.fixed_by_code)) == ("layers", "only its own value is accepted", {})


class Pretended:
    """Builds what a formula says, and refuses what is not whole."""

    def __init__(self, derived: Derived) -> None:
        self.derived, self.target = derived, "body"

    def trace(self, _fields: object, _symbols: object) -> None:
        """Nothing is seen to be compared."""

    def rejection(self, _fields: object) -> Rejection:
        return Rejection("ValueError: it must divide")

    def build(self, fields: dict[str, Any]) -> dict[str, Entry] | None:
        if fields["hidden_size"] % fields["num_heads"]:
            return None
        model = self.derived.model()
        sizes = {s: fields[at.path] for s, at in self.derived.fields.items() if s in model.symbols}
        return {name: Entry(shape, name, "matrix") for name, shape, _ in written_out(model.with_sizes(sizes))}


def test_draws_follow_the_rules_and_find_what_is_wrong() -> None:
    random: Any = Random(3)
    for _ in range(200):
        fields = drawn(stored_space(BODY), random, "uniform")
        assert fields["hidden_size"] % (2 * fields["num_heads"]) == 0
        assert fields["num_labels"] == 2
    oracle: Any = Pretended(BODY)
    assert recheck(BODY, "model", oracle, random, 8) is None
    wrong = replace(BODY, tensors=(*BODY.tensors[:2], replace(BODY.tensors[2], loops=(Loop(sympy.S.Zero, L),))))
    assert str(recheck(wrong, "model", oracle, random, 8)).startswith("layer.0.b at ")
    off = replace(BODY, tensors=(replace(BODY.tensors[0], shape=(V + 1, H)), *BODY.tensors[1:]))
    assert str(recheck(off, "model", oracle, random, 8)).startswith("words at ")


def test_a_refused_draw_is_drawn_again_but_not_for_ever() -> None:
    loose = replace(BODY, fields={**BODY.fields, H: ConfigField("hidden_size", Domain(Free(), 1, 60))})
    oracle: Any = Pretended(BODY)
    assert recheck(loose, "model", oracle, Random(1), 8) is None
    oracle.build = lambda _fields: None
    with pytest.raises(CannotDerive, match="it refuses 40 draws in a row"):
        recheck(loose, "model", oracle, Random(1), 8)


def test_the_head_size_is_left_to_its_definition() -> None:
    defined = replace(BODY, definitions=(FREE_HEAD_SIZE,))
    with pytest.raises(Exception, match="not an integer"):
        defined.model().with_sizes({H: 7, heads: 2})
