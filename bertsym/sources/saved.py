"""A derived model as a JSON file and back: an inventory with its sizes, nothing that could be run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Value
from bertsym.errors import BadField, BertsymError, echo
from bertsym.layers import Parameter, Role
from bertsym.model import Architecture, Definition, Head, Model, NamedSize, check_value
from bertsym.schema import Schema
from bertsym.sources.expressions import Malformed, read, read_condition, write, write_condition
from bertsym.sources.jsonfile import Json
from bertsym.symbols import BY_NAME, BY_SYMBOL, Kind, Own, in_order
from bertsym.tree import Block, Component, Loop, Node, Repeat, Stack, Tensor, Tied, When
from bertsym.values import value
from bertsym.zoo.parts import FEED_FORWARD, FREE_HEAD_SIZE

MARK = "derived-model"
DEFAULTS = "the code it is derived from"
MOST_TENSORS = 4000
MOST_SIZES = 80
MOST_SIDES = 8
MOST_TERMS = 2000
DEFINITIONS: Mapping[str, Definition] = {"F": FEED_FORWARD, "d": FREE_HEAD_SIZE}

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_TENSOR = re.compile(r"([\w-]{1,60}|\{\})(\.([\w-]{1,60}|\{\})){0,24}", re.ASCII)
_WORDS = re.compile(r"[\w .,:;()/+=-]{0,120}", re.ASCII)


@value
class Derived:
    """What a derivation found: enough to be a model, and where it came from."""

    name: str
    cls: str
    source: str
    base: Mapping[Symbol, Value]
    definitions: tuple[Definition, ...]
    tensors: tuple[Tensor, ...]

    def model(self, label: str = "") -> Model:
        """The model, with every size open and the code's own defaults as its base; raises `InvalidModel`."""
        architecture = Architecture(
            name=self.name,
            title=self.cls,
            paper=self.source,
            heads={"model": Head(self.cls, Stack(*map(_chain, self.tensors)))},
            definitions=self.definitions,
            sizes={DEFAULTS: NamedSize(self.base, self.source)},
            base=DEFAULTS,
            schema=Schema(self.name, ()),
            defaults=MappingProxyType({s: v for s, v in self.base.items() if isinstance(v, bool)}),
        )
        architecture.head("model")
        return Model(architecture, label=label or self.name)


def _chain(tensor: Tensor) -> Node:
    """The one tensor as a tree of its own: a block per word of its name, a repeat per index."""
    node: Node = Parameter(tensor.shape, tensor.role, tensor.meaning)
    loops = list(tensor.loops)
    for word in reversed(tensor.name.split(".")):
        if word == "{}":
            loop = loops.pop()
            node = Repeat(loop.start, loop.stop, node, step=loop.step, others=loop.others)
        else:
            node = Block(**{word: node})
    if tensor.tied_to is not None:
        node = Tied(node, when=tensor.tied_when, **{tensor.name: tensor.tied_to})
    node = When(tensor.when, node) if tensor.when != sympy.true else node
    return Component(tensor.component, node)


def written(derived: Derived) -> dict[str, Json]:
    """The file's content."""
    sizes: list[Json] = [_size(symbol, derived.base[symbol]) for symbol in in_order(derived.base)]
    return {
        "bertsym": MARK,
        "format": 1,
        "name": derived.name,
        "class": derived.cls,
        "source": derived.source,
        "sizes": sizes,
        "definitions": [name for name, definition in DEFINITIONS.items() if definition in derived.definitions],
        "tensors": [_tensor(tensor) for tensor in derived.tensors],
    }


def _size(symbol: Symbol, base: Value) -> dict[str, Json]:
    plain = base if isinstance(base, bool) else int(base)
    if not isinstance(symbol, Own):
        return {"name": str(symbol), "base": plain}
    kind = BY_SYMBOL[symbol].kind.value
    return {"name": str(symbol), "base": plain, "kind": kind, "least": symbol.minimum, "meaning": symbol.meaning}


def _tensor(tensor: Tensor) -> dict[str, Json]:
    found: dict[str, Json] = {
        "name": tensor.name,
        "shape": [write(side) for side in tensor.shape],
        "role": tensor.role.value,
        "component": tensor.component,
    }
    if tensor.loops:
        found["loops"] = [[write(loop.start), write(loop.stop)] for loop in tensor.loops]
    if tensor.when != sympy.true:
        found["when"] = write_condition(tensor.when)
    if tensor.tied_to is not None:
        found |= {"tied_to": tensor.tied_to, "tied_when": write_condition(tensor.tied_when)}
    return found


def parse(content: Mapping[str, Json], file: Path) -> Model:
    """The model that a saved file holds; raises `BadField`."""
    return _Reader(file).model(content)


class _Reader:
    """The fields of a saved model; every refusal names the file and the field."""

    def __init__(self, file: Path) -> None:
        self.file = str(file)
        self.symbols: dict[str, Symbol] = {}

    def refuse(self, field: str, problem: str) -> BadField:
        return BadField(self.file, field, problem)

    def model(self, content: Mapping[str, Json]) -> Model:
        if content.get("format") != 1:
            raise self.refuse("format", f"only 1 is known, got {echo(content.get('format'))}")
        name, cls, source = (self.words(content, field) for field in ("name", "class", "source"))
        base = self.sizes(self.entries(content, "sizes", MOST_SIZES))
        chosen = self.definitions(self.entries(content, "definitions", len(DEFINITIONS)))
        listed = self.entries(content, "tensors", MOST_TENSORS)
        tensors = tuple(self.tensor(entry, f"tensors[{place}]") for place, entry in enumerate(listed))
        if not tensors:
            raise self.refuse("tensors", "there are none")
        try:
            return Derived(name, cls, source, base, chosen, tensors).model(self.file).with_sizes({})
        except BertsymError as error:
            raise self.refuse("tensors", str(error)) from None

    def words(self, content: Mapping[str, Json], field: str) -> str:
        text = content.get(field)
        if not isinstance(text, str) or not _WORDS.fullmatch(text):
            raise self.refuse(field, f"expected a few plain words, got {echo(text)}")
        return text

    def entries(self, content: Mapping[str, Json], field: str, most: int) -> list[Json]:
        found = content.get(field, [])
        if not isinstance(found, list) or len(found) > most:
            raise self.refuse(field, f"expected a list of at most {most}")
        return found

    def sizes(self, entries: Iterable[Json]) -> dict[Symbol, Value]:
        base: dict[Symbol, Value] = {}
        for entry in entries:
            if not isinstance(entry, dict):
                raise self.refuse("sizes", f"expected objects, got {echo(entry)}")
            name = entry.get("name")
            if not isinstance(name, str) or not _NAME.fullmatch(name) or name in self.symbols:
                raise self.refuse("sizes", f"a name that is none, or there twice: {echo(name)}")
            symbol = self.symbols[name] = BY_NAME[name].symbol if name in BY_NAME else self.own(name, entry)
            base[symbol] = self.base(symbol, entry.get("base"))
        return base

    def own(self, name: str, entry: Mapping[str, Json]) -> Symbol:
        kinds = {kind.value: kind for kind in (Kind.DEPTH, Kind.ROWS, Kind.WIDTH, Kind.HEADS, Kind.SWITCH)}
        kind, least = entry.get("kind"), entry.get("least", 1)
        if not isinstance(kind, str) or kind not in kinds:
            raise self.refuse("sizes", f"{name}: expected a kind among {', '.join(kinds)}, got {echo(kind)}")
        if isinstance(least, bool) or not isinstance(least, int) or not 0 <= least <= 10**6:
            raise self.refuse("sizes", f"{name}: expected a least value, got {echo(least)}")
        return Own(name, kinds[kind], least, self.words(entry, "meaning"), example=str(entry.get("base"))[:12])

    def base(self, symbol: Symbol, given: Json) -> Value:
        try:
            return check_value(BY_SYMBOL[symbol], given)
        except BertsymError as error:
            raise self.refuse("sizes", str(error)) from None

    def definitions(self, names: list[Json]) -> tuple[Definition, ...]:
        found = tuple(DEFINITIONS[name] for name in names if isinstance(name, str) and name in DEFINITIONS)
        if len(set(found)) != len(names):
            raise self.refuse("definitions", f"expected some of {', '.join(DEFINITIONS)}, each once")
        return found

    def tensor(self, entry: Json, field: str) -> Tensor:
        if not isinstance(entry, dict):
            raise self.refuse(field, f"expected an object, got {echo(entry)}")
        name, tied_to = entry.get("name"), entry.get("tied_to")
        if not isinstance(name, str) or not _TENSOR.fullmatch(name):
            raise self.refuse(field, f"no name of a tensor: {echo(name)}")
        if tied_to is not None and not isinstance(tied_to, str):
            raise self.refuse(field, f"no name of a tensor: {echo(tied_to)}")
        roles = {role.value: role for role in Role}
        role = entry.get("role")
        if not isinstance(role, str) or role not in roles:
            raise self.refuse(field, f"expected a role among {', '.join(roles)}, got {echo(role)}")
        return self.shaped(entry, field, name, roles[role], tied_to)

    def shaped(self, entry: Mapping[str, Json], field: str, name: str, role: Role, tied_to: str | None) -> Tensor:
        sides, bounds = self.entries(entry, "shape", MOST_SIDES), self.entries(entry, "loops", MOST_SIDES)
        if len(bounds) != name.split(".").count("{}"):
            raise self.refuse(field, "as many loops as the name has places are expected")
        try:
            shape = tuple(read(side, self.symbols) for side in sides)
            pairs = [self.pair(bound, field) for bound in bounds]
            loops = tuple(Loop(read(start, self.symbols), read(stop, self.symbols)) for start, stop in pairs)
            when = read_condition(entry.get("when", True), self.symbols)
            tied_when = read_condition(entry.get("tied_when", True), self.symbols)
        except Malformed as error:
            raise self.refuse(field, str(error)) from None
        terms = sympy.prod([_terms(side) for side in (*shape, *(loop.times for loop in loops))])
        if terms > MOST_TERMS:
            raise self.refuse(field, f"more than {MOST_TERMS} terms when written out")
        component = self.words(entry, "component")
        return Tensor(name, shape, role, "", component, loops, when=when, tied_to=tied_to, tied_when=tied_when)

    def pair(self, bound: Json, field: str) -> tuple[Json, Json]:
        match bound:
            case [start, stop]:
                return start, stop
        raise self.refuse(field, f"expected [start, stop], got {echo(bound)}")


def _terms(expression: Expr) -> int:
    return len(sympy.Add.make_args(sympy.expand(expression)))


def text(derived: Derived) -> str:
    """The file as it is written: a line a tensor, so that two versions can be compared."""
    content = written(derived)
    lists = {name: found for name, found in content.items() if isinstance(found, list)}
    head = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(found)}" for name, found in content.items() if name not in lists
    )
    body = ",\n".join(f"  {json.dumps(name)}: [\n{_lines(found)}\n  ]" for name, found in lists.items())
    return f"{{\n{head},\n{body}\n}}\n"


def _lines(entries: list[Json]) -> str:
    return ",\n".join(f"    {json.dumps(entry)}" for entry in entries)
