"""Read 0 as a size that must be positive, if nothing in the model depends on it.

Dense models of the Granite 4 family have `num_experts_per_tok: 0` beside `num_local_experts: 0`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sympy import Expr, Symbol

from bertsym.algebra import free
from bertsym.errors import BadField, MissingSize, echo
from bertsym.files.jsonfile import Json
from bertsym.model import Model
from bertsym.schema import Field, Schema
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.tree import Tensor, tensors


def without_zeros(fields: Mapping[str, Json], schema: Schema) -> tuple[Mapping[str, Json], Mapping[Symbol, str]]:
    """Return the fields with the default in place of each 0 that its size cannot be, and the fields that were 0."""
    zeros: dict[Symbol, str] = {}
    replaced = dict(fields)
    for field in schema.fields:
        if isinstance(field, Field) and field.default and BY_SYMBOL[field.symbol].kind not in (Kind.SWITCH, Kind.RATIO):
            for key in (field.key, *field.aliases):
                found = fields.get(key)
                if type(found) is int and found == 0 < BY_SYMBOL[field.symbol].minimum:
                    zeros[field.symbol] = key
                    replaced[key] = int(field.default)
    return replaced, zeros


def check_idle(model: Model, zeros: Mapping[Symbol, str], file: Path) -> None:
    """Raise `BadField` for a size of 0, unless all tensors that depend on it, of which there are some, do not exist.

    A size on which no tensor depends, as the number of heads of ViT, need not be idle: code may divide by it.
    """
    listed = [tensor for head in model.architecture.heads.values() for tensor in tensors(head.tree)] if zeros else []
    for symbol, key in zeros.items():
        known = any(symbol in _sizes(tensor) or symbol in free(tensor.when) for tensor in listed)
        if not known or any(_depends(tensor, symbol, model) for tensor in model.tensors):
            raise BadField(str(file), key, f"expected {BY_SYMBOL[symbol].expected}, got {echo(0)}")


def _sizes(tensor: Tensor) -> set[Symbol]:
    """Return the sizes in the shape of a tensor, its loops and its routing."""
    sides: tuple[Expr, ...] = (*tensor.shape, *(loop.times for loop in tensor.loops))
    return set().union(*map(free, sides if tensor.routing is None else (*sides, *tensor.routing.sides)))


def _depends(tensor: Tensor, symbol: Symbol, model: Model) -> bool:
    """Return True if a tensor that exists depends on the size, or if its existence does."""
    if symbol in free(tensor.when):
        return True
    if symbol not in _sizes(tensor):
        return False
    try:
        return model.evaluated(model.public(tensor.times)) != 0
    except MissingSize:
        return True
