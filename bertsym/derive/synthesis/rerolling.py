"""Tensors that are alike but for one number in their names, as one tensor with a loop over that number.

Where a depth stands still, inference sees so many single tensors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sympy import Integer

from bertsym.tree import Loop, Tensor
from bertsym.values import replace

FEWEST = 4


def folded(tensors: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """The same tensors, those at numbers in equal steps as one; each where its first one was.

    >>> from bertsym.layers import Role
    >>> from bertsym.symbols import H
    >>> layers = [Tensor(f"layers.{k}.norm.weight", (H,), Role.NORM, "") for k in (1, 3, 5, 7)]
    >>> [(tensor.name, tensor.loops[0].start, tensor.loops[0].step) for tensor in folded(layers)]
    [('layers.{}.norm.weight', 1, 2)]
    """
    groups: dict[Tensor, dict[int, Tensor]] = {}
    order: list[tuple[Tensor, int | None]] = []
    for tensor in tensors:
        pattern, number = _pattern(tensor)
        order.append((pattern, number))
        if number is not None:
            groups.setdefault(pattern, {})[number] = tensor
    loops = {pattern: loop for pattern, found in groups.items() if (loop := _loop(sorted(found))) is not None}
    return tuple(_each(order, groups, loops))


def _each(
    order: Iterable[tuple[Tensor, int | None]], groups: dict[Tensor, dict[int, Tensor]], loops: dict[Tensor, Loop]
) -> Iterator[Tensor]:
    done = set()
    for pattern, number in order:
        if number is None:
            yield pattern
        elif pattern not in loops:
            yield groups[pattern][number]
        elif pattern not in done:
            done.add(pattern)
            yield replace(pattern, loops=(loops[pattern], *pattern.loops))


def _pattern(tensor: Tensor) -> tuple[Tensor, int | None]:
    """The tensor with the first number in its name left open; of one that is tied its own name is left as it is."""
    words = tensor.name.split(".")
    places = [place for place, word in enumerate(words) if word.isdecimal()]
    if tensor.tied_to is not None or not places or "{}" in "".join(words[: places[0]]):
        return tensor, None
    (place, *_) = places
    open_name = ".".join([*words[:place], "{}", *words[place + 1 :]])
    return replace(tensor, name=open_name), int(words[place])


def _loop(numbers: list[int]) -> Loop | None:
    step = numbers[1] - numbers[0] if len(numbers) >= FEWEST else 0
    if step < 1 or numbers != list(range(numbers[0], numbers[-1] + 1, step)):
        return None
    return Loop(Integer(numbers[0]), Integer(numbers[-1] + 1), Integer(step))
