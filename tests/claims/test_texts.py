"""Claims found in documents, each with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bertsym.claims.question import Question
from bertsym.claims.sources import Source
from bertsym.claims.texts import JudgedClaim, judge_document
from bertsym.zoo import named
from tests.claims.work import work

TEXTS = Path(__file__).parent.parent / "data" / "texts"


def audited(text: str, *, tex: bool) -> tuple[JudgedClaim, ...]:
    model = named("bert")
    heads = (model.head, *(head for head in model.architecture.heads if head != model.head))
    return judge_document((Source("", text, ".tex" if tex else ".md"),), Question(model, heads)).claims


def test_a_readme() -> None:
    claims = audited((TEXTS / "account.md").read_text(), tex=False)
    assert [(claim.line, claim.finding, bool(claim.reason)) for claim in claims] == [
        (3, False, False),
        (3, False, False),
        (4, True, False),
        (6, False, False),
        (7, True, False),
        (8, True, False),
        (8, True, False),
        (8, False, False),
        (10, False, True),
    ]


def test_a_paper() -> None:
    claims = audited((TEXTS / "paper.tex").read_text(), tex=True)
    assert [(claim.line, claim.finding) for claim in claims] == [
        (6, False),
        (7, True),
        (9, False),
        (13, False),
        (14, True),
    ]


def test_heads_that_do_not_cancel_are_a_finding() -> None:
    (claim,) = audited("Attention has $3H^2/A$ parameters, and the head size is $H/A$.", tex=False)
    assert (claim.line, claim.finding) == (1, True)


def test_a_text_without_claims() -> None:
    assert audited("Nothing here, not even $x$.", tex=False) == ()


def test_a_formula_that_divides_by_the_heads_is_judged() -> None:
    (claim,) = audited("Attention has $3H^2/A$ parameters.", tex=False)
    assert claim.finding


def test_a_number_without_a_model_is_listed() -> None:
    (claim,) = audited("It has 110M parameters.", tex=False)
    assert claim.verdict is None
    assert "--model" in claim.reason


@pytest.mark.parametrize(
    "piece", ["$", "$$", "\\[", "\\(", "`", "\\begin{align}", "$H$ params ", "1M parameters ", "```\n", "%"]
)
def test_hostile_texts_are_audited_in_bounded_work(piece: str) -> None:
    text = piece * (10_000 // len(piece))
    assert work(lambda: audited(text, tex=True)) < 4_000_000
    assert work(lambda: audited(text, tex=False)) < 4_000_000


@pytest.mark.parametrize("text", ["The number of parameters is 12 *" + " " * 300_000 + "x.", "é" + "1" * 300_000])
def test_a_long_run_of_one_character_is_read_once(text: str) -> None:
    """Patterns are matched in C, which `work` cannot count: one that tries each start again takes many minutes."""
    assert audited(text, tex=False) == ()
