"""Headings of tables, tables of parts and summaries: how each is read, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bertsym.answers.audit import asked
from bertsym.claims.headings import read_headings
from bertsym.claims.question import question
from bertsym.claims.tablefile import read_table
from bertsym.errors import BadFile
from bertsym.render import text
from bertsym.resolve import load

# Headings of published tables, and what each names: a size, `=N` a count in that unit, or nothing.
TITLES = [
    ("bert", ["Model", "Params (M)", "L", "H", "A"], ["", "=1000000", "L", "H", "heads"]),
    ("gpt2", ["Hidden Size", "Number of layers", "Number of parameters (billions)"], ["H", "L", "=1000000000"]),
    ("llama", ["params", "dimension", "n heads", "n layers", "n tokens"], ["=1", "H", "heads", "L", ""]),
    ("bert", ["params", "d_model", "#L", "#H"], ["=1", "H", "L", "heads"]),
    ("bert", ["#Params.", "#L", "#H", "#A"], ["=1", "L", "H", "heads"]),
    ("bloom", ["Hidden dim.", "Attention heads", "Vocab size"], ["H", "heads", "V"]),
    ("albert", ["Parameters", "Hidden", "Embedding", "Parameter-sharing"], ["=1", "H", "E", ""]),
    ("bert", ["Parameters", "Layers", "Embedding"], ["=1", "L", "H"]),
    ("vit", ["Hidden size D", "MLP size", "Heads"], ["H", "F", "heads"]),
    ("deberta-v2", ["Vocabulary(K)", "Backbone Parameters(M)"], ["V", "=1000000"]),
    ("bert", ["参数量(亿)", "层数", "隐藏维度", "注意力头数"], ["=100000000", "L", "H", "heads"]),
    ("llama", ["Params, in billions", "KV heads", "Query Heads"], ["=1000000000", "kv_heads", "heads"]),
    ("llama", ["dim", "hidden_dim", "params/M"], ["H", "F", "=1000000"]),
    ("gpt2", [r"#Params ($\times 10^6$)", "$n_{\\text{layers}}$"], ["=1000000", "L"]),
    ("gpt2", ["#Params (×10^6)", "n_layer", "n_embd"], ["=1000000", "L", "H"]),
]  # fmt: skip


@pytest.mark.parametrize(("model", "titles", "expected"), TITLES)
def test_a_heading_names_a_size_or_a_count(model: str, titles: list[str], expected: list[str]) -> None:
    headings = read_headings(titles, load(model))
    names = [f"={heading.scale}" if heading.counts else str(heading.symbol or "") for heading in headings]
    assert names == expected


def test_a_second_heading_for_a_size_is_left_aside_and_said() -> None:
    first, second = read_headings(["Hidden size", "d_model"], load("bert"))
    assert [str(heading.symbol or "") for heading in (first, second)] == ["H", ""]
    assert second.note == "d_model and Hidden size both mean H"


def test_where_reaches_headings() -> None:
    headings = read_headings(["Wide.", "Params"], load("bert"), {"Wide": "H"})
    assert str(headings[0].symbol) == "H"


GRID = """
| L / H | 128 | 256 |
|---|---|---|
| 2 | 4.4M | 9.7M |
| 4 | 4.8M | 11.3M |
"""


def test_a_grid_has_a_row_for_each_cell(tmp_path: Path) -> None:
    file = tmp_path / "t.md"
    file.write_text(GRID)
    rows = read_table(str(file)).rows
    sized = [({str(s): n for s, n in row.sizes.items()}, row.stated.value) for row in rows]
    assert sized[1] == ({"L": 2, "H": 256}, 9_700_000)
    assert len(sized) == 4


DRAWN = """
Sizes of the models:

+-------+--------+--------+--------+
| Model | Layers | Hidden | Params |
+=======+========+========+========+
| small | 12     | 768    | 117M   |
+-------+--------+--------+--------+
| large | 24     | 1024   | 345M   |
+-------+--------+--------+--------+
"""
ALIGNED = """
Sizes of the models:

=====  ======  ======  ======
Model  Layers  Hidden  Params
=====  ======  ======  ======
small  12      768     117M
large  24      1024    345M
=====  ======  ======  ======
"""


@pytest.mark.parametrize(("table", "name"), [(DRAWN, "t.rst"), (ALIGNED, "t.rst"), (ALIGNED, "t.txt")])
def test_tables_of_plain_texts(tmp_path: Path, table: str, name: str) -> None:
    file = tmp_path / name
    file.write_text(table)
    rows = read_table(str(file)).rows
    assert [(row.label, sorted(row.sizes.values()), row.stated.value) for row in rows] == [
        ("small", [12, 768], 117_000_000),
        ("large", [24, 1024], 345_000_000),
    ]


STEPS = """
| Component | Formula | Parameters |
| --- | --- | --- |
| Token embeddings | 30522 × 768 | {tokens} |
| Position embeddings | 512 × 768 | 393,216 |
| Attention (12 layers) | 12 × {projections} × (768² + 768) | {attention} |
| Total | | {total} |
"""


def said(tmp_path: Path, table: str, model: str = "bert-base-uncased", name: str = "t.md") -> tuple[str, str]:
    file = tmp_path / name
    file.write_text(table, encoding="utf-8")
    report, _ = asked(str(file), question(load(model)))
    return report.standing.value, " ".join(text.document(report.document()).split())


def test_the_rows_of_a_table_of_parts_are_judged_as_parts_and_its_total_as_their_sum(tmp_path: Path) -> None:
    right = STEPS.format(tokens="23,440,896", projections=4, attention="28,348,416", total="109,482,240")
    verdict, words = said(tmp_path, right)
    assert verdict == "finding"  # the rows are not all parts, so that they do not add up to the total
    assert "the rows above add up to 52,182,528" in words
    three = STEPS.format(tokens="23,440,896", projections=3, attention="21,261,312", total="45,095,424")
    verdict, words = said(tmp_path, three)
    assert verdict == "finding"
    assert "not BertModel, attention" in words
    slip = STEPS.format(tokens="23,440,986", projections=4, attention="28,348,416", total="52,182,618")
    verdict, words = said(tmp_path, slip)
    assert verdict == "finding"
    assert "its formula comes to 23,440,896" in words


TORCHINFO = """
```
==========================================================================
Layer (type:depth-idx)                  Output Shape              Param #
==========================================================================
BertModel                               [1, 768]                  --
├─BertEmbeddings: 1-1                   [1, 128, 768]             --
│    └─Embedding: 2-1                   [1, 128, 768]             23,440,896
├─BertEncoder: 1-2                      [1, 128, 768]             85,054,464
==========================================================================
Total params: {total}
Trainable params: {total}
Non-trainable params: 0
==========================================================================
```
"""


@pytest.mark.parametrize(("total", "verdict"), [("109,482,240", "stands"), ("109,842,240", "finding")])
def test_the_total_of_a_summary_is_judged(tmp_path: Path, total: str, verdict: str) -> None:
    assert said(tmp_path, TORCHINFO.format(total=total))[0] == verdict


CONTRADICTED = """
Model,n_params,n_layers,d_model,n_heads,d_head
a,125M,12,768,12,64
b,13.0B,40,5140,40,128
"""


def test_a_row_that_contradicts_itself_is_named(tmp_path: Path) -> None:
    verdict, words = said(tmp_path, CONTRADICTED.strip(), "gpt2", "t.csv")
    assert verdict == "finding"
    assert "line 3 (b) states d = 128, but H/heads is 257/2 (H = 5140, heads = 40)" in words


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("Params,Layers,Hidden\n110M,twelve,768\n", "under Layers: expected a size"),
        ("Params,Layers,Hidden\nmany,12,768\n", "under Params: expected a number"),
    ],
)
def test_a_known_heading_is_never_left_aside(tmp_path: Path, table: str, problem: str) -> None:
    file = tmp_path / "t.csv"
    file.write_text(table)
    with pytest.raises(BadFile, match=problem):
        asked(str(file), question(load("bert")))
