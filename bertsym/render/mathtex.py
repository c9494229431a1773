"""Forms and figures as TeX mathematics, without delimiters; needs no package."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from bertsym.document import (
    Citation,
    Code,
    Count,
    Decimal,
    Equal,
    Inline,
    Matrix,
    Numeral,
    Rounded,
    Scaled,
    Shape,
    Share,
    Sizes,
    is_rounded,
)
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
from bertsym.quantities import Unit, decimal, percent
from bertsym.render import words
from bertsym.render.notation import BERT, Notation
from bertsym.render.numbers import grouped, parted
from bertsym.render.tex_prose import Encoding, prose
from bertsym.wording import Binding, of_first

DOT = r" \cdot "
_WORD = re.compile(r"\\math(?:rm|tt)\{[^{}]*\}(\^\S+)?$")
_CONTROL_WORD = re.compile(r"\\[A-Za-z]+$")
_FIGURE = re.compile(r"\d|\\frac\{\d")
_RELATIONS = {
    Sign.EQUAL: "=",
    Sign.UNEQUAL: r"\neq",
    Sign.ABOVE: ">",
    Sign.AT_LEAST: r"\geq",
    Sign.BELOW: "<",
    Sign.AT_MOST: r"\leq",
}


def relation(step: Inline) -> str:
    r"""Return the sign before a step of a chain: `\approx` before a number that is rounded, else an equals sign."""
    return r"\approx" if is_rounded(step) else "="


def chain(steps: Sequence[Inline], notation: Notation = BERT, encoding: Encoding = Encoding.ASCII) -> str:
    """Return steps with the signs between them on one line."""
    first, *rest = steps
    return inline(first, notation, encoding) + "".join(
        f" {relation(step)} {inline(step, notation, encoding)}" for step in rest
    )


def rate(of: str, by: str, order: int) -> str:
    r"""Return a derivative as a fraction: `\frac{\partial P}{\partial H}`."""
    raised = "" if order == 1 else f"^{order}" if order < 10 else f"^{{{order}}}"
    return rf"\frac{{\partial{raised} {of}}}{{\partial {by}{raised}}}"


def math(written: Form, notation: Notation = BERT) -> str:
    r"""Return a form as mathematics, without delimiters.

    >>> from bertsym.formulas.styles import form
    >>> from bertsym.symbols import H, L, ffn_ratio
    >>> print(math(form((2 * ffn_ratio + 4) * L * H**2)))
    (2r + 4)LH^2
    """
    return within(written, Binding.SUM, notation)


def within(written: Form, least: Binding, notation: Notation) -> str:
    """Return the TeX, in parentheses if its surroundings bind more tightly."""
    tex, binding = _spelled(written, notation)
    if binding >= least:
        return tex
    return rf"\left({tex}\right)" if r"\frac" in tex else f"({tex})"


def _spelled(written: Form, notation: Notation) -> tuple[str, Binding]:
    """Return the TeX and its binding strength; a fraction needs no parentheses in a product."""
    match written:
        case Number(value):
            whole = Binding.ATOM if value.denominator == 1 else Binding.PRODUCT
            return _number(value), whole if value >= 0 else Binding.MINUS
        case Name(symbol):
            return notation.name(symbol), Binding.ATOM
        case Bracket(condition):
            return f"[{_condition(condition, notation)[0]}]", Binding.ATOM
        case Power(base, exponent):
            raised = str(exponent) if exponent < 10 else f"{{{exponent}}}"
            return f"{within(base, Binding.ATOM, notation)}^{raised}", Binding.POWER
        case Product(factors, dotted):
            return _product(factors, notation, dotted=dotted)
        case Sum(terms):
            return _sum(terms, notation), Binding.SUM
        case Quotient(numerator, denominator):
            above = math(numerator, notation)
            minus = above.startswith("-") and not isinstance(numerator, Sum)
            fraction = rf"\frac{{{above[minus:]}}}{{{math(denominator, notation)}}}"
            return "-" * minus + fraction, Binding.MINUS if minus else Binding.PRODUCT
        case Floor(inside):
            tex = math(inside, notation)
            tall = r"\frac" in tex
            return rf"\left\lfloor {tex} \right\rfloor" if tall else rf"\lfloor {tex} \rfloor", Binding.ATOM
        case Extreme(left, right):
            sides = f"{math(left, notation)}, {math(right, notation)}"
            tall = r"\frac" in sides
            return rf"\{written.name}\left({sides}\right)" if tall else rf"\{written.name}({sides})", Binding.ATOM
        case Root(radicand):
            return rf"\sqrt{{{math(radicand, notation)}}}", Binding.POWER
        case Named(part, label):
            return rf"\underbrace{{{math(part, notation)}}}_{{{upright(label)}}}", Binding.PRODUCT


def on_one_line(written: Form, notation: Notation = BERT) -> str:
    r"""Return a form for running text, where a fraction that it is has a slash.

    >>> from bertsym.formulas.styles import form
    >>> from bertsym.symbols import H, heads
    >>> print(on_one_line(form(H / heads)))
    H/A
    """
    if not isinstance(written, Quotient):
        return math(written, notation)
    above, below = (
        within(written.numerator, Binding.MINUS, notation),
        within(written.denominator, Binding.POWER, notation),
    )
    return f"{above}/{below}"


def _matrix(matrix: Matrix) -> str:
    r"""Return the TeX of a weight matrix, with words below it upright.

    >>> print(_matrix(Matrix("Q")), _matrix(Matrix("gate,up")), _matrix(Matrix()))
    W_Q W_{\text{gate},\text{up}} W
    """
    index = ",".join(text if is_variable else upright(text) for text, is_variable in matrix.index)
    return f"W_{{{index}}}" if len(index) > 1 else f"W_{index}" if index else "W"


def _number(value: Fraction) -> str:
    sign = "-" if value < 0 else ""
    above = grouped(abs(value.numerator))
    return sign + (above if value.denominator == 1 else rf"\frac{{{above}}}{{{grouped(value.denominator)}}}")


def upright(label: str) -> str:
    r"""Return words as an index in the font of the text.

    >>> print(upright("feed-forward"))
    \text{feed-forward}
    """
    letters = (c if c.isascii() and (c.isalnum() or c == "-") else " " for c in label)
    return rf"\text{{{''.join(letters)}}}"


def _product(factors: tuple[Form, ...], notation: Notation, *, dotted: bool) -> tuple[str, Binding]:
    minus, rest = negated(factors)
    first = within(rest[0], of_first(rest[0], minus=minus), notation)
    written = [first, *(within(factor, Binding.PRODUCT, notation) for factor in rest[1:])]
    tex = minus * "-" + (DOT.join(written) if dotted else beside(written))
    return tex, Binding.MINUS if tex.startswith("-") else Binding.PRODUCT


def beside(factors: list[str]) -> str:
    """Return factors side by side: a dot between numbers, a thin space between words, a space after a control word."""
    text = factors[0]
    for factor in factors[1:]:
        text += _between(text, factor) + factor
    return text


def _between(before: str, factor: str) -> str:
    if before not in ("", "-") and (factor[0].isdigit() or (before[-1].isdigit() and _FIGURE.match(factor))):
        return DOT  # 2 beside 1/3 would be a mixed number
    if _CONTROL_WORD.search(before) and factor[0].isalpha():
        return " "
    return r"\," if factor.startswith((r"\mathrm{", r"\mathtt{")) and _WORD.search(before) else ""


def _sum(terms: tuple[Form, ...], notation: Notation) -> str:
    text = math(terms[0], notation)
    for term in terms[1:]:
        written = math(term, notation)
        text += f" - {written[1:]}" if written.startswith("-") else f" + {written}"
    return text


def _condition(condition: Condition, notation: Notation) -> tuple[str, Binding]:
    """Return a condition; a part that has parts of its own stands in parentheses."""
    match condition:
        case Name(symbol):
            return notation.name(symbol), Binding.ATOM
        case Relation(left, sign, right):
            return f"{math(left, notation)} {_RELATIONS[sign]} {math(right, notation)}", Binding.RELATION
        case Negation(inside):
            return rf"\lnot {clause(inside, notation, Binding.ATOM)}", Binding.NOT
        case Conjunction(parts) | Disjunction(parts):
            binding = Binding.AND if isinstance(condition, Conjunction) else Binding.OR
            return f" {joining(condition)} ".join(clause(part, notation) for part in parts), binding


def joining(condition: Conjunction | Disjunction) -> str:
    """Return the sign between the parts of a condition."""
    return r"\land" if isinstance(condition, Conjunction) else r"\lor"


def clause(condition: Condition, notation: Notation, least: Binding = Binding.NOT) -> str:
    """Return a condition that is a part of another, in parentheses if it has parts of its own."""
    tex, binding = _condition(condition, notation)
    if binding >= least:
        return tex
    return rf"\left({tex}\right)" if r"\frac" in tex else f"({tex})"


def inline(part: Inline, notation: Notation = BERT, encoding: Encoding = Encoding.ASCII) -> str:
    """Return one piece of a document as mathematics; words stand in boxes."""
    match part:
        case _ if isinstance(part, Numeral):
            return _figure(part)
        case Shape(()):
            return rf"\textnormal{{{words.SCALAR}}}"
        case Shape(sides):
            return r" \times ".join(within(side, Binding.MINUS, notation) for side in sides)
        case Sizes(values):
            return r",\ ".join(f"{notation.name(symbol)} = {_value(value)}" for symbol, value in values.items())
        case str():
            return rf"\textnormal{{{prose(part, encoding)}}}"
        case Citation(key):
            return rf"\textnormal{{~\cite{{{key}}}}}"
        case Code(text):
            return rf"\textnormal{{\texttt{{{prose(text, encoding)}}}}}"
        case Matrix():
            return _matrix(part)
        case Equal(left, right):
            return f"{math(left, notation)} = {on_one_line(right, notation)}"
        case _:
            return math(part, notation)


def _figure(part: Numeral) -> str:
    match part:
        case Count(value, short, unit):
            return grouped(value) + (rf"\,({_measured(value, unit)})" if short else "")
        case Rounded():
            return _upright(part.text)
        case Scaled():
            return _upright(f"{part.number.replace(',', '{,}')} {part.symbol}".rstrip())
        case Decimal(value, places):
            return decimal(value, places)
        case Share(value, places):
            return prose(percent(value, places))


def _measured(value: int, unit: Unit) -> str:
    r"""Return a rounded number with its unit upright: `25.77\,\textnormal{GB}`."""
    return r",\ ".join(map(_upright, unit.rounded(value).split(", ")))


def _upright(text: str) -> str:
    number, unit = parted(text)
    return rf"{number}\,\textnormal{{{unit}}}" if unit else number


def _value(value: object) -> str:
    shown = words.size(value)
    return rf"\textnormal{{{shown}}}" if isinstance(value, bool) else shown.replace(",", "{,}")
