"""The audit of a table of parts: each row with the part that it counts, each total with the rows that it adds up."""

from __future__ import annotations

from bertsym.claims.parts_table import JudgedPart, PartsVerdict
from bertsym.claims.standing import Standing
from bertsym.document import Column, Document, Paragraph, Table
from bertsym.report import Record
from bertsym.values import value


@value
class PartsAudit:
    """The verdict on a table of parts."""

    verdict: PartsVerdict

    @property
    def standing(self) -> Standing:
        """Return the verdict."""
        return self.verdict.standing

    def document(self) -> Document:
        """Return one row for each part and total."""
        columns = (Column("line", right=True), Column("part"), Column("claim"), Column("verdict"), Column("why"))
        rows = tuple(
            (str(part.row.line), part.row.label, part.row.text, part.standing.value, why(part))
            for part in self.verdict.parts
        )
        summary = "a summary" if self.verdict.table.summary else "a table of parts"
        return (
            Paragraph((f"{self.standing.value}: {summary} of {self.verdict.name}, {len(rows)} rows.",)),
            Table(columns, rows),
        )

    def record(self) -> Record:
        """Return the verdict for programs, with one explanation for each row."""
        return {
            "verdict": self.standing.value,
            "model": self.verdict.name,
            "claimed": [part.row.text for part in self.verdict.parts],
            "exact": None,
            "terms": [],
            "explanations": [
                {
                    "line": part.row.line,
                    "part": part.row.label,
                    "verdict": part.standing.value,
                    "why": why(part),
                    "sum_of": list(part.summed),
                }
                for part in self.verdict.parts
            ],
        }


def why(part: JudgedPart) -> str:
    """Say what a row counts, or what its part counts instead."""
    if part.modules:
        return ", ".join(part.modules)
    if part.verdict is None or part.problem:
        return part.problem
    judgement = part.verdict.judgements[0]
    figure = next((figure for figure in part.verdict.figures if not figure.how), None)
    if figure is not None:
        return f"its formula comes to {int(figure.exact):,}"
    if not judgement.stands:
        return f"not {judgement.nearest.name}, the nearest"
    summed = f"; the sum of {len(part.summed)} rows above" if part.summed else ""
    return judgement.equal[0].name + summed
