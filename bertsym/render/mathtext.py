"""Forms as a line of characters: for terminals with · and ², and in plain ASCII as Python reads it."""

from __future__ import annotations

from sympy import Eq, Ge, Gt, Le, Lt, Ne, Not, Symbol
from sympy.logic.boolalg import And, Boolean, Or

from bertsym.forms import Bracket, Floor, Form, Name, Named, Number, Power, Product, Quotient, Root, Sum, negated
from bertsym.values import value

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@value
class Glyphs:
    """The marks of one alphabet."""

    times: str
    minus: str
    power: str
    root: str
    floor: str
    relations: dict[type, str]


PRETTY = Glyphs("·", "−", "", "√", "⌊{}⌋", {Eq: "=", Ne: "≠", Gt: ">", Ge: "≥", Lt: "<", Le: "≤"})
ASCII = Glyphs("*", "-", "**", "sqrt", "floor({})", {Eq: "==", Ne: "!=", Gt: ">", Ge: ">=", Lt: "<", Le: "<="})


def pretty(written: Form) -> str:
    """For reading: `12·L·H² + 13·L·H`."""
    return _write(written, PRETTY)


def plain(written: Form) -> str:
    """For machines: `12*L*H**2 + 13*L*H`."""
    return _write(written, ASCII)


def _write(written: Form, glyphs: Glyphs) -> str:
    match written:
        case Number(value):
            sign = glyphs.minus if value < 0 else ""
            return f"{sign}{abs(value)}"
        case Name(symbol):
            return str(symbol)
        case Bracket(condition):
            return f"[{_condition(condition, glyphs)}]"
        case Power(base, exponent):
            raised = glyphs.power + str(exponent) if glyphs.power else str(exponent).translate(_SUPERSCRIPTS)
            return _tight(base, glyphs) + raised
        case Product(factors):
            minus, rest = negated(factors)
            return minus * glyphs.minus + glyphs.times.join(_factor(factor, glyphs) for factor in rest)
        case Sum(terms):
            return _sum(terms, glyphs)
        case Quotient(numerator, denominator):
            over = _write(numerator, glyphs)
            return f"{f'({over})' if isinstance(numerator, Sum) else over}/{_tight(denominator, glyphs)}"
        case Floor(inside):
            return glyphs.floor.format(_write(inside, glyphs))
        case Root(radicand):
            return f"{glyphs.root}({_write(radicand, glyphs)})"
        case Named(part, name):
            text = _factor(part, glyphs)
            return f"{text} {{{name}}}" if glyphs is PRETTY else text


def _sum(terms: tuple[Form, ...], glyphs: Glyphs) -> str:
    text = _write(terms[0], glyphs)
    for term in terms[1:]:
        written = _write(term, glyphs)
        if written.startswith(glyphs.minus):
            text += f" {glyphs.minus} {written.removeprefix(glyphs.minus)}"
        else:
            text += f" + {written}"
    return text


def _factor(written: Form, glyphs: Glyphs) -> str:
    text = _write(written, glyphs)
    return f"({text})" if isinstance(written, Sum | Quotient) else text


def _tight(written: Form, glyphs: Glyphs) -> str:
    text = _write(written, glyphs)
    return text if isinstance(written, Name | Bracket | Floor | Root) or text.isalnum() else f"({text})"


def _condition(condition: Boolean, glyphs: Glyphs) -> str:
    if isinstance(condition, Symbol):
        return str(condition)
    if isinstance(condition, Not):
        return f"not {_condition(condition.args[0], glyphs)}"
    if isinstance(condition, And | Or):
        word = " and " if isinstance(condition, And) else " or "
        return word.join(sorted(_condition(part, glyphs) for part in condition.args))
    left, right = condition.args
    relation = next(mark for kind, mark in glyphs.relations.items() if isinstance(condition, kind))
    return f"{left} {relation} {right}"
