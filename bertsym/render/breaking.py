"""A long formula cut into lines that fit: at its relations first, then between terms, then within parentheses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bertsym.document import Inline
from bertsym.formulas.tree import Bracket, Conjunction, Disjunction, Form, Product, Sum, negated
from bertsym.render import mathtex
from bertsym.render.mathwidth import formula
from bertsym.render.notation import Notation
from bertsym.render.sheet import Column
from bertsym.values import value
from bertsym.wording import Binding, of_first

INDENT = r"\quad {} "


@value
class Setting:
    """The setting of further lines: what stands before each, and whether none may begin within parentheses."""

    indent: str = INDENT
    whole_factors: bool = False


SPREAD = Setting()


@value
class Piece:
    """A stretch of a formula that stays on one line; `depth` is the number of parentheses open at its start."""

    tex: str
    depth: int


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
    leads = [lead, *(f"{{}} {mathtex.relation(step)} " for step in steps[1:])]
    return [
        line
        for relation, step in zip(leads, steps, strict=True)
        for line in _step(
            relation + mathtex.inline(step, notation), _pieces_of(step, relation, notation), room, setting
        )
    ]


def _fits(line: str, room: Column) -> bool:
    return formula(line, room.face) <= room.width


def _pieces_of(step: Inline, relation: str, notation: Notation) -> list[Piece]:
    pieces = _pieces(step, notation, 0) if isinstance(step, Sum | Product | Bracket) else []
    if not pieces:
        return [Piece(relation + mathtex.inline(step, notation), 0)]
    return [Piece(relation + pieces[0].tex, 0), *pieces[1:]]


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


def _pieces(written: Form, notation: Notation, depth: int) -> list[Piece]:
    match written:
        case Sum(terms):
            return [
                piece for index, term in enumerate(terms) for piece in _term(term, notation, depth, first=not index)
            ]
        case Product(factors, dotted) if any(_enclosed(factor, notation, depth) for factor in factors):
            return _product(factors, notation, depth, dotted=dotted)
        case _:
            return _enclosed(written, notation, depth) or [Piece(mathtex.math(written, notation), depth)]


def _term(term: Form, notation: Notation, depth: int, *, first: bool) -> list[Piece]:
    head, *rest = _pieces(term, notation, depth)
    if first:
        return [head, *rest]
    signed = f"- {head.tex[1:]}" if head.tex.startswith("-") else f"+ {head.tex}"
    return [Piece(signed, depth), *rest]


def _product(factors: tuple[Form, ...], notation: Notation, depth: int, *, dotted: bool) -> list[Piece]:
    minus, rest = negated(factors)
    pieces = [Piece("-" * minus, depth)]
    for index, factor in enumerate(rest):
        least = Binding.PRODUCT if index else of_first(factor, minus=minus)
        whole = [Piece(mathtex.within(factor, least, notation), depth)]
        head, *inner = _enclosed(factor, notation, depth) or whole
        before = pieces[-1].tex
        joined = before + mathtex.DOT + head.tex if dotted and index else mathtex.beside([before, head.tex])
        pieces[-1] = Piece(joined, pieces[-1].depth)
        pieces += inner
    return pieces


def _enclosed(written: Form, notation: Notation, depth: int) -> list[Piece]:
    """Return the parts between two parentheses or brackets at which a line may break."""
    match written:
        case Sum():
            large = r"\frac" in mathtex.math(written, notation)
            return _between(_pieces(written, notation, depth + 1), depth, large=large)
        case Bracket(Conjunction() | Disjunction() as condition):
            return _between(_clauses(condition, notation, depth + 1), depth, "[", "]")
        case _:
            return []


def _between(
    pieces: list[Piece], depth: int, opening: str = "(", closing: str = ")", *, large: bool = False
) -> list[Piece]:
    first, last = (rf"\biggl{opening}", rf"\biggr{closing}") if large else (opening, closing)
    pieces[0] = Piece(first + pieces[0].tex, depth)
    pieces[-1] = Piece(pieces[-1].tex + last, pieces[-1].depth)
    return pieces


def _clauses(condition: Conjunction | Disjunction, notation: Notation, depth: int) -> list[Piece]:
    """Return the parts of a condition, each but the first with the sign that joins it."""
    pieces: list[Piece] = []
    for part in condition.parts:
        if isinstance(part, Conjunction | Disjunction):
            head, *rest = _between(_clauses(part, notation, depth + 1), depth)
        else:
            head, *rest = [Piece(mathtex.clause(part, notation), depth)]
        sign = f"{mathtex.joining(condition)} " if pieces else ""
        pieces += [Piece(sign + head.tex, depth), *rest]
    return pieces
