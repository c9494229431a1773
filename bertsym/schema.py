"""How a family's `config.json` spells its sizes; data for the reader in `sources`, declared beside each model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sympy import Symbol

from bertsym.values import value


@value
class Field:
    """A field that sets a size or a switch, with the value the library takes where a file leaves it out."""

    key: str
    symbol: Symbol
    default: int | bool


@value
class Schema:
    """The fields of one `model_type` that decide the parameters.

    `fixed` lists fields that would change the tensors and that the formula covers at these values only; the first
    one is what the library takes where a file leaves it out.
    """

    model_type: str
    fields: tuple[Field, ...]
    fixed: Mapping[str, tuple[object, ...]] = MappingProxyType({})
