"""Forms and figures as TeX mathematics, without delimiters; needs no package."""

from __future__ import annotations

import re
from fractions import Fraction

from sympy import Eq, Ge, Gt, Le, Lt, Ne, Not, Symbol
from sympy.logic.boolalg import And, Boolean, Or

from bertsym.document import Code, Count, Decimal, Inline, Rounded, Shape, Share, Sizes
from bertsym.forms import Bracket, Floor, Form, Name, Named, Number, Power, Product, Quotient, Root, Sum, negated
from bertsym.quantities import decimal, percent, rounded
from bertsym.render.notation import BERT, Notation
from bertsym.render.tex_prose import Encoding, prose

_WORD = re.compile(r"\\mathrm\{[^{}]*\}(\^\S+)?$")
_CONTROL_WORD = re.compile(r"\\[A-Za-z]+$")
RELATION = "{} = "  # what begins the line of a further step
_RELATIONS: dict[type, str] = {Eq: "=", Ne: r"\neq", Gt: ">", Ge: r"\geq", Lt: "<", Le: r"\leq"}


def grouped(value: int) -> str:
    """An integer with its thousands apart: 109{,}482{,}240."""
    return f"{value:,}".replace(",", "{,}")


def math(written: Form, notation: Notation = BERT) -> str:
    r"""A form as mathematics, without delimiters.

    >>> from bertsym.forms import form
    >>> from bertsym.symbols import H, L, ffn_ratio
    >>> print(math(form((2 * ffn_ratio + 4) * L * H**2)))
    (2r + 4)LH^2
    """
    match written:
        case Number(value):
            return _number(value)
        case Name(symbol):
            return notation.name(symbol)
        case Bracket(condition):
            return f"[{_condition(condition, notation)}]"
        case Power(base, exponent):
            raised = str(exponent) if exponent < 10 else f"{{{exponent}}}"
            return f"{_tight(base, notation)}^{raised}"
        case Product(factors):
            return _product(factors, notation)
        case Sum(terms):
            return _sum(terms, notation)
        case Quotient(numerator, denominator):
            return rf"\frac{{{math(numerator, notation)}}}{{{math(denominator, notation)}}}"
        case Floor(inside):
            return rf"\lfloor {math(inside, notation)} \rfloor"
        case Root(radicand):
            return rf"\sqrt{{{math(radicand, notation)}}}"
        case Named(part, label):
            return rf"\underbrace{{{math(part, notation)}}}_{{{upright(label)}}}"


def _number(value: Fraction) -> str:
    sign = "-" if value < 0 else ""
    above = grouped(abs(value.numerator))
    return sign + (above if value.denominator == 1 else rf"\frac{{{above}}}{{{grouped(value.denominator)}}}")


def upright(label: str) -> str:
    r"""Words as an index: upright, hyphens short.

    >>> print(upright("feed-forward"))
    \mathrm{feed\textrm{-}forward}
    """
    letters = (c if c.isascii() and c.isalnum() else r"\textrm{-}" if c == "-" else r"\ " for c in label)
    return rf"\mathrm{{{''.join(letters)}}}"


def _product(factors: tuple[Form, ...], notation: Notation) -> str:
    minus, rest = negated(factors)
    return minus * "-" + beside([_factor(factor, notation) for factor in rest])


def beside(factors: list[str]) -> str:
    """Factors next to one another: figures apart by a dot, words by a thin space, a control word ended by a space."""
    text = factors[0]
    for factor in factors[1:]:
        ended = _CONTROL_WORD.search(text) and factor[0].isalpha()
        words = factor.startswith(r"\mathrm{") and _WORD.search(text)
        text += (
            r" \cdot " if text not in ("", "-") and factor[0].isdigit() else " " if ended else r"\," if words else ""
        ) + factor
    return text


def _sum(terms: tuple[Form, ...], notation: Notation) -> str:
    text = math(terms[0], notation)
    for term in terms[1:]:
        written = math(term, notation)
        text += f" - {written[1:]}" if written.startswith("-") else f" + {written}"
    return text


def _factor(written: Form, notation: Notation) -> str:
    text = math(written, notation)
    if not isinstance(written, Sum):
        return text
    return rf"\left({text}\right)" if r"\frac" in text else f"({text})"


def _tight(written: Form, notation: Notation) -> str:
    text = math(written, notation)
    single = isinstance(written, Name | Bracket | Floor) or (
        isinstance(written, Number) and written.value.denominator == 1 and written.value >= 0
    )
    if single:
        return text
    return rf"\left({text}\right)" if r"\frac" in text else f"({text})"


def _condition(condition: Boolean, notation: Notation) -> str:
    if isinstance(condition, Symbol):
        return notation.name(condition)
    if isinstance(condition, Not):
        return rf"\lnot {_condition(condition.args[0], notation)}"
    if isinstance(condition, And | Or):
        sign = r" \land " if isinstance(condition, And) else r" \lor "
        return sign.join(sorted(_condition(part, notation) for part in condition.args))
    left, right = (notation.name(side) if isinstance(side, Symbol) else str(side) for side in condition.args)
    relation = next(mark for kind, mark in _RELATIONS.items() if isinstance(condition, kind))
    return f"{left} {relation} {right}"


def inline(part: Inline, notation: Notation = BERT, encoding: Encoding = Encoding.ASCII) -> str:
    """One piece of a document as mathematics; words stand in boxes."""
    match part:
        case Count(value, short):
            return grouped(value) + (rf"\,({_rounded(value)})" if short else "")
        case Rounded(value):
            return _rounded(value)
        case Decimal(value, places):
            return decimal(value, places)
        case Shape(sides):
            return r" \times ".join(_factor(side, notation) for side in sides)
        case Sizes(values):
            return r",\ ".join(f"{notation.name(symbol)} = {_value(value)}" for symbol, value in values.items())
        case str():
            return rf"\textrm{{{prose(part, encoding)}}}"
        case Code(text):
            return rf"\textrm{{\texttt{{{prose(text, encoding)}}}}}"
        case Share(value, places):
            return prose(percent(value, places))
        case _:
            return math(part, notation)


def _rounded(value: int) -> str:
    text = rounded(value)
    return rf"{text[:-1]}\,\mathrm{{{text[-1]}}}" if text[-1].isalpha() else text


def _value(value: object) -> str:
    return grouped(value) if isinstance(value, int) else str(value)
