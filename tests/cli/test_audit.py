"""audit on the command line: exit codes, the two streams, the JSON contract."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
DATA = Path(__file__).parent.parent / "data"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["12LH^2"], 0),
        (["11LH^2"], 1),
        (["12LH^2 + q"], 2),
        (["110M", "--model", "bert-base-uncased"], 0),
        (["110M", "--model", "bert-base-multilingual-cased"], 1),
        (["109,482,240"], 0),
        ([str(DATA / "gpt2_first_sizes.csv"), "--model", "gpt2", "--at", "N=1024"], 0),
        ([str(DATA / "gpt2_first_sizes.csv"), "--model", "gpt2", "--at", "N=1024,V=50257"], 1),
        ([str(DATA / "texts" / "account.md")], 1),
        (["nowhere.csv"], 2),
        ([str(DATA / "texts" / "account.md"), str(DATA / "texts" / "paper.tex")], 1),
        (["12LH^2", "11LH^2"], 2),
        ([str(DATA / "texts" / "account.md"), str(DATA / "texts" / "paper.tex"), "--json"], 2),
        ([str(DATA / "texts" / "paper.tex"), "--table"], 2),
        (["12*768*768*12 = 84,934,656"], 0),
        (["P = 110M"], 0),
        ([r"$P \approx 109{,}482{,}240$"], 0),
        (["P = 111M"], 1),
        (["12 * 768 * 12 = 110M"], 1),
        (["nowhere.md"], 2),
        (["12LH^2", "--notation", "mine"], 2),
        (["12LH^2", "--where", "q"], 2),
        (["3 d h", "--where", "d=H,h=heads", "--of", "attention"], 1),
    ],
)
def test_exit_codes(bertsym: Run, words: list[str], code: int) -> None:
    ran = bertsym("audit", *words)
    assert ran.code == code, ran.err
    assert "Traceback" not in ran.err
    assert (ran.out == "") == (code == 2)


def test_how_it_was_read_goes_to_stderr(bertsym: Run) -> None:
    ran = bertsym("audit", r"N \approx 12 n_{\text{layer}} d_{\text{model}}^2 + O(d_{\text{model}})")
    assert "read as ≈ 12·L·H²" in ran.err
    assert "n_layer = L" in ran.err
    assert "remainder" in ran.err
    assert "label: N" in ran.err
    assert "read as" not in ran.out


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (["11LH^2"], "finding"),
        (["12LH^2"], "stands"),
        (["110M", "--model", "bert-base-uncased"], "stands"),
        ([str(DATA / "gpt2_first_sizes.csv"), "--model", "gpt2", "--at", "N=1024"], "stands"),
        ([str(DATA / "texts" / "paper.tex")], "mixed"),
    ],
)
def test_json(bertsym: Run, words: list[str], verdict: str) -> None:
    found = json.loads(bertsym("audit", *words, "--json").out)
    assert found["verdict"] == verdict
    assert {"verdict", "claimed", "exact", "terms", "explanations"} <= set(found)


def test_the_terms_of_a_formula(bertsym: Run) -> None:
    found = json.loads(bertsym("audit", "11LH^2", "--json").out)
    assert (found["claimed"], found["exact"], found["error"]) == ("11*L*H**2", "12*L*H**2", -7077888)
    (term,) = found["terms"]
    assert term["missing"] == ["attention.output.dense.weight"]


@pytest.mark.parametrize("syntax", ["--latex", "--markdown"])
def test_other_syntaxes(bertsym: Run, syntax: str) -> None:
    for words in (["11LH^2"], ["110M"], [str(DATA / "gpt2_first_sizes.csv"), "-m", "gpt2", "--at", "N=1024"]):
        assert bertsym("audit", *words, syntax).out


REFUSED = [
    "",
    "12LH2",
    "12LH^2 + q",
    "1/2 H",
    "12LH^2 + ...",
    r"\sum_{i=1}^{L} 12H^2",
    "9^{9^{9^{9}}}",
    "3 d h",
    "V/(H+1)",
]
SHOWN = [["11LH^2"], ["12LH^2"], ["110M", "-m", "bert-base-multilingual-cased"], ["3LH^2/A", "--markdown"]]


def test_refusals_as_shown(bertsym: Run, golden: Callable[[str, str], None]) -> None:
    runs = [(claim, bertsym("audit", claim)) for claim in REFUSED]
    assert all((ran.code, ran.out) == (2, "") for _, ran in runs)
    golden("audit-errors.txt", "\n".join(f"$ bertsym audit '{claim}'\n{ran.err}" for claim, ran in runs))


def test_answers_as_shown(bertsym: Run, golden: Callable[[str, str], None]) -> None:
    runs = [(words, bertsym("audit", *words)) for words in SHOWN]
    golden("audit.txt", "\n".join(f"$ bertsym audit {' '.join(words)}\n{ran.out}" for words, ran in runs))
