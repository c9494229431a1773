"""Proof by trial: the inventory in symbols, written out at fresh sizes, against what the code builds there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Iverson, Value, free
from bertsym.count import count
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space
from bertsym.derive.evaluator import Evaluator
from bertsym.derive.types import Inventory, Observation
from bertsym.errors import BertsymError
from bertsym.model import Model
from bertsym.tree import Tensor

Found = tuple[str, tuple[int, ...], str]
_NOTHING = re.compile("(?!)")


def disagreement(tensors: Sequence[Tensor], sample: Observation, ignored: re.Pattern[str] = _NOTHING) -> str | None:
    """The first tensor of the sample whose name, shape or tie the formulas get wrong; None if all agree.

    Names that `ignored` matches are not compared.
    """
    real = {name: entry for name, entry in sample.inventory.items() if not ignored.fullmatch(name)}
    ours: dict[str, tuple[tuple[int, ...], str]] = {}
    for name, shape, owner in _written_out(tensors, Evaluator(sample.sizes)):
        if name in ours:
            return name
        ours[name] = (shape, owner)
    for name in [*real, *ours]:
        entry = real.get(name)
        if entry is None or ours.get(name) != (entry.shape, entry.first if entry.first in real else name):
            return name
    return None


def _written_out(tensors: Sequence[Tensor], at: Evaluator) -> Iterator[Found]:
    """Every name with its shape and owner; where it has none here, as where a side is a fraction, with an empty one."""
    for tensor in tensors:
        try:
            yield from _each(tensor, at)
        except ArithmeticError:
            yield tensor.name, (), ""


def _each(tensor: Tensor, at: Evaluator) -> Iterator[Found]:
    if not at.holds(tensor.when):
        return
    bounds = [[at.whole(part) for part in loop.bounds] for loop in tensor.loops]
    if any(step < 1 for _, _, step, *_ in bounds):
        raise ArithmeticError("a loop that never ends")
    shape = tuple(map(at.whole, tensor.shape))
    target = tensor.tied_to if tensor.tied_to is not None and at.holds(tensor.tied_when) else tensor.name
    for indices in product(*(loop.indices(*bound) for loop, bound in zip(tensor.loops, bounds, strict=True))):
        yield tensor.name.format(*indices), shape, target.format(*indices)


def counted(model: Model, sample: Observation) -> int | None:
    """The total that users are told; None where they are told that there is none at such sizes."""
    given: Mapping[Symbol, Value] = {s: v for s, v in sample.sizes.items() if s in model.symbols}
    try:
        return count(model.with_sizes(given))
    except BertsymError:
        return None


def parameters(inventory: Inventory) -> int:
    """How many there are, tied ones once."""
    owners = {entry.first: entry.shape for entry in inventory.values()}
    return sum(prod(shape) for shape in owners.values())


def chance(tensors: Sequence[Tensor], space: Space, symbols: Mapping[str, Symbol], trials: int) -> Fraction:
    """Schwartz-Zippel: how likely wrong polynomials pass so many uniform draws, if the code's are of no higher degree.

    A wrong one agrees at a draw with a probability of at most its degree over the number of values of a size; a size
    that is drawn as a multiple of others brings their degree along. The chances of all polynomials are added.
    """
    axes = {symbols[axis.name]: axis for axis in space.axes if axis.name in symbols}
    polynomials = {side for tensor in tensors for side in _polynomials(tensor)}
    chances = [_agree(polynomial, axes, space) ** trials for polynomial in polynomials]
    return min(Fraction(1), sum(chances, start=Fraction(0)))


def _polynomials(tensor: Tensor) -> Iterable[Expr]:
    return (*tensor.shape, *(bound for loop in tensor.loops for bound in (loop.start, loop.stop, *loop.listed)))


def _agree(expression: Expr, axes: Mapping[Symbol, FieldDomain], space: Space) -> Fraction:
    """At a constant the wrong one could still be of degree 1 in any size."""
    sizes = [axis for axis in axes.values() if not axis.is_switch and not axis.no_effect and axis.value_count > 1]
    degree = max(1, _degree(expression, axes, space))
    return min(Fraction(1), degree / min(map(_spread, sizes), default=Fraction(1)))


def _spread(axis: FieldDomain) -> Fraction:
    """One over the probability of its likeliest value, at the least.

    A draw within another field is folded into 1 to that field's value M, so that no value is likelier than 1/M + 1/n;
    on average over M up to n that is (1 + 1/2 + ... + 1/n + 1)/n.
    """
    return Fraction(axis.value_count, 1 if axis.at_most is None else axis.value_count.bit_length() + 1)


def _degree(expression: Expr, axes: Mapping[Symbol, FieldDomain], space: Space) -> int:
    """The total degree in the numbers that are drawn; floors count as what they round, conditions as constants."""
    plain = expression.replace(sympy.floor, lambda inside: inside).replace(Iverson, lambda _: sympy.Integer(1))
    numerator, _ = sympy.fraction(sympy.together(plain))
    present = [symbol for symbol in free(numerator) if symbol in axes]
    if not present:
        return 0
    weights = [space.degree(axes[symbol]) for symbol in present]
    terms = sympy.Poly(numerator, *present).monoms()
    return max(sum(int(e) * w for e, w in zip(powers, weights, strict=True)) for powers in terms)
