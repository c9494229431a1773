"""Expressions as tuples, `("*", 4, "hidden")`, simplified as they grow: what a traced build computes with.

A string is an integer symbol, and `("ratio", name)` a symbol for a size that is a fraction. Other operators are `+`,
`^`, `//`, `%`, `min` and `max`. There is no sympy here, because a build does thousands of operations. `None` is an
expression that is not known: it has grown beyond `MAX_TREE_NODES`, or its divisor is not positive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, reduce
from math import gcd
from typing import Any

from bertsym.derive.limits import MAX_CACHED_TREES, MAX_EXPRESSION_POWER, MAX_TREE_NODES

Tree = int | str | tuple[Any, ...]
Factors = dict[Tree, int]  # base to exponent
Term = tuple[int, Factors]


@lru_cache(MAX_CACHED_TREES)
def add(left: Tree | None, right: Tree | None) -> Tree | None:
    """Return the sum, with like terms collected.

    >>> add(("+", "H", -1), ("*", 2, "H"))
    ('+', ('*', 3, 'H'), -1)
    """
    if left is None or right is None:
        return None
    return _collect((*_terms(left), *_terms(right)))


def subtract(left: Tree | None, right: Tree | None) -> Tree | None:
    """Return the difference.

    >>> subtract(subtract("H", 1), "H")
    -1
    """
    return add(left, multiply(right, -1))


@lru_cache(MAX_CACHED_TREES)
def multiply(left: Tree | None, right: Tree | None) -> Tree | None:
    """Return the product; a number is multiplied into a sum, and no other product is expanded.

    >>> multiply(("+", "H", 1), -2)
    ('+', ('*', -2, 'H'), -2)
    >>> multiply("H", ("*", 4, "H"))
    ('*', 4, ('^', 'H', 2))
    """
    if left is None or right is None:
        return None
    if isinstance(left, int):
        return _collect((left * coefficient, factors) for coefficient, factors in _terms(right))
    if isinstance(right, int):
        return multiply(right, left)
    (left_coefficient, left_factors), (right_coefficient, right_factors) = _as_term(left), _as_term(right)
    factors = {base: left_factors.get(base, 0) + right_factors.get(base, 0) for base in (*left_factors, *right_factors)}
    return _collect([(left_coefficient * right_coefficient, factors)])


@lru_cache(MAX_CACHED_TREES)
def floor_divide(numerator: Tree | None, denominator: Tree | None) -> Tree | None:
    """Return the quotient rounded down, with common factors cancelled.

    >>> floor_divide(("*", 2, "H", "heads"), ("*", 6, "heads"))
    ('//', 'H', 3)
    >>> floor_divide(floor_divide(("+", "H", -1), 2), 2)
    ('//', ('+', 'H', -1), 4)
    >>> floor_divide(("*", "H", ("ratio", "expand")), 1)
    ('//', ('*', 'H', ('ratio', 'expand')), 1)
    """
    if numerator is None or denominator is None or (isinstance(denominator, int) and denominator <= 0):
        return None
    above, below = _terms(numerator), _terms(denominator)
    if not above:
        return 0
    divisor = reduce(gcd, (coefficient for coefficient, _ in (*above, *below)))
    shared = reduce(_common_factors, (factors for _, factors in (*above, *below)))
    numerator = _collect((coefficient // divisor, _cancel(factors, shared)) for coefficient, factors in above)
    denominator = _collect((coefficient // divisor, _cancel(factors, shared)) for coefficient, factors in below)
    if denominator == 1 and is_whole(numerator):
        return numerator
    if isinstance(numerator, int) and isinstance(denominator, int):
        return numerator // denominator
    if isinstance(numerator, tuple) and numerator[0] == "//" and is_whole(denominator):
        return floor_divide(numerator[1], multiply(numerator[2], denominator))
    return _bounded(("//", numerator, denominator))


@lru_cache(MAX_CACHED_TREES)
def modulo(left: Tree | None, right: Tree | None) -> Tree | None:
    """Return the remainder.

    >>> modulo(("*", 8, "H"), 4), modulo("H", "heads")
    (0, ('%', 'H', 'heads'))
    """
    quotient = floor_divide(left, right)
    if quotient is None or left is None or right is None or not (is_whole(left) and is_whole(right)):
        return None
    if isinstance(left, int) and isinstance(right, int):
        return left % right
    return 0 if multiply(quotient, right) == left else _bounded(("%", left, right))


def ceiling_divide(numerator: Tree | None, denominator: Tree | None) -> Tree | None:
    """Return the quotient rounded up.

    >>> ceiling_divide("H", 16)
    ('//', ('+', 'H', 15), 16)
    """
    if is_whole(numerator) and is_whole(denominator):
        return floor_divide(add(add(numerator, denominator), -1), denominator)
    return multiply(floor_divide(multiply(numerator, -1), denominator), -1)


def is_whole(tree: Tree | None) -> bool:
    """Return True if the expression is an integer: it has no ratio that is not rounded.

    >>> is_whole(("*", "H", ("ratio", "expand"))), is_whole(("//", ("ratio", "expand"), 1))
    (False, True)
    """
    if not isinstance(tree, tuple) or tree[0] == "//":
        return True
    return tree[0] != "ratio" and all(is_whole(operand) for operand in tree[1:])


def extreme(kind: str, operands: Iterable[Tree | None]) -> Tree | None:
    """Return the `min` or `max` of the operands.

    >>> extreme("max", [extreme("max", ["H", 1]), 4])
    ('max', 'H', 4)
    """
    distinct: dict[Tree, None] = {}
    numbers: list[int] = []
    for operand in operands:
        if operand is None:
            return None
        for tree in operand[1:] if isinstance(operand, tuple) and operand[0] == kind else (operand,):
            if isinstance(tree, int):
                numbers.append(tree)
            else:
                distinct[tree] = None
    number = [min(numbers) if kind == "min" else max(numbers)] if numbers else []
    flat = (*distinct, *number)
    return flat[0] if len(flat) == 1 else _bounded((kind, *flat))


@lru_cache(MAX_CACHED_TREES)
def power(base: Tree | None, exponent: int) -> Tree | None:
    """Return the power, or None for a negative or large exponent.

    >>> power(("*", 2, "H"), 3), power("H", -1)
    (('*', 8, ('^', 'H', 3)), None)
    """
    if base is None or not 0 <= exponent <= MAX_EXPRESSION_POWER:
        return None
    if exponent == 0:
        return 1
    coefficient, factors = _as_term(base)
    return _collect([(coefficient**exponent, {factor: count * exponent for factor, count in factors.items()})])


def names(tree: Tree | None) -> set[str]:
    """Return the names of the symbols in an expression.

    >>> sorted(names(("*", ("ratio", "expand"), ("//", "hidden", 2))))
    ['expand', 'hidden']
    """
    if isinstance(tree, tuple):
        return {name for operand in tree[1:] for name in names(operand)}
    return {tree} if isinstance(tree, str) else set()


def _terms(tree: Tree) -> list[Term]:
    """Return the terms of a sum; none for 0."""
    if isinstance(tree, int):
        return [(tree, {})] if tree else []
    if isinstance(tree, tuple) and tree[0] == "+":
        return [term for operand in tree[1:] for term in _terms(operand)]
    return [_as_term(tree)]


def _as_term(tree: Tree) -> Term:
    """Return the tree as one term, in which a sum is a factor."""
    coefficient, factors = 1, {}
    for operand in tree[1:] if isinstance(tree, tuple) and tree[0] == "*" else (tree,):
        if isinstance(operand, int):
            coefficient *= operand
        else:
            base, exponent = operand[1:] if isinstance(operand, tuple) and operand[0] == "^" else (operand, 1)
            factors[base] = exponent
    return coefficient, factors


def _collect(terms: Iterable[Term]) -> Tree | None:
    """Return the sum of the terms, in the order in which they come, the number last."""
    coefficients: dict[frozenset[tuple[Tree, int]], int] = {}
    ordered: dict[frozenset[tuple[Tree, int]], Factors] = {}
    for coefficient, factors in terms:
        key = frozenset(factors.items())
        coefficients[key] = coefficients.get(key, 0) + coefficient
        ordered[key] = factors
    products = [_product(coefficient, ordered[key]) for key, coefficient in coefficients.items() if coefficient]
    numbers = [product for product in products if isinstance(product, int)]
    operands = [*(product for product in products if not isinstance(product, int)), *numbers]
    if len(operands) < 2:
        return _bounded(operands[0]) if operands else 0
    return _bounded(("+", *operands))


def _product(coefficient: int, factors: Factors) -> Tree:
    powers = [
        base if exponent == 1 else ("^", base, exponent)
        for base, exponent in sorted(factors.items(), key=str)
        if exponent
    ]
    operands = (*([coefficient] if coefficient != 1 or not powers else []), *powers)
    return operands[0] if len(operands) == 1 else ("*", *operands)


def _common_factors(left: Factors, right: Factors) -> Factors:
    return {base: min(exponent, right[base]) for base, exponent in left.items() if base in right}


def _cancel(factors: Factors, shared: Factors) -> Factors:
    return {
        base: exponent - shared.get(base, 0) for base, exponent in factors.items() if exponent > shared.get(base, 0)
    }


def _bounded(tree: Tree) -> Tree | None:
    """Return the tree, or None if it has more than `MAX_TREE_NODES` nodes."""
    nodes = sum(1 for _ in zip(_nodes(tree), range(MAX_TREE_NODES + 1), strict=False))
    return tree if nodes <= MAX_TREE_NODES else None


def _nodes(tree: object) -> Iterator[object]:
    yield tree
    if isinstance(tree, tuple):
        for operand in tree[1:]:
            yield from _nodes(operand)
