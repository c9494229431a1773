"""A saved model is data: whatever the file says, it is read or refused, and nothing runs."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sympy import Expr

from bertsym.convention import ACTIVE
from bertsym.count import count, total
from bertsym.errors import BertsymError
from bertsym.layers import Role
from bertsym.model import Model
from bertsym.sources.configfile import load
from bertsym.sources.expressions import Malformed, read, read_condition, write, write_condition
from bertsym.sources.saved import Derived, parse, text
from bertsym.symbols import E, F, H, Kind, L, Own, V, tied
from bertsym.tree import Loop, Routing, Tensor
from bertsym.zoo.parts import FEED_FORWARD

BRANCHES = Own("branches", Kind.DEPTH, 0, "branches of the code")
SYMBOLS = {"V": V, "H": H, "L": L, "E": E, "F": F, "tied": tied, "branches": BRANCHES}
SMALL = Derived(
    "small",
    "Small",
    "by hand",
    {V: 10, H: 4, L: 2, F: 8, E: 4, BRANCHES: 3, tied: True},
    (FEED_FORWARD,),
    (
        Tensor("words.weight", (V, H), Role.EMBEDDING, "", "words"),
        Tensor("up.weight", (H, E), Role.MATRIX, "", "up", when=sympy.Ne(E, H)),
        Tensor(
            "layers.{}.branches.{}.weight", (F, sympy.floor((H + 1) / 2)), Role.MATRIX, "", "branches",
            (Loop(sympy.S(1), L), Loop(sympy.S(0), BRANCHES)), routing=Routing(sympy.S(2), BRANCHES),
        ),
        Tensor("out.weight", (V, H), Role.EMBEDDING, "", "out", tied_to="words.weight", tied_when=tied),
    ),
)  # fmt: skip


def saved(folder: Path, content: object) -> str:
    file = folder / "model.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(file)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    model = load(saved(tmp_path, text(SMALL)))
    assert total(model, keep=[tied]) == total(SMALL.model(), keep=[tied])
    sizes = {V: 10, H: 5, L: 4, F: 8, E: 4, BRANCHES: 3}
    # words 50, up 20 as 4 != 5, three layers of three branches of 8 x 3; tied by default, else 50 more
    assert count(model.with_sizes(sizes)) == 50 + 20 + 3 * 3 * 8 * 3
    # two of three branches work on a token
    assert count(model.with_sizes(sizes), ACTIVE) == 50 + 20 + 3 * 2 * 8 * 3
    assert count(model.with_sizes({**sizes, tied: False})) == 50 + 20 + 3 * 3 * 8 * 3 + 50


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> Expr:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from([V, H, L, BRANCHES, *map(sympy.Integer, range(-3, 9))]))
    left, right = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    below = draw(st.sampled_from([H, L, sympy.Integer(2), sympy.Integer(7)]))
    return draw(st.sampled_from([left + right, left * right, left**2, sympy.floor(left / below)]))


@given(expressions())
def test_expressions_survive(expression: Expr) -> None:
    again = read(json.loads(json.dumps(write(expression))), SYMBOLS)
    assert sympy.expand(again - expression) == 0


@pytest.mark.parametrize(
    "condition",
    [tied, sympy.Not(tied), sympy.Ne(E, H), sympy.And(tied, sympy.Gt(H, 3)), sympy.Gt(V, H), sympy.Eq(E, H)],
)
def test_conditions_survive(condition: Any) -> None:
    assert read_condition(json.loads(json.dumps(write_condition(condition))), SYMBOLS) == condition


HOSTILE = [
    True,
    1.5,
    None,
    [],
    ["+"],
    10**13,
    "Q",
    "tied",
    "__import__('os').system('true')",
    ["**", "H", 2],
    ["^", "H", 99],
    ["^", "H", -1],
    ["^", "H", "H"],
    ["//", "H", 0],
    ["//", "H", "branches"],
    ["//", "H", ["+", "H", -1]],
    ["+", *["H"] * 65],
    {"+": ["H", 1]},
    ["*", *[["+", "H", "V", "L", 1]] * 9],
    ["^", ["^", ["^", ["+", "H", 1], 8], 8], 8],
]


@pytest.mark.parametrize("json_tree", HOSTILE, ids=str)
def test_hostile_expressions_are_refused(json_tree: Any) -> None:
    with pytest.raises(Malformed):
        read(json_tree, SYMBOLS)


def test_deep_expressions_are_refused() -> None:
    tree: Any = "H"
    for _ in range(30):
        tree = ["+", tree, 1]
    with pytest.raises(Malformed):
        read(tree, SYMBOLS)


CHANGES: list[tuple[tuple[str | int, ...], Any]] = [
    (("format",), 2),
    (("name",), "\x1b[31m"),
    (("sizes", 0, "name"), "H"),
    (("sizes", 0, "base"), -1),
    (("sizes", 6, "kind"), "anything"),
    (("sizes", 6, "least"), True),
    (("definitions",), ["F", "F"]),
    (("definitions",), ["N"]),
    (("tensors",), []),
    (("tensors",), "none"),
    (("tensors", 0, "name"), "a..b"),
    (("tensors", 0, "name"), "{0.__class__}"),
    (("tensors", 0, "name"), "words.{}.weight"),
    (("tensors", 0, "shape"), ["V"] * 9),
    (("tensors", 0, "role"), "weight"),
    (("tensors", 0, "component"), 7),
    (("tensors", 2, "loops"), [[0]]),
    (("tensors", 2, "routing"), "branches"),
    (("tensors", 2, "routing"), [2]),
    (("tensors", 2, "routing"), [2, None]),
    (("tensors", 2, "routing"), [2, 0]),
    (("tensors", 2, "routing"), [2, "V"]),
    (("tensors", 2, "routing"), [-2, "branches"]),
    (("tensors", 2, "routing"), [["+", "H", 1], "branches"]),
    (("tensors", 2, "routing"), ["tied", "branches"]),
    (("tensors", 3, "tied_to"), "nowhere"),
    (("tensors", 3, "tied_to"), "up.weight"),
    (("tensors", 3, "tied_when"), ["or", "tied"]),
    (("tensors", 3), {"name": "words.weight"}),
]


@pytest.mark.parametrize(("path", "new"), CHANGES, ids=str)
def test_a_wrong_field_is_named(path: tuple[Any, ...], new: Any, tmp_path: Path) -> None:
    content = json.loads(text(SMALL))
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = new
    with pytest.raises(BertsymError, match=", field '"):
        load(saved(tmp_path, content))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["H", "V", "tied", "+", "*", "//", "{}", "a.{}.b", ""]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["name", "shape", "base"]), inner),
    max_leaves=8,
)


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_fuzzed_files_are_read_or_refused(data: st.DataObject) -> None:
    content = json.loads(text(SMALL))
    for _ in range(data.draw(st.integers(1, 3))):
        place: Any = content
        while isinstance(place, dict | list) and place:
            key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            if data.draw(st.booleans()) or not isinstance(place[key], dict | list):
                place[key] = data.draw(JSON)
                break
            place = place[key]
    with suppress(BertsymError):
        model: Model = parse(content, Path("model.json"))
        total(model)
        total(model, ACTIVE)
