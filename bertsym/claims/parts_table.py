"""A table of the parts of one model: each row is judged as its part, and each total as the sum of the rows above it.

The summaries that `torchinfo` and Keras print are such tables. Their rows have the names of classes;
`summary_rows` finds the modules that are as large.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from bertsym.claims.cells import Cells
from bertsym.claims.formula import FormulaVerdict, judge_formula
from bertsym.claims.headings import Heading, read_headings
from bertsym.claims.ledger import Ledger
from bertsym.claims.numerals import numeral
from bertsym.claims.parsed_formula import Reading
from bertsym.claims.parser import read
from bertsym.claims.polynomial import expand
from bertsym.claims.question import Question
from bertsym.claims.scopes import scope_named
from bertsym.claims.standing import Standing, together
from bertsym.claims.summaries import SUMMARY
from bertsym.claims.summary_rows import judge_row
from bertsym.claims.tensor_polynomials import add
from bertsym.errors import BertsymError
from bertsym.formulas.monomial_order import Terms
from bertsym.values import value

MIN_PARTS = 2
"""The rows that have to name a part; a table with fewer is one of models."""

_TOTAL = re.compile(
    r"\btotal|\bsum\b|\boverall\b|\bwhole\b|\ball\b|合计|总计|總計|小计|合計|gesamt|summe|somme", re.IGNORECASE
)
_FORMULA = re.compile(r"formula|calculation|computation|expression|计算|公式|計算|formel|formule", re.IGNORECASE)
_TRAINED = re.compile(r"trainable", re.IGNORECASE)
_NOT_TRAINED = re.compile(r"non.?trainable|optimi[sz]er", re.IGNORECASE)


@value
class PartRow:
    """A row: its line, its label, and the claim in its cells, such as `30522 × 768 = 23,440,896`."""

    line: int
    label: str
    text: str
    total: bool


@value
class PartsTable:
    """The rows of a table of parts; `summary` if a program printed it, whose labels are classes."""

    rows: tuple[PartRow, ...]
    summary: bool = False


@value
class JudgedPart:
    """A row with the verdict on its claim, or the reason why there is none, and with the rows that a total adds up.

    `summed` are the labels of the rows whose sum a total is; it is empty for a total that is none, and for a part.
    `modules` are those of the model that are as large as the row of a summary says.
    """

    row: PartRow
    verdict: FormulaVerdict | None
    summed: tuple[str, ...] = ()
    problem: str = ""
    modules: tuple[str, ...] = ()

    @property
    def standing(self) -> Standing:
        """Return the verdict on the row."""
        if self.modules:
            return Standing.STANDS
        if self.verdict is None:
            return Standing.UNREAD
        return Standing.FINDING if self.problem else self.verdict.standing


@value
class PartsVerdict:
    """The verdicts on the rows of a table of parts."""

    table: PartsTable
    name: str
    parts: tuple[JudgedPart, ...]

    @property
    def stands(self) -> bool:
        """Return True if every row is right."""
        return self.standing is Standing.STANDS

    @property
    def standing(self) -> Standing:
        """Return the verdict on the rows together."""
        judged = [part.standing for part in self.parts]
        return Standing.FINDING if Standing.FINDING in judged else together(judged)


def parts_of(cells: Cells) -> PartsTable | None:
    """Return a table as one of parts; None if it has columns of sizes, or if its labels name no parts."""
    headings = read_headings(cells.heading)
    summary = any(SUMMARY.search(heading.title) for heading in headings)
    if any(heading.symbol is not None for heading in headings) and not summary:
        return None
    counts = [place for place, heading in enumerate(headings) if heading.counts]
    formulas = [
        place for place, heading in enumerate(headings) if _FORMULA.search(heading.title) and place not in counts
    ]
    if not counts or 0 in counts:
        return None
    rows = tuple(
        row for line, cell in cells.rows[1:] if (row := _row(line, cell, formulas, counts, headings)) is not None
    )
    named = [row for row in rows if row.total or scope_named(row.label) is not None]
    enough = len(named) >= max(MIN_PARTS, len(rows) // 2) and any(not row.total for row in rows)
    return PartsTable(rows, summary) if enough or (summary and any(row.total for row in rows)) else None


def _row(
    line: int, cells: Sequence[str], formulas: Sequence[int], counts: Sequence[int], headings: Sequence[Heading]
) -> PartRow | None:
    """Return a row with its formula and its number joined as one claim; None if both are empty."""
    label = re.sub(r"[*_`│├└─]+", " ", cells[0]).strip() if cells else ""
    written = [cells[place].strip("$ ") for place in (*formulas, *counts[:1]) if place < len(cells)]
    stated = [_scaled(text, headings[counts[0]].scale) for text in written if re.search(r"\w", text)]
    if not label or not stated or _NOT_TRAINED.search(label):
        return None
    return PartRow(line, label, " = ".join(stated), _TOTAL.search(label) is not None)


def _scaled(text: str, scale: int) -> str:
    """Return a number under a heading with a unit in full; a formula stays as it is."""
    bare = text.removeprefix("~").removeprefix("≈").strip()
    if scale > 1 and re.fullmatch(r"[\d.,]+", bare) is not None:
        stated = numeral(f"{bare}e{len(str(scale)) - 1}")
        return bare if stated is None else str(stated.stated.value)
    known = numeral(bare)
    return bare if known is None or known.unit else str(known.stated.value)


def judge_parts(table: PartsTable, question: Question) -> PartsVerdict:
    """Judge each row as the part that its label names, and each total also as the sum of rows above it."""
    model = question.model
    ledger = Ledger(model, question.heads)
    judged: list[JudgedPart] = []
    values: list[tuple[str, Terms]] = []
    for row in table.rows:
        whole = judged[-1] if table.summary and judged and judged[-1].row.total else None
        if table.summary and _TRAINED.match(row.label):
            judged.append(_trainable(row, whole))
            continue
        if table.summary and not row.total:
            judged.append(_of_summary(row, ledger, question))
            continue
        try:
            reading = read(row.text, question.notation, question.where, model)
            words = "" if row.total or table.summary else row.label
            sized = ledger if model.given or reading.names else ledger.base
            verdict = judge_formula(reading, sized.model, question.heads, words, ledger=sized)
        except BertsymError as error:
            judged.append(JudgedPart(row, None, (), str(error)))
            continue
        number = _value(reading)
        summed = _summed(values, number) if row.total else ()
        adds_up = not row.total or bool(summed) or len(values) < MIN_PARTS or table.summary
        problem = "" if adds_up else _of_all(values, number)
        judged.append(JudgedPart(row, verdict, summed, problem))
        if not row.total:
            values.append((row.label, number))
    return PartsVerdict(table, model.label or model.architecture.name, tuple(judged))


def _of_summary(row: PartRow, ledger: Ledger, question: Question) -> JudgedPart:
    """Judge the row of one layer of a summary: a module of that kind, or a part of the model that has a name."""
    sized = ledger if ledger.model.given else ledger.base
    stated = numeral(row.text)
    found = judge_row(row.label, 0 if stated is None else stated.stated.value, sized.model, question.heads)
    if found.modules or found.problem:
        verdict = _as_part(row, sized, question) if found.wrong else None
        return JudgedPart(row, verdict, (), found.problem, found.modules)
    verdict = _as_part(row, sized, question)
    if verdict is None or not verdict.stands:
        return JudgedPart(row, None, (), "no part that has a name is as large")
    return JudgedPart(row, verdict)


def _as_part(row: PartRow, ledger: Ledger, question: Question) -> FormulaVerdict | None:
    try:
        reading = read(row.text, question.notation, question.where, ledger.model)
        return judge_formula(reading, ledger.model, question.heads, "", ledger=ledger)
    except BertsymError:
        return None


def _trainable(row: PartRow, whole: JudgedPart | None) -> JudgedPart:
    """Judge the trainable parameters of a summary: all of them, or else some are frozen, which nobody can judge."""
    if whole is None or whole.row.text != row.text:
        return JudgedPart(row, None, (), "not the total: the summary does not say which parameters are frozen")
    return JudgedPart(row, whole.verdict, whole.summed, whole.problem)


def _value(reading: Reading) -> Terms:
    """Return the last side of a claim that is a number, or else its formula."""
    sides = [expand(side.form) for side in reading.sides]
    numbers = [terms for terms in sides if set(terms) <= {()}]
    return numbers[-1] if numbers else expand(reading.main.form)


def _summed(values: Sequence[tuple[str, Terms]], total: Terms) -> tuple[str, ...]:
    """Return the labels of the last rows that add up to a total, as many as possible; empty if none do."""
    for start in range(len(values) - 1):
        if add(terms for _, terms in values[start:]) == total:
            return tuple(label for label, _ in values[start:])
    return ()


def _of_all(values: Sequence[tuple[str, Terms]], total: Terms) -> str:
    """Say what the rows add up to instead."""
    together_terms = add(terms for _, terms in values)
    if set(together_terms) | set(total) <= {()}:
        number = together_terms.get((), Fraction(0))
        return f"the rows above add up to {number.numerator:,}" if number.denominator == 1 else ""
    return "no rows above add up to it"
