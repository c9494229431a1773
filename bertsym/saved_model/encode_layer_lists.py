"""The lists with an entry a layer as JSON; `decode_layer_lists` reads it."""

from __future__ import annotations

from bertsym.files.jsonfile import Json
from bertsym.saved_model.encode_inventory import encode_inventory
from bertsym.saved_model.layer_lists import LayerList, ListRule
from bertsym.symbols import BY_SYMBOL, Kind


def encode_layer_list(layer_list: LayerList) -> dict[str, Json]:
    """Return the entry of a list; its key is the name of its arrangement."""
    name = str(layer_list.order)
    words = [kind.words[0] if kind.words else str(kind.count) for kind in layer_list.kinds]
    entry: dict[str, Json] = {} if layer_list.path == name else {"field": layer_list.path}
    entry |= {"aliases": list(layer_list.aliases)} if layer_list.aliases else {}
    entry |= {"length": layer_list.length} if layer_list.length else {}
    entry["kinds"] = {str(kind.count): list(kind.words) for kind in layer_list.kinds}
    entry |= {"indices": True} if layer_list.is_indices else {}
    if layer_list.letters:
        entry["letters"] = {path: dict(letters) for path, letters in layer_list.letters.items()}
    if layer_list.index_fields:
        counts = [str(kind.count) for kind in layer_list.kinds]
        fields = layer_list.index_fields.items()
        entry["index_fields"] = {path: [counts[listed], counts[other]] for path, (listed, other) in fields}
    entry |= {"last": str(layer_list.kinds[layer_list.last].count)} if layer_list.last is not None else {}
    entry["default"] = [words[kind] for kind in layer_list.default]
    if layer_list.rule is not None:
        entry["if_omitted"] = _rule(layer_list.rule)
    return entry


def _rule(rule: ListRule) -> dict[str, Json]:
    sizes: dict[str, Json] = {}
    for symbol, path in rule.fields.items():
        size: dict[str, Json] = {} if path == str(symbol) else {"field": path}
        default = rule.defaults[symbol]
        size["default"] = default if isinstance(default, int) else str(default)
        if BY_SYMBOL[symbol].kind is not Kind.SWITCH and BY_SYMBOL[symbol].minimum == 0:
            size["minimum"] = 0
        sizes[str(symbol)] = size
    return {"sizes": sizes, "tensors": encode_inventory(rule.tensors, {})}
