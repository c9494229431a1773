"""Expressions in the order in which people write them: ordered trees for the renderers to print as they stand.

sympy keeps sums and products unordered; here the order is decided, once, for every output syntax: dominant terms
first, layers before vocabulary before hidden size within a product, as papers do: 12LH^2 + 13LH + (V + N + 5)H + H^2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from fractions import Fraction
from functools import lru_cache, reduce
from math import gcd

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson, atom, monomials
from bertsym.errors import UnknownName
from bertsym.symbols import BY_SYMBOL, Kind, place
from bertsym.values import value


@value
class Number:
    """An exact number."""

    value: Fraction


@value
class Name:
    """A symbol."""

    symbol: Symbol


@value
class Bracket:
    """An Iverson bracket."""

    condition: Boolean


@value
class Power:
    """base ** exponent, the exponent at least 2."""

    base: Form
    exponent: int


@value
class Product:
    """Factors, left to right; a number stands first."""

    factors: tuple[Form, ...]


@value
class Sum:
    """Terms, left to right; a term that begins with a negative number is subtracted."""

    terms: tuple[Form, ...]


@value
class Quotient:
    """numerator / denominator."""

    numerator: Form
    denominator: Form


@value
class Floor:
    """The largest integer not over what is inside."""

    inside: Form


@value
class Root:
    """The square root."""

    radicand: Form


@value
class Named:
    """A part of a formula with what it counts: a brace below it where a syntax has one."""

    part: Form
    name: str


Form = Number | Name | Bracket | Power | Product | Sum | Quotient | Floor | Root | Named

ONE = Number(Fraction(1))
ZERO = Number(Fraction(0))


class Style(Enum):
    """Ways to write one polynomial."""

    EXPANDED = "expanded"
    COLLECTED = "collected"
    FACTORED = "factored"
    DOMINANT = "dominant"

    @classmethod
    def named(cls, name: str, *others: str) -> Style:
        """The member of that name; raises `UnknownName`, which offers the `others` too."""
        if name not in {member.value for member in cls}:
            raise UnknownName("form", name, [*(member.value for member in cls), *others])
        return cls(name)


Monomial = tuple[tuple[Expr, int], ...]
Terms = dict[Monomial, Fraction]

_KIND_ORDER = (Kind.COUNT, Kind.SWITCH, Kind.RATIO, Kind.DEPTH, Kind.EXPERTS, Kind.ROWS, Kind.HEADS, Kind.WIDTH)
_WIDTH_ORDER = ("E", "d", "H", "F")


def _rank(generator: Expr) -> tuple[int, int, str]:
    """The place of a factor in a product."""
    size = BY_SYMBOL.get(generator)
    if size is None:
        return (0, 0, str(generator))
    if size.name in _WIDTH_ORDER:
        return (_KIND_ORDER.index(size.kind), _WIDTH_ORDER.index(size.name), size.name)
    return (_KIND_ORDER.index(size.kind), *place(generator))


def _weighs(generator: Expr) -> bool:
    """Whether a factor makes a term large: ratios and brackets do not."""
    return generator in BY_SYMBOL and BY_SYMBOL[generator].kind not in (Kind.RATIO, Kind.SWITCH)


def _groups(generator: Expr) -> bool:
    """Whether terms are collected by a factor: depth and widths, not rows, ratios or brackets."""
    return generator in BY_SYMBOL and BY_SYMBOL[generator].kind in (Kind.DEPTH, Kind.EXPERTS, Kind.WIDTH, Kind.HEADS)


def _order(monomial: Monomial) -> tuple[object, ...]:
    """Large terms first; among equals the one whose first factor is named first."""
    heavy = sorted((_rank(g), -e) for g, e in monomial if _weighs(g))
    light = sorted((_rank(g), -e) for g, e in monomial if not _weighs(g))
    return (sum(e for _, e in heavy), heavy, -len(light), light)


@lru_cache(maxsize=4096)
def form(expression: Expr, style: Style = Style.COLLECTED) -> Form:
    """An expression, ordered and written in that style.

    A polynomial (exponents may be negative) is written as asked; anything else keeps sympy's own structure.

    >>> from bertsym.symbols import H, L
    >>> to_sympy(form(L * H * (12 * H + 13), Style.FACTORED))
    H*L*(12*H + 13)
    """
    return from_terms(monomials(expression), style)


def from_terms(terms: Terms, style: Style = Style.COLLECTED) -> Form:
    """The same for a polynomial that is written out already."""
    return _WRITERS[style](terms)


def _power(base: Form, exponent: int) -> Form:
    return base if exponent == 1 else Power(base, exponent)


def _generator(generator: Expr) -> Form:
    if isinstance(generator, Symbol):
        return Name(generator)
    if isinstance(generator, Iverson):
        return Bracket(generator.args[0])
    if isinstance(generator, sympy.floor):
        above, below = map(form, sympy.fraction(sympy.together(generator.args[0])))
        return Floor(above if below == Number(Fraction(1)) else Quotient(above, below))
    raise TypeError(f"no ordered form for {type(generator).__name__}")


def product(factors: Iterable[Form]) -> Form:
    """A product, flattened, ones dropped."""
    flat: list[Form] = []
    for factor in factors:
        flat.extend(factor.factors if isinstance(factor, Product) else (factor,))
    flat = [factor for factor in flat if factor != ONE]
    return flat[0] if len(flat) == 1 else Product(tuple(flat)) if flat else ONE


def sum_of(terms: Iterable[Form]) -> Form:
    """A sum, flattened."""
    flat: list[Form] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Sum) else (term,))
    return flat[0] if len(flat) == 1 else Sum(tuple(flat)) if flat else ZERO


def _monomial(monomial: Monomial, coefficient: Fraction) -> Form:
    above = [_power(_generator(g), e) for g, e in sorted(monomial, key=lambda p: _rank(p[0])) if e > 0]
    below = [_power(_generator(g), -e) for g, e in sorted(monomial, key=lambda p: _rank(p[0])) if e < 0]
    if not below and coefficient.denominator == 1:
        return product([Number(coefficient), *above])
    numerator = product([Number(Fraction(coefficient.numerator)), *above])
    return Quotient(numerator, product([Number(Fraction(coefficient.denominator)), *below]))


def _expanded(terms: Terms) -> Form:
    return sum_of(_monomial(m, terms[m]) for m in sorted(terms, key=_order))


def _split(terms: Terms, inside: Callable[[Expr], bool]) -> dict[Monomial, Terms]:
    """The terms by the part of their monomial that lies inside."""
    groups: dict[Monomial, Terms] = {}
    for monomial, coefficient in terms.items():
        key = tuple(p for p in monomial if inside(p[0]))
        rest = tuple(p for p in monomial if not inside(p[0]))
        groups.setdefault(key, {})[rest] = coefficient
    return groups


def _collected(terms: Terms) -> Form:
    """By powers of depth and widths; what stands under one condition is kept together."""
    conditional = _split(terms, lambda generator: isinstance(generator, Iverson))
    always = conditional.pop((), {})
    lone = {m: group for m, group in conditional.items() if len(group) == 1}
    always |= {_merge(m, rest): c for m, group in lone.items() for rest, c in group.items()}
    together = {m: group for m, group in conditional.items() if m not in lone}
    pieces = (product([_monomial(m, Fraction(1)), _by_powers(together[m])]) for m in sorted(together, key=str))
    return sum_of([*([_by_powers(always)] if always else []), *pieces])


def _powers(terms: Terms) -> list[tuple[Monomial, Terms]]:
    """The terms by their powers of depth and widths, the largest first."""
    groups = _split(terms, _groups)
    alone = groups.pop((), {})
    groups |= {rest: {(): coefficient} for rest, coefficient in alone.items()}
    order = {key: min(_order((*key, *rest)) for rest in group) for key, group in groups.items()}
    return [(key, groups[key]) for key in sorted(groups, key=order.__getitem__)]


def _by_powers(terms: Terms) -> Form:
    return sum_of(_collect(key, group) for key, group in _powers(terms))


def _collect(key: Monomial, group: Terms) -> Form:
    if len(group) == 1:
        return _expanded({_merge(key, rest): coefficient for rest, coefficient in group.items()})
    common, inner = _take_out(group, content=False)
    sign = Fraction(-1 if all(coefficient < 0 for coefficient in inner.values()) else 1)
    inner = {monomial: sign * coefficient for monomial, coefficient in inner.items()}
    return product([Number(sign), _expanded(inner), _monomial(_merge(key, common), Fraction(1))])


def _merge(first: Monomial, second: Monomial) -> Monomial:
    powers: dict[Expr, int] = {}
    for generator, exponent in (*first, *second):
        powers[generator] = powers.get(generator, 0) + exponent
    return tuple((g, e) for g, e in sorted(powers.items(), key=lambda p: str(p[0])) if e)


def _take_out(terms: Terms, *, content: bool) -> tuple[Monomial, Terms]:
    """The largest monomial that divides every term, and what it leaves; negative exponents are taken out too."""
    generators = {g for monomial in terms for g, _ in monomial}
    least = {g: min(dict(monomial).get(g, 0) for monomial in terms) for g in generators}
    common = tuple((g, e) for g, e in sorted(least.items(), key=lambda p: str(p[0])) if e < 0 or (content and e))
    inverse = tuple((g, -e) for g, e in common)
    return common, {_merge(monomial, inverse): coefficient for monomial, coefficient in terms.items()}


def _factored(terms: Terms) -> Form:
    if len(terms) <= 1:
        return _expanded(terms)
    common, inner = _take_out(terms, content=True)
    content = Fraction(
        reduce(gcd, (abs(c.numerator) for c in inner.values())),
        reduce(lambda a, b: a * b // gcd(a, b), (c.denominator for c in inner.values())),
    )
    inner = {monomial: coefficient / content for monomial, coefficient in inner.items()}
    return product([_monomial(common, content), _by_depth(inner)])


def _by_depth(terms: Terms) -> Form:
    """What every layer costs, taken together, beside the rest: L(...) + ... ."""
    deep = {m: c for m, c in terms.items() if any(g in BY_SYMBOL and BY_SYMBOL[g].kind is Kind.DEPTH for g, _ in m)}
    rest = {m: c for m, c in terms.items() if m not in deep}
    return sum_of([_factored(deep), _collected(rest)]) if deep and rest else _collected(terms)


def _dominant(terms: Terms) -> Form:
    """The largest group taken out, whatever it leaves over it: 12LH^2 (1 + 13/(12H) + ...), every term of it."""
    lead, *others = _powers(terms) or [((), {})]
    if not others:
        return _collected(terms)
    return product([_collect(*lead), Sum((ONE, *(_over(*other, *lead) for other in others)))])


def _over(key: Monomial, group: Terms, lead: Monomial, lead_group: Terms) -> Form:
    """One group over another, what they share cancelled."""
    ratio = _merge(key, tuple((g, -e) for g, e in lead))
    if len(group) == len(lead_group) == 1:
        (rest, amount), (lead_rest, lead_amount) = *group.items(), *lead_group.items()
        return _monomial(_merge(_merge(ratio, rest), tuple((g, -e) for g, e in lead_rest)), amount / lead_amount)
    bare = _monomial(ratio, Fraction(1))
    above, below = (bare.numerator, bare.denominator) if isinstance(bare, Quotient) else (bare, ONE)
    return Quotient(product([_expanded(group), above]), product([_expanded(lead_group), below]))


_WRITERS: dict[Style, Callable[[Terms], Form]] = {
    Style.EXPANDED: _expanded,
    Style.COLLECTED: _collected,
    Style.FACTORED: _factored,
    Style.DOMINANT: _dominant,
}


def negated(factors: tuple[Form, ...]) -> tuple[bool, tuple[Form, ...]]:
    """Whether a product begins with -1, and the factors without it: `-H` is not written `-1 H`."""
    minus = len(factors) > 1 and factors[0] == Number(Fraction(-1))
    return minus, factors[minus:]


def to_sympy(written: Form) -> Expr:
    """The expression a form stands for."""
    match written:
        case Number(value):
            return atom(value)
        case Name(symbol):
            return symbol
        case Bracket(condition):
            return Iverson(condition)
        case Power(base, exponent):
            return to_sympy(base) ** exponent
        case Product(factors):
            return sympy.Mul(*map(to_sympy, factors))
        case Sum(terms):
            return sympy.Add(*map(to_sympy, terms))
        case Quotient(numerator, denominator):
            return to_sympy(numerator) / to_sympy(denominator)
        case Floor(inside):
            return sympy.floor(to_sympy(inside))
        case Root(radicand):
            return sympy.sqrt(to_sympy(radicand))
        case Named(part):
            return to_sympy(part)
