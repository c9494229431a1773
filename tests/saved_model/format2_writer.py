"""A writer of format 2, which only the tests need: what the converter is held against."""

from __future__ import annotations

from typing import Any

from sympy import true

from bertsym.expressions.writer import write, write_condition
from bertsym.saved_model.allowed_values import Bounded, Choice, Determined, MultipleOf, Switch
from bertsym.saved_model.derived import ConfigField, Derived, DerivedHead, Domain, NoEffect
from bertsym.symbols import BY_SYMBOL, Own
from bertsym.tree import Loop, Tensor


def in_format_2(derived: Derived) -> dict[str, Any]:
    """Return the JSON of format 2; the reasons of constraints are lost, because it has no place for them."""
    content: dict[str, Any] = {"bertsym": "derived-model", "format": 2, "name": derived.name, "source": derived.source}
    content["engine"] = derived.engine
    content["sizes"] = {str(symbol): _size(symbol, derived) for symbol in derived.defaults}
    content["definitions"] = [
        f"{d.symbol} = {write(d.value)}"
        + ("" if d.adjusts is None or d.inverse is None else f", {d.adjusts} = {write(d.inverse)}")
        for d in derived.definitions
    ]
    content["whole"] = [write(constraint.quotient) for constraint in derived.constraints]
    content["frozen"] = {path: [at.value, at.reason] for path, at in derived.fixed_by_derivation.items()}
    content["held"] = dict(derived.fixed_by_code)
    content["idle"] = {path: _idle(at) for path, at in derived.no_effect.items()}
    content["heads"] = {name: _head(head) for name, head in derived.classes.items()}
    return content


def _size(symbol: Any, derived: Derived) -> dict[str, Any]:
    field = derived.fields.get(symbol, ConfigField(str(symbol)))
    entry: dict[str, Any] = {"field": field.path, "aliases": list(field.aliases)}
    if field.omission_unknown:
        entry["absent"] = None
    elif field.if_omitted is not None:
        entry["absent"] = write(field.if_omitted)
    entry["base"] = _number(derived.defaults[symbol])
    if isinstance(symbol, Own):
        size = BY_SYMBOL[symbol]
        entry |= {"kind": size.kind.value, "least": symbol.minimum, "meaning": size.meaning}
    return entry | _tried(field.domain)


def _idle(field: NoEffect) -> dict[str, Any]:
    return ({} if field.default is None else {"base": _number(field.default)}) | _tried(field.domain)


def _tried(domain: Domain | None) -> dict[str, Any]:
    if domain is None or domain == Domain(Switch()):
        return {}
    allowed, entry = domain.allowed, {"steps": [domain.min_steps, domain.max_steps]}
    inner = allowed.inner if isinstance(allowed, Bounded) else allowed
    tried: dict[str, Any] = dict(entry)
    if isinstance(inner, Choice | Switch):
        tried = {"steps": [0, len(inner.options) - 1], "values": [_number(option) for option in inner.options]}
    else:
        tried |= {"unit": _number(inner.stride)} if inner.stride != 1 else {}
    if isinstance(inner, MultipleOf | Determined):
        tried["of"] = list(inner.multiple_of)
    if isinstance(inner, Determined):
        tried |= {"exact": True, "over": inner.divided_by or ""}
    if isinstance(allowed, Bounded):
        tried |= {"within": allowed.at_most or "", "above": allowed.greater_than or ""}
    tried |= {"needs": {path: _number(wanted) for path, wanted in domain.only_if}} if domain.only_if else {}
    return {"tried": tried["steps"] if tried.keys() == {"steps"} else tried}


def _head(head: DerivedHead) -> dict[str, Any]:
    entry: dict[str, Any] = {"class": head.cls}
    if head.evidence is not None:
        at = head.evidence
        entry |= {"trials": at.trials, "edges": at.edge_trials, "builds": at.builds, "seed": at.seed, "bound": at.bound}
        entry |= {} if at.parameters is None else {"count": at.parameters}
        entry["refused"] = [[one.tensor, one.part, one.reason] for one in at.unresolved]
    return {**entry, "tensors": [_group(tensor) for tensor in head.tensors]}


def _group(tensor: Tensor) -> dict[str, Any]:
    row: list[Any] = [tensor.name, tensor.role.value, *map(write, tensor.shape)]
    more: dict[str, Any] = {}
    if tensor.tied_to is not None:
        more = {"tied_to": tensor.tied_to}
        more |= {} if tensor.tied_when == true else {"when": write_condition(tensor.tied_when)}
    if tensor.routing is not None:
        chosen = tensor.routing.chosen
        more["routing"] = [None if chosen is None else write(chosen), write(tensor.routing.among)]
    group: dict[str, Any] = {"component": tensor.component, "loops": [_loop(loop) for loop in tensor.loops]}
    group |= {} if tensor.when == true else {"when": write_condition(tensor.when)}
    return {**group, "tensors": [[*row, more] if more else row]}


def _loop(loop: Loop) -> Any:
    if loop.plain:
        return [write(loop.start), write(loop.stop)]
    third = [write(index) for index in loop.listed] if loop.listed else write(loop.step)
    return [write(loop.start), write(loop.stop), third, *(["others"] if loop.others else [])]


def _number(number: Any) -> Any:
    return number if isinstance(number, int) else str(number)
