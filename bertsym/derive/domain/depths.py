"""The depths of stacks: which fields are depths, and a base in which they are small but show every kind of tensor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain

from bertsym.derive.domain.base_trials import BaseTrials, is_depth_name
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.field_path import ascending_lists, list_index, list_path, parent_config
from bertsym.derive.limits import (
    FAR_DEPTHS,
    MAX_BUILT_COUNT,
    MAX_LAYER_COUNT,
    MAX_SHRUNK_DEPTH,
    MIN_ADDED_TENSORS,
    TRIED_DEPTHS,
)
from bertsym.derive.types import Inventory, Number, kind_of, tensor_kinds


def shrink_depths(trials: BaseTrials) -> list[list[str]]:
    """Make small in the base what its name calls a depth; return the lists of layer indices that were set to 0, 1, 2...

    Every later trial builds the base, so this saves most of the time.
    """
    index_lists: list[list[str]] = []
    for names in ascending_lists(trials.base).values():
        first: dict[str, Number] = {name: list_index(name) for name in names}
        small = all(trials.base[name] < MAX_LAYER_COUNT for name in names)
        held = not trials.held.isdisjoint(names)
        if small and not held and _index_layers(trials, names) and trials.build(first):
            trials.move(first)
            index_lists.append(names)
    listed = set(chain(*index_lists))
    named = [name for name in trials.integers if is_depth_name(name) and trials.base[name] > MAX_SHRUNK_DEPTH]
    listed |= trials.held
    depths = [name for name in named if name not in listed and not is_list_length(trials, name)]
    for group in (depths, *([name] for name in depths)):
        shrunk: dict[str, Number] = {name: MAX_SHRUNK_DEPTH for name in group if trials.base[name] > MAX_SHRUNK_DEPTH}
        if shrunk and trials.build(shrunk) is not None:
            trials.move(shrunk)
    keep_unlike_layers(trials, [name for name in depths if trials.is_shrunk(name)])
    for name in trials.ratios:
        if is_depth_name(name) and trials.base[name] > 1 and trials.build({name: Fraction(1)}) is not None:
            trials.move({name: Fraction(1)})
    return index_lists


def keep_unlike_layers(trials: BaseTrials, depths: Sequence[str]) -> None:
    """Make the other small depths 1 beside one of them, if only then layers differ in shape as at the defaults.

    Three first and three last layers leave none between them in a small stack.
    """
    if len(depths) < 2:
        return
    default = trials.oracle.build(dict(trials.defaults))
    lost = _kinds_of_unlike_shapes(default) - _kinds_of_unlike_shapes(trials.build({}))
    for depth in depths if lost else ():
        changes: dict[str, Number] = {name: 1 for name in depths if name != depth}
        if lost <= _kinds_of_unlike_shapes(trials.build(changes)):
            trials.move(changes)
            return


def _kinds_of_unlike_shapes(inventory: Inventory | None) -> set[str]:
    """Return the kinds of tensors of which two have different shapes, none for a rejection."""
    shapes: dict[str, set[tuple[int, ...]]] = {}
    for name, entry in (inventory or {}).items():
        shapes.setdefault(kind_of(name), set()).add(entry.shape)
    return {kind for kind, different in shapes.items() if len(different) > 1}


def _index_layers(trials: BaseTrials, names: Sequence[str]) -> bool:
    """Return True if a depth beside the list is larger than all its numbers, so that these may be indices of layers."""
    beside = parent_config(names[0])
    depths = [name for name in trials.integers if is_depth_name(name) and parent_config(name) == beside]
    largest = max(trials.base[name] for name in names)
    return any(trials.base[name] > largest for name in depths if not list_path(name))


def is_list_length(trials: BaseTrials, name: str) -> bool:
    """Return True if the number equals the length of a list in its configuration, as a number of stages does."""
    lengths = Counter((parent_config(path), path) for path in map(list_path, trials.numbers) if path)
    beside, number = parent_config(name), trials.base[name]
    return any(config == beside and length == number for (config, _), length in lengths.items())


def find_depths(trials: BaseTrials, names: Iterable[str]) -> list[str]:
    """Return the fields that decide how many tensors there are, and make each of them small in the base."""
    depths = []
    for name in names:
        depth = shallow_depth(trials, name)
        if depth is not None:
            trials.move({name: depth})
            depths.append(name)
    return depths


def shallow_depth(trials: BaseTrials, name: str) -> int | None:
    """Return the value that the depth gets in the base; None if the field is no depth.

    A depth gives other tensor names at each of three neighbouring values. Two may differ at a special value too, such
    as embedding = hidden. A number that counts within another, such as the layers before the first with experts, may
    have no effect at some values: it is a depth if it gives three kinds of names, in a deeper stack at least.
    """
    number = int(trials.base[name])
    starts = (min(MAX_SHRUNK_DEPTH, number), 2, 1, number) if number > TRIED_DEPTHS else (number, 1)
    for start in dict.fromkeys(starts):
        names = _tensor_names_at(trials, name, (start, start + 1, start + 2))
        if None not in names and len(set(names)) == len(names):
            return start if number > TRIED_DEPTHS else number
        if len(set(names)) == 1:
            break
    if number > MAX_LAYER_COUNT:
        return None
    deeper: dict[str, Number] = {n: TRIED_DEPTHS for n in trials.integers if n != name and trials.is_shrunk(n)}
    for beside in ({}, deeper):
        names = _tensor_names_at(trials, name, (*range(TRIED_DEPTHS), *FAR_DEPTHS), beside)
        if len(set(names) - {None}) > 2:  # two kinds are one special value
            return number
    return None


def _tensor_names_at(
    trials: BaseTrials, name: str, numbers: Iterable[int], beside: Mapping[str, Number] | None = None
) -> list[frozenset[str] | None]:
    """Return the tensor names at each of these numbers, None for a rejection and for a number too large to build."""
    changes = [{**(beside or {}), name: number} if number < MAX_BUILT_COUNT else None for number in numbers]
    trials.prefetch(filter(None, changes))
    return [None if change is None else tensor_names(trials.build(change)) for change in changes]


def tensor_names(inventory: Inventory | None) -> frozenset[str] | None:
    """Return the names of an inventory's tensors, None for a rejection."""
    return None if inventory is None else frozenset(inventory)


def choose_rich_base(trials: BaseTrials, depths: Iterable[str]) -> None:
    """Move each depth of the base to where there are most kinds of tensors: layers with experts and layers without."""
    for name in depths:
        here = _kind_count(trials, {})
        richest = max(range(TRIED_DEPTHS), key=lambda depth, name=name: _kind_count(trials, {name: depth}))  # type: ignore[misc]
        if _kind_count(trials, {name: richest}) > here:
            trials.move({name: richest})


def _kind_count(trials: BaseTrials, changes: Mapping[str, Number]) -> int:
    """Return the number of kinds of tensors, the layers of a stack being one kind; 0 for a rejection."""
    inventory = trials.build(changes)
    return 0 if inventory is None else len(tensor_kinds(inventory))


def multiplies_tensors(
    trials: BaseTrials, axis: FieldDomain, near: Mapping[str, Number], far: Mapping[str, Number]
) -> bool:
    """Return True if there are many more tensors at the `far` changes, as for a depth under any name."""
    small, large = trials.build(near), trials.build(far)
    if small is None or large is None or len(large) <= len(small) + MIN_ADDED_TENSORS:
        return False
    alone = trials.build({axis.name: far[axis.name]})
    return alone is None or len(alone) > len(small) + MIN_ADDED_TENSORS


def index_list_domains(index_lists: Iterable[list[str]], domains: Mapping[str, FieldDomain]) -> Iterator[FieldDomain]:
    """Yield the domains of lists of layer indices of which every entry is free."""
    for names in index_lists:
        axes = [domains[name] for name in names if name in domains]
        if len(axes) == len(names) and all(axis.is_free for axis in axes):
            yield from axes
