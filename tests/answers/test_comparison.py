"""compare: the rows sum to the totals, the totals are the published ones, and every syntax says the same."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from sympy import Rational

from bertsym.algebra import atom, expand
from bertsym.answers.comparison import Comparison, comparison
from bertsym.convention import CONVENTIONS
from bertsym.count import count, total
from bertsym.document import Table
from bertsym.formulas.tree import Form, to_sympy
from bertsym.resolve import load
from bertsym.zoo import ARCHITECTURES, named

ZOO = [*ARCHITECTURES]
PAIRS = list(pairwise([*ZOO, ZOO[0]]))
TRIPLES = list(zip(ZOO, [*ZOO[1:], ZOO[0]], [*ZOO[2:], *ZOO[:2]], strict=True))
SHOWN = [
    ["compare", "bert-base-uncased", "bert-large-uncased"],
    ["compare", "bert-base-uncased", "distilbert-base-uncased", "albert-base"],
    ["compare", "bert-base-uncased", "albert-base", "--values", "formula,difference", "--at", "V=30522"],
    ["compare", "bert", "bert", "--head", "model,pretraining"],
    ["compare", "bert-base-uncased", "bert-base-cased", "--markdown"],
    [
        "compare",
        "bert-base-uncased",
        "roberta-base",
        "albert-base",
        "--values",
        "count,share,ratio",
        "--sizes",
        "V,H,F",
    ],
    ["compare", "bert-tiny", "bert-mini", "bert-small", "--csv"],
    ["compare", "bert-tiny", "bert-mini", "--latex"],
]
PAPERS = ("bert-base-uncased", "distilbert-base-uncased", "albert-base")


def table(found: Comparison) -> Table:
    """Return the one table of a comparison."""
    (only,) = [part for part in found.document() if isinstance(part, Table)]
    return only


@pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=CONVENTIONS)
@pytest.mark.parametrize("names", [*PAIRS, *TRIPLES[::4]], ids="-".join)
def test_rows_sum_to_totals(names: tuple[str, ...], convention: Any) -> None:
    models = [named(ARCHITECTURES[name].base) for name in names]
    found = comparison(models, convention)
    for index, model in enumerate(models):
        sides = [row.sides[index] for row in found.rows]
        whole = found.total.sides[index]
        assert sum(side.count or 0 for side in sides) == whole.count == count(model, convention)
        assert expand(sum(to_sympy(side.expression) for side in sides) - total(model, convention)) == 0
        assert sum(side.share or 0 for side in sides) == whole.share == 1
        assert sum(side.change or 0 for side in sides) == whole.change
        for row in (*found.rows, found.total):
            first, side = row.sides[0], row.sides[index]
            assert side.change == (side.count or 0) - (first.count or 0)
            assert side.ratio == (Rational(side.count or 0, first.count) if first.count else None)


def test_open_sizes_are_never_mixed_up() -> None:
    """The V of a sized model is a number, and does not cancel against an open V."""
    found = comparison([named("bert-tiny"), named("bert")]).total.sides[1]
    assert found.change is None
    at_base = {symbol: atom(value) for symbol, value in named("bert-base-uncased").given.items()}
    assert isinstance(found.difference, Form)
    assert to_sympy(found.difference).xreplace(at_base) == Rational(109_482_240 - 4_385_920)


def test_a_symbol_of_two_values_is_in_no_difference() -> None:
    """H² of BERT-large less H² of BERT-base is not 0."""
    found = comparison([load("bert-base-uncased"), load("bert-large-uncased")])
    assert all(row.sides[1].difference is None for row in found.rows)
    assert found.total.sides[1].change == 225_659_648
    alike = comparison([load("bert-base-uncased"), load("bert-base-uncased", "pretraining")])
    assert all(row.sides[1].difference is not None for row in alike.rows)


def test_published_totals(bertsym: Callable[..., Any]) -> None:
    """google-research/bert: transformers' BertModel counts of the two checkpoints."""
    found = json.loads(bertsym("compare", "bert-base-uncased", "bert-large-uncased", "--json").out)
    first, second = found["total"]["models"]
    assert (first["count"], second["count"]) == (109_482_240, 335_141_888)
    assert second["difference"] == {"expression": None, "latex": None, "count": 225_659_648}
    assert [model["title"] for model in found["models"]] == ["BERT base", "BERT large"]
    assert [row["name"] for row in found["rows"]] == ["embeddings", "attention", "feed-forward", "pooler"]


def test_what_albert_saves() -> None:
    """Lan et al. 2019, arXiv:1909.11942, table 1: 108M to 12M; layers are shared, embeddings factorised."""
    found = comparison([load("bert-base-uncased"), load("albert-base")])
    assert found.total.sides[1].count == 11_683_584
    saved = {row.name: row.sides[1].change for row in found.rows}
    assert saved["attention"] == -(12 - 1) * 2_363_904
    assert (saved["embeddings"] or 0) < 0
    assert saved["pooler"] == 0


IDEAL = {
    "embeddings": ("23,837,184", "23,835,648", "4,005,120"),
    "attention": ("28,366,848", "14,183,424", "2,363,904"),
    "feed-forward": ("56,687,616", "28,343,808", "4,723,968"),
    "pooler": ("590,592", "—", "590,592"),
    "total": ("109,482,240", "66,362,880", "11,683,584"),
}
"""Numbers of the three models in a table that an author typed by hand."""


def test_three_models_are_one_table(bertsym: Callable[..., Any]) -> None:
    names = [word for name in ("BERT", "DistilBERT", "ALBERT") for word in ("--name", name)]
    lines = bertsym("compare", *PAPERS, *names, "--sizes", "none").out.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("component"))
    assert lines[start].split() == ["component", "BERT", "DistilBERT", "ALBERT"]
    rows = [line.split() for line in lines[start + 1 :] if not line.startswith("─")]
    assert {name: tuple(numbers) for name, *numbers in rows} == IDEAL
    assert [index for index, line in enumerate(lines[start + 1 :]) if line.startswith("─")] == [0, 5]


def test_titles_of_many_models_are_broken_rather_than_numbers(bertsym: Callable[..., Any]) -> None:
    sizes = [f"bert_uncased_L-{layers}_H-768_A-12" for layers in (2, 4, 6, 8, 10, 12)]
    lines = bertsym("compare", *sizes, "gpt2-small", "albert-base", "--sizes", "none").out.splitlines()
    assert max(map(len, lines)) <= 120
    whole = next(line for line in lines if line.startswith("total"))
    assert whole.split()[1:] == [
        *("38,603,520", "52,779,264", "66,955,008", "81,130,752", "95,306,496", "109,482,240"),
        *("124,439,808", "11,683,584"),
    ]


def test_sizes_stand_above_and_totals_below() -> None:
    found = table(comparison([load(name) for name in PAPERS], sizes=["H", "E", "F", "d"]))
    assert [str(row[0].symbol) for row in found.rows[:4] if hasattr(row[0], "symbol")] == ["H", "E", "F", "d"]
    assert found.rules == (4,)
    assert found.footer[0] == "total"
    widths = [getattr(cell, "value", cell) for cell in found.rows[1][1:]]
    assert widths == [768, 768, 128], "BERT embeds in H features, ALBERT in 128 (Lan et al. 2019, table 1)"


def test_sizes_that_differ_are_shown_of_themselves() -> None:
    found = table(comparison([load("bert-base-uncased"), load("bert-large-uncased")]))
    assert [str(getattr(row[0], "symbol", "")) for row in found.rows[:3]] == ["H", "L", "heads"]
    assert found.rules == (3,)


def test_chosen_values_in_their_order(bertsym: Callable[..., Any]) -> None:
    ran = bertsym("compare", *PAPERS, "--values", "share,count,ratio", "--base", "albert-base", "--csv")
    head, *rows = list(csv.reader(ran.out.splitlines()))
    assert head == [
        "component",
        *(f"BERT base: {name}" for name in ("share", "parameters", "ratio")),
        *(f"DistilBERT base: {name}" for name in ("share", "parameters", "ratio")),
        *(f"ALBERT base: {name}" for name in ("share", "parameters")),
    ]
    (last,) = [row for row in rows if row[0] == "total"]
    assert last[3] == f"{109_482_240 / 11_683_584:.3f}"
    (pooler,) = [row for row in rows if row[0] == "pooler"]
    assert pooler[4:7] == ["0.000000", "0", "0.000"], "a program reads 0, and a person a dash"


def test_the_difference_of_two_stands_in_columns_of_its_own(bertsym: Callable[..., Any]) -> None:
    head, *rows = csv.reader(bertsym("compare", "bert-base-uncased", "albert-base", "--csv").out.splitlines())
    assert head == ["component", "BERT base", "ALBERT base", "difference", "share of difference"]
    assert rows[-1] == ["total", "109482240", "11683584", str(11_683_584 - 109_482_240), "1.000000"]


def test_shares_of_a_difference_are_left_out_if_parts_grow_and_shrink() -> None:
    compared = comparison([load("gpt2-small"), load("bert-base-uncased")])
    changes = [row.sides[1].change or 0 for row in compared.rows]
    assert min(changes) < 0 < max(changes)
    assert [column.title for column in table(compared).columns][-1] == "difference"


def test_one_formula_of_all_stands_once(bertsym: Callable[..., Any]) -> None:
    out = bertsym("compare", "bert-tiny", "bert-mini", "albert-base", "--values", "formula").out
    cells = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in out.splitlines()]
    models = {row[0]: row[1] for row in cells if len(row) == 3}
    assert models["pooler"] == "all"
    assert models["attention"] == "BERT tiny, BERT mini"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bert", "bertt"], "unknown model 'bertt'"),
        (["bert", "bert", "--head", "model,masked"], "unknown head of bert 'masked'"),
        (["bert", "bert", "--head", "model,model,model"], "one head for both models, or two"),
        (["bert", "bert", "bert", "--head", "model,model"], "one head for all models, or 3"),
        (["bert", "bert", "--convention", "all"], "unknown convention"),
        (["bert-tiny", "bert-mini", "--base", "bert-small"], "unknown model for --base 'bert-small'"),
        (["bert-tiny", "bert-tiny", "--base", "bert-tiny"], "several have this name; --name tells them apart"),
        (["bert-tiny", "bert-mini", "--values", "sum"], "unknown value 'sum'"),
        (["bert-tiny", "bert-mini", "--sizes", "zz"], "unknown size of bert 'zz'"),
        (["bert", "bert-mini", "--values", "count"], "no value for V (vocabulary size)"),
        (["bert-tiny", "bert-mini", "--name", "a", "--name", "a"], "two models of one table have different names"),
        (["bert-tiny", "bert-mini", *["--name", "a", "--name", "b", "--name", "c"]], "each model has one name"),
        (["bert-tiny", "bert-mini", "--name", "bert-tiny=a", "--name", "b"], "both name bert-tiny"),
        (["bert-tiny", "bert-mini", "--name", "\x1b[31mred"], "a name of 1 to 80 characters"),
        (["bert-tiny", "bert-mini", "--name", " "], "a name of 1 to 80 characters"),
        (["bert-tiny", "--conventions", "--sizes", "H"], "--conventions contradicts --sizes"),
    ],
)
def test_bad_input(bertsym: Callable[..., Any], words: list[str], said: str) -> None:
    ran = bertsym("compare", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "\x1b" not in ran.err


def test_names_are_text_in_every_syntax(bertsym: Callable[..., Any]) -> None:
    words = ("compare", "bert-tiny", "bert-mini", "--name", r"\input{x} $1$ & <b>|", "--name", "=1+1")
    assert r"\textbackslash{}input\{x\} \$1\$ \& " in bertsym(*words, "--latex").out
    assert r"\\input\{x\} \$1\$ \& \<b\>\|" in bertsym(*words, "--markdown").out
    assert next(csv.reader(bertsym(*words, "--csv").out.splitlines()))[1:3] == [r"\input{x} $1$ & <b>|", "'=1+1"]


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


def test_a_float_of_three_models_compiles(bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    words = (
        "--caption",
        "Parameters, 100% of them",
        "--label",
        "tab:three",
        "--layout",
        "booktabs",
        "--width",
        "neurips",
    )
    body = bertsym("compare", *PAPERS, "--values", "count,share", *words, "--latex").out
    assert body.count(r"\begin{table}") == body.count(r"\begin{tabular}") == 1
    head = r"\documentclass{article}\usepackage{booktabs}\usepackage{siunitx}\textwidth=397.48pt\begin{document}"
    log = pdflatex(f"{head}\n{body}See table~\\ref{{tab:three}}.\\end{{document}}\n")
    assert "Overfull" not in log
