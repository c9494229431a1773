"""The audit of a table: the explanations that fit all rows, the sizes that are not stated, the rows that do not fit."""

from __future__ import annotations

from sympy import Symbol

from bertsym.algebra import free
from bertsym.claims.integer_bounds import Interval
from bertsym.claims.named_rows import NamedRow
from bertsym.claims.standing import Standing
from bertsym.claims.table import Contradiction, Fit, TableVerdict
from bertsym.claims.tablefile import SizedRow
from bertsym.document import Column, Document, Element, Inline, Paragraph, Remark, Sizes, Table
from bertsym.report import Record
from bertsym.symbols import BY_SYMBOL, in_order
from bertsym.values import value
from bertsym.wording import said

MAX_SHOWN = 5
MAX_CLAIMED = 12


@value
class TableAudit:
    """The verdict on a table."""

    verdict: TableVerdict

    @property
    def standing(self) -> Standing:
        """Return the verdict."""
        return self.verdict.standing

    def document(self) -> Document:
        """Return the explanations of all rows, the simplest first, or else of most rows; then the other columns."""
        verdict = self.verdict
        count = len(verdict.table.rows)
        claimed = ", ".join(row.text for row in verdict.table.rows[:MAX_CLAIMED]) + (", ..." * (count > MAX_CLAIMED))
        name = verdict.model.label or verdict.model.architecture.name
        lines: list[Element] = [Remark((f"{count} row{'s' * (count > 1)} ({claimed}), {name}",))]
        for column in (verdict, *verdict.beside):
            if verdict.beside:
                lines.append(Paragraph((f"{column.table.title}:",)))
            lines.extend(_column(column))
        return (*lines, *map(_contradiction, verdict.contradictions))

    def record(self) -> Record:
        """Return the verdict for programs: `explanations` fit all rows, `partial` fits all except `misfits`."""
        verdict = self.verdict
        return {
            "verdict": self.standing.value,
            "model": verdict.model.label or verdict.model.architecture.name,
            "claimed": [row.stated.value for row in verdict.table.rows],
            "exact": None,
            "assumed": {str(s): str(n) if isinstance(n, Symbol) else n for s, n in verdict.assumed.items()},
            "terms": [],
            "explanations": [_fit(fit) for fit in verdict.fits],
            "partial": _fit(verdict.partial) if verdict.partial else None,
            "misfits": [_row(row) for row in verdict.misfits],
            "named": [{"line": n.row.line, "model": n.model_name, "stands": n.stands} for n in verdict.named],
            "contradictions": [{"line": c.row.line, "size": str(c.symbol)} for c in verdict.contradictions],
            "columns": [{"heading": v.table.title, "verdict": v.standing.value} for v in verdict.beside],
        }


def _column(verdict: TableVerdict) -> list[Element]:
    """Return the verdict on the numbers of one column."""
    lines: list[Element] = []
    if verdict.by_name:
        return _named(verdict)
    if verdict.assumed:
        numbers = {s: v for s, v in verdict.assumed.items() if not isinstance(v, Symbol)}
        equal = [f"{s} = {v}" for s, v in verdict.assumed.items() if isinstance(v, Symbol)]
        lines.append(Remark(("assumed ", Sizes(numbers), *([", "] if numbers and equal else []), ", ".join(equal))))
    if not verdict.fits:
        return [*lines, *_partial(verdict)]
    sound = [fit for fit in verdict.fits if fit.hypothesis.sound]
    if not sound:
        lines.append(Paragraph(("finding: no usual counting fits all rows. What fits them:",)))
        return [*lines, _table(verdict.fits[:MAX_SHOWN])]
    several = f"several explanations fit all rows, {len(verdict.fits)} in all; the simplest first:"
    lines.append(Paragraph((several if len(verdict.fits) > 1 else "one explanation fits all rows:",)))
    lines.append(_table(verdict.fits[:MAX_SHOWN]))
    cheapest = [fit for fit in sound if fit.cost == sound[0].cost]
    if len(cheapest) > 1:
        lines.append(Paragraph(("not identifiable: the data cannot tell equally simple explanations apart.",)))
    return [*lines, *_blurred(verdict.fits[0])]


def _named(verdict: TableVerdict) -> list[Element]:
    """Return each row with the count of the model that it names."""
    columns = (Column("line", right=True), Column("model"), Column("claimed", right=True), Column("verdict"))
    rows = tuple((str(n.row.line), n.model_name, n.row.text, _why(n)) for n in verdict.named)
    right = all(named.stands for named in verdict.named)
    heading = "each row" if right else "finding: not every row"
    what = "size of a checkpoint" if any(n.row.unit for n in verdict.named) else "count"
    return [Paragraph((f"{heading} is the {what} of the model that it names:",)), Table(columns, rows)]


def _why(named: NamedRow) -> str:
    """Say what a row's number counts, or what the model has instead."""
    if named.model is None or named.verdict is None:
        return f"not read: {named.problem}"
    if named.differing:
        sizes = ", ".join(f"{s} = {v:,}" for s, v in named.differing.items())
        return f"finding: the model has {sizes}"
    if not named.verdict.stands:
        best = f"; {named.verdict.matches[0].count.counting.name} would be" if named.verdict.matches else ""
        explained = f"{best} {named.verdict.matches[0].count.number:,}" if best else ""
        return f"finding: {named.model.cls} has {named.verdict.whole:,}{explained}"
    if not named.verdict.matches:
        return "stands"
    match = named.verdict.matches[0]
    if named.verdict.in_bytes:
        return f"stands: {match.count.counting.name}, {match.count.number:,}, {match.unit}"
    digits = f" to {named.row.stated.reading(match.step)}" if match.how == "rounded" and match.step > 1 else ""
    return f"stands: {match.count.counting.name}, {match.count.number:,}, {match.how}{digits}"


def _partial(verdict: TableVerdict) -> list[Element]:
    """Return the explanation of most rows, and the rows that it does not fit."""
    best, count = verdict.partial, len(verdict.table.rows)
    if best is None or not best.rows:
        return [Paragraph(("finding: no explanation fits any row.",))]
    if not verdict.misfits:
        alone = "finding: each row fits alone, but no sizes that the table leaves open fit all rows together:"
        return [Paragraph((alone,)), _table((best,))]
    columns = (Column("line", right=True), Column("model"), Column("claimed", right=True))
    rows = tuple((str(row.line), row.label, row.text) for row in verdict.misfits)
    return [
        Paragraph((f"finding: no explanation fits all rows. The best fits {len(best.rows)} of {count}:",)),
        _table((best,)),
        Paragraph(("It does not fit:",)),
        Table(columns, rows),
    ]


def _contradiction(contradiction: Contradiction) -> Paragraph:
    """Say which size of a row does not follow from its others."""
    row = f"line {contradiction.row.line}" + (f" ({contradiction.row.label})" if contradiction.row.label else "")
    sizes = ", ".join(f"{s} = {contradiction.row.sizes[s]}" for s in in_order(free(contradiction.formula)))
    follows = f"{said(contradiction.formula)} is {contradiction.implied} ({sizes})"
    return Paragraph((f"finding: {row} states {contradiction.symbol} = {contradiction.stated}, but {follows}.",))


def _table(fits: tuple[Fit, ...]) -> Table:
    unknown = any(fit.intervals or fit.published for fit in fits)
    columns = (Column("counting"), Column("numbers are"), *((Column("solved for"),) if unknown else ()))
    rows: list[tuple[Inline, ...]] = []
    for fit in fits:
        solved = "; ".join(_interval(interval) for interval in fit.intervals)
        if fit.published:
            solved = "published: " + ", ".join(f"{s} = {v:,}" for s, v in fit.published.items())
        rows.append((fit.hypothesis.name, fit.how, *((solved,) if unknown else ())))
    return Table(columns, tuple(rows))


def _interval(interval: Interval) -> str:
    names = " + ".join(f"{weight if weight != 1 else ''}{symbol}" for symbol, weight in interval.weights.items())
    if interval.low == interval.high:
        return f"{names} = {interval.low:,}"
    return f"{interval.low:,} <= {names} <= {interval.high:,}"


def _blurred(fit: Fit) -> list[Element]:
    """Say which sizes the rows cannot tell apart."""
    if len(fit.intervals) == 1 and len(fit.unknowns) == 2:
        names = " and ".join(f"{s} ({BY_SYMBOL[s].meaning})" for s in fit.unknowns)
        return [Paragraph((f"not identifiable: {names} enter every row together; only their sum is determined.",))]
    return []


def _fit(fit: Fit) -> Record:
    return {
        "counting": fit.hypothesis.name,
        "how": fit.how,
        "rows": len(fit.rows),
        "solved": [
            {"sum_of": {str(s): w for s, w in i.weights.items()}, "from": i.low, "to": i.high} for i in fit.intervals
        ],
    }


def _row(row: SizedRow) -> Record:
    return {"line": row.line, "model": row.label, "claimed": row.stated.value}
