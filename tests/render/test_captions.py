r"""Captions in TeX: what an author needs compiles, and no command gets through that reads, writes or defines."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from bertsym.errors import Unreadable
from bertsym.render.captions import checked_tex_caption

Run = Callable[..., Any]
GOOD = [
    r"Sizes of \cite[p.~3]{devlin-2018} (Table~\ref{tab:a_b}): $P = 12LH^2$, 50\% of \emph{all \textbf{these}}.",
    r"$\frac{\partial P}{\partial H} \approx \sqrt[3]{2} \cdot d_{\mathrm{model}}^2$ --- M\"uller \& \'Alvarez, \c{c}",
    r"\textsc{Bert}: $x_\alpha^{2} \leq \text{all}$ {grouped {twice}} \ldots\ \S~2, $109{,}482{,}240$",
    "Plain words, (brackets] and 'quotes'.",
]
BAD = [
    r"\input{/etc/passwd}", r"\include{x}", r"\write18{ls}", r"\immediate\write18{ls}", r"\def\a{b}",
    r"\catcode`\%=12",
    r"\openin5=x", r"\read5 to \a", r"\csname input\endcsname x", r"\expandafter\x", r"\newcommand{\x}{}",
    r"\let\a\b",
    r"\usepackage{x}", r"\verb|x|", r"\footnote{x}", r"\label{x}", r"\end{table}", r"\begin{x}", r"\directlua{x}",
    r"\special{x}", r"\loop\iftrue\repeat", r"\BertTotal", r"\url{x}", r"\includegraphics{x}", r"\jobname",
    r"\par", r"\\",
    "^^5cinput{x}", "a % b", "a & b", "#1", "a_b", "a^b", "$$x$$", "$x", "{x", "x}", "$x}$", "{$x}$", "${x$}", r"\cite",
    r"\cite{a\input{b}}", r"\cite[\input{x}]{a}", r"\emph x", r"\frac{a}", r"$\frac{a}$", r"$\frac ab$", r"\alpha",
    "$x_$",
    "$x^}$", "a\nb", "a\x00", "a\x1b[31m", "\\", r"$\text{$x$}$", "x" * 2000, r"$\sqrt[\input{x}]{2}$", r"\c\input",
]  # fmt: skip


@pytest.mark.parametrize("caption", BAD)
def test_other_commands_are_refused(caption: str, bertsym: Run) -> None:
    with pytest.raises(Unreadable, match="--tex-caption"):
        checked_tex_caption(caption)
    ran = bertsym("show", "bert", "--latex", "--tex-caption", caption)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "\x1b" not in ran.err


def document(bodies: list[str]) -> str:
    return (
        "\\documentclass{article}\\usepackage{amsmath,booktabs}\\begin{document}\n"
        + "\n".join(bodies)
        + "\n\\begin{thebibliography}{9}\\bibitem{devlin-2018} x\\end{thebibliography}\\end{document}\n"
    )


def test_what_an_author_needs_compiles(bertsym: Run, pdflatex: Callable[[str], str]) -> None:
    fragments = []
    for caption in GOOD:
        ran = bertsym("show", "bert", "--latex", "--layout", "booktabs", "--tex-caption", caption, "--label", "tab:a_b")
        assert ran.code == 0, ran.err
        assert f"\\caption{{{caption}}}" in ran.out
        fragments.append(ran.out.replace("\\label{tab:a_b}", ""))
    pdflatex(document(fragments))


PIECES = [*"ab{}$$^_ ", r"\emph{", r"\frac{", "}{", r"\alpha ", r"\cite{k}", r"\'e", r"\%", r"\sqrt{", r"\text{", "{,}"]
PIECES += ["$x_1$", r"$\frac{a}{b}$"]


def test_random_captions_that_pass_compile(pdflatex: Callable[[str], str]) -> None:
    """Only a script on a script is left to TeX: it is an error of mathematics, and no way out."""
    random = Random(7)
    passed: list[str] = []
    while len(passed) < 150:
        text = "".join(random.choice(PIECES) for _ in range(random.randint(1, 12)))
        try:
            checked_tex_caption(text)
        except Unreadable:
            continue
        if not any(before in "^_" and after in "^_" for before, after in zip(text, text[2:], strict=False)):
            passed.append(text)
    assert any(r"\frac" in text for text in passed)
    tables = [f"\\begin{{table}}\\caption{{{text}}}\\end{{table}}\\clearpage" for text in passed]
    pdflatex(document(tables))


def test_packages_are_named(bertsym: Run) -> None:
    ran = bertsym("show", "bert", "--latex", "--tex-caption", r"As \citet{a}, \cref{b} and \autoref{c}.")
    needed = [line.partition("{")[2].rstrip("}") for line in ran.out.splitlines() if line.startswith("% requires")]
    assert needed == ["cleveref", "hyperref", "natbib"]


def test_one_caption_alone(bertsym: Run) -> None:
    assert bertsym("show", "bert", "--latex", "--caption", "a", "--tex-caption", "b").code == 2
    assert bertsym("show", "bert", "--typst", "--tex-caption", "b").code == 2
