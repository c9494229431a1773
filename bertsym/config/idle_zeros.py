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
from bertsym.tree import Tensor


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
    """Raise `BadField` for a size of 0 on which a tensor of the model depends."""
    for symbol, key in zeros.items():
        if any(_depends(tensor, symbol, model) for tensor in model.tensors):
            raise BadField(str(file), key, f"expected {BY_SYMBOL[symbol].expected}, got {echo(0)}")


def _depends(tensor: Tensor, symbol: Symbol, model: Model) -> bool:
    """Return True if a tensor that exists has the size in its shape, its loops or its routing; its condition counts."""
    if symbol in free(tensor.when):
        return True
    sides: tuple[Expr, ...] = (*tensor.shape, *(loop.times for loop in tensor.loops))
    if tensor.routing is not None:
        sides = (*sides, *tensor.routing.sides)
    if not any(symbol in free(side) for side in sides):
        return False
    try:
        return model.evaluated(model.public(tensor.times)) != 0
    except MissingSize:
        return True
