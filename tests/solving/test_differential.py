"""Questions to `solve` at random against brute force: the same answers, in the same order, or the same refusal."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from bertsym.api import Model
from bertsym.errors import BertsymError, Conflict, NotAnInteger, Unreadable
from bertsym.solving.demands import NothingFits
from bertsym.solving.polynomial import DoesNotGrow, NotPolynomial
from bertsym.solving.solve import TooSmall
from bertsym.solving.space import EmptySpace
from bertsym.solving.unknowns import NotDependent
from bertsym.symbols import BY_SYMBOL, Kind
from tests.solving.oracle import Oracle, Row
from tests.solving.questions import SMALL, Question, drawn

SEED = int(os.environ.get("BERTSYM_SEED", "20261128"))
BATCHES, EACH = 20, 110


@cache
def oracle() -> Oracle:
    return Oracle()


@cache
def sizes() -> tuple[dict[str, list[str]], dict[str, Any]]:
    """The numbers of each model, and its own sizes."""
    names, own = {}, {}
    for name in SMALL:
        model = oracle().bare(name)
        numbers = (s for s in model.symbols if BY_SYMBOL[s].kind not in (Kind.SWITCH, Kind.COUNT))
        names[name] = sorted(map(str, numbers))
        own[name] = {str(s): v for s, v in model.given.items()}
    return names, own


def asked(question: Question, target: int) -> list[Row]:
    """The answers of `solve`, as values of the unknowns and counts; checks what comes with them."""
    model = Model(oracle().model(question))
    answer: Any = model.solve(
        target,
        question.unknowns,
        question.convention,
        where=[rule.text for rule in question.where],
        ties=[rule.text for rule in question.ties],
        ranges=question.ranges,
        multiple_of=question.steps,
        at_most=question.at_most,
        at_least=question.at_least,
        tolerance=question.tolerance,
        order=question.order,
        top=question.top,
    )
    assert answer.json()
    assert str(answer)
    if len(question.unknowns) == 1:
        solution = answer.report.solution
        assert solution.complete
        points = solution.candidates
        assert all(point.error == point.count - target for point in points)
        return [((point.value,), point.count) for point in points]
    found = answer.report.found
    assert found.outcome.complete
    lattice = 1
    for name in question.unknowns:
        low, high = question.ranges[name]
        lattice *= len([n for n in range(low, high + 1) if n % question.steps[name] == 0])
    assert found.searched == lattice
    return [(one.values, one.count) for one in found.answers]


def check(question: Question, target: int) -> str:
    """Hold `solve` against brute force; returns the kind of the outcome."""
    try:
        rows = asked(question, target)
    except NothingFits:
        assert oracle().answers(question, target) == []
        return "nothing"
    except EmptySpace:
        assert not list(oracle().values(question))
        return "empty"
    except TooSmall:
        assert all(number > target for number in oracle().counts(question))
        return "too small"
    except NotDependent as refused:
        place = question.unknowns.index(refused.symbol)
        counts: dict[tuple[Any, ...], set[int]] = {}
        for values, sizes in oracle().values(question):
            built = oracle().build(question, sizes)
            if built is not None and built.exists():
                others = values[:place] + values[place + 1 :]
                counts.setdefault(others, set()).add(built.counts[question.convention])
        assert all(len(found) == 1 for found in counts.values())
        return "not dependent"
    except (DoesNotGrow, NotPolynomial):
        return "not solved"
    except (Conflict, NotAnInteger, Unreadable) as refused:
        return "contradiction" if not oracle().counts(question) or "is fixed" in str(refused) else f"wrongly {refused}"
    expected = oracle().answers(question, target)
    assert [(tuple(map(Fraction, values)), number) for values, number in rows] == [
        (tuple(map(Fraction, values)), number) for values, number in expected
    ]
    return "answers" if rows else "none in range"


def question_and_target(draw: random.Random) -> tuple[Question, int]:
    """A question about a model that exists, and a target near one of its lattice."""
    while True:
        question = drawn(draw, *sizes())
        try:
            model = oracle().model(question)
            if any(model.number(quotient).denominator != 1 for quotient in model.architecture.whole):
                continue
        except BertsymError:
            continue
        lattice = list(oracle().values(question))
        draw.shuffle(lattice)
        models = (oracle().build(question, sizes) for _, sizes in lattice[:6])
        built = next((one for one in models if one is not None and one.exists()), None)
        usual = 20_000 if built is None else built.counts[question.convention]
        target = max(1, usual + draw.choice([0, 0, draw.randint(-usual // 9, usual // 9), draw.randint(0, usual)]))
        if draw.random() < 0.25:
            most = {"exact": usual + draw.randint(-usual // 5, usual)}
            least = {"layers-only": draw.randint(0, usual // 2)} if draw.random() < 0.5 else {}
            question = replace(question, at_most=most, at_least=least)
        return question, target


@pytest.mark.parametrize("batch", range(BATCHES))
def test_the_same_answers_as_brute_force(batch: int, record_property: Any) -> None:
    outcomes: Counter[str] = Counter()
    for place in range(EACH):
        seed = f"{SEED}/{batch}/{place}"
        question, target = question_and_target(random.Random(seed))
        try:
            outcomes[check(question, target)] += 1
        except Exception as problem:
            raise AssertionError(f"seed {seed}: {question} for {target:,}: {problem}") from problem
    record_property("outcomes", dict(outcomes))
    assert not [outcome for outcome in outcomes if "wrongly" in outcome], outcomes
    assert outcomes["answers"] > EACH // 3, outcomes
    assert outcomes["not solved"] < EACH // 8, outcomes
