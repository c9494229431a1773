"""A typed claim about a cost: an amount with its sentence, or a formula. Other claims have readers of their own."""

from __future__ import annotations

import re

from bertsym.claims.costs.amounts import BYTES, PARAMETERS, Amount, amounts, plain_amount
from bertsym.claims.costs.circumstances import (
    CACHE,
    FLOPS,
    LORA,
    MEMORY,
    STATES,
    Circumstances,
    Clauses,
    circumstances,
)
from bertsym.claims.costs.countings import CostModel
from bertsym.claims.costs.formula_verdict import CostFormulaVerdict, judge_cost_formula
from bertsym.claims.costs.notations import readings
from bertsym.claims.costs.number_verdict import CostNumberVerdict, judge_cost_number
from bertsym.claims.kinds import CostClaim, CostFormulaClaim, CostNumberClaim
from bertsym.claims.ledger import at_base
from bertsym.claims.numerals import NUMERAL, ascii_digits, read_numeral
from bertsym.claims.phrases import quoted_numbers
from bertsym.claims.question import Question, asked_about
from bertsym.claims.subjects import Mention, mentions, named_by
from bertsym.errors import UnreadableFormula
from bertsym.model import Model

CostVerdict = CostNumberVerdict | CostFormulaVerdict
MAX_CLAIM = 2_000
"""The most characters of a typed claim."""

# The rules of thumb that their letters alone identify.
_RULE = re.compile(
    r"(?:C?\s*(?:=|≈|~|\\approx|\\sim(?:eq)?)\s*)?[26]\s*(?:[*·]|\\cdot)?\s*[NP]\s*(?:[*·]|\\cdot)?\s*"
    r"(?:D|B\s*[*·]?\s*S)(?:\s*(?:≈|=).*)?"
)
_UNIT_WORDS = re.compile(
    r"flops?\b|\bmacs?\b|mult(?:iply)?[- ]?adds?|floating[- ]point|(?:/|per|each|every) ?token|\bbytes\b|\bKV\b|cache",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:(?<![A-Za-z_])|(?=[/\s,]))[\s,]*"
    r"(?:(?:in )?(?:FLOPs?|flops?|MACs?|bytes?|elements?|multiply-adds?|(?:(?:trained|trainable) )?parameters?)"
    r"|(?:/|per|for (?:each|every)|for a|for one|each|a) ?(?:single |transformer |generated )?"
    r"(?:tokens?|sequences?|samples?|layers?|blocks?)"
    r"|(?:for|in|of|at)? ?(?:a |the |each |one )?(?:(?:forward|backward) pass|training step|training|inference|forward)"
    r"|(?:of|for) (?:the )?(?:saved |stored |kept )?(?:activations?(?: memory)?|KV[- ]cache|optimizer states?)"
    r"|(?:in|with|at) (?:fp|bf|float|int)\d+)\s*\.?\s*\Z",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"\A\s*(?:(?:the )?(?:total |training |inference |forward )?"
    r"(?:FLOPs?|compute|KV[- ]cache(?: size)?|cache(?: size)?|memory|cost|MACs?)(?: (?:per|of|for|in) [\w ]{1,40})?"
    r"\s*(?:=|≈|:|is|are)\s*)",
    re.IGNORECASE,
)
_EACH = re.compile(
    r"(?P<number>\d{1,3}(?:\.\d{1,3})?)\s*(?:bytes?|B)\s*(?:/|per|for each|a)\s*(?:param(?:eter)?s?|weight)\b",
    re.IGNORECASE,
)
_EQUATION = re.compile(r"(?P<formula>.*[^\s=≈~])\s*(?:=|≈|~|\\approx)\s*\Z", re.DOTALL)
_FACTOR = re.compile(r"[*·×/+^(]\s*\Z")
_FACTORS = re.compile(r"[*·×^²³/()+]")
_OPERATES = re.compile(r"[*·×^²³/()+]|\d\s?[A-Za-z]{1,6}\b")


def cost_claim(claim: str, question: Question) -> CostClaim | None:
    """Read a claim as one about a cost; None if it is none, or a sentence with several.

    The user may say the quantity. Otherwise a unit of work says it, words for a cache or an optimizer, or a rule such
    as 6ND. Raises `UnreadableFormula` for a formula that the user calls a cost and that no notation reads.
    """
    if len(claim) > MAX_CLAIM:
        return None
    about = circumstances(claim)
    of = question.cost or about.quantity
    each = _EACH.search(claim)
    if each is not None and of in ("", STATES):
        return _formula(f"{each['number']}*N", claim, about, STATES, question)
    found = _amounts(claim, of, explicit=bool(question.cost))
    if len(found) > 1 or (found and _states_another(claim, found[0])):
        return None
    if found:
        return _with_amount(claim, found[0], about, question)
    rule = is_rule(claim)
    if not (question.cost or rule or _UNIT_WORDS.search(claim)):
        return None
    return _typed_formula(claim, about, FLOPS if rule and not question.cost else of or FLOPS, question)


def is_rule(text: str) -> bool:
    """Return True for a rule of thumb that is known by its letters: 6ND, C = 2ND, 6NBS.

    >>> is_rule("C ≈ 6ND"), is_rule("$6 N D$"), is_rule("6NH")
    (True, True, False)
    """
    return _RULE.fullmatch(text.strip(" $.\n")) is not None


def _amounts(claim: str, of: str, *, explicit: bool) -> list[Amount]:
    """Return the amounts of a claim: bytes only if the words name a cost, plain numbers only for an adapter."""
    plain = ascii_digits(claim)
    named = [range(mention.start, mention.stop) for mention in mentions(claim)]
    found = [
        amount
        for amount in amounts(claim)
        if (amount.unit != BYTES or explicit or _spoken(claim, amount) in (CACHE, STATES, MEMORY))
        and not _FACTOR.search(plain, 0, amount.start)
    ]
    if found or of != LORA or not explicit or _FACTORS.search(plain):
        return found
    for match in re.finditer(rf"(?<![A-Za-z0-9.,^_=]){NUMERAL}", plain):
        read = read_numeral(match)
        of_name = any(match.start() in stretch for stretch in named)
        if read is not None and read[0].stated.value >= LEAST_ADAPTER and not of_name:
            found.append(plain_amount(plain, match.start(), read[1], read[0]))
    return found


def _spoken(claim: str, amount: Amount) -> str:
    """Return the quantity that the clause of an amount, or a label before a colon, names."""
    return Clauses(claim).quantity(amount.start, amount.stop)


LEAST_ADAPTER = 1_000
"""The smallest number that counts the parameters of an adapter; a smaller one is its rank."""


def _states_another(claim: str, amount: Amount) -> bool:
    """Return True if a claim states another number besides an amount; it is then two claims."""
    if amount.unit == PARAMETERS:
        return False
    named = [range(mention.start, mention.stop) for mention in mentions(claim)]
    return any(
        (quoted.stop <= amount.start or quoted.at >= amount.stop) and not any(quoted.at in stretch for stretch in named)
        for quoted in quoted_numbers(ascii_digits(claim))
    )


def _with_amount(claim: str, amount: Amount, about: Circumstances, question: Question) -> CostClaim:
    """Return the amount as a claim, or the formula that is said to come to it."""
    of = question.cost or (_spoken(claim, amount) if amount.unit == BYTES else FLOPS)
    before = claim[: amount.start]
    equation = _EQUATION.fullmatch(before)
    if equation is not None and _OPERATES.search(equation["formula"]):
        try:
            return _formula(stripped(equation["formula"]), claim, about, of, question, amount)
        except UnreadableFormula:
            pass
    about_model, notes, mention = _asked(claim, question, amount)
    words = _words(before, mention)
    return CostNumberClaim(amount.text, amount, about, of, about_model, notes, words)


def _asked(claim: str, question: Question, amount: Amount | None) -> tuple[Question, tuple[str, ...], Mention | None]:
    """Return the question about the model that the claim names; raises `Unreadable` for several or an unknown name."""
    outside = claim if amount is None else f"{claim[: amount.start]} {claim[amount.stop :]}"
    named = mentions(outside)
    label = claim if amount is None else claim[: amount.start].strip(" :=≈,(")
    mention = named_by(label) if label and len(label) < len(claim) else None
    if mention is None and len(named) == 1:
        mention = named[0]
    asked, notes = asked_about(question, mention, label)
    if not asked.model.given:
        notes = (*notes, f"sizes of {asked.model.architecture.base}, as none are given")
    return asked, notes, mention


def _words(before: str, mention: Mention | None) -> str:
    """Return the words of a label besides the name of the model."""
    bare = before if mention is None else before.replace(mention.text, " ")
    return " ".join(re.sub(r"[^\w\s-]", " ", bare).split()).strip()


def stripped(text: str) -> str:
    """Return a formula without the words before and behind it that say what it counts."""
    bare = _HEAD.sub("", text.strip()).strip()
    while (shorter := _TAIL.sub("", bare)) != bare:
        bare = shorter.strip()
    return bare


def _typed_formula(claim: str, about: Circumstances, of: str, question: Question) -> CostFormulaClaim | None:
    label, colon, rest = claim.partition(":")
    mention = named_by(label) if colon else None
    text, asked = claim, question
    notes: tuple[str, ...] = ()
    if mention is not None:
        asked, said = asked_about(question, mention, label)
        text, notes = rest, said
    try:
        return _formula(stripped(text), claim, about, of, asked, notes=notes)
    except UnreadableFormula:
        if question.cost:
            raise
        return None


def _formula(
    text: str,
    claim: str,
    about: Circumstances,
    of: str,
    question: Question,
    result: Amount | None = None,
    notes: tuple[str, ...] = (),
) -> CostFormulaClaim:
    found = tuple(readings(text, question.model, question.where))
    return CostFormulaClaim(claim, found, about, of, question, result, notes)


def judge_cost(claim: CostClaim, costs: CostModel | None = None) -> CostVerdict:
    """Return the verdict on a claim about a cost; `costs` are those of its model, if they are there already.

    Raises `NotKnownOf` or `HasNo` for a model that has no such cost.
    """
    costs = costs or cost_model(claim)
    match claim:
        case CostNumberClaim():
            return judge_cost_number(claim.amount, claim.about, costs, words=claim.words, run=claim.question.run)
        case CostFormulaClaim():
            return judge_cost_formula(claim.readings, claim.about, costs, claim.question.run, claim.result)


def cost_model(claim: CostClaim) -> CostModel:
    """Return the costs of the model that a claim is about; an amount is judged at sizes, those of base if none are."""
    asked = claim.question
    optimizers = (claim.about.optimizer,) if claim.about.optimizer else ("adamw",)
    model = _sized(asked.model) if isinstance(claim, CostNumberClaim) else asked.model
    return CostModel(model, asked.heads, claim.of, optimizers)


def _sized(model: Model) -> Model:
    return model if model.given else at_base(model)
