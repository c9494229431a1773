"""The audit of a text: each of its claims with line and verdict, or with the reason why it could not be read."""

from __future__ import annotations

from bertsym.answers.audit_cost import why_of_amount, why_of_formula
from bertsym.answers.audit_parts import PartsAudit
from bertsym.answers.audit_table import TableAudit
from bertsym.claims.costs.formula_verdict import CostFormulaVerdict
from bertsym.claims.costs.number_verdict import CostNumberVerdict
from bertsym.claims.formula import FormulaVerdict
from bertsym.claims.number import NumberVerdict
from bertsym.claims.parts_table import PartsVerdict
from bertsym.claims.standing import Standing
from bertsym.claims.table import TableVerdict
from bertsym.claims.texts import JudgedClaim, TextVerdict
from bertsym.document import Column, Document, Element, Paragraph, Table
from bertsym.quantities import rounded
from bertsym.report import Record
from bertsym.values import value


@value
class TextAudit:
    """The verdicts on a text's claims."""

    verdict: TextVerdict
    path: str

    @property
    def claims(self) -> tuple[JudgedClaim, ...]:
        """Return the judged claims, in the order of the text."""
        return self.verdict.claims

    @property
    def standing(self) -> Standing:
        """Return the verdict on all claims together."""
        return self.verdict.standing

    def document(self) -> Document:
        """Return one row per claim, in the order of the text."""
        judged = [claim for claim in self.claims if claim.standing is not Standing.UNREAD]
        findings = sum(claim.standing.wrong for claim in judged)
        unread = len(self.claims) - len(judged)
        counts = ((len(judged), "claim judged", "claims judged"), (findings, "finding", "findings"))
        summary = ", ".join(f"{count} {singular if count == 1 else plural}" for count, singular, plural in counts)
        verdict = self.standing.value
        if not self.claims:
            return (Paragraph((f"{verdict}: {self.path} has no claim that could be read.",)),)
        lines: list[Element] = [Paragraph((f"{verdict}: {self.path}: {summary}, {unread} not read",))]
        named = any(claim.source for claim in self.claims)
        where = (Column("in"),) if named else ()
        columns = (*where, Column("line", right=True), Column("claim"), Column("verdict"), Column("why"))
        rows = tuple(
            (*((claim.source,) if named else ()), str(claim.line), _short(claim.text), _verdict(claim), _why(claim))
            for claim in self.claims
        )
        lines.append(Table(columns, rows))
        for claim in self.claims:
            if isinstance(claim.verdict, TableVerdict | PartsVerdict):
                table = (
                    TableAudit(claim.verdict) if isinstance(claim.verdict, TableVerdict) else PartsAudit(claim.verdict)
                )
                lines += [Paragraph((f"The table in line {claim.line}:",)), *table.document()]
        return tuple(lines)

    def record(self) -> Record:
        """Return the verdicts for programs, all among `explanations`; `terms` is empty."""
        return {
            "verdict": self.standing.value,
            "claimed": self.path,
            "exact": None,
            "terms": [],
            "explanations": [
                {
                    "in": c.source or None,
                    "line": c.line,
                    "claim": c.text,
                    "verdict": c.standing.value,
                    "why": _why(c),
                }
                for c in self.claims
            ],
        }


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _verdict(claim: JudgedClaim) -> str:
    return "not read" if claim.standing is Standing.UNREAD else claim.standing.value


def _why(claim: JudgedClaim) -> str:
    match claim.verdict:
        case None:
            return claim.reason
        case FormulaVerdict():
            return _of_formula(claim.verdict)
        case NumberVerdict():
            return _of_number(claim.verdict)
        case TableVerdict():
            return _of_table(claim.verdict)
        case CostNumberVerdict():
            return why_of_amount(claim.verdict)
        case CostFormulaVerdict():
            return why_of_formula(claim.verdict)
        case PartsVerdict():
            return f"{len(claim.verdict.parts)} rows of parts"


def _of_formula(verdict: FormulaVerdict) -> str:
    wrong = next((judgement for judgement in verdict.judgements if not judgement.stands), None)
    if wrong is None:
        figure = next((figure for figure in verdict.figures if not figure.how), None)
        if figure is not None:
            return f"comes to {int(figure.exact):,}"
        return verdict.judgements[0].nearest.name if verdict.agree else "its sides differ"
    error = "" if wrong.cost is None else f", {rounded(int(wrong.cost), 1)} off"
    return f"nearest: {wrong.nearest.name}{error}"


def _of_number(verdict: NumberVerdict) -> str:
    name = verdict.model.label or verdict.model.architecture.name
    if verdict.modules:
        return f"{verdict.modules[0].name} of {name}"
    if not verdict.stands:
        near = verdict.nearest[0] if verdict.nearest else None
        if near is not None and near.counting.scope:
            return f"no counting of {name}: {near.counting.name} has {near.number:,}"
        return f"no counting of {name}, which has {verdict.whole:,}"
    best = next(match for match in verdict.matches if match.sound)
    if verdict.in_bytes:
        return f"{best.count.counting.name} of {name}, {best.count.number:,}, {best.unit}"
    digits = f" to {verdict.stated.reading(best.step)}" if best.step > verdict.stated.steps[0] else ""
    return f"{best.count.counting.name} of {name}, {best.count.number:,}, {best.how}{digits}"


def _of_table(verdict: TableVerdict) -> str:
    if verdict.by_name:
        right = sum(named.stands for named in verdict.named)
        return f"{right} of {len(verdict.named)} rows are right about the models that they name"
    if verdict.fits:
        return f"{verdict.fits[0].hypothesis.name}, {verdict.fits[0].how}"
    rows = len(verdict.table.rows)
    explained = len(verdict.partial.rows) if verdict.partial else 0
    return f"the best explanation fits {explained} of {rows} rows"
