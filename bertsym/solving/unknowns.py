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
from bertsym.solving.constraints import Term, put_in, symbols_of
from bertsym.symbols import BY_SYMBOL, in_order
from bertsym.values import value
from bertsym.wording import said

Tie = tuple[Symbol, Term]


@value
class NotDependent(BertsymError):
    """A size that the count does not depend on cannot meet a target."""

    symbol: str
    why: str

    def __str__(self) -> str:
        return f"the count does not depend on {self.symbol}{self.why}: solve for another size"


def only_unknowns(unknowns: Iterable[Symbol], options: Mapping[str, Iterable[Symbol]]) -> None:
    """Raise `Conflict` where an option speaks of a size that is not to be found."""
    wanted = list(unknowns)
    for option, named in options.items():
        for symbol in named:
            if symbol not in wanted:
                raise Conflict(f"{option} {symbol}", f"--for {','.join(map(str, wanted))}", f"{symbol} is no unknown")


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


def resolved(model: Model, ties: tuple[Tie, ...]) -> tuple[Tie, ...]:
    """The ties with one another put in, so that no tied size stands on a right side.

    Raises `UnknownName`, and `Conflict` for a size tied twice, in a circle, or to a division by zero.
    """
    names = [symbol for symbol, _ in ties]
    model.check_known([*names, *(symbol for _, term in ties for symbol in symbols_of(term))])
    for symbol in names:
        if names.count(symbol) > 1:
            raise Conflict(f"--tie {symbol}", f"--tie {symbol}", "a size is tied once")
    terms = dict(ties)
    for _ in ties:
        terms = {symbol: put_in(term, terms) for symbol, term in terms.items()}
    for symbol, term in terms.items():
        if set(symbols_of(term)) & set(names):
            raise Conflict(f"--tie {symbol}", "the other ties", "they go round in a circle")
        if to_expression(term).has(sympy.zoo, sympy.nan, sympy.oo):
            raise Conflict(f"--tie {symbol}", "arithmetic", "it divides by zero")
    return tuple(terms.items())


def without(model: Model, symbols: Iterable[Symbol]) -> Model:
    """The model with those sizes open, and with them whatever adjusts to them."""
    dropped = set(symbols)
    for definition in model.architecture.definitions:
        if definition.symbol in dropped and definition.adjusts is not None:
            dropped.add(definition.adjusts)
    kept = {symbol: number for symbol, number in model.given.items() if symbol not in dropped}
    for definition in model.architecture.definitions:
        # A width that was asked for stays what it is while the hidden size moves: it is the ratio that follows.
        pinned = model.pinned.get(definition.symbol)
        if pinned is not None and free(definition.value) & dropped and definition.symbol not in dropped:
            kept.pop(definition.adjusts, None)
            kept[definition.symbol] = pinned
    return Model(model.architecture, model.head, kept, model.label)


def formula_over(
    model: Model, unknowns: tuple[Symbol, ...], convention: Convention, ties: tuple[Tie, ...] = ()
) -> Expr:
    """The total in the public symbols, an unknown that is derived (F) left as itself, the ties put in."""
    tied = tuple(symbol for symbol, _ in ties)
    bare = Model(model.architecture, model.head, _switches(model, (*unknowns, *tied)))
    general = total(bare, convention, keep=(*unknowns, *tied))
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
    definitions = model.architecture.definitions
    given = next((d for d in definitions if d.adjusts == symbol and d.symbol in model.given), None)
    if given is not None:
        raise NotDependent(str(symbol), f", which follows from {given.symbol}={model.given[given.symbol]}")
    definition = next((d for d in definitions if symbol in {d.symbol, *free(d.value)}), None)
    why = (
        f", which enters only through {definition.symbol} = {said(definition.value)} and cancels" if definition else ""
    )
    raise NotDependent(str(symbol), why)
