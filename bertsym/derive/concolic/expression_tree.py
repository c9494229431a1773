"""Expressions as tuples, `("*", 4, "hidden")`, kept short as they grow: what the other process records.

Names stand for integers; `("ratio", name)` for a size that is a fraction. No sympy, which is slow where it is called a
thousand times, and no torch. `None` is an expression that is not kept: it has grown too long, or has a divisor that is
not positive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, reduce
from math import gcd
from typing import Any

Tree = int | str | tuple[Any, ...]
Factors = dict[Tree, int]

LONGEST = 160
HIGHEST_POWER = 8
REMEMBERED = 10_000


@lru_cache(REMEMBERED)
def add(left: Tree | None, right: Tree | None) -> Tree | None:
    """The sum, like terms collected.

    >>> add(("+", "H", -1), ("*", 2, "H"))
    ('+', ('*', 3, 'H'), -1)
    """
    if left is None or right is None:
        return None
    return _sum((*_summands(left), *_summands(right)))


def subtract(left: Tree | None, right: Tree | None) -> Tree | None:
    """The difference.

    >>> subtract(subtract("H", 1), "H")
    -1
    """
    return add(left, multiply(right, -1))


@lru_cache(REMEMBERED)
def multiply(left: Tree | None, right: Tree | None) -> Tree | None:
    """The product; a number is multiplied into a sum, nothing else is written out.

    >>> multiply(("+", "H", 1), -2)
    ('+', ('*', -2, 'H'), -2)
    >>> multiply("H", ("*", 4, "H"))
    ('*', 4, ('^', 'H', 2))
    """
    if left is None or right is None:
        return None
    if isinstance(left, int):
        return _sum((left * coefficient, factors) for coefficient, factors in _summands(right))
    if isinstance(right, int):
        return multiply(right, left)
    (one, above), (two, below) = _single(left), _single(right)
    return _sum([(one * two, {base: above.get(base, 0) + below.get(base, 0) for base in (*above, *below)})])


@lru_cache(REMEMBERED)
def floor_divide(above: Tree | None, below: Tree | None) -> Tree | None:
    """The quotient rounded down, what both sides have in common cancelled.

    >>> floor_divide(("*", 2, "H", "heads"), ("*", 6, "heads"))
    ('//', 'H', 3)
    >>> floor_divide(floor_divide(("+", "H", -1), 2), 2)
    ('//', ('+', 'H', -1), 4)
    >>> floor_divide(("*", "H", ("ratio", "expand")), 1)
    ('//', ('*', 'H', ('ratio', 'expand')), 1)
    """
    if above is None or below is None or (isinstance(below, int) and below <= 0):
        return None
    over, under = _summands(above), _summands(below)
    if not over:
        return 0
    common = reduce(gcd, (coefficient for coefficient, _ in (*over, *under)))
    shared = reduce(_in_both, (factors for _, factors in (*over, *under)))
    above = _sum((coefficient // common, _without(factors, shared)) for coefficient, factors in over)
    below = _sum((coefficient // common, _without(factors, shared)) for coefficient, factors in under)
    if below == 1 and is_whole(above):
        return above
    if isinstance(above, int) and isinstance(below, int):
        return above // below
    if isinstance(above, tuple) and above[0] == "//" and is_whole(below):
        return floor_divide(above[1], multiply(above[2], below))
    return _kept(("//", above, below))


@lru_cache(REMEMBERED)
def modulo(left: Tree | None, right: Tree | None) -> Tree | None:
    """The remainder.

    >>> modulo(("*", 8, "H"), 4), modulo("H", "heads")
    (0, ('%', 'H', 'heads'))
    """
    quotient = floor_divide(left, right)
    if quotient is None or left is None or right is None or not (is_whole(left) and is_whole(right)):
        return None
    if isinstance(left, int) and isinstance(right, int):
        return left % right
    return 0 if multiply(quotient, right) == left else _kept(("%", left, right))


def ceiling_divide(above: Tree | None, below: Tree | None) -> Tree | None:
    """The quotient rounded up.

    >>> ceiling_divide("H", 16)
    ('//', ('+', 'H', 15), 16)
    """
    if is_whole(above) and is_whole(below):
        return floor_divide(add(add(above, below), -1), below)
    return multiply(floor_divide(multiply(above, -1), below), -1)


def is_whole(tree: Tree | None) -> bool:
    """Whether it is an integer: there is no ratio in it that is not rounded.

    >>> is_whole(("*", "H", ("ratio", "expand"))), is_whole(("//", ("ratio", "expand"), 1))
    (False, True)
    """
    if not isinstance(tree, tuple) or tree[0] == "//":
        return True
    return tree[0] != "ratio" and all(is_whole(part) for part in tree[1:])


def extreme(kind: str, operands: Iterable[Tree | None]) -> Tree | None:
    """The `min` or `max` of the operands.

    >>> extreme("max", [extreme("max", ["H", 1]), 4])
    ('max', 'H', 4)
    """
    kept: dict[Tree, None] = {}
    numbers: list[int] = []
    for operand in operands:
        if operand is None:
            return None
        for tree in operand[1:] if isinstance(operand, tuple) and operand[0] == kind else (operand,):
            if isinstance(tree, int):
                numbers.append(tree)
            else:
                kept[tree] = None
    number = [min(numbers) if kind == "min" else max(numbers)] if numbers else []
    every = (*kept, *number)
    return every[0] if len(every) == 1 else _kept((kind, *every))


@lru_cache(REMEMBERED)
def power(base: Tree | None, exponent: int) -> Tree | None:
    """The power to a small number."""
    if base is None or not 0 <= exponent <= HIGHEST_POWER:
        return None
    return 1 if exponent == 0 else _sum([_raised(_single(base), exponent)])


def _raised(product: tuple[int, Factors], exponent: int) -> tuple[int, Factors]:
    coefficient, factors = product
    return coefficient**exponent, {base: often * exponent for base, often in factors.items()}


def _summands(tree: Tree) -> list[tuple[int, Factors]]:
    """The terms of a sum, each a coefficient and factors; none for 0."""
    if isinstance(tree, int):
        return [(tree, {})] if tree else []
    if isinstance(tree, tuple) and tree[0] == "+":
        return [term for operand in tree[1:] for term in _summands(operand)]
    return [_single(tree)]


def _single(tree: Tree) -> tuple[int, Factors]:
    """The tree as one term, a sum being a factor as it stands."""
    coefficient, factors = 1, {}
    for operand in tree[1:] if isinstance(tree, tuple) and tree[0] == "*" else (tree,):
        if isinstance(operand, int):
            coefficient *= operand
        else:
            base, often = operand[1:] if isinstance(operand, tuple) and operand[0] == "^" else (operand, 1)
            factors[base] = often
    return coefficient, factors


def _sum(terms: Iterable[tuple[int, Factors]]) -> Tree | None:
    collected: dict[frozenset[tuple[Tree, int]], int] = {}
    written: dict[frozenset[tuple[Tree, int]], Factors] = {}
    for coefficient, factors in terms:
        key = frozenset(factors.items())
        collected[key] = collected.get(key, 0) + coefficient
        written[key] = factors
    products = [_product(coefficient, written[key]) for key, coefficient in collected.items() if coefficient]
    numbers = [product for product in products if isinstance(product, int)]
    ordered = [*(product for product in products if not isinstance(product, int)), *numbers]
    if len(ordered) < 2:
        return _kept(ordered[0]) if ordered else 0
    return _kept(("+", *ordered))


def _product(coefficient: int, factors: Factors) -> Tree:
    powers = [base if often == 1 else ("^", base, often) for base, often in sorted(factors.items(), key=str) if often]
    operands = (*([coefficient] if coefficient != 1 or not powers else []), *powers)
    return operands[0] if len(operands) == 1 else ("*", *operands)


def _in_both(left: Factors, right: Factors) -> Factors:
    return {base: min(often, right[base]) for base, often in left.items() if base in right}


def _without(factors: Factors, shared: Factors) -> Factors:
    return {base: often - shared.get(base, 0) for base, often in factors.items() if often > shared.get(base, 0)}


def _kept(tree: Tree) -> Tree | None:
    return tree if sum(1 for _ in zip(_parts(tree), range(LONGEST + 1), strict=False)) <= LONGEST else None


def _parts(tree: object) -> Iterator[object]:
    yield tree
    if isinstance(tree, tuple):
        for part in tree[1:]:
            yield from _parts(part)
