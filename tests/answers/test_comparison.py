"""compare: the rows sum to the totals, and the totals are the published ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from sympy import Rational

from bertsym.algebra import atom, expand
from bertsym.answers.comparison import comparison
from bertsym.convention import CONVENTIONS
from bertsym.count import count, total
from bertsym.formulas.tree import to_sympy
from bertsym.zoo import ARCHITECTURES, named

PAIRS = list(pairwise([*ARCHITECTURES, next(iter(ARCHITECTURES))]))
SHOWN = [
    ["compare", "bert-base-uncased", "bert-large-uncased"],
    ["compare", "bert", "bert", "--head", "model,pretraining"],
    ["compare", "bert-base-uncased", "bert-base-cased", "--markdown"],
    ["compare", "bert-tiny", "bert-mini", "--latex"],
]


@pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=CONVENTIONS)
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_rows_sum_to_totals(first: str, second: str, convention: Any) -> None:
    one, other = (named(ARCHITECTURES[name].base) for name in (first, second))
    found = comparison(one, other, convention)
    for side, model in (("first", one), ("second", other)):
        counts = [getattr(row, side).count for row in found.rows]
        assert sum(counts) == getattr(found.total, side).count == count(model, convention)
        forms = [to_sympy(getattr(row, side).expression) for row in found.rows]
        assert expand(sum(forms) - total(model, convention)) == 0
    assert sum(row.difference.count or 0 for row in found.rows) == found.total.difference.count
    for row in (*found.rows, found.total):
        assert row.difference.count == (row.second.count or 0) - (row.first.count or 0)


def test_open_sizes_are_never_mixed_up() -> None:
    """The V of a sized model is a number, and does not cancel against an open V."""
    tiny, model = named("bert-tiny"), named("bert")
    found = comparison(tiny, model)
    assert found.total.difference.count is None
    at_base = {symbol: atom(value) for symbol, value in named("bert-base-uncased").given.items()}
    difference = to_sympy(found.total.difference.expression).xreplace(at_base)
    assert difference == Rational(109_482_240 - 4_385_920)


def test_published_totals(bertsym: Callable[..., Any]) -> None:
    """google-research/bert: transformers' BertModel counts of the two checkpoints."""
    found = json.loads(bertsym("compare", "bert-base-uncased", "bert-large-uncased", "--json").out)
    assert found["total"]["first"]["count"] == 109_482_240
    assert found["total"]["second"]["count"] == 335_141_888
    assert found["total"]["difference"]["count"] == 225_659_648
    assert [row["name"] for row in found["rows"]] == ["embeddings", "attention", "feed-forward", "pooler"]
    assert all(row["difference"]["expression"] == 0 for row in found["rows"])


@pytest.mark.skipif("albert" not in ARCHITECTURES, reason="ALBERT is not in the zoo")
def test_what_albert_saves(bertsym: Callable[..., Any]) -> None:
    """Lan et al. 2019, arXiv:1909.11942, table 1: 108M to 12M; layers are shared, embeddings factorised."""
    found = json.loads(bertsym("compare", "bert-base-uncased", "albert-base", "--json").out)
    assert found["total"]["second"]["count"] == 11_683_584
    saved = {row["name"]: row["difference"]["count"] for row in found["rows"]}
    assert saved["attention"] == -(12 - 1) * 2_363_904
    assert saved["embeddings"] < 0
    assert saved["pooler"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bert", "bertt"], "unknown model 'bertt'"),
        (["bert", "bert", "--head", "model,masked"], "unknown head of bert 'masked'"),
        (["bert", "bert", "--head", "model,model,model"], "one head for both models, or two"),
        (["bert", "bert", "--convention", "all"], "unknown convention"),
    ],
)
def test_bad_input(bertsym: Callable[..., Any], words: list[str], said: str) -> None:
    ran = bertsym("compare", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_shown(bertsym: Callable[..., Any], golden: Callable[[str, str], None]) -> None:
    runs = [(words, bertsym(*words)) for words in SHOWN]
    assert all(ran.code == 0 for _, ran in runs)
    golden("compare.txt", "\n".join(f"$ bertsym {' '.join(words)}\n{ran.out}" for words, ran in runs))


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_latex_compiles(first: str, second: str, bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    bodies = [bertsym("compare", *pair, "--latex").out for pair in ((first, second), ("bert-tiny", "bert-mini"))]
    body = "\n\n".join(bodies)
    log = pdflatex(f"\\documentclass{{article}}\\begin{{document}}\\tiny\n{body}\\end{{document}}\n")
    assert "Missing character" not in log
