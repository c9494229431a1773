"""Formulas as boxes: letters, figures, signs, fractions and fences, placed but not yet spelled in any syntax.

Typst and MathML spell the boxes. Parentheses, dots between figures and leading minus signs are decided here for both,
as `mathtex` decides them for TeX.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction as Exact

from bertsym.document import (
    Code,
    Count,
    Decimal,
    Equal,
    Inline,
    Line,
    Matrix,
    Numeral,
    Rate,
    Result,
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
    Sum,
    negated,
)
from bertsym.quantities import decimal
from bertsym.render import words
from bertsym.render.notation import BERT, GREEK, Notation
from bertsym.render.numbers import parted
from bertsym.render.sheet import Sheet
from bertsym.values import value
from bertsym.wording import Binding, of_first


@value
class Letters:
    """A name or a part of one, in a face of TeX: it, rm, bf, sf, tt or cal."""

    text: str
    face: str


@value
class Figures:
    """A number as it is printed."""

    text: str


@value
class Mark:
    """A sign by its name: an operator, a relation, a connective, or a space (`thin`, `space`, `beside` in products)."""

    name: str


@value
class Words:
    """Words in a formula, or a name of code."""

    text: str
    code: bool = False


@value
class Row:
    """Boxes side by side."""

    parts: tuple[Box, ...]


@value
class Raised:
    """A base with an exponent."""

    base: Box
    exponent: Box


@value
class Lowered:
    """A base with an index."""

    base: Box
    index: Box


@value
class Fraction:
    """A numerator over a denominator."""

    above: Box
    below: Box


@value
class Radical:
    """A square root."""

    inside: Box


@value
class Fenced:
    """A box between two fences, as tall as it is."""

    opening: str
    inside: Box
    closing: str


@value
class Braced:
    """A box over a brace with a label."""

    inside: Box
    label: str


Box = Letters | Figures | Mark | Words | Row | Raised | Lowered | Fraction | Radical | Fenced | Braced

MINUS, PLUS, COMMA, DOT, TIMES, SLASH = map(Mark, ("-", "+", "comma", "dot", "times", "/"))
THIN, SPACE, BESIDE = map(Mark, ("thin", "space", "beside"))

_NAME_TOKEN = re.compile(
    r"\\math(rm|it|bf|sf|tt|cal)\{((?:[^{}\\]|\\_)*)\}|\\([A-Za-z]+)|([A-Za-z])|([0-9])|(,)|[\s{}_]"
)


def name(tex: str) -> Box:
    r"""Return the boxes of a name that `Notation` writes in TeX: a letter or a word, with an index or without.

    >>> name(r"d_{\mathrm{model}}")
    Lowered(base=Letters(text='d', face='it'), index=Letters(text='model', face='rm'))
    """
    parts: list[Box] = []
    index: list[Box] | None = None
    for match in _NAME_TOKEN.finditer(tex):
        face, word, control, letter, figure, comma = match.groups()
        target = parts if index is None else index
        if match.group() == "_" and index is None:
            index = []
        elif face:
            target.append(Letters(word.replace(r"\_", "_"), face))
        elif control:
            target.append(Letters(GREEK.get(control, control), "it" if control in GREEK else "rm"))
        elif letter:
            target.append(Letters(letter, "it"))
        elif figure:
            target.append(Figures(figure))
        elif comma:
            target.append(COMMA)
    return Lowered(row(parts), row(index)) if index else row(parts)


def row(parts: Iterable[Box]) -> Box:
    """Return boxes side by side: rows within are opened."""
    flat: list[Box] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Row) else (part,))
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


def boxes(written: Form, notation: Notation = BERT) -> Box:
    """Return the boxes of a form."""
    return within(written, Binding.SUM, notation)


def within(written: Form, least: Binding, notation: Notation) -> Box:
    """Return the boxes, in parentheses if the surroundings bind more tightly."""
    box, binding = _placed(written, notation)
    return box if binding >= least else Fenced("(", box, ")")


def _placed(written: Form, notation: Notation) -> tuple[Box, Binding]:
    """Return the boxes and their binding strength; a fraction needs no parentheses in a product."""
    match written:
        case Number(amount):
            return _number(amount)
        case Name(symbol):
            return name(notation.name(symbol)), Binding.ATOM
        case Bracket(condition):
            return Fenced("[", _condition(condition, notation)[0], "]"), Binding.ATOM
        case Power(base, exponent):
            return Raised(within(base, Binding.ATOM, notation), Figures(str(exponent))), Binding.POWER
        case Product(factors, dotted):
            return _product(factors, notation, dotted=dotted)
        case Sum(terms):
            return _sum(terms, notation), Binding.SUM
        case Quotient(numerator, denominator):
            return _quotient(numerator, denominator, notation)
        case Floor(inside):
            return Fenced("⌊", boxes(inside, notation), "⌋"), Binding.ATOM
        case Extreme(left, right):
            sides = row((boxes(left, notation), COMMA, boxes(right, notation)))
            return row((Mark(written.name), Fenced("(", sides, ")"))), Binding.ATOM
        case Root(radicand):
            return Radical(boxes(radicand, notation)), Binding.POWER
        case Named(part, label):
            return Braced(boxes(part, notation), label), Binding.PRODUCT


def _number(amount: Exact) -> tuple[Box, Binding]:
    figures = Figures(f"{abs(amount.numerator):,}")
    whole = amount.denominator == 1
    figure: Box = figures if whole else Fraction(figures, Figures(f"{amount.denominator:,}"))
    if amount < 0:
        return row((MINUS, figure)), Binding.MINUS
    return figure, Binding.ATOM if whole else Binding.PRODUCT


def _quotient(numerator: Form, denominator: Form, notation: Notation) -> tuple[Box, Binding]:
    """Return a fraction, the minus of a numerator before it."""
    above, below = boxes(numerator, notation), boxes(denominator, notation)
    if isinstance(above, Row) and _negative(above) and not isinstance(numerator, Sum):
        return row((MINUS, Fraction(row(above.parts[1:]), below))), Binding.MINUS
    return Fraction(above, below), Binding.PRODUCT


def _product(factors: tuple[Form, ...], notation: Notation, *, dotted: bool) -> tuple[Box, Binding]:
    minus, rest = negated(factors)
    parts: list[Box] = [within(rest[0], of_first(rest[0], minus=minus), notation)]
    for factor in rest[1:]:
        box = within(factor, Binding.PRODUCT, notation)
        parts += [DOT if dotted else _between(parts[-1], box), box]
    whole = row((MINUS, *parts) if minus else parts)
    return whole, Binding.MINUS if _negative(whole) else Binding.PRODUCT


def _between(before: Box, factor: Box) -> Mark:
    """Return a dot between figures, a thin space between words, else nothing: 2 beside 1/3 would be a mixed number."""
    ratio = isinstance(factor, Fraction) and _begins_with_figure(factor.above)
    if _begins_with_figure(factor) or (ratio and _ends_with_figure(before)):
        return DOT
    return THIN if _is_word(before) and _is_word(factor) else BESIDE


def _begins_with_figure(box: Box) -> bool:
    match box:
        case Row(parts):
            return _begins_with_figure(parts[0])
        case Raised(base, _):
            return _begins_with_figure(base)
        case _:
            return isinstance(box, Figures)


def _ends_with_figure(box: Box) -> bool:
    match box:
        case Row(parts):
            return _ends_with_figure(parts[-1])
        case _:
            return isinstance(box, Figures | Raised)


def _is_word(box: Box) -> bool:
    match box:
        case Raised(base, _):
            return _is_word(base)
        case Letters(text, _):
            return len(text) > 1
        case _:
            return False


def _negative(box: Box) -> bool:
    return isinstance(box, Row) and box.parts[0] == MINUS


def _sum(terms: tuple[Form, ...], notation: Notation) -> Box:
    parts = [boxes(terms[0], notation)]
    for term in terms[1:]:
        box = boxes(term, notation)
        parts += [box] if _negative(box) else [PLUS, box]
    return row(parts)


def _condition(condition: Condition, notation: Notation) -> tuple[Box, Binding]:
    """Return a condition; a part that has parts of its own stands in parentheses."""
    match condition:
        case Name(symbol):
            return name(notation.name(symbol)), Binding.ATOM
        case Relation(left, sign, right):
            return row((boxes(left, notation), Mark(sign.value), boxes(right, notation))), Binding.RELATION
        case Negation(inside):
            return row((Mark("not"), _clause(inside, notation, Binding.ATOM))), Binding.NOT
        case Conjunction(parts) | Disjunction(parts):
            both = isinstance(condition, Conjunction)
            clauses = [_clause(part, notation) for part in parts]
            joined = [clauses[0], *(box for clause in clauses[1:] for box in (Mark("and" if both else "or"), clause))]
            return row(joined), Binding.AND if both else Binding.OR


def _clause(condition: Condition, notation: Notation, least: Binding = Binding.NOT) -> Box:
    box, binding = _condition(condition, notation)
    return box if binding >= least else Fenced("(", box, ")")


def inline(part: Inline, notation: Notation = BERT) -> Box:
    """Return one piece of a document as boxes; words stay words."""
    match part:
        case _ if isinstance(part, Numeral):
            return _figure(part)
        case Shape(()):
            return Words(words.SCALAR)
        case Shape(sides):
            placed = [within(side, Binding.MINUS, notation) for side in sides]
            return row([placed[0], *(box for side in placed[1:] for box in (TIMES, side))])
        case Sizes(values):
            pairs = [row((name(notation.name(symbol)), Mark("="), _size(amount))) for symbol, amount in values.items()]
            return row([pairs[0], *(box for pair in pairs[1:] for box in (COMMA, pair))])
        case Code(text):
            return Words(text, code=True)
        case Matrix():
            return _matrix(part)
        case Equal(left, right):
            return row((boxes(left, notation), Mark("="), on_one_line(right, notation)))
        case _ if isinstance(part, Form):
            return boxes(part, notation)
        case _:
            return Words(words.inline(part))


def _matrix(matrix: Matrix) -> Box:
    letter = Letters("W", "it")
    index: list[Box] = []
    for text, is_variable in matrix.index:
        names = [Letters(each, "it") for each in text] if is_variable else [Letters(text, "rm")]
        index += [COMMA, *names] if index else names
    return Lowered(letter, row(index)) if index else letter


def on_one_line(written: Form, notation: Notation = BERT) -> Box:
    """Return the boxes of a form for running text, where a fraction that it is has a slash."""
    if not isinstance(written, Quotient):
        return boxes(written, notation)
    above = within(written.numerator, Binding.MINUS, notation)
    return row((above, SLASH, within(written.denominator, Binding.POWER, notation)))


def _figure(part: Numeral) -> Box:
    match part:
        case Count(amount, short, unit):
            exact = _signed(f"{amount:,}")
            return row((exact, THIN, Fenced("(", _measured(unit.rounded(amount)), ")"))) if short else exact
        case Rounded():
            return _measured(part.text)
        case Scaled():
            return _measured(f"{part.number} {part.symbol}".rstrip())
        case Decimal(amount, places):
            return _signed(decimal(amount, places))
        case Share():
            return Words(words.inline(part))


def relation(step: Inline) -> Mark:
    """Return the sign before a step of a chain: about equal before a number that is rounded."""
    return Mark("approx" if is_rounded(step) else "=")


def _signed(text: str) -> Box:
    return row((MINUS, Figures(text[1:]))) if text.startswith("-") else Figures(text)


def _size(amount: object) -> Box:
    shown = words.size(amount)
    return Words(shown) if isinstance(amount, bool) else _signed(shown)


def _measured(text: str) -> Box:
    """Return a rounded number with its unit: 25.77 GB, 109.48M."""
    placed: list[Box] = []
    for piece in text.split(", "):
        number, unit = parted(piece)
        parts: list[Box] = [_signed(number), THIN, Letters(unit, "rm")] if unit else [_signed(number)]
        placed += [COMMA, *parts] if placed else parts
    return row(placed)


@value
class Step:
    """A step of a chain of equalities: the sign before it, if one stands there, and its boxes."""

    sign: Mark | None
    box: Box


def steps(parts: Iterable[Inline], notation: Notation = BERT) -> list[Step]:
    """Return the steps of an equation with the signs before them."""
    return [Step(relation(part) if index else None, inline(part, notation)) for index, part in enumerate(parts)]


def label(line: Line, notation: Notation = BERT) -> Box:
    """Return the label of a line of an alignment: words and matrices side by side."""
    parts: list[Box] = []
    for part in line.label:
        if part == ", ":
            parts.append(COMMA)
        elif isinstance(part, str):
            before, after = part.startswith(" "), part.endswith(" ")
            parts += [*[SPACE] * before, Words(part.strip()), *[SPACE] * after]
        else:
            parts.append(inline(part, notation))
    return row(parts)


def result(answer: Result, sheet: Sheet) -> list[Step]:
    """Return the steps of an answer behind its left side, which the answer or the sheet names."""
    left, parts = answer.sides
    shown = steps(parts, sheet.notation)
    if sheet.punct:
        shown[-1] = Step(shown[-1].sign, row((shown[-1].box, Mark(sheet.punct))))
    if sheet.left is not None:
        before = [name(sheet.left)] if sheet.left else []
    elif isinstance(left, Rate):
        before = [_rate(left, sheet.notation)]
    else:
        before = [] if left is None else [boxes(left, sheet.notation)]
    return [
        *(Step(None, box) for box in before),
        Step(relation(parts[0]) if before else None, shown[0].box),
        *shown[1:],
    ]


def chain(parts: Iterable[Step]) -> Box:
    """Return the steps on one line."""
    return row(box for step in parts for box in ((step.box,) if step.sign is None else (step.sign, step.box)))


def length(box: Box) -> int:
    """Return the number of characters that stand side by side in a box; a sign has the room of three."""
    match box:
        case Letters(text) | Figures(text) | Words(text):
            return len(text)
        case Mark(name):
            return 0 if name in ("beside", "thin", "space") else 1 if name == "comma" else 3
        case Row(parts):
            return sum(map(length, parts))
        case Raised(one, other) | Lowered(one, other):
            return length(one) + length(other)
        case Fraction(one, other):
            return max(length(one), length(other))
        case Fenced(_, inside, _):
            return length(inside) + 2
        case Radical(inside):
            return length(inside) + 1
        case Braced(inside, label):
            return max(length(inside), len(label) // 2)


def split(box: Box, most: int) -> list[Box]:
    """Return the box in lines of at most that many characters, each broken before a plus or a minus if it can be."""
    if not isinstance(box, Row) or length(box) <= most:
        return [box]
    terms: list[list[Box]] = [[]]
    for part in box.parts:
        if part in (PLUS, MINUS) and terms[-1]:
            terms.append([])
        terms[-1].append(part)
    lines: list[list[Box]] = [[]]
    for term in terms:
        if lines[-1] and sum(map(length, (*lines[-1], *term))) > most:
            lines.append([])
        lines[-1] += term
    return [row(line) for line in lines]


def _rate(rate: Rate, notation: Notation) -> Box:
    """Return a derivative as a fraction of partial differentials."""
    of, by = (name(notation.name(symbol)) for symbol in (rate.of, rate.by))
    partial: Box = Mark("partial")
    above = partial if rate.order == 1 else Raised(partial, Figures(str(rate.order)))
    below = by if rate.order == 1 else Raised(by, Figures(str(rate.order)))
    return Fraction(row((above, of)), row((partial, below)))
