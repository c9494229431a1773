"""The lists with an entry a layer, read from a saved model: kinds, words, the default, the rule if a file omits it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType

from sympy import Symbol

from bertsym.errors import echo
from bertsym.saved_model.decode_inventory import InventoryDecoder
from bertsym.saved_model.json_node import Node
from bertsym.saved_model.layer_lists import LayerKind, LayerList, ListRule, count_symbol, order_symbol
from bertsym.symbols import BY_NAME, Kind, Own

MAX_LISTS = 24
MAX_KINDS = 16
MAX_WORDS = 64
MAX_LAYERS = 1000
MAX_ALIASES = 8
MAX_RULE_SIZES = 24

_SYMBOL = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_WORD = re.compile(r"[\w.+*-]{1,60}", re.ASCII)
_LETTER = re.compile(r"[\x21-\x7e]|[0-9]{1,9}")
_LIST = ("field", "aliases", "length", "kinds", "indices", "letters", "index_fields", "last", "default", "if_omitted")


def decode_layer_lists(node: Node, symbols: dict[str, Symbol]) -> tuple[LayerList, ...]:
    """Return the lists, and add their sizes to `symbols`; raise `BadField`."""
    return tuple(_layer_list(name, entry, symbols) for name, entry in node.entries(MAX_LISTS, _SYMBOL, "list").items())


def _layer_list(name: str, entry: Node, symbols: dict[str, Symbol]) -> LayerList:
    parts = entry.keys(_LIST, required=("kinds", "default"))
    path = parts["field"].field() if "field" in parts else name
    kinds = tuple(_kinds(parts["kinds"], path))
    order = order_symbol(name, path)
    for symbol in (order, *(kind.count for kind in kinds)):
        if str(symbol) in symbols or str(symbol) in BY_NAME:
            raise entry.refuse(f"the name {symbol} is taken by another size")
        symbols[str(symbol)] = symbol
    places = {str(kind.count): number for number, kind in enumerate(kinds)}
    default = tuple(_kind_of(one, kinds, places) for one in parts["default"].items(MAX_LAYERS))
    return LayerList(
        path,
        order,
        kinds,
        default,
        parts["length"].field() if "length" in parts else "",
        tuple(one.field() for one in parts["aliases"].items(MAX_ALIASES)) if "aliases" in parts else (),
        MappingProxyType(_letters(parts["letters"], kinds) if "letters" in parts else {}),
        "indices" in parts and parts["indices"].json is True,
        _rule(parts["if_omitted"], kinds) if "if_omitted" in parts else None,
        MappingProxyType(_index_fields(parts["index_fields"], places) if "index_fields" in parts else {}),
        _kind_of(parts["last"], kinds, places) if "last" in parts else None,
    )


def _kinds(node: Node, path: str) -> Iterator[LayerKind]:
    entries = node.entries(MAX_KINDS, _SYMBOL, "size")
    if len(entries) < 2:
        raise node.refuse("expected two kinds of layers or more")
    known: set[str] = set()
    for name, entry in entries.items():
        words = tuple(word.text(_WORD, "a word") for word in entry.items(MAX_WORDS))
        if not known.isdisjoint(words):
            raise entry.refuse("a word of two kinds")
        known.update(words)
        yield LayerKind(count_symbol(name, path, words[0] if words else name), words)


def _kind_of(node: Node, kinds: tuple[LayerKind, ...], places: dict[str, int]) -> int:
    """Return the kind of an entry of the default: a word, or the size of a kind without words."""
    for number, kind in enumerate(kinds):
        if node.json in kind.words:
            return number
    if isinstance(node.json, str) and node.json in places:
        return places[node.json]
    raise node.refuse(f"{echo(node.json)} is no word of a kind")


def _letters(node: Node, kinds: tuple[LayerKind, ...]) -> dict[str, MappingProxyType[str, str]]:
    known = {word for kind in kinds for word in kind.words}
    texts: dict[str, MappingProxyType[str, str]] = {}
    for path, entry in node.entries(MAX_ALIASES).items():
        letters = entry.entries(MAX_WORDS, _LETTER, "letter")
        for letter, word in letters.items():
            if word.json not in known:
                raise word.refuse(f"{echo(word.json)} is no word of a kind")
            letters[letter] = word
        texts[path] = MappingProxyType({letter: str(word.json) for letter, word in letters.items()})
    return texts


def _index_fields(node: Node, places: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Return for each field the kind of the layers that it lists and that of the others."""
    fields: dict[str, tuple[int, int]] = {}
    for path, entry in node.entries(MAX_ALIASES).items():
        kinds = [kind.json for kind in entry.items(2)]
        if len(kinds) != 2 or not all(isinstance(kind, str) and kind in places for kind in kinds):
            raise entry.refuse(f"expected two kinds of layers among {', '.join(places)}")
        listed, other = (places[str(kind)] for kind in kinds)
        fields[path] = listed, other
    return fields


def _rule(node: Node, kinds: tuple[LayerKind, ...]) -> ListRule:
    parts = node.keys(("sizes", "tensors"), required=("sizes", "tensors"))
    symbols, fields, defaults = {}, {}, {}
    for name, entry in parts["sizes"].entries(MAX_RULE_SIZES, _SYMBOL, "size").items():
        size = entry.keys(("field", "default", "minimum"), required=("default",))
        default = size["default"].number()
        minimum = size["minimum"].integer(0, 1) if "minimum" in size else 1
        symbol = rule_symbol(name, minimum, is_switch=isinstance(default, bool))
        symbols[name], defaults[symbol] = symbol, default
        fields[symbol] = size["field"].field() if "field" in size else name
    tensors = InventoryDecoder(symbols).inventory(parts["tensors"], {})
    counts = {str(kind.count) for kind in kinds}
    for tensor in tensors:
        count, _, index = tensor.name.partition(".")
        if count not in counts or tensor.shape or not (index == "{}" or index.isdecimal()):
            raise parts["tensors"].refuse(f"expected layers of {', '.join(sorted(counts))}, got {tensor.name}")
    return ListRule(MappingProxyType(fields), MappingProxyType(defaults), tensors)


def rule_symbol(name: str, minimum: int, *, is_switch: bool) -> Symbol:
    """Return the symbol of a size that only the rule of a list has."""
    return Own(name, Kind.SWITCH if is_switch else Kind.WIDTH, minimum)
