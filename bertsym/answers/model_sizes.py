"""The sizes of models as cells of a table: given ones, those that follow from them, and the width of an embedding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Symbol

from bertsym.algebra import Value, evaluate, free
from bertsym.document import NONE, Count, Inline
from bertsym.errors import UnknownName
from bertsym.layers import Role
from bertsym.model import Model
from bertsym.spellings import AmbiguousName, meanings, spelled
from bertsym.symbols import BY_SYMBOL, E, Own, V, in_order


def size_value(model: Model, symbol: Symbol) -> Value | None:
    """Return a size of a model, given or derived, or None if the model does not have it.

    A model without an embedding size embeds tokens in a table of some width, which is returned for it.
    """
    if symbol in model.given:
        return model.given[symbol]
    if symbol not in model.symbols:
        own = _own_name(model, symbol)
        if own is not None:
            return size_value(model, own)
        return _embedding_width(model) if symbol == E else None
    value = model.public(symbol)
    if (BY_SYMBOL[symbol].default is not None or symbol in model.architecture.defaults) and not free(value):
        return model.architecture.defaults.get(symbol, BY_SYMBOL[symbol].default)
    return evaluate(value, model.given) if free(value) <= set(model.given) else None


def whole_size(model: Model, symbol: Symbol) -> int | None:
    """Return a size that a model was given if it is a whole number."""
    value = model.given.get(symbol)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _own_name(model: Model, symbol: Symbol) -> Symbol | None:
    """Return the size of a model's own code whose field means a registered size and no other, as XLNet's `d_model`."""
    for word in spelled(str(symbol)):
        if meanings(word) == (str(symbol),):
            try:
                return model.size(word).symbol
            except (UnknownName, AmbiguousName):
                continue
    return None


def _embedding_width(model: Model) -> Value | None:
    """Return the features of the first table with a row for each token."""
    tables = (tensor.shape for tensor in model.tensors if tensor.role is Role.EMBEDDING and len(tensor.shape) == 2)
    width = next((model.public(width) for rows, width in tables if rows == V), None)
    return evaluate(width, model.given) if width is not None and free(width) <= set(model.given) else None


def value_cell(value: Value | None) -> Inline:
    """Return a size as a cell: a dash for one that the model does not have."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return Count(int(value)) if value.denominator == 1 else str(value)


def named_sizes(models: Sequence[Model], names: Sequence[str]) -> tuple[Symbol, ...]:
    """Return the symbols of sizes by name, each under the name that the first model with it knows.

    Raises `UnknownName` for a size of none of the models, and `AmbiguousName`.
    """
    return tuple(_named(models, name) for name in names)


def _named(models: Sequence[Model], name: str) -> Symbol:
    unknown: UnknownName | None = None
    for model in models:
        try:
            return model.setting(name).symbol
        except UnknownName as error:
            unknown = unknown or error
    if name == str(E):
        return E
    raise unknown or UnknownName("size", name, ())


def differing_sizes(models: Sequence[Model], shown: Sequence[Mapping[Symbol, Value]]) -> tuple[Symbol, ...]:
    """Return the sizes in which the models differ, of those that answers show of each model.

    A size from somebody's own code counts only if all models have it. A model without a size counts as one with the
    size's default.
    """
    given = in_order({symbol for sizes in shown for symbol in sizes})
    shared = [symbol for symbol in given if not isinstance(symbol, Own) or all(symbol in sizes for sizes in shown)]
    return tuple(symbol for symbol in shared if len({_compared(model, symbol) for model in models}) > 1)


def _compared(model: Model, symbol: Symbol) -> Value | None:
    value = size_value(model, symbol)
    return BY_SYMBOL[symbol].default if value is None else value
