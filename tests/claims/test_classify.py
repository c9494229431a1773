"""Tell the kinds of claims apart, and judge each kind through one door."""

from __future__ import annotations

from pathlib import Path

import pytest

from bertsym.answers.audit import audited
from bertsym.claims.classify import classify
from bertsym.claims.judge import judge
from bertsym.claims.kinds import DocumentClaim, FormulaClaim, ModelTableClaim, NumberClaim, SumClaim
from bertsym.claims.question import all_heads, question
from bertsym.errors import BertsymError, UnknownName
from bertsym.zoo import named

DATA = Path(__file__).parent.parent / "data"
BASE = question(named("bert-base-uncased"))
CLAIMS = {
    "110M": NumberClaim,
    "~ 110 M params": NumberClaim,
    "109,482,240": NumberClaim,
    "P = 110M": NumberClaim,
    r"$P \approx 109{,}482{,}240$": NumberClaim,
    "12LH^2": FormulaClaim,
    "12*768*768*12 = 84,934,656": SumClaim,
    str(DATA / "gpt2_first_sizes.csv"): ModelTableClaim,
    str(DATA / "texts" / "account.md"): DocumentClaim,
    str(DATA / "texts" / "paper.tex"): DocumentClaim,
}


@pytest.mark.parametrize(("claim", "kind"), CLAIMS.items())
def test_the_kind_of_a_claim(claim: str, kind: type) -> None:
    read = classify(claim, BASE)
    assert type(read) is kind
    assert audited(read).standing is judge(read).standing


def test_a_text_is_a_table_if_the_question_says_so() -> None:
    with pytest.raises(BertsymError, match="no table with a heading"):
        classify(str(DATA / "texts" / "paper.tex"), BASE, table=True)
    with pytest.raises(BertsymError, match="no table with a heading"):
        classify(str(DATA / "texts" / "paper.tex"), question(BASE.model, formula="12LH^2"))


def test_the_notes_say_how_a_claim_was_read() -> None:
    assert classify("12 L d^2", question(BASE.model, where={"d": "H"})).notes == ("read as 12·L·H²", "with d = H")
    assert classify("110M", question(named("bert"))).notes[-1].endswith("judged at bert-base-uncased")
    assert classify(str(DATA / "gpt2_first_sizes.csv"), BASE).notes[0].startswith("columns read: ")


def test_a_question_is_about_all_heads_unless_some_are_named() -> None:
    model = named("bert").with_head("masked-lm")
    assert question(model).heads == all_heads(model)
    assert all_heads(model)[0] == "masked-lm"
    assert question(model, ["model"]).heads == ("model",)
    with pytest.raises(UnknownName):
        question(model, where={"d": "nothing"})
