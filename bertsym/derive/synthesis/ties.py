"""Tied tensors: a tensor that always shares another one's storage takes that tensor's formula for its shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import sympy
from sympy import Expr

from bertsym.derive.evaluator import Evaluator
from bertsym.derive.synthesis.observations import TIE
from bertsym.derive.types import Failure, Observation
from bertsym.tree import Tensor
from bertsym.values import replace


def unify_tied_shapes(
    tensors: Sequence[Tensor],
    observations: Sequence[Observation],
    evaluators: Sequence[Evaluator],
    failures: list[Failure],
) -> Iterator[Tensor]:
    """Yield the tensors; a tensor that is always tied gets the shape of its target, or of each case of its target.

    More builds may have the target, so that its formula is the better one. A tensor that does not have the target's
    shape in every observation is appended to `failures` instead.
    """
    for tensor in tensors:
        targets = [target for target in tensors if target.name == tensor.tied_to]
        same = [target.when for target in targets if target.shape == tensor.shape]
        if len(same) == len(targets) or tensor.tied_when != sympy.true:
            yield tensor
        elif same:
            yield replace(tensor, when=sympy.And(tensor.when, sympy.Or(*same)))
        elif len(targets) > 1:
            cases = ((target.shape, sympy.And(tensor.when, target.when)) for target in targets)
            yield from (replace(tensor, shape=shape, when=when) for shape, when in cases if when != sympy.false)
        elif _has_shape(tensor, targets[0].shape, observations, evaluators):
            yield replace(tensor, shape=targets[0].shape)
        else:
            failures.append(Failure(tensor.name, TIE, f"its shape differs from that of its target {tensor.tied_to}"))


def without_dangling_ties(tensors: Iterable[Tensor], failures: list[Failure]) -> Iterator[Tensor]:
    """Yield the tensors whose targets have formulas; append the others to `failures`."""
    failed = {failure.tensor for failure in failures}
    for tensor in tensors:
        if tensor.tied_to in failed:
            reason = f"it is tied to {tensor.tied_to}, which has no formula"
            failures.append(Failure(tensor.name, TIE, reason))
        else:
            yield tensor


def _has_shape(
    tensor: Tensor, shape: tuple[Expr, ...], observations: Sequence[Observation], evaluators: Sequence[Evaluator]
) -> bool:
    """Return True if in every observation all tensors of that name have this shape."""
    name = re.compile(re.escape(tensor.name).replace(r"\{\}", r"\d+"))
    return all(
        len(entry.shape) == len(shape)
        and all(evaluator.residual(side, length) == 0 for side, length in zip(shape, entry.shape, strict=True))
        for evaluator, observation in zip(evaluators, observations, strict=True)
        for observed, entry in observation.inventory.items()
        if name.fullmatch(observed)
    )
