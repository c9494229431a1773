"""The symbols of fields: V, H, L, heads ... by their spelling, and own symbols for all other fields."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from sympy import Symbol

from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.field_path import field_name
from bertsym.derive.domain.space import Space
from bertsym.derive.layer_list_field import ListField
from bertsym.saved_model.layer_lists import CONSTANT, LayerKind, LayerList, count_symbol, order_symbol
from bertsym.spellings import SPELLINGS, fields
from bertsym.symbols import BY_NAME, Kind, Own, lookup

MAX_SYMBOL_LENGTH = 39  # `_NAME` allows one more, for the underscore of a name that is taken
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_WORD_ENDING = re.compile(r"_attention$")
_LIST_ENDING = re.compile(r"(_layers?)?(_(ids|idxs|indices|indexes))?$")


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


def symbols(
    space: Space,
    *,
    keep: bool,
    lists: Sequence[ListField] = (),
    known: Mapping[str, Symbol] = MappingProxyType({}),
) -> dict[str, Symbol]:
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
    for field_list in lists:
        if field_list.own_length in varied and BY_NAME["L"].symbol not in meant.values():
            meant[field_list.own_length] = BY_NAME["L"].symbol
    paths = {field_list.path for field_list in lists}
    for field, axis in varied.items():
        if field in meant:
            continue
        if field in paths:
            meant[field] = order_symbol(_own_name(field, {str(symbol) for symbol in meant.values()}), field)
        else:
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
    name = _own_name(field, taken)
    meaning = f"{field} of the code"
    if axis.is_switch:
        return Own(name, Kind.SWITCH, meaning=meaning)
    if axis.is_ratio:
        return Own(name, Kind.RATIO, 0 if 0 in axis.options else 1, meaning)
    least = max(min(_least(axis), int(axis.base)), 0)
    return Own(name, Kind.DEPTH if axis.is_depth else Kind.WIDTH, least, meaning)


def _own_name(field: str, taken: Iterable[str]) -> str:
    """Return a name after a path that no other size has."""
    words = re.sub(r"_?config\.|\.", "_", field)
    name = re.sub(r"\W+", "_", words, flags=re.ASCII).strip("_")
    while len(name) > MAX_SYMBOL_LENGTH and "_" in name:  # the last words of a path say most
        name = name.partition("_")[2].lstrip("_")
    name = name[-MAX_SYMBOL_LENGTH:]
    name = name if _NAME.fullmatch(name) else f"size_{name}"[:MAX_SYMBOL_LENGTH]
    used = {*taken, *BY_NAME}
    while name in used:
        name += "_"
    return name


def layer_lists(lists: Iterable[ListField], symbols: Mapping[str, Symbol]) -> tuple[LayerList, ...]:
    """Return the lists that vary, with a size for each kind of layer: `L_full` for `full_attention`.

    A list of a part that is not the first gets the name of the part too: `L_full_vision`.
    """
    taken = {*BY_NAME, *map(str, symbols.values())}
    found = []
    for field in lists:
        if field.path not in symbols:
            continue
        kinds = []
        for words in _kind_names(field):
            name = _count_name(words[0], field.path, taken)
            taken.add(name)
            kinds.append(LayerKind(count_symbol(name, field.path, words[0]), words if not field.is_indices else ()))
        own = field.length == field.own_length
        order = symbols[field.path]
        found.append(
            LayerList(
                field.path,
                order,
                tuple(kinds),
                field.default,
                "" if own else field.length,
                field.aliases,
                field.letters,
                field.is_indices,
                CONSTANT if field.is_constant else None,
                field.index_fields,
                field.last,
            )
        )
    return tuple(found)


def _kind_names(field: ListField) -> Iterator[tuple[str, ...]]:
    """Yield the words of each kind; of a list of indices the field's own name, and that of the other layers."""
    stem = _LIST_ENDING.sub("", field_name(field.path))
    yield from ((stem,), (f"no_{stem}",)) if field.is_indices else field.kinds


def _count_name(word: str, path: str, taken: Collection[str]) -> str:
    stem = re.sub(r"\W+", "_", _WORD_ENDING.sub("", word), flags=re.ASCII).strip("_") or "other"
    part = re.sub(r"_?config\b", "", path.rpartition(".")[0]).replace(".", "_").strip("_")
    names = (f"L_{stem}", f"L_{stem}_{part}" if part else f"L_{stem}_{field_name(path)}")
    name = next((name for name in names if name not in taken), names[-1])
    while name in taken:
        name += "_"
    return name[:MAX_SYMBOL_LENGTH]


def _least(axis: FieldDomain) -> int:
    """Return the smallest value that samples can have, or a smaller one."""
    if axis.options:
        return max(int(min(axis.options)), 0)
    if axis.multiple_of:
        return min(axis.min_steps, 1)
    return axis.min_steps * int(axis.stride)
