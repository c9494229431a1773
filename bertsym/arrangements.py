"""Lists of kinds as numbers: how often each kind occurs, and the number of the list among all lists with these counts.

A stack with layers of several kinds is a permutation of a multiset. Its rank is its position among all permutations
of the same multiset in lexicographic order (Knuth, TAOCP 4A, 7.2.1.2). So a list of any length is a few exact integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import comb


def counts(kinds: Sequence[int], kind_count: int) -> tuple[int, ...]:
    """Return how often each of the kinds 0, 1, ... occurs.

    >>> counts([1, 0, 1], 3)
    (1, 2, 0)
    """
    return tuple(sum(kind == counted for kind in kinds) for counted in range(kind_count))


def arrangement_count(amounts: Sequence[int]) -> int:
    """Return the number of lists with these counts, a multinomial coefficient.

    >>> arrangement_count([1, 2])
    3
    """
    product, total = 1, 0
    for amount in amounts:
        total += amount
        product *= comb(total, amount)
    return product


def rank(kinds: Sequence[int], kind_count: int) -> int:
    """Return the number of the list among all lists with its counts.

    >>> [rank(kinds, 2) for kinds in ([0, 1, 1], [1, 0, 1], [1, 1, 0])]
    [0, 1, 2]
    """
    amounts = list(counts(kinds, kind_count))
    number, total, rest = 0, arrangement_count(amounts), len(kinds)
    for kind in kinds:
        for smaller in range(kind):
            number += total * amounts[smaller] // rest
        total, rest, amounts[kind] = total * amounts[kind] // rest, rest - 1, amounts[kind] - 1
    return number


@lru_cache(maxsize=512)
def arranged(number: int, amounts: tuple[int, ...]) -> tuple[int, ...]:
    """Return the list of that number; a number beyond the last list begins again at the first.

    >>> arranged(1, (1, 2)), arranged(4, (1, 2))
    ((1, 0, 1), (1, 0, 1))
    """
    rest, left = sum(amounts), list(amounts)
    total = arrangement_count(amounts)
    number %= total
    kinds = []
    while rest:
        kind = 0
        while number >= (beginning_so := total * left[kind] // rest):
            number -= beginning_so
            kind += 1
        kinds.append(kind)
        total, rest, left[kind] = beginning_so, rest - 1, left[kind] - 1
    return tuple(kinds)
