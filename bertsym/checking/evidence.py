"""Match stored tensors to the tensors that a class declares, and solve their shapes for the sizes of the class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from fractions import Fraction

from sympy import Expr, Symbol

from bertsym.algebra import Value, atom, free, monomials
from bertsym.checkpoints.renaming import common_renaming
from bertsym.checkpoints.stored_inventory import stored_tensors
from bertsym.checkpoints.tensor_name_numbers import numbered
from bertsym.checkpoints.tensor_types import Array
from bertsym.errors import Unreadable
from bertsym.model import check_value
from bertsym.symbols import BY_SYMBOL
from bertsym.tree import Tensor
from bertsym.values import value

# Types in which several entries of a weight may share one of what is stored, so that its shape says nothing.
_PACKED = frozenset({"U8", "I16", "I32", "U32"})


@value
class Found:
    """A stored tensor: the numbers in its name, and its shape, or None if its type may be packed."""

    indices: tuple[int, ...]
    shape: tuple[int, ...] | None


Stored = Mapping[str, list[Found]]


@value
class Equation:
    """An equation for sizes from a stored dimension or a largest index, with the number of tensors that support it."""

    expression: Expr
    value: int
    weight: int


def pattern(name: str) -> tuple[str, tuple[int | None, ...]]:
    """Return the name with `{}` for its numbers, and the numbers; None stands for a number that is `{}` already.

    >>> pattern("encoder.layer.3.weight"), pattern("block.{}.layer.0.weight"), pattern("lstm.weight_ih_l1")
    (('encoder.layer.{}.weight', (3,)), ('block.{}.layer.{}.weight', (None, 0)), ('lstm.weight_ih_l{}', (1,)))
    """
    parts, numbers = name.split("."), []
    for place, part in enumerate(parts):
        found = numbered(part)
        if found is not None:
            numbers.append(None if found[2] == "{}" else int(found[2]))
            parts[place] = found[1] + "{}"
    return ".".join(parts), tuple(numbers)


def gathered(arrays: Mapping[str, Array]) -> Stored:
    """Return the stored tensors by the pattern of their names."""
    stored: dict[str, list[Found]] = {}
    for name, array in arrays.items():
        key, numbers = pattern(name)
        shape = None if array.dtype in _PACKED else array.shape
        stored.setdefault(key, []).append(Found(tuple(number or 0 for number in numbers), shape))
    return stored


def matched(inventory: Iterable[Tensor], stored: Stored) -> dict[Tensor, list[Found]]:
    """Return the stored tensors for each declared tensor, matched by name; a common prefix is ignored."""
    wanted = {tensor: pattern(tensor.name) for tensor in stored_tensors(inventory, stored)}
    spelling = common_renaming(stored.keys(), {key for key, _ in wanted.values()}).names
    by_key = {spelled: stored[key] for key, spelled in spelling.items()}
    return {
        tensor: [one for found in by_key.get(key, ()) for one in _own(found, numbers)]
        for tensor, (key, numbers) in wanted.items()
    }


def _own(found: Found, numbers: tuple[int | None, ...]) -> Iterator[Found]:
    """Yield a stored tensor without the numbers of a dropped prefix such as `0.auto_model.`, if its own ones fit."""
    indices = found.indices[max(len(found.indices) - len(numbers), 0) :]
    if len(indices) == len(numbers) and all(
        number is None or number == index for index, number in zip(indices, numbers, strict=True)
    ):
        yield Found(indices, found.shape)


def equations(tensor: Tensor, found: Collection[Found]) -> list[Equation]:
    """Return the equations that the found shapes and indices give for the dimensions and loops of a tensor."""
    demands: list[Equation] = []
    shapes = Counter(one.shape for one in found if one.shape is not None)
    for shape, weight in shapes.items():
        if shape is not None and len(shape) == len(tensor.shape):
            demands += [Equation(side, value, weight) for side, value in zip(tensor.shape, shape, strict=True)]
    _, numbers = pattern(tensor.name)
    open_places = [place for place, number in enumerate(numbers) if number is None]
    for loop, place in zip(tensor.loops, open_places, strict=True):
        last = max((one.indices[place] for one in found), default=-1)
        demands += [Equation(loop.stop, last + 1, len(found))] if found and loop.plain else []
    return demands


def solved(demands: Iterable[Equation], given: Mapping[Symbol, Value]) -> tuple[dict[Symbol, Value], list[Equation]]:
    """Return the sizes that follow from the equations, and the equations that stay open.

    Equations with one unknown are solved round by round. If tensors disagree about a size, the majority decides, so
    that a damaged tensor is a finding and not another model.

    >>> from bertsym.symbols import F, H, d, heads
    >>> solved([Equation(H, 384, 9), Equation(H, 7, 1), Equation(F - H, 1152, 1), Equation(heads * d, 384, 1)], {})
    ({H: 384, F: 1536}, [Equation(expression=d*heads, value=384, weight=1)])
    """
    known = dict(given)
    rest = [demand for demand in demands if free(demand.expression)]
    while True:
        values = {symbol: atom(value) for symbol, value in known.items()}
        rest = [Equation(one.expression.xreplace(values), one.value, one.weight) for one in rest]
        rest = [demand for demand in rest if free(demand.expression)]
        votes: dict[Symbol, Counter[Value]] = {}
        for demand in rest:
            answer = _answer(demand)
            if answer is not None:
                votes.setdefault(answer[0], Counter())[answer[1]] += demand.weight
        if not votes:
            return known, rest
        known |= {symbol: counter.most_common(1)[0][0] for symbol, counter in votes.items()}


def _answer(demand: Equation) -> tuple[Symbol, Value] | None:
    """Return the only unknown s of an equation and its value, or None if there are more or it is not s or 1/s."""
    unknown = free(demand.expression)
    if len(unknown) != 1:
        return None
    (symbol,) = unknown
    terms = monomials(demand.expression)
    constant = terms.pop((), Fraction(0))
    if len(terms) != 1:
        return None
    ((key, coefficient),) = terms.items()
    left = (demand.value - constant) / coefficient
    inverse = key == ((symbol, -1),)
    if not inverse and key != ((symbol, 1),):
        return None
    if inverse and not left:
        return None
    try:
        return symbol, check_value(BY_SYMBOL[symbol], 1 / left if inverse else left)
    except Unreadable:
        return None
