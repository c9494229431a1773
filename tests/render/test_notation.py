"""Names of symbols: as their papers write them, and nothing but names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bertsym.errors import BertsymError, Unreadable
from bertsym.formulas.styles import form
from bertsym.render.mathtex import math
from bertsym.render.notation import BERT, NOTATIONS, checked_name, parse_renames
from bertsym.symbols import H, L, N, V, heads


# Kaplan et al. 2020 (arXiv:2001.08361), table 1: N = 2 d_model n_layer (2 d_attn + d_ff) = 12 n_layer d_model^2;
# Narayanan et al. 2021 (arXiv:2104.04473), equation 2: P = 12 l h^2 (1 + 13/(12h) + (V + s)/(12lh)).
@pytest.mark.parametrize(
    ("notation", "tex"),
    [
        ("bert", "12LH^2 + VH"),
        ("kaplan", r"12n_{\mathrm{layer}}d_{\mathrm{model}}^2 + n_{\mathrm{vocab}}d_{\mathrm{model}}"),
        ("vaswani", r"12Nd_{\mathrm{model}}^2 + Vd_{\mathrm{model}}"),
        ("megatron", "12lh^2 + Vh"),
    ],
)
def test_one_formula_in_four_papers(notation: str, tex: str) -> None:
    assert math(form(12 * L * H**2 + V * H), NOTATIONS[notation]) == tex


@pytest.mark.parametrize(
    "tex",
    [
        "h",
        r"\ell",
        r"d_{\mathrm{model}}",
        r"\mathrm{width}",
        r"d_k",
        r"\alpha_\beta",
        r"n_{12}",
        r"\mathcal{H}",
        r"a_{i,j}",
    ],
)
def test_a_name_is_accepted(tex: str) -> None:
    assert checked_name("H", tex) == tex


@pytest.mark.parametrize(
    "tex",
    [
        "",
        r"\input{/etc/passwd}",
        r"H}\input{x}{",
        r"\write18{ls}",
        "^^5cinput",
        "H^2",
        "2",
        "H + L",
        "H%",
        "x\n",
        r"\mathrm{a}}",
        r"\mathrm{\input}",
        "H H",
        r"\def",
        "日",
        "H$",
        "a_{" + "b" * 90 + "}",
        "{" * 10_000,
    ],
)
def test_anything_else_is_refused(tex: str) -> None:
    with pytest.raises(Unreadable):
        checked_name("H", tex)


def test_two_symbols_never_share_a_name() -> None:
    with pytest.raises(BertsymError, match="could not tell them apart"):
        BERT.renamed({"H": "N"})
    swapped = BERT.renamed({"H": "N", "N": "H"})
    assert math(form(H**2 * N), swapped) == "HN^2"


def test_a_control_word_ends_before_a_letter() -> None:
    assert math(form(L * H), BERT.renamed({"L": r"\ell"})) == r"\ell H"
    assert math(form(heads * H), BERT.renamed({"heads": r"A_\alpha"})) == r"A_\alpha H"


def test_parse() -> None:
    assert parse_renames([r"H = d_k", "L=l"]) == {"H": "d_k", "L": "l"}
    with pytest.raises(Unreadable):
        parse_renames(["H"])


def test_the_legend_names_what_is_used(bertsym: Callable[..., Any]) -> None:
    out = bertsym("total", "--convention", "matrices", "--at", "ffn_ratio=4", "--legend").out
    assert out.splitlines()[-1] == "where H is the hidden size and L the number of layers."
    assert "vocabulary" in bertsym("total", "--legend", "--latex", "--layout", "inline").out


@pytest.mark.parametrize(
    "words",
    [
        ("total", "--notation", "kaplan"),
        ("total", "--layout", "align"),
        ("total", "--json", "--legend"),
        ("total", "--latex", "--layout", "booktabs"),
        ("total", "--latex", "--caption", "x"),
        ("total", "--latex", "--label", "a b"),
        ("total", "--latex", "--label", r"a\input{x}", "--layout", "equation"),
        ("total", "--latex", "--layout", "inline", "--width", "acl"),
        ("total", "--latex", "--width", "3 inches"),
        ("total", "--latex", "--width", "acl", "--math-font", "comic"),
        ("total", "--latex", "--width", "300@7"),
        ("total", "--latex", "--notation", "berts"),
        ("total", "--latex", "--tex-encoding", "latin1"),
        ("show", "bert-base-uncased", "--latex", "--width", "40pt"),
        ("total", "--latex", "--width", "20pt"),
        ("show", "--latex", "--layout", "align"),
    ],
)
def test_a_choice_without_an_effect_is_an_error(words: tuple[str, ...], bertsym: Callable[..., Any]) -> None:
    ran = bertsym(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("bertsym: ")
