"""The verdict on a claim: each kind of claim has its own judge, and each verdict says in `standing` if it is right."""

from __future__ import annotations

from bertsym.claims.calculations import judge_calculation
from bertsym.claims.costs.claims import CostVerdict, judge_cost
from bertsym.claims.formula import FormulaVerdict, judge_formula
from bertsym.claims.kinds import (
    CalculationClaim,
    Claim,
    CostFormulaClaim,
    CostNumberClaim,
    DocumentClaim,
    FormulaClaim,
    ModelTableClaim,
    NumberClaim,
    PartsTableClaim,
    SumClaim,
)
from bertsym.claims.ledger import at_base
from bertsym.claims.number import NumberVerdict, judge_number
from bertsym.claims.parts_table import PartsVerdict
from bertsym.claims.table import TableVerdict
from bertsym.claims.tables import judge_table_claim
from bertsym.claims.texts import TextVerdict, judge_document
from bertsym.values import replace

Verdict = NumberVerdict | FormulaVerdict | CostVerdict | TableVerdict | PartsVerdict | TextVerdict


def judge(claim: Claim) -> Verdict:
    """Return the verdict on a claim about the model of its question.

    A number is judged at the sizes of the base model if the question's model has none.

    Raises `MissingSize` for a number about a model of which a size is unknown, `TooManyUnknown` for a table that leaves
    too many sizes open, `TooManyJudged`, `TooMany` or `TooLarge` for a claim beyond the bounds of its kind.

    >>> from bertsym.claims.classify import classify
    >>> from bertsym.claims.question import question
    >>> from bertsym.zoo import named
    >>> bert = question(named("bert"))
    >>> judge(classify("12LH^2", bert)).standing.value, judge(classify("11LH^2", bert)).standing.value
    ('stands', 'finding')
    """
    question = claim.question
    match claim:
        case NumberClaim():
            model = question.model if question.model.given else at_base(question.model)
            verdict = judge_number(
                claim.stated,
                model,
                question.heads,
                unit=claim.unit,
                precision=claim.precision,
                words=claim.words,
                whole=claim.whole,
            )
            return replace(verdict, tolerance=question.tolerance)
        case FormulaClaim() | SumClaim():
            return judge_formula(
                claim.reading, question.model, question.heads, question.of, tolerance=question.tolerance
            )
        case CostNumberClaim() | CostFormulaClaim():
            return judge_cost(claim)
        case CalculationClaim():
            return judge_calculation(claim)
        case ModelTableClaim() | PartsTableClaim():
            return judge_table_claim(claim)
        case DocumentClaim():
            return judge_document(claim.sources, question)
