"""A derived model as the text of its file: a line a size and a line a tensor, so that two versions can be compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from textwrap import indent

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.expressions.writer import write
from bertsym.files.jsonfile import Json
from bertsym.model import Definition
from bertsym.saved_model.decode import FORMAT, MARK
from bertsym.saved_model.derived import Derived, DerivedHead, Evidence, Idle, Place, Tried
from bertsym.saved_model.inventories import Inventory, written
from bertsym.symbols import BY_SYMBOL, Own, in_order


def text(derived: Derived) -> str:
    """The whole file, which `saved` reads again."""
    start: dict[str, Json] = {"bertsym": MARK, "format": FORMAT, "name": derived.name, "source": derived.source}
    fields = [_field(name, found) for name, found in start.items()]
    fields += [_field("engine", derived.engine)] if derived.engine else []
    sizes = {str(symbol): _size(symbol, derived) for symbol in in_order(derived.base)}
    fields.append(_object("sizes", [_field(name, found) for name, found in sizes.items()]))
    if derived.definitions:
        fields.append(_field("definitions", [_definition(one) for one in derived.definitions]))
    if derived.whole:
        fields.append(_field("whole", [write(quotient) for quotient in derived.whole]))
    if derived.frozen:
        frozen = (_field(name, [found.held, found.why]) for name, found in sorted(derived.frozen.items()))
        fields.append(_object("frozen", frozen))
    if derived.held:
        fields.append(_object("held", (_field(name, found) for name, found in sorted(derived.held.items()))))
    if derived.idle:
        fields.append(_field("idle", {name: _idle(found) for name, found in sorted(derived.idle.items())}))
    fields.append(_object("heads", _heads(derived.classes)))
    return f"{_braced(fields)}\n"


def _field(name: str, found: Json) -> str:
    return f"{json.dumps(name)}: {json.dumps(found, ensure_ascii=False)}"


def _object(name: str, fields: Iterable[str]) -> str:
    return f"{json.dumps(name)}: {_braced(fields)}"


def _braced(fields: Iterable[str]) -> str:
    return "{\n" + indent(",\n".join(fields), " ") + "\n}"


def _size(symbol: Symbol, derived: Derived) -> dict[str, Json]:
    """What a reader cannot know of a registered size, and all of one of the code's own."""
    name, place = str(symbol), derived.places.get(symbol, Place(str(symbol)))
    found: dict[str, Json] = {} if place.field == name else {"field": place.field}
    found |= {"aliases": list(place.aliases)} if place.aliases else {}
    found |= {"absent": None} if place.needed else {"absent": write(place.absent)} if place.absent is not None else {}
    found["base"] = _base(derived.base[symbol])
    if isinstance(symbol, Own):
        size = BY_SYMBOL[symbol]
        found["kind"] = size.kind.value
        found |= {"least": symbol.minimum} if symbol.minimum != 1 else {}
        found |= {"meaning": size.meaning} if size.meaning != f"{place.field} of the code" else {}
    return found | ({"tried": _tried(place.tried)} if place.tried is not None else {})


def _base(base: Value) -> Json:
    return base if isinstance(base, int) else int(base) if base.denominator == 1 else str(base)


def _idle(idle: Idle) -> dict[str, Json]:
    found: dict[str, Json] = {} if idle.base is None else {"base": _base(idle.base)}
    return found | ({"tried": _tried(idle.tried)} if idle.tried is not None else {})


def _tried(tried: Tried) -> Json:
    """`[1, 48]` where the steps are of one, else an object."""
    steps: list[Json] = [tried.low, tried.most]
    found: dict[str, Json] = {"unit": _base(tried.unit)} if tried.unit != 1 else {}
    found |= {"of": list(tried.of)} if tried.of else {}
    found |= {name: at for name, at in (("over", tried.over), ("within", tried.within), ("above", tried.above)) if at}
    found |= {"exact": True} if tried.exact else {}
    found |= {"values": [_base(one) for one in tried.values]} if tried.values else {}
    found |= {"needs": {name: _base(wanted) for name, wanted in tried.needs}} if tried.needs else {}
    return {"steps": steps, **found} if found else steps


def _definition(definition: Definition) -> str:
    first = f"{definition.symbol} = {write(definition.value)}"
    if definition.adjusts is None or definition.inverse is None:
        return first
    return f"{first}, {definition.adjusts} = {write(definition.inverse)}"


def _heads(classes: Mapping[str, DerivedHead]) -> Iterator[str]:
    known: dict[str, Inventory] = {}
    for name, head in classes.items():
        fields = [_field("class", head.cls), *(_evidence(head.evidence) if head.evidence is not None else ())]
        rows = ",\n".join(_row(row) for row in written(head.tensors, known))
        yield _object(name, [*fields, f'"tensors": [\n{indent(rows, " ")}\n]'])
        known[name] = head.tensors


def _evidence(evidence: Evidence) -> Iterator[str]:
    names = ("trials", "edges", "builds", "seed", "bound")
    yield ", ".join(_field(name, getattr(evidence, name)) for name in names)
    if evidence.count is not None:
        yield _field("count", evidence.count)
    if evidence.refused:
        yield _field("refused", [[one.tensor, one.part, one.why] for one in evidence.refused])


def _row(row: Json) -> str:
    """A group of tensors has a line for what they have in common, and a line each."""
    match row:
        case {"tensors": [*tensors], **head}:
            lines = ",\n".join(json.dumps(one) for one in tensors)
            return f'{json.dumps(head)[:-1]}, "tensors": [\n{indent(lines, " ")}\n]}}'
    return json.dumps(row)
