"""Proof by trial: the inventory in symbols, written out at fresh sizes, against what the code builds there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import prod

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Value, free
from bertsym.count import count, written_out
from bertsym.derive.infer import Sample
from bertsym.derive.process import Inventory
from bertsym.derive.space import Axis, Space
from bertsym.errors import BertsymError
from bertsym.model import Model
from bertsym.tree import Tensor


def disagreement(model: Model, sample: Sample, left_out: Iterable[str] = ()) -> str | None:
    """The first tensor of the sample whose name, shape or tie the model gets wrong, or its total; None if all agree.

    Names in `left_out` are not compared, nor is the total then.
    """
    ignored = set(left_out)
    real = {name: entry for name, entry in sample.inventory.items() if name not in ignored}
    try:
        given: Mapping[Symbol, Value] = {s: v for s, v in sample.sizes.items() if s in model.symbols}
        sized = model.with_sizes(given)
        ours = {name: (shape, _owner(sized, name, tensor)) for name, shape, tensor in written_out(sized)}
        number = count(sized)
    except BertsymError as error:
        return str(error)
    for name in [*real, *ours]:
        entry = real.get(name)
        if entry is None or ours.get(name) != (entry.shape, entry.first if entry.first in real else name):
            return name
    if not ignored and number != parameters(sample.inventory):
        return "the total"
    return None


def _owner(sized: Model, name: str, tensor: Tensor) -> str:
    tied = tensor.tied_to is not None and sized.public(tensor.own) == 0
    return str(tensor.tied_to) if tied else name


def parameters(inventory: Inventory) -> int:
    """How many there are, tied ones once."""
    owners = {entry.first: entry.shape for entry in inventory.values()}
    return sum(prod(shape) for shape in owners.values())


def chance(tensors: Sequence[Tensor], space: Space, symbols: Mapping[str, Symbol], trials: int) -> Fraction:
    """Schwartz-Zippel: how likely wrong polynomials pass so many uniform draws, if the code's are of no higher degree.

    A wrong one agrees at a draw with a probability of at most its degree over the number of values of a size; a size
    that is drawn as a multiple of others brings their degree along. The chances of all polynomials are added.
    """
    axes = {symbols[axis.name]: axis for axis in space.axes}
    polynomials = {side for tensor in tensors for side in _polynomials(tensor)}
    chances = [_agree(polynomial, axes, space) ** trials for polynomial in polynomials]
    return min(Fraction(1), sum(chances, start=Fraction(0)))


def _polynomials(tensor: Tensor) -> Iterable[Expr]:
    return (*tensor.shape, *(bound for loop in tensor.loops for bound in (loop.start, loop.stop)))


def _agree(expression: Expr, axes: Mapping[Symbol, Axis], space: Space) -> Fraction:
    """At a constant the wrong one could still be of degree 1 in any size."""
    degree = max(1, _degree(expression, axes, space))
    return min(Fraction(1), Fraction(degree, min((axis.choices for axis in axes.values()), default=1)))


def _degree(expression: Expr, axes: Mapping[Symbol, Axis], space: Space) -> int:
    """The total degree in the numbers that are drawn; floors count as what they round."""
    plain = expression.replace(sympy.floor, lambda inside: inside)
    numerator, _ = sympy.fraction(sympy.together(plain))
    weights = {symbol: _weight(axis, space) for symbol, axis in axes.items()}
    present = [symbol for symbol in free(numerator) if symbol in weights]
    if not present:
        return 0
    terms = sympy.Poly(numerator, *present).monoms()
    return max(sum(int(e) * weights[s] for e, s in zip(powers, present, strict=True)) for powers in terms)


def _weight(axis: Axis, space: Space) -> int:
    of = next((other for other in space.axes if other.name == axis.of), None)
    return 1 if of is None else 1 + _weight(of, space)
