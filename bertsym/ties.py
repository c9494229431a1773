"""Checks of an inventory: tied tensors have equal shapes, and routed tensors run over the experts."""

from __future__ import annotations

from itertools import zip_longest

import sympy
from sympy import Expr
from sympy.logic.boolalg import Boolean

from bertsym.errors import InvalidModel
from bertsym.tree import Tensor


def check_ties(model: str, inventory: tuple[Tensor, ...]) -> None:
    """Raise `InvalidModel` unless every tie names an existing tensor of equal shape, and experts are what is routed.

    Two tensors may share a name only where their conditions or layers keep them apart; equal entries never do.
    """
    by_name: dict[str, list[Tensor]] = {}
    for tensor in inventory:
        by_name.setdefault(tensor.name, []).append(tensor)
    if len(set(inventory)) != len(inventory):
        raise InvalidModel(model, "a tensor is declared twice")
    for tensor in inventory:
        known = tensor.routing is not None and tensor.routing.chosen is not None
        if tensor.routing is not None and known and not tensor.runs_over(tensor.routing.among):
            raise InvalidModel(model, f"{tensor.name} does not run over {tensor.routing.among} experts")
        if tensor.tied_to is None:
            continue
        named = by_name.get(tensor.tied_to) or _filled(tensor.tied_to, inventory)
        targets = [target for target in named if not _apart(tensor.when, tensor.tied_when, target.when)]
        if not targets:
            raise InvalidModel(model, f"{tensor.name} is tied to {tensor.tied_to}, which does not exist")
        for target in targets:
            if not _alike(tensor, target):
                raise InvalidModel(
                    model, f"{tensor.name} {tensor.shape} is tied to {target.name}, whose shape is {target.shape}"
                )


def _alike(tensor: Tensor, target: Tensor) -> bool:
    """Return True if the two have one shape wherever they are tied."""
    same = {eq.lhs: eq.rhs for eq in tensor.tied_when.atoms(sympy.Eq)}
    return all(ours.xreplace(same) == theirs.xreplace(same) for ours, theirs in _sides(tensor, target))


def _apart(*conditions: Boolean) -> bool:
    """Return True if two of the conditions, or of their parts, contradict each other."""
    parts = sympy.And.make_args(sympy.And(*conditions))
    return sympy.false in parts or any(sympy.Not(part) in parts for part in parts)


def _sides(first: Tensor, second: Tensor) -> list[tuple[Expr, Expr]]:
    """Pair the dimensions of two shapes; fill up the shorter shape."""
    return list(zip_longest(first.shape, second.shape, fillvalue=sympy.S.Zero))


def _filled(name: str, inventory: tuple[Tensor, ...]) -> list[Tensor]:
    """Return the repeated tensor that has this name in one of its rounds, if there is one."""
    words = name.split(".")
    shaped = ((tensor, tensor.name.split(".")) for tensor in inventory if tensor.loops)
    return [t for t, own in shaped if len(own) == len(words) and all(map(_fits, own, words))][:1]


def _fits(own: str, word: str) -> bool:
    stem, index, _ = own.partition("{}")
    return own == word or bool(index and word.startswith(stem) and word.removeprefix(stem).isdecimal())
