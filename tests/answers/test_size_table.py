"""models --table: the tables of sizes of three papers, and every column and refusal."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from bertsym import audit
from bertsym.quantities import parse_count

# Devlin et al. 2019, arXiv:1810.04805v2, section 3: "BERT-BASE (L=12, H=768, A=12, Total Parameters=110M) and
# BERT-LARGE (L=24, H=1024, A=16, Total Parameters=340M)". Both counts have two significant digits.
BERT = ["models", "bert-base-uncased", "bert-large-uncased", "--table", "L,H,A,parameters", "--digits", "2"]
BERT_PRINTED = {
    "model": ("L", "H", "heads", "parameters (M)"),
    "BERT base": (12, 768, 12, 110),
    "BERT large": (24, 1024, 16, 340),
}

# Lan et al. 2020, arXiv:1909.11942v6, table 1: parameters, layers, hidden, embedding, parameter-sharing. Its counts of
# BERT are those of the cased checkpoints; at the 30,000 tokens of its own vocabulary they would be 109M and 335M.
ALBERT = ["models", "bert-base-cased", "bert-large-cased", "albert", "--table", "parameters,L,H,E,sharing"]
ALBERT += ["--unit", "M", "--places", "0"]
ALBERT_PRINTED = {
    "model": ("parameters (M)", "L", "H", "E", "sharing"),
    "BERT base cased": (108, 12, 768, 768, "no"),
    "BERT large cased": (334, 24, 1024, 1024, "no"),
    "ALBERT base": (12, 12, 768, 128, "yes"),
    "ALBERT large": (18, 24, 1024, 128, "yes"),
    "ALBERT xlarge": (60, 24, 2048, 128, "yes"),
    "ALBERT xxlarge": (235, 12, 4096, 128, "yes"),
}
ALBERT_COUNTED = {"ALBERT xlarge": 59, "ALBERT xxlarge": 223}
"""Counts in millions that the table prints otherwise: 60M is 58.7M to one digit, and nothing comes to 235M.

transformers' documentation of pretrained models has 58M (truncated) and 223M (tests/data/published_counts.tsv).
"""

# Biderman et al. 2023, arXiv:2304.01373, table 1: model size, non-embedding parameters, layers, model dim, heads; the
# cards of EleutherAI have the same numbers.
PYTHIA = ["models", *(f"pythia-{size}" for size in ("70m", "160m", "410m", "1b", "1.4b", "2.8b", "6.9b", "12b"))]
PYTHIA += ["--table", "non-embedding,L,H,heads"]
PYTHIA_PRINTED = {
    "70M": ("18,915,328", 6, 512, 8),
    "160M": ("85,056,000", 12, 768, 12),
    "410M": ("302,311,424", 24, 1024, 16),
    "1B": ("805,736,448", 16, 2048, 8),
    "1.4B": ("1,208,602,624", 24, 2048, 16),
    "2.8B": ("2,517,652,480", 32, 2560, 32),
    "6.9B": ("6,444,163,072", 32, 4096, 32),
    "12B": ("11,327,027,200", 36, 5120, 40),
}


@pytest.fixture
def rows(bertsym: Callable[..., Any]) -> Callable[..., dict[str, list[str]]]:
    """Run a command, and return the rows of its table by their first cell, the head among them."""

    def read(*words: str) -> dict[str, list[str]]:
        ran = bertsym(*words, "--csv")
        assert ran.code == 0, ran.err
        return {name: cells for name, *cells in csv.reader(ran.out.splitlines())}

    return read


def test_the_sizes_of_the_paper_of_bert(rows: Any) -> None:
    assert rows(*BERT) == {name: [str(cell) for cell in cells] for name, cells in BERT_PRINTED.items()}


def test_table_1_of_the_paper_of_albert(rows: Any) -> None:
    found = rows(*ALBERT)
    assert list(found) == list(ALBERT_PRINTED)
    for name, (printed, *sizes) in ALBERT_PRINTED.items():
        assert found[name] == [str(cell) for cell in (ALBERT_COUNTED.get(name, printed), *sizes)]


def test_where_the_paper_of_albert_counts_otherwise() -> None:
    assert audit("60M", "albert-xlarge").stands, "to one digit"
    assert not audit("235M", "albert-xxlarge").stands


def test_the_sizes_of_pythia(rows: Any) -> None:
    found = rows(*PYTHIA)
    assert found.pop("model") == ["non-embedding", "L", "H", "heads"]
    assert [name.removeprefix("Pythia ") for name in found] == list(PYTHIA_PRINTED)
    for name, (printed, *sizes) in PYTHIA_PRINTED.items():
        assert [int(cell) for cell in found[f"Pythia {name}"]] == [parse_count(printed), *sizes]


PRINTED = [
    (BERT, ["BERT large", "24", "1,024", "16", "340"]),
    (ALBERT, ["ALBERT base", "12", "12", "768", "128", "yes"]),
    (PYTHIA, ["Pythia 12B", "11,327,027,200", "36", "5,120", "40"]),
]


def test_the_three_tables_on_paper(bertsym: Any, pdflatex: Any) -> None:
    """Each is a float with its caption on top, and fits a column of a conference."""
    fragments: list[str] = []
    for words, last in PRINTED:
        options = ("--caption", "Sizes", "--label", f"tab:{len(fragments)}", "--width", "ieee", "--layout", "booktabs")
        ran = bertsym(*words, *options, "--latex")
        assert ran.code == 0, ran.err
        row = next(line for line in ran.out.splitlines() if f"{last[0]} &" in line)
        assert [re.sub(r"\\\\|\\\w+", "", cell).strip() for cell in row.split("&")] == last
        assert ran.out.index(r"\caption{Sizes}") < ran.out.index(r"\begin{tabular}")
        fragments.append(ran.out)
    body = "\n".join(fragments)
    head = r"\documentclass{article}\usepackage{booktabs}\setlength{\textwidth}{252pt}\begin{document}"
    assert "Overfull" not in pdflatex(f"{head}\n{body}\\end{{document}}\n")


def test_a_family_stands_for_its_models(rows: Any) -> None:
    """Models of one size, as ALBERT's first and second release, are one row; so is a release and its miniature."""
    assert list(rows("models", "albert", "--table", "L"))[1:] == [
        f"ALBERT {x}" for x in ("base", "large", "xlarge", "xxlarge")
    ]
    assert list(rows("models", "qwen3", "--table", "L"))[-1] == "Qwen3 235B A22B"
    assert "GPT-NeoX 20B" not in rows("models", "pythia", "--table", "L")


def test_a_name_is_a_model_before_it_is_a_family(rows: Any) -> None:
    assert list(rows("models", "gpt2", "--table", "L")) == ["model", "GPT-2"]
    assert list(rows("models", "GPT-2 XL", "--table", "L")) == ["model", "GPT-2 XL"]


def test_sizes_that_a_model_lacks_and_those_that_follow(rows: Any) -> None:
    found = rows("models", "bert-tiny", "Mixtral-8x7B-v0.1", "--table", "kv_heads,experts,d,d_ff,E,active,class,id")
    assert found["BERT tiny"] == ["", "", "64", "512", "128", "4385920", "BertModel", "bert-tiny"]
    assert found["Mixtral 8x7B"][:6] == ["8", "8", "128", "14336", "4096", "12879925248"]


def test_components_are_columns(rows: Any) -> None:
    """The parts sum to the total, and a part that a model lacks is 0."""
    parts = "embeddings,attention,feed-forward,pooler,parameters"
    found = rows("models", "bert-base-uncased", "distilbert-base-uncased", "--table", parts)
    assert found["DistilBERT base"][3] == "0"
    for model in ("BERT base", "DistilBERT base"):
        *counts, whole = map(int, found[model])
        assert sum(counts) == whole


def test_a_size_has_the_name_of_the_code(rows: Any) -> None:
    """XLNet's code calls the feed-forward width `d_inner`."""
    assert rows("models", "bert-tiny", "xlnet-base-cased", "--table", "F")["XLNet base cased"] == ["3072"]


def test_json_has_numbers(bertsym: Callable[..., Any]) -> None:
    found = json.loads(
        bertsym("models", "albert-base", "llama-7b", "--table", "L,sharing,kv_heads,parameters", "--json").out
    )
    assert found["columns"] == ["L", "sharing", "kv_heads", "parameters"]
    assert found["models"][0]["title"] == "ALBERT base"
    assert found["models"][0]["values"] == {"L": 12, "sharing": "yes", "kv_heads": None, "parameters": 11_683_584}


def test_a_configuration_is_a_row(bertsym: Callable[..., Any], tmp_path: Any) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"model_type": "bert", "architectures": ["BertModel"], "num_hidden_layers": 3}))
    ran = bertsym("models", "bert-tiny", str(file), "--table", "L", "--name", f"{file}=Ours", "--csv")
    assert ran.out.splitlines() == ["model,L", "BERT tiny,2", "Ours,3"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--table", "L"], "no model for --table"),
        (["bert-tiny", "--table", "zz"], "unknown column 'zz'"),
        (["bert-tiny", "--table", "parameter"], "did you mean parameters?"),
        (["bertt", "--table", "L"], "unknown model 'bertt'"),
        (["mamba", "--table", "parameters"], "no value for"),
        (["mamba", "--table", "embeddings"], "no value for"),
        (["--all", "--table", "L"], "--all contradicts --table"),
        (["bert-tiny", "--name", "a"], "pass --table with it"),
        (["bert-tiny", "--table", "L", "--name", "a", "--name", "b"], "each model has one name"),
    ],
)
def test_refusals(words: list[str], said: str, bertsym: Callable[..., Any]) -> None:
    ran = bertsym("models", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_words_of_a_family_need_no_quotes(bertsym: Callable[..., Any]) -> None:
    assert bertsym("models", "qwen3", "moe").out == bertsym("models", "qwen3 moe").out
