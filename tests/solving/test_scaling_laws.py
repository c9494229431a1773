"""Scaling laws against the numbers that their papers print."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from bertsym import load
from bertsym.errors import BertsymError
from bertsym.solving.scaling_laws import LAWS, named_law


@pytest.mark.parametrize(
    ("law", "compute", "parameters", "tokens"),
    [
        ("chinchilla-1", 576 * 10**21, 67e9, 1.5e12),
        ("chinchilla-1", 121 * 10**18, 1e9, 20.2e9),
        ("chinchilla-2", 454 * 10**22, 175e9, 4.3e12),
        ("kaplan", 864 * 10**17, 1.3e9, 2e10),
    ],
)
def test_the_rows_of_the_papers(law: str, compute: int, parameters: float, tokens: float) -> None:
    best = named_law(law).optimum(compute)
    assert (best.parameters, best.tokens) == (parameters, tokens)


@pytest.mark.parametrize(
    ("parameters", "compute", "tokens"),
    [(400e6, 2.21e19, 9.2e9), (1e9, 1.62e20, 27.1e9), (10e9, 2.46e22, 410.1e9), (67e9, 1.71e24, 4.1e12)],
)
def test_approach_3_is_near_its_table(parameters: float, compute: float, tokens: float) -> None:
    """Table A3 of arXiv:2203.15556; its authors had more digits than they print."""
    best = named_law("chinchilla-3").optimum(int(compute))
    assert abs(best.parameters / parameters - 1) < 0.06
    assert abs(best.tokens / tokens - 1) < 0.06


@pytest.mark.parametrize(
    ("law", "a", "b", "alpha", "beta"),
    [("chinchilla-3", 406.4, 410.7, 0.3392, 0.2849), ("besiroglu", 482.01, 2085.43, 0.3478, 0.3658)],
)
def test_the_optimum_is_a_minimum_of_the_loss(law: str, a: float, b: float, alpha: float, beta: float) -> None:
    """A bigger and a smaller model with the same 6ND both lose."""
    for compute in (10**18, 10**21, 10**24):
        best = named_law(law).optimum(compute)
        assert math.isclose(6 * best.parameters * best.tokens, compute, rel_tol=1e-6)
        losses = []
        for scale in (0.99, 1.0, 1.01):
            parameters = best.parameters * scale
            losses.append(a / parameters**alpha + b / (compute / 6 / parameters) ** beta)
        assert losses[1] < min(losses[0], losses[2])


def test_besiroglu_finds_twenty_tokens_for_each_parameter() -> None:
    """Their abstract: the corrected fit agrees with approaches 1 and 2, at some 20 tokens for each parameter."""
    best = named_law("besiroglu").optimum(576 * 10**21)
    assert 17 < best.tokens / best.parameters < 20


@pytest.mark.parametrize("law", LAWS)
def test_more_compute_never_wants_a_smaller_model(law: str) -> None:
    sizes = [named_law(law).optimum(2 * 10**19 * 3**step).parameters for step in range(19)]
    assert sizes == sorted(sizes)


def test_the_answer_says_whose_law_it_is(bertsym: Callable[..., Any]) -> None:
    command = ["solve", "gpt2", "--compute", "1e21", "--law", "besiroglu", "--for", "H,L", "--where"]
    ran = bertsym(*command, "H/heads == 64")
    assert ran.code == 0
    assert "the law besiroglu, which is not ours" in ran.out
    answer = json.loads(bertsym(*["solve", "gpt2", "--compute", "1e21", "--law", "kaplan", "--for", "L", "--json"]).out)
    assert answer["target"] == answer["law"]["parameters"]
    assert answer["convention"] == "non-embedding"


def test_the_library_asks_a_law() -> None:
    answer: Any = load("gpt2-small").solve(unknowns="L", compute="1e20", law="chinchilla-3")
    assert answer.report.allocation.optimum.parameters == answer.report.sizes.solution.target
    with pytest.raises(BertsymError, match="the law chooses the target"):
        load("gpt2-small").solve("110M", compute="1e20", law="kaplan")
    with pytest.raises(BertsymError, match="no target"):
        load("gpt2-small").solve()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("solve gpt2 --compute 1e21", "no scaling law"),
        ("solve gpt2 --law kaplan", "no compute"),
        ("solve gpt2 --compute 1e21 --law chinchila-1", "did you mean chinchilla-1"),
        ("solve gpt2 --compute 1e17 --law chinchilla-1", "chinchilla-1 has numbers from 1.92e19"),
        ("solve gpt2 --compute 1e21 --law kaplan --target 1B", "the law chooses target, quantity and convention"),
        (
            "solve gpt2 --compute 1e21 --law kaplan --convention exact",
            "the law chooses target, quantity and convention",
        ),
        ("solve gpt2 --compute lots --law kaplan", "'lots'"),
    ],
)
def test_half_a_question_is_refused(words: str, expected: str, bertsym: Callable[..., Any]) -> None:
    ran = bertsym(*words.split())
    assert (ran.code, ran.out) == (2, "")
    assert expected in ran.err
    assert len(ran.err.removeprefix("bertsym: ").strip()) <= 200
