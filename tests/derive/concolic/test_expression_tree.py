"""Expression trees have the value of what was computed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from random import Random
from typing import Any

from bertsym.derive.concolic import expression_tree as trees
from bertsym.derive.limits import MAX_TREE_NODES


def test_trees_are_arithmetic() -> None:
    """A thousand random programs, each evaluated in Python and as a tree."""
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
        known: list[tuple[int, Any]] = [(size, name) for name, size in sizes.items()]
        known += [(n, n) for n in (1, 2, 3, 8)]
        for _ in range(8):
            (left, left_tree), (right, right_tree) = random.choice(known), random.choice(known)
            compute, express = random.choice(binary)
            if right > 0 or compute not in (binary[3][0], binary[4][0], binary[5][0]):
                tree = express(left_tree, right_tree)
                if tree is not None:
                    assert evaluate_tree(tree, sizes) == compute(left, right), tree
                    known.append((compute(left, right), tree))
                    written += 1
    assert written > 3000
    assert json.dumps(trees.power(("*", 2, "a"), 3)) == '["*", 8, ["^", "a", 3]]'


def test_an_expression_that_grows_too_long_is_not_known() -> None:
    tree: Any = 0
    for number in range(MAX_TREE_NODES):
        tree = trees.add(tree, f"size_{number}")
    assert tree is None
    assert trees.add(None, "hidden") is trees.multiply("hidden", None) is trees.power("hidden", 9) is None


def test_a_divisor_that_is_not_positive_gives_no_expression() -> None:
    assert trees.floor_divide("hidden", 0) is trees.modulo("hidden", -2) is None


def test_remainders_and_extremes_take_no_ratio_apart() -> None:
    scaled = ("*", "hidden", ("ratio", "expand"))
    assert trees.modulo(scaled, 2) is None
    assert trees.ceiling_divide(scaled, 1) == ("*", -1, ("//", ("*", -1, "hidden", ("ratio", "expand")), 1))
    assert trees.extreme("min", [3, "hidden", None]) is None
    assert trees.extreme("min", [3, 5]) == 3


def evaluate_tree(tree: Any, sizes: dict[str, int]) -> int:
    if isinstance(tree, int):
        return tree
    if isinstance(tree, str):
        return sizes[tree]
    operands = [evaluate_tree(operand, sizes) for operand in tree[1:]]
    compute: dict[str, Callable[..., int]] = {
        "+": lambda *numbers: sum(numbers),
        "*": lambda *numbers: math.prod(numbers),
        "//": lambda above, below: above // below,
        "%": lambda above, below: above % below,
        "^": lambda base, power: base**power,
        "min": min,
        "max": max,
    }
    return compute[tree[0]](*operands)
