"""Commands for a paper: legal, untaken, and the same in a title, a caption, mathematics and a table."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from bertsym.answers.paper_macros import Figure, Figures, figures
from bertsym.convention import EXACT
from bertsym.formulas.tree import Number
from bertsym.render.macros import definitions
from bertsym.symbols import H
from bertsym.zoo import named
from tests.typesetting import Typeset

PAPER = r"""\documentclass{article}
\usepackage{amsmath,booktabs,graphicx,hyperref,caption}
\usepackage[T1]{fontenc}
%s
\title{\BertTotal{} parameters, \BertTotalShort}
\begin{document}
\maketitle
\tableofcontents
\section{Why \BertTotal, and not \BertTotalShort}
In text \BertFormula; in mathematics $\BertFormula = \BertTotal$ and \[ \BertAttentionFormula = \BertAttentionTotal \]
\begin{table}\caption{\BertFormula{} with $H = \BertSizeH$: \BertAttentionShare}
\begin{tabular}{lr}\toprule \BertEmbeddingsFormula & \BertEmbeddingsTotal \\ \bottomrule\end{tabular}\end{table}
\listoftables
\end{document}
"""


def test_they_work_everywhere(bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    macros = bertsym("macros", "bert-base-uncased", "--prefix", "Bert").out
    assert r"\newcommand*{\BertTotal}{109{,}482{,}240}" in macros
    pdflatex(PAPER % macros)
    pdflatex(PAPER % macros)  # the second run reads the table of contents


NUMBERS = r"""\documentclass{article}
\usepackage{amsmath,siunitx,pgfplots}\pgfplotsset{compat=1.17}
%s
\begin{document}
\typeout{HALF \the\numexpr\BertTotalValue/2\relax}
\pgfmathsetmacro{\width}{\BertSizeHValue/\BertSizeHeadsValue}\typeout{WIDTH \width}
\begin{tikzpicture}\begin{axis}
\addplot coordinates {(\BertAttentionShareValue,\BertAttentionTotalValue)(\BertPoolerShareValue,\BertPoolerTotalValue)};
\end{axis}\end{tikzpicture}
\begin{tabular}{S[table-format=9.0]}\BertTotalValue\\\end{tabular}
\num{\BertTotalValue} \num{\BertSizeFfnRatioValue}
\clearpage\pagestyle{empty}
\textsf{\textbf{\BertTotal{} (\BertTotalShort), \BertAttentionShare, \BertSizeFfnRatio, \BertSizeV}}
\clearpage
\textsf{$\BertTotal \approx \BertTotalShort$}
\end{document}
"""


def test_numbers_are_those_of_programs_and_of_the_font_around_them(
    bertsym: Callable[..., Any], typeset: Callable[..., Typeset]
) -> None:
    """The value of a command is what siunitx, pgfplots and \\numexpr read."""
    page = typeset(NUMBERS % bertsym("macros", "bert-base-uncased", "--at", "F=1920").out)
    # (2*2.5 + 4)*12*768^2 + (2.5 + 9)*12*768 + (30522 + 517)*768 + 768^2 = 88234752
    assert "HALF 44117376" in page.log
    assert "WIDTH 64.0" in page.log
    assert page.fonts(2) == {"CMSSBX10"}
    # In mathematics: digits upright, the sign and the point from fonts of their own, the unit in the font of the text.
    assert page.fonts(3) == {"CMR10", "CMSY10", "CMMI10", "CMSS10"}
    assert "88,234,752 (88.23 M), 32.1%, 2.5, 30,522" in page.text(2)


def test_a_ratio_without_end_has_no_digits(bertsym: Callable[..., Any]) -> None:
    out = bertsym("macros", "bert-base-uncased", "--at", "F=2048").out
    assert r"{\BertSizeFfnRatio}{8/3}" in out
    assert "FfnRatioValue" not in out
    assert r"{\BertSizeFfnRatioValue}{2.5}" in bertsym("macros", "bert-base-uncased", "--at", "F=1920").out


def test_no_two_commands_have_one_name() -> None:
    """A size named V_value would have the command that holds the digits of V."""
    subject = figures(named("bert").with_sizes({H: 8}), EXACT).subject
    sizes = [Figure(name, Number(Fraction(at))) for at, name in enumerate(("SizeV", "SizeVValue", "SizeV"))]
    written = definitions(Figures(subject, tuple(sizes)), "Bert")
    assert re.findall(r"\{\\Bert(.*?)\}\{(\d)\}", written) == [
        ("SizeV", "0"),
        ("SizeVValue", "0"),
        ("SizeVValueTwo", "1"),
        ("SizeVValueTwoValue", "1"),
        ("SizeVTwo", "2"),
        ("SizeVTwoValue", "2"),
    ]


def test_costs_carry_their_unit(bertsym: Callable[..., Any]) -> None:
    """A G of FLOPs or bytes is no billion of parameters, and bytes are decimal."""
    flops = bertsym("macros", "bert-base-uncased", "--of", "flops", "--at", "B=1,S=512", "--prefix", "Cost").out
    assert r"{\CostTotal}{96{,}637{,}943{,}808}" in flops
    assert r"{\CostTotalShort}{96.64\,\mbox{GFLOPs}}" in flops
    assert r"{\CostPoolerShort}{1.18\,\mbox{MFLOPs}}" in flops
    cache = bertsym("macros", "Llama-2-7b-hf", "--of", "cache", "--dtype", "bf16", "--at", "B=1,S=4096").out
    assert r"{\BertTotalShort}{2.15\,\mbox{GB}}" in cache


def test_costs_refuse_a_setting_that_they_do_not_read(bertsym: Callable[..., Any]) -> None:
    ran = bertsym("macros", "bert-base-uncased", "--of", "flops", "--dtype", "bf16")
    assert (ran.code, ran.out) == (2, "")
    assert "--dtype contradicts --of flops" in ran.err


@pytest.mark.parametrize("prefix", ["Bert", "H", "TeX", "la", "textbf", "xx", "begin"])
def test_names_are_letters_and_free(prefix: str, bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    ran = bertsym("macros", "bert-large-uncased", "--head", "pretraining", "--prefix", prefix)
    if prefix == "H":
        assert ran.code == 2
        return
    names = re.findall(r"\\newcommand\*\{\\(.*?)\}", ran.out)
    assert all(name.isascii() and name.isalpha() for name in names)
    assert len(set(names)) == len(names) > 20
    pdflatex(
        "\\documentclass{article}\\usepackage{amsmath,hyperref}\n" + ran.out + "\\begin{document}x\\end{document}\n"
    )


@pytest.mark.parametrize("prefix", ["", "B2", "end", "endBert", "bert-base", "É", "\\x", "a" * 41])
def test_an_illegal_prefix_is_refused(prefix: str, bertsym: Callable[..., Any]) -> None:
    assert bertsym("macros", "--prefix", prefix).code == 2


def test_provide_may_be_read_twice(bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    macros = bertsym("macros", "bert-tiny", "--provide", "--notation", "kaplan").out
    pdflatex("\\documentclass{article}\n" + macros * 2 + "\\begin{document}\\BertFormula\\end{document}\n")


def test_open_sizes_leave_formulas_alone(bertsym: Callable[..., Any]) -> None:
    out = bertsym("macros").out
    assert r"\BertFormula" in out
    assert "Total}" not in out
