"""The widths computed here are those that TeX itself reports."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product

import pytest

from bertsym.answers.formula import formula_written
from bertsym.convention import EXACT
from bertsym.render import metrics
from bertsym.render.mathtex import inline
from bertsym.render.mathwidth import formula
from bertsym.render.metrics import POINT, Face, words
from bertsym.render.notation import NOTATIONS
from bertsym.zoo import named

FACES = {
    "eight": (metrics.EIGHT, 8, ""),
    "nine": (metrics.NINE, 9, ""),
    "ten": (metrics.TEN, 10, ""),
    "eleven": (metrics.ELEVEN, 11, ""),
    "twelve": (metrics.TWELVE, 12, ""),
    "times": (metrics.TIMES_TEN, 10, r"\usepackage{mathptmx}"),
    "times nine": (metrics.TIMES_NINE, 9, r"\usepackage{mathptmx}"),
    "times twelve": (metrics.TIMES_TWELVE, 12, r"\usepackage{mathptmx}"),
}
SHAPES = [
    r"d_{\mathrm{model}}^2 + 4d_{\mathrm{ff}}n_{\mathrm{layer}}",
    r"[E \neq H]EH - \lnot \mathrm{tied}",
    r"A \cdot 3\frac{H}{A}H",
    r"12LH^2\left(1 + \frac{13}{12H}\right)",
    r"-H + \alpha\ell_k \times \mathcal{A}",
    r"V = 30{,}522,\ N = 512",
    r"\quad {} + 13LH",
    r"\sqrt{b^2 - 4ac}",
    r"3\max(L - L_{\mathrm{dense}}, 0)H + (a)\min(L, k) - \max(2, H)",
    r"{} = 3H^2",
    r"\frac{(2r + 4)LH^2}{109{,}482{,}240}",
]
WORDS = ["feed-forward", "one weight per output and input", "AV To fluffy offices", "V. y, (12)"]


def ours() -> list[str]:
    answers = product(NOTATIONS.values(), ("expanded", "collected", "factored", "dominant", "components"))
    return SHAPES + [
        inline(formula_written(named("bert"), EXACT, form).expression, notation) for notation, form in answers
    ]


@pytest.mark.parametrize("name", FACES)
def test_width(name: str, pdflatex: Callable[[str], str]) -> None:
    face, size, package = FACES[name]
    kind = "extarticle" if size < 10 else "article"
    lines = [rf"\documentclass[{size}pt]{{{kind}}}{package}\begin{{document}}"]
    lines += [rf"\setbox0\hbox{{$\displaystyle {tex}$}}\typeout{{WIDE \the\wd0}}" for tex in ours()]
    lines += [rf"\setbox0\hbox{{{text}}}\typeout{{WIDE \the\wd0}}" for text in WORDS]
    log = pdflatex("\n".join([*lines, r"\end{document}", ""]))
    real = [float(width) for width in re.findall(r"WIDE ([\d.]+)pt", log)]
    mine = [formula(tex, face) / POINT for tex in ours()] + [words(text, face) / POINT for text in WORDS]
    off = {tex: m - r for tex, m, r in zip([*ours(), *WORDS], mine, real, strict=True)}
    assert not {tex: by for tex, by in off.items() if by < -0.01}, "narrower than TeX"
    guessed = re.compile(r"\\left|\\underbrace|\\sqrt|\\mathcal")  # what TeX chooses by height is taken at its widest
    assert not {tex: by for tex, by in off.items() if by > (8 if guessed.search(tex) else 0.01)}, "wider than TeX"


def test_a_face_of_another_size_scales() -> None:
    assert formula("H", Face((2000, 1400, 1000))) > formula("H", metrics.TEN)
