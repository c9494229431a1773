"""Formulas found in public papers, READMEs and blogs: each reads as the polynomial worked out by hand, or is refused.

`expected` holds one polynomial per side, in the public names, or `refused:COLUMN:WORD`; `source` is an address: of a
page or an issue, the number of a paper, or OWNER/REPOSITORY: PATH.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from sympy.parsing.sympy_parser import parse_expr

from bertsym.algebra import monomials
from bertsym.claims.parser import read
from bertsym.claims.polynomial import expand
from bertsym.errors import UnreadableFormula
from bertsym.symbols import BY_NAME

FOUND = Path(__file__).parent.parent / "data" / "formulas.tsv"
with FOUND.open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
NAMES = {name: size.symbol for name, size in BY_NAME.items()}


SOURCE = re.compile(
    r"(?:https?://[\w.-]+\.\w+/\S+|[\w.-]+/[\w.-]+: \S+\.\w+)(?: \(its lines joined\))?"
    r"|arXiv:\d{4}\.\d{5}, (?:section|equation) [\d.]+ \(.+ \d{4}\)"
)


def test_there_are_enough() -> None:
    assert len({row["formula"] for row in ROWS}) == len(ROWS) >= 60
    assert sum(row["expected"].startswith("refused:") for row in ROWS) >= 10


@pytest.mark.parametrize("source", sorted({row["source"] for row in ROWS}))
def test_a_reader_can_follow_the_source(source: str) -> None:
    assert SOURCE.fullmatch(source)


@pytest.mark.parametrize("row", ROWS, ids=[row["formula"][:40] for row in ROWS])
def test_found(row: dict[str, str]) -> None:
    if row["expected"].startswith("refused:"):
        _, column, word = row["expected"].split(":", maxsplit=2)
        with pytest.raises(UnreadableFormula) as caught:
            read(row["formula"])
        assert caught.value.column == int(column)
        assert word in str(caught.value)
        return
    sides = [expand(side.form) for side in read(row["formula"]).sides]
    expected = [monomials(parse_expr(side, local_dict=NAMES)) for side in row["expected"].split(" = ")]
    assert sides == expected
