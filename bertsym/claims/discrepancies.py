"""The terms in which a claim and a count differ: the tensors behind the exact and behind the claimed coefficient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import combinations

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.claims.interpretations import Counting
from bertsym.claims.tensor_polynomials import Part, add, number
from bertsym.formulas.monomial_order import Monomial, Terms
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

# The shares among which a subset sum is searched, which takes 2^14 steps.
MAX_SHARES = 14


@value
class Share:
    """Tensors of one kind and what they add to a coefficient: query, key and value weights, 3."""

    names: tuple[str, ...]
    coefficient: Fraction


@value
class Row:
    """A term in which a claim and a count differ.

    `found` are the shares that add up to the claimed coefficient and `missing` the others, both empty if no shares do;
    `surplus` are shares from outside the count that make up the excess. `cost` is what the error comes to, claimed
    less exact, at the sizes of the question.
    """

    monomial: Monomial
    claimed: Fraction
    exact: Fraction
    shares: tuple[Share, ...]
    found: tuple[Share, ...]
    missing: tuple[Share, ...]
    surplus: tuple[Share, ...]
    cost: Fraction | None

    @property
    def cancels(self) -> bool:
        """Return True if the term has the number of heads in it, which cancels because heads * d = H."""
        return self.claimed != 0 == self.exact and without_heads(self.monomial) != self.monomial

    @property
    def times(self) -> int | None:
        """Return how often the claim counts the exact coefficient, if it does so more than once."""
        if self.exact > 0 and self.claimed > self.exact and (self.claimed / self.exact).denominator == 1:
            return int(self.claimed / self.exact)
        return None


def without_heads(monomial: Monomial) -> Monomial:
    """Return the monomial with its heads cancelled."""
    return tuple((b, p) for b, p in monomial if b not in BY_SYMBOL or BY_SYMBOL[b].kind is not Kind.HEADS)


def cancelled(claim: Terms, exact: Terms) -> Terms:
    """Return a claim with its heads cancelled in the terms that the exact count lacks."""
    if claim.keys() <= exact.keys():
        return claim
    return add(({m if m in exact else without_heads(m): value} for m, value in claim.items()))


def rows(claim: Terms, counting: Counting, others: Sequence[Part], sizes: Mapping[Symbol, Value]) -> tuple[Row, ...]:
    """Return every term whose coefficients differ; `others` are the parts that the counting leaves out.

    Terms with heads that should cancel come first, each as an error of its own.
    """
    exact = counting.terms
    mended = cancelled(claim, exact)
    inside = [(part, counting.amount(part)) for part in counting.parts]
    outside = [(part, part.each if counting.each else part.own) for part in others]
    result = []
    for monomial, claimed in claim.items():
        right = without_heads(monomial)
        if monomial not in exact and right != monomial:
            shares = _shares(right, inside)
            error = {monomial: claimed, right: -claimed}
            chosen, rest = _pick(shares, claimed)
            result.append(Row(monomial, claimed, Fraction(0), shares, chosen, rest, (), number(error, sizes)))
    for monomial in dict.fromkeys((*exact, *mended)):
        claimed, wanted = mended.get(monomial, Fraction(0)), exact.get(monomial, Fraction(0))
        if claimed == wanted:
            continue
        shares = _shares(monomial, inside)
        chosen, rest = _pick(shares, claimed) if 0 < claimed < wanted else ((), ())
        surplus = _pick(_shares(monomial, outside), claimed - wanted)[0] if claimed > wanted else ()
        cost = number({monomial: claimed - wanted}, sizes)
        result.append(Row(monomial, claimed, wanted, shares, chosen, rest, surplus, cost))
    return tuple(result)


def _shares(monomial: Monomial, amounts: Sequence[tuple[Part, Terms]]) -> tuple[Share, ...]:
    """Return the tensors with that term, with the tensors of a family together."""
    groups: dict[object, list[tuple[str, Fraction]]] = {}
    for part, terms in amounts:
        if monomial in terms:
            groups.setdefault(part.family, []).append((part.name, terms[monomial]))
    return tuple(
        Share(tuple(name for name, _ in group), sum((c for _, c in group), Fraction(0))) for group in groups.values()
    )


def _pick(shares: Sequence[Share], target: Fraction) -> tuple[tuple[Share, ...], tuple[Share, ...]]:
    """Return the largest set of shares that adds up to the target, and the rest; split families only if necessary."""
    for pool in (tuple(shares), _split(shares)):
        if len(pool) > MAX_SHARES:
            return (), ()
        chosen = _sums(tuple(share.coefficient for share in pool)).get(target)
        if chosen is not None:
            kept = tuple(pool[i] for i in chosen)
            return kept, tuple(share for i, share in enumerate(pool) if i not in chosen)
    return (), ()


@lru_cache(64)
def _sums(amounts: tuple[Fraction, ...]) -> dict[Fraction, tuple[int, ...]]:
    """Return every sum of some amounts, with the indices of the largest such set, the first if several.

    >>> _sums((Fraction(1), Fraction(2), Fraction(3)))[Fraction(3)]
    (0, 1)
    """
    sums: dict[Fraction, tuple[int, ...]] = {}
    for size in range(len(amounts), 0, -1):
        for chosen in combinations(range(len(amounts)), size):
            sums.setdefault(sum((amounts[i] for i in chosen), Fraction(0)), chosen)
    return sums


def _split(shares: Sequence[Share]) -> tuple[Share, ...]:
    return tuple(Share((name,), share.coefficient / len(share.names)) for share in shares for name in share.names)
