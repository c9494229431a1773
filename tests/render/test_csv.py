"""CSV: exact numbers for programs, text that no spreadsheet computes, and every command that has a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from bertsym.algebra import expand
from bertsym.document import Code, Column, Count, Decimal, Paragraph, Share, Table
from bertsym.errors import Conflict
from bertsym.expressions.reader import read as read_formula
from bertsym.render import csvtext
from bertsym.symbols import BY_NAME

HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "a,b", 'say "x"', "two\nlines", "\x1b[31m", "tab\tthere")

SYMBOLS = {name: size.symbol for name, size in BY_NAME.items()}


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_text_is_text_in_a_spreadsheet() -> None:
    table = Table((Column("=head"), Column("n", right=True)), tuple((name, Count(1)) for name in HOSTILE))
    head, *rows = read(csvtext.document((table,)))
    assert head[0] == "'=head"
    assert [row[0] for row in rows] == [
        "'=1+1", "'+1", "'-1", "'@SUM(A1)", "a,b", 'say "x"', r"two\nlines", r"\x1b[31m", r"tab\tthere",
    ]  # fmt: skip
    assert all(row[1] == "1" for row in rows)


def test_numbers_are_exact() -> None:
    large = 10**30 + 1
    row = (Count(large), Count(-5), Share(Fraction(1, 3)), Decimal(Fraction(2, 3)), Count(0), "—")
    table = Table(tuple(Column(str(i), right=True) for i in range(len(row))), (row,), dashes=True)
    assert read(csvtext.document((table,)))[1] == [str(large), "-5", "0.333333", "0.667", "0", ""]


def test_tables_of_the_same_columns_are_one() -> None:
    one, other = Table((Column("a"),), (("x",),)), Table((Column("b"),), (("z",),))
    text = csvtext.document((one, Paragraph(("between",)), replaced(one), other))
    assert text == "a\nx\ny\n\nb\nz\n"


def replaced(table: Table) -> Table:
    return Table(table.columns, (("y",),))


def test_an_answer_without_a_table() -> None:
    with pytest.raises(Conflict, match="it has no table"):
        csvtext.document((Paragraph(("text",)),))


def test_a_stream_without_a_character() -> None:
    table = Table((Column("a"),), (("“x”, −1",), (Code("é"),)))
    text = csvtext.document((table,), lambda shown: shown.replace("“", '"').replace("”", '"'))
    assert read(text)[1] == ['"x", −1'], "quotes that are spelled out do not end the cell"


def test_formulas_are_read_back(bertsym: Callable[..., Any]) -> None:
    head, *rows = read(bertsym("show", "bert", "--csv").out)
    assert head == ["component", "parameters"]
    total = read_formula(rows[-1][1], SYMBOLS)
    assert rows[-1][0] == "total"
    assert expand(total - sum(read_formula(formula, SYMBOLS) for _, formula in rows[:-1])) == 0


TABLES = [
    ("show", "bert-tiny"),
    ("show", "gpt2", "--by", "role"),
    ("tensors", "bert-tiny"),
    ("explain", "bert-tiny", "--tensors"),
    ("solve", "bert-base-uncased", "--target", "110M"),
    ("solve", "bert", "--target", "110M", "--for", "H,L", "--at", "V=30522,N=512,heads=12", "--top", "2"),
    ("compare", "bert-tiny", "bert-mini"),
    ("compare", "bert-tiny", "--conventions", "--at", "B=1,S=32"),
    ("roofline", "llama-7b", "--device", "a100-sxm-80gb", "--at", "B=1,S=128"),
    ("models",),
    ("models", "--all"),
    ("models", "bert-tiny", "--table", "L,H"),
    ("symbols",),
    ("audit", "110M", "--model", "bert-base-uncased"),
]


@pytest.mark.parametrize("words", TABLES, ids=" ".join)
def test_every_command_with_a_table_has_it_as_csv(words: tuple[str, ...], bertsym: Callable[..., Any]) -> None:
    ran = bertsym(*words, "--csv")
    assert ran.code == 0, ran.err
    for block in ran.out.split("\n\n"):
        head, *rows = read(block)
        assert rows
        assert {len(row) for row in rows} == {len(head)}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("total", "bert", "--csv"), "--csv contradicts the answer: it has no table"),
        (("show", "bert", "--csv", "--json"), "an answer is printed in one syntax"),
        (("show", "bert", "--csv", "--label", "x"), "--label contradicts csv output: pass --latex or --typst with it"),
        (("show", "bert", "--csv", "--legend"), "--legend contradicts csv output"),
    ],
)
def test_refusals(words: tuple[str, ...], said: str, bertsym: Callable[..., Any]) -> None:
    ran = bertsym(*words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
