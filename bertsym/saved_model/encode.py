"""A saved model as the text of its file: a line a size and a line a tensor, so that two versions can be compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from textwrap import indent

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.expressions.writer import write
from bertsym.files.jsonfile import Json
from bertsym.model import Definition
from bertsym.saved_model.allowed_values import Bounded, Choice, Determined, Free, MultipleOf, Switch
from bertsym.saved_model.decode import FORMAT, MARK
from bertsym.saved_model.derived import Basis, ConfigField, Derived, DerivedHead, Domain, Evidence, NoEffect
from bertsym.saved_model.encode_inventory import encode_inventory
from bertsym.saved_model.encode_layer_lists import encode_layer_list
from bertsym.saved_model.field_rules import DEFAULT_LABELS, FieldRules, LayerSizes, ValueKind
from bertsym.saved_model.inventory import Inventory
from bertsym.symbols import BY_SYMBOL, Own, in_order


def text(derived: Derived) -> str:
    """Return the whole file, which `decode` reads again."""
    start: dict[str, Json] = {"bertsym": MARK, "format": FORMAT, "name": derived.name, "source": derived.source}
    lines = [_line(key, content) for key, content in start.items()]
    lines += [_line("engine", derived.engine)] if derived.engine else []
    listed = {symbol for layer_list in derived.layer_lists for symbol in layer_list.symbols}
    sizes = in_order(derived.defaults.keys() - listed)
    lines.append(_object("sizes", (_line(str(s), _size(s, derived)) for s in sizes)))
    if derived.layer_lists:
        entries = (_line(str(one.order), encode_layer_list(one)) for one in derived.layer_lists)
        lines.append(_object("layer_lists", entries))
    if derived.definitions:
        lines.append(_object("definitions", (_line(str(d.symbol), _definition(d)) for d in derived.definitions)))
    if derived.constraints:
        lines.append(_line("constraints", _constraints(derived)))
    if derived.fixed_by_derivation:
        fixed = sorted(derived.fixed_by_derivation.items())
        values = (_line(path, {"value": at.value, "reason": at.reason}) for path, at in fixed)
        lines.append(_object("fixed_by_derivation", values))
    if derived.fixed_by_code:
        lines.append(_object("fixed_by_code", (_line(path, at) for path, at in sorted(derived.fixed_by_code.items()))))
    if derived.no_effect:
        lines.append(_line("no_effect", {path: _no_effect(at) for path, at in sorted(derived.no_effect.items())}))
    if derived.rules.recorded:
        lines.append(_object("fields", _rules(derived.rules)))
    lines.append(_object("heads", _heads(derived.classes)))
    return f"{_braced(lines)}\n"


def _line(key: str, content: Json) -> str:
    return f"{json.dumps(key)}: {json.dumps(content, ensure_ascii=False)}"


def _object(key: str, lines: Iterable[str]) -> str:
    return f"{json.dumps(key)}: {_braced(lines)}"


def _braced(lines: Iterable[str]) -> str:
    return "{\n" + indent(",\n".join(lines), " ") + "\n}"


def _size(symbol: Symbol, derived: Derived) -> dict[str, Json]:
    """Return the entry of a size; of a registered one without its kind and meaning, which every reader knows."""
    name, field = str(symbol), derived.fields.get(symbol, ConfigField(str(symbol)))
    entry: dict[str, Json] = {} if field.path == name else {"field": field.path}
    entry |= {"aliases": list(field.aliases)} if field.aliases else {}
    if field.omission_unknown or field.if_omitted is not None:
        entry["if_omitted"] = None if field.if_omitted is None else write(field.if_omitted)
    entry["default"] = _number(derived.defaults[symbol])
    if isinstance(symbol, Own):
        size = BY_SYMBOL[symbol]
        entry["kind"] = size.kind.value
        entry |= {"minimum": symbol.minimum} if symbol.minimum != 1 else {}
        entry |= {"meaning": size.meaning} if size.meaning != f"{field.path} of the code" else {}
    return entry | _domain(field.domain)


def _number(number: Value) -> Json:
    return number if isinstance(number, int) else int(number) if number.denominator == 1 else str(number)


def _no_effect(field: NoEffect) -> Json:
    if isinstance(field.default, bool) and field.domain == Domain(Switch()):
        return field.default
    entry: dict[str, Json] = {} if field.default is None else {"default": _number(field.default)}
    return entry | _domain(field.domain)


def _domain(domain: Domain | None) -> dict[str, Json]:
    """Return the domain under its key; a switch with both values, and a field that was not sampled, have none."""
    if domain is None or domain == Domain(Switch()):
        return {}
    guard: dict[str, Json] = {path: _number(wanted) for path, wanted in domain.only_if}
    allowed = _allowed(domain)
    if allowed.keys() == {"steps"} and not guard:
        return {"domain": allowed["steps"]}
    return {"domain": allowed | ({"only_if": guard} if guard else {})}


def _allowed(domain: Domain) -> dict[str, Json]:
    match domain.allowed:
        case Switch() as allowed if allowed == Switch():
            return {}
        case Switch(options) | Choice(options):
            return {"choices": [_number(option) for option in options]}
        case Determined(fields, stride, divided_by):
            entry: dict[str, Json] = {"determined_by": list(fields)}
            return entry | _stride(stride) | ({"divided_by": divided_by} if divided_by else {})
        case Bounded(inner, at_most, greater_than):
            bounds = {"at_most": at_most, "greater_than": greater_than}
            return _stepped(domain, inner) | {key: path for key, path in bounds.items() if path}
        case Free() | MultipleOf() as inner:
            return _stepped(domain, inner)


def _stepped(domain: Domain, inner: Free | MultipleOf) -> dict[str, Json]:
    entry: dict[str, Json] = {"steps": [domain.min_steps, domain.max_steps], **_stride(inner.stride)}
    return entry | ({"multiple_of": list(inner.multiple_of)} if isinstance(inner, MultipleOf) else {})


def _rules(rules: FieldRules) -> Iterator[str]:
    """Yield a line for each kind of rule; the paths whose values are refused are grouped by the kind of value."""
    if rules.aliases:
        yield _line("aliases", dict(sorted(rules.aliases.items())))
    if rules.prevailing:
        yield _line("prevailing", dict(sorted(rules.prevailing.items())))
    if rules.fixed:
        yield _line("fixed", dict(sorted(rules.fixed.items())))
    if rules.equal:
        yield _line("equal", {path: list(values) for path, values in sorted(rules.equal.items())})
    by_kind: dict[str, Json] = {
        kind.value: [path for path in sorted(rules.refused) if kind in rules.refused[path]] for kind in ValueKind
    }
    if rules.refused:
        yield _line("refused", {kind: paths for kind, paths in by_kind.items() if paths})
    if rules.unless:
        yield _line("unless", dict(sorted(rules.unless.items())))
    if rules.products:
        yield _line("products", {path: list(factors) for path, factors in sorted(rules.products.items())})
    if rules.layer_sizes:
        yield _line("layer_sizes", {path: _layer_sizes(table) for path, table in sorted(rules.layer_sizes.items())})
    if rules.labels != DEFAULT_LABELS:
        yield _line("labels", rules.labels)


def _layer_sizes(table: LayerSizes) -> dict[str, Json]:
    entry: dict[str, Json] = {"length": table.length, "names": [*sorted(table.names)]}
    return entry | ({"keywords": dict(sorted(table.keywords.items()))} if table.keywords else {})


def _stride(stride: Value) -> dict[str, Json]:
    return {} if stride == 1 else {"stride": _number(stride)}


def _definition(definition: Definition) -> Json:
    value = write(definition.value)
    if definition.adjusts is None or definition.inverse is None:
        return value
    return {"value": value, "inverse": {str(definition.adjusts): write(definition.inverse)}}


def _constraints(derived: Derived) -> dict[str, Json]:
    """Return the quotients by the reason why they must be whole."""
    by_basis = {basis: [write(c.quotient) for c in derived.constraints if c.basis is basis] for basis in Basis}
    return {basis.value: list(quotients) for basis, quotients in by_basis.items() if quotients}


def _heads(classes: Mapping[str, DerivedHead]) -> Iterator[str]:
    known: dict[str, Inventory] = {}
    for name, head in classes.items():
        lines = [_line("class", head.cls)]
        lines += [_evidence(head.evidence)] if head.evidence is not None else []
        lines += [_line("fixed", dict(sorted(head.fixed.items())))] if head.fixed else []
        rows = ",\n".join(_row(row) for row in encode_inventory(head.tensors, known))
        yield _object(name, [*lines, f'"tensors": [\n{indent(rows, " ")}\n]'])
        known[name] = head.tensors


def _evidence(evidence: Evidence) -> str:
    numbers = ("trials", "edge_trials", "builds", "seed", "bound")
    entry: dict[str, Json] = {key: getattr(evidence, key) for key in numbers}
    entry |= {} if evidence.parameters is None else {"parameters": evidence.parameters}
    if evidence.unresolved:
        entry["unresolved"] = [[one.tensor, one.part, one.reason] for one in evidence.unresolved]
    return _line("evidence", entry)


def _row(row: Json) -> str:
    """Return a reference or a group of one tensor as a line, a larger group with a line for each tensor."""
    match row:
        case {"tensors": [_, _, *_] as tensors, **group}:
            lines = ",\n".join(json.dumps(tensor) for tensor in tensors)
            return f'{json.dumps(group)[:-1]}, "tensors": [\n{indent(lines, " ")}\n]}}'
    return json.dumps(row)
