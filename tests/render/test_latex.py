"""Printed LaTeX compiles without a package and shows the formula."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym.answers.breakdown import broken_down
from bertsym.answers.catalogue import catalogue
from bertsym.answers.derivative import derivative
from bertsym.answers.explanation import derivation
from bertsym.answers.formula import formula
from bertsym.answers.glossary import glossary
from bertsym.answers.inventory import inventory
from bertsym.count import By
from bertsym.document import Code, Paragraph, Sizes
from bertsym.formulas.styles import Style
from bertsym.render import latex, markdown
from bertsym.render.notation import NOTATIONS
from bertsym.render.tex_prose import comment, prose
from bertsym.report import Report
from bertsym.symbols import SIZES, V, tied
from bertsym.zoo import named

PREAMBLE = "\\documentclass{article}\n\\begin{document}\n"
HOSTILE = r"\input{/etc/passwd} \write18{ls} ^^5c %not a comment $x$ #1 & _ ~ <b> {}|`` -- '' \end{document}" + "{" * 50


def document(*fragments: str) -> str:
    """Return a document with the packages that its fragments say they need."""
    needed = sorted(set(re.findall(r"^% requires: (\\usepackage\S+)", "\n".join(fragments), re.MULTILINE)))
    preamble = PREAMBLE.replace(r"\begin{document}", "".join(needed) + r"\begin{document}")
    return preamble + "\n\n\\clearpage\n".join(fragments) + "\n\\end{document}\n"


def test_every_formula_compiles(pdflatex: Callable[[str], str]) -> None:
    formulas = []
    for label in ("bert", "bert-base-uncased"):
        for head in named(label).architecture.heads:
            model = named(label).with_head(head)
            for style in Style:
                formulas.append(latex.document(formula(model, style=style).document()))
                formulas.append(latex.document(derivative(model, SIZES[2].symbol, style=style).document()))
    pdflatex(document(*(f"\\[\n{text}\\]" for text in formulas)))


def test_every_fragment_compiles(pdflatex: Callable[[str], str]) -> None:
    models = [named("bert"), named("bert-tiny").with_head("pretraining")]
    reports: list[Report] = [catalogue(), glossary()]
    for model in models:
        reports += [inventory(model), derivation(model), *(broken_down(model, by=by) for by in By)]
    pdflatex(document("\\tiny", *(latex.document(report.document()) for report in reports)))


def test_hostile_words_are_only_words(pdflatex: Callable[[str], str]) -> None:
    fragment = latex.document((Paragraph((HOSTILE, Code(HOSTILE), "line\nbreak\x00\x1b[31m é ß Ł")),))
    log = pdflatex(document(fragment, "% " + comment("a\n\\undefined\r\nb")))
    assert "(/etc/passwd" not in log


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        (r"a_b", r"a\_b"),
        (r"\\", r"\textbackslash{}\textbackslash{}"),
        ("50 %", r"50 \%"),
        ("x--y", r"x-{}-y"),
        ("tab\tnew\nline", "tab new line"),
        ("\x1b", r"\textbackslash{}x1b"),
        ("Łódź", r"{\L}{\'o}d{\'z}"),
        ("日本", "日本"),
    ],
)
def test_prose(text: str, tex: str) -> None:
    assert prose(text) == tex


def test_every_symbol_has_a_tex_name_of_its_own() -> None:
    for notation in NOTATIONS.values():
        printed = [notation.name(size.symbol) for size in SIZES]
        assert len(set(printed)) == len(printed)


def test_markdown_escapes_words_and_keeps_mathematics() -> None:
    text = markdown.document((Paragraph(("a|b *c* <script>", Code("x`y|z"))),))
    assert "<script>" not in text.replace(r"\<script\>", "")
    assert r"a\|b \*c\*" in text
    table = markdown.document(broken_down(named("bert")).document())
    assert "| attention | $4LH^2 + 6LH$ |" in table


def test_a_formula_in_a_cell_breaks_between_terms_where_the_column_lets_it(bertsym: Callable[..., Any]) -> None:
    wide = bertsym("show", "bert-base-uncased", "--latex", "--width", "350pt").out
    assert "{(2r + 4)}LH^2 + {(r + 9)}LH + {(V + N + 5)}H + H^2" in wide
    narrow = bertsym("show", "bert-base-uncased", "--latex", "--width", "acl").out
    assert r"\multicolumn{3}{l}{\quad $(2r + 4)LH^2 + (r + 9)LH$}" in narrow
    assert r"\multicolumn{3}{l}{\quad $\quad {} + (V + N + 5)H + H^2$}" in narrow


def test_what_reads_files_compiles_too(
    bertsym: Callable[..., Any], pdflatex: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2] / "examples")
    runs = [
        ("verify", "checkpoints/bert-tiny", "--header-only", "--latex"),
        ("verify", "checkpoints/bert-tiny", "--header-only", "--latex", "--at", "L=3"),
        ("verify", "checkpoints/bert-tiny", "--header-only", "--latex", "--infer"),
        ("audit", "11LH^2", "--latex"),
        ("audit", "gpt2_first_sizes.csv", "-m", "gpt2", "--at", "N=1024", "--latex"),
        ("audit", "account.md", "--latex"),
        ("total", "configs/bert-classifier", "--latex", "--layout", "equation"),
    ]
    printed = [bertsym(*words) for words in runs]
    assert all(ran.code in (0, 1) and ran.out for ran in printed)
    pdflatex(document("\\tiny", *(ran.out for ran in printed)))


def test_a_switch_is_no_number() -> None:
    sizes = Sizes({tied: False, V: 30522})
    assert latex.inline(sizes) == r"$\mathrm{tied} = \textnormal{no},\ V = 30{,}522$"
