"""A long formula cut into lines that fit: at its relations first, then between terms, then within parentheses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bertsym.document import Inline
from bertsym.formulas.tree import (
    Bracket,
    Conjunction,
    Disjunction,
    Extreme,
    Floor,
    Form,
    Power,
    Product,
    Quotient,
    Sum,
    negated,
)
from bertsym.render import mathtex
from bertsym.render.mathwidth import formula
from bertsym.render.notation import Notation
from bertsym.render.sheet import Column
from bertsym.values import value
from bertsym.wording import Binding, of_first

INDENT = r"\quad {} "


@value
class Setting:
    """The setting of further lines: what stands before each, and where they may begin.

    - With `whole_factors`, no line begins within parentheses.
    - With `anywhere`, a line may begin within a fraction, which has a slash then, and between factors.
    """

    indent: str = INDENT
    whole_factors: bool = False
    anywhere: bool = False


SPREAD = Setting(anywhere=True)


@value
class Piece:
    """A stretch of a formula that stays on one line; `depth` is the number of parentheses open at its start."""

    tex: str
    depth: int


_BREAKABLE = (Sum, Product, Bracket, Quotient, Power, Floor, Extreme)


@value
class Paper:
    """The names of the symbols, and the room for one piece of a formula on a line of its own, if that decides."""

    notation: Notation
    room: Column | None

    def math(self, written: Form) -> str:
        """Return a form as TeX."""
        return mathtex.math(written, self.notation)

    def holds(self, written: Form) -> bool:
        """Return True if a line holds the form, or if it is not to be broken."""
        return self.fits(self.math(written))

    def fits(self, tex: str) -> bool:
        """Return True if a line holds the formula, or if it is not to be broken."""
        return self.room is None or formula(tex, self.room.face) <= self.room.width

    def is_tall(self, written: Form) -> bool:
        """Return True if the form needs large delimiters."""
        return r"\frac" in self.math(written)


def lines(
    steps: tuple[Inline, ...],
    notation: Notation,
    column: Column,
    *,
    margin: int = 0,
    lead: str = "",
    setting: Setting = SPREAD,
) -> list[str]:
    """Return the lines of a chain of equalities: one if it fits, else one a step, and a long step broken.

    `margin` is the width that the layout itself needs. `lead` stands before the first step. Raises `TooNarrow`.
    """
    room = Column(column.width - margin, column.face)
    whole = lead + mathtex.chain(steps, notation)
    if _fits(whole, room):
        return [whole]
    beside = formula(rf"{setting.indent}+ {{}}\biggr)", room.face)  # the sign of a term, and the end of a sum
    line = Column(room.width - beside, room.face)
    paper = Paper(notation, line if setting.anywhere else None)
    leads = [lead, *(f"{{}} {mathtex.relation(step)} " for step in steps[1:])]
    return [
        line
        for relation, step in zip(leads, steps, strict=True)
        for line in _step(relation + _written(step, paper), _pieces_of(step, relation, paper), room, setting)
    ]


def _fits(line: str, room: Column) -> bool:
    return formula(line, room.face) <= room.width


def _pieces_of(step: Inline, relation: str, paper: Paper) -> list[Piece]:
    """Return the pieces of a step, the relation before the first."""
    head, *rest = _pieces(step, paper, 0) if isinstance(step, _BREAKABLE) else [Piece(_written(step, paper), 0)]
    return [Piece(relation + head.tex, 0), *rest]


def _written(step: Inline, paper: Paper) -> str:
    return mathtex.inline(step, paper.notation)


def _step(whole: str, pieces: list[Piece], room: Column, setting: Setting) -> list[str]:
    if _fits(whole, room):
        return [whole]
    deepest = 0 if setting.whole_factors else max(piece.depth for piece in pieces)
    for depth in range(deepest + 1):
        stretches = list(_stretches(pieces, depth))
        further = (setting.indent + stretch for stretch in stretches[1:])
        widest = max(formula(line, room.face) for line in (stretches[0], *further))
        if widest <= room.width:
            return _filled(stretches, room, setting.indent)
    room.check("the formula", widest)
    return [whole]


def _stretches(pieces: Iterable[Piece], depth: int) -> Iterator[str]:
    """Return the pieces, each one that begins deeper within parentheses joined to the one before it."""
    held = ""
    for piece in pieces:
        if held and piece.depth <= depth:
            yield held
            held = piece.tex
        else:
            held = f"{held} {piece.tex}" if held else piece.tex
    yield held


def _filled(stretches: list[str], room: Column, indent: str) -> list[str]:
    """Return lines filled with as many pieces as fit."""
    filled = [stretches[0]]
    for stretch in stretches[1:]:
        longer = f"{filled[-1]} {stretch}"
        if _fits(longer, room):
            filled[-1] = longer
        else:
            filled.append(indent + stretch)
    return filled


def _pieces(written: Form, paper: Paper, depth: int) -> list[Piece]:
    match written:
        case Sum(terms):
            return [piece for index, term in enumerate(terms) for piece in _term(term, paper, depth, first=not index)]
        case Product(factors, dotted):
            return _product(factors, paper, depth, dotted=dotted)
        case Quotient() if not paper.holds(written):
            return _quotient(written, paper, depth)
        case _:
            return _enclosed(written, paper, depth) or [Piece(paper.math(written), depth)]


def _term(term: Form, paper: Paper, depth: int, *, first: bool) -> list[Piece]:
    head, *rest = _pieces(term, paper, depth)
    if first:
        return [head, *rest]
    signed = f"- {head.tex[1:]}" if head.tex.startswith("-") else f"+ {head.tex}"
    return [Piece(signed, depth), *rest]


def _product(factors: tuple[Form, ...], paper: Paper, depth: int, *, dotted: bool) -> list[Piece]:
    """Return the pieces of a product; factors that fill more than a line may stand on several."""
    minus, rest = negated(factors)
    pieces = [Piece("-" * minus, depth)]
    for index, factor in enumerate(rest):
        least = Binding.PRODUCT if index else of_first(factor, minus=minus)
        head, *inner = _factor(factor, least, paper, depth, last=factor is rest[-1])
        before = pieces[-1].tex
        joined = before + mathtex.DOT + head.tex if dotted and index else mathtex.beside([before, head.tex])
        if index and not paper.fits(joined):
            pieces.append(Piece(rf"\cdot {head.tex}", depth + 1))
        else:
            pieces[-1] = Piece(joined, pieces[-1].depth)
        pieces += inner
    return pieces


def _factor(factor: Form, least: Binding, paper: Paper, depth: int, *, last: bool) -> list[Piece]:
    """Return the pieces of a factor; a fraction with a slash ends a product or stands in parentheses."""
    if isinstance(factor, Quotient) and not paper.holds(factor):
        return _quotient(factor, paper, depth) if last else _between(_quotient(factor, paper, depth + 1), depth)
    return _enclosed(factor, paper, depth) or [Piece(mathtex.within(factor, least, paper.notation), depth)]


def _quotient(fraction: Quotient, paper: Paper, depth: int) -> list[Piece]:
    """Return the pieces of a fraction that is wider than a line, set with a slash or as a factor of its own."""
    above, below = fraction.numerator, fraction.denominator
    pieces = _enclosed(above, paper, depth) or _pieces(above, paper, depth)
    if isinstance(below, Product):
        head, *rest = _between(_pieces(below, paper, depth + 1), depth, large=paper.is_tall(below))
    else:
        head, *rest = _factor(below, Binding.ATOM, paper, depth, last=True)
    slashed = f"{pieces[-1].tex}/{head.tex}"
    if not rest and not paper.fits(slashed):
        return [*pieces, Piece(rf"\cdot \frac{{1}}{{{paper.math(below)}}}", depth + 1)]
    return [*pieces[:-1], Piece(slashed, pieces[-1].depth), *rest]


def _enclosed(written: Form, paper: Paper, depth: int) -> list[Piece]:
    """Return the parts between two delimiters at which a line may break; none if the form has no delimiters."""
    match written:
        case Sum():
            return _between(_pieces(written, paper, depth + 1), depth, large=paper.is_tall(written))
        case Power() | Floor() | Extreme() if paper.holds(written):
            return []
        case Power(Sum() as base, exponent):
            *most, last = _enclosed(base, paper, depth)
            raised = str(exponent) if exponent < 10 else f"{{{exponent}}}"
            return [*most, Piece(f"{last.tex}^{raised}", last.depth)]
        case Floor(Sum() | Product() as inside):
            large = paper.is_tall(inside)
            return _between(_pieces(inside, paper, depth + 1), depth, r"\lfloor ", r" \rfloor", large=large)
        case Floor(Quotient() as inside):
            large = paper.is_tall(inside)
            return _between(_quotient(inside, paper, depth + 1), depth, r"\lfloor ", r" \rfloor", large=large)
        case Extreme(left, right):
            *most, last = _pieces(left, paper, depth + 1)
            pieces = [*most, Piece(f"{last.tex},", last.depth), *_pieces(right, paper, depth + 1)]
            head, *rest = _between(pieces, depth, large=paper.is_tall(written))
            return [Piece(rf"\{written.name}{head.tex}", depth), *rest]
        case Bracket(Conjunction() | Disjunction() as condition):
            return _between(_clauses(condition, paper, depth + 1), depth, "[", "]")
        case _:
            return []


def _between(
    pieces: list[Piece], depth: int, opening: str = "(", closing: str = ")", *, large: bool = False
) -> list[Piece]:
    first, last = (rf"\biggl{opening}", rf"\biggr{closing.lstrip()}") if large else (opening, closing)
    pieces[0] = Piece(first + pieces[0].tex, depth)
    pieces[-1] = Piece(pieces[-1].tex + last, pieces[-1].depth)
    return pieces


def _clauses(condition: Conjunction | Disjunction, paper: Paper, depth: int) -> list[Piece]:
    """Return the parts of a condition, each but the first with the sign that joins it."""
    pieces: list[Piece] = []
    for part in condition.parts:
        if isinstance(part, Conjunction | Disjunction):
            head, *rest = _between(_clauses(part, paper, depth + 1), depth)
        else:
            head, *rest = [Piece(mathtex.clause(part, paper.notation), depth)]
        sign = f"{mathtex.joining(condition)} " if pieces else ""
        pieces += [Piece(sign + head.tex, depth), *rest]
    return pieces
