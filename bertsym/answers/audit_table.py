"""The audit of a table: the explanations that fit all rows, the sizes that are not stated, the rows that do not fit."""

from __future__ import annotations

from bertsym.claims.integer_bounds import Interval
from bertsym.claims.standing import Standing
from bertsym.claims.table import Fit, TableVerdict
from bertsym.claims.tablefile import SizedRow
from bertsym.document import Column, Document, Element, Inline, Paragraph, Remark, Sizes, Table
from bertsym.report import Record
from bertsym.symbols import BY_SYMBOL
from bertsym.values import value

MAX_SHOWN = 5


@value
class TableAudit:
    """The verdict on a table."""

    verdict: TableVerdict

    @property
    def standing(self) -> Standing:
        """Return the verdict, which decides the exit code of the command line."""
        return self.verdict.standing

    @property
    def standings(self) -> tuple[Standing, ...]:
        """Return the verdict on each claim: one."""
        return (self.standing,)

    def document(self) -> Document:
        """Return the explanations of all rows, the simplest first, or else of most rows."""
        verdict = self.verdict
        count = len(verdict.table.rows)
        lines: list[Element] = [Remark((f"{count} rows, {verdict.model.label or verdict.model.architecture.name}",))]
        if verdict.assumed:
            lines.append(Remark(("assumed ", Sizes(verdict.assumed))))
        if verdict.fits:
            cheapest = [fit for fit in verdict.fits if fit.cost == verdict.fits[0].cost]
            several = f"several explanations fit all rows, {len(verdict.fits)} in all; the simplest first:"
            lines.append(Paragraph((several if len(verdict.fits) > 1 else "one explanation fits all rows:",)))
            lines.append(_table(verdict.fits[:MAX_SHOWN]))
            if len(cheapest) > 1:
                lines.append(Paragraph(("not identifiable: the data cannot tell equally simple explanations apart.",)))
            lines.extend(_blurred(verdict.fits[0]))
        else:
            lines.extend(self._partial())
        return tuple(lines)

    def record(self) -> Record:
        """Return the verdict for programs: `explanations` fit all rows, `partial` fits all except `misfits`."""
        verdict = self.verdict
        return {
            "verdict": self.standing.value,
            "model": verdict.model.label or verdict.model.architecture.name,
            "claimed": [row.stated.value for row in verdict.table.rows],
            "exact": None,
            "assumed": {str(symbol): number for symbol, number in verdict.assumed.items()},
            "terms": [],
            "explanations": [_fit(fit) for fit in verdict.fits],
            "partial": _fit(verdict.partial) if verdict.partial else None,
            "misfits": [_row(row) for row in verdict.misfits],
        }

    def _partial(self) -> list[Element]:
        best, count = self.verdict.partial, len(self.verdict.table.rows)
        if best is None or not best.rows:
            return [Paragraph(("finding: no explanation fits any row.",))]
        columns = (Column("line", right=True), Column("model"), Column("claimed", right=True))
        rows = tuple((str(row.line), row.label, row.text) for row in self.verdict.misfits)
        return [
            Paragraph((f"finding: no explanation fits all rows. The best fits {len(best.rows)} of {count}:",)),
            _table((best,)),
            Paragraph(("It does not fit:",)),
            Table(columns, rows),
        ]


def _table(fits: tuple[Fit, ...]) -> Table:
    unknown = any(fit.intervals for fit in fits)
    columns = (Column("counting"), Column("numbers are"), *((Column("solved for"),) if unknown else ()))
    rows: list[tuple[Inline, ...]] = []
    for fit in fits:
        solved = "; ".join(_interval(interval) for interval in fit.intervals)
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
