"""The choices of a page that change nothing in an answer, or that fit two of its parts: refused in every syntax."""

from __future__ import annotations

from bertsym.document import Alignment, Document, Equation, Result, Table
from bertsym.errors import Conflict
from bertsym.formulas.tree import Form, symbols
from bertsym.render.sheet import Layout, Sheet

_USES: dict[Layout, frozenset[type]] = {
    Layout.BARE: frozenset({Result}),
    Layout.INLINE: frozenset({Result}),
    Layout.EQUATION: frozenset({Result}),
    Layout.STARRED: frozenset({Result}),
    Layout.SPLIT: frozenset({Result, Equation}),
    Layout.ALIGN: frozenset({Result, Equation, Alignment}),
    Layout.BOOKTABS: frozenset({Table}),
}


def check(parts: Document, sheet: Sheet) -> None:
    """Raise `Conflict` for a choice that the answer has no part for, or several parts."""
    kinds = {type(part) for part in parts}
    if sheet.layout is not None and not kinds & _USES[sheet.layout]:
        needed = " and no ".join(sorted(kind.__name__.lower() for kind in _USES[sheet.layout]))
        raise Conflict(f"--layout {sheet.layout.value}", "the answer", f"it has no {needed}")
    for option, chosen in (("--lhs", sheet.left is not None), ("--punct", bool(sheet.punct))):
        if chosen and Result not in kinds:
            raise Conflict(option, "the answer", "it has no formula of its own")
    of_tables = {
        "--caption": bool(sheet.caption),
        "--float": sheet.float is not None,
        "--siunitx": sheet.siunitx,
        sheet.size.command.replace("\\", "--"): sheet.size.steps > 0,
    }
    for option, chosen in of_tables.items():
        if chosen and Table not in kinds:
            raise Conflict(option, "the answer", "it has no table")
    if sheet.label and not kinds & {Table, Result}:
        raise Conflict("--label", "the answer", "it has neither a formula of its own nor a table")
    if (sheet.caption or sheet.label) and sum(isinstance(part, Table) for part in parts) > 1:
        raise Conflict("--caption or --label", "the answer", "it has several tables")
    if sheet.label and sum(isinstance(part, Table | Result) for part in parts) > 1:
        raise Conflict("--label", "the answer", "a label names one formula or table, and it has several")
    for part in parts:
        if isinstance(part, Result):
            _check_left(part, sheet)


def _check_left(answer: Result, sheet: Sheet) -> None:
    """Raise `Conflict` if the left side of the formula is the name of a size in it."""
    used = set().union(*(symbols(step) for step in answer.sides[1] if isinstance(step, Form)))
    if sheet.left in {sheet.notation.name(symbol) for symbol in used}:
        raise Conflict("--lhs", "the formula", f"{sheet.left} is the name of a size in it")
