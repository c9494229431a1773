"""Claims made from random conventions: the true ones stand and name it, and perturbed ones do not.

The numbers come from `count` of the measured model, and not from the countings of the audit.
"""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from bertsym.answers.audit import asked
from bertsym.answers.audit_cost import CostFormulaAudit, CostNumberAudit
from bertsym.claims.question import question
from bertsym.claims.standing import Standing
from bertsym.costs import quantity, sized
from bertsym.count import count, total
from bertsym.formulas.styles import Style, form
from bertsym.model import Model
from bertsym.resolve import load
from bertsym.symbols import B, S
from bertsym.values import replace
from bertsym.wording import pretty

WORK = quantity("flops")
MODELS = ("bert-base-uncased", "roberta-base", "gpt2-small", "Llama-2-7b-hf", "Mistral-7B-v0.1", "albert-base")
SEED = 20
DIGITS = 6


def drawn(draw: random.Random) -> tuple[Model, str, int, int]:
    """Return a model, a convention that it has, and the sizes of a run."""
    model = load(draw.choice(MODELS))
    names = [account.convention.name for account in WORK.accounts]
    names = [name for name in names if not name.startswith("electra")]
    return model, draw.choice(names), draw.randint(1, 64), draw.choice([32, 64, 128, 256, 512])


def number_of(model: Model, name: str, sequences: int, tokens: int) -> int:
    account = WORK.account(name)
    return count(sized(model, WORK, account, {B: sequences, S: tokens}), account.convention)


def judged(claim: str, model: Model) -> CostNumberAudit | CostFormulaAudit:
    about = replace(question(model, [model.head]), cost="flops", named=True)
    report, _ = asked(claim, about)
    assert isinstance(report, CostNumberAudit | CostFormulaAudit)
    return report


def written(number: int) -> str:
    """Write a number with six digits, as 9.66379e10."""
    return f"{Fraction(number, 1).numerator:.{DIGITS - 1}e}".replace("e+", "e")


@pytest.mark.parametrize("seed", range(SEED))
def test_a_true_number_stands_and_is_named(seed: int) -> None:
    draw = random.Random(seed)
    model, name, sequences, tokens = drawn(draw)
    number = number_of(model, name, sequences, tokens)
    claim = f"{written(number)} {'MACs' if name == 'macs' else 'FLOPs'} at S={tokens} and B={sequences}"
    report = judged(claim, model)
    assert isinstance(report, CostNumberAudit)
    assert report.standing is Standing.STANDS, (model.name, name, claim)
    assert name in {match.counting.convention.name for match in report.verdict.matches}, (model.name, claim)


@pytest.mark.parametrize("seed", range(SEED))
def test_a_perturbed_number_is_a_finding(seed: int) -> None:
    """A number that is off by 0.1% to 30% and rounds to no convention."""
    draw = random.Random(1000 + seed)
    model, name, sequences, tokens = drawn(draw)
    numbers = {number_of(model, account.convention.name, sequences, tokens) for account in WORK.accounts[:14]}
    wrong = number_of(model, name, sequences, tokens) * draw.randint(10_010, 13_000) // 10_000
    if any(abs(wrong - known) * 5_000 < known for known in numbers):
        pytest.skip("it happens to be another convention")
    report = judged(f"{written(wrong)} FLOPs at S={tokens} and B={sequences}", model)
    assert isinstance(report, CostNumberAudit)
    assert report.standing is Standing.FINDING, (model.name, name, wrong, report.verdict.matches)
    assert report.verdict.nearest


@pytest.mark.parametrize("seed", range(SEED))
def test_a_true_formula_stands_and_is_named(seed: int) -> None:
    """The polynomial of a convention, written out, in the letters of Megatron or of the tool."""
    draw = random.Random(2000 + seed)
    model, name, *_ = drawn(draw)
    account = WORK.account(name)
    measured = sized(model, WORK, account, {})
    text = pretty(form(total(measured, account.convention), Style.EXPANDED))
    megatron = draw.random() < 0.5 and not {"N", "E", "T"} & set(text)  # it has no positions and no narrow embeddings
    for ours, theirs in (("B", "b"), ("S", "s"), ("H", "h"), ("L", "l")) if megatron else ():
        text = text.replace(f"·{ours}", f"·{theirs}")
    report = judged(text, model)
    assert isinstance(report, CostFormulaAudit)
    assert report.standing is Standing.STANDS, (model.name, name, text)
    assert name in {equal.counting.convention.name for equal in report.verdict.equal}, (model.name, name, text)


@pytest.mark.parametrize("seed", range(SEED))
def test_a_wrong_coefficient_is_a_finding_that_names_the_term(seed: int) -> None:
    draw = random.Random(3000 + seed)
    model, name, *_ = drawn(draw)
    account = WORK.account(name)
    measured = sized(model, WORK, account, {})
    terms = pretty(form(total(measured, account.convention), Style.EXPANDED)).split(" + ")
    place = draw.randrange(len(terms))
    head, dot, rest = terms[place].partition("·")
    factor = int(head) if head.isdecimal() else 1
    terms[place] = f"{factor * 7 + 1}·{rest if head.isdecimal() else terms[place]}"
    report = judged(" + ".join(terms), model)
    assert isinstance(report, CostFormulaAudit)
    assert dot
    assert report.standing is Standing.FINDING, (model.name, name, terms)
    assert report.verdict.nearest is not None
    assert report.verdict.rows
