"""Find the switches of a part that the model code takes for on, or off, if a file leaves them out.

SigLIP builds its pooling head unless `vision_use_head` says no. PaliGemma's own default says no, so that a file with
a part of its own that does not mention the field has the head, and a file without that part has none.
"""

from __future__ import annotations

from typing import Any

from atlas_types import Kind
from class_builds import File, at, changed
from field_trials import FILE, FieldTrials
from sympy import Integer

from bertsym.config.configfile import read_config
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.saved_model.derived import FIRST, Derived
from bertsym.saved_model.field_rules import FieldRules
from bertsym.saved_model.presentation import PresentedEntry
from bertsym.symbols import BY_SYMBOL
from bertsym.symbols import Kind as SizeKind
from bertsym.values import replace


def with_absent_switches(kind: Kind, derived: Derived, seed: int) -> Derived:
    """Return the entry with the value that each switch of a part takes if a file omits it, where the class agrees."""
    trials = FieldTrials(kind, derived, seed)
    for symbol, field in derived.fields.items():
        if BY_SYMBOL[symbol].kind is not SizeKind.SWITCH or "." not in field.path or "[" in field.path:
            continue
        own = {**derived.fields, symbol: replace(field, if_omitted=None)}
        other = {**own, symbol: replace(field, if_omitted=Integer(1 - int(derived.defaults[symbol])))}
        plain, switched = (replace(derived, fields=fields) for fields in (own, other))
        if not _agree(trials, plain, field.path) and _agree(trials, switched, field.path):
            derived = switched
    return derived


def _agree(trials: FieldTrials, derived: Derived, path: str) -> bool:
    """Return True if the reader and the class count files without the field alike, and at least two of them."""
    entry, agreed = PresentedEntry(replace(derived, rules=FieldRules())), 0
    for file in _files(trials, derived, path):
        try:
            counted = count(read_config(file, FILE, FIRST, entry=entry))
        except BertsymError:
            continue
        built = trials.theirs(file)
        if built not in (None, counted):
            return False
        agreed += built is not None
    return agreed > 1


def _files(trials: FieldTrials, derived: Derived, path: str) -> list[File]:
    """Return files without the field: full, with another size of its part, and with little else in the part."""
    part = path.rpartition(".")[0]
    whole = changed(trials.full, {path: ...})
    sizes: list[tuple[str, Any]] = [
        (field.path, at(trials.full, field.path))
        for field in derived.fields.values()
        if field.path.rpartition(".")[0] == part and type(at(trials.full, field.path)) is int
    ]
    resized = [changed(whole, {size: 2 * value}) for size, value in sizes]
    named = {name: value for name, value in (at(trials.full, part) or {}).items() if name == "model_type"}
    return [whole, *resized, *(changed(file, {part: named}) for file in (trials.sparse, trials.full))]
