"""Classes over one configuration become one model, with one symbol for each field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bertsym.algebra import Value
from bertsym.count import count
from bertsym.derive.domain.stored_space import stored_space
from bertsym.derive.merge_heads import merge_heads
from bertsym.layers import Role
from bertsym.saved_model.allowed_values import Free
from bertsym.saved_model.decode import parsed
from bertsym.saved_model.derived import ConfigField, Domain, FixedValue, NoEffect, schema, unresolved
from bertsym.saved_model.encode import text
from bertsym.symbols import H, Kind, L, Own, V, heads, labels
from bertsym.tree import Tensor
from bertsym.values import replace
from bertsym.zoo.parts import FREE_HEAD_SIZE
from tests.derive.saved_body import BODY, FEW

MORE = Own("specials", Kind.DEPTH, 1, "specials of the code")
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
    whole = merge_heads(BODY, {"sequence-classification": CLASSIFIER})
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
    (missing,) = unresolved(merge_heads(BODY, {"sequence-classification": still}).classes["sequence-classification"])
    assert (missing.part, missing.reason) == ("layers", "no other value was accepted")


def test_what_one_class_holds_all_do() -> None:
    """A length of lists that a head is refused without is so for the whole configuration, idle as it is elsewhere."""
    held = replace(CLASSIFIER, fixed_by_code={"pad_token_id": 0}, no_effect={})
    whole = merge_heads(BODY, {"sequence-classification": held})
    assert (dict(whole.fixed_by_code), set(whole.no_effect)) == ({"pad_token_id": 0}, set())
    assert stored_space(whole).base["pad_token_id"] == 0
    read = parsed(json.loads(text(whole)), Path("body.json"))
    assert dict(schema(read).fixed) == {"pad_token_id": (0,)}
    without = {symbol: field for symbol, field in CLASSIFIER.fields.items() if symbol is not L}
    still = merge_heads(
        BODY, {"sequence-classification": replace(CLASSIFIER, fields=without, fixed_by_code={"layers": 2})}
    )
    (missing,) = unresolved(still.classes["sequence-classification"])
    assert (missing.part, missing.reason, dict(still.fixed_by_code)) == ("layers", "only its own value is accepted", {})


def test_the_head_size_is_left_to_its_definition() -> None:
    defined = replace(BODY, definitions=(FREE_HEAD_SIZE,))
    with pytest.raises(Exception, match="not an integer"):
        defined.model().with_sizes({H: 7, heads: 2})
