"""The longest table: TeX sets it, even if each line holds a fraction, and a longer one is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sympy

from bertsym.document import Code, Column, Table
from bertsym.errors import TooTall
from bertsym.formulas.styles import form
from bertsym.render import latex
from bertsym.render.sheet import Sheet, column
from bertsym.render.tables import MOST_LINES
from bertsym.symbols import H, heads
from tests.render.test_tables import article
from tests.typesetting import Typeset

TALL = form(sympy.floor(H / heads))


def table(lines: int) -> Table:
    """Return a table of that many lines, its heading among them."""
    rows = tuple((Code(f"w{number}"), TALL) for number in range(lines - 1))
    return Table((Column("tensor"), Column("side")), rows)


@pytest.mark.parametrize("sheet", [Sheet(), Sheet(column=column("219pt@11"))], ids=["open", "column"])
def test_the_longest_table_is_set(sheet: Sheet, typeset: Callable[..., Typeset]) -> None:
    shown = latex.document((table(MOST_LINES),), sheet)
    assert typeset(article(shown, 11, "219pt", "16000pt")).overfull() == []


def test_a_longer_one_is_refused() -> None:
    with pytest.raises(TooTall, match=r"the table has 1,001 lines, and LaTeX has room for 1,000: choose fewer rows"):
        latex.document((table(MOST_LINES + 1),), Sheet())
