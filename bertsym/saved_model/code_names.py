"""Sizes under the names that the code gives them, if no other size of the model has that name.

A derivation adds an underscore to an own size that is called like a registered one (`kernel_` beside the registered
`kernel`), and saves it so. In a model without the registered size nothing can be confused: answers say `kernel`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sympy import Basic, Symbol

from bertsym.saved_model.derived import Derived
from bertsym.symbols import BY_NAME, Own
from bertsym.values import replace


def renames(derived: Derived) -> dict[Symbol, Symbol]:
    """Return the sizes that carry an underscore without need, each with the symbol of its own name.

    >>> from bertsym.saved_model.atlas_models import entry_of
    >>> renames(entry_of("deberta-v2"))
    {legacy_: legacy}
    """
    symbols = {*derived.defaults, *derived.fields, *(definition.symbol for definition in derived.definitions)}
    taken = {str(symbol.name) for symbol in symbols}
    table: dict[Symbol, Symbol] = {}
    for symbol in derived.defaults:
        name = str(symbol.name).rstrip("_")
        if isinstance(symbol, Own) and name != symbol.name and name in BY_NAME and name not in taken:
            table[symbol] = Own(name, symbol.kind, symbol.minimum, symbol.meaning, symbol.example)
            taken.add(name)
    return table


def with_code_names(derived: Derived) -> Derived:
    """Return the same model with its sizes under the names of the code."""
    table = renames(derived)
    named: Derived = renamed(derived, table) if table else derived
    return named


def renamed(part: Any, table: Mapping[Symbol, Symbol]) -> Any:
    """Return a part of a saved model with other symbols."""
    match part:
        case Basic():
            return part.xreplace(table)
        case tuple():
            return tuple(renamed(entry, table) for entry in part)
        case Mapping():
            return MappingProxyType({renamed(key, table): renamed(entry, table) for key, entry in part.items()})
    if type(part).__module__.startswith("bertsym.") and hasattr(type(part), "__match_args__"):
        return replace(part, **{name: renamed(getattr(part, name), table) for name in type(part).__match_args__})
    return part
