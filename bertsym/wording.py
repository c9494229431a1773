"""Forms as a line of characters: for terminals with · and ², and in plain ASCII for programs and errors.

How tightly a text holds together decides what stands in parentheses, in TeX too; how it looks never does.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from sympy import Expr

from bertsym.formulas.styles import form
from bertsym.formulas.tree import (
    Bracket,
    Condition,
    Conjunction,
    Disjunction,
    Extreme,
    Floor,
    Form,
    Name,
    Named,
    Negation,
    Number,
    Power,
    Product,
    Quotient,
    Relation,
    Root,
    Sign,
    Sum,
    negated,
)
from bertsym.values import value

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Binding(IntEnum):
    """The kinds of texts, loosest first; a text in a place that wants a tighter one gets parentheses."""

    OR = 0
    AND = 1
    NOT = 2
    RELATION = 3
    SUM = 4
    MINUS = 5
    QUOTIENT = 6
    PRODUCT = 7
    POWER = 8
    ATOM = 9


def of_first(factor: Form, *, minus: bool) -> Binding:
    """Return what the first factor of a product must hold; a number needs no parentheses there, nor does its sign.

    After a minus a second one would read as two.
    """
    if not isinstance(factor, Number):
        return Binding.PRODUCT
    return Binding.QUOTIENT if minus else Binding.MINUS


@value
class Glyphs:
    """The marks of one alphabet."""

    times: str
    minus: str
    power: str
    root: str
    floor: str
    relations: Mapping[Sign, str]


PRETTY = Glyphs(
    "·", "−", "", "√", "⌊{}⌋",
    {Sign.EQUAL: "=", Sign.UNEQUAL: "≠", Sign.ABOVE: ">", Sign.AT_LEAST: "≥", Sign.BELOW: "<", Sign.AT_MOST: "≤"},
)  # fmt: skip
ASCII = Glyphs(
    "*", "-", "**", "sqrt", "floor({})",
    {sign: "==" if sign is Sign.EQUAL else sign.value for sign in Sign},
)  # fmt: skip


def pretty(written: Form) -> str:
    """Write a form for reading: `12·L·H² + 13·L·H`."""
    return _within(written, Binding.SUM, PRETTY)


def plain(written: Form) -> str:
    """Write a form for machines: `12*L*H**2 + 13*L*H`."""
    return _within(written, Binding.SUM, ASCII)


def said(expression: Expr) -> str:
    """Return an expression as an error names it, in the plain characters of `--json`.

    >>> from bertsym.algebra import Iverson
    >>> from bertsym.symbols import H, L, V, tied
    >>> said(H * Iverson(tied & (L > V)) + V)
    'V + [L > V and tied]*H'
    """
    return plain(form(expression))


def _within(written: Form | Condition, least: Binding, glyphs: Glyphs) -> str:
    """Return the text, in parentheses if its surroundings bind more tightly."""
    text, binding = _spelled(written, glyphs)
    return text if binding >= least else f"({text})"


def _spelled(written: Form | Condition, glyphs: Glyphs) -> tuple[str, Binding]:
    """Return the text and how tightly it holds together."""
    match written:
        case Number(value):
            whole = Binding.ATOM if value.denominator == 1 else Binding.QUOTIENT
            return (f"{glyphs.minus}{-value}", Binding.MINUS) if value < 0 else (str(value), whole)
        case Name(symbol):
            return str(symbol), Binding.ATOM
        case Bracket(condition):
            return f"[{_within(condition, Binding.OR, glyphs)}]", Binding.ATOM
        case Power(base, exponent):
            raised = glyphs.power + str(exponent) if glyphs.power else str(exponent).translate(_SUPERSCRIPTS)
            return _within(base, Binding.ATOM, glyphs) + raised, Binding.POWER
        case Product(factors):
            return _product(factors, glyphs)
        case Sum(terms):
            return _sum(terms, glyphs), Binding.SUM
        case Quotient(numerator, denominator):
            above, below = _within(numerator, Binding.MINUS, glyphs), _within(denominator, Binding.POWER, glyphs)
            return f"{above}/{below}", Binding.QUOTIENT
        case Floor(inside):
            return glyphs.floor.format(_within(inside, Binding.SUM, glyphs)), Binding.ATOM
        case Extreme(left, right):
            sides = ", ".join(_within(side, Binding.SUM, glyphs) for side in (left, right))
            return f"{written.name}({sides})", Binding.ATOM
        case Root(radicand):
            return f"{glyphs.root}({_within(radicand, Binding.SUM, glyphs)})", Binding.ATOM
        case Named(part, name):
            text = _within(part, Binding.MINUS, glyphs)
            return f"{text} {{{name}}}" if glyphs is PRETTY else text, Binding.MINUS
        case _:
            return _condition(written, glyphs)


def _product(factors: tuple[Form, ...], glyphs: Glyphs) -> tuple[str, Binding]:
    """Join factors; a minus may stand before all of them, and nowhere else."""
    minus, rest = negated(factors)
    first = _within(rest[0], of_first(rest[0], minus=minus), glyphs)
    text = minus * glyphs.minus + glyphs.times.join([first, *(_within(f, Binding.PRODUCT, glyphs) for f in rest[1:])])
    return text, Binding.MINUS if text.startswith(glyphs.minus) else Binding.PRODUCT


def _sum(terms: tuple[Form, ...], glyphs: Glyphs) -> str:
    text = _within(terms[0], Binding.SUM, glyphs)
    for term in terms[1:]:
        written = _within(term, Binding.SUM, glyphs)
        if written.startswith(glyphs.minus):
            text += f" {glyphs.minus} {written.removeprefix(glyphs.minus)}"
        else:
            text += f" + {written}"
    return text


def _condition(condition: Condition, glyphs: Glyphs) -> tuple[str, Binding]:
    match condition:
        case Relation(left, sign, right):
            sides = (_within(side, Binding.SUM, glyphs) for side in (left, right))
            return f" {glyphs.relations[sign]} ".join(sides), Binding.RELATION
        case Negation(inside):
            return f"not {_within(inside, Binding.ATOM, glyphs)}", Binding.NOT
        case Conjunction(parts):
            return " and ".join(_within(part, Binding.NOT, glyphs) for part in parts), Binding.AND
        case Disjunction(parts):
            return " or ".join(_within(part, Binding.NOT, glyphs) for part in parts), Binding.OR
        case Name(symbol):
            return str(symbol), Binding.ATOM
