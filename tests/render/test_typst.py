"""Typst compiles what is meant for it, and shows what the text says."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym import cli
from bertsym.render.typst import prose
from tests.conftest import need_module, need_program

Run = Callable[..., Any]
RUNS: list[tuple[str, ...]] = [
    *(("total", "bert-base-uncased", "--form", form) for form in ("expanded", "factored", "dominant", "components")),
    ("total", "bert", "--notation", "kaplan", "--legend"),
    ("total", "bert", "--rename", r"H=\mathcal{H}_{k,\mathrm{in}}", "--rename", r"L=\ell", "--rename", r"V=\mathtt{v}"),
    *(("total", name, "--legend") for name in ("convnext", "inkling_text", "canary", "aimv2", "deepseek-v3")),
    ("total", "bert-base-uncased", "--label", "eq:1", "--lhs", r"N_{\mathrm{total}}", "--punct", "."),
    ("show", "bert-base-uncased", "--caption", "#a_b *c* [d] $e$ @f <g> // h -- i", "--label", "tab:1"),
    ("show", "bert", "--by", "role"),
    ("diff", "bert-base-uncased", "--by", "H", "--order", "2"),
    ("solve", "bert-base-uncased", "--target", "110M", "--explain"),
    ("compare", "bert-base-uncased", "bert-large-uncased"),
    ("compare", "bert-base-uncased", "--conventions"),
    ("explain", "bert-base-uncased"),
    ("tensors", "bert-tiny"),
    ("symbols",),
    ("models",),
]


STRAIGHT = str.maketrans("", "", '“”"~\u00a0')


@pytest.fixture(scope="module")
def typeset(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Compile a document; returns the text of its pages."""
    typst = need_module("typst")
    pdftotext = need_program("pdftotext")
    folder = tmp_path_factory.mktemp("typst")

    def compile_document(source: str) -> str:
        path = folder / "paper.typ"
        path.write_text("#set page(width: 200cm, height: auto)\n#set text(size: 10pt)\n" + source, encoding="utf-8")
        typst.compile(str(path), output=str(folder / "paper.pdf"))
        done = subprocess.run([pdftotext, "-layout", "paper.pdf", "-"], cwd=folder, capture_output=True, check=True)
        return done.stdout.decode()

    return compile_document


def test_everything_compiles(bertsym: Run, typeset: Callable[[str], str]) -> None:
    fragments = []
    for words in RUNS:
        ran = bertsym(*words, "--typst")
        assert ran.code == 0, (words, ran.err)
        fragments.append(ran.out)
    shown = typeset('#set math.equation(numbering: "(1)")\n' + "\n".join(fragments))
    # The words of the caption come out as they were typed.
    assert "Table 1: #a_b *c* [d] $e$ @f <g> // h -- i" in shown
    assert "109,482,240" in shown
    assert "109.48" in shown


def test_a_formula_is_the_formula(bertsym: Run) -> None:
    fragment = bertsym("total", "bert-base-uncased", "--typst").out
    assert fragment.endswith(
        "$ P & = (2 r + 4) L H^2 + (r + 9) L H + (V + N + 5) H + H^2 \\\n"
        '& = "109,482,240" thin ("109.48" thin upright(M)) $\n'
    )
    assert bertsym("total", "bert-base-uncased", "--typst", "--count").out == "109,482,240\n"


@pytest.mark.parametrize(
    "text",
    ["#panic()", "a_b_", "*a*", "`x`", "$x$", "[x](y)", "= x", "- x", "+ x", "/ x: y", "1. x", "a // b", "a /* b", "@x",
     "<x>", r"\x", "a -- b", "a~b", '"a"', "x -? y", "~~~", "](", "#[", "\\"],
)  # fmt: skip
def test_words_stay_words(text: str, typeset: Callable[[str], str]) -> None:
    shown = typeset(f"{prose(text)}\n\n#figure(table(columns: 1, [{prose(text)}]))\n").split("\n")
    seen = ["".join(line.split()) for line in shown if line.strip()]  # pdftotext loses a space beside a sign
    expected = "".join(text.split())
    assert [line.translate(STRAIGHT) for line in seen] == [expected.translate(STRAIGHT)] * 2


@pytest.mark.parametrize("label", ["a b", "a>", "a*", "x/y"])
def test_a_label_that_typst_cannot_read(label: str, bertsym: Run) -> None:
    ran = bertsym("total", "bert", "--typst", "--label", label)
    assert (ran.code, "--label" in ran.err) == (2, True)


def test_a_page_of_typst_in_step(tmp_path: Path, bertsym: Run, typeset: Callable[[str], str]) -> None:
    paper = tmp_path / "paper.typ"
    paper.write_text(
        "BERT has /* bertsym: total bert-base-uncased --count *//* bertsym: end */ parameters:\n"
        "// bertsym: show bert-base-uncased --caption Parts --label tab:parts\n// bertsym: end\n"
        "See @tab:parts. `// bertsym: no`\n",
        encoding="utf-8",
    )
    assert bertsym("embed", str(paper)).code == 0
    shown = typeset(paper.read_text(encoding="utf-8"))
    assert "BERT has 109,482,240 parameters:" in shown
    assert "See Table 1. // bertsym: no" in shown
    assert "28,366,848" in shown


def test_a_long_formula_is_broken(bertsym: Run, tmp_path: Path) -> None:
    """Terms stand below each other; a term that is too wide makes a paragraph, unless it has a label."""
    typst = need_module("typst")
    lines = bertsym("total", "swin", "--typst").out.split(" \\\n")
    assert len(lines) == 5
    assert all(line.startswith('& quad "" + ') for line in lines[1:])
    wide = bertsym("total", "convnext", "--typst").out
    assert "#block[$P = " in wide
    assert "#block" not in bertsym("total", "convnext", "--typst", "--label", "eq:a").out
    (tmp_path / "x.typ").write_text(wide, encoding="utf-8")
    assert typst.compile(str(tmp_path / "x.typ"))


def test_ascii_shows_the_same_page(typeset: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    words = [["diff", "bert", "--by", "H"], ["solve", "--target", "110M", "--for", "H,L"], ["compare", "bert", "gpt2"]]
    pages = []
    for encoding in ("utf-8", "ascii"):
        printed = b""
        for each in words:
            stream = io.TextIOWrapper(io.BytesIO(), encoding, "strict", write_through=True)
            with monkeypatch.context() as patched:
                patched.setattr(sys, "stdout", stream)
                patched.setattr(sys, "argv", ["bertsym", *each, "--typst"])
                assert cli.run() == 0
            printed += stream.buffer.getvalue()
        pages.append(typeset(printed.decode(encoding)))
    assert pages[0] == pages[1]
    assert "−" in pages[1]
