"""Words from strangers: the page shows exactly them."""

from __future__ import annotations

import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym import document
from bertsym.document import Code, Paragraph, Table
from bertsym.render import latex
from bertsym.render.metrics import POINT, TEN
from bertsym.render.sheet import Column, Sheet
from bertsym.render.tex_prose import Encoding, beyond_pdflatex, needs_t1, prose
from tests.conftest import need_program

HOSTILE = [
    r"\ { } $ & # % _ ^ ~ < > | ` ' \" [ ] ( ) * @ ! ? -- --- `` '' ,, << >> !` ?`",
    r"\input{/etc/passwd}",
    "[1em] after the end of a row",
    "* starred",
    r"\write18{ls} \immediate\write18{touch x}",
    "^^5cinput{x} ^^M ^^00",
    r"\end{document} \begin{verbatim} \catcode`\%=12 \def\x{} \csname input\endcsname",
    "$H_1$ $$ \\[ \\] \\( \\)",
    "% comment",
    "#1 ##2",
    "bert_base & co: 100%",
    "Straße déjà vu Łódź naïve Ångström ñ ç œuvre",
    "“quotes” – — … •",
]
CJK = "中文 日本語 한국어"
RTL = "שלום مرحبا"
EMOJI = "🤗 👩‍💻"


def shown(pdf: Path) -> str:
    done = subprocess.run([need_program("pdftotext"), "-raw", str(pdf), "-"], capture_output=True, check=True)
    return done.stdout.decode("utf-8")


def squeezed(text: str) -> str:
    """Return the text without spaces and ligatures, with the characters that Computer Modern takes from symbol fonts.

    Its underscore and the stroke of its Ł are rules, which pdftotext does not see; its backslash is mathematical.
    """
    composed = unicodedata.normalize("NFKC", text.replace("ı̈", "ï").replace("Ł", "L"))
    return "".join(composed.split()).replace("∖", "\\").replace("∙", "•").replace("_", "")


@pytest.mark.tex
@pytest.mark.parametrize("encoding", Encoding)
def test_the_page_shows_exactly_the_text(encoding: Encoding, tmp_path: Path) -> None:
    program = need_program("pdflatex")
    sheet = Sheet(encoding=encoding, caption=" / ".join(HOSTILE))
    table = Table((document.Column("x"),), tuple((cell,) for text in HOSTILE for cell in (text, Code(text))))
    fragment = latex.document((table, *(Paragraph((text,)) for text in HOSTILE)), sheet)
    column = Sheet(encoding=encoding, column=Column(400 * POINT, TEN))
    fragment += latex.document(tuple(Paragraph((text, " ", Code(text))) for text in HOSTILE), column)
    source = f"\\documentclass{{article}}\n\\usepackage{{cmap}}\n\\begin{{document}}\n{fragment}\\end{{document}}\n"
    (tmp_path / "x.tex").write_text(source, encoding="utf-8")
    done = subprocess.run([program, "-interaction=nonstopmode", "-halt-on-error", "x.tex"], cwd=tmp_path, check=False)
    assert done.returncode == 0
    text = squeezed(shown(tmp_path / "x.pdf"))
    for line in HOSTILE:
        assert text.count(squeezed(line)) >= (6 if line[0] in "[*" else 1), line


def test_a_caption_has_the_length_that_tex_can_measure(
    bertsym: Callable[..., Any], pdflatex: Callable[[str], str]
) -> None:
    longest = bertsym("show", "--latex", "--caption", "%" * 1900)
    pdflatex(f"\\documentclass{{article}}\n\\begin{{document}}\n{longest.out}\\end{{document}}\n")
    assert bertsym("show", "--latex", "--caption", "{" * 10_000).code == 2


def test_ascii_is_ascii() -> None:
    assert all(prose(text).isascii() for text in HOSTILE)
    assert "é" in prose("é", Encoding.UTF8)


@pytest.mark.parametrize("text", ["{" * 10_000, "\\" * 10_000, "%" * 10_000, "é" * 10_000, "\x00\x1b\r\n\t" * 1000])
def test_long_text_compiles(text: str, pdflatex: Callable[[str], str]) -> None:
    table = latex.document((Paragraph((text, Code(text))), Table((document.Column(text[:5]),), ((text,),))))
    pdflatex(f"\\documentclass{{article}}\n\\begin{{document}}\n{table}\\end{{document}}\n")


def test_what_tex_knows_it_sets(pdflatex: Callable[[str], str]) -> None:
    """Every character that is not said to need another engine compiles in pdfLaTeX."""
    every = [chr(code) for code in (*range(0xA0, 0x250), *range(0x370, 0x3FF), *range(0x1E00, 0x1F00))]
    every += [chr(code) for code in (*range(0x2010, 0x2300), *range(0xFB00, 0xFB07))]
    for encoding in Encoding:
        known = [prose(c, encoding) for c in every if c.isprintable() and not beyond_pdflatex(prose(c, encoding))]
        plain, t1 = ([tex for tex in known if needs_t1(tex) is wanted] for wanted in (False, True))
        assert len(plain) > 250
        pdflatex("\\documentclass{article}\\begin{document}\n" + "\n".join(plain) + "\n\\end{document}\n")
        package = "\\usepackage[T1]{fontenc}"
        pdflatex(f"\\documentclass{{article}}{package}\\begin{{document}}\n" + "\n".join(t1) + "\n\\end{document}\n")


def test_what_stays_is_named(bertsym: Callable[..., Any]) -> None:
    ran = bertsym("show", "bert-tiny", "--latex", "--caption", f"Größen {CJK}")
    assert ran.code == 0
    assert "中" in ran.err
    assert "XeLaTeX" in ran.err
    assert "% requires: XeLaTeX or LuaLaTeX, and a font that has 中" in ran.out
    assert "% requires: \\usepackage[T1]{fontenc}" in bertsym("show", "--latex", "--caption", "Þór").out
    assert bertsym("show", "bert-tiny", "--latex", "--caption", "Größen").err == ""


@pytest.mark.tex
def test_other_scripts_compile_with_xelatex(tmp_path: Path) -> None:
    need_program("xelatex")
    text = " ".join((CJK, RTL, EMOJI, *HOSTILE))
    source = (
        f"\\documentclass{{article}}\n\\begin{{document}}\n{latex.document((Paragraph((text,)),))}\\end{{document}}\n"
    )
    (tmp_path / "x.tex").write_text(source, encoding="utf-8")
    command = ["xelatex", "-interaction=nonstopmode", "-halt-on-error", "x.tex"]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
