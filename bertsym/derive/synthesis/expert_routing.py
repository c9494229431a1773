"""Which tensors of a derived model are routed experts, by the names of its fields and tensors, and how many are chosen.

How many experts work on a token changes no tensor: that size is kept although no trial can show it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

import sympy
from sympy import Expr, Integer, Symbol

from bertsym.derive.domain.field_path import last, place
from bertsym.derive.types import Fields
from bertsym.saved_model.derived import Derived
from bertsym.spellings import routing_fields
from bertsym.symbols import Kind, Own, experts_per_token
from bertsym.tree import Routing, Tensor
from bertsym.values import replace

AMONG, CHOSEN = routing_fields("experts"), routing_fields("experts_per_token")
FIXED: Mapping[str, int] = {
    "SwitchTransformers": 1,  # Fedus et al. 2021, arXiv:2101.03961: one expert a token; its router is named Top1Router
    "NllbMoe": 2,  # NLLB Team 2022, arXiv:2207.04672; its router is named Top2Router
}
"""Numbers that code has and no field says, by the beginning of a class's name."""

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
    """The model with its routed experts marked, and the number of those that work on a token among its sizes.

    `fields` are all fields of the code with the values they come with; `symbols` are what the formulas call those that
    vary; `frozen` ones stay numbers. Where nothing says how many experts are chosen, the marks say that.
    """
    sizes = _chosen(fields, symbols, frozen, keep_names=keep_names)
    fixed = next((Integer(number) for prefix, number in FIXED.items() if derived.cls.startswith(prefix)), None)
    found = []
    for field in _spelled(fields, AMONG):
        beside = _beside(field, sizes)
        found.append(Routing(sizes[beside] if beside else fixed, symbols.get(field, Integer(int(fields[field])))))
    tensors = tuple(_marked(tensor, found) for tensor in derived.tensors)
    if not any(tensor.routing for tensor in tensors):
        tensors = tuple(_unsaid(tensor, [routing.among for routing in found]) for tensor in tensors)
    used = {tensor.routing.chosen for tensor in tensors if tensor.routing is not None}
    kept = {symbol: int(fields[field]) for field, symbol in sizes.items() if symbol in used and symbol.is_Symbol}
    return replace(derived, tensors=tensors, base={**derived.base, **kept})


def _chosen(
    fields: Fields, symbols: Mapping[str, Symbol], frozen: Collection[str], *, keep_names: bool
) -> dict[str, Expr]:
    """A symbol for each field that says how many experts are chosen; the first gets the registered one."""
    found: dict[str, Expr] = {}
    taken = {*map(str, symbols.values()), str(experts_per_token)}
    for field in (field for field in _spelled(fields, CHOSEN) if fields[field] > 0):
        registered = not keep_names and experts_per_token not in {*symbols.values(), *found.values()}
        name = re.sub(r"\W", "_", field, flags=re.ASCII)[:38]
        own = Own(f"{name}_" if name in taken else name, Kind.EXPERTS, 1, f"{field} of the code")
        number = Integer(int(fields[field])) if field in frozen else experts_per_token if registered else own
        found[field] = symbols.get(field, number)
        taken.add(str(found[field]))
    return found


def _beside(field: str, chosen: Collection[str]) -> str | None:
    """The field that says how many of these are chosen: of the same part of the configuration, or the only one."""
    alike = (other for other in chosen if place(other) == place(field))
    return next(alike, next(iter(chosen)) if len(chosen) == 1 else None)


def _spelled(fields: Fields, spellings: tuple[str, ...]) -> Iterator[str]:
    """The fields so called, the most usual spelling first; one of a nested configuration by the end of its name."""
    for spelling in spellings:
        for field, number in fields.items():
            if last(field) == spelling and isinstance(number, int) and not isinstance(number, bool):
                yield field


def _marked(tensor: Tensor, routings: Iterable[Routing]) -> Tensor:
    """The tensor with the first routing that fits it."""
    fitting = ((routing.chosen, experts_in(tensor, routing.among)) for routing in routings)
    return replace(tensor, routing=next((Routing(k, number) for k, number in fitting if number is not None), None))


def _unsaid(tensor: Tensor, numbers: Iterable[Expr]) -> Tensor:
    """A tensor that is somehow of experts where none is known to be: active parameters are refused, not guessed."""
    over = any(tensor.runs_over(number) for number in numbers if not number.is_Integer) and not _chooses(tensor)
    return replace(tensor, routing=Routing(None, Integer(1))) if _named(tensor) or over else tensor


def _chooses(tensor: Tensor) -> bool:
    return any(_ROUTER.fullmatch(word) for word in tensor.name.split("."))


def _named(tensor: Tensor) -> bool:
    return any(_EXPERTS.fullmatch(word) for word in tensor.name.split("."))


def experts_in(tensor: Tensor, among: Expr) -> Expr | None:
    """Over how many experts the tensor runs, if it is theirs and not what chooses among them.

    That is `among`, or a sum with it: of an expert that does nothing some code keeps an array as well.

    >>> from bertsym.layers import Role
    >>> from bertsym.symbols import F, H, experts
    >>> def tensor(name, *shape): return Tensor(name, shape, Role.MATRIX, "")
    >>> experts_in(tensor("mlp.experts.down_proj", experts, H, F), experts)
    experts
    >>> experts_in(tensor("mlp.gate.weight", experts, H), experts)
    >>> experts_in(tensor("mlp.shared_experts.down_proj.weight", H, F), experts)
    """
    named = _named(tensor)
    if among.is_Integer and not (named and among > 1):
        return None
    if any(loop.times == among for loop in tensor.loops):
        return among
    if not tensor.shape or _chooses(tensor):
        return None
    return _leading(tensor.shape[0], among) if named or len(tensor.shape) > 2 else None


def _leading(side: Expr, among: Expr) -> Expr | None:
    """The factor of a side that is the number of experts."""
    if among.is_Integer:
        return among if side == among else None
    factors = sympy.Mul.make_args(side)
    return next((factor for factor in factors if among in sympy.Add.make_args(factor)), None)
