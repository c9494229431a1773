"""Expert routing: which tensors of a derived model are routed experts, and how many experts a token is sent to.

The names of fields and tensors decide. The number of experts a token changes no tensor: no build can show it, so the
model keeps that size although it has no effect on the count of all parameters.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

import sympy
from sympy import Expr, Integer, Symbol

from bertsym.derive.domain.field_path import field_name, parent_config
from bertsym.derive.types import Fields
from bertsym.saved_model.derived import Derived
from bertsym.spellings import routing_fields
from bertsym.symbols import Kind, Own, experts_per_token
from bertsym.tree import Routing, Tensor
from bertsym.values import replace

EXPERT_COUNT_FIELDS = routing_fields("experts")
EXPERTS_PER_TOKEN_FIELDS = routing_fields("experts_per_token")
FIXED_EXPERTS_PER_TOKEN: Mapping[str, int] = {
    "SwitchTransformers": 1,  # Fedus et al. 2021, arXiv:2101.03961: one expert a token; its router is named Top1Router
    "NllbMoe": 2,  # NLLB Team 2022, arXiv:2207.04672; its router is named Top2Router
}
"""Numbers of experts a token that the model code has and no field says, by the beginning of a class's name."""

MAX_SYMBOL_NAME = 38  # a saved file limits the length of names

_EXPERTS = re.compile(r"experts?(_(\d+|\{\}))?")
_ROUTER = re.compile(r"\w*router\w*|gate|gating|\w*correction\w*|per_expert_\w+")


def with_experts(
    derived: Derived,
    fields: Fields,
    symbols: Mapping[str, Symbol],
    frozen: Collection[str] = (),
    *,
    keep_names: bool = False,
) -> Derived:
    """Return the model with its routed experts marked, and the number of experts a token among its sizes.

    `fields` maps every field to its default, `symbols` every varying field to its symbol. A `frozen` field stays a
    number. If no field says how many experts a token is sent to, the marks say that this number is unknown.
    """
    per_token = _experts_per_token(fields, symbols, frozen, keep_names=keep_names)
    fixed = (number for prefix, number in FIXED_EXPERTS_PER_TOKEN.items() if derived.cls.startswith(prefix))
    fixed_number = next(map(Integer, fixed), None)
    routings = []
    for field in _fields_spelled(fields, EXPERT_COUNT_FIELDS):
        partner = _partner(field, per_token)
        among = symbols.get(field, Integer(int(fields[field])))
        routings.append(Routing(per_token[partner] if partner else fixed_number, among))
    tensors = tuple(_with_routing(tensor, routings) for tensor in derived.tensors)
    if not any(tensor.routing for tensor in tensors):
        tensors = tuple(_with_unknown_routing(tensor, [routing.among for routing in routings]) for tensor in tensors)
    used = {tensor.routing.chosen for tensor in tensors if tensor.routing is not None}
    defaults = {
        symbol: int(fields[field]) for field, symbol in per_token.items() if symbol in used and symbol.is_Symbol
    }
    return replace(derived, tensors=tensors, defaults={**derived.defaults, **defaults})


def _experts_per_token(
    fields: Fields, symbols: Mapping[str, Symbol], frozen: Collection[str], *, keep_names: bool
) -> dict[str, Expr]:
    """Return each field that gives the number of experts a token, with its symbol or number.

    The first field gets the registered symbol, unless fields keep their names.
    """
    per_token: dict[str, Expr] = {}
    taken = {*map(str, symbols.values()), str(experts_per_token)}
    for field in (field for field in _fields_spelled(fields, EXPERTS_PER_TOKEN_FIELDS) if fields[field] > 0):
        is_registered = not keep_names and experts_per_token not in {*symbols.values(), *per_token.values()}
        name = re.sub(r"\W", "_", field, flags=re.ASCII)[:MAX_SYMBOL_NAME]
        own = Own(f"{name}_" if name in taken else name, Kind.EXPERTS, 1, f"{field} of the code")
        number = Integer(int(fields[field])) if field in frozen else experts_per_token if is_registered else own
        per_token[field] = symbols.get(field, number)
        taken.add(str(per_token[field]))
    return per_token


def _partner(field: str, per_token: Collection[str]) -> str | None:
    """Return the field with the number of experts a token that goes with a field with the number of experts.

    It is the one of the same nested configuration, else the only one.
    """
    nested_alike = (partner for partner in per_token if parent_config(partner) == parent_config(field))
    return next(nested_alike, next(iter(per_token)) if len(per_token) == 1 else None)


def _fields_spelled(fields: Fields, spellings: tuple[str, ...]) -> Iterator[str]:
    """Yield the integer fields with one of these names, the most usual spelling first, nested fields included."""
    for spelling in spellings:
        for field, number in fields.items():
            if field_name(field) == spelling and isinstance(number, int) and not isinstance(number, bool):
                yield field


def _with_routing(tensor: Tensor, routings: Iterable[Routing]) -> Tensor:
    """Return the tensor with the first routing that fits it."""
    fitting = ((routing.chosen, experts_in(tensor, routing.among)) for routing in routings)
    routing = next((Routing(chosen, among) for chosen, among in fitting if among is not None), None)
    return replace(tensor, routing=routing)


def _with_unknown_routing(tensor: Tensor, expert_counts: Iterable[Expr]) -> Tensor:
    """Return the tensor, marked if it belongs to experts that no field explains.

    The mark makes a count of active parameters refuse instead of guess.
    """
    runs_over_experts = any(tensor.runs_over(number) for number in expert_counts if not number.is_Integer)
    is_expert = _is_named_expert(tensor) or (runs_over_experts and not _is_router(tensor))
    return replace(tensor, routing=Routing(None, Integer(1))) if is_expert else tensor


def _is_router(tensor: Tensor) -> bool:
    """Return True if the tensor's name is that of a router, which works on every token."""
    return any(_ROUTER.fullmatch(word) for word in tensor.name.split("."))


def _is_named_expert(tensor: Tensor) -> bool:
    """Return True if a word of the tensor's name says that it is an expert's."""
    return any(_EXPERTS.fullmatch(word) for word in tensor.name.split("."))


def experts_in(tensor: Tensor, among: Expr) -> Expr | None:
    """Return the number of experts that a tensor runs over, or None if it is no expert's.

    The number is `among`, or a sum with it: some model code keeps an array for an expert that does nothing too.

    >>> from bertsym.layers import Role
    >>> from bertsym.symbols import F, H, experts
    >>> def tensor(name, *shape): return Tensor(name, shape, Role.MATRIX, "")
    >>> experts_in(tensor("mlp.experts.down_proj", experts, H, F), experts)
    experts
    >>> experts_in(tensor("mlp.gate.weight", experts, H), experts)
    >>> experts_in(tensor("mlp.shared_experts.down_proj.weight", H, F), experts)
    """
    is_named = _is_named_expert(tensor)
    if among.is_Integer and not (is_named and among > 1):
        return None
    if any(loop.times == among for loop in tensor.loops):
        return among
    if not tensor.shape or _is_router(tensor):
        return None
    return _expert_factor(tensor.shape[0], among) if is_named or len(tensor.shape) > 2 else None


def _expert_factor(dimension: Expr, among: Expr) -> Expr | None:
    """Return the factor of a dimension that is the number of experts, or None."""
    if among.is_Integer:
        return among if dimension == among else None
    factors = sympy.Mul.make_args(dimension)
    return next((factor for factor in factors if among in sympy.Add.make_args(factor)), None)
