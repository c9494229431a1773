"""The equations between the sizes of a question: each determines a size that nobody fixed, or stays a condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Value, evaluate, free, substitute
from bertsym.errors import Conflict, NotAnInteger, Unreadable
from bertsym.existence import whole_quotients
from bertsym.expressions.reader import to_sympy
from bertsym.model import Definition, Model, check_value, fitting, followed, is_head_size
from bertsym.solving.closure import Closure, Floating, plain
from bertsym.solving.open_model import Tie, base_sizes, resolved
from bertsym.symbols import BY_SYMBOL, Kind, in_order
from bertsym.wording import said

CIRCLE = "the sizes define one another in a circle"


def close(
    model: Model,
    unknowns: Iterable[Symbol],
    ties: tuple[Tie, ...] = (),
    *,
    spoken_of: frozenset[Symbol] = frozenset(),
    still: frozenset[Symbol] = frozenset(),
    accompanied: bool = False,
) -> Closure:
    """Return the closure of a question; `spoken_of` are the sizes in its conditions, `still` heads that must not float.

    A size of the model is fixed unless it is an unknown or tied. A size that the model leaves open is assumed as in the
    architecture's base; if the base leaves it open too, it stays open. With `accompanied` a number of heads floats
    beside an unknown width, except heads in `still`. Raises `UnknownName`, `Conflict`, `NotAnInteger` or `Unreadable`.
    """
    wanted = tuple(unknowns)
    model.check_known(wanted)
    put_in = resolved(model, ties)
    _check_roles(model, wanted, put_in)
    closing = _Closing(model, wanted, put_in, spoken_of, still, accompanied=accompanied)
    closing.run()
    return closing.closed()


def _check_roles(model: Model, unknowns: tuple[Symbol, ...], ties: tuple[Tie, ...]) -> None:
    """Raise `Conflict` if a size is two of these: given, unknown, tied."""
    tied = {symbol for symbol, _ in ties}
    for symbol in unknowns:
        if symbol in tied:
            raise Conflict(f"--for {symbol}", f"--tie {symbol}", "a tied size is no unknown")
        if BY_SYMBOL[symbol].kind is Kind.SWITCH:
            raise Unreadable("--for", str(symbol), "a size that is a number")
    for symbol in (*unknowns, *tied):
        if symbol in model.pinned:
            given = f"{symbol}={model.pinned[symbol]}, which was given,"
            option, why = ("--tie", "it is tied") if symbol in tied else ("--for", "it is to be found")
            raise Conflict(given, f"{option} {symbol}", why)


class _Closing:
    """The equations of a model, each of which determines a size or stays a condition."""

    def __init__(
        self,
        model: Model,
        unknowns: tuple[Symbol, ...],
        ties: tuple[Tie, ...],
        spoken_of: frozenset[Symbol],
        still: frozenset[Symbol],
        *,
        accompanied: bool,
    ) -> None:
        self.model = model
        self.unknowns = unknowns
        self.ties = ties
        self.spoken_of = spoken_of
        self.still = still
        self.accompanied = accompanied
        self.said = dict(model.pinned)
        self.own = {s: v for s, v in model.given.items() if s not in self.said}
        self.base = followed(model.architecture.definitions, base_sizes(model), _number)
        self.rules: dict[Symbol, Expr] = {symbol: to_sympy(term) for symbol, term in ties}
        self.equations: list[tuple[Symbol, Expr]] = []
        self.held: set[Symbol] = set()
        self.shared: dict[Symbol, Expr] = {}

    @property
    def fixed(self) -> set[Symbol]:
        """Return the sizes that something determines."""
        return {*self.said, *self.unknowns, *self.rules, *self.held}

    def run(self) -> None:
        """Settle every definition that is in force, those with a single open size first."""
        definitions = self.model.architecture.definitions
        for definition in definitions:
            free_to_follow = definition.adjusts is None and definition.symbol not in {*self.fixed, *self.own}
            if free_to_follow and not self._assume_head_size(definition):
                self._determine(definition.symbol, definition.value)
        waiting = [definition for definition in definitions if definition.adjusts is not None]
        while waiting:
            definition = next((definition for definition in waiting if len(self._open(definition)) <= 1), waiting[0])
            waiting.remove(definition)
            self._settle(definition)
        self._follow_query_heads()
        self._find_shared()

    def _open(self, definition: Definition) -> list[Symbol]:
        fixed = self.fixed
        return [s for s in (definition.symbol, *in_order(free(definition.value))) if s not in fixed]

    def _settle(self, definition: Definition) -> None:
        """Let one size follow from a definition, or keep it as an equation."""
        symbol, adjusts = definition.symbol, definition.adjusts
        undecided = self._open(definition)
        if self._assume_head_size(definition):
            return
        others = [s for s in undecided if s not in (symbol, adjusts) and s not in self.own]
        if self.said.keys().isdisjoint({symbol, *free(definition.value)}):
            others = []
        for follower in (symbol, adjusts, *others):
            if follower is None or follower not in undecided:
                continue
            inverse = definition.value if follower is symbol else _solved(definition, follower)
            if inverse is not None and self._determine(follower, inverse):
                return
        self.equations.append((symbol, definition.value))

    def _determine(self, symbol: Symbol, expression: Expr) -> bool:
        """Let a size follow, unless it would follow from itself."""
        reached, waiting = set[Symbol](), free(expression)
        while waiting:
            reached |= waiting
            waiting = {s for symbol in waiting if symbol in self.rules for s in free(self.rules[symbol])} - reached
        if symbol in reached:
            return False
        self.rules[symbol] = expression
        return True

    def _moves(self, definition: Definition) -> bool:
        """Return True if a width that heads share depends on an unknown."""
        return any(self._moving(symbol) for symbol in free(definition.value) - {_count_of_heads(definition)})

    def _moving(self, symbol: Symbol) -> bool:
        if symbol in self.rules:
            return any(self._moving(part) for part in free(self.rules[symbol]))
        return symbol in self.unknowns

    def _assume_head_size(self, definition: Definition) -> bool:
        """Assume heads as wide as in the base rather than as many, which would leave every twelfth width.

        Return True if nobody gives the number or the size of the heads that share an unknown width.
        """
        size, count = definition.symbol, _count_of_heads(definition)
        if count is None or not {size, count} <= set(self._open(definition)) or not self._moves(definition):
            return False
        floats = self.accompanied and count not in self.still
        if floats or count in self.own or not self.spoken_of.isdisjoint({count, size}):
            return False
        inverse = _solved(definition, count)
        grouped = any(self._grouped(count, keys) for query, keys in self._groups if query == count)
        if size not in self.base or inverse is None or grouped:
            return False
        self.held.add(size)
        return self._determine(count, inverse)

    @property
    def _groups(self) -> list[tuple[Symbol, Symbol]]:
        """Return the numbers of heads of which each of the second serves a group of the first."""
        sides = (quotient.as_numer_denom() for quotient in whole_quotients(self.model.architecture))
        return [pair for pair in sides if all(s.is_Symbol and BY_SYMBOL[s].kind is Kind.HEADS for s in pair)]

    def _grouped(self, query: Symbol, keys: Symbol) -> bool:
        """Return True if keys have a number of heads that does not follow that of queries."""
        if keys in self.rules:
            return query not in free(self._put_in(self.rules[keys]))
        return keys in self.said or self._usual(query) != self._usual(keys)

    def _usual(self, symbol: Symbol) -> Value | None:
        """Return the value that came with the model's name, else that of the base."""
        return self.own.get(symbol, self.base.get(symbol))

    def _follow_query_heads(self) -> None:
        """Let keys have as many heads as queries, if the model has it so and only the number for queries changes."""
        head_sizes = {_count_of_heads(d): d.symbol for d in self.model.architecture.definitions if is_head_size(d)}
        for query, keys in self._groups:
            if keys in {*self.fixed, *self.spoken_of} or self._usual(query) != self._usual(keys):
                continue
            speaks = not self.spoken_of.isdisjoint({query, head_sizes.get(query)})
            given = query in self.said and keys not in self.own
            # Alone, an unknown number of heads costs nothing unless that for keys stays.
            searched = query in self.unknowns and not self.accompanied
            if speaks or given or searched or query in self.rules:
                self._determine(keys, query)

    def _find_shared(self) -> None:
        """Find the unknown widths that are shared by a number of heads which nobody fixed."""
        architecture = self.model.architecture
        quotients = [(d.symbol, d.value) for d in architecture.definitions if is_head_size(d)]
        quotients += [(None, quotient) for quotient in architecture.whole]
        for symbol, quotient in quotients:
            in_force = symbol is None or self.rules.get(symbol) == quotient
            for count in in_order(free(quotient)):
                width = quotient * count
                if (
                    BY_SYMBOL[count].kind is not Kind.HEADS
                    or count in free(width)
                    or count in {*self.fixed, *self.still}
                ):
                    continue
                speaks = not self.spoken_of.isdisjoint({count, symbol})
                if in_force and (speaks or (self.accompanied and symbol)) and any(map(self._moving, free(width))):
                    self.shared.setdefault(count, width)

    def closed(self) -> Closure:
        """Return the closure; raises `Conflict` or `NotAnInteger` if fixed sizes do not fit together."""
        model, architecture = self.model, self.model.architecture
        numbers: dict[Symbol, Value] = {}
        assumed: list[Symbol] = []
        for symbol in model.symbols:
            if symbol in self.rules or symbol in self.unknowns:
                continue
            default = architecture.defaults.get(symbol, BY_SYMBOL[symbol].default)
            for source in (self.said, self.own, self.base, {} if default is None else {symbol: default}):
                if symbol in source:
                    numbers[symbol] = source[symbol]
                    break
            found = symbol in self.said or symbol in self.own or symbol not in architecture.counted
            if symbol in self.base and not found:
                assumed.append(symbol)
        standing = {s: v for s, v in numbers.items() if s in {*self.said, *self.own, *assumed}}
        kept = {count: int(numbers.pop(count)) for count in self.shared if count in numbers}
        assumed = [symbol for symbol in assumed if symbol not in kept]
        follows = self._resolved(numbers)
        standing |= {s: plain(evaluate(follows[s], {})) for s in self.displaced if not free(follows[s])}
        self._check_constant(follows, numbers)
        ready = self._ready(standing)
        floating = tuple(self._floats(count, number) for count, number in kept.items())
        symbolic = {s: self._put_in(e) for s, e in self.rules.items()}
        ties = self.ties
        equations = tuple(self.equations)
        displaced = tuple(s for s in self.displaced if free(follows[s]))
        return Closure(
            ready,
            self.unknowns,
            ties,
            tuple(in_order(assumed)),
            numbers,
            symbolic,
            follows,
            equations,
            floating,
            displaced,
        )

    def _ready(self, standing: Mapping[Symbol, Value]) -> Model:
        """Return the model at the fixed sizes, with a ratio in the place of a width."""
        given = dict(standing)
        for definition in self.model.architecture.definitions:
            adjusts, inverse = definition.adjusts, definition.inverse
            if adjusts is None or inverse is None or definition.symbol not in given or not free(inverse) <= set(given):
                continue
            del given[definition.symbol]
            given[adjusts] = plain(evaluate(inverse, standing))
        return Model(self.model.architecture, self.model.head, given, self.model.label)

    def _put_in(self, expression: Expr) -> Expr:
        for _ in self.rules:
            if free(expression).isdisjoint(self.rules):
                return expression
            expression = substitute(expression, self.rules)
        return expression

    def _resolved(self, numbers: Mapping[Symbol, Value]) -> dict[Symbol, Expr]:
        follows = {}
        for symbol, rule in self.rules.items():
            whole = self._put_in(rule)
            if not free(whole).isdisjoint(self.rules):
                raise Conflict(f"{symbol} = {rule}", "what it follows from", CIRCLE)
            exact = substitute(whole, numbers)
            if exact.has(sympy.zoo, sympy.nan, sympy.oo):
                raise Conflict(f"{symbol} = {rule}", "arithmetic", "it divides by zero")
            follows[symbol] = exact
        return follows

    @property
    def displaced(self) -> tuple[Symbol, ...]:
        """Return the sizes of the base that follow from what was given instead: H = 512 of 8 heads of 64."""
        defined = {s for d in self.model.architecture.definitions for s in (d.symbol, d.adjusts)}
        return tuple(in_order(s for s in self.rules if s in self.base and s not in {*defined, *dict(self.ties)}))

    def _check_constant(self, follows: Mapping[Symbol, Expr], numbers: Mapping[Symbol, Value]) -> None:
        """Raise if a size that follows has an illegal value, or an equation fails, in every answer."""
        for symbol, expression in follows.items():
            if free(expression):
                continue
            exact, size = plain(evaluate(expression, {})), BY_SYMBOL[symbol]
            try:
                check_value(size, exact)
            except Unreadable:
                if size.kind is not Kind.RATIO and isinstance(exact, Fraction):
                    rule = said(self.rules[symbol])
                    raise NotAnInteger(str(symbol), size.meaning, rule, str(exact), self._advice(symbol)) from None
                raise
        for symbol, right in self.equations:
            sides = [substitute(substitute(side, follows), numbers) for side in (symbol, right)]
            if not free(sides[0] - sides[1]) and sides[0] != sides[1]:
                raise Conflict(f"{symbol} = {sides[0]}", f"{symbol} = {right}", f"{right} is {sides[1]}")

    def _advice(self, symbol: Symbol) -> str:
        """Return what to give so that a size that follows is whole."""
        definitions = [d for d in self.model.architecture.definitions if d.value == self.rules[symbol]]
        sizes = {**self.base, **self.own, **self.said}
        for name in free(self.rules[symbol]) & set(self.rules):
            number = substitute(self._put_in(self.rules[name]), sizes)
            if number.is_Integer:
                sizes[name] = int(number)
        return fitting(definitions[0], sizes) if definitions else "choose sizes to fit"

    def _floats(self, count: Symbol, kept: int) -> Floating:
        width = self.shared[count]
        size = substitute(substitute(width, self.own), self.base) / kept
        return Floating(count, kept, self._put_in(width), int(size) if size.is_Integer else None)


def _number(expression: Expr, sizes: Mapping[Symbol, Value]) -> Value:
    return plain(evaluate(expression, sizes))


def _count_of_heads(definition: Definition) -> Symbol | None:
    """Return the number of heads in the definition of a head size; None for another definition."""
    if not is_head_size(definition):
        return None
    return next(symbol for symbol in in_order(free(definition.value)) if BY_SYMBOL[symbol].kind is Kind.HEADS)


def _solved(definition: Definition, symbol: Symbol) -> Expr | None:
    """Return a definition solved for one of its sizes: H = d*heads; None if it is not linear in that size."""
    if symbol == definition.adjusts and definition.inverse is not None:
        return definition.inverse
    difference = sympy.numer(sympy.together(definition.symbol - definition.value))
    polynomial = sympy.Poly(difference, symbol)
    if polynomial.degree() != 1:
        return None
    slope, constant = polynomial.all_coeffs()
    return -constant / slope
