"""CSV (RFC 4180): the tables of an answer for spreadsheets and programs; lines end in a newline alone.

Counts are digits without commas, shares are fractions of 1, and a formula is in the text that bertsym reads.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from bertsym.algebra import Value
from bertsym.document import (
    NONE,
    Citation,
    Code,
    Column,
    Count,
    Decimal,
    Document,
    Equal,
    Inline,
    Matrix,
    Rounded,
    Scaled,
    Shape,
    Share,
    Sizes,
    Table,
)
from bertsym.errors import Conflict
from bertsym.quantities import decimal
from bertsym.render import words
from bertsym.wording import plain

_STEERS = ("=", "+", "-", "@", "\t", "\r")
"""Characters at the beginning of a text that make a spreadsheet compute it."""

Spell = Callable[[str], str]


def document(parts: Document, spell: Spell = str) -> str:
    """Return the tables of a document; those with the same columns are one, and an empty line parts the others.

    Raises `Conflict` for a document without a table.
    """
    tables: dict[tuple[str, ...], list[Table]] = {}
    for part in parts:
        if isinstance(part, Table):
            tables.setdefault(tuple(map(_heading, part.columns)), []).append(part)
    if not tables:
        raise Conflict("--csv", "the answer", "it has no table")
    return "\n".join(_written(heads, alike, spell) for heads, alike in tables.items())


def _written(heads: tuple[str, ...], tables: list[Table], spell: Spell) -> str:
    import csv  # noqa: PLC0415  # `import bertsym` does not need it

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_text(head, spell) for head in heads])
    for table in tables:
        for row in (*table.rows, table.footer):
            if row:
                writer.writerow([_cell(part, spell) for part in row])
    return out.getvalue()


def _heading(column: Column) -> str:
    """Return the title of a column, after the one that it shares with its neighbours."""
    title = words.inline(column.title)
    return f"{column.group}: {title}" if column.group else title


def _cell(part: Inline, spell: Spell) -> str:
    match part:
        case Count(value=value):
            return str(value)
        case Share(value=value):
            return decimal(value, 6)
        case Decimal(value, places):
            return decimal(value, places)
        case Scaled():
            return f"{part.number.replace(',', '')} {part.symbol}".rstrip()
        case str() if part == NONE:
            return ""
        case str() | Citation() | Code() | Rounded() | Shape() | Sizes() | Matrix() | Equal():
            return _text(words.inline(part), spell)
        case _:
            return spell(plain(part))


def _text(text: str, spell: Spell) -> str:
    """Return words of a user or a file; an apostrophe keeps a spreadsheet from computing them."""
    shown = spell(words.inline(text))
    return f"'{shown}" if shown.startswith(_STEERS) else shown


def lines(headings: Iterable[str], rows: Iterable[Iterable[Value]], spell: Spell = str) -> Iterator[str]:
    r"""Yield a table of exact numbers, a line at a time, for tables that are longer than an answer.

    >>> from fractions import Fraction
    >>> list(lines(["H", "ffn_ratio"], [[768, Fraction(8, 3)]]))
    ['H,ffn_ratio\n', '768,8/3\n']
    """
    import csv  # noqa: PLC0415  # `import bertsym` does not need it

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    heads = ([_text(heading, spell) for heading in headings],)
    for row in chain(heads, (map(str, row) for row in rows)):
        writer.writerow(row)
        yield out.getvalue()
        out.seek(0)
        out.truncate()
