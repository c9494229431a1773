"""Polynomials to forms, in one of several styles."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from fractions import Fraction
from functools import lru_cache

from sympy import Expr

from bertsym.algebra import Iverson, monomials
from bertsym.errors import UnknownName
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

MOST_GROUPS = 6


class Style(Enum):
    """Ways to write one polynomial."""

    EXPANDED = "expanded"
    COLLECTED = "collected"
    FACTORED = "factored"
    NESTED = "nested"
    DOMINANT = "dominant"

    @classmethod
    def named(cls, name: str, *others: str) -> Style:
        """The member of that name; raises `UnknownName`, which offers the `others` too."""
        if name not in {member.value for member in cls}:
            raise UnknownName("form", name, [*(member.value for member in cls), *others])
        return cls(name)


@lru_cache(maxsize=4096)
def form(expression: Expr, style: Style = Style.COLLECTED) -> Form:
    """An expression, ordered and written in that style.

    A polynomial (exponents may be negative) is written as asked; anything else keeps sympy's own structure.

    >>> from bertsym.formulas.tree import to_sympy
    >>> from bertsym.symbols import H, L
    >>> to_sympy(form(L * H * (12 * H + 13), Style.FACTORED))
    H*L*(12*H + 13)
    """
    return from_terms(monomials(expression), style)


def from_terms(terms: Terms, style: Style = Style.COLLECTED) -> Form:
    """The same for a polynomial that is written out already."""
    return _WRITERS[style](terms)


def _groups(generator: Expr) -> bool:
    """Whether terms are collected by a factor: depth and widths, not rows, ratios or brackets."""
    return generator in BY_SYMBOL and BY_SYMBOL[generator].kind in (Kind.DEPTH, Kind.EXPERTS, Kind.WIDTH, Kind.HEADS)


def style_of_parts(whole: Expr, style: Style) -> Style:
    """How the parts of a total are written: as it is itself."""
    return Style.NESTED if style is Style.COLLECTED and _crowded(monomials(whole)) else style


def _crowded(terms: Terms) -> bool:
    """Whether there are so many powers that none of them is the one that matters."""
    always, together = _by_condition(terms)
    return sum(len(_powers(group)) for group in (always, *together.values())) > MOST_GROUPS


def _by_condition(terms: Terms) -> tuple[Terms, dict[Monomial, Terms]]:
    """What is always there, and what is there under a condition; of one term that is told beside the others."""
    together = split(terms, lambda generator: isinstance(generator, Iverson))
    always = together.pop((), {})
    for condition in [condition for condition, group in together.items() if len(group) == 1]:
        always |= times(together.pop(condition), condition)
    return always, {condition: together[condition] for condition in sorted(together, key=str)}


def _collected(terms: Terms) -> Form:
    """By powers of depth and widths, where these are few; what stands under one condition is kept together."""
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
    """The terms by their powers of depth and widths, the largest first."""
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
    """The largest monomial that divides every term, and what it leaves; negative exponents are taken out too."""
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
    """What every layer costs, taken together, beside the rest: L(...) + ... ."""
    deep = {m: c for m, c in terms.items() if any(g in BY_SYMBOL and BY_SYMBOL[g].kind is Kind.DEPTH for g, _ in m)}
    rest = {m: c for m, c in terms.items() if m not in deep}
    return sum_of([_factored(deep), _collected(rest)]) if deep and rest else _collected(terms)


def _dominant(terms: Terms) -> Form:
    """The largest group taken out, whatever it leaves over it: 12LH^2 (1 + 13/(12H) + ...), every term of it.

    What stands under a condition is not taken out: where the condition fails it would be divided by 0.
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
    """One group over another, what they share cancelled."""
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
