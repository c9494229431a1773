"""Commands for a paper: legal, untaken, and the same in a title, a caption, mathematics and a table."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

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
    assert r"\newcommand*{\BertTotal}{\ensuremath{109{,}482{,}240}}" in macros
    pdflatex(PAPER % macros)
    pdflatex(PAPER % macros)  # the second run reads the table of contents


def test_costs_carry_their_unit(bertsym: Callable[..., Any]) -> None:
    """A G of FLOPs or bytes is no billion of parameters, and bytes are decimal."""
    flops = bertsym("macros", "bert-base-uncased", "--of", "flops", "--at", "B=1,S=512", "--prefix", "Cost").out
    assert r"{\CostTotal}{\ensuremath{96{,}637{,}943{,}808}}" in flops
    assert r"{\CostTotalShort}{\ensuremath{96.64\,\mathrm{GFLOPs}}}" in flops
    assert r"{\CostPoolerShort}{\ensuremath{1.18\,\mathrm{MFLOPs}}}" in flops
    cache = bertsym("macros", "Llama-2-7b-hf", "--of", "cache", "--dtype", "bf16", "--at", "B=1,S=4096").out
    assert r"{\BertTotalShort}{\ensuremath{2.15\,\mathrm{GB}}}" in cache


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
