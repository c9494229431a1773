"""Domains as a saved model keeps them, and the space that a saved model describes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from sympy import Symbol

from bertsym.algebra import free
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space, in_dependency_order
from bertsym.derive.layer_list_field import own_length
from bertsym.derive.limits import NUMBERED_LISTS
from bertsym.derive.types import Number
from bertsym.saved_model.allowed_values import Choice
from bertsym.saved_model.derived import FIRST, Derived, Domain
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import replace


def stored_space(derived: Derived, head: str = FIRST) -> Space:
    """Return the space from which the configurations of a class of a saved model were sampled."""
    own = derived.classes[head].fixed
    fixed = {**{path: at.value for path, at in derived.fixed_by_derivation.items()}, **derived.fixed_by_code, **own}
    base: dict[str, Number] = {path: at for path, at in fixed.items() if isinstance(at, int)}
    defaults = {path: field.default for path, field in derived.no_effect.items() if field.default is not None}
    base |= {path: default for path, default in defaults.items() if path not in own}
    # A file has 4 for 4.0, which the model code may reject as an integer.
    exact = {symbol: Fraction if BY_SYMBOL[symbol].kind is Kind.RATIO else lambda n: n for symbol in derived.fields}
    base |= {field.path: exact[symbol](derived.defaults[symbol]) for symbol, field in derived.fields.items()}
    sampled = [(field.path, field.domain) for field in derived.fields.values()]
    sampled += [(path, field.domain) for path, field in derived.no_effect.items() if field.default is not None]
    of_lists = [axis for axis in _list_domains(derived) if axis.name not in own]
    base |= {axis.name: axis.base for axis in of_lists}
    sampled = [(path, domain) for path, domain in sampled if path not in own]
    axes = [*of_lists]
    axes += [from_stored(path, base[path], domain) for path, domain in sampled if domain is not None]
    return Space(base, in_dependency_order(axes) or (), ())


def _list_domains(derived: Derived) -> Iterator[FieldDomain]:
    """Yield the domains of the lists with an entry a layer, and of their lengths if no field has them."""
    for layer_list in derived.layer_lists:
        yield FieldDomain(layer_list.path, 0, Choice(tuple(range(NUMBERED_LISTS))))
        if not layer_list.length:
            yield FieldDomain(own_length(layer_list.path), len(layer_list.default), is_depth=True)


def stored_symbols(derived: Derived) -> dict[str, Symbol]:
    """Return the symbol of each field that a sample has: of sizes, of lists with an entry a layer, of their lengths."""
    symbols = {field.path: symbol for symbol, field in derived.fields.items()} | own_lengths(derived)
    return symbols | {layer_list.path: layer_list.order for layer_list in derived.layer_lists}


def own_lengths(derived: Derived) -> dict[str, Symbol]:
    """Return the sizes that the lengths of lists are, by their names among the fields of a sample."""
    counts = {frozenset(kind.count for kind in one.kinds): one.path for one in derived.layer_lists if not one.length}
    return {
        own_length(path): definition.symbol
        for definition in derived.definitions
        if (path := counts.get(frozenset(free(definition.value))))
    }


def to_stored(axis: FieldDomain) -> Domain:
    """Return the domain as a file keeps it; a rule without steps is kept without any."""
    if axis.is_stepped:
        return Domain(axis.allowed, axis.min_steps, axis.max_steps, axis.only_if)
    return Domain(axis.allowed, only_if=axis.only_if)


def from_stored(path: str, base: Number, stored: Domain) -> FieldDomain:
    """Return the domain from which to sample a field again; `base` is the value that the file has for it."""
    allowed = stored.allowed
    if isinstance(allowed, Choice) and isinstance(base, Fraction):
        allowed = replace(allowed, options=tuple(map(Fraction, allowed.options)))
    values = stored.max_steps - stored.min_steps + 1
    return FieldDomain(path, base, allowed, stored.min_steps, values, stored.only_if)
