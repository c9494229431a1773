"""Sizes under short names: the symbols of answers, in place of the names that a derivation saves.

A derivation saves an own size under the path of its field, `vision_hidden_size`, with an underscore if it is called
like a registered one. Answers say `H_v`, and `kernel` for `kernel_` in a model without the registered size. The names
of switches stay: they are read as words. A saved name is understood still wherever a size is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sympy import Basic, Symbol

from bertsym.saved_model.derived import Derived
from bertsym.spellings import meanings
from bertsym.symbols import BY_NAME, Kind, Own
from bertsym.values import replace
from bertsym.vocabulary.short_symbols import short_names


def renames(derived: Derived) -> dict[Symbol, Symbol]:
    """Return the sizes that carry an underscore without need, each with the symbol of its own name.

    >>> from bertsym.saved_model.atlas_models import entry_of
    >>> renames(entry_of("deberta-v2"))
    {legacy_: legacy}
    """
    taken = {str(symbol.name) for symbol in _symbols(derived)}
    table: dict[Symbol, Symbol] = {}
    for symbol in derived.defaults:
        name = str(symbol.name).rstrip("_")
        if isinstance(symbol, Own) and name != symbol.name and name in BY_NAME and name not in taken:
            table[symbol] = _renamed_symbol(symbol, name, symbol.meaning)
            taken.add(name)
    return table


def shortened(derived: Derived) -> dict[Symbol, Symbol]:
    """Return the short symbol of each own size that is not a switch.

    >>> from bertsym.saved_model.atlas_models import entry_of
    >>> {str(old): str(new) for old, new in shortened(entry_of("whisper")).items()}["num_mel_bins"]
    'M'
    """
    own = {s: f.path for s, f in derived.fields.items() if isinstance(s, Own) and s.kind is not Kind.SWITCH}
    others = (str(symbol.name) for symbol in _symbols(derived) if symbol not in own)
    names = short_names({str(symbol.name): path for symbol, path in own.items()}, others)
    return {
        symbol: _renamed_symbol(symbol, names[str(symbol.name)], _meaning(symbol, path)) for symbol, path in own.items()
    }


def with_code_names(derived: Derived) -> Derived:
    """Return the same model with its sizes under the names of the code."""
    return renamed(derived, renames(derived))


def with_short_names(derived: Derived) -> Derived:
    """Return the same model with its sizes under short names, and the saved names as further spellings."""
    table = {**renames(derived), **shortened(derived)}
    synonyms = {str(old.name): new for old, new in table.items() if old.name != new.name}
    return replace(renamed(derived, table), synonyms=MappingProxyType(synonyms))


def _symbols(derived: Derived) -> set[Symbol]:
    return {*derived.defaults, *derived.fields, *(definition.symbol for definition in derived.definitions)}


def _renamed_symbol(symbol: Own, name: str, meaning: str) -> Own:
    return Own(name, symbol.kind, symbol.minimum, meaning, symbol.example)


def _meaning(symbol: Own, path: str) -> str:
    """Return what the legend says: the registered meaning of the field's last word if it has one, and the path."""
    if symbol.meaning != f"{path} of the code":
        return str(symbol.meaning)
    leaf: str = path.rpartition(".")[2].partition("[")[0]
    registered = meanings(leaf)
    if len(registered) == 1:
        return f"{BY_NAME[registered[0]].meaning} ({path})"
    if leaf == "depths":
        return f"layers ({path})"
    return f"{leaf.removeprefix('num_').replace('_', ' ')} ({path})" if leaf != path else path


def renamed(derived: Derived, table: Mapping[Symbol, Symbol]) -> Derived:
    """Return the same model with other symbols for its sizes."""
    if not table:
        return derived
    result: Derived = _renamed(derived, table, {})
    return result


def _renamed(part: Any, table: Mapping[Symbol, Symbol], known: dict[Basic, Basic]) -> Any:
    """Return a part of a saved model with other symbols; `known` remembers expressions, which repeat."""
    match part:
        case Basic():
            if part not in known:
                known[part] = part.xreplace(table)
            return known[part]
        case tuple():
            return tuple(_renamed(entry, table, known) for entry in part)
        case Mapping():
            renamed = {_renamed(key, table, known): _renamed(entry, table, known) for key, entry in part.items()}
            return MappingProxyType(renamed)
    if type(part).__module__.startswith("bertsym.") and hasattr(type(part), "__match_args__"):
        names = type(part).__match_args__
        return replace(part, **{name: _renamed(getattr(part, name), table, known) for name in names})
    return part
