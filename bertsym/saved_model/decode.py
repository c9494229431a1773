"""A saved model, read from its file: inventories with their sizes and evidence, nothing that could be run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from sympy import Expr, Symbol

from bertsym.algebra import Value
from bertsym.errors import BadField, BertsymError, PartialFormula, UnknownName, echo
from bertsym.expressions.reader import Malformed, read
from bertsym.files.jsonfile import Json
from bertsym.model import Definition, Model, check_value
from bertsym.saved_model.decode_domain import decode_domain
from bertsym.saved_model.decode_inventory import InventoryDecoder
from bertsym.saved_model.decode_layer_lists import decode_layer_lists
from bertsym.saved_model.derived import (
    DEFAULTS,
    FIRST,
    Basis,
    ConfigField,
    Constraint,
    Derived,
    DerivedHead,
    Evidence,
    FixedValue,
    NoEffect,
    UnresolvedTensor,
)
from bertsym.saved_model.field_rules import DEFAULT_LABELS, NOT_RECORDED, FieldRules, LayerSizes, ValueKind
from bertsym.saved_model.inventory import Inventory
from bertsym.saved_model.json_node import LINE, WORDS, Node
from bertsym.saved_model.layer_lists import LayerList
from bertsym.saved_model.presentation import presented
from bertsym.symbols import BY_NAME, BY_SYMBOL, Kind, Own

MARK = "derived-model"
FORMAT = 3
CONVERTED = 2
"""The only older format that is still read: `format2` converts it."""

MAX_SIZES = 400
MAX_HEADS = 24
MAX_FIELDS = 2000
MAX_ALIASES = 8
MAX_MINIMUM = 10**6
MAX_EXAMPLE = 12

_KEYS = (
    *("bertsym", "format", "name", "source", "engine", "sizes", "layer_lists", "definitions", "constraints"),
    *("fixed_by_derivation", "fixed_by_code", "no_effect", "fields", "heads"),
)
_SIZE = (
    *("field", "aliases", "if_omitted", "default", "kind", "minimum", "meaning"),
    "domain",
)
_RULES = ("aliases", "prevailing", "fixed", "equal", "refused", "unless", "products", "layer_sizes", "labels")
_EVIDENCE = ("trials", "edge_trials", "builds", "seed", "bound", "parameters", "unresolved")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_HEAD = re.compile(r"[a-z0-9-]{1,40}")


def parse(content: Mapping[str, Json], file: Path, head: str | None = None) -> Model:
    """Return the model that a saved file holds.

    Raises `BadField`, and `PartialFormula` if some tensors of the head have no formula.
    """
    return model(parsed(content, file), str(file), head=head)


def model(derived: Derived, file: str, head: str | None = None, label: str = "", base: str = DEFAULTS) -> Model:
    """Return the model under a head; raise `BadField` if the file contradicts itself."""
    try:
        return presented(derived).model(label or file, base, FIRST if head is None else head).with_sizes({})
    except (PartialFormula, UnknownName):
        raise
    except BertsymError as error:
        raise BadField(file, "heads", str(error)) from None


def parsed(content: Mapping[str, Json], file: Path) -> Derived:
    """Return the derivation that the file holds, of format 3 or of format 2; raises `BadField`."""
    version = content.get("format")
    if version == CONVERTED:
        from bertsym.saved_model.format2 import converted  # noqa: PLC0415  # few files are as old

        content = converted(content, str(file))
    elif version != FORMAT:
        known = f"only {CONVERTED} and {FORMAT} are known, got {echo(version)}; `bertsym derive` writes {FORMAT}"
        raise BadField(str(file), "format", known)
    return _Decoder().derived(Node(str(file), dict(content)))


class _Decoder:
    """The parts of a saved model, over the sizes that it declares."""

    def __init__(self) -> None:
        self.symbols: dict[str, Symbol] = {}
        self.fields: dict[Symbol, ConfigField] = {}

    def derived(self, file: Node) -> Derived:
        parts = file.keys(_KEYS, required=("bertsym", "name", "source", "sizes", "heads"))
        if parts["bertsym"].json != MARK:
            raise parts["bertsym"].refuse(f"expected {MARK}, got {echo(parts['bertsym'].json)}")
        name, source = parts["name"].text(), parts["source"].text()
        sizes = parts["sizes"].entries(MAX_SIZES, _NAME, "size")
        entries = {size: node.keys(_SIZE, required=("default",)) for size, node in sizes.items()}
        defaults = {self.symbol(size, entry): self.default(size, entry) for size, entry in entries.items()}
        self.fields = fields = {self.symbols[size]: self.field(size, entry) for size, entry in entries.items()}
        layer_lists = decode_layer_lists(parts["layer_lists"], self.symbols) if "layer_lists" in parts else ()
        for layer_list in layer_lists:
            defaults |= layer_list.sizes(layer_list.default)
        definitions = tuple(self.definitions(parts["definitions"])) if "definitions" in parts else ()
        for definition in definitions:  # a stack whose list alone says how deep it is has no field for L
            self.symbols.setdefault(str(definition.symbol), definition.symbol)
        constraints = tuple(self.constraints(parts["constraints"])) if "constraints" in parts else ()
        heads = self.heads(parts["heads"], layer_lists)
        first = heads.pop(FIRST, None)
        if first is None:
            raise parts["heads"].refuse(f"expected a head called {FIRST}")
        fixed, held, idle = (
            parts[key].entries(MAX_FIELDS) if key in parts else {}
            for key in ("fixed_by_derivation", "fixed_by_code", "no_effect")
        )
        return Derived(
            name,
            first.cls,
            source,
            defaults,
            definitions,
            first.tensors,
            constraints,
            MappingProxyType(fields),
            MappingProxyType({path: self.fixed(node) for path, node in fixed.items()}),
            MappingProxyType({path: self.no_effect(node) for path, node in idle.items()}),
            first.evidence,
            heads,
            parts["engine"].integer() if "engine" in parts else 0,
            MappingProxyType({path: node.json for path, node in held.items()}),
            layer_lists,
            rules=self.rules(parts["fields"]) if "fields" in parts else NOT_RECORDED,
        )

    # Sizes and the fields behind them.

    def symbol(self, name: str, entry: Mapping[str, Node]) -> Symbol:
        """Return the symbol of a size, registered or of the code's own, and remember it under its name."""
        self.symbols[name] = BY_NAME[name].symbol if name in BY_NAME else self.own(name, entry)
        return self.symbols[name]

    def own(self, name: str, entry: Mapping[str, Node]) -> Symbol:
        kinds = {kind.value: kind for kind in Kind if kind not in (Kind.COUNT, Kind.ORDER, Kind.RUN)}
        kind = entry["kind"].json if "kind" in entry else None
        if not isinstance(kind, str) or kind not in kinds:
            raise (entry.get("kind") or entry["default"]).refuse(
                f"{name}: expected a kind among {', '.join(kinds)}, got {echo(kind)}"
            )
        minimum = entry["minimum"].integer(0, MAX_MINIMUM) if "minimum" in entry else 1
        meaning = entry["meaning"].text() if "meaning" in entry else f"{self.path(name, entry)} of the code"
        return Own(name, kinds[kind], minimum, meaning, example=str(entry["default"].json)[:MAX_EXAMPLE])

    def path(self, name: str, entry: Mapping[str, Node]) -> str:
        return entry["field"].field() if "field" in entry else name

    def default(self, name: str, entry: Mapping[str, Node]) -> Value:
        node = entry["default"]
        try:
            return check_value(BY_SYMBOL[self.symbols[name]], node.number())
        except BadField:
            raise
        except BertsymError as error:
            raise node.refuse(str(error)) from None

    def field(self, name: str, entry: Mapping[str, Node]) -> ConfigField:
        aliases = entry["aliases"].items(MAX_ALIASES) if "aliases" in entry else ()
        unknown = "if_omitted" in entry and entry["if_omitted"].json is None
        return ConfigField(
            self.path(name, entry),
            decode_domain(entry, entry["default"].number()),
            tuple(alias.field() for alias in aliases),
            self.exact(entry["if_omitted"], self.symbols) if "if_omitted" in entry and not unknown else None,
            unknown,
        )

    def exact(self, node: Node, symbols: Mapping[str, Symbol]) -> Expr:
        """Return an expression in which a quotient need not be rounded down."""
        try:
            return read(node.json, symbols, exact=True)
        except Malformed as error:
            raise node.refuse(str(error)) from None

    # Rules between sizes, and fields that have no size.

    def definitions(self, node: Node) -> list[Definition]:
        """Return the definitions: `"d": "H/heads"`, or `"F": {"value": "H*ffn_ratio", "inverse": {...}}`."""
        known = {**{name: size.symbol for name, size in BY_NAME.items()}, **self.symbols}
        sizes = {name: symbol for name, symbol in known.items() if BY_SYMBOL[symbol].kind is not Kind.SWITCH}

        def size(name: str, where: Node) -> Symbol:
            if name not in sizes:
                raise where.refuse(f"{name} is neither a size of this file nor a registered one")
            return sizes[name]

        definitions = []
        for name, entry in node.entries(MAX_SIZES, _NAME, "size").items():
            symbol = size(name, entry)
            if not isinstance(entry.json, dict):
                definitions.append(Definition(symbol, self.exact(entry, sizes)))
                continue
            parts = entry.keys(("value", "inverse"), required=("value", "inverse"))
            inverse = list(parts["inverse"].entries(1, _NAME, "size").items())
            if not inverse:
                raise parts["inverse"].refuse("expected the size that gives way, with its value")
            ((other, back),) = inverse
            value = self.exact(parts["value"], sizes)
            definitions.append(Definition(symbol, value, size(other, back), self.exact(back, sizes)))
        return definitions

    def constraints(self, node: Node) -> list[Constraint]:
        listed = node.keys([basis.value for basis in Basis])
        quotients = [
            (basis, quotient)
            for basis in Basis
            if basis.value in listed
            for quotient in listed[basis.value].items(MAX_SIZES)
        ]
        return [Constraint(self.exact(quotient, self.symbols), basis) for basis, quotient in quotients]

    def fixed(self, node: Node) -> FixedValue:
        parts = node.keys(("value", "reason"), required=("value", "reason"))
        return FixedValue(parts["value"].json, parts["reason"].text(LINE, "one line"))

    def no_effect(self, node: Node) -> NoEffect:
        if isinstance(node.json, bool):
            return NoEffect(node.json, decode_domain({}, node.json))
        parts = node.keys(("default", "domain"))
        default = parts["default"].number() if "default" in parts else None
        return NoEffect(default, decode_domain(parts, default))

    def rules(self, node: Node) -> FieldRules:
        parts = node.keys(_RULES)
        aliases = parts["aliases"].entries(MAX_FIELDS) if "aliases" in parts else {}
        prevailing = parts["prevailing"].entries(MAX_FIELDS) if "prevailing" in parts else {}
        fixed = parts["fixed"].entries(MAX_FIELDS) if "fixed" in parts else {}
        unless = parts["unless"].entries(MAX_FIELDS) if "unless" in parts else {}
        equal = parts["equal"].entries(MAX_FIELDS) if "equal" in parts else {}
        products = parts["products"].entries(MAX_FIELDS) if "products" in parts else {}
        tables = parts["layer_sizes"].entries(MAX_FIELDS) if "layer_sizes" in parts else {}
        refused: dict[str, set[ValueKind]] = {}
        for name, paths in (
            parts["refused"].keys([kind.value for kind in ValueKind]).items() if "refused" in parts else ()
        ):
            for path in paths.items(MAX_FIELDS):
                refused.setdefault(path.field(), set()).add(ValueKind(name))
        return FieldRules(
            MappingProxyType({alias: target.field() for alias, target in aliases.items()}),
            MappingProxyType({path: value.json for path, value in fixed.items()}),
            MappingProxyType({path: frozenset(kinds) for path, kinds in refused.items()}),
            MappingProxyType({path: companion.field() for path, companion in unless.items()}),
            parts["labels"].integer() if "labels" in parts else DEFAULT_LABELS,
            equal=MappingProxyType(
                {path: tuple(value.json for value in values.items(MAX_FIELDS)) for path, values in equal.items()}
            ),
            prevailing=MappingProxyType({name: target.field() for name, target in prevailing.items()}),
            layer_sizes=MappingProxyType({path: self.layer_sizes(table) for path, table in tables.items()}),
            products=MappingProxyType({path: self.factors(factors) for path, factors in products.items()}),
        )

    def factors(self, node: Node) -> tuple[str, str]:
        """Return the paths of a size and of the ratio that multiplies it."""
        paths = node.items(2)
        if len(paths) != 2:
            raise node.refuse("a product has two factors, a size and a ratio")
        size, ratio = (path.field() for path in paths)
        if size not in {field.path for field in self.fields.values()}:
            raise node.refuse(f"{echo(size)} is not the field of a size")
        return size, ratio

    def layer_sizes(self, node: Node) -> LayerSizes:
        parts = node.keys(("length", "names", "keywords"), required=("length", "names"))
        keywords = parts["keywords"].entries(MAX_FIELDS) if "keywords" in parts else {}
        switches = {field.path: BY_SYMBOL[symbol].kind is Kind.SWITCH for symbol, field in self.fields.items()}
        for keyword, target in keywords.items():
            if switches.get(keyword) is not False or switches.get(target.field()) is not False:
                raise target.refuse(f"{echo(keyword)} and {echo(target.json)} are not both fields of numbers")
        return LayerSizes(
            parts["length"].field(),
            frozenset(name.field() for name in parts["names"].items(MAX_FIELDS)),
            MappingProxyType({keyword: target.field() for keyword, target in keywords.items()}),
        )

    # Heads.

    def heads(self, node: Node, layer_lists: tuple[LayerList, ...]) -> dict[str, DerivedHead]:
        decoder = InventoryDecoder(self.symbols, layer_lists)
        heads: dict[str, DerivedHead] = {}
        known: dict[str, Inventory] = {}
        for name, entry in node.entries(MAX_HEADS, _HEAD, "head").items():
            parts = entry.keys(("class", "evidence", "fixed", "tensors"), required=("class", "tensors"))
            known[name] = decoder.inventory(parts["tensors"], known)
            evidence = self.evidence(parts["evidence"]) if "evidence" in parts else None
            if not known[name] and not (evidence and evidence.unresolved):
                raise entry.refuse("there are no tensors")
            cls = parts["class"].text(WORDS, "the name of a class")
            fixed = parts["fixed"].entries(MAX_FIELDS) if "fixed" in parts else {}
            heads[name] = DerivedHead(cls, known[name], evidence, {path: at.json for path, at in fixed.items()})
        return heads

    def evidence(self, node: Node) -> Evidence:
        parts = node.keys(_EVIDENCE, required=("trials",))
        trials, edges, builds, seed, bound = (
            parts[key].integer() if key in parts else 0 for key in _EVIDENCE[:5]
        )  # fmt: skip
        parameters = parts["parameters"].integer() if "parameters" in parts else None
        missing = parts["unresolved"].items(MAX_FIELDS) if "unresolved" in parts else ()
        return Evidence(trials, edges, builds, seed, bound, parameters, tuple(map(self.unresolved, missing)))

    def unresolved(self, node: Node) -> UnresolvedTensor:
        parts = node.items(3)
        if len(parts) != 3:
            raise node.refuse("expected [tensor, part, reason]")
        return UnresolvedTensor(*(part.text(LINE, "one line") for part in parts))
