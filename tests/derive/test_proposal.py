"""What a build with symbols says comes from another process: read within bounds, or refused; and its small algebra."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from sympy import Max, floor

from bertsym.derive.concolic import expression_tree as trees
from bertsym.derive.concolic.trace import ConcolicTrace, Multiple, proposal
from bertsym.expressions.reader import Malformed
from bertsym.symbols import H, V, heads

WORD = {"sides": ["vocab", "hidden"], "shapes": {"word.weight": [0, 1]}, "relations": []}


def deep(levels: int) -> Any:
    found: Any = "hidden"
    for _ in range(levels):
        found = ["+", found, 1]
    return found


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {"raised": "ValueError"},
        {**WORD, "sides": "vocab"},
        {**WORD, "shapes": {"word.weight": [0, 2]}},
        {**WORD, "shapes": {"word.weight": [0, -1]}},
        {**WORD, "shapes": {"word.weight": [True]}},
        {**WORD, "shapes": {"word.weight": [[0]]}},
        {**WORD, "shapes": {"word.weight": "0"}},
        {**WORD, "shapes": {"word.weight": [0] * 17}},
        {**WORD, "shapes": {"w" * 501: [0]}},
        {**WORD, "sides": [1] * 4001},
        {**WORD, "sides": [["+", "hidden", k] for k in range(601)]},
        {**WORD, "relations": [["=", "hidden", 1]] * 501},
        {**WORD, "relations": ["hidden"]},
        {**WORD, "relations": [["__class__", "hidden", 1]]},
        {**WORD, "relations": [["=", "hidden"]]},
        {**WORD, "used": "hidden"},
        {**WORD, "used": ["width"]},
        {**WORD, "used": [["hidden"]]},
    ],
)
def test_an_answer_that_is_no_proposal_is_refused(told: Any) -> None:
    with pytest.raises(Malformed):
        proposal(told, {"hidden": H, "vocab": V})


@pytest.mark.parametrize(
    "side",
    [
        None,
        True,
        1.5,
        10**13,
        "H",
        "__import__('os')",
        {"hidden": 1},
        [],
        ["eval", "hidden"],
        ["^", "hidden", 9],
        ["^", ["^", ["^", ["+", "hidden", "vocab", 1], 8], 8], 8],
        ["*", *[["+", "hidden", "vocab", 1]] * 20],
        ["//", "hidden", 0],
        ["min"],
        ["max", *["hidden"] * 65],
        deep(40),
    ],
    ids=str,
)
def test_a_side_that_is_no_expression_is_none(side: Any) -> None:
    found = proposal({**WORD, "sides": [side, "hidden"]}, {"hidden": H, "vocab": V})
    assert found.shapes == {"word.weight": (None, H)}
    relations = [["=", ["%", side, "hidden"], 0], [">", side, "hidden"], ["=", ["%", "hidden", side], 0]]
    assert not proposal({**WORD, "relations": relations}, {"hidden": H, "vocab": V}).multiples


def test_what_a_path_says() -> None:
    def path(*relations: list[Any]) -> ConcolicTrace:
        return proposal({**WORD, "relations": list(relations)}, {"hidden": H, "heads": heads, "vocab": V})

    # heads * floor(H / heads) = H says that heads divide H, and the size of a head must then be even.
    said = path(
        ["=", ["*", "heads", ["//", "hidden", "heads"]], "hidden"], ["=", ["%", ["//", "hidden", "heads"], 2], 0]
    )
    assert said.multiples == (Multiple("hidden", 1, "heads"), Multiple("hidden", 2, "heads"))
    assert path(["=", ["%", ["*", 2, "hidden"], 64], 0]).multiples == (Multiple("hidden", 32),)
    assert path(["=", ["%", "hidden", ["*", "heads", "vocab"]], 0]).multiples == ()
    assert path(["=", "vocab", 5]) == path() or path(["=", "vocab", 5]).pinned == ("vocab",)
    trivial = path([">", "hidden", 0], ["!=", "hidden", 1], [">=", "heads", 0], ["<", 1, "vocab"])
    assert trivial.conditions == ()
    assert path([">", "vocab", "hidden"], [">", "vocab", "hidden"]).conditions == (V > H,)


def test_a_divisor_that_may_be_nothing_is_at_least_one() -> None:
    """As in ConvBERT, where the heads are fewer by a ratio, and one where the ratio is larger."""
    fewer = ["//", "heads", "vocab"]
    told = {**WORD, "sides": [["*", ["//", "hidden", ["*", 2, fewer]], fewer], 1]}
    found = proposal(told, {"hidden": H, "heads": heads, "vocab": V}).shapes["word.weight"][0]
    assert found == floor(heads / V) * floor(H / Max(1, 2 * floor(heads / V)))


def test_trees_are_arithmetic() -> None:
    """What the small algebra writes has the value of what was computed, for a thousand random programs."""
    random = Random(7)
    binary: list[tuple[Callable[[int, int], int], Callable[[Any, Any], Any]]] = [
        (lambda a, b: a + b, trees.add),
        (lambda a, b: a - b, trees.subtract),
        (lambda a, b: a * b, trees.multiply),
        (lambda a, b: a // b, trees.floor_divide),
        (lambda a, b: -(-a // b), trees.ceiling_divide),
        (lambda a, b: a % b, trees.modulo),
        (min, lambda a, b: trees.extreme("min", (a, b))),
        (max, lambda a, b: trees.extreme("max", (a, b))),
    ]
    written = 0
    for _ in range(1000):
        sizes = {name: random.randint(1, 30) for name in "abc"}
        known: list[tuple[int, Any]] = [(found, name) for name, found in sizes.items()]
        known += [(n, n) for n in (1, 2, 3, 8)]
        for _ in range(8):
            (left, one), (right, two) = random.choice(known), random.choice(known)
            compute, express = random.choice(binary)
            if right > 0 or compute not in (binary[3][0], binary[4][0], binary[5][0]):
                tree = express(one, two)
                if tree is not None:
                    assert valued(tree, sizes) == compute(left, right), tree
                    known.append((compute(left, right), tree))
                    written += 1
    assert written > 3000
    assert trees.power("a", 9) is None
    assert json.dumps(trees.power(("*", 2, "a"), 3)) == '["*", 8, ["^", "a", 3]]'


def valued(tree: Any, sizes: dict[str, int]) -> int:
    if isinstance(tree, int):
        return tree
    if isinstance(tree, str):
        return sizes[tree]
    parts = [valued(part, sizes) for part in tree[1:]]
    compute: dict[str, Callable[..., int]] = {
        "+": lambda *numbers: sum(numbers),
        "*": lambda *numbers: math.prod(numbers),
        "//": lambda above, below: above // below,
        "%": lambda above, below: above % below,
        "^": lambda base, power: base**power,
        "min": min,
        "max": max,
    }
    return compute[tree[0]](*parts)
