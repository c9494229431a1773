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
from bertsym.convention import CONVENTIONS
from bertsym.count import count
from bertsym.errors import BertsymError, Conflict, NotAnInteger, Unreadable
from bertsym.model import Model as Spec
from bertsym.solving import search as searching
from bertsym.solving.open_model import NotDependent
from bertsym.solving.polynomial import NotPolynomial
from bertsym.solving.requirements import NothingFits
from bertsym.solving.solve import TooSmall
from bertsym.solving.space import EmptySpace
from bertsym.symbols import BY_SYMBOL, H, Kind, lookup
from tests.solving.oracle import Oracle, Row
from tests.solving.questions import SMALL, Question, Rule, drawn

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("BERTSYM_SEED", "20261128"))
BATCHES, EACH = 20, 110


@cache
def oracle() -> Oracle:
    return Oracle()


@cache
def sizes() -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Return the numbers of each model, and its own sizes."""
    names, own = {}, {}
    for name in SMALL:
        model = oracle().bare(name)
        numbers = (s for s in model.symbols if BY_SYMBOL[s].kind not in (Kind.SWITCH, Kind.COUNT, Kind.ORDER))
        names[name] = sorted(map(str, numbers))
        own[name] = {str(s): v for s, v in (model.given or base(model).given).items()}
    return names, own


def base(model: Spec) -> Spec:
    """Return the model at the sizes of its architecture's base."""
    return model.with_sizes(model.architecture.sizes[model.architecture.base].values)


def as_said(question: Question, found: Any, answers: Any) -> Question:
    """Return the question with the sizes that an answer says it assumed, each of which is the base's.

    Where a size of the base follows from what was given, H = 64*heads, its values are those that the answers name.
    """
    if not question.open:
        return question
    known = {str(symbol): value for symbol, value in found.known.items()}
    usual = base(oracle().bare(question.architecture))
    for symbol in found.assumed:
        assert known[str(symbol)] == usual.number(symbol), symbol
        assert str(symbol) not in question.said
    # A head size that is assumed stands in the place of a number of heads.
    said = {**question.said, **({"d": known["d"]} if "d" in known else {})}
    moving = {*question.unknowns, *(rule.name for rule in question.ties)}
    width = {"H": int(usual.number(H))} if "H" in moving else {}
    named = {str(symbol) for answer in answers for symbol in answer.at} if "d" in known else set()
    shared = tuple(
        Rule(f"{name} = H/d", ("H", "d"), lambda sizes: Fraction(sizes["H"]) / Fraction(sizes["d"]), name)
        for name in ("heads", "kv_heads")
        if name in named - moving - known.keys()
    )
    return replace(question, own={**width, **known}, said=said, ties=(*question.ties, *shared))


def asked(question: Question, target: int) -> tuple[list[Row], Question]:
    """Return the answers of `solve`, as values of the unknowns and counts; checks what comes with them."""
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
        check_named(question, solution.known, points)
        return [((point.value,), point.count) for point in points], as_said(question, solution, points)
    found = answer.report.found
    assert found.outcome.complete
    lattice = 1
    for name in question.unknowns:
        low, high = question.ranges[name]
        lattice *= len([n for n in range(low, high + 1) if n % question.steps[name] == 0])
    assert found.searched == lattice
    check_named(question, found.known, found.answers)
    return [(one.values, one.count) for one in found.answers], as_said(question, found, found.answers)


def check_named(question: Question, known: Any, answers: Any) -> None:
    """Check that the sizes of an answer, with those that stand still, are one model of that count."""
    model = oracle().bare(question.architecture)
    said = {lookup(name, model.symbols).symbol: value for name, value in question.said.items()}
    for answer in answers:
        sized = Spec(model.architecture, model.head).with_sizes({**known, **said, **answer.at})
        assert count(sized, CONVENTIONS[question.convention]) == answer.count, answer


def check(question: Question, target: int) -> str:
    """Hold `solve` against brute force; returns the kind of the outcome."""
    try:
        rows, question = asked(question, target)
    except BertsymError:
        if question.open:
            return "open, refused"
        return refused(question, target)
    if question.open and "H" not in {*question.own, *question.unknowns, *(rule.name for rule in question.ties)}:
        return "answers"
    expected = oracle().answers(question, target)
    assert [(tuple(map(Fraction, values)), number) for values, number in rows] == [
        (tuple(map(Fraction, values)), number) for values, number in expected
    ]
    return "answers" if rows else "none in range"


def refused(question: Question, target: int) -> str:
    """Hold a refusal against brute force; returns its kind."""
    try:
        asked(question, target)
    except NothingFits:
        assert oracle().answers(question, target) == []
        return "nothing"
    except EmptySpace:
        assert not list(oracle().values(question))
        return "empty"
    except TooSmall:
        assert all(number > target for number in oracle().counts(question))
        return "too small"
    except NotDependent as problem:
        place = question.unknowns.index(problem.symbol)
        counts: dict[tuple[Any, ...], set[int]] = {}
        for values, sizes in oracle().values(question):
            built = oracle().build(question, sizes)
            if built is not None and built.exists():
                others = values[:place] + values[place + 1 :]
                counts.setdefault(others, set()).add(built.counts[question.convention])
        assert all(len(found) == 1 for found in counts.values())
        return "not dependent"
    except NotPolynomial:
        return "not solved"
    except (Conflict, NotAnInteger, Unreadable) as problem:
        return "contradiction" if not oracle().counts(question) or "is fixed" in str(problem) else f"wrongly {problem}"
    raise AssertionError("refused once and answered then")


def pinned(question: Question) -> Question:
    """Return a question that gives every size of its model, so that no condition frees one."""
    moving = {*question.said, *question.unknowns, *(rule.name for rule in question.ties)}
    definitions = oracle().bare(question.architecture).architecture.definitions
    gives_way = {str(d.symbol): str(d.adjusts) for d in definitions if d.adjusts is not None}
    left = {gives_way[name] for name in moving & gives_way.keys()}
    own = {name: number for name, number in question.own.items() if name not in moving | left}
    return replace(question, said={**own, **question.said}) if question.where else question


def question_and_target(draw: random.Random) -> tuple[Question, int]:
    """Return a question about a model that exists, and a target near one of its lattice."""
    while True:
        question = drawn(draw, *sizes())
        question = replace(question, where=()) if question.open else pinned(question)
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
def test_the_same_answers_as_brute_force(batch: int, record_property: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if batch % 2:  # the small spaces of half of the questions go through the sieve too
        monkeypatch.setattr(searching, "FEW_ROWS", 0)
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
    assert outcomes["answers"] > EACH // 5, outcomes
    assert outcomes["not solved"] < EACH // 8, outcomes
