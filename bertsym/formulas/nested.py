"""A polynomial of many terms in nested sums: common factors are taken out, again and again.

    L (heads (kv (nope + v) + q (nope + rope) + H v) + H (kv + q + rope) + kv + q)

What several stacks cost alike is written once, (L + decoder_layers)(4H^2 + 3H), and so is what begins at a later layer,
(L - first) 3HF.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from operator import itemgetter

from sympy import Expr

from bertsym.algebra import free
from bertsym.formulas.monomial_order import (
    Monomial,
    Terms,
    content,
    expanded,
    inverse,
    merged,
    order,
    rank,
    split,
    times,
    weighs,
    written,
)
from bertsym.formulas.tree import Form, Sum, product
from bertsym.symbols import BY_SYMBOL, Kind

Piece = tuple[object, Form]
ALONE: Terms = {(): Fraction(1)}


def nested(terms: Terms) -> Form:
    """Write a polynomial in nested sums, the largest term first."""
    pieces = [form for _, form in sorted(_pieces(terms), key=itemgetter(0))]
    return pieces[0] if len(pieces) == 1 else Sum(tuple(pieces))


def _pieces(terms: Terms) -> Iterator[Piece]:
    """Yield the summands, each with its sort key."""
    for depths, each in _alike(terms):
        if len(depths) > 1 and each != ALONE:
            yield _place(depths, each), product([*factors(depths), *factors(each)])
        else:
            for depth, amount in depths.items():
                yield from _by_widths(times(each, depth, amount))


def _alike(terms: Terms) -> list[tuple[Terms, Terms]]:
    """Group the terms by the polynomial that their depths multiply: (L + decoder_layers)(4H^2 + 3H)."""
    groups: dict[frozenset[tuple[Monomial, Fraction]], Terms] = {}
    for depth, each in split(terms, _deep).items():
        amount = content(each) * (1 if each[min(each, key=order)] > 0 else -1)
        groups.setdefault(frozenset(times(each, (), 1 / amount).items()), {})[depth] = amount
    return [(depths, dict(each)) for each, depths in groups.items()]


def _place(depths: Terms, each: Terms) -> object:
    return min(order(merged(depth, monomial)) for depth in depths for monomial in each)


def _deep(generator: Expr) -> bool:
    """Return True for a depth, or for an expression of depths."""
    return any(BY_SYMBOL[symbol].kind is Kind.DEPTH for symbol in free(generator))


def _by_widths(terms: Terms) -> Iterator[Piece]:
    """Yield a common factor as a product; without one, take out the generator that most terms share, and repeat."""
    if len(terms) == 1 or _common(terms):
        yield min(map(order, terms)), product(factors(terms))
        return
    times_seen = Counter(generator for monomial in terms for generator, exponent in monomial if exponent > 0)
    chosen = min(times_seen, key=lambda g: (-times_seen[g], not weighs(g), rank(g)), default=None)
    if chosen is None or times_seen[chosen] < 2:
        yield from ((order(monomial), written(monomial, amount)) for monomial, amount in terms.items())
        return
    having = {monomial: amount for monomial, amount in terms.items() if dict(monomial).get(chosen, 0) > 0}
    yield from _by_widths(having)
    yield from _by_widths({monomial: amount for monomial, amount in terms.items() if monomial not in having})


def factors(terms: Terms) -> list[Form]:
    """Return what all terms have in common, and the nested rest."""
    if len(terms) == 1:
        return [expanded(terms)]
    common, amount = _common(terms), content(terms) * (-1 if all(each < 0 for each in terms.values()) else 1)
    return [written(common, amount), nested(times(terms, inverse(common), 1 / amount))]


def _common(terms: Terms) -> Monomial:
    """Return the powers that every term has."""
    first, *others = map(dict, terms)
    shared_powers = {}
    for generator, exponent in first.items():
        powers = [exponent, *(other.get(generator, 0) for other in others)]
        shared = min(powers) if exponent > 0 else max(powers)
        if shared * exponent > 0:
            shared_powers[generator] = shared
    return tuple(sorted(shared_powers.items(), key=lambda power: str(power[0])))
