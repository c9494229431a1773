"""Tables and legends that are wider than their column as they are: they are set in another way, never refused."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bertsym.document import Code, Column, Count, Decimal, Paragraph, Table
from bertsym.errors import TooNarrow
from bertsym.formulas.styles import form
from bertsym.render import latex
from bertsym.render.sheet import Layout, Sheet, TypeSize, column
from bertsym.symbols import F, H, L, heads
from tests.render.papers import document, overfull
from tests.render.test_tables import article, page

ACL = ("--latex", "--width", "219.08pt@11")
SOLVED = ("solve", "qwen2", "--target", "114275164160", "--for", "ffn_ratio")
"""The smallest ratio has five digits over four."""


@pytest.mark.tex
def test_a_name_of_code_stands_above_its_row_and_can_be_read_back(bertsym: Callable[..., Any], tmp_path: Path) -> None:
    shown = bertsym("tensors", "xlm-roberta", *ACL).out
    assert "% set in" not in shown
    assert "tied to" not in shown  # no tensor is tied
    lines = page(article(shown, 11, "219.08pt", "9000pt"), tmp_path).splitlines()
    words = [line.split() for line in lines if line.split()]
    assert words[:2] == [["tensor"], ["shape", "times", "role", "component"]]
    # The underscore of a document without packages is a rule, which pdftotext leaves out.
    assert words[2] == ["embeddings.word", "embeddings.weight"]
    assert "".join(words[3]) == "V×H1embeddingembeddings"
    assert ["encoder.layer.*.attention.output.", "LayerNorm.weight"] in [
        [*first, *second] for first, second in pairwise(words)
    ]


@pytest.mark.tex
def test_each_table_of_a_narrow_column_fits(bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    rules = ("--layout", "booktabs", "--caption", "Sizes", "--label", "tab:x")
    asked: list[tuple[str, ...]] = [
        ("tensors", "xlm-roberta"),
        ("tensors", "xlm-roberta", *rules),
        ("tensors", "unlimited_ocr", *rules),  # the number of layers is a sum of conditions
        ("tensors", "bert-tiny", "--head", "pretraining", "--footnotesize"),  # a tensor that is tied to another
        ("show", "blt", "--by", "module", *rules, "--notation", "vaswani"),  # a fraction of long names
        ("show", "evolla", "--by", "role"),
        SOLVED,
        (*SOLVED, "--layout", "booktabs", "--siunitx"),
        ("solve", "gptj", "--target", "58443939840", "--for", "L"),
        ("symbols", "--notation", "megatron"),
    ]
    ran = [bertsym(*words, *ACL) for words in asked]
    assert not [(words, each.err) for words, each in zip(asked, ran, strict=True) if each.code]
    packages = r"\usepackage{amsmath,booktabs,siunitx}"
    assert not overfull(pdflatex(document([each.out for each in ran], 11, "219.08pt", packages)))


@pytest.mark.tex
def test_numbers_of_a_row_stand_on_two_lines(bertsym: Callable[..., Any], tmp_path: Path) -> None:
    shown = bertsym("solve", "gptj", "--target", "58443939840", "--for", "L", *ACL).out
    lines = page(article(shown[shown.index(r"\begin{tabular}") :], 11, "219.08pt"), tmp_path).splitlines()
    words = [line.split() for line in lines if line.split()]
    assert words[:2] == [["L", "parameters"], ["error", "percent"]]
    assert words[2:4] == [["not", "over", "288", "58,403,251,424"], ["−40,688,416", "−0.07%"]]


DIGITS = Table((Column("x", right=True),), ((Count(10**27),),))
"""A number of 28 digits: 170 pt wide at 10 pt, 153 pt at 9 and 141 pt at 8."""


def test_the_type_is_smaller_if_nothing_else_helps() -> None:
    assert "set in" not in latex.document((DIGITS,), Sheet(column=column("180pt@10")))
    for points, size in ((160, "small"), (150, "footnotesize")):
        shown = latex.document((DIGITS,), Sheet(column=column(f"{points}pt@10")))
        assert shown.startswith(f"% set in \\{size} to fit {points} pt\n\\begingroup\n\\{size}\n")


def test_a_size_that_the_author_chose_stays() -> None:
    with pytest.raises(TooNarrow, match="153 pt, and the column has 150 pt: pass a larger --width or fewer --columns"):
        latex.document((DIGITS,), Sheet(column=column("150pt@10"), size=TypeSize.SMALL))


def test_a_table_in_a_float_says_its_size_before_it() -> None:
    shown = latex.document((DIGITS,), Sheet(column=column("150pt@10"), caption="Words"))
    assert shown.startswith("% set in \\footnotesize to fit 150 pt\n\\begin{table}[t]\n\\centering\n\\caption{Words}\n")


STACK = Table(
    (
        Column("tensor"),
        Column("shape"),
        Column("empty"),
        Column("tied to"),
        Column("parameters", right=True),
        Column("share of all", right=True),
    ),
    tuple(
        (Code(name), form(heads * H**2 + L * F), "", Code(tied) if tied else "", Count(10**12), Decimal(Fraction(1), 2))
        for name, tied in (
            (r"a_long.name\of{a}.module$with.hostile%letters.and_żółw.żżżżż_żż.weight", ""),
            ("lm_head.decoder.weight", "bert.embeddings.word_embeddings.weight"),
        )
    ),
    rules=(1,),
)


@pytest.mark.tex
@pytest.mark.parametrize("layout", [None, Layout.BOOKTABS])
@pytest.mark.parametrize("siunitx", [False, True])
def test_a_stack_of_every_kind_of_cells_fits(
    layout: Layout | None, siunitx: bool, pdflatex: Callable[[str], str]
) -> None:
    shown = [
        latex.document((STACK,), Sheet(column=column(f"{width}pt@10"), layout=layout, siunitx=siunitx))
        for width in (170, 200, 240, 300)
    ]
    assert all("empty" not in each for each in shown[:2])
    packages = r"\usepackage{amsmath,booktabs,siunitx}"
    for each, width in zip(shown, (170, 200, 240, 300), strict=True):
        assert not overfull(pdflatex(document([each], 10, f"{width}pt", packages)))


@pytest.mark.tex
@pytest.mark.parametrize("model", ["unlimited_ocr", "nemotron3_5_transcribe_audio", "superglue"])
def test_a_legend_of_long_names_fits(model: str, bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    shown = bertsym("total", model, "--legend", *ACL).out
    assert r"\_\allowbreak{}config.\allowbreak{}" in shown
    assert not overfull(pdflatex(document([shown], 11, "219.08pt")))


def test_a_short_word_of_a_sentence_is_not_broken() -> None:
    words = Paragraph(("the size (text_config.size), e.g. of and/or in a model",))
    shown = latex.document((words,), Sheet(column=column("100pt")))
    assert r"(text\_\allowbreak{}config.\allowbreak{}size), e.g. of and/or in" in shown
    assert "allowbreak" not in latex.document((words,))
