"""True claims in random notations stand, false ones are findings that name the term, and no claim is passed over.

The claims come from the totals that `bertsym total` writes, which share no code with the countings of `audit`.
"""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
import sympy

import bertsym
from bertsym.claims.formula import FormulaVerdict, judge_formula
from bertsym.claims.numerals import numeral
from bertsym.claims.parser import read
from bertsym.claims.question import all_heads
from bertsym.claims.sources import Source
from bertsym.claims.standing import Standing
from bertsym.claims.texts import judge_document
from bertsym.convention import CONVENTIONS

SEED = 20261128
CASES = 80
FAMILIES = ("bert", "gpt2", "roberta", "distilbert", "albert", "llama", "electra", "opt", "gpt_neox")
# One spelling of each size for each of these authors; a size that an author does not name goes by its public name.
NOTATIONS: tuple[dict[str, str], ...] = (
    {},
    {"H": "h", "L": "l", "N": "S"},
    {"H": "hidden_size", "L": "num_hidden_layers", "V": "vocab_size"},
    {"H": "d_model", "L": "n_layer", "V": "n_vocab"},
    {"H": r"d_{\text{model}}", "L": r"n_{\text{layer}}"},
)
TIMES = ("*", " ", r" \cdot ", " × ")
Polynomial = dict[tuple[tuple[str, int], ...], Fraction]


def polynomial(model: bertsym.Model, convention: str) -> Polynomial:
    """Return the terms of the total, as the command `total` has it; empty if it has a bracket or a quotient."""
    expression = sympy.expand(model.total(convention).expression)
    terms: Polynomial = {}
    for term in sympy.Add.make_args(expression):
        coefficient, factors = term.as_coeff_mul()
        powers = [factor.as_base_exp() for factor in factors]
        if not all(base.is_Symbol and power.is_Integer and power > 0 for base, power in powers):
            return {}
        key = tuple(sorted((str(base), int(power)) for base, power in powers))
        terms[key] = Fraction(int(coefficient.p), int(coefficient.q))
    return terms


def written(terms: Polynomial, draw: random.Random) -> str:
    """Write terms in a random order, with random spellings of sizes, signs and powers."""
    spellings, times = draw.choice(NOTATIONS), draw.choice(TIMES)
    if times == " " and any(len(name) > 1 and "{" not in name for name in spellings.values()):
        times = "*"
    tex = any("\\" in name for name in (*spellings.values(), times))
    pieces = []
    for powers, coefficient in draw.sample(sorted(terms.items()), len(terms)):
        factors = [str(coefficient)] if coefficient != 1 or not powers else []
        for name, power in draw.sample(powers, len(powers)):
            raised = "" if power == 1 else f"^{power}" if tex or draw.random() < 0.5 else f"**{power}"
            factors.append(spellings.get(name, rf"\text{{{name}}}" if tex and len(name) > 1 else name) + raised)
        pieces.append(("*" if times == " " and any(len(f) > 2 for f in factors) else times).join(factors))
    return " + ".join(pieces)


def judged(model: bertsym.Model, claim: str) -> FormulaVerdict:
    spec = model.spec
    return judge_formula(read(claim, "auto", {}, spec), spec, all_heads(spec))


def claims() -> list[tuple[str, str, str, int]]:
    """Return a family, a head, a convention and a seed for each case."""
    draw = random.Random(SEED)
    chosen: list[tuple[str, str, str, int]] = []
    while len(chosen) < CASES:
        family = draw.choice(FAMILIES)
        head = draw.choice(sorted(bertsym.load(family).heads))
        chosen.append((family, head, draw.choice(sorted(CONVENTIONS)), draw.randrange(10**9)))
    return chosen


@pytest.mark.parametrize(("family", "head", "convention", "seed"), claims())
def test_a_true_claim_stands_and_a_changed_coefficient_is_found(
    family: str, head: str, convention: str, seed: int
) -> None:
    draw = random.Random(seed)
    try:
        model = bertsym.load(family).with_head(head)
        terms = polynomial(model, convention)
    except bertsym.BertsymError:
        pytest.skip("the class has no such count")
    if not terms or any(name == "labels" for powers in terms for name, _ in powers):
        pytest.skip("the total is no polynomial of sizes that papers name")
    claim = written(terms, draw)
    verdict = judged(model, claim)
    assert verdict.standing is Standing.STANDS, claim
    assert verdict.judgements[0].nearest.custom is not None or verdict.judgements[0].nearest.part, claim
    changed = draw.choice(sorted(terms))
    factor = draw.choice((Fraction(2), Fraction(1, 2), Fraction(3)))
    false = terms | {changed: terms[changed] * factor}
    refuted = judged(model, written(false, draw))
    if refuted.standing is Standing.STANDS:  # a custom of its own, such as a table that is counted twice
        assert refuted.judgements[0].nearest.name != verdict.judgements[0].nearest.name
        return
    named = {tuple(sorted((str(base), power) for base, power in row.monomial)) for row in refuted.judgements[0].rows}
    omissions = refuted.judgements[0].omissions
    assert changed in named or omissions is not None, (claim, changed, named)


@pytest.mark.parametrize("seed", range(20))
def test_the_same_number_in_any_notation(seed: int) -> None:
    draw = random.Random(seed)
    number = draw.randrange(10**6, 10**10)
    grouped = f"{number:,}"
    spellings = [str(number), grouped, *(grouped.replace(",", mark) for mark in (".", " ", "\u202f", "'", "_", "{,}"))]
    spellings.append(str(number).translate({ord("0") + digit: ord("０") + digit for digit in range(10)}))
    for text in spellings:
        found = numeral(text)
        assert found is not None, text
        assert (found.stated.value, found.stated.steps[0]) == (number, 1), text


STATEMENTS = (
    "BERT-base has {} parameters.",
    "The number of parameters of BERT-base is {}.",
    "BERT-base ({}) is a model with few parameters.",
    "BERT-base 的参数量为 {}。",
    "BERT-base hat {} Parameter.",
    "With few parameters, BERT-base is small at {}.",
    "| Model | Params |\n| --- | --- |\n| BERT-base | {} |",
    "Zephyr-Large-9 has {} parameters.",
    "It has {} parameters.",
    "The formula for the parameters is $12LH^2 + {}$.",
    r"The parameters are $\sum_i 12 L_i H^2 = {}$.",
)


@pytest.mark.parametrize("seed", range(30))
def test_no_document_stands_whose_claim_was_not_read(seed: int) -> None:
    draw = random.Random(seed)
    false = draw.choice(("123M", "1,2 Milliarden", "2.5亿", "77,777,777", r"3.1 \times 10^8", "118 million"))
    statement = draw.choice(STATEMENTS).format(false)
    lines = ["# A page", "", "BERT-base has 110M parameters.", "", "Other words, of 12 apples.", "", statement, ""]
    spec = bertsym.load("bert").spec
    from bertsym.claims.question import question

    verdict = judge_document(
        (Source("", "\n".join(lines), ".md" if statement.startswith("|") else draw.choice((".md", ".txt", ".tex"))),),
        question(spec),
    )
    assert verdict.standing is not Standing.STANDS, statement
