"""The domain of a field, read from a saved model."""

from __future__ import annotations

from collections.abc import Mapping

from bertsym.algebra import Value
from bertsym.saved_model.domains import Bounded, Choice, Determined, Domain, Free, Guard, MultipleOf, Steps, Switch
from bertsym.saved_model.json_node import Node
from bertsym.values import replace

MAX_STEPS = 10**9
MAX_CHOICES = 64
MAX_FIELDS = 8
MAX_GUARDS = 16

_STEPPED = ("steps", "stride", "multiple_of", "at_most", "greater_than")
_DETERMINED = ("determined_by", "factor", "divided_by")


def decode_domain(entry: Mapping[str, Node], default: Value | None) -> Domain | None:
    """Return the domain of a size or of a field without effect; None if the sampler left the field alone.

    A switch without a domain was sampled at both its values.
    """
    if "domain" in entry:
        return _domain(entry["domain"])
    return Switch() if isinstance(default, bool) else None


def decode_guard(entry: Mapping[str, Node]) -> Guard:
    """Return the fields, with their values, under which alone the field was sampled."""
    if "only_if" not in entry:
        return ()
    return tuple((path, wanted.number()) for path, wanted in entry["only_if"].entries(MAX_GUARDS).items())


def _domain(node: Node) -> Domain:
    if isinstance(node.json, list):
        return Free(_steps(node))
    if isinstance(node.json, dict) and "choices" in node.json:
        choices = node.keys(("choices",))["choices"].items(MAX_CHOICES)
        if not choices:
            raise node.refuse("expected at least one choice")
        return Choice(tuple(choice.number() for choice in choices))
    if isinstance(node.json, dict) and "determined_by" in node.json:
        return _determined(node.keys(_DETERMINED))
    return _stepped(node.keys(_STEPPED, required=("steps",)))


def _determined(parts: Mapping[str, Node]) -> Determined:
    fields = tuple(one.field() for one in parts["determined_by"].items(MAX_FIELDS))
    if not fields:
        raise parts["determined_by"].refuse("expected at least one field")
    factor = _positive(parts["factor"]) if "factor" in parts else 1
    return Determined(fields, factor, _path(parts, "divided_by"))


def _stepped(parts: Mapping[str, Node]) -> Free | MultipleOf | Bounded:
    steps = _steps(parts["steps"])
    if "stride" in parts:
        steps = replace(steps, stride=_positive(parts["stride"]))
    at_most, greater_than = _path(parts, "at_most"), _path(parts, "greater_than")
    if "multiple_of" in parts:
        fields = tuple(one.field() for one in parts["multiple_of"].items(MAX_FIELDS))
        if not fields:
            raise parts["multiple_of"].refuse("expected at least one field")
        return MultipleOf(steps, fields, at_most, greater_than)
    return Bounded(steps, at_most, greater_than) if at_most or greater_than else Free(steps)


def _steps(node: Node) -> Steps:
    ends = node.items(2)
    if len(ends) == 2:
        minimum = ends[0].integer(most=MAX_STEPS)
        return Steps(minimum, ends[1].integer(minimum, MAX_STEPS))
    raise node.refuse("expected [fewest, most] steps")


def _positive(node: Node) -> Value:
    number = node.number()
    if isinstance(number, bool) or number <= 0:
        raise node.refuse(f"expected a number above 0, got {number}")
    return number


def _path(parts: Mapping[str, Node], key: str) -> str:
    return parts[key].field() if key in parts else ""
