"""Parts of models: a formula of one table, one module or one head stands, and so do plain numbers that are sizes."""

from __future__ import annotations

import random
import re

import pytest

from bertsym import wording
from bertsym.claims.formula import FormulaVerdict, judge_formula
from bertsym.claims.ledger import Ledger
from bertsym.claims.parser import read
from bertsym.claims.question import all_heads
from bertsym.claims.scopes import scope_named
from bertsym.formulas.styles import Style, from_terms
from bertsym.model import Model
from bertsym.render import mathtex
from bertsym.resolve import load


def verdict(text: str, name: str, of: str = "") -> FormulaVerdict:
    model = load(name)
    return judge_formula(read(text, model=model), model, all_heads(model), of)


@pytest.mark.parametrize(
    ("text", "model", "part"),
    [
        ("VH", "bert", "token embeddings"),
        ("NH", "bert", "position embeddings"),
        ("512*768", "bert-base-uncased", "position embeddings"),
        ("30522*768", "bert-base-uncased", "token embeddings"),
        ("VE + EH", "albert", "token embeddings and their projection"),
        ("3Hd + 3d", "bert", "query, key and value of one head"),
        ("(768*64 + 64)*3", "bert-base-uncased", "query, key and value of one head"),
        ("12*4*768*768", "bert-base-uncased", "attention without biases"),
        ("12*(12H^2 + 13H)", "bert", "layers"),
        ("3*4096*14336", "Mistral-7B-v0.1", "feed-forward"),
        ("8*3*4096*14336", "Mixtral-8x7B-v0.1", "experts"),
        ("V*H + 512*H + 2*H + 2*H", "bert", "embeddings"),
        ("((image_size // patch_size)**2 + 1) * hidden_size", "vit", "position embeddings"),
        (r"\left(\left\lfloor image_size / patch_size \right\rfloor^2 + 1\right) H", "vit", "position embeddings"),
        ("23,440,896 + 393,216 + 1,536 + 1,536", "bert-base-uncased", "embeddings"),
    ],
)
def test_a_part_stands(text: str, model: str, part: str) -> None:
    judged = verdict(text, model)
    assert judged.stands
    assert any(part in counting.name for counting in judged.judgements[0].equal)


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("12*2*16*(768+768)", "bert-base-uncased"),  # 589,824, as many as a matrix of attention
        ("768*767 + 768*2", "bert-base-uncased"),  # 590,592 - 768, beside 768*768 + 768
        ("3H^2/heads", "gpt2"),  # the heads should cancel
        ("11LH^2", "bert"),
        ("VH + 1", "bert"),
        ("0.5LH^2 + O(LH^2)", "bert"),
        ("12LH^2 + 13LH = 999M", "bert"),
        ("590000 + 590", "bert-base-uncased"),
    ],
)
def test_what_equals_a_part_by_chance_does_not_stand(text: str, model: str) -> None:
    assert not verdict(text, model).stands


def test_grouped_keys_and_values_are_the_finding() -> None:
    judged = verdict("80 x (4 x 8192 x 8192 + 3 x 8192 x 28672) + 32000 x 8192", "Llama-2-70b-hf").judgements[0]
    assert not judged.stands
    assert {str(symbol): str(other) for symbol, other in judged.contrary.items()} == {"kv_heads": "heads"}


def test_plain_numbers_that_fit_nothing_are_read_as_sizes() -> None:
    judged = verdict("64 * (3*4096*14336) * 8", "Mixtral-8x7B-v0.1").judgements[0]
    assert not judged.stands
    assert judged.sized is not None
    assert {str(symbol) for symbol in judged.sized.sizes} >= {"H", "F"}


def test_a_label_takes_no_letter_from_its_formula() -> None:
    assert verdict("experts: E*3*H*F", "mixtral").stands


def test_equal_heads_are_assumed_if_none_are_known() -> None:
    assert verdict("2VH + L(4H^2 + 3HH' + 2H) + H", "llama").judgements[0].assumed
    assert not verdict("L(2H^2 + 2H^2*kv_heads/heads + 3HF)", "llama").judgements[0].assumed


def test_no_error_of_a_term_is_empty() -> None:
    for text, name in (("L(4H^2+2HF)", "llama-7b"), ("13VH", "t5-base"), ("9LH^2", "albert"), ("7LHF", "mixtral")):
        assert all(row.cost is not None for judgement in verdict(text, name).judgements for row in judgement.rows)


def written(model: Model, rng: random.Random) -> tuple[str, str]:
    """Return a usual counting of a model in a random notation, and the counting's name."""
    ledger = Ledger(model, all_heads(model))
    usual = [c for c in ledger.countings(model.head, frozenset(), ()) if c.sound and c.cost <= 1 and c.terms]
    counting = rng.choice(usual)
    form = from_terms(counting.terms, rng.choice([Style.COLLECTED, Style.EXPANDED]))
    return rng.choice([mathtex.math, wording.pretty, wording.plain])(form), counting.name


@pytest.mark.parametrize("seed", range(24))
def test_a_true_claim_stands_and_a_changed_coefficient_does_not(seed: int) -> None:
    rng = random.Random(seed)
    model = load(rng.choice(["bert", "gpt2", "distilbert", "roberta", "electra", "llama", "mixtral", "t5", "albert"]))
    text, name = written(model, rng)
    true = judge_formula(read(text, "bert", model=model), model, all_heads(model))
    assert true.stands, (seed, text, name)
    assert name in {counting.name for counting in true.judgements[0].equal}, (seed, text, name)
    wrong = judge_formula(read(f"{text} + 17 L H^2", "bert", model=model), model, all_heads(model))
    assert not wrong.stands, (seed, text)
    assert any({str(s) for s, _ in row.monomial} >= {"L", "H"} for row in wrong.judgements[0].rows), (seed, text)


@pytest.mark.parametrize(
    ("label", "scope"),
    [
        ("Token embeddings", "token embeddings"),
        ("word_embeddings", "token embeddings"),
        ("Positional embedding", "position embeddings"),
        ("Embedding LayerNorm", "embedding norm"),
        ("Q, K, V projections", "query, key and value"),
        ("key and value", "key and value"),
        ("词嵌入", "token embeddings"),
        ("自注意力 (每层)", "attention"),
    ],
)
def test_a_label_names_a_part(label: str, scope: str) -> None:
    model = load("bert")
    ledger = Ledger(model, all_heads(model))
    pool = (*ledger.countings("model", frozenset(), ()), *ledger.named_parts(frozenset(), ()))
    named = scope_named(label)
    assert named is not None
    bare = {re.sub(r" of one head| without biases|biases of ", "", c.scope) for c in pool if named(c)}
    assert bare == {scope}
