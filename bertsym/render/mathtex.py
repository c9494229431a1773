"""Forms and figures as TeX mathematics, without delimiters; needs no package."""

from __future__ import annotations

from sympy import Eq, Ge, Gt, Le, Lt, Ne, Not, Symbol
from sympy.logic.boolalg import And, Boolean, Or

from bertsym.document import Code, Count, Decimal, Inline, Shape, Share, Sizes
from bertsym.forms import Bracket, Form, Name, Number, Power, Product, Quotient, Root, Sum, negated
from bertsym.quantities import decimal, percent, rounded
from bertsym.render.tex_prose import prose

NAMES = {
    "heads": "A",
    "ffn_ratio": "r",
    "labels": "C",
    "kv_heads": r"A_{\mathrm{kv}}",
    "decoder_layers": r"L_{\mathrm{dec}}",
    "groups": "G",
    "inner_groups": r"G_{\mathrm{in}}",
    "buckets": "B",
    "span": "k",
    "kernel": r"k_{\mathrm{conv}}",
    "cross_attention": r"\mathrm{cross}",
    "tied": r"\mathrm{tied}",
    "biases": r"\mathrm{biases}",
    "attention_bias": r"\mathrm{bias}_{\mathrm{attn}}",
    "mlp_bias": r"\mathrm{bias}_{\mathrm{mlp}}",
    "norm_bias": r"\mathrm{bias}_{\mathrm{norm}}",
    "classifier_bias": r"\mathrm{bias}_{\mathrm{head}}",
    "decoder_bias": r"\mathrm{bias}_{\mathrm{dec}}",
    "gated": r"\mathrm{gated}",
    "absolute": r"\mathrm{abs}",
    "relative": r"\mathrm{rel}",
    "c2p": r"\mathrm{c2p}",
    "p2c": r"\mathrm{p2c}",
    "shared_keys": r"\mathrm{shared}",
    "relative_norm": r"\mathrm{norm}_{\mathrm{rel}}",
    "legacy": r"\mathrm{legacy}",
    "summary": r"\mathrm{summary}",
    "summary_to_labels": r"\mathrm{summary}_{\mathrm{labels}}",
}
_RELATIONS: dict[type, str] = {Eq: "=", Ne: r"\neq", Gt: ">", Ge: r"\geq", Lt: "<", Le: r"\leq"}


def name(symbol: Symbol) -> str:
    """A symbol as papers write it: heads is A, ffn_ratio is r."""
    return NAMES.get(str(symbol), str(symbol))


def grouped(value: int) -> str:
    """An integer with its thousands apart: 109{,}482{,}240."""
    return f"{value:,}".replace(",", "{,}")


def math(written: Form) -> str:
    r"""A form as mathematics, without delimiters.

    >>> from bertsym.forms import form
    >>> from bertsym.symbols import H, L, ffn_ratio
    >>> print(math(form((2 * ffn_ratio + 4) * L * H**2)))
    (2r + 4)LH^2
    """
    match written:
        case Number(value):
            sign = "-" if value < 0 else ""
            if value.denominator == 1:
                return sign + grouped(abs(value.numerator))
            return rf"{sign}\frac{{{grouped(abs(value.numerator))}}}{{{grouped(value.denominator)}}}"
        case Name(symbol):
            return name(symbol)
        case Bracket(condition):
            return f"[{_condition(condition)}]"
        case Power(base, exponent):
            raised = str(exponent) if exponent < 10 else f"{{{exponent}}}"
            return f"{_tight(base)}^{raised}"
        case Product(factors):
            return _product(factors)
        case Sum(terms):
            return _sum(terms)
        case Quotient(numerator, denominator):
            return rf"\frac{{{math(numerator)}}}{{{math(denominator)}}}"
        case Root(radicand):
            return rf"\sqrt{{{math(radicand)}}}"


def _product(factors: tuple[Form, ...]) -> str:
    minus, rest = negated(factors)
    text = ""
    for factor in rest:
        written = _factor(factor)
        text += (r" \cdot " if text and written[0].isdigit() else "") + written
    return minus * "-" + text


def _sum(terms: tuple[Form, ...]) -> str:
    text = math(terms[0])
    for term in terms[1:]:
        written = math(term)
        text += f" - {written[1:]}" if written.startswith("-") else f" + {written}"
    return text


def _factor(written: Form) -> str:
    return f"({math(written)})" if isinstance(written, Sum) else math(written)


def _tight(written: Form) -> str:
    single = isinstance(written, Name | Bracket) or (
        isinstance(written, Number) and written.value.denominator == 1 and written.value >= 0
    )
    return math(written) if single else f"({math(written)})"


def _condition(condition: Boolean) -> str:
    if isinstance(condition, Symbol):
        return name(condition)
    if isinstance(condition, Not):
        return rf"\lnot {_condition(condition.args[0])}"
    if isinstance(condition, And | Or):
        sign = r" \land " if isinstance(condition, And) else r" \lor "
        return sign.join(sorted(_condition(part) for part in condition.args))
    left, right = (name(side) if isinstance(side, Symbol) else str(side) for side in condition.args)
    relation = next(mark for kind, mark in _RELATIONS.items() if isinstance(condition, kind))
    return f"{left} {relation} {right}"


def inline(part: Inline) -> str:
    """One piece of a document as mathematics; words stand in boxes."""
    match part:
        case Count(value, short):
            return grouped(value) + (rf"\,({_rounded(value)})" if short else "")
        case Decimal(value, places):
            return decimal(value, places)
        case Shape(sides):
            return r" \times ".join(_factor(side) for side in sides)
        case Sizes(values):
            return r",\ ".join(f"{name(symbol)} = {_value(value)}" for symbol, value in values.items())
        case str():
            return rf"\mbox{{{prose(part)}}}"
        case Code(text):
            return rf"\mbox{{\texttt{{{prose(text)}}}}}"
        case Share(value, places):
            return prose(percent(value, places))
        case _:
            return math(part)


def _rounded(value: int) -> str:
    text = rounded(value)
    return rf"{text[:-1]}\,\mathrm{{{text[-1]}}}" if text[-1].isalpha() else text


def _value(value: object) -> str:
    return grouped(value) if isinstance(value, int) else str(value)
