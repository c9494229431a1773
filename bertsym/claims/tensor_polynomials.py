"""A model's tensors as polynomials: each counted once, at each of its names, and per layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache

from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson, Value, evaluate, free, monomials, substitute
from bertsym.formulas.monomial_order import Monomial, Terms
from bertsym.model import Model
from bertsym.symbols import BY_SYMBOL, Kind, N, T, V
from bertsym.tree import Tensor
from bertsym.values import value


@value
class Part:
    """A tensor and what it adds to a count: its own, tied ones at every name (`stored`), in one layer (`each`).

    `active` is what of its own works on one token, and `head` the share of one attention head in one layer.
    """

    tensor: Tensor
    own: Terms
    stored: Terms
    each: Terms
    active: Terms
    head: Terms

    @property
    def name(self) -> str:
        """Return the tensor's name, shortened to the part that is unique inside its layer."""
        return self.tensor.name.rsplit("{}.", maxsplit=1)[-1]

    @property
    def family(self) -> tuple[str, tuple[Expr, ...], str]:
        """Return the key that query, key and value share: parent, shape, kind of tensor."""
        pieces = self.tensor.name.split(".")
        return (".".join(pieces[:-2]), self.tensor.shape, pieces[-1])


def is_table(tensor: Tensor, rows: Symbol) -> bool:
    """Return True for an embedding table with that many rows."""
    return tensor.role.value == "embedding" and any(rows in side.free_symbols for side in tensor.shape)


def is_input(tensor: Tensor) -> bool:
    """Return True for the table that tokens are looked up in, and not for the one that scores them."""
    named = "emb" in tensor.module or tensor.module in {"wte", "shared"}
    return is_table(tensor, V) and named and "out" not in tensor.module


TOKENS, POSITIONS, SEGMENTS = V, N, T


def parts(
    model: Model, keep: Iterable[Symbol] = (), fill: Mapping[Symbol, Value | Symbol] | None = None
) -> tuple[Part, ...]:
    """Return every tensor of the model that exists, in public symbols except `keep`, at the sizes in `fill`."""
    rules = model.rules(keep)
    filled = dict(fill or {})
    memory: dict[Expr, Terms] = {}

    def terms(expression: Expr) -> Terms:
        if expression not in memory:
            memory[expression] = monomials(substitute(substitute(expression, rules), filled))
        return memory[expression]

    result = []
    for tensor in model.tensors:
        stored = terms(tensor.times * tensor.numel)
        if stored:
            each = terms(tensor.numel * Iverson(tensor.when)) if tensor.loops else {}
            own = terms(tensor.times * tensor.own * tensor.numel)
            active = terms(tensor.times * tensor.own * tensor.numel * tensor.active) if _told(tensor) else own
            divisor = _heads(tensor)
            head = {} if divisor is None else terms(tensor.numel * Iverson(tensor.when) / divisor)
            result.append(Part(tensor, own, stored, each, active, head))
    return tuple(result)


def _heads(tensor: Tensor) -> Symbol | None:
    """Return the number of heads that divides one side of the tensor into equal shares; None if none does."""
    for side in tensor.shape:
        counts = [s for s in side.free_symbols if s in BY_SYMBOL and BY_SYMBOL[s].kind is Kind.HEADS]
        if len(counts) == 1 and side.is_Mul and counts[0] in side.args and tensor.loops:
            return counts[0]
    return None


def _told(tensor: Tensor) -> bool:
    """Return True if the tensor is routed and the number of chosen experts is known."""
    return tensor.routing is not None and tensor.routing.chosen is not None


def add(groups: Iterable[Terms]) -> Terms:
    """Add polynomials.

    >>> add([{(): Fraction(1)}, {(): Fraction(-1)}])
    {}
    """
    whole: dict[Monomial, int] = {}
    broken: Terms = {}
    for group in groups:
        for monomial, coefficient in group.items():
            if coefficient.denominator == 1:  # fractions add ten times slower than whole numbers
                whole[monomial] = whole.get(monomial, 0) + coefficient.numerator
            else:
                whole.setdefault(monomial, 0)
                broken[monomial] = broken.get(monomial, Fraction(0)) + coefficient
    if not broken:
        return {monomial: _fraction(count) for monomial, count in whole.items() if count}
    total = {monomial: count + broken.get(monomial, Fraction(0)) for monomial, count in whole.items()}
    return {monomial: coefficient for monomial, coefficient in total.items() if coefficient}


@lru_cache(4_096)
def _fraction(count: int) -> Fraction:
    return Fraction(count)


def minus(left: Terms, right: Terms) -> Terms:
    """Subtract a polynomial from another."""
    return add([left, {monomial: -value for monomial, value in right.items()}])


def put_in(terms: Terms, values: Mapping[Symbol, Value]) -> Terms:
    """Substitute numbers for some symbols of a polynomial."""
    total: Terms = {}
    for monomial, coefficient in terms.items():
        value, whole, rest = coefficient, 1, []
        for base, power in monomial:
            size = values.get(base)
            if type(size) is int and power > 0:
                whole *= size**power
            elif size is not None:
                value *= Fraction(size) ** power
            elif not isinstance(base, Symbol) and base.free_symbols <= set(values):
                value *= evaluate(base, values) ** power
            else:
                rest.append((base, power))
        key = tuple(rest)
        total[key] = total.get(key, Fraction(0)) + (value * whole if whole != 1 else value)
    return {monomial: value for monomial, value in total.items() if value}


def symbols(terms: Terms) -> set[Symbol]:
    """Return the registered symbols of a polynomial, those in brackets included."""
    return {symbol for monomial in terms for base, _ in monomial for symbol in base.free_symbols if symbol in BY_SYMBOL}


def known_sizes(model: Model) -> dict[Symbol, Value]:
    """Return the sizes of a model with those that its definitions and defaults determine."""
    known = dict(model.given)
    for symbol in model.symbols - set(known):
        public = model.public(symbol)
        if public != symbol and free(public) <= set(model.given) and not isinstance(public, Boolean):
            known[symbol] = evaluate(public, model.given)
    return {s: int(v) if isinstance(v, Fraction) and v.denominator == 1 else v for s, v in known.items()}


def number(terms: Terms, values: Mapping[Symbol, Value]) -> Fraction | None:
    """Return the value at those sizes, or None while one is missing."""
    left = put_in(terms, values)
    if not left:
        return Fraction(0)
    return left[()] if set(left) == {()} else None
