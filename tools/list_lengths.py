"""Make a size of the length of a list, where the class has a module for each entry: Qwen3-VL's `deepstack_merger_list`.

The rules of an entry fix the length of such a list. Two builds, one with an entry more, show which modules there is one
of for each entry. The loop that follows is tried at other lengths, names included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from types import MappingProxyType
from typing import Any

import sympy
from atlas_types import Kind
from class_builds import BuildError, File, at, changed
from field_trials import FILE, FieldTrials

from bertsym.config.configfile import read_config
from bertsym.count import written_out
from bertsym.errors import BertsymError
from bertsym.saved_model.allowed_values import Free
from bertsym.saved_model.derived import ConfigField, Derived, Domain
from bertsym.saved_model.presentation import PresentedEntry
from bertsym.symbols import Kind as SizeKind
from bertsym.symbols import Own
from bertsym.tree import Loop, Tensor
from bertsym.values import replace

LONGEST = 8
LENGTH = "[]"


def with_list_lengths(kind: Kind, derived: Derived, seed: int) -> Derived:
    """Return the entry with a size for each fixed length of a list that the class has modules for, entry by entry."""
    for path in [path.removesuffix(LENGTH) for path in derived.rules.fixed if path.endswith(LENGTH)]:
        trials = FieldTrials(kind, derived, seed)
        trials.limit_depth()
        found = _with_length(derived, trials, path)
        if found is not None and _holds(found, trials, path):
            derived = found
    return derived


def _with_length(derived: Derived, trials: FieldTrials, path: str) -> Derived | None:
    """Return the entry with a loop over the entries of the list, None if no module is there once an entry."""
    default = at(trials.full, path)
    heads = {}
    symbol = Own(f"{path.rpartition('.')[2]}_length", SizeKind.DEPTH, 0, f"entries of {path}")
    for name, head in derived.classes.items():
        fewer, more = (_names(trials, path, default, head.cls, len(default) + extra) for extra in (0, 1))
        if fewer is None or more is None:
            return None
        templates = set(_templates(more - fewer, fewer, len(default)))
        tensors = tuple(_looped(head.tensors, templates, len(default), symbol))
        heads[name] = replace(head, tensors=tensors)
    first = heads.pop("model")
    if first.tensors == derived.tensors:
        return None
    idle = {p: field for p, field in derived.no_effect.items() if not p.startswith(f"{path}[")}
    domain = Domain(Free(1), 0, LONGEST)
    return replace(
        derived,
        tensors=first.tensors,
        heads=MappingProxyType(heads),
        defaults=MappingProxyType({**derived.defaults, symbol: len(default)}),
        fields=MappingProxyType({**derived.fields, symbol: ConfigField(f"{path}{LENGTH}", domain)}),
        no_effect=MappingProxyType(idle),
        rules=replace(
            derived.rules, fixed={p: found for p, found in derived.rules.fixed.items() if p != f"{path}{LENGTH}"}
        ),
    )


def _names(trials: FieldTrials, path: str, default: Sequence[Any], cls: str, length: int) -> set[str] | None:
    try:
        return set(trials.builds.shapes(changed(trials.sparse, {path: _list(default, length)}), cls))
    except BuildError:
        return None


def _list(default: Sequence[Any], length: int) -> list[Any]:
    return list(islice(cycle(default), length))


def _templates(new: set[str], names: set[str], length: int) -> Iterator[str]:
    """Yield the names with `{}` for the index of an entry, of which there is one for each."""
    for name in new:
        parts = name.split(".")
        for place, part in enumerate(parts):
            template = ".".join((*parts[:place], "{}", *parts[place + 1 :]))
            if part == str(length) and all(template.format(index) in names for index in range(length)):
                yield template


def _looped(tensors: Sequence[Tensor], templates: set[str], length: int, symbol: sympy.Symbol) -> Iterator[Tensor]:
    """Yield the tensors, those of the entries of the list as one with a loop."""
    by_name = {tensor.name: tensor for tensor in tensors if not tensor.loops}
    gone: set[str] = set()
    loop = Loop(sympy.S.Zero, symbol)
    for tensor in tensors:
        if tensor.name in gone:
            continue
        template = next((one for one in templates if one.format(0) == tensor.name), None)
        entries = [by_name.get(template.format(index)) for index in range(length)] if template else []
        if template and all(one is not None and _alike(one, tensor) for one in entries):
            gone |= {template.format(index) for index in range(length)}
            yield replace(tensor, name=template, loops=(loop,))
        else:
            yield tensor


def _alike(one: Tensor, other: Tensor) -> bool:
    return replace(one, name=other.name) == other


def _holds(derived: Derived, trials: FieldTrials, path: str) -> bool:
    """Return True if the class builds the tensors of the formula, in names and shapes, at every length it accepts."""
    default, entry = at(trials.full, path), PresentedEntry(derived)
    compared = 0
    for length in range(LONGEST + 1):
        file = changed(trials.sparse, {path: _list(default, length)})
        for name, head in derived.classes.items():
            try:
                theirs = trials.builds.shapes(file, head.cls)
            except BuildError:
                continue
            if _ours(entry, file, name) != theirs:
                return False
            compared += 1
    return compared > 2 * len(derived.classes)


def _ours(entry: PresentedEntry, file: File, head: str) -> Mapping[str, tuple[int, ...]] | None:
    try:
        return {name: shape for name, shape, _ in written_out(read_config(file, FILE, head, entry=entry))}
    except BertsymError:
        return None
