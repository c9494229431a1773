"""The page that an author would have typeset: each formula, table, number and figure on it is printed by a command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.typesetting import Typeset

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "tests" / "paper" / "page.tex"


def test_it_is_up_to_date(bertsym: Callable[..., Any]) -> None:
    ran = bertsym("embed", str(PAGE), "--check")
    assert ran.code == 0, ran.err


def test_it_fits_and_has_what_the_page_typed_by_hand_has(typeset: Callable[..., Typeset]) -> None:
    page = typeset(PAGE.read_text(encoding="utf-8"))
    assert page.overfull() == []
    assert page.pages() == 1
    text = " ".join(page.text(1).split())
    wanted = (
        "BERT has 109,482,240 (109.48 M)",
        "feed-forward",
        "253,915",
        "770.04",
        "LayerNorm",
        "66,362,880",
        "Figure 1: Where the parameters are.",
    )
    assert [words for words in wanted if words not in text] == []


def test_both_pages_are_drawn() -> None:
    for name in ("page.png", "ideal.png"):
        assert 10_000 < (ROOT / "docs" / "images" / name).stat().st_size < 100_000
