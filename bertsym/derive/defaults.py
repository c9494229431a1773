"""Sizes that the code reckons from others where they are left out: d = H/heads, an inner width of 2H."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import free
from bertsym.derive.fit import Fitter
from bertsym.derive.process import Builder, Fields
from bertsym.derive.space import Space
from bertsym.model import Definition
from bertsym.symbols import BY_SYMBOL, F, H, Kind, d, heads
from bertsym.zoo.parts import FEED_FORWARD, FREE_HEAD_SIZE

DRAWS = 14
CHECKS = 6
FEW = 5


def definitions(
    builder: Builder, space: Space, symbols: Mapping[str, Symbol], random: Random
) -> tuple[Definition, ...]:
    """The definitions of a model's sizes, none of which rests on another; F = ffn_ratio H is the house's own."""
    meant = {symbol: name for name, symbol in symbols.items()}
    kept = [FEED_FORWARD] if F in meant and H in meant else []
    draws = [space.fields(space.steps(random)) for _ in range(DRAWS + CHECKS)]
    numbers = [axis.name for axis in space.axes if not axis.switch and not axis.ratio and not axis.idle]
    left = list(_left(builder, draws, numbers))
    taken = {F, d} if kept else {d}
    found = list(_fitted(draws, left, numbers, symbols, taken))
    if {d, H, heads} <= set(meant) and _is_quotient(draws, left, meant):
        kept.append(FREE_HEAD_SIZE)
    defined = {definition.symbol for definition in (*kept, *found)}
    return (*kept, *(definition for definition in found if not free(definition.value) & defined))


def _left(builder: Builder, draws: Sequence[Fields], numbers: Sequence[str]) -> Iterator[Fields]:
    """What the code makes of the numbers that are left out; of those that soon turn out to be constants no more."""
    first = [builder.defaults(fields, numbers) for fields in draws[:FEW]]
    yield from first
    moving = [name for name in numbers if len({there.get(name) for there in first}) > 1]
    for fields in draws[FEW:]:
        yield builder.defaults(fields, moving) if moving else {}


def _is_quotient(draws: Sequence[Fields], left: Sequence[Fields], meant: Mapping[Symbol, str]) -> bool:
    """Whether the head size, left out, is H/heads."""
    both = [(fields, there) for fields, there in zip(draws, left, strict=True) if meant[d] in there]
    whole = [(f[meant[H]] // f[meant[heads]], there[meant[d]]) for f, there in both if f[meant[heads]]]
    return len(whole) > CHECKS and all(ours == theirs for ours, theirs in whole)


def _fitted(
    draws: Sequence[Fields],
    left: Sequence[Fields],
    numbers: Sequence[str],
    symbols: Mapping[str, Symbol],
    taken: set[Symbol],
) -> Iterator[Definition]:
    """What is left out follows others, in a formula that the last draws confirm."""
    table = [{symbols[name]: fields[name] for name in numbers} for fields in draws]
    for name in numbers:
        symbol = symbols[name]
        seen = [(row, there[name]) for row, there in enumerate(left) if name in there]
        if symbol in taken or len({found for _, found in seen}) < 3 or len(seen) < DRAWS:
            continue
        others = [other for other in table[0] if other != symbol]
        rows, values = [row for row, _ in seen[:-CHECKS]], [int(found) for _, found in seen[:-CHECKS]]
        formula = Fitter(table, others).fit(rows, values)
        # What is as large as another size unless it is said is still a choice of its own: kv_heads, an embedding size.
        if (
            formula is not None
            and not formula.is_Symbol
            and all(_at(formula, table[row]) == found for row, found in seen[-CHECKS:])
        ):
            smooth = formula.replace(sympy.floor, lambda inside: inside)
            exact = all(not inside.args[0].is_Add and free(inside) for inside in formula.atoms(sympy.floor))
            if exact and not any(BY_SYMBOL[s].kind is Kind.RATIO for s in free(smooth)):
                yield Definition(symbol, smooth)


def _at(formula: Expr, sizes: Mapping[Symbol, object]) -> Expr:
    return formula.xreplace({symbol: sympy.Integer(sizes[symbol]) for symbol in free(formula)})
