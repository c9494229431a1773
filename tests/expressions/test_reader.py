"""Expressions are text: what is written is read again, and whatever a stranger writes is read or refused, quickly."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Expr
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson
from bertsym.expressions.reader import Malformed, read, read_condition
from bertsym.expressions.writer import write, write_condition
from bertsym.symbols import E, F, H, Kind, L, Own, V, cross_attention, ffn_ratio, heads, tied

EXPERTS = Own("experts", Kind.DEPTH, 0, "experts of the code")
SYMBOLS = {str(s): s for s in (V, H, L, E, F, heads, ffn_ratio, tied, cross_attention, EXPERTS)}

WRITTEN = {
    "4*H^2 + H": 4 * H**2 + H,
    "(V + 6)//7": sympy.floor((V + 6) / 7),
    "-(V//7)": -sympy.floor(V / 7),
    "-V//7": sympy.floor(-V / 7),
    "[not tied]*H*V": Iverson(sympy.Not(tied)) * V * H,
    "[E > H]*(E - H) + H": H + Iverson(sympy.Gt(E, H)) * (E - H),
    "(H*ffn_ratio)//1": sympy.floor(H * ffn_ratio),
    "H - heads*(H//heads)": H - heads * sympy.floor(H / heads),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_the_notation(text: str) -> None:
    assert read(text, SYMBOLS) == WRITTEN[text]
    assert read(write(WRITTEN[text]), SYMBOLS) == WRITTEN[text]


def test_maxima_minima_and_ceilings_are_floors_and_brackets() -> None:
    greater, ceiling = read("H + [E > H]*(E - H)", SYMBOLS), read("(V + H - 1)//H", SYMBOLS)
    for one in range(1, 9):
        for other in range(1, 9):
            sizes = {H: sympy.Integer(one), E: sympy.Integer(other), V: sympy.Integer(other)}
            assert greater.xreplace(sizes) == max(one, other)
            assert ceiling.xreplace(sizes) == -(-other // one)


RELATIONS = [sympy.Eq, sympy.Ne, sympy.Gt, sympy.Ge, sympy.Lt, sympy.Le]
LEAVES = [V, H, L, EXPERTS, *map(sympy.Integer, range(-3, 9))]
BELOW = [H, L, H * L, H + 1, sympy.Integer(2), sympy.Integer(7)]


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> Expr:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(LEAVES))
    left, right = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    made = [left + right, left * right, left**2, -left, sympy.floor(left / draw(st.sampled_from(BELOW)))]
    made.append(Iverson(draw(conditions(depth - 1))) * left)
    return draw(st.sampled_from(made))


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> Boolean:
    kind = draw(st.integers(0, 4)) if depth > 0 else 0
    if kind == 0:
        return draw(st.sampled_from([tied, cross_attention]))
    if kind == 1:
        return draw(st.sampled_from(RELATIONS))(draw(expressions(depth - 1)), draw(expressions(depth - 1)))
    if kind == 2:
        return sympy.Not(draw(conditions(depth - 1)))
    return (sympy.And if kind == 3 else sympy.Or)(draw(conditions(depth - 1)), draw(conditions(depth - 1)))


@given(expressions())
@settings(deadline=None)
def test_expressions_survive(expression: Expr) -> None:
    assert sympy.expand(read(write(expression), SYMBOLS) - expression) == 0


@given(conditions())
@settings(deadline=None)
def test_conditions_survive(condition: Boolean) -> None:
    if condition != sympy.false:
        assert read_condition(write_condition(condition), SYMBOLS) == condition


HOSTILE: list[Any] = [
    True,
    1.5,
    None,
    [],
    "",
    "H H",
    "(H",
    "[H]",
    "H + tied",
    "tied",
    "tied = tied",
    "Q",
    "__import__('os').system('true')",
    "H.__class__",
    "H^2^3",
    "H**2**3",
    "H + 1.5",
    "not H",
    "H^99",
    "H^-1",
    "H^H",
    "H/heads",
    "H//0",
    "H//experts",
    "H//(H - 1)",
    "10000000000000",
    "H*" * 16 + "H",
    "((((H^8)^8)^8)^8)^8",
    "((((9^8)^8)^8)^8)^8",
    "(H + V + L + 1)^9",
    "*".join(["(H + V + L + 1)"] * 9),
    "+".join(["H"] * 500),
    "(" * 500 + "H",
    "-" * 500 + "H",
    "not " * 300 + "tied",
    "H" * 5000,
    "٣",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: str(text)[:20])
def test_hostile_text_is_refused(text: Any) -> None:
    with pytest.raises(Malformed):
        read(text, SYMBOLS)


PIECES = ["H", "V", "heads", "tied", "experts", "ffn_ratio", "x", "2", "0", "999999999999", *"+-*/^()[]=<>", "//", "!="]
PIECES += ["<=", ">=", " and ", " or ", "not ", "true", "\x00", "é"]


@given(st.lists(st.sampled_from(PIECES), max_size=24).map("".join))
@settings(max_examples=500, deadline=2000)
def test_any_text_is_read_or_refused(text: str) -> None:
    for reader in (read, read_condition):
        with suppress(Malformed):
            reader(text, SYMBOLS)
