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
from bertsym.claims.interpretations import Counting
from bertsym.claims.number import NumberVerdict
from bertsym.claims.numerals import numeral
from bertsym.claims.parser import read
from bertsym.claims.question import all_heads, question
from bertsym.claims.sources import Source
from bertsym.claims.standing import Standing
from bertsym.claims.texts import judge_document
from bertsym.convention import CONVENTIONS

SEED = 20261128
CASES = 75
OMISSIONS = 30
DRAWS = 40
"""The draws among which a total without cases and floors is looked for."""
# Encoders, decoders, both; learned, rotary and relative positions; shared layers, groups of heads, experts.
FAMILIES = (
    *("bert", "roberta", "distilbert", "albert", "electra", "modernbert", "deberta-v2"),
    *("gpt2", "gpt_neox", "opt", "bloom", "gptj", "mpt", "llama", "mistral", "qwen3", "gemma", "mixtral", "t5", "bart"),
)
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


def polynomial(model: bertsym.Model, convention: str, without: tuple[str, ...] = ()) -> Polynomial:
    """Return the terms of the total, as the command `total` has it; empty if it has a case or a floor."""
    expression = sympy.expand(model.total(convention, without=without).expression)
    terms: Polynomial = {}
    for term in sympy.Add.make_args(expression):
        coefficient, factors = term.as_coeff_mul()
        powers = [factor.as_base_exp() for factor in factors]
        if not all(base.is_Symbol and power.is_Integer for base, power in powers):
            return {}
        key = tuple(sorted((str(base), int(power)) for base, power in powers))
        terms[key] = Fraction(int(coefficient.p), int(coefficient.q))
    return terms


def written(terms: Polynomial, draw: random.Random) -> str:
    """Write terms in a random order, with random spellings of sizes, signs and powers.

    Nobody writes h for the hidden size beside d for the size of a head, which is refused as ambiguous.
    """
    named = {name for powers in terms for name, _ in powers}
    spellings = draw.choice([spellings for spellings in NOTATIONS if "d" not in named or spellings.get("H") != "h"])
    times = draw.choice(TIMES)
    if times == " " and any(len(name) > 1 and "{" not in name for name in spellings.values()):
        times = "*"
    tex = any("\\" in name for name in (*spellings.values(), times))
    text = ""
    for powers, coefficient in draw.sample(sorted(terms.items()), len(terms)):
        above = [(name, power) for name, power in powers if power > 0]
        below = [(name, -power) for name, power in powers if power < 0]
        factors = [str(abs(coefficient))] if abs(coefficient) != 1 or not above else []
        for name, power in draw.sample(above, len(above)):
            raised = "" if power == 1 else f"^{power}" if tex or draw.random() < 0.5 else f"**{power}"
            factors.append(spelling(name, spellings, tex=tex) + raised)
        piece = ("*" if times == " " and any(len(f) > 2 for f in factors) else times).join(factors)
        for name, power in below:
            piece += f"/{spelling(name, spellings, tex=tex)}" + (f"^{power}" if power > 1 else "")
        text += (" - " if coefficient < 0 else " + " if text else "") + piece
    return text


def spelling(name: str, spellings: dict[str, str], *, tex: bool) -> str:
    return spellings.get(name, rf"\text{{{name}}}" if tex and len(name) > 1 else name)


def judged(model: bertsym.Model, claim: str) -> FormulaVerdict:
    spec = model.spec
    return judge_formula(read(claim, "auto", {}, spec), spec, all_heads(spec))


def drawn(draw: random.Random) -> tuple[bertsym.Model, str, Polynomial]:
    """Draw a model under a head and a convention until the total is a polynomial."""
    for _ in range(DRAWS):
        model = bertsym.load(draw.choice(FAMILIES))
        model = model.with_head(draw.choice(sorted(model.heads)))
        convention = draw.choice(sorted(CONVENTIONS))
        try:
            terms = polynomial(model, convention)
        except bertsym.BertsymError:
            continue
        if terms:
            return model, convention, terms
    raise AssertionError("no total without cases and floors was drawn")


def recounted(model: bertsym.Model, counting: Counting) -> Polynomial | None:
    """Return the total of the class and convention that a counting names, by `total`; None if it has none for it."""
    head = next((head for head, cls in model.heads.items() if cls == counting.cls), None)
    custom = counting.custom
    if (
        head is None
        or custom is None
        or custom.name not in CONVENTIONS
        or counting.scope == "weight matrices of the layers"
    ):
        return None
    return polynomial(model.with_head(head), custom.name)


@pytest.mark.parametrize("seed", range(SEED, SEED + CASES))
def test_a_true_claim_stands_and_a_changed_coefficient_is_found(seed: int) -> None:
    draw = random.Random(seed)
    model, convention, terms = drawn(draw)
    claim = written(terms, draw)
    verdict = judged(model, claim)
    assert verdict.standing is Standing.STANDS, (convention, claim)
    nearest = verdict.judgements[0].nearest
    assert nearest.custom is not None or nearest.part, (convention, claim)
    counted = recounted(model, nearest)
    assert counted is None or counted == terms, (convention, nearest.name, claim)
    changed = draw.choice(sorted(terms))
    false = terms | {changed: terms[changed] * draw.choice((Fraction(2), Fraction(1, 2), Fraction(3)))}
    refuted = judged(model, written(false, draw))
    judgement = refuted.judgements[0]
    if refuted.standing is Standing.STANDS:  # a custom of its own, such as a table that is counted twice
        counted = recounted(model, judgement.nearest)
        assert judgement.nearest.name != nearest.name
        assert counted is None or counted == false, (judgement.nearest.name, claim)
        return
    read = set() if judgement.sized is None else {str(symbol) for symbol in judgement.sized.sizes}
    from_numbers = read - {base for base, _ in changed}
    named = {
        tuple(sorted((str(base), power) for base, power in row.monomial if str(base) not in from_numbers))
        for row in judgement.rows
    }
    assert changed in named or judgement.omissions is not None, (claim, changed, named)


@pytest.mark.parametrize("seed", range(SEED, SEED + OMISSIONS))
def test_a_claim_that_leaves_parts_out_stands_as_a_custom_or_says_what_it_leaves_out(seed: int) -> None:
    draw = random.Random(seed)
    terms: Polynomial = {}
    while not terms:
        model, _, _ = drawn(draw)
        omitted = tuple(draw.sample(("bias", "norm", "embedding", "pooler"), draw.choice((1, 1, 2))))
        try:
            terms = polynomial(model, "exact", omitted)
        except bertsym.BertsymError:
            continue
    verdict = judged(model, written(terms, draw))
    judgement = verdict.judgements[0]
    if verdict.standing is Standing.STANDS:
        custom = [counting for counting in judgement.equal if counting.custom is not None or counting.part]
        assert custom, (model, omitted)
        assert all(len(counting.without) <= 1 for counting in custom[:1]), (model, omitted)
    else:
        assert judgement.equal or judgement.omissions is not None, (model, omitted)
        said = str(bertsym.audit(written(terms, draw), model=model))
        assert any(word in said for word in ("without", "but", "leaves out")), said


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


# The first statements say plainly which model has the number; the later ones are of other kinds, or hardly readable.
PLAIN = (
    "{name} has {number} parameters.",
    "The number of parameters of {name} is {number}.",
    "{name} 的参数量为 {number}。",
    "{name} hat {number} Parameter.",
    "{name} a {number} paramètres.",
    "- **{name}** ({number} parameters)",
    "| Model | Params |\n| --- | --- |\n| {name} | {number} |",
)
STATEMENTS = (
    *PLAIN,
    "{name} ({number}) is a model with few parameters.",
    "With few parameters, {name} is small at {number}.",
    "We train {name} with its {number} weights for a week.",
    "{name}, a {number}-parameter model, is unlike GPT-2 XL.",
    "Parameters: {name} {number}, others more.",
    "| Model | Size | Layers |\n| --- | --- | --- |\n| {name} | {number} params | 12 |",
    "Zephyr-Large-9 has {number} parameters, {name} fewer.",
    "It has {number} parameters.",
    "The formula for the parameters is $12LH^2 + {number}$.",
    r"The parameters are $\sum_i 12 L_i H^2 = {number}$.",
)
NAMES = (
    "bert-large-uncased",
    "roberta-base",
    "albert-base",
    "gpt2-medium",
    "distilbert-base-uncased",
    "deberta-v3-base",
)


def stated(number: int, draw: random.Random) -> str:
    """Write a number exactly or with three digits, in a random notation."""
    grouped = f"{number:,}"
    millions = f"{number / 10**6:.0f}" if number >= 10**8 else f"{number / 10**6:.1f}"
    exact = (str(number), grouped, grouped.replace(",", "\u202f"), grouped.replace(",", "."))
    return draw.choice((*exact, f"{millions}M", f"{millions} million", f"{number / 10**8:.3f}亿"))


@pytest.mark.parametrize("seed", range(SEED, SEED + 60))
def test_no_document_stands_whose_claim_was_not_read_or_is_false(seed: int) -> None:
    draw = random.Random(seed)
    name, template, true = draw.choice(NAMES), draw.choice(STATEMENTS), draw.random() < 0.5
    exact = bertsym.load(name).count()
    number = stated(exact if true else exact * draw.randrange(260, 900) // 100, draw)
    statement = template.format(name=name, number=number)
    lines = ["# A page", "", "BERT-base has 110M parameters.", "", "Other words, of 12 apples.", "", statement, ""]
    suffix = ".md" if statement.startswith("|") else draw.choice((".md", ".txt", ".rst", ".tex"))
    verdict = judge_document((Source("", "\n".join(lines), suffix),), question(bertsym.load("bert").spec))
    judged_here = [claim for claim in verdict.claims if claim.line >= 7 and claim.verdict is not None]
    if template in PLAIN:
        expected = Standing.STANDS if true else Standing.MIXED
        assert (verdict.standing, len(judged_here)) == (expected, 1), (statement, verdict.claims)
    if verdict.standing is Standing.STANDS:
        assert true, (statement, verdict.claims)
        assert judged_here, (statement, verdict.claims)
        assert all(
            claim.verdict.stated.value == numeral(number).stated.value  # type: ignore[union-attr]
            for claim in judged_here
            if isinstance(claim.verdict, NumberVerdict)
        ), statement
