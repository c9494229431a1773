"""The models of docs/formulas.md, each on one slide of beamer, with symbols that can be read and a legend in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import missing
from tests.render.papers import overfull

MODELS = re.findall(
    r"^\$ bertsym show atlas:(\w+)$", (Path(__file__).parents[2] / "docs" / "formulas.md").read_text(), re.MULTILINE
)
HEAD = r"\documentclass{beamer}\usefonttheme[onlymath]{serif}\usepackage{amsmath}\hfuzz=0.1pt\vfuzz=0.1pt"
SLIDE = ("--latex", "--layout", "equation*", "--width", "307pt@11")


def slides(fragments: list[str]) -> str:
    """A document with one fragment a slide, each named in the log."""
    frames = [
        f"\\typeout{{FRAGMENT {i}}}\\begin{{frame}}{{Model}}\n{each}\\end{{frame}}" for i, each in enumerate(fragments)
    ]
    return "\n".join([HEAD, r"\begin{document}", *frames, r"\end{document}"])


@pytest.mark.usefixtures("beamer")
@pytest.mark.parametrize("form", ["collected", "components"])
def test_each_model_is_one_slide(form: str, bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    assert len(MODELS) == 8
    # Swin has four stages of four kinds: 17 lines by component.
    models = [model for model in MODELS if model != "swin" or form == "collected"]
    ran = [bertsym("total", f"atlas:{model}", "--form", form, *SLIDE) for model in models]
    assert [each.err for each in ran if each.code] == []
    log = pdflatex(slides([each.out for each in ran]))
    assert not overfull(log.replace(r"Overfull \vbox", r"Overfull \hbox"))
    assert f"({len(models)} pages" in log.replace("\n", "")


@pytest.fixture
def beamer(pdflatex: Callable[[str], str]) -> None:
    """Skip the test if TeX lacks beamer."""
    try:
        pdflatex(slides(["x"]))
    except AssertionError:
        missing("beamer")


def test_symbols_are_letters_and_the_legend_has_words(bertsym: Callable[..., Any]) -> None:
    shown = bertsym("total", "atlas:deepseek_v3", "--latex", "--legend").out
    assert r"d_v(H + r_{\mathrm{kv}})" in shown
    assert r"\min(L, L_{\mathrm{dense}})" in shown
    assert "$d_v$ the size of a head's values" in shown
    assert "$r_{\\mathrm{kv}}$ the rank of the compressed keys and values" in shown
    assert "head\\_dim" not in shown


def test_a_rounded_fraction_has_tall_brackets(bertsym: Callable[..., Any]) -> None:
    shown = bertsym("total", "atlas:qwen3_moe", "--latex").out
    assert r"\left\lfloor \frac{L}{f_{\mathrm{moe}}} \right\rfloor" in shown
