"""Identify the class and the sizes of a checkpoint from the names and shapes of its tensors alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice, product
from typing import Any

import sympy
from sympy import Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Value, atom, free
from bertsym.checking.evidence import Equation, Found, Stored, equations, gathered, matched, solved
from bertsym.checking.verify import Expected, Outcome, compare, declared
from bertsym.checkpoints.storage import owned
from bertsym.checkpoints.tensor_types import Array
from bertsym.errors import BertsymError, MissingSize, NothingFits
from bertsym.model import Architecture, Model
from bertsym.symbols import BY_SYMBOL, Kind, d, in_order, lookup
from bertsym.tree import Tensor
from bertsym.values import value
from bertsym.zoo import ARCHITECTURES

MOST_CANDIDATES = 24
MOST_BRANCHES = 16
HEAD_SIZES = (64, 128, 32, 96, 80, 256, 48, 40, 112, 72, 192, 16, 8, 4, 2, 1)


@value
class Fit:
    """A class at the sizes that the stored shapes give, with its comparison to the checkpoint.

    `assumed` are sizes that the shapes do not determine: factors of a product, or sizes whose tensors are missing.
    `hidden` are sizes that no shape depends on.
    """

    model: Model
    outcome: Outcome
    assumed: tuple[Symbol, ...]
    hidden: tuple[Symbol, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the published sizes that agree with all known sizes."""
        given = self.model.given
        return tuple(
            name
            for name, size in self.model.architecture.sizes.items()
            if all(given[symbol] == value for symbol, value in size.values.items() if symbol in given)
        )


Candidate = tuple[int, Model, dict[Tensor, list[Found]]]


def infer(
    path: str, arrays: Mapping[str, Array], head: str | None = None, only: Architecture | None = None
) -> tuple[Fit, ...]:
    """Return every class that has exactly these tensors, or the nearest class if there is none.

    Published sizes come first, then classes that spell the names as the file does. `head` restricts the search to one
    head, and `only` to one architecture instead of those of the zoo. Raise NothingFits if even the nearest class knows
    fewer than half of the names.
    """
    stored = gathered(arrays)
    architectures = tuple(ARCHITECTURES.values()) if only is None else (only,)
    candidates = sorted(
        _candidates(stored, head, architectures), key=lambda candidate: (-candidate[0], _absent(candidate[2]))
    )
    best = candidates[0][0] if candidates else 0
    weights = sum(not owned(name) for name in arrays)
    if 2 * best < weights or not best:
        nearest = candidates[0][1].cls if best else ""
        raise NothingFits(path, len(arrays), nearest, best)
    # A class with exactly these tensors knows every stored name, and each of its own tensors is stored.
    likely = [one for one in candidates if one[0] == best and not _absent(one[2])]
    exact = [fit for fit in _fits(likely, arrays) if fit.outcome.ok]
    if exact:
        return tuple(sorted(exact, key=lambda fit: (not fit.names, -len(fit.outcome.expected.slots.keys() & arrays))))
    near = [one for one in candidates if 10 * one[0] >= 9 * best]
    nearest_fit = min(_fits(near, arrays), key=lambda fit: fit.outcome.findings, default=None)
    if nearest_fit is None:
        raise NothingFits(path, len(arrays), candidates[0][1].cls, best)
    return (nearest_fit,)


def _fits(candidates: Iterable[Candidate], arrays: Mapping[str, Array]) -> Iterator[Fit]:
    for _, model, found in islice(candidates, MOST_CANDIDATES):
        yield from _fitted(model, found, arrays)


def _candidates(stored: Stored, only: str | None, architectures: Iterable[Architecture]) -> Iterator[Candidate]:
    """Yield every class of the architectures with the number of stored tensors whose names it knows."""
    for architecture in architectures:
        for head in architecture.heads if only is None else architecture.heads.keys() & {only}:
            model = Model(architecture, head)
            found = matched(model.tensors, stored)
            distinct = {tensor.name: len(ones) for tensor, ones in found.items()}
            yield sum(distinct.values()), model, found


def _absent(found: Mapping[Tensor, list[Found]]) -> int:
    """Return the number of unconditional, untied tensors of the class that are not stored."""
    return sum(not ones for tensor, ones in found.items() if tensor.when is sympy.true and tensor.tied_to is None)


def _fitted(model: Model, found: Mapping[Tensor, list[Found]], arrays: Mapping[str, Array]) -> Iterator[Fit]:
    """Yield the class at the sizes that the stored tensors give, with the switches that leave the fewest findings."""
    fits = []
    defaults = _defaults(model)
    for switches in islice(_switches(model, found), MOST_BRANCHES):
        holds = _atoms(switches)
        present = [tensor for tensor in found if tensor.when.xreplace(holds) is not sympy.false]
        demands = [demand for tensor in present for demand in equations(tensor, found[tensor])]
        sizes, rest = solved(demands, switches)
        sizes, assumed = _assume(model.architecture, sizes, rest)
        try:
            sized = model.with_sizes({s: value for s, value in sizes.items() if defaults.get(s) is not value})
            sized, whole, borrowed = _completed(sized)
            outcome = compare(whole, arrays)
        except BertsymError:
            continue
        fits.append(Fit(sized, outcome, (*assumed, *borrowed), _hidden(sized)))
    if fits:
        yield min(fits, key=lambda fit: fit.outcome.findings)


def _completed(model: Model) -> tuple[Model, Expected, tuple[Symbol, ...]]:
    """Return the model, its declared tensors, and the sizes taken from the published base model.

    A size is taken from the base model if all tensors that would show it are missing.
    """
    base = model.architecture.sizes[model.architecture.base].values
    borrowed: tuple[Symbol, ...] = ()
    while True:
        try:
            return model, declared(model), borrowed
        except MissingSize as missing:
            symbol = lookup(missing.symbol).symbol
            if symbol not in base or symbol in borrowed:
                raise
            model = model.with_sizes({symbol: base[symbol]})
            borrowed = (*borrowed, symbol)


def _switches(model: Model, found: Mapping[Tensor, list[Found]]) -> Iterator[dict[Symbol, Value]]:
    """Yield assignments of the switches, likeliest first: as the stored tensors suggest, else the defaults."""
    defaults = _defaults(model)
    choices = [_standings(symbol, defaults, found) for symbol in defaults]
    for values in product(*choices):
        yield dict(zip(defaults, values, strict=True))


def _defaults(model: Model) -> dict[Symbol, bool]:
    return {
        symbol: bool(model.architecture.defaults.get(symbol, BY_SYMBOL[symbol].default))
        for symbol in sorted(model.symbols, key=str)
        if BY_SYMBOL[symbol].kind is Kind.SWITCH
    }


def _standings(
    symbol: Symbol, defaults: Mapping[Symbol, bool], found: Mapping[Tensor, list[Found]]
) -> tuple[bool, ...]:
    """Return the value of a switch that best explains which tensors are stored, or both values if they tie."""
    default = defaults[symbol]
    score = dict.fromkeys((default, not default), 0)
    shaping = False
    for tensor, ones in found.items():
        exists = tensor.when if tensor.tied_to is None else sympy.And(tensor.when, sympy.Not(tensor.tied_when))
        if symbol not in free(exists):
            continue
        shaping = shaping or symbol in free(tensor.when)
        for standing in score:
            holds = _atoms({**defaults, symbol: standing})
            truth: Boolean = exists.xreplace(holds)
            stored_twice = tensor.tied_to is not None and bool(ones)
            if not stored_twice and truth in (sympy.true, sympy.false):
                score[standing] += (truth is sympy.true) == bool(ones)
    if score[default] == score[not default]:
        return (default, not default) if shaping else (default,)
    return (default,) if score[default] > score[not default] else (not default,)


def _assume(
    architecture: Architecture, sizes: dict[Symbol, Value], rest: list[Equation]
) -> tuple[dict[Symbol, Value], tuple[Symbol, ...]]:
    """Return sizes that settle the open equations, and the symbols that were guessed.

    Definitions come first and guess nothing. Then come published sizes, then usual head sizes.
    """
    definitions = {
        definition.symbol: definition.value.xreplace(_atoms(sizes))
        for definition in architecture.definitions
        if definition.symbol not in sizes
    }
    if all(one.expression.xreplace(definitions) == one.value for one in rest):
        return sizes, ()
    published = (
        size.values
        for size in architecture.sizes.values()
        if all(size.values[symbol] == value for symbol, value in sizes.items() if symbol in size.values)
    )
    usual: Iterable[Mapping[Symbol, Value]] = ({d: size} for size in HEAD_SIZES)
    for guess in chain(published, usual):
        open_symbols = {symbol for one in rest for symbol in free(one.expression)}
        tried, still = solved(rest, {**sizes, **{s: value for s, value in guess.items() if s in open_symbols}})
        if not still and all(one.expression.xreplace(_atoms(tried)) == one.value for one in rest):
            return tried, tuple(symbol for symbol in tried if symbol not in sizes)
    return sizes, ()


def _atoms(sizes: Mapping[Symbol, Value]) -> dict[Symbol, Any]:
    return {symbol: atom(value) for symbol, value in sizes.items()}


def _hidden(model: Model) -> tuple[Symbol, ...]:
    """Return the sizes of the class that no shape depends on."""
    used: set[Symbol] = set()
    for tensor in model.tensors:
        routing = tensor.routing.sides if tensor.routing else ()
        for part in (*tensor.shape, tensor.times, tensor.reuse, *routing):
            used |= free(part)
    for definition in model.architecture.definitions:
        if definition.symbol in used:
            used |= free(definition.value)
    derived = {definition.symbol for definition in model.architecture.definitions}
    switches = {symbol for symbol in used if BY_SYMBOL[symbol].kind is Kind.SWITCH}
    shown = used - set(model.given) - derived - switches
    return tuple(in_order(shown))
