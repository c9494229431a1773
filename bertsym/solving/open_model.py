"""The open sizes of a question: unknowns, ties between sizes, and the base that supplies the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Value, free
from bertsym.errors import BertsymError, Conflict
from bertsym.expressions.reader import to_sympy
from bertsym.expressions.tree import Node
from bertsym.model import Model
from bertsym.solving.constraints import put_in
from bertsym.values import replace, value
from bertsym.wording import said

Tie = tuple[Symbol, Node]
# Ties that are put into one another grow with the product of their lengths.
MAX_TIE_SIZES = 1000


@value
class NotDependent(BertsymError):
    """A size that cannot meet a target, because the count does not depend on it."""

    symbol: str
    why: str

    def __str__(self) -> str:
        return f"the count does not depend on {self.symbol}{self.why}: solve for another size"


def only_unknowns(unknowns: Iterable[Symbol], options: Mapping[str, Iterable[Symbol]]) -> None:
    """Raise `Conflict` if an option names a size that is no unknown."""
    wanted = list(unknowns)
    for option, named in options.items():
        for symbol in named:
            if symbol not in wanted:
                raise Conflict(f"{option} {symbol}", f"--for {','.join(map(str, wanted))}", f"{symbol} is no unknown")


def base_sizes(model: Model) -> Mapping[Symbol, Value]:
    """Return the sizes of the architecture's base; a derived size is replaced by those it follows from."""
    architecture = model.architecture
    return Model(architecture).with_sizes(architecture.sizes[architecture.base].values).given


def at_base(model: Model) -> Model:
    """Return the model with every open size as in the base of its architecture; raises what `with_sizes` raises."""
    given = replace(model, given=base_sizes(model), pinned={}).with_sizes(model.given).given
    return replace(model, given=given)


def resolved(model: Model, ties: tuple[Tie, ...]) -> tuple[Tie, ...]:
    """Put the ties into one another, so that no tied size stands on a right side.

    Raises `UnknownName`, and `Conflict` for a size tied twice, in a circle, or to a division by zero.
    """
    names = [symbol for symbol, _ in ties]
    model.check_known([*names, *(symbol for _, term in ties for symbol in term.symbols())])
    for symbol in names:
        if names.count(symbol) > 1:
            raise Conflict(f"--tie {symbol}", f"--tie {symbol}", "a size is tied once")
    terms = dict(ties)
    for _ in ties:
        terms = {symbol: put_in(term, terms) for symbol, term in terms.items()}
        for symbol, term in terms.items():
            if sum(1 for _ in islice(term.symbols(), MAX_TIE_SIZES)) == MAX_TIE_SIZES:
                raise Conflict(
                    f"--tie {symbol}", "the other ties", f"together they name {MAX_TIE_SIZES} sizes and more"
                )
    for symbol, term in terms.items():
        if set(term.symbols()) & set(names):
            raise Conflict(f"--tie {symbol}", "the other ties", "they go round in a circle")
        if to_sympy(term).has(sympy.zoo, sympy.nan, sympy.oo):
            raise Conflict(f"--tie {symbol}", "arithmetic", "it divides by zero")
    return tuple(terms.items())


def require(expression: Expr, symbol: Symbol, model: Model) -> None:
    """Raise `NotDependent` unless the expression depends on the symbol."""
    if symbol in free(expression):
        return
    definitions = model.architecture.definitions
    given = next((d for d in definitions if d.adjusts == symbol and d.symbol in model.pinned), None)
    if given is not None:
        raise NotDependent(str(symbol), f", which follows from {given.symbol}={model.pinned[given.symbol]}")
    definition = next((d for d in definitions if symbol in {d.symbol, *free(d.value)}), None)
    why = (
        f", which enters only through {definition.symbol} = {said(definition.value)} and cancels" if definition else ""
    )
    raise NotDependent(str(symbol), why)
