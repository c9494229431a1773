"""Compare the inventory that a candidate predicts with the inventory that the model code built."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.count import count
from bertsym.derive.evaluator import Evaluator
from bertsym.derive.types import Inventory, Observation
from bertsym.errors import BertsymError
from bertsym.model import Model
from bertsym.tree import Tensor

Predicted = tuple[str, tuple[int, ...], str]  # a name, its shape, and the name that owns its data
_NO_NAME = re.compile("(?!)")


def first_mismatch(
    tensors: Sequence[Tensor], observation: Observation, ignored: re.Pattern[str] = _NO_NAME
) -> str | None:
    """Return the first tensor name that the formulas get wrong at the observation, or None if they agree.

    A name is wrong if it is missing, extra, predicted twice, of another shape or tied to another tensor. Names that
    `ignored` matches are not compared.
    """
    built = {name: entry for name, entry in observation.inventory.items() if not ignored.fullmatch(name)}
    predicted: dict[str, tuple[tuple[int, ...], str]] = {}
    for name, shape, owner in _predicted(tensors, Evaluator(observation.sizes)):
        if name in predicted:
            return name
        predicted[name] = (shape, owner)
    for name in [*built, *predicted]:
        entry = built.get(name)
        if entry is None or predicted.get(name) != (entry.shape, entry.first if entry.first in built else name):
            return name
    return None


def prediction(tensors: Sequence[Tensor], observation: Observation, name: str) -> tuple[tuple[int, ...], str] | None:
    """Return the shape and the owner that the formulas predict for a name, or None if they predict no such tensor."""
    predicted = _predicted(tensors, Evaluator(observation.sizes))
    return next(((shape, owner) for tensor, shape, owner in predicted if tensor == name), None)


def public_count(model: Model, observation: Observation) -> int | None:
    """Return the count that a user of the model gets at the observed sizes, or None if the model rejects them."""
    given: Mapping[Symbol, Value] = {s: v for s, v in observation.sizes.items() if s in model.symbols}
    try:
        return count(model.with_sizes(given))
    except BertsymError:
        return None


def built_count(inventory: Inventory) -> int:
    """Return the number of parameters that were built; tied tensors count once."""
    shapes = {entry.first: entry.shape for entry in inventory.values()}
    return sum(prod(shape) for shape in shapes.values())


def _predicted(tensors: Sequence[Tensor], evaluator: Evaluator) -> Iterator[Predicted]:
    """Yield every tensor that the formulas predict.

    A tensor that cannot be evaluated, such as one with a fractional dimension, is yielded under its template: no built
    tensor has such a name, so it is a mismatch.
    """
    for tensor in tensors:
        try:
            yield from expanded(tensor, evaluator)
        except ArithmeticError:
            yield tensor.name, (), ""


def expanded(tensor: Tensor, evaluator: Evaluator) -> Iterator[Predicted]:
    """Yield the tensors of one template; raise ArithmeticError if a dimension or a loop bound is a fraction."""
    if not evaluator.holds(tensor.when):
        return
    ranges = [[evaluator.integer(bound) for bound in loop.bounds] for loop in tensor.loops]
    if any(step < 1 for _, _, step, *_ in ranges):
        raise ArithmeticError("the step of a loop is below 1")
    shape = tuple(map(evaluator.integer, tensor.shape))
    is_tied = tensor.tied_to is not None and evaluator.holds(tensor.tied_when)
    owner = tensor.tied_to if tensor.tied_to is not None and is_tied else tensor.name
    for indices in product(*(loop.indices(*bounds) for loop, bounds in zip(tensor.loops, ranges, strict=True))):
        yield tensor.name.format(*indices), shape, owner.format(*indices)
