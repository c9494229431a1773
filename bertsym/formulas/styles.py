"""Polynomials as forms, in one of several styles."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from fractions import Fraction
from functools import lru_cache

from sympy import Expr

from bertsym.algebra import Iverson, monomials
from bertsym.errors import member
from bertsym.formulas.extrema import Extremum, with_extrema
from bertsym.formulas.monomial_order import (
    Monomial,
    Terms,
    content,
    expanded,
    inverse,
    merged,
    order,
    split,
    times,
    written,
)
from bertsym.formulas.nested import factors, nested
from bertsym.formulas.tree import ONE, Form, Number, Quotient, Sum, product, sum_of
from bertsym.symbols import BY_SYMBOL, Kind

# The powers of depth and width that a collected formula lists. A formula with more is nested.
MAX_GROUPS = 6


class Style(Enum):
    """Ways to write one polynomial."""

    EXPANDED = "expanded"
    COLLECTED = "collected"
    FACTORED = "factored"
    NESTED = "nested"
    DOMINANT = "dominant"

    @classmethod
    def named(cls, name: str, *others: str) -> Style:
        """Return the style of that name; raise `UnknownName`, which offers the `others` too."""
        return member(cls, "form", name, *others)


@lru_cache(maxsize=4096)
def form(expression: Expr, style: Style = Style.COLLECTED) -> Form:
    """Order an expression and write it in a style.

    A polynomial (exponents may be negative) is written as asked; anything else keeps sympy's own structure.

    >>> from bertsym.formulas.tree import to_sympy
    >>> from bertsym.symbols import H, L
    >>> to_sympy(form(L * H * (12 * H + 13), Style.FACTORED))
    H*L*(12*H + 13)
    """
    return from_terms(with_extrema(monomials(expression)), style)


def from_terms(terms: Terms, style: Style = Style.COLLECTED) -> Form:
    """Write a polynomial that is given as terms in a style."""
    return _WRITERS[style](terms)


def _groups(generator: Expr) -> bool:
    """Return True if terms are collected by a factor: depths, widths and the sizes of a batch."""
    if isinstance(generator, Extremum):
        return True
    collected = (Kind.RUN, Kind.DEPTH, Kind.EXPERTS, Kind.WIDTH, Kind.HEADS)
    return generator in BY_SYMBOL and BY_SYMBOL[generator].kind in collected


def style_of_parts(whole: Expr, style: Style) -> Style:
    """Return the style for the parts of a total: the one in which the total itself is written."""
    return Style.NESTED if style is Style.COLLECTED and _crowded(with_extrema(monomials(whole))) else style


def _crowded(terms: Terms) -> bool:
    """Return True if a polynomial has too many powers of depth and width to list them."""
    always, together = _by_condition(terms)
    return sum(len(_powers(group)) for group in (always, *together.values())) > MAX_GROUPS


def _by_condition(terms: Terms) -> tuple[Terms, dict[Monomial, Terms]]:
    """Separate the terms that hold always from those under a condition, unless a condition has one term only."""
    together = split(terms, lambda generator: isinstance(generator, Iverson))
    always = together.pop((), {})
    for condition in [condition for condition, group in together.items() if len(group) == 1]:
        always |= times(together.pop(condition), condition)
    return always, {condition: together[condition] for condition in sorted(together, key=str)}


def _collected(terms: Terms) -> Form:
    """Collect by powers of depth and width if these are few; keep the terms under one condition together."""
    if _crowded(terms):
        return _nested(terms)
    always, together = _by_condition(terms)
    pieces = (product([written(condition), _by_powers(group)]) for condition, group in together.items())
    return sum_of([*([_by_powers(always)] if always else []), *pieces])


def _nested(terms: Terms) -> Form:
    always, together = _by_condition(terms)
    pieces = (product(factors(times(group, condition))) for condition, group in together.items())
    return sum_of([*([nested(always)] if always else []), *pieces])


def _powers(terms: Terms) -> list[tuple[Monomial, Terms]]:
    """Group terms by their powers of depth and width, the largest first."""
    groups = split(terms, _groups)
    alone = groups.pop((), {})
    groups |= {rest: {(): coefficient} for rest, coefficient in alone.items()}
    largest = {key: min(order((*key, *rest)) for rest in group) for key, group in groups.items()}
    return [(key, groups[key]) for key in sorted(groups, key=largest.__getitem__)]


def _by_powers(terms: Terms) -> Form:
    return sum_of(_collect(key, group) for key, group in _powers(terms))


def _collect(key: Monomial, group: Terms) -> Form:
    if len(group) == 1:
        return expanded({merged(key, rest): coefficient for rest, coefficient in group.items()})
    common, inner = _take_out(group, whole=False)
    sign = Fraction(-1 if all(coefficient < 0 for coefficient in inner.values()) else 1)
    return product([Number(sign), expanded(times(inner, (), sign)), written(merged(key, common))])


def _take_out(terms: Terms, *, whole: bool) -> tuple[Monomial, Terms]:
    """Return the largest monomial that divides every term, and the quotients; take out negative exponents too."""
    generators = {g for monomial in terms for g, _ in monomial}
    least = {g: min(dict(monomial).get(g, 0) for monomial in terms) for g in generators}
    common = tuple((g, e) for g, e in sorted(least.items(), key=lambda p: str(p[0])) if e < 0 or (whole and e))
    return common, times(terms, inverse(common))


def _factored(terms: Terms) -> Form:
    if len(terms) <= 1:
        return expanded(terms)
    common, inner = _take_out(terms, whole=True)
    amount = content(inner)
    return product([written(common, amount), _by_depth(times(inner, (), 1 / amount))])


def _by_depth(terms: Terms) -> Form:
    """Write the cost of all layers together, beside the rest: L(...) + ... ."""
    deep = {m: c for m, c in terms.items() if any(g in BY_SYMBOL and BY_SYMBOL[g].kind is Kind.DEPTH for g, _ in m)}
    rest = {m: c for m, c in terms.items() if m not in deep}
    return sum_of([_factored(deep), _collected(rest)]) if deep and rest else _collected(terms)


def _dominant(terms: Terms) -> Form:
    """Take out the largest group and divide every other by it: 12LH^2 (1 + 13/(12H) + ...).

    Terms under a condition are not taken out: if the condition fails, the rest would be divided by 0.
    """
    groups = _powers(terms)
    lead = next((group for group in groups if not _conditional(group[1])), None)
    if lead is None or len(groups) == 1:
        return _collected(terms)
    others = (group for group in groups if group is not lead)
    return product([_collect(*lead), Sum((ONE, *(_over(*other, *lead) for other in others)))])


def _conditional(group: Terms) -> bool:
    """Return True if conditions that fail can leave nothing of the group."""
    bare = [monomial for monomial in group if not any(isinstance(generator, Iverson) for generator, _ in monomial)]
    return len(bare) < len(group) and not (bare and all(coefficient > 0 for coefficient in group.values()))


def _over(key: Monomial, group: Terms, lead: Monomial, lead_group: Terms) -> Form:
    """Divide one group by another and cancel their common factors."""
    ratio = merged(key, inverse(lead))
    if len(group) == len(lead_group) == 1:
        (rest, amount), (lead_rest, lead_amount) = *group.items(), *lead_group.items()
        return written(merged(merged(ratio, rest), inverse(lead_rest)), amount / lead_amount)
    bare = written(ratio)
    above, below = (bare.numerator, bare.denominator) if isinstance(bare, Quotient) else (bare, ONE)
    divisor = product([expanded(lead_group), below])
    written_out = product([expanded(group), above])
    return written_out if divisor == ONE else Quotient(written_out, divisor)


_WRITERS: dict[Style, Callable[[Terms], Form]] = {
    Style.EXPANDED: expanded,
    Style.COLLECTED: _collected,
    Style.FACTORED: _factored,
    Style.NESTED: _nested,
    Style.DOMINANT: _dominant,
}
