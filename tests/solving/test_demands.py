"""Demands as users type them against enumeration: pinned sizes hold, named sizes are free or said to be fixed."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from sympy import Symbol

from bertsym.answers.sizes import sizes as answer
from bertsym.answers.solution import Solved
from bertsym.api.answers import Answer
from bertsym.count import count
from bertsym.errors import BertsymError, Conflict, NotAnInteger, Unreadable
from bertsym.model import Definition, Model
from bertsym.resolve import load
from bertsym.solving.configurations import closed
from bertsym.solving.constraints import parse_constraint, parse_ties
from bertsym.solving.freeing import freed
from bertsym.solving.open_model import NotDependent, base_sizes
from bertsym.solving.polynomial import NotPolynomial
from bertsym.solving.request import MAX_ANSWERS, Request
from bertsym.solving.requirements import NothingFits
from bertsym.solving.solve import TooSmall
from bertsym.symbols import BY_SYMBOL, Kind, d, ffn_ratio, heads
from tests.solving.demands import MODELS, SHAPE, Demand, drawn
from tests.solving.enumeration import Enumeration, Row

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("BERTSYM_SEED", "20261129"))
DEMANDS = int(os.environ.get("BERTSYM_DEMANDS", "40"))
MOST_TRIED = 60_000


@cache
def model_of(name: str) -> Model:
    return load(name)


def loose(model: Model) -> dict[Symbol, Any]:
    """Return the sizes that nobody gave: those of the name, of the base, and defaults."""
    architecture = model.architecture
    usual = {s: BY_SYMBOL[s].default for s in model.symbols if BY_SYMBOL[s].default is not None}
    return {**usual, **architecture.defaults, **base_sizes(model), **model.given}


def request_of(demand: Demand, model: Model) -> Request:
    """Return the demand as the command line reads it, with all answers."""
    by_name = {name: model.size(name).symbol for name in (*demand.unknowns, *demand.ranges)}
    return Request(
        tuple(by_name[name] for name in demand.unknowns),
        demand.target,
        ranges={by_name[name]: ends for name, ends in demand.ranges.items()},
        multiples={by_name[name]: step for name, step in demand.steps.items()},
        constraints=tuple(parse_constraint(rule.text, model.size) for rule in demand.where),
        ties=parse_ties([rule.text for rule in demand.ties], model.size),
        top=MAX_ANSWERS,
    )


def demand_of(seed: str) -> tuple[Demand, Model]:
    """Return a demand at random, near a count of its model."""
    draw = random.Random(seed)
    name = draw.choice(MODELS)
    bare = model_of(name)
    names = [size for size in (*SHAPE, "V") if size in {str(symbol) for symbol in bare.symbols}]
    demand = drawn(draw, name, names)
    demand = replace(demand, target=10**8 * draw.randint(1, 300) // draw.randint(1, 30))
    given = {bare.size(word).symbol: number for word, number in demand.given.items()}
    return demand, bare.with_sizes(given, pin=True)


def check(demand: Demand, model: Model) -> str:
    """Hold the answer to a demand against enumeration; return the kind of the outcome."""
    request = request_of(demand, model)
    try:
        report: Any = answer(model, request)
    except (NotDependent, NotPolynomial) as refusal:
        return type(refusal).__name__
    except TooSmall:
        return "too small"
    except (NothingFits, Conflict, NotAnInteger, Unreadable) as refusal:
        return refused(demand, model, request, refusal)
    alone = isinstance(report, Solved)
    found = report.solution if alone else report.found
    settled: Request = report.request if alone else found.request
    axes = (found.axis,) if alone else found.axes
    points = [(point.at, point.count) for point in (found.candidates if alone else found.answers)]
    check_rows(demand, model, settled, found, points)
    check_named(demand, model, settled, found, points, str(Answer(report)))
    if alone and settled.unknowns == (ffn_ratio,):
        return "a ratio, rows checked"
    enumeration = Enumeration(
        demand,
        model,
        loose(model_of(demand.model)),
        {axis.symbol: range(axis.start, axis.stop + 1, axis.step) for axis in axes},
        tuple(symbol for symbol, _ in settled.followed),
        floating(demand, model, settled, found, points),
        {d: found.known[d]} if d in found.assumed else {},
    )
    if enumeration.size > MOST_TRIED or len(points) == MAX_ANSWERS:
        return "large, rows checked"
    expected = enumeration.rows()
    got: set[Row] = {(tuple(Fraction(at[s]) for s in settled.unknowns), count) for at, count in points}
    assert got == expected, (sorted(got - expected)[:3], sorted(expected - got)[:3])
    return "the same answers"


def floating(demand: Demand, model: Model, settled: Request, found: Any, points: list[Any]) -> tuple[Symbol, ...]:
    """Return the number of heads if it differs between answers although nothing determines it."""
    spoken = {*settled.unknowns, *(s for s, _ in settled.ties), *(model.size(name).symbol for name in demand.given)}
    free = any(heads in at for at, _ in points) and heads not in spoken
    return (heads,) if free and d not in {*spoken, *found.assumed} else ()


def check_rows(demand: Demand, model: Model, settled: Request, found: Any, points: list[Any]) -> None:
    """Check every row by itself: its sizes are one model of that count, and meet the demand."""
    bare = Model(model.architecture, model.head)
    errors = [abs(number - demand.target) for _, number in points]
    assert errors == sorted(errors)
    for at, number in points[:: max(1, len(points) // 20)]:
        sized = bare.with_sizes({**found.known, **at})
        assert count(sized) == number, at
        numbers = {str(s): sized.number(s) for s in sized.symbols if known(sized, s)}
        for rule in demand.where:
            assert rule.value(numbers), (rule.text, at)
        for rule in demand.ties:
            assert rule.value(numbers) == numbers[rule.name], (rule.text, at)
        for name, given in demand.given.items():
            assert numbers[name] == given, (name, at)
        for name, (low, high) in demand.ranges.items():
            if name == "ffn_ratio" and len(settled.unknowns) == 1:
                continue  # F is searched in its place
            assert low <= numbers[name] <= high, (name, at)
            assert numbers[name] % demand.steps[name] == 0, (name, at)


def known(model: Model, symbol: Symbol) -> bool:
    """Return True if a model has a number for a size."""
    try:
        return BY_SYMBOL[symbol].kind is not Kind.SWITCH and model.number(symbol) is not None
    except BertsymError:
        return False


def check_named(demand: Demand, model: Model, settled: Request, found: Any, points: list[Any], text: str) -> None:
    """Check that each size which a condition names was given, differs between answers, or is said to be fixed."""
    given = {model.size(name).symbol for name in demand.given}
    definitions = {definition.symbol: definition.value for definition in model.architecture.definitions}
    said = given | {symbol for symbol, _ in settled.ties}
    definitions |= {
        one.adjusts: one.inverse for one in model.architecture.definitions if one.adjusts in given_by(one, said)
    }
    for rule in demand.where:
        for symbol in (model.size(name).symbol for name in rule.symbols):
            tied = {s for s, _ in settled.ties}
            parts = definitions[symbol].free_symbols if symbol in definitions else set()
            follows = bool(parts) and (parts <= given or bool(parts & {*tied, *(s for at, _ in points for s in at)}))
            spoken = symbol in {*given, *settled.unknowns, *tied} or follows
            if spoken or all(symbol in at for at, _ in points) or differs(model, found, points, symbol):
                continue
            assert symbol in found.fixed, (symbol, rule.text)
            assert f"{symbol} = " in text, (symbol, rule.text)


def given_by(definition: Definition, given: set[Symbol]) -> set[Symbol]:
    """Return the size that gives way in a definition if its derived size was given."""
    return {definition.adjusts} if definition.symbol in given and definition.adjusts is not None else set()


def differs(model: Model, found: Any, points: list[Any], symbol: Symbol) -> bool:
    """Return True if a size has several values in the answers."""
    bare = Model(model.architecture, model.head)
    ends = (points[0], points[-1])
    return len({bare.with_sizes({**found.known, **at}).number(symbol) for at, _ in ends}) > 1


def refused(demand: Demand, model: Model, request: Request, refusal: BertsymError) -> str:
    """Hold a refusal against enumeration; return its kind."""
    try:
        settled = freed(model, request)
    except (Conflict, NotAnInteger, Unreadable):
        settled = request
    try:
        closure, _ = closed(model, settled, accompanied=len(settled.unknowns) == 1)
        assumed = {d: closure.numbers[d]} if d in closure.assumed else {}
    except BertsymError:
        assumed = {}
    searched = {}
    for symbol in settled.unknowns:
        if symbol not in settled.ranges:
            return "refused, not enumerated"
        low, high = settled.ranges[symbol]
        step = settled.steps.get(symbol, 1)
        searched[symbol] = range(-(-low // step) * step, high + 1, step)
    enumeration = Enumeration(
        demand, model, loose(model_of(demand.model)), searched, tuple(s for s, _ in settled.followed), (), assumed
    )
    if enumeration.size > MOST_TRIED:
        return "refused, not enumerated"
    rows = enumeration.rows()
    if isinstance(refusal, Unreadable) and "range of" in str(refusal):
        return "no such range"
    assert not rows, (type(refusal).__name__, str(refusal), sorted(rows)[:3])
    return "refused, as none exists"


def test_demands_have_the_answers_of_enumeration(record_property: Any) -> None:
    outcomes: Counter[str] = Counter()
    for number in range(DEMANDS):
        seed = f"{SEED}/{number}"
        try:
            demand, model = demand_of(seed)
        except BertsymError:
            outcomes["no such model"] += 1
            continue
        try:
            outcomes[check(demand, model)] += 1
        except (AssertionError, BertsymError) as problem:
            raise AssertionError(f"seed {seed}: {demand}: {problem}") from problem
    record_property("outcomes", dict(outcomes))
    assert outcomes["the same answers"] > DEMANDS // 4, outcomes
