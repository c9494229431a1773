"""A model with some of its sizes open: what is assumed for the others, and the total over the ones to be found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Value, evaluate, free, substitute
from bertsym.convention import Convention
from bertsym.count import total
from bertsym.errors import BertsymError, Conflict
from bertsym.model import Model, is_head_size
from bertsym.solving.constraints import Term
from bertsym.symbols import BY_SYMBOL, in_order
from bertsym.values import value

Tie = tuple[Symbol, Term]


@value
class NotDependent(BertsymError):
    """A size that the count does not depend on cannot meet a target."""

    symbol: str
    why: str

    def __str__(self) -> str:
        return f"the count does not depend on {self.symbol}{self.why}: solve for another size"


def with_assumed(
    model: Model, unknowns: Iterable[Symbol], *, keep_head_size: bool = False
) -> tuple[Model, tuple[Symbol, ...]]:
    """The model with the sizes of its architecture's base wherever one is open that is not to be found.

    With `keep_head_size` an open number of heads follows a hidden size that is to be found: d is assumed in its place.
    """
    wanted = set(unknowns)
    given = dict(model.given)
    base = dict(base_sizes(model))
    for definition in model.architecture.definitions if keep_head_size else ():
        count, settled = definition.adjusts, {*given, *wanted}
        follows = is_head_size(definition) and bool(free(definition.value) & wanted)
        if follows and count is not None and not {count, definition.symbol} & settled:
            base[definition.symbol] = int(evaluate(definition.value, base))
            del base[count]
    entailed = {d.adjusts for d in model.architecture.definitions if d.symbol in {*given, *wanted}}
    assumed = tuple(s for s in base if s not in given and s not in wanted and s not in entailed)
    filled = Model(
        model.architecture, model.head, {**given, **{s: base[s] for s in assumed}} if assumed else given, model.label
    )
    return filled, tuple(in_order(assumed))


def base_sizes(model: Model) -> Mapping[Symbol, Value]:
    """The sizes of the architecture's base, derived ones settled into what they follow from."""
    architecture = model.architecture
    return Model(architecture).with_sizes(architecture.sizes[architecture.base].values).given


def without(model: Model, symbols: Iterable[Symbol]) -> Model:
    """The model with those sizes open, and with them whatever adjusts to them."""
    dropped = set(symbols)
    for definition in model.architecture.definitions:
        if definition.symbol in dropped and definition.adjusts is not None:
            dropped.add(definition.adjusts)
    kept = {symbol: number for symbol, number in model.given.items() if symbol not in dropped}
    return Model(model.architecture, model.head, kept, model.label)


def formula_over(model: Model, unknowns: tuple[Symbol, ...], convention: Convention, ties: Iterable[Tie] = ()) -> Expr:
    """The total in the public symbols, an unknown that is derived (F) left as itself, the ties put in."""
    general = total(Model(model.architecture, model.head, _switches(model, unknowns)), convention, keep=unknowns)
    for symbol, term in ties:
        general = substitute(general, {symbol: to_expression(term)})
    return sympy.expand(general)


def substituted(general: Expr, model: Model, unknowns: tuple[Symbol, ...]) -> Expr:
    """The formula with every known size put in."""
    return sympy.expand(substitute(general, {s: v for s, v in model.given.items() if s not in unknowns}))


def _switches(model: Model, unknowns: tuple[Symbol, ...]) -> dict[Symbol, Value]:
    """What shapes the formula itself: switches, sizes that have a default, and derived sizes that were given."""
    derived = {definition.symbol for definition in model.architecture.definitions}
    return {
        symbol: number
        for symbol, number in model.given.items()
        if symbol not in unknowns
        and (symbol in derived or model.architecture.defaults.get(symbol, BY_SYMBOL[symbol].default) is not None)
    }


def to_expression(term: Term) -> Expr:
    """The right side of a tie in sympy; raises `Conflict` for %."""
    if term.symbol is not None:
        return term.symbol
    if term.left is None or term.right is None:
        return sympy.Integer(term.number)
    left, right = to_expression(term.left), to_expression(term.right)
    match term.operation:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case "**":
            return left**right
    raise Conflict("%", "a tie", "a remainder cannot be solved for")


def require(expression: Expr, symbol: Symbol, model: Model) -> None:
    """Raise `NotDependent` unless the expression depends on the symbol."""
    if symbol in free(expression):
        return
    definition = next((d for d in model.architecture.definitions if symbol in {d.symbol, *free(d.value)}), None)
    why = f", which enters only through {definition.symbol} = {definition.value} and cancels" if definition else ""
    raise NotDependent(str(symbol), why)
