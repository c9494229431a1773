"""Derivations that print: one alignment a component, its terms labelled as in a paper, a whole model on two pages."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sympy import Add

from bertsym.algebra import expand
from bertsym.document import Alignment
from bertsym.explain import Choices, explain
from bertsym.formulas.tree import Form, to_sympy
from bertsym.render import latex
from bertsym.resolve import load
from bertsym.values import replace
from bertsym.zoo import ARCHITECTURES, named
from tests.conftest import need_program
from tests.render.papers import document, overfull

ATTENTION = ("explain", "bert", "--component", "attention")


def test_the_alignment_of_a_paper(bertsym: Callable[..., Any]) -> None:
    shown = bertsym(*ATTENTION, "--latex", "--width", "acl", "--steps-only").out
    assert shown.splitlines()[2:] == [
        r"\par\medskip",
        r"\begingroup\raggedright\noindent \textbf{Attention}, in each of the $L$ layers ($d = H/A$):",
        r"\[ \begin{aligned}",
        r"W_Q, W_K, W_V &: & 3 \cdot A \cdot d \cdot H & = 3H^2 \\",
        r"W_O &: & H \cdot A \cdot d & = H^2 \\",
        r"\text{biases} &: & 3 \cdot A \cdot d + H & = 4H \\",
        r"\text{LayerNorm} &: & 2 \cdot H & = 2H \\",
        r"\text{sum} &: &  & \phantom{{}={}} 4H^2 + 6H \\",
        r"L\text{ layers} &: &  & \phantom{{}={}} 4LH^2 + 6LH",
        r"\end{aligned} \]\par\endgroup",
    ]


def test_text_aligns_the_same_lines(bertsym: Callable[..., Any]) -> None:
    shown = bertsym("explain", "bert-base-uncased", "--component", "attention").out.splitlines()
    assert shown[3:12] == [
        "attention, in each of the L layers (d = H/heads)",
        "────────────────────────────────────────────────",
        "    W_Q, W_K, W_V  3·heads·d·H   = 3·H²",
        "    W_O            H·heads·d     = H²",
        "    biases         3·heads·d + H = 4·H",
        "    LayerNorm                      2·H",
        "    sum                            4·H² + 6·H",
        "    L layers                       4·L·H² + 6·L·H",
        "    in numbers                     4·12·768² + 6·12·768 = 28,366,848",
    ]


def test_names_of_tensors_are_asked_for(bertsym: Callable[..., Any]) -> None:
    assert "query" not in bertsym(*ATTENTION).out
    shown = bertsym(*ATTENTION, "--tensors").out
    assert shown.count("encoder.layer.*.attention.") == 1
    assert "self.query.weight        heads·d × H" in shown
    assert bertsym(*ATTENTION, "--tensors", "--steps-only").code == 2


def test_steps_only_have_no_sentences(bertsym: Callable[..., Any]) -> None:
    for syntax in ((), ("--latex",), ("--markdown",)):
        shown = bertsym("explain", "bert", "--steps-only", *syntax).out
        assert "cancel" not in shown
        assert "LayerNorm has" not in shown


@pytest.mark.parametrize(
    ("model", "component", "letters"),
    [
        ("llama", "feed-forward", ["W_gate, W_up", "W_down"]),
        ("gpt2", "attention", ["W_QKV", "W_O"]),
        ("gpt2", "feed-forward", ["W_1", "W_2"]),
        ("distilbert", "attention", ["W_Q, W_K, W_V", "W_O"]),
        ("mixtral", "experts", ["W_gate_up", "W_down"]),
        ("bert", "pooler", ["W"]),
        ("bert", "embeddings", ["tokens", "positions", "segments"]),
    ],
)
def test_terms_have_the_letters_of_papers(
    model: str, component: str, letters: list[str], bertsym: Callable[..., Any]
) -> None:
    shown = bertsym("explain", model, "--component", component).out
    rows = [line[4:].split("  ")[0] for line in shown.splitlines() if line.startswith("    ")]
    assert rows[: len(letters)] == letters


@pytest.mark.parametrize("name", [*ARCHITECTURES, "atlas:deepseek_v3", "atlas:swin", "atlas:mamba"])
def test_terms_sum_to_the_component(name: str) -> None:
    """Every line before the sum, added up, is the sum."""
    model = named(name) if name in ARCHITECTURES else load(name)
    summed = 0
    for element in explain(model, choices=Choices(steps_only=True)):
        if not isinstance(element, Alignment):
            continue
        amounts = [to_sympy(line.steps[0]) for line in element.lines if isinstance(line.steps[0], Form)]
        labels = [line.label for line in element.lines]
        if ("sum",) in labels and labels[0] != ("sum",):
            at = labels.index(("sum",))
            assert expand(Add(*amounts[:at]) - amounts[at]) == 0, element
            summed += 1
    assert summed > 0


def test_no_line_leaves_the_terminal(bertsym: Callable[..., Any]) -> None:
    for name in ("deepseek-v3", "atlas:swin", "atlas:convnext", "Mixtral-8x7B-v0.1", "atlas:qwen3_moe"):
        for more in ((), ("--tensors",)):
            assert max(map(len, bertsym("explain", name, *more).out.splitlines())) <= 120, name


HANDOUTS = ("bert", "llama", "t5", "albert", "bert-base-uncased", "t5-small", "albert-base-v2", "llama-7b")


@pytest.mark.parametrize("name", HANDOUTS)
def test_a_model_is_a_handout_of_two_pages(name: str, tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    program = need_program("pdflatex")
    text = bertsym("explain", name, "--latex", "--standalone").out
    (tmp_path / "handout.tex").write_text(text)
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "handout.tex"]
    log = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "Overfull" not in log
    pages = re.search(r"Output written on handout\.pdf \((\d) page", log)
    assert pages is not None
    assert int(pages.group(1)) <= 2
    assert rf"\section*{{\raggedright The parameters of {name}, step by step}}" in text
    assert "Here $V$ is the vocabulary size" in text
    assert "--head" not in text


def test_hostile_names_are_words(pdflatex: Callable[[str], str]) -> None:
    """A component and a tensor of a saved model may have any name."""
    model = named("bert")
    first, *rest = explain(model, component="pooler")
    hostile = replace(first, parts=(r"\input{x} $ % _ é",))
    shown = latex.document((hostile, *rest))
    assert r"\input{" not in shown
    pdflatex(document([shown], 10, "300pt"))


@pytest.mark.parametrize(("width", "size"), [("acl", 11), ("150pt", 10), ("506pt", 10)])
def test_derivations_fit_every_column(
    width: str, size: int, bertsym: Callable[..., Any], pdflatex: Callable[[str], str]
) -> None:
    names = (
        "bert-base-uncased",
        "llama-7b",
        "deepseek-v3",
        "atlas:swin",
        "atlas:mamba",
        "atlas:mellum",
        "atlas:omdet-turbo",
    )
    ran = [bertsym("explain", name, "--latex", "--width", width) for name in names]
    shown = [each.out for each in ran if each.code == 0]
    assert len(shown) >= (len(names) if width != "150pt" else 2), [each.err for each in ran]
    points = {"acl": "219.08pt"}.get(width, width)
    assert not overfull(pdflatex(document(shown, size, points)))


def test_a_derivation_of_a_cost_has_its_unit(bertsym: Callable[..., Any]) -> None:
    shown = bertsym("explain", "bert", "--of", "flops", "--component", "attention").out
    assert "W_Q, W_K, W_V    3·2·B·S·H·heads·d = 6·B·S·H²" in shown
    assert "scores, mixture  2·2·B·S·S·heads·d = 4·B·S²·H" in shown


def test_active_experts_are_those_of_a_token(bertsym: Callable[..., Any]) -> None:
    shown = bertsym("explain", "mixtral", "--component", "experts", "--convention", "active").out
    assert "W_gate_up  experts_per_token·2·F·H = 2·ffn_ratio·experts_per_token·H²" in shown


@pytest.mark.parametrize("more", [(), ("--legend",)])
def test_a_handout_says_once_what_its_symbols_are(more: tuple[str, ...], bertsym: Callable[..., Any]) -> None:
    shown = bertsym("explain", "swin", "--latex", "--standalone", *more).out
    assert shown.count("the number of channels") == 1
    assert "num\\_channels" not in shown
    assert shown.index("the number of channels") < shown.index("Embeddings")
