"""The sizes of a model over free sizes: what follows from them, and the conditions under which such a model exists.

`Settled` mirrors `Model.with_sizes` with expressions in place of numbers. The conditions are sufficient: if they hold,
`with_sizes` and `countable` accept the sizes. If one fails, the caller asks these two, which decide and name the error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Iverson, atom, free, substitute
from bertsym.convention import Convention
from bertsym.costs import Measure
from bertsym.costs.quantity import tables_of_positions
from bertsym.errors import UnknownRouting
from bertsym.existence import doubtful
from bertsym.model import Model, followed, merged
from bertsym.straight_line import Builder
from bertsym.symbols import BY_SYMBOL, Kind, S
from bertsym.values import value

Expressions = Mapping[Symbol, Expr]


@value
class Condition:
    """A condition: an expression is an integer, or a relation holds, both only if `exists` is 1."""

    whole: Expr | None = None
    relation: sympy.Basic = sympy.true
    exists: Expr = sympy.S.One


@value
class Settled:
    """The sizes of a model over its free sizes: `given` are those that `Model.given` would have."""

    model: Model
    given: Expressions
    conditions: tuple[Condition, ...]
    rules: Expressions

    def over(self, expression: Expr) -> Expr:
        """Return an expression of the declaration over the free sizes, and over those that are open."""
        return substitute(expression, self.rules)


def settled(model: Model, sizes: Iterable[Symbol]) -> Settled:
    """Settle the model with free sizes over those that it has, as `Model.with_sizes` does with numbers."""
    architecture = model.architecture
    definitions = architecture.definitions
    given = dict(merged(definitions, {s: atom(v) for s, v in model.given.items()}, {s: s for s in sizes}))
    conditions = [
        Condition(relation=sympy.Le(symbol, most)) for symbol, most in architecture.most.items() if symbol in sizes
    ]
    for definition in definitions:
        symbol, adjusts, inverse = definition.symbol, definition.adjusts, definition.inverse
        if symbol not in given or adjusts is None or inverse is None:
            continue
        known = followed(definitions, given, substitute)
        if free(inverse) <= set(known):
            implied = substitute(inverse, known)
            if adjusts in given:
                conditions.append(Condition(relation=sympy.Eq(given[adjusts], implied)))
            conditions += _legal(adjusts, implied)
            given[adjusts] = implied
            del given[symbol]
    full = followed(definitions, given, substitute)
    for definition in definitions:
        if free(definition.value) <= set(full):
            follows = substitute(definition.value, full)
            if definition.symbol not in given or BY_SYMBOL[definition.symbol].kind is Kind.RATIO:
                conditions.append(Condition(whole=follows))
            conditions.append(Condition(relation=sympy.Ge(follows, 0)))
            if definition.symbol in given and definition.binding:
                conditions.append(Condition(relation=sympy.Eq(given[definition.symbol], follows)))
    return Settled(model, given, tuple(conditions), _rules(model, given))


def _legal(symbol: Symbol, implied: Expr) -> Iterator[Condition]:
    """Yield the conditions of `check_value` for a size that follows from others."""
    size = BY_SYMBOL[symbol]
    if size.kind is Kind.RATIO:
        yield Condition(relation=sympy.Ge(implied, 0) if size.minimum == 0 else sympy.Gt(implied, 0))
    else:
        yield Condition(whole=implied)
        yield Condition(relation=sympy.Ge(implied, size.minimum))


def _rules(model: Model, given: Expressions) -> Expressions:
    """Return what stands for each symbol of the declaration: `Model.rules`, with the given sizes put in."""
    architecture = model.architecture
    derived = architecture.closed(frozenset(given.keys() & architecture.derived))
    values = dict(given)
    for symbol in architecture.symbols - derived.keys() - given.keys():
        default = architecture.defaults.get(symbol, BY_SYMBOL[symbol].default)
        if default is not None:
            values[symbol] = atom(default)
    return values | {symbol: substitute(definition, values) for symbol, definition in derived.items()}


def conditions(settled: Settled, convention: Convention, measure: Measure | None) -> Iterator[Condition]:
    """Yield the conditions under which a model exists and is counted; raises `UnknownRouting`."""
    yield from settled.conditions
    yield from _routing(settled, convention)
    for quotient in settled.model.architecture.rounded:
        yield Condition(whole=settled.over(quotient))
    for tensor, parts in doubtful(settled.model.architecture, settled.model.head):
        exists = settled.over(Iverson(tensor.when))
        for _, part in parts:
            side = settled.over(part)
            yield Condition(side, sympy.Ge(side, 0), exists)
    if measure is not None and S in settled.given:
        yield from _positions(settled, measure)


def _routing(settled: Settled, convention: Convention) -> Iterator[Condition]:
    """Yield the conditions of `check_routing`."""
    model = settled.model
    for tensor in model.tensors if convention.active and model.architecture.routings else ():
        routing = tensor.routing
        if routing is not None and convention.counts(tensor):
            if routing.chosen is None:
                raise UnknownRouting(model.cls)
            chosen, among = settled.over(routing.chosen), settled.over(routing.among)
            yield Condition(relation=sympy.Le(chosen, among), exists=settled.over(Iverson(tensor.when)))


def _positions(settled: Settled, measure: Measure) -> Iterator[Condition]:
    """Yield the conditions of `within_positions`; an open number of positions is that of the base model."""
    loaded = measure.model.architecture
    base = loaded.sizes[loaded.base].values
    assumed = {symbol: atom(number) for symbol, number in base.items() if symbol not in settled.given}
    for table in tables_of_positions(loaded.heads[measure.model.head]):
        served, exists = (substitute(settled.over(part), assumed) for part in (table.shape[0], Iverson(table.when)))
        yield Condition(relation=sympy.Le(settled.given[S], served), exists=exists)


def register(builder: Builder, conditions: Iterable[Condition], sizes: frozenset[Symbol]) -> int:
    """Return the register that is 1 if all conditions hold; one that depends on an open size is left to the count.

    Raises `NoProgram`.
    """
    registers = []
    for condition in dict.fromkeys(conditions):
        parts = (condition.whole, condition.relation, condition.exists)
        if not set().union(*(part.free_symbols for part in parts if part is not None)) <= sizes:
            continue
        holds = [builder.condition(condition.relation)]
        if condition.whole is not None:
            holds.append(builder.whole(condition.whole))
        registers.append(builder.unless(builder.quotient(condition.exists).numerator, builder.every(holds)))
    return builder.every(dict.fromkeys([*registers, *builder.guards]))
