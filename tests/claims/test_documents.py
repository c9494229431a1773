"""Documents of every kind: what is found in them, on which line, of which model, and what is not read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym.claims.attribution import sizes_in
from bertsym.claims.subjects import mentions
from bertsym.symbols import H, L, heads

Run = Callable[..., Any]
Row = tuple[int, str, str]


def judged(bertsym: Run, path: Path, *words: str) -> tuple[int, str, list[Row]]:
    """Return the exit code, the verdict, and for each claim its line, its verdict and its reason."""
    ran = bertsym("audit", str(path), "--json", *words)
    record = json.loads(ran.out)
    claims = [(claim["line"], claim["verdict"], claim["why"]) for claim in record["explanations"]]
    return ran.code, record["verdict"], claims


def test_html_is_read_with_its_tables_and_its_mathematics(bertsym: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        "<html><head><title>340M parameters</title></head><body><h1>Parameters</h1>\n"
        "<p>BERT-large has <b>340M</b> parameters.</p>\n"
        "<table><tr><th>Model</th><th>Layers</th><th>Hidden</th><th>Params</th></tr>\n"
        "<tr><td>BERT-Base</td><td>12</td><td>768</td><td>110M</td></tr></table>\n"
        "<p>A layer has 11<i>H</i><sup>2</sup> parameters.</p></body></html>",
        encoding="utf-8",
    )
    code, verdict, claims = judged(bertsym, page)
    assert (code, verdict) == (1, "mixed")
    assert [claim[:2] for claim in claims] == [(2, "stands"), (3, "stands"), (5, "finding")]


def test_latex_includes_what_lies_below_its_folder_and_nothing_else(bertsym: Run, tmp_path: Path) -> None:
    folder = tmp_path / "paper"
    (folder / "sections").mkdir(parents=True)
    (tmp_path / "secret.tex").write_text("BERT-base has 999M parameters.", encoding="utf-8")
    (folder / "main.tex").write_text(
        "\\input{sections/sizes}\n% \\input{sections/absent}\n\\input{../secret}\\input{/etc/passwd}\\input{main}",
        encoding="utf-8",
    )
    (folder / "sections" / "sizes.tex").write_text(
        "The parameters are\n\\begin{align}\nN &= 12LH^2 + 13LH \\\\\n &\\quad + (V+N+4)H + H^2 + H\n\\end{align}\n"
        "\\begin{multline}\nP = 11LH^2 \\\\ + 13LH\n\\end{multline}\n",
        encoding="utf-8",
    )
    code, _, claims = judged(bertsym, folder / "main.tex")
    assert code == 1
    assert [claim[:2] for claim in claims] == [(3, "stands"), (7, "finding")]


def test_a_notebook_is_read_cell_by_cell(bertsym: Run, tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["BERT-base has 110M parameters.\n", "mBERT has 110M parameters."]},
        {
            "cell_type": "code",
            "source": "n",
            "outputs": [{"output_type": "stream", "text": "BERT-base params: 1.2B\n"}],
        },
    ]
    notebook = tmp_path / "n.ipynb"
    notebook.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    _, _, claims = judged(bertsym, notebook)
    assert [claim[:2] for claim in claims] == [(1, "stands"), (2, "finding"), (1, "finding")]
    notebook.write_text("{", encoding="utf-8")
    assert bertsym("audit", str(notebook)).code == 2


@pytest.mark.parametrize(
    "text", ["# Nothing\n\nProse of $x^2$ and 12 apples.", "", "The loss is $-\\log p(x)$.", "It has 3 parameters."]
)
def test_a_document_without_claims_is_unread(bertsym: Run, tmp_path: Path, text: str) -> None:
    file = tmp_path / "none.md"
    file.write_text(text, encoding="utf-8")
    assert judged(bertsym, file)[:2] == (2, "unread")


def test_names_that_are_unknown_are_listed_and_never_judged_as_others(bertsym: Run, tmp_path: Path) -> None:
    file = tmp_path / "names.md"
    file.write_text(
        "BERT-base-of-mine has 110M parameters.\n\nZephyr-XL-9B (9B) is large.\n\n"
        "A BERT-based model has 7M parameters.\n\n"
        "DistilBERT-base has fewer parameters than BERT-base: 66M parameters.\n\n"
        "BERT-base and BERT-large have 110M and 340M parameters, respectively.\n",
        encoding="utf-8",
    )
    code, verdict, claims = judged(bertsym, file)
    by_line = {line: [(v, why) for at, v, why in claims if at == line] for line, _, _ in claims}
    assert (code, verdict) == (2, "mixed")
    assert by_line[1][0][0] == "unread"
    assert "unknown model BERT-base-of-mine" in by_line[1][0][1]
    assert by_line[5][0][0] == "unread"
    assert "distilbert-base-uncased" in by_line[7][0][1]
    assert ["bert-base" in by_line[9][0][1], "bert-large" in by_line[9][1][1]] == [True, True]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("`BERT-Base, Multilingual Cased`", "bert-base-multilingual-cased"),
        ("GPT-2 XL has", "gpt2-xl"),
        ("the BERT (base) model", "bert-base-uncased"),
        ("google-bert/bert-large-uncased", "bert-large-uncased"),
        ("BERT-largeのパラメータ", "bert-large-uncased"),
    ],
)
def test_all_words_of_a_name_count(text: str, name: str) -> None:
    (mention,) = mentions(text)
    assert mention.model is not None
    assert mention.model.name == name


def test_words_of_the_language_are_no_names() -> None:
    assert mentions("We align a led with the reformer, and opt for sam's bark in 12-layer self-attention.") == ()


@pytest.mark.parametrize(
    "text",
    ["(L=12, H=768, A=12)", "12-layer, 768-hidden, 12-heads", "12 layers, hidden size of 768 and 12 attention heads"],
)
def test_sizes_beside_a_number(text: str) -> None:
    assert sizes_in(text) == {L: 12, H: 768, heads: 12}


def test_a_class_in_a_claim_is_the_class_that_is_counted(bertsym: Run) -> None:
    ran = bertsym("audit", "BertForMaskedLM: 109,514,298 parameters", "-m", "bert-base-uncased")
    assert (ran.code, "BertForMaskedLM" in ran.out) == (0, True)
    assert bertsym("audit", "BertForMaskedLM: 109,482,240 parameters", "-m", "bert-base-uncased").code == 1
    assert bertsym("audit", "transformer parameters: 110M", "-m", "bert-base-uncased").code == 0
