"""Random spaces searched row by row, through the sieve, and by plain enumeration: the same configurations, in order."""

from __future__ import annotations

import itertools
import operator
import os
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Iverson
from bertsym.solving import rows, sieve
from bertsym.solving import search as searching
from bertsym.solving.compiled_count import counted
from bertsym.solving.constraints import Constraint, parse_constraint
from bertsym.solving.interval_propagation import Axis
from bertsym.solving.search import Budget, Outcome, Search, Space
from bertsym.symbols import F, H, L, V, heads, kv_heads

Numbers = dict[Symbol, int]


@dataclass(frozen=True)
class Term:
    """A formula twice: for bertsym, and as Python."""

    expression: Expr
    value: Callable[[Numbers], Fraction]


def term(draw: random.Random, symbols: Sequence[Symbol]) -> Term:
    """Return a term: mostly a monomial; a quotient, a rounded quotient, a bracket."""
    a, b = draw.choice(symbols), draw.choice(symbols)
    k, m, n = draw.choice([1, 1, 2, 3, -1, -2]), draw.randint(1, 9), draw.randint(2, 5)
    shape = draw.choice(["linear", "product", "square", "cube", "quotient", "floor", "ceiling", "bracket", "larger"])
    match shape:
        case "linear":
            return Term(k * m * a, lambda s: Fraction(k * m * s[a]))
        case "product":
            return Term(abs(k) * a * b, lambda s: Fraction(abs(k) * s[a] * s[b]))
        case "square":
            return Term(m * a**2 * b, lambda s: Fraction(m * s[a] ** 2 * s[b]))
        case "cube":
            return Term(k * a**3, lambda s: Fraction(k * s[a] ** 3))
        case "quotient":
            return Term(m * n * a**2 / b, lambda s: Fraction(m * n * s[a] ** 2, s[b]))
        case "floor":
            return Term(m * sympy.floor(a / n), lambda s: Fraction(m * (s[a] // n)))
        case "ceiling":
            return Term(k * b * sympy.floor((a + n - 1) / n), lambda s: Fraction(k * s[b] * ((s[a] + n - 1) // n)))
        case "bracket":
            return Term(m * a * Iverson(sympy.Ge(a, n * b)), lambda s: Fraction(m * s[a] * (s[a] >= n * s[b])))
    return Term(a + (b - a) * Iverson(sympy.Gt(b, a)), lambda s: Fraction(max(s[a], s[b])))


def plus(terms: Sequence[Term]) -> Term:
    return Term(sympy.Add(*(t.expression for t in terms)), lambda s: sum((t.value(s) for t in terms), Fraction(0)))


RELATIONS = {"<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">=": operator.ge}


def condition(draw: random.Random, symbols: Sequence[Symbol]) -> tuple[Constraint, Callable[[Numbers], bool]]:
    """Return a condition for bertsym, and as Python."""
    a, b = draw.choice(symbols), draw.choice(symbols)
    k, n = draw.randint(1, 12), draw.randint(1, 3)
    sign = draw.choice(list(RELATIONS))
    relation = RELATIONS[sign]
    text, check = draw.choice([
        (f"{a} {sign} {n}*{b}", lambda s: relation(s[a], n * s[b])),
        (f"{a}/{b} {sign} {n}", lambda s: relation(Fraction(s[a], s[b]), n)),
        (f"{a} % {b} == 0", lambda s: s[a] % s[b] == 0),
        (f"({a} + {k}) % {n + 1} != 0", lambda s: (s[a] + k) % (n + 1) != 0),
        (f"{n} <= {a} - {b} <= {n + k}", lambda s: n <= s[a] - s[b] <= n + k),
        (f"{a} >= {k} or {b} {sign} {n}", lambda s: s[a] >= k or relation(s[b], n)),
        (f"{a}*{b} {sign} {k}*{n}", lambda s: relation(s[a] * s[b], k * n)),
        (f"{k}/({a} - {n}) > 0", lambda s: s[a] != n and Fraction(k, s[a] - n) > 0),
        (f"{a} // {n + 1} {sign} {b}", lambda s: relation(s[a] // (n + 1), s[b])),
    ])  # fmt: skip
    return parse_constraint(text), check


@dataclass(frozen=True)
class Case:
    """A space, and what plain enumeration needs of it."""

    space: Space
    top: int
    total: Term
    budgets: tuple[tuple[Term, int | None, int | None], ...]
    checks: tuple[Callable[[Numbers], bool], ...]
    lead: Term | None

    def enumerated(self) -> list[tuple[tuple[int, ...], int]]:
        """Return the best configurations by plain enumeration."""
        found: list[Any] = []
        for values in itertools.product(*(axis.values() for axis in self.space.axes)):
            at = {axis.symbol: value for axis, value in zip(self.space.axes, values, strict=True)}
            count = self.total.value(at)
            if count.denominator != 1 or not all(check(at) for check in self.checks):
                continue
            spent = [(budget.value(at), low, high) for budget, low, high in self.budgets]
            if all((low is None or n >= low) and (high is None or n <= high) for n, low, high in spent):
                lead = [] if self.lead is None else [self.lead.value(at)]
                found.append((*lead, abs(count - self.space.target), values, int(count)))
        return [(row[-2], row[-1]) for row in sorted(found)[: self.top]]


def case(seed: object, *, far: int = 0) -> Case:
    """Return a random space, whose values begin at `far` or above."""
    draw = random.Random(f"{seed}")
    axes = []
    for symbol in draw.sample([H, L, F, V, heads, kv_heads], draw.randint(2, 4)):
        start, step = far + draw.randint(1, 4), draw.choice([1, 1, 2, 3])
        axes.append(Axis(symbol, start, start + step * draw.randint(0, 9) + draw.randint(0, step - 1), step))
    symbols = [axis.symbol for axis in axes]
    known = draw.sample(symbols, draw.randint(max(1, len(symbols) - 1), len(symbols)))
    total = plus([term(draw, known) for _ in range(draw.randint(1, 5))])
    budget = plus([term(draw, known) for _ in range(draw.randint(1, 3))])
    middle = {axis.symbol: draw.choice(axis.values()) for axis in axes}
    target = max(1, int(total.value(middle)) + draw.randint(-20, 20))
    budgets: list[tuple[Term, int | None, int | None]] = (
        [(budget, None, int(budget.value(middle)))] if draw.random() < 0.3 else []
    )
    if draw.random() < 0.3:
        budgets.append((total, target - target // 10, target + target // 10))
    conditions = [condition(draw, symbols) for _ in range(draw.choice([0, 0, 1, 1, 2]))]
    a, b = draw.choice(symbols), draw.choice(symbols)
    lead = draw.choice([
        None, None, Term(-a, lambda s: Fraction(-s[a])), Term(-a / b, lambda s: Fraction(-s[a], s[b])),
    ])  # fmt: skip
    counts = [total, *(budget for budget, _, _ in budgets)]
    order = [axis for axis in axes if any(axis.symbol in count.expression.free_symbols for count in counts)] or axes[:1]
    draw.shuffle(order)
    space = Space(
        tuple(axes),
        tuple(order),
        tuple(axis for axis in axes if axis not in order),
        counted(total.expression, tuple(order)),
        total.expression,
        target,
        tuple(Budget(counted(t.expression, tuple(order)), t.expression, low, high) for t, low, high in budgets),
        tuple(constraint for constraint, _ in conditions),
        {},
        None if lead is None else lead.expression,
    )
    checks = tuple(check for _, check in conditions)
    return Case(space, draw.choice([1, 3, 10, 40]), total, tuple(budgets), checks, lead)


def found(outcome: Outcome) -> list[tuple[tuple[int, ...], int]]:
    assert outcome.complete
    return [(tuple(map(int, best.values)), best.count) for best in outcome.best]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every space go through the sieve, in blocks of a few rows."""
    pytest.importorskip("numpy")
    monkeypatch.setattr(searching, "FEW_ROWS", 0)
    for module in (rows, sieve):
        monkeypatch.setattr(module, "BLOCK", 16)
    monkeypatch.setattr(rows, "SHORT", 3)
    monkeypatch.setattr(sieve, "BATCH", 2)


# 2^31 squared and 2^21 cubed leave a signed machine word, 2^62 doubled does.
EACH = int(os.environ.get("BERTSYM_SPACES", "20"))
FAR = [0, 0, 0, 0, 0, 0, 0, 0, 2**21, 2**31, 2**60, 2**62, 2**63, 10**30]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("far", range(len(FAR)))
def test_the_sieve_finds_what_enumeration_finds(far: int) -> None:
    for place in range(EACH):
        drawn = case(f"{far}/{place}", far=FAR[far])
        assert found(Search(drawn.space, drawn.top).run()) == drawn.enumerated(), (far, place)


@pytest.mark.parametrize("far", [0, 3, 9, 12])
def test_without_numpy_the_same_is_found(far: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "FEW_ROWS", 0)
    monkeypatch.setitem(sys.modules, "bertsym.solving.sieve", None)
    for place in range(EACH):
        drawn = case(f"{far}/{place}", far=FAR[far])
        assert found(Search(drawn.space, drawn.top).run()) == drawn.enumerated(), (far, place)


def test_the_spaces_are_of_every_kind() -> None:
    """The random spaces are inverted, enumerated, wide, and have answers."""
    kinds: dict[str, int] = {}
    tried = list(itertools.product(range(0, len(FAR), 3), range(EACH)))
    for far, place in tried:
        drawn = case(f"{far}/{place}", far=FAR[far])
        listener: Any = None
        made = sieve.sieve(drawn.space, listener)
        kind = "none" if made is None else "inverted" if made.inverted else "enumerated"
        kinds[kind] = kinds.get(kind, 0) + 1
        kinds["answers"] = kinds.get("answers", 0) + bool(drawn.enumerated())
    spaces = len(tried)
    assert kinds["inverted"] > spaces / 5
    assert kinds["enumerated"] > spaces / 5
    assert kinds["answers"] > spaces / 2
    # An order by a size that no count depends on has no sieve.
    assert kinds["none"] < spaces / 4
