"""The symbols of fields: V, H, L, heads ... by their spelling, and own symbols for all other fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sympy import Symbol

from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space
from bertsym.spellings import SPELLINGS, fields
from bertsym.symbols import BY_NAME, Kind, Own, lookup

MAX_SYMBOL_LENGTH = 39  # `_NAME` allows one more, for the underscore of a name that is taken
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")


# In a model that is made of several, the part that reads and writes text gets the registered symbols.
_TEXT = (
    "",
    "text_config.",
    "text_encoder.",
    "decoder.",
    "llm_config.",
    "language_config.",
    "thinker_config.text_config.",
)


def symbols(space: Space, *, keep: bool, known: Mapping[str, Symbol] = MappingProxyType({})) -> dict[str, Symbol]:
    """Return a symbol for every field that varies: the `known` one if there is one.

    Of two fields that mean the same size, the one with the more usual spelling gets the size's registered symbol. If
    `keep`, only a field that is spelled like the symbol gets it. An own symbol is named as its field; an underscore
    follows if the name is taken.
    """
    meant = dict(known)
    varied = {axis.name: axis for axis in space.axes}
    for name in filter(fields, SPELLINGS):
        spelled = (part + spelling for part in _TEXT for spelling in (name, *fields(name)))
        field = next((field for field in spelled if field in varied), None)
        is_new = field not in known and BY_NAME[name].symbol not in known.values()
        if field is not None and is_new and (field == name or not keep) and _fits(name, varied[field]):
            meant[field] = BY_NAME[name].symbol
    for field, axis in varied.items():
        if field not in meant:
            meant[field] = _own(field, axis, {str(symbol) for symbol in meant.values()})
    return {field: symbol for field, symbol in meant.items() if field in varied}


def _fits(name: str, axis: FieldDomain) -> bool:
    """Return True if the registered size takes the values that the field takes."""
    kind = lookup(name).kind
    if axis.is_switch or axis.is_ratio:
        return kind is (Kind.SWITCH if axis.is_switch else Kind.RATIO)
    if axis.base < lookup(name).minimum:
        return False
    deep = axis.is_depth and axis.name != name  # a field that is spelled like a width is one, whatever it also decides
    return kind not in (Kind.SWITCH, Kind.RATIO) and (not deep or kind in (Kind.DEPTH, Kind.EXPERTS))


def _own(field: str, axis: FieldDomain, taken: Iterable[str]) -> Symbol:
    """Return a symbol of its own for a field, named after its path."""
    words = re.sub(r"_?config\.|\.", "_", field)
    name = re.sub(r"\W+", "_", words, flags=re.ASCII).strip("_")
    while len(name) > MAX_SYMBOL_LENGTH and "_" in name:  # the last words of a path say most
        name = name.partition("_")[2].lstrip("_")
    name = name[-MAX_SYMBOL_LENGTH:]
    name = name if _NAME.fullmatch(name) else f"size_{name}"[:MAX_SYMBOL_LENGTH]
    used = {*taken, *BY_NAME}
    while name in used:
        name += "_"
    meaning = f"{field} of the code"
    if axis.is_switch:
        return Own(name, Kind.SWITCH, meaning=meaning)
    if axis.is_ratio:
        return Own(name, Kind.RATIO, 0 if 0 in axis.options else 1, meaning)
    least = max(min(_least(axis), int(axis.base)), 0)
    return Own(name, Kind.DEPTH if axis.is_depth else Kind.WIDTH, least, meaning)


def _least(axis: FieldDomain) -> int:
    """Return the smallest value that samples can have, or a smaller one."""
    if axis.options:
        return max(int(min(axis.options)), 0)
    if axis.multiple_of:
        return min(axis.min_steps, 1)
    return axis.min_steps * int(axis.stride)
