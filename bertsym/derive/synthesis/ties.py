"""Tied tensors: they have the shape of their target, of which more builds tell; and what a tensor is refused for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import sympy
from sympy import Expr

from bertsym.derive.evaluator import Evaluator
from bertsym.derive.types import Failure, Observation
from bertsym.tree import Tensor
from bertsym.values import replace


def alike_tied(
    tensors: Sequence[Tensor], samples: Sequence[Observation], at: Sequence[Evaluator], refused: list[Failure]
) -> Iterator[Tensor]:
    """Yield the tensors, those that are always tied with the shape of their target, or of each case that it has."""
    for tensor in tensors:
        targets = [other for other in tensors if other.name == tensor.tied_to]
        same = [other.when for other in targets if other.shape == tensor.shape]
        if len(same) == len(targets) or tensor.tied_when != sympy.true:
            yield tensor
        elif same:
            yield replace(tensor, when=sympy.And(tensor.when, sympy.Or(*same)))
        elif len(targets) > 1:
            cases = ((other.shape, sympy.And(tensor.when, other.when)) for other in targets)
            yield from (replace(tensor, shape=shape, when=when) for shape, when in cases if when != sympy.false)
        elif _shaped(tensor, targets[0].shape, samples, at):
            yield replace(tensor, shape=targets[0].shape)
        else:
            refused.append(Failure(tensor.name, "tie", f"its shape is not that of {tensor.tied_to}"))


def _shaped(tensor: Tensor, shape: tuple[Expr, ...], samples: Sequence[Observation], at: Sequence[Evaluator]) -> bool:
    """Return True if all that a tensor stands for has this shape in every build."""
    name = re.compile(re.escape(tensor.name).replace(r"\{\}", r"\d+"))
    return all(
        len(entry.shape) == len(shape)
        and all(reckoner.residual(side, number) == 0 for side, number in zip(shape, entry.shape, strict=True))
        for reckoner, sample in zip(at, samples, strict=True)
        for found, entry in sample.inventory.items()
        if name.fullmatch(found)
    )
