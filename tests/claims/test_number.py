"""Verdicts on published numbers."""

from __future__ import annotations

import pytest

from bertsym.claims.ledger import at_base
from bertsym.claims.number import NumberVerdict, judge_number
from bertsym.quantities import parse_stated
from bertsym.zoo import named


def judged(text: str, model: str) -> NumberVerdict:
    chosen = named(model)
    chosen = chosen if chosen.given else at_base(chosen)
    heads = [chosen.head, *(head for head in chosen.architecture.heads if head != chosen.head)]
    return judge_number(parse_stated(text), chosen, heads)


def best(verdict: NumberVerdict, step: int) -> tuple[str, int]:
    match = next(m for m in verdict.matches if m.step == step and not m.slip)
    return match.count.counting.name, match.count.number


def test_110m_has_two_readings() -> None:
    verdict = judged("110M", "bert-base-uncased")
    assert best(verdict, 10**6) == ("BertForPreTraining", 110_106_428)
    assert best(verdict, 10**7) == ("BertModel", 109_482_240)


def test_340m_holds_as_two_digits_only() -> None:
    verdict = judged("340M", "bert-large-uncased")
    assert all(match.step == 10**7 for match in verdict.matches)
    assert best(verdict, 10**7) == ("BertModel", 335_141_888)


@pytest.mark.parametrize(
    ("text", "model", "name"),
    [
        ("109,482,240", "bert-base-uncased", "BertModel"),
        ("110,106,428", "bert-base-uncased", "BertForPreTraining"),
        ("0.11B", "bert-base-uncased", "BertModel"),
        # TransformerLens cfg.n_params: attention and MLP matrices only (published_counts.tsv)
        ("85M", "gpt2", "GPT2Model, weight matrices of the layers"),
        ("335M", "bert-large-uncased", "BertModel"),
    ],
)
def test_what_it_counts(text: str, model: str, name: str) -> None:
    verdict = judged(text, model)
    assert verdict.stands
    simplest = min(match.count.cost for match in verdict.matches)
    assert name in {match.count.counting.name for match in verdict.matches if match.count.cost == simplest}


@pytest.mark.parametrize(
    ("text", "model", "whole"),
    [
        ("110M", "bert-base-multilingual-cased", 177_853_440),
        ("117M", "gpt2", 124_439_808),
        ("1,234", "gpt2", 124_439_808),
    ],
)
def test_none(text: str, model: str, whole: int) -> None:
    verdict = judged(text, model)
    assert not verdict.stands
    assert verdict.whole == whole


def test_binary_units_are_a_slip() -> None:
    # 354,823,168 >> 20 (bigscience-workshop/bigscience: experiments/gpt2-utils.md)
    verdict = judged("338M", "gpt2-medium")
    assert not verdict.stands
    assert "2^20" in verdict.matches[0].slip


def test_optimiser_slots_are_a_slip() -> None:
    verdict = judged(f"{3 * 109_482_240}", "bert-base-uncased")
    assert "Adam" in verdict.matches[0].slip
    assert not verdict.stands
