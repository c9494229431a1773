"""Names that the person who asks explains: in formulas and in the headings of tables, with a model's own names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]
TABLE = "model,deep,wide,total\nBERT-base,12,768,110M\nBERT-large,24,{},340M\n"


def test_where_reaches_the_headings_of_a_table(bertsym: Run, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(TABLE.format(1024), encoding="utf-8")
    words = ("--where", "deep=L", "--where", "wide=H", "--where", "total=params")
    assert bertsym("audit", str(file)).code == 2
    assert bertsym("audit", str(file), *words).code == 0
    file.write_text(TABLE.format(1000), encoding="utf-8")
    ran = bertsym("audit", str(file), *words)
    assert (ran.code, "the model has H = 1,024" in ran.out) == (1, True)


def test_where_reaches_the_tables_of_a_document(bertsym: Run, tmp_path: Path) -> None:
    file = tmp_path / "t.md"
    file.write_text("| model | total |\n|---|---|\n| BERT-base | 110M |\n| BERT-large | 350M |\n", encoding="utf-8")
    assert bertsym("audit", str(file)).code == 2
    assert bertsym("audit", str(file), "--where", "total=params").code == 1


def test_rename_is_where_the_other_way_round(bertsym: Run, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(TABLE.format(1024), encoding="utf-8")
    words = ("--rename", "L=deep", "--rename", "H=wide", "--where", "total=params")
    assert bertsym("audit", str(file), *words).code == 0
    ran = bertsym("audit", r"12Lq^2", "--rename", "H=q", "--latex")
    assert (ran.code, "12Lq^2" in ran.out) == (0, True)


def test_where_knows_the_names_of_the_model(bertsym: Run) -> None:
    names = ("--where", "a=vision_config.num_hidden_layers", "--where", "b=vision_config.hidden_size")
    ran = bertsym("audit", "12*a*b^2", *names, "-m", "clip")
    assert "L_v·H_v²" in ran.out + ran.err
