"""An inventory as JSON rows: neighbours share a row for what they have in common, and a head refers to another head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import sympy

from bertsym.expressions.writer import write, write_condition
from bertsym.files.jsonfile import Json
from bertsym.saved_model.inventory import COMPLEMENT, Inventory, under_prefix
from bertsym.tree import Loop, Tensor

MIN_SHARED = 4
"""A reference takes a line of its own, so that it saves nothing for fewer tensors."""


def encode_inventory(tensors: Inventory, heads: Mapping[str, Inventory]) -> list[Json]:
    """Return the rows: runs of another head's tensors by reference, the rest in groups of neighbours that are alike."""
    name, prefix = _most_shared(tensors, heads)
    inventory = heads.get(name, ())
    positions = {under_prefix(tensor, prefix): position for position, tensor in enumerate(inventory)}
    if len({tensor.name for tensor in inventory}) < len(inventory):
        positions = {}  # a reference is by name
    rows: list[Json] = []
    own: list[Tensor] = []
    for run in _runs(tensors, positions):
        if len(run) < MIN_SHARED:
            own += run
        else:
            rows += [*_groups(own), _reference(name, prefix, inventory, [positions[tensor] for tensor in run])]
            own = []
    return [*rows, *_groups(own)]


def _most_shared(tensors: Inventory, heads: Mapping[str, Inventory]) -> tuple[str, str]:
    """Return the head with which most tensors are shared, and the prefix under which they stand here."""
    ours = set(tensors)
    prefixes = ["", *dict.fromkeys(f"{tensor.name.partition('.')[0]}." for tensor in tensors if "." in tensor.name)]
    best, most = ("", ""), MIN_SHARED - 1
    for name, inventory in heads.items():
        for prefix in prefixes:
            shared = sum(under_prefix(tensor, prefix) in ours for tensor in inventory)
            if shared > most:
                best, most = (name, prefix), shared
    return best


def _runs(tensors: Inventory, positions: Mapping[Tensor, int]) -> Iterator[Inventory]:
    """Yield the tensors in order: each run is as long as the other head has it in this order, or one own tensor."""
    start = 0
    while start < len(tensors):
        stop, last = start, -1
        while stop < len(tensors) and positions.get(tensors[stop], -1) > last:
            last = positions[tensors[stop]]
            stop += 1
        stop = max(stop, start + 1)
        yield tensors[start:stop]
        start = stop


def _reference(name: str, prefix: str, inventory: Inventory, positions: Sequence[int]) -> Json:
    """Return the row for a run of another inventory: its first and last tensor, and the tensors it leaves out."""
    row: dict[str, Json] = {"head": name, "prefix": prefix}
    if positions[0] > 0:
        row["first"] = inventory[positions[0]].name
    if positions[-1] < len(inventory) - 1:
        row["last"] = inventory[positions[-1]].name
    shared = set(positions)
    without: list[Json] = [inventory[p].name for p in range(positions[0], positions[-1]) if p not in shared]
    return {**row, "without": without} if without else row


def _groups(tensors: Sequence[Tensor]) -> Iterator[Json]:
    """Yield a row for each run of neighbours of one component, with the same loops and the same condition."""
    for (component, loops, when), alike in groupby(tensors, key=lambda t: (t.component, t.loops, t.when)):
        group = list(alike)
        prefix = _common_prefix([tensor.name for tensor in group]) if len(group) > 1 else ""
        row: dict[str, Json] = {"component": component}
        row |= {"prefix": prefix} if prefix else {}
        row |= {"loops": [_loop(loop) for loop in loops]} if loops else {}
        row |= {"only_if": write_condition(when)} if when != sympy.true else {}
        yield {**row, "tensors": [_tensor(tensor, prefix) for tensor in group]}


def _common_prefix(names: Sequence[str]) -> str:
    """Return the whole words with which all names begin; the last word of a name is never part of it."""
    split = [name.split(".")[:-1] for name in names]
    words = []
    for column in zip(*split, strict=False):
        if len(set(column)) > 1:
            break
        words.append(column[0])
    return "".join(f"{word}." for word in words)


def _loop(loop: Loop) -> Json:
    if loop.kinds:
        order, *amounts = loop.listed
        return {str(order): [str(amounts[kind]) for kind in loop.kinds]}
    if loop.plain:
        return write(loop.stop) if loop.start == 0 else [write(loop.start), write(loop.stop)]
    listed: list[Json] = [[write(index) for index in loop.listed]] if loop.listed else [write(loop.step)]
    bounds = [write(loop.start), write(loop.stop), *listed]
    return [*bounds, COMPLEMENT] if loop.others else bounds


def _tensor(tensor: Tensor, prefix: str) -> Json:
    row: list[Json] = [tensor.name.removeprefix(prefix), tensor.role.value, *map(write, tensor.shape)]
    more: dict[str, Json] = {} if tensor.tied_to is None else {"tied_to": tensor.tied_to}
    if tensor.tied_to is not None and tensor.tied_when != sympy.true:
        more["tied_if"] = write_condition(tensor.tied_when)
    if tensor.routing is not None:
        chosen = tensor.routing.chosen
        more["routing"] = [None if chosen is None else write(chosen), write(tensor.routing.among)]
    return [*row, more] if more else row
