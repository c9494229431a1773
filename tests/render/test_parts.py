"""A total by component on paper: each part on a line of its own, with its name at the right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.render.papers import document, overfull

PARTS = ("--form", "components")
LATEX = ("total", "bert", *PARTS, "--latex")


def test_the_display_of_a_paper(bertsym: Callable[..., Any]) -> None:
    shown = bertsym(*LATEX, "--layout", "align", "--width", "acl", "--punct", ".").out
    assert shown.splitlines()[2:] == [
        r"\begin{align*}",
        r"P ={}& (V + N + 4)H && \text{embeddings} \\",
        r"& {} + 4LH^2 + 6LH && \text{attention} \\",
        r"& {} + 2rLH^2 + (r + 3)LH && \text{feed-forward} \\",
        r"& {} + H^2 + H && \text{pooler}.",
        r"\end{align*}",
    ]


def test_text_and_markdown_have_the_same_lines(bertsym: Callable[..., Any]) -> None:
    text = bertsym("total", "bert-base-uncased", *PARTS).out
    assert text.splitlines()[2:] == [
        "(V + N + 4)·H                             embeddings",
        "+ 4·L·H² + 6·L·H                          attention",
        "+ 2·ffn_ratio·L·H² + (ffn_ratio + 3)·L·H  feed-forward",
        "+ H² + H                                  pooler",
        "= 109,482,240 (109.48M)",
    ]
    markdown = bertsym("total", "bert", *PARTS, "--markdown").out
    assert "\\begin{aligned}\nP ={}& (V + N + 4)H && \\text{embeddings} \\\\\n" in markdown


def test_a_fragment_for_the_authors_own_environment_keeps_its_braces(bertsym: Callable[..., Any]) -> None:
    """`aligned` is legal in mathematics only, and split has one column."""
    for layout in ((), ("--layout", "inline"), ("--layout", "split")):
        assert r"\underbrace{4LH^2 + 6LH}_{\text{attention}}" in bertsym(*LATEX, *layout).out


def test_names_stand_behind_parts_that_need_the_room(bertsym: Callable[..., Any]) -> None:
    shown = bertsym("total", "deepseek-v3", *PARTS, "--latex", "--layout", "equation", "--width", "acl").out
    assert r"& {} + H \quad (\text{final-norm}) \\" in shown
    assert "&&" not in shown


def test_a_name_that_is_wider_than_the_column_has_several_lines(
    bertsym: Callable[..., Any], pdflatex: Callable[[str], str]
) -> None:
    shown = bertsym("total", "atlas:omdet-turbo", *PARTS, "--latex", "--layout", "equation", "--width", "150pt").out
    assert "& \\quad (\\text{decoder channel-} \\\\\n& \\quad \\text{projection-layers}) \\\\\n" in shown
    assert not overfull(pdflatex(document([shown], 10, "150pt")))
    refused = bertsym("total", "atlas:omdet-turbo", *PARTS, "--latex", "--layout", "equation", "--width", "60pt")
    assert refused.code == 2
    assert "pass a larger --width" in refused.err


@pytest.mark.parametrize("layout", ["equation", "equation*", "align"])
def test_every_part_fits(layout: str, bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    models = ("bert", "albert-base-v2", "t5", "llama-7b", "deepseek-v3", "atlas:swin", "atlas:qwen3_moe", "atlas:mamba")
    ran = [bertsym("total", m, *PARTS, "--latex", "--layout", layout, "--width", "acl", "--punct", ".") for m in models]
    assert all(each.code == 0 for each in ran)
    assert not overfull(pdflatex(document([each.out for each in ran], 11, "219.08pt")))
