"""Lists of kinds as numbers: how often each kind occurs, and the number of the list among all lists with these counts.

A stack with layers of several kinds is a permutation of a multiset. Its rank is its position among all permutations
of the same multiset in lexicographic order (Knuth, TAOCP 4A, 7.2.1.2). So a list of any length is a few exact integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
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


def spread(amounts: Sequence[int]) -> tuple[int, ...]:
    """Return a list with these counts in which each kind is spread evenly.

    >>> spread([6, 2]), spread([0, 3])
    ((0, 0, 1, 0, 0, 0, 1, 0), (1, 1, 1))
    """
    return tuple(_in_turn(amounts, sum(amounts)))


def apportioned(amounts: Sequence[int], total: int) -> tuple[int, ...]:
    """Return counts with another sum in the same proportions, as near as whole numbers come.

    >>> apportioned([6, 2], 12), apportioned([6, 2], 3)
    ((9, 3), (2, 1))
    """
    return counts(tuple(_in_turn(amounts, total)), len(amounts))


def _in_turn(shares: Sequence[int], total: int) -> Iterator[int]:
    """Yield as many kinds as `total`, each time the one furthest behind its share, as Sainte-Laguë gives seats."""
    taken = [0] * len(shares)
    for _ in range(total):
        due = [Fraction(share, 2 * seats + 1) for share, seats in zip(shares, taken, strict=True)]
        kind = due.index(max(due))
        taken[kind] += 1
        yield kind
