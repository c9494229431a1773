"""The claims about costs in a document: amounts of work, caches and states, each read with its sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bertsym.claims.attribution import Owner, Owners
from bertsym.claims.costs.amounts import BYTES, Amount, amounts
from bertsym.claims.costs.circumstances import CACHE, FLOPS, MEMORY, STATES, Circumstances, circumstances, quantity_at
from bertsym.claims.costs.claims import CostVerdict, is_rule, judge_cost, stripped
from bertsym.claims.costs.countings import CostModel
from bertsym.claims.costs.formula_verdict import judge_cost_formula
from bertsym.claims.costs.notations import readings
from bertsym.claims.kinds import CostNumberClaim
from bertsym.claims.layout import Layout
from bertsym.claims.numerals import Numeral
from bertsym.claims.phrases import Quoted
from bertsym.claims.question import Question, about_model
from bertsym.errors import BertsymError, UnreadableFormula
from bertsym.quantities import Stated
from bertsym.values import value

# A formula in a sentence with such words counts work, whatever else the sentence says.
_WORK = re.compile(r"\bflops?\b|\bmacs?\b|floating[- ]point operations|multiply-adds|KV[- ]cache", re.IGNORECASE)
_OPEN = "the text does not say which model has this cost"


@value
class CostPassage:
    """A claim about a cost in a text, from `start` to `stop`, with its verdict or the reason for none."""

    start: int
    stop: int
    verdict: CostVerdict | None
    reason: str = ""


class CostReader:
    """The reader of the costs of one text; it judges equal claims in equal sentences anew, for their sizes differ."""

    def __init__(self, text: str, layout: Layout, owners: Owners, question: Question) -> None:
        self.text = text
        self.layout = layout
        self.owners = owners
        self.question = question

    def amounts(self) -> Iterator[CostPassage]:
        """Yield all amounts of work, and those of bytes in a sentence about a cache, states or memory."""
        for amount in amounts(self.text):
            begin, end = self.layout.sentence(amount.start)
            about = circumstances(self.text[begin:end])
            spoken = quantity_at(self.text[begin:end], amount.start - begin, amount.stop - begin)
            if amount.unit == BYTES and spoken not in (CACHE, STATES, MEMORY):
                continue
            of = spoken if amount.unit == BYTES else FLOPS
            if amount.unit != BYTES and about.quantity == CACHE:
                of = CACHE
            owner = self._owner(amount)
            verdict, reason = self._judged(amount, about, of, owner)
            yield CostPassage(amount.start, amount.stop, verdict, reason)

    def is_work(self, position: int) -> bool:
        """Return True if the sentence at a position speaks of work or of a cache."""
        return _WORK.search(self._sentence(position)) is not None

    def is_cost(self, position: int, piece: str) -> bool:
        """Return True if a formula is a rule of thumb such as 6ND, or its sentence speaks of work."""
        return is_rule(piece) or self.is_work(position)

    def formula(self, position: int, piece: str) -> CostPassage | None:
        """Return the verdict on a formula; None for a piece that is no formula of a cost."""
        sentence = self._sentence(position)
        about = circumstances(sentence)
        owner = self.owners.of_formula(position)
        model = owner.model or self.question.model
        of = about.quantity or FLOPS
        try:
            found = list(readings(stripped(piece), model, self.question.where))
            if not any(len(read.reading.names) > 1 for read in found):
                return None
            heads = about_model(self.question, model).heads
            verdict = judge_cost_formula(found, about, CostModel(model, heads, of), self.question.run)
        except UnreadableFormula:
            return None
        except BertsymError as error:
            return CostPassage(position, position + len(piece), None, str(error))
        return CostPassage(position, position + len(piece), verdict)

    def _sentence(self, position: int) -> str:
        start, stop = self.layout.sentence(position)
        return self.text[start:stop]

    def _owner(self, amount: Amount) -> Owner:
        """Return the model that the sentence names for an amount."""
        quoted = Quoted(
            amount.start, amount.stop, Numeral(amount.text, Stated(amount.stated, amount.steps)), at=amount.start
        )
        return self.owners.of_number(quoted, 0, 0)

    def _judged(self, amount: Amount, about: Circumstances, of: str, owner: Owner) -> tuple[CostVerdict | None, str]:
        if amount.problem or about.problem:
            return None, amount.problem or about.problem
        if owner.model is None:
            return None, owner.problem or _OPEN
        question = about_model(self.question, owner.model)
        claim = CostNumberClaim(amount.text, amount, about, of, question)
        try:
            verdict = judge_cost(claim)
        except BertsymError as error:
            return None, str(error)
        problem = getattr(verdict, "problem", "")
        return (None, problem) if problem else (verdict, "")
