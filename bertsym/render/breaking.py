"""A long formula cut into lines that fit: at its relations first, then between terms, then within parentheses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bertsym.document import Inline
from bertsym.forms import Form, Product, Sum, negated
from bertsym.render import mathtex
from bertsym.render.mathwidth import formula
from bertsym.render.notation import Notation
from bertsym.render.sheet import Column
from bertsym.values import value

INDENT = r"\quad {} "


@value
class Piece:
    """A stretch of a formula that stays on one line; `depth` is how many parentheses are open where it begins."""

    tex: str
    depth: int


def lines(steps: tuple[Inline, ...], notation: Notation, column: Column, *, margin: int = 0) -> list[str]:
    """The steps of a chain of equalities: on one line where they fit, else each on its own, broken where it must be.

    `margin` is what the layout itself takes of the column. Raises `TooNarrow`.
    """
    room = Column(column.width - margin, column.face)
    whole = " = ".join(mathtex.inline(step, notation) for step in steps)
    if _fits(whole, room):
        return [whole]
    return [
        line
        for place, step in enumerate(steps)
        for line in _step(step, mathtex.RELATION if place else "", notation, room)
    ]


def _fits(line: str, room: Column) -> bool:
    return formula(line, room.face) <= room.width


def _step(step: Inline, relation: str, notation: Notation, room: Column) -> list[str]:
    whole = relation + mathtex.inline(step, notation)
    if _fits(whole, room):
        return [whole]
    pieces = _pieces(step, notation, 0) if isinstance(step, Sum | Product) else [Piece(whole, 0)]
    if isinstance(step, Sum | Product):
        pieces[0] = Piece(relation + pieces[0].tex, 0)
    for depth in range(max(piece.depth for piece in pieces) + 1):
        stretches = list(_stretches(pieces, depth))
        widest = max(formula(line, room.face) for line in (stretches[0], *(INDENT + s for s in stretches[1:])))
        if widest <= room.width:
            return _filled(stretches, room)
    room.check("the formula", widest)
    return [whole]


def _stretches(pieces: Iterable[Piece], depth: int) -> Iterator[str]:
    """The pieces, those that begin deeper within parentheses left with what stands before them."""
    held = ""
    for piece in pieces:
        if held and piece.depth <= depth:
            yield held
            held = piece.tex
        else:
            held = f"{held} {piece.tex}" if held else piece.tex
    yield held


def _filled(stretches: list[str], room: Column) -> list[str]:
    """As much on each line as it takes."""
    found = [stretches[0]]
    for stretch in stretches[1:]:
        longer = f"{found[-1]} {stretch}"
        if _fits(longer, room):
            found[-1] = longer
        else:
            found.append(INDENT + stretch)
    return found


def _pieces(written: Form, notation: Notation, depth: int) -> list[Piece]:
    match written:
        case Sum(terms):
            return [
                piece for place, term in enumerate(terms) for piece in _term(term, notation, depth, first=not place)
            ]
        case Product(factors) if any(isinstance(factor, Sum) for factor in factors):
            return _product(factors, notation, depth)
        case _:
            return [Piece(mathtex.math(written, notation), depth)]


def _term(term: Form, notation: Notation, depth: int, *, first: bool) -> list[Piece]:
    head, *rest = _pieces(term, notation, depth)
    if first:
        return [head, *rest]
    signed = f"- {head.tex[1:]}" if head.tex.startswith("-") else f"+ {head.tex}"
    return [Piece(signed, depth), *rest]


def _product(factors: tuple[Form, ...], notation: Notation, depth: int) -> list[Piece]:
    minus, rest = negated(factors)
    found = [Piece("-" * minus, depth)]
    for factor in rest:
        if isinstance(factor, Sum):
            large = r"\frac" in mathtex.math(factor, notation)
            opening, closing = (r"\biggl(", r"\biggr)") if large else ("(", ")")
            head, *inner = _pieces(factor, notation, depth + 1)
            found[-1] = Piece(mathtex.beside([found[-1].tex, opening + head.tex]), found[-1].depth)
            found += inner
            found[-1] = Piece(found[-1].tex + closing, found[-1].depth)
        else:
            found[-1] = Piece(mathtex.beside([found[-1].tex, mathtex.math(factor, notation)]), found[-1].depth)
    return found
