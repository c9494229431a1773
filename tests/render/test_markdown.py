"""Mathematics in Markdown reaches the renderer of each host as it was written."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from tests.conftest import need_module

Run = Callable[..., Any]
RUNS: list[tuple[str, ...]] = [
    ("total", "bert-base-uncased", "--notation", "kaplan", "--legend"),
    ("show", "bert-base-uncased", "--notation", "kaplan"),
    ("tensors", "bert-tiny", "--notation", "kaplan"),
    ("explain", "bert-base-uncased", "--notation", "kaplan"),
    ("total", "deepseek-v3", "--notation", "kaplan", "--legend"),
]


@pytest.mark.parametrize("words", RUNS, ids=" ".join)
def test_github_keeps_every_formula(words: tuple[str, ...], bertsym: Run) -> None:
    """cmark-gfm is what GitHub runs: it must hand each formula on unchanged, inside `code`."""
    gfm = need_module("cmarkgfm")
    markdown = bertsym(*words, "--markdown", "--flavor", "github").out
    html = gfm.github_flavored_markdown_to_html(markdown)
    inline = re.findall(r"\$`(.*?)`\$", markdown)
    blocks = re.findall(r"```math\n(.*?)\n```", markdown, re.DOTALL)
    assert inline or blocks
    assert [unescape(tex) for tex in re.findall(r"\$<code>(.*?)</code>\$", html)] == inline
    assert [unescape(tex) for tex in re.findall(r'<pre lang="math"><code>(.*?)\n</code>', html, re.DOTALL)] == blocks


def test_the_flavors_differ_in_their_delimiters_alone(bertsym: Run) -> None:
    said = {
        flavor: bertsym("total", "bert-base-uncased", "--markdown", "--flavor", flavor, "--notation", "kaplan").out
        for flavor in ("github", "hf", "jupyter")
    }
    assert said["jupyter"] == bertsym("total", "bert-base-uncased", "--markdown", "--notation", "kaplan").out
    plain = {
        "github": said["github"].replace("```math", "$$").replace("```", "$$").replace("$`", "$").replace("`$", "$"),
        "hf": said["hf"].replace("\\\\(", "$").replace("\\\\)", "$"),
        "jupyter": said["jupyter"],
    }
    assert len(set(plain.values())) == 1
    assert "$" not in said["hf"].replace("$$", "")  # a model card shows one dollar as it stands


def test_numbers_are_plain_text(bertsym: Run) -> None:
    table = bertsym("show", "bert-base-uncased", "--markdown").out
    assert "| 28,366,848 | 25.9% |" in table
    assert "$28" not in table


def test_unknown_flavors_and_other_syntaxes_are_refused(bertsym: Run) -> None:
    assert "unknown flavor" in bertsym("total", "bert", "--markdown", "--flavor", "gitlab").err
    ran = bertsym("total", "bert", "--latex", "--flavor", "github")
    assert (ran.code, "--flavor" in ran.err) == (2, True)
