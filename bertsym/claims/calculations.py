"""Calculations with rounded numbers: `12 layers x 7.1M = 85M` says what one layer has, how many there are, and the sum.

A rounded number is no exact term of a formula. Each number of a product is judged for what it counts; any other
calculation with rounded numbers is listed as not read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from bertsym.claims.kinds import CalculationClaim
from bertsym.claims.ledger import at_base
from bertsym.claims.number import judge_number
from bertsym.claims.numerals import Numeral, ascii_digits, numeral
from bertsym.claims.question import Question
from bertsym.claims.tensor_polynomials import known_sizes
from bertsym.claims.texts import JudgedClaim, TextVerdict
from bertsym.symbols import L

MAX_CALCULATION = 400
"""The characters of a calculation."""
ONE_LAYER = "one layer"

_TIMES = r"(?:[x×*·]|\\times|\\cdot|\btimes\b)"
_OF_PARAMETERS = re.compile(r"\s*(?:parameters?|params?)(?:\s+(?:each|per\s+layer))?\s*$", re.IGNORECASE)
_PRODUCT = re.compile(
    rf"(?P<count>\d{{1,3}})(?P<noun>\s+(?:transformer |encoder |decoder )?(?:layers?|blocks?))?\s*{_TIMES}\s*"
    r"(?P<part>[^=≈]+?)\s*(?:[=≈]\s*(?P<whole>[^=≈]+))?"
)
_OPERATORS = re.compile(rf"\s*(?:{_TIMES}|[-+−–/()])\s*")
_EQUAL = re.compile(r"[=≈]")


def calculation(claim: str, question: Question) -> CalculationClaim | None:
    """Return a calculation with a rounded number in it; None for any other claim, such as a sum of exact numbers.

    >>> from bertsym.claims.question import question
    >>> from bertsym.zoo import named
    >>> [calculation(text, question(named("bert"))) is None for text in ("12 x 7.1M = 85M", "12*768*768", "110M")]
    [False, True, True]
    """
    bare = ascii_digits(claim).strip().strip("$")
    if len(bare) > MAX_CALCULATION:
        return None
    match = _PRODUCT.fullmatch(bare)
    if match is not None:
        part, whole = _number(match["part"]), _number(match["whole"] or "")
        if part is not None and (whole is not None or not match["whole"]) and (match["noun"] or _is_rounded(part)):
            return CalculationClaim(claim.strip(), question, int(match["count"]), part, whole)
    sides = [[_number(piece) for piece in _OPERATORS.split(side) if piece] for side in _EQUAL.split(bare)]
    if all(number is not None for side in sides for number in side) and any(map(_has_rounded, sides)):
        return CalculationClaim(claim.strip(), question)
    return None


def _has_rounded(side: Sequence[Numeral | None]) -> bool:
    """Return True if a side calculates with a rounded number; a result alone may be rounded."""
    return len(side) > 1 and any(number is not None and _is_rounded(number) for number in side)


def _number(text: str) -> Numeral | None:
    """Return the number that a text is, if it counts no bytes."""
    found = numeral(_OF_PARAMETERS.sub("", text.strip()))
    return None if found is None or found.unit else found


def _is_rounded(number: Numeral) -> bool:
    return number.stated.steps[0] > 1


def judge_calculation(claim: CalculationClaim) -> TextVerdict:
    """Judge the part of a product as one layer, its number as that of the layers, and its result as a count.

    The result also has to be the product. Raises `MissingSize` for a model of which a size is unknown.
    """
    question = claim.question
    if claim.part is None:
        problem = "a calculation with rounded numbers: claim each of them alone, with the name of what it counts"
        return TextVerdict((JudgedClaim(1, claim.text, None, problem),))
    model = question.model if question.model.given else at_base(question.model)
    each = judge_number(claim.part.stated, model, question.heads, words=ONE_LAYER)
    claims = [JudgedClaim(1, f"{claim.part.text} in one layer", each)]
    depth = known_sizes(model).get(L)
    if depth != claim.count:
        problem = f"{claim.count} is not the number of layers of {model.name}, {depth}"
        claims.append(JudgedClaim(1, f"{claim.count} layers", None, problem))
    if claim.result is not None:
        claims.append(JudgedClaim(1, claim.result.text, judge_number(claim.result.stated, model, question.heads)))
        product = claim.count * claim.part.stated.value
        room = Fraction(claim.count * claim.part.stated.steps[0] + claim.result.stated.steps[0], 2)
        exact = not _is_rounded(claim.part) and not _is_rounded(claim.result)
        if abs(product - claim.result.stated.value) > (0 if exact else room):
            claims.append(JudgedClaim(1, claim.text, None, f"the product is {product:,}", wrong=True))
    return TextVerdict(tuple(claims))
