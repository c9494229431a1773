"""The audit of a number: the counts that match it, each at its precision."""

from __future__ import annotations

from bertsym.answers.answer_context import subject
from bertsym.claims.number import Count as Counted
from bertsym.claims.number import Match, NumberVerdict
from bertsym.claims.standing import Standing
from bertsym.convention import EXACT
from bertsym.document import Column, Count, Document, Element, Inline, Paragraph, Remark, Sizes, Table
from bertsym.report import Record
from bertsym.values import value

MAX_SHOWN = 5


@value
class NumberAudit:
    """The verdict on a number."""

    verdict: NumberVerdict
    text: str

    @property
    def standing(self) -> Standing:
        """Return the verdict, which decides the exit code of the command line."""
        return self.verdict.standing

    @property
    def standings(self) -> tuple[Standing, ...]:
        """Return the verdict on each claim: one."""
        return (self.standing,)

    def document(self) -> Document:
        """Return the readings of the number, the finest first, each with the counts that match."""
        verdict = self.verdict
        lines: list[Element] = [Remark((self._name(), " at ", Sizes(subject(verdict.model, EXACT).at)))]
        for step in verdict.stated.steps:
            lines.extend(self._reading(step))
        slips = [match for match in verdict.matches if match.slip]
        if slips:
            lines.append(Paragraph(("It would be this, had something gone wrong on the way:",)))
            lines.append(_table(slips))
        if not verdict.stands:
            lines.append(
                Paragraph((f"finding: no counting of this model comes to {self.text}. All of it, and the nearest:",))
            )
            lines.append(_nearest(verdict.nearest, verdict.stated.value))
        return tuple(lines)

    def record(self) -> Record:
        """Return the verdict for programs, with `explanations` in the order of the document."""
        verdict = self.verdict
        return {
            "verdict": self.standing.value,
            "model": self._name(),
            "claimed": verdict.stated.value,
            "exact": verdict.whole,
            "at": subject(verdict.model, EXACT).sizes(),
            "terms": [],
            "explanations": [
                {
                    "counting": match.count.counting.name,
                    "count": match.count.number,
                    "step": match.step,
                    "how": match.how,
                    "slip": match.slip or None,
                }
                for match in verdict.matches
            ],
            "nearest": [{"counting": c.counting.name, "count": c.number} for c in verdict.nearest],
        }

    def _name(self) -> str:
        return self.verdict.model.label or self.verdict.model.architecture.name

    def _reading(self, step: int) -> list[Element]:
        verdict = self.verdict
        matches = [match for match in verdict.matches if match.step == step and not match.slip]
        reading = verdict.stated.reading(step)
        claim = f"{self.text} as {reading}" if len(verdict.stated.steps) > 1 else self.text
        if not matches:
            return [Paragraph((f"{claim}: none.",))] if verdict.stands else []
        several = f"several, {len(matches)} countings" if len(matches) > 1 else "one counting"
        return [Paragraph((f"{claim}: {several}.",)), _table(matches)]


def _table(matches: list[Match]) -> Table:
    columns = (Column("counting"), Column("parameters", right=True), Column("how"))
    rows: list[tuple[Inline, ...]] = [
        (match.count.counting.name, Count(match.count.number), _how(match)) for match in matches[:MAX_SHOWN]
    ]
    if len(matches) > MAX_SHOWN:
        rows.append((f"and {len(matches) - MAX_SHOWN} more", "", ""))
    return Table(columns, tuple(rows))


def _how(match: Match) -> str:
    return f"{match.how}, {match.slip}" if match.slip else match.how


def _nearest(counted: tuple[Counted, ...], claimed: int) -> Table:
    columns = (Column("counting"), Column("parameters", right=True), Column("error of the claim", right=True))
    rows = tuple((c.counting.name, Count(c.number), f"{claimed - c.number:+,}".replace("-", "−")) for c in counted)
    return Table(columns, rows)
