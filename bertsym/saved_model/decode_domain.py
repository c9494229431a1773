"""The domain of a field, read from a saved model."""

from __future__ import annotations

from collections.abc import Mapping

from bertsym.algebra import Value
from bertsym.saved_model.allowed_values import AllowedValues, Bounded, Choice, Determined, Free, MultipleOf, Switch
from bertsym.saved_model.derived import Domain
from bertsym.saved_model.json_node import Node

MAX_STEPS = 10**9
MAX_CHOICES = 64
MAX_FIELDS = 8
MAX_GUARDS = 16

_STEPPED = ("steps", "stride", "multiple_of", "at_most", "greater_than", "only_if")
_DETERMINED = ("determined_by", "stride", "divided_by", "only_if")


def decode_domain(entry: Mapping[str, Node], default: Value | None) -> Domain | None:
    """Return the domain of a size or of a field without effect; None if the sampler left the field alone.

    A switch without a domain was sampled at both its values.
    """
    if "domain" in entry:
        return _domain(entry["domain"], is_switch=isinstance(default, bool))
    return Domain(Switch()) if isinstance(default, bool) else None


def _domain(node: Node, *, is_switch: bool) -> Domain:
    if isinstance(node.json, list):
        return Domain(Free(), *_steps(node))
    keys = node.json.keys() if isinstance(node.json, dict) else set()
    if "choices" in keys or (is_switch and keys == {"only_if"}):
        parts = node.keys(("choices", "only_if"))
        return Domain(
            _options(parts["choices"], is_switch=is_switch) if "choices" in parts else Switch(), only_if=_guard(parts)
        )
    if "determined_by" in keys:
        parts = node.keys(_DETERMINED)
        fields = _paths(parts["determined_by"])
        return Domain(Determined(fields, _stride(parts), _path(parts, "divided_by")), only_if=_guard(parts))
    parts = node.keys(_STEPPED, required=("steps",))
    return Domain(_stepped(parts), *_steps(parts["steps"]), only_if=_guard(parts))


def _options(node: Node, *, is_switch: bool) -> Choice | Switch:
    options = tuple(choice.number() for choice in node.items(MAX_CHOICES))
    if not options:
        raise node.refuse("expected at least one choice")
    return Switch(options) if is_switch else Choice(options)


def _stepped(parts: Mapping[str, Node]) -> AllowedValues:
    multiple = "multiple_of" in parts
    inner = MultipleOf(_paths(parts["multiple_of"]), _stride(parts)) if multiple else Free(_stride(parts))
    at_most, greater_than = _path(parts, "at_most"), _path(parts, "greater_than")
    return Bounded(inner, at_most, greater_than) if at_most or greater_than else inner


def _steps(node: Node) -> tuple[int, int]:
    ends = node.items(2)
    if len(ends) < 2:
        raise node.refuse("expected [fewest, most] steps")
    fewest = ends[0].integer(most=MAX_STEPS)
    return fewest, ends[1].integer(fewest, MAX_STEPS)


def _stride(parts: Mapping[str, Node]) -> Value:
    if "stride" not in parts:
        return 1
    stride = parts["stride"].number()
    if isinstance(stride, bool) or stride <= 0:
        raise parts["stride"].refuse(f"expected a number above 0, got {stride}")
    return stride


def _paths(node: Node) -> tuple[str, ...]:
    fields = tuple(one.field() for one in node.items(MAX_FIELDS))
    if not fields:
        raise node.refuse("expected at least one field")
    return fields


def _path(parts: Mapping[str, Node], key: str) -> str | None:
    return parts[key].field() if key in parts else None


def _guard(parts: Mapping[str, Node]) -> tuple[tuple[str, Value], ...]:
    """Return the fields, with their values, under which alone the field was sampled."""
    if "only_if" not in parts:
        return ()
    return tuple((path, wanted.number()) for path, wanted in parts["only_if"].entries(MAX_GUARDS).items())
