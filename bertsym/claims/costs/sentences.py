"""The claims about costs in a document: amounts of work, caches and states, each read with its sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from bertsym.claims.attribution import Owner, Owners
from bertsym.claims.costs.amounts import BYTES, Amount, amounts
from bertsym.claims.costs.circumstances import CACHE, FLOPS, MEMORY, STATES, Circumstances, Clauses, circumstances
from bertsym.claims.costs.claims import CostVerdict, is_rule, stripped
from bertsym.claims.costs.cost_judge import CostJudge, Judged
from bertsym.claims.costs.notations import readings
from bertsym.claims.kinds import CostFormulaClaim, CostNumberClaim
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


class _Sentence:
    """A sentence and what it says about costs, read once for all the claims that it holds."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def is_of_work(self) -> bool:
        """Return True if the sentence speaks of work or of a cache."""
        return _WORK.search(self.text) is not None

    @cached_property
    def about(self) -> Circumstances:
        """Return the circumstances that the sentence states."""
        return circumstances(self.text)

    @cached_property
    def clauses(self) -> Clauses:
        """Return the clauses of the sentence."""
        return Clauses(self.text)


class CostReader:
    """The reader of the costs of one text; equal claims whose sentences say the same are judged once."""

    def __init__(self, text: str, layout: Layout, owners: Owners, question: Question, judge: CostJudge) -> None:
        self.text = text
        self.layout = layout
        self.owners = owners
        self.question = question
        self.judge = judge
        self.sentences: dict[int, _Sentence] = {}
        self.formulas: dict[tuple[str, ...], Judged | None] = {}

    def amounts(self) -> Iterator[CostPassage]:
        """Yield all amounts of work, and those of bytes in a sentence about a cache, states or memory, in order."""
        for amount in amounts(self.text):
            begin, sentence = self._sentence(amount.start)
            of = sentence.clauses.quantity(amount.start - begin, amount.stop - begin)
            if amount.unit == BYTES and of not in (CACHE, STATES, MEMORY):
                continue
            if amount.unit != BYTES:
                of = CACHE if sentence.about.quantity == CACHE else FLOPS
            yield CostPassage(amount.start, amount.stop, *self._judged(amount, sentence.about, of))

    def is_cost(self, position: int, piece: str) -> bool:
        """Return True if a formula is a rule of thumb such as 6ND, or its sentence speaks of work."""
        return is_rule(piece) or self._sentence(position)[1].is_of_work

    def formula(self, position: int, piece: str) -> CostPassage | None:
        """Return the verdict on a formula; None for a piece that is no formula of a cost."""
        about = self._sentence(position)[1].about
        owner = self.owners.of_formula(position)
        key = (piece, repr(about), owner.name)
        if key not in self.formulas:
            self.formulas[key] = self._formula(piece, about, owner)
        judged = self.formulas[key]
        return None if judged is None else CostPassage(position, position + len(piece), *judged)

    def _formula(self, piece: str, about: Circumstances, owner: Owner) -> Judged | None:
        question = about_model(self.question, owner.model or self.question.model)
        try:
            found = tuple(readings(stripped(piece), question.model, self.question.where))
        except UnreadableFormula:
            return None
        except BertsymError as error:
            return None, str(error)
        if not any(len(read.reading.names) > 1 for read in found):
            return None
        claim = CostFormulaClaim(piece.strip(), found, about, about.quantity or FLOPS, question)
        return self.judge.judged(claim, owner.name)

    def _sentence(self, position: int) -> tuple[int, _Sentence]:
        """Return the sentence at a position, and where it begins."""
        start, stop = self.layout.sentence(position)
        if start not in self.sentences:
            self.sentences[start] = _Sentence(self.text[start:stop])
        return start, self.sentences[start]

    def _owner(self, amount: Amount) -> Owner:
        """Return the model that the sentence names for an amount."""
        quoted = Quoted(
            amount.start, amount.stop, Numeral(amount.text, Stated(amount.stated, amount.steps)), at=amount.start
        )
        return self.owners.of_number(quoted, 0, 0)

    def _judged(self, amount: Amount, about: Circumstances, of: str) -> Judged:
        if amount.problem or about.problem:
            return None, amount.problem or about.problem
        owner = self._owner(amount)
        if owner.model is None:
            return None, owner.problem or _OPEN
        question = about_model(self.question, owner.model)
        return self.judge.judged(CostNumberClaim(amount.text, amount, about, of, question), owner.name)
