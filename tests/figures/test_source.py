"""Source for TeX: it compiles, is as wide as asked with its labels, and keeps exact data."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from tests.figures.conftest import Page, lightness

Run = Callable[..., Any]
Compile = Callable[[str], Page]

THREE = ("bert-base-uncased", "distilbert-base-uncased", "albert-base-v2")
NAMED = ("--name", "BERT", "--name", "DistilBERT", "--name", "ALBERT")
KINDS: dict[str, tuple[str, ...]] = {
    "parts": ("parts", *THREE, *NAMED),
    "shares": ("parts", *THREE, *NAMED, "--share", "--totals"),
    "eight parts": ("parts", "t5-base", "DeepSeek-V3", "--totals"),
    "roles": ("parts", *THREE, "--by", "role"),
    "total": ("total", *THREE, *NAMED, "--for", "H=256..2048"),
    "alone": ("total", "gpt2-medium", "--for", "L=2..48"),
    "iso": ("iso", "bert-base-uncased", "--target", "110M,340M"),
    "elasticities": ("elasticities", "Llama-3.1-8B", "--notation", "vaswani"),
    "flops": ("parts", *THREE[:2], "--of", "flops", "--at", "B=1,S=512"),
}


def source(bertsym: Run, *words: str) -> str:
    ran = bertsym("plot", *words, "--latex")
    assert (ran.code, ran.err) == (0, "")
    return str(ran.out)


@pytest.mark.parametrize(
    ("layout", "width", "size"),
    [("pgfplots", "219pt@11", 219.0), ("pgfplots", "397.48pt@10", 397.48), ("tikz", "252pt@10", 252.0)],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_is_as_wide_as_asked(
    kind: str, layout: str, width: str, size: float, bertsym: Run, page: Compile
) -> None:
    shown = page(source(bertsym, *KINDS[kind], "--standalone", "--width", width, "--layout", layout))
    assert "Overfull" not in shown.log
    left, right = shown.ink
    # Labels begin two points from the edge, and a wide legend may be the widest of all.
    assert size - 8 <= right - left <= size + 0.1
    assert "Package pgfplots Warning" not in shown.log


def test_the_page_shows_the_names_and_the_ticks(bertsym: Run, page: Compile) -> None:
    text = page(source(bertsym, *KINDS["parts"], "--standalone", "--width", "219pt")).text
    assert "embeddings attention feed-forward pooler" in text
    assert all(name in text for name in ("BERT", "DistilBERT", "ALBERT"))
    assert "0 20 40 60 80 100 120 parameters (M)" in text


def test_the_legend_covers_nothing(bertsym: Run, page: Compile) -> None:
    """Eight parts take two lines above all bars."""
    shown = page(source(bertsym, *KINDS["eight parts"], "--standalone", "--width", "252pt"))
    legend = [word for word in shown.words if word.text in ("embeddings", "experts", "parts")]
    bars = [word for word in shown.words if word.text in ("t5-base", "DeepSeek-V3")]
    assert len(legend) == 3
    assert len({word.bottom for word in legend}) == 2
    assert max(word.bottom for word in legend) < min(word.top for word in bars)


def test_no_label_of_a_curve_covers_another(bertsym: Run, page: Compile) -> None:
    marks = [
        word for name in ("tiny", "mini", "small", "medium", "base-uncased") for word in ("--mark", f"bert-{name}")
    ]
    words = ("iso", "bert-base-uncased", "--target", "10M,30M,110M", *marks, "--range", "H=64..1024,L=1..24")
    shown = page(source(bertsym, *words, "--standalone", "--width", "397pt"))
    boxes = [word for word in shown.words if word.text in ("tiny", "mini", "small", "medium", "base")]
    assert len(boxes) == 5
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            apart = one.right <= other.left or other.right <= one.left
            assert apart or one.bottom <= other.top or other.bottom <= one.top, (one, other)


def test_it_takes_the_width_and_the_fonts_of_the_paper(bertsym: Run, page: Compile) -> None:
    figure = source(bertsym, *KINDS["parts"], "--caption", "Where they are", "--label", "fig:parts")
    paper = (
        r"\documentclass[10pt,twocolumn]{article}\usepackage{mathptmx}\usepackage{pgfplots}\pgfplotsset{compat=1.16}"
        r"\setlength{\textwidth}{456pt}\setlength{\columnsep}{16pt}\pagestyle{empty}\begin{document}"
        "Here is Figure~\\ref{fig:parts}.\n" + figure + r"\end{document}"
    )
    shown = page(paper)
    assert "Overfull" not in shown.log
    assert "Figure 1: Where they are" in shown.text
    assert 212 <= shown.ink[1] - shown.ink[0] <= 220.1


def test_it_stands_in_the_text(bertsym: Run, page: Compile) -> None:
    """It is a line of its own without an indent. A macro with arguments would not be read in a frame of beamer."""
    figure = source(bertsym, *KINDS["total"], "--width", "300pt")
    assert "#" not in figure
    preamble = r"\documentclass{article}\usepackage{pgfplots}\pgfplotsset{compat=1.16}\setlength{\textwidth}{300pt}"
    shown = page(preamble + "\\pagestyle{empty}\\begin{document}Text.\n\n" + figure + "\n\\end{document}")
    assert "Overfull" not in shown.log


def test_both_layouts_are_one_figure(bertsym: Run, page: Compile) -> None:
    """The words of the page stand where they stand, whichever package draws them."""
    words = (*KINDS["iso"], "--standalone", "--width", "252pt", "--layout")
    pages = [page(source(bertsym, *words, layout)) for layout in ("pgfplots", "tikz")]
    assert pages[0].text == pages[1].text
    for one, other in zip(
        *(sorted(page.words, key=lambda word: (word.text, word.left)) for page in pages), strict=True
    ):
        assert abs(one.left - other.left) < 2, (one, other)


def test_tikz_needs_no_pgfplots_and_keeps_the_counts(bertsym: Run) -> None:
    figure = source(bertsym, *KINDS["parts"], "--layout", "tikz")
    assert "pgfplots" not in figure
    assert "% embeddings: 23837184 23835648 4005120\n" in figure
    bars = re.findall(r"fill=partA.*\] \(([\d.]+),.*\) rectangle \(([\d.]+),", figure)
    assert [float(left) for left, _ in bars] == [0, 0, 0]
    assert [round(float(right) * 120_000_000, -3) for _, right in bars] == [23_837_000, 23_836_000, 4_006_000]


def test_a_long_title_of_an_axis_is_wrapped(bertsym: Run, page: Compile) -> None:
    shown = page(source(bertsym, "elasticities", "bert-base-uncased", "--standalone", "--width", "100pt"))
    assert "Overfull" not in shown.log
    assert "1% more" in shown.text


def test_counts_are_written_as_they_are(bertsym: Run) -> None:
    figure = source(bertsym, *KINDS["parts"])
    plots = re.findall(r"\\addplot\[.*\] coordinates \{(.*)\};", figure)
    assert plots == [
        "(23837184,1) (23835648,2) (4005120,3)",
        "(28366848,1) (14183424,2) (2363904,3)",
        "(56687616,1) (28343808,2) (4723968,3)",
        "(590592,1) (0,2) (590592,3)",
    ]


def test_a_great_count_keeps_all_its_digits(bertsym: Run) -> None:
    figure = source(bertsym, "parts", "DeepSeek-V3", "--only", "experts")
    assert "(653908770816,1)" in figure


def test_eight_fills_are_apart_in_grey_and_in_order(bertsym: Run) -> None:
    """The legend has the order of the bars, and the lightness rises with it."""
    for kind, parts in (("parts", 4), ("eight parts", 8)):
        figure = source(bertsym, *KINDS[kind])
        fills = [lightness(colour) for colour in re.findall(r"\\definecolor\{part.\}\{HTML\}\{(\w+)\}", figure)]
        assert len(fills) == parts
        assert all(after - before >= 9 for before, after in pairwise(fills))
        assert fills[-1] < 95, "the lightest fill is not the paper"


def test_curves_are_apart_without_colour(bertsym: Run) -> None:
    figure = source(bertsym, *KINDS["total"])
    strokes = re.findall(r"\\addplot\[curve., line width=1pt(?:, dash pattern=(.*?))?\]", figure)
    assert len(strokes) == len(set(strokes)) == 3
    colours = [lightness(colour) for colour in re.findall(r"\\definecolor\{curve.\}\{HTML\}\{(\w+)\}", figure)]
    assert max(colours) < 70, "a line is dark enough to be seen on paper"


def test_parts_beyond_eight_are_one_and_said(bertsym: Run) -> None:
    figure = source(bertsym, *KINDS["eight parts"])
    assert "~other parts}" in figure
    (said,) = re.findall(r"^% other parts in the figure: (.*)$", figure, re.MULTILINE)
    assert "decoder relative-positions" in said.split(", ")


HOSTILE = r"50% of \input{x} $a$ _b ^~ <c>& #1 é {"


def test_words_of_a_user_are_set_and_do_nothing(bertsym: Run, page: Compile) -> None:
    words = ("parts", "bert-base-uncased", "--name", HOSTILE, "--caption", HOSTILE, "--standalone", "--width", "397pt")
    shown = page(source(bertsym, *words))
    text = normalize("NFC", shown.text).replace(" ", "")  # an underscore is a rule, and the dollars of OT1 stand higher
    assert [text.count(part) for part in (r"50%of\input{x}", "b^~<c>&#1é{", "$")] == [2, 2, 4]


def test_control_characters_do_nothing(bertsym: Run) -> None:
    figure = source(bertsym, *KINDS["parts"], "--caption", "a\x1b[31m\nb\u202e")
    assert "\x1b" not in figure
    assert r"\caption{a\textbackslash{}x1b[31m b\textbackslash{}u202e}" in figure
    ran = bertsym("plot", "parts", "bert-tiny", "--name", "a\x1b[31mb", "--latex")
    assert (ran.code, "\x1b" in ran.err) == (2, False)


def test_symbols_have_the_notation_of_the_paper(bertsym: Run) -> None:
    figure = source(bertsym, *KINDS["elasticities"])
    assert r"{$d_{\mathrm{model}}$}" in figure
    renamed = source(bertsym, *KINDS["total"], "--rename", r"H=d_{\mathrm{model}}")
    assert r"hidden size $d_{\mathrm{model}}$" in renamed


def test_a_float_over_both_columns(bertsym: Run) -> None:
    words = (*KINDS["parts"], "--caption", "Parts", "--latex", "--float")
    assert r"\begin{figure*}[t]" in bertsym("plot", *words, "figure*").out
    ran = bertsym("plot", *words, "none")
    assert (ran.code, ran.out) == (2, "")
    assert "--caption contradicts --float none" in ran.err
    assert "unknown float" in bertsym("plot", *words, "table").err


def test_a_file_has_what_is_printed(bertsym: Run, tmp_path: Path) -> None:
    printed = source(bertsym, *KINDS["iso"])
    path = tmp_path / "iso.tex"
    ran = bertsym("plot", *KINDS["iso"], "-o", str(path))
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert path.read_text(encoding="utf-8") == printed
    assert bertsym("plot", *KINDS["iso"], "--layout", "pgfplots").out == printed


def test_a_marker_of_a_paper_has_a_figure(bertsym: Run, tmp_path: Path) -> None:
    paper = tmp_path / "paper.tex"
    paper.write_text(
        "% bertsym: let ours = bert-base-uncased\n"
        '% bertsym: plot parts ours distilbert-base-uncased --caption "Parts" --label fig:parts\n'
        "% bertsym: end\n",
        encoding="utf-8",
    )
    ran = bertsym("embed", str(paper))
    assert ran.code == 0
    assert r"\label{fig:parts}" in paper.read_text(encoding="utf-8")
    paper.write_text("% bertsym: plot parts bert-tiny -o x.tex\n% bertsym: end\n", encoding="utf-8")
    ran = bertsym("embed", str(paper))
    assert ran.code == 2
    assert "without -o" in ran.err
    assert not Path("x.tex").exists()
