"""Format 2 of saved models as format 3: one JSON object into another, in this direction only.

The converter changes words and shapes. It reads no expression and checks no number: that is left to the decoder of
format 3, which sees the converted file as any other. Whatever the converter cannot recognise it refuses by its path in
the old file, and keys that a reader of format 2 passed over are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bertsym.errors import echo
from bertsym.files.jsonfile import Json
from bertsym.saved_model.json_node import Node

MAX_ENTRIES = 8000
"""More than any list or object of a saved model may hold; the decoder has a bound for each."""

Object = dict[str, Json]

_STEPPED = {"unit": "stride", "of": "multiple_of", "within": "at_most", "above": "greater_than"}
_DETERMINED = {"unit": "stride", "of": "determined_by", "over": "divided_by"}
_TIE = {"tied_to": "tied_to", "when": "tied_if", "routing": "routing"}
_REFERENCE = {"head": "head", "under": "prefix", "first": "first", "last": "last", "without": "without"}
_GROUP = {"component": "component", "under": "prefix", "loops": "loops", "when": "only_if", "tensors": "tensors"}
_EVIDENCE = {"trials": "trials", "edges": "edge_trials", "builds": "builds", "seed": "seed", "bound": "bound"}
_EVIDENCE |= {"count": "parameters", "refused": "unresolved"}
_PLAIN = {"field": "field", "aliases": "aliases", "absent": "if_omitted", "base": "default", "kind": "kind"}
_PLAIN |= {"least": "minimum", "meaning": "meaning"}


def converted(content: Mapping[str, Json], file: str) -> Object:
    """Return the object of format 3; raises `BadField`."""
    old = Node(file, dict(content))
    new: Object = {"bertsym": "derived-model", "format": 3}
    new |= {key: content[key] for key in ("name", "source", "engine") if key in content}
    parts = {key: old.child(key, at) for key, at in content.items()}
    if "sizes" in parts:
        new["sizes"] = _each(parts["sizes"], _size)
    if "definitions" in parts:
        new["definitions"] = _definitions(parts["definitions"])
    if content.get("whole"):
        # An entry does not say whether the code rejects other sizes, or whether no sample had any.
        new["constraints"] = {"unknown": content["whole"]}
    if "frozen" in parts:
        new["fixed_by_derivation"] = _each(parts["frozen"], _fixed)
    new |= {"fixed_by_code": content["held"]} if "held" in content else {}
    if "idle" in parts:
        new["no_effect"] = _each(parts["idle"], _no_effect)
    if "heads" not in parts:
        raise old.refuse("the key heads is missing")
    new["heads"] = _each(parts["heads"], _head)
    return new


def _each(node: Node, convert: Callable[[Node], Json]) -> Object:
    """Return the entries of an object, each converted."""
    if not isinstance(node.json, dict) or len(node.json) > MAX_ENTRIES:
        raise node.refuse(f"expected an object of at most {MAX_ENTRIES}")
    return {name: convert(node.child(name, entry)) for name, entry in node.json.items()}


def _object(node: Node) -> Mapping[str, Json]:
    if not isinstance(node.json, dict):
        raise node.refuse(f"expected an object, got {echo(node.json)}")
    return node.json


def _renamed(entry: Mapping[str, Json], words: Mapping[str, str]) -> Object:
    """Return what the entry has under the old words, under the new ones."""
    return {new: entry[old] for old, new in words.items() if old in entry}


def _known(entry: Mapping[str, Json], words: Iterable[str], node: Node) -> None:
    unknown = sorted(entry.keys() - set(words))
    if unknown:
        raise node.refuse(f"unknown key {echo(unknown[0])}")


# Sizes, their domains, and the fields without a size.


def _size(node: Node) -> Json:
    entry = _object(node)
    return _renamed(entry, _PLAIN) | (_domain(node, entry["tried"]) if "tried" in entry else {})


def _no_effect(node: Node) -> Json:
    entry = _object(node)
    new = _renamed(entry, {"base": "default"}) | (_domain(node, entry["tried"]) if "tried" in entry else {})
    return new["default"] if list(new) == ["default"] and isinstance(new["default"], bool) else new


def _domain(node: Node, tried: Json) -> Object:
    """Return the domain under its key; `[least, most]` steps, or an object with more."""
    if isinstance(tried, list):
        return {"domain": tried}
    if not isinstance(tried, dict) or "steps" not in tried:
        raise node.refuse(f"tried: expected [least, most] steps, or an object with steps, got {echo(tried)}")
    values = tried.get("values")
    domain: Object
    if values:
        # The steps of a choice only numbered its values. A switch has both, but 0 == False.
        is_switch = values == [False, True] and isinstance(_object(node).get("base"), bool)
        domain = {} if is_switch else {"choices": values}
    elif tried.get("exact") is True:
        domain = _renamed(tried, _DETERMINED)
    else:
        domain = {"steps": tried["steps"], **_renamed(tried, _STEPPED)}
    domain = {key: at for key, at in domain.items() if at not in ("", [])}
    domain |= {"only_if": tried["needs"]} if tried.get("needs") else {}
    return {"domain": domain} if domain else {}


def _definitions(node: Node) -> Object:
    """Return `d = H/heads` as an entry, and `F = ffn_ratio*H, ffn_ratio = F/H` with its inverse."""
    new: Object = {}
    for one in node.items(MAX_ENTRIES):
        sides = [side.strip() for part in str(one.json).split(",") for side in part.split("=")]
        if not isinstance(one.json, str) or len(sides) not in (2, 4) or sides[0] in new:
            raise one.refuse(f"expected one like d = H/heads, once for each size, got {echo(one.json)}")
        new[sides[0]] = {"value": sides[1], "inverse": {sides[2]: sides[3]}} if sides[2:] else sides[1]
    return new


def _fixed(node: Node) -> Json:
    match node.json:
        case [value, reason]:
            return {"value": value, "reason": reason}
    raise node.refuse(f"expected [value, reason], got {echo(node.json)}")


# Heads and their rows.


def _head(node: Node) -> Json:
    entry = _object(node)
    new = _renamed(entry, {"class": "class"})
    if "trials" in entry:
        new["evidence"] = _renamed(entry, _EVIDENCE)
    if "tensors" in entry:
        new["tensors"] = [_row(row) for row in node.child("tensors", entry["tensors"]).items(MAX_ENTRIES)]
    return new


def _row(node: Node) -> Json:
    entry = _object(node)
    words = _REFERENCE if "head" in entry else _GROUP
    _known(entry, words, node)
    new = _renamed(entry, words)
    if isinstance(loops := new.get("loops"), list):
        new["loops"] = [_loop(loop) for loop in loops]
    if "head" not in entry and "tensors" in entry:
        new["tensors"] = [_tensor(one) for one in node.child("tensors", entry["tensors"]).items(MAX_ENTRIES)]
    return new


def _loop(loop: Json) -> Json:
    match loop:
        case [start, stop, step, "others"]:
            return [start, stop, step, "complement"]
    return loop


def _tensor(node: Node) -> Json:
    match node.json:
        case [*row, dict() as more]:
            _known(more, _TIE, node)
            return [*row, _renamed(more, _TIE)]
    return node.json
