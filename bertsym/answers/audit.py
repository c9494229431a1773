"""The audit of a claim: read, judged, and reported by the report of its kind."""

from __future__ import annotations

from bertsym.answers.audit_cost import CostFormulaAudit, CostNumberAudit
from bertsym.answers.audit_formula import FormulaAudit
from bertsym.answers.audit_number import NumberAudit
from bertsym.answers.audit_parts import PartsAudit
from bertsym.answers.audit_table import TableAudit
from bertsym.answers.audit_text import TextAudit
from bertsym.claims.classify import classify
from bertsym.claims.costs.formula_verdict import CostFormulaVerdict
from bertsym.claims.costs.number_verdict import CostNumberVerdict
from bertsym.claims.formula import FormulaVerdict
from bertsym.claims.judge import judge
from bertsym.claims.kinds import CalculationClaim, Claim, DocumentClaim, NumberClaim
from bertsym.claims.number import NumberVerdict
from bertsym.claims.parts_table import PartsVerdict
from bertsym.claims.question import Question
from bertsym.claims.standing import Standing
from bertsym.claims.table import TableVerdict
from bertsym.claims.texts import TextVerdict

ClaimAudit = CostNumberAudit | CostFormulaAudit | NumberAudit | FormulaAudit | TableAudit | PartsAudit | TextAudit


def asked(claim: str, question: Question, *, table: bool = False) -> tuple[ClaimAudit, tuple[str, ...]]:
    """Read and judge a claim; return the report and sentences that say how the claim was read.

    `table` reads the first table of a document instead. Raises what `claims.classify` and `claims.judge` raise.
    """
    read = classify(claim, question, table=table)
    return audited(read), read.notes


def standings(audit: ClaimAudit) -> tuple[Standing, ...]:
    """Return the verdict on each claim of an audit; together they decide the exit code of the command line."""
    return tuple(claim.standing for claim in audit.claims) if isinstance(audit, TextAudit) else (audit.standing,)


def audited(claim: Claim) -> ClaimAudit:
    """Return the report on a claim, as `claims.classify` read it; raises what `claims.judge` raises."""
    match claim, judge(claim):
        case NumberClaim(text), NumberVerdict() as verdict:
            return NumberAudit(verdict, text)
        case DocumentClaim(path), TextVerdict() as verdict:
            return TextAudit(verdict, path)
        case CalculationClaim(), TextVerdict() as verdict:
            return TextAudit(verdict, "the calculation")
        case _, CostNumberVerdict() as verdict:
            return CostNumberAudit(verdict)
        case _, CostFormulaVerdict() as verdict:
            return CostFormulaAudit(verdict)
        case _, TableVerdict() as verdict:
            return TableAudit(verdict)
        case _, PartsVerdict() as verdict:
            return PartsAudit(verdict)
        case _, FormulaVerdict() as verdict:
            return FormulaAudit(verdict)
    raise AssertionError(f"{type(claim).__name__} has no report")
