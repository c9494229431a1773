"""The verdicts on the costs that one document claims."""

from __future__ import annotations

from bertsym.claims.costs.claims import CostVerdict, cost_model, judge_cost
from bertsym.claims.costs.countings import CostModel
from bertsym.claims.kinds import CostClaim, CostNumberClaim
from bertsym.claims.limits import MAX_COSTS, TooMany
from bertsym.errors import BertsymError
from bertsym.values import replace

Judged = tuple[CostVerdict | None, str]
"""A verdict, or the reason for none."""


class CostJudge:
    """The judge of the claims of one document: equal claims about a model are judged once."""

    def __init__(self) -> None:
        self.verdicts: dict[tuple[str, ...], Judged] = {}
        self.models: dict[tuple[str, ...], CostModel] = {}

    def judged(self, claim: CostClaim, name: str) -> Judged:
        """Return the verdict on a claim about the model of that name, or the reason for none.

        Raises `TooMany` beyond `MAX_COSTS` different claims.
        """
        said = repr(replace(claim.amount, start=0, stop=0)) if isinstance(claim, CostNumberClaim) else claim.text
        key = (said, repr(claim.about), claim.of, name)
        if key not in self.verdicts:
            if len(self.verdicts) == MAX_COSTS:
                raise TooMany("claims about costs", MAX_COSTS + 1, MAX_COSTS)
            self.verdicts[key] = self._judged(claim, name)
        return self.verdicts[key]

    def _judged(self, claim: CostClaim, name: str) -> Judged:
        key = (type(claim).__name__, name, claim.of, claim.about.optimizer)
        try:
            if key not in self.models:
                self.models[key] = cost_model(claim)
            verdict = judge_cost(claim, self.models[key])
        except BertsymError as error:
            return None, str(error)
        problem = getattr(verdict, "problem", "")
        return (None, problem) if problem else (verdict, "")
