"""Add the task heads that an entry lacks, over the formulas of the entry; runs in a worker of tools/atlas.py."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from random import Random

import atlas_index as shelf
from atlas_classes import auto_heads, further_classes, own_name
from atlas_held import held, names
from atlas_types import Kind
from atlas_work import limited, one, reason, refreshed, worker

from bertsym.count import count
from bertsym.derive.head_extension.extend import HeadExtension
from bertsym.derive.merge_heads import add_head
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.types import CannotDerive
from bertsym.derive.verification.recheck import recheck
from bertsym.saved_model.decode import parsed
from bertsym.saved_model.derived import Derived, unresolved
from bertsym.saved_model.encode import text
from bertsym.values import replace

# Builds that try a head once more with another seed: its own trials had more, and `check` makes others.
TRIALS = 4
MAX_BOUNDARIES = 4
# Random builds that test a formula, as many as for a base.
DERIVE_TRIALS = 16


def extended(
    kind: Kind, seed: int, limit: int, skipped: frozenset[str], *, whole: bool, further: bool
) -> tuple[str | None, list[str], dict[str, str]]:
    """Return the text of the entry with further heads, notes, and the reason for each class without a formula.

    The text is None if nothing was tried. If `whole`, a class that cannot be extended is derived alone.
    """
    refreshed()
    derived = parsed(json.loads(shelf.path(kind.name).read_bytes()), Path(f"{kind.name}.json"))
    if unresolved(derived.classes["model"]):
        return None, [], {}
    notes: list[str] = []
    without: dict[str, str] = {}
    tried = False
    for head, cls in _lacking(kind, derived, skipped, further=further):
        tried, began = True, time.monotonic()
        try:
            derived = _with_head(derived, head, cls, seed, limit, whole=whole)
            said = f"{head} {cls}"
        except Exception as error:  # noqa: BLE001  # one class is not worth the run of all
            without[cls] = reason(error)
            said = f"no {cls}: {without[cls]}"
        notes.append(f"{said} ({time.monotonic() - began:.1f} s)")
        print(f"  {kind.name}: {notes[-1]}", flush=True)  # a type with many heads takes a while
    return (text(derived) if tried else None), notes, without


def _lacking(kind: Kind, derived: Derived, skipped: frozenset[str], *, further: bool) -> Iterator[tuple[str, str]]:
    """Yield the classes over the configuration of this type that the entry lacks, each with the name of its head.

    If `further`, these are also the public classes that no auto mapping names.
    """
    import transformers  # noqa: PLC0415  # the workers' alone

    # InternLM3 has a configuration of its own and builds LlamaModel, whose heads take Llama's.
    config = getattr(transformers, kind.config, None)
    taken = {name: head.cls for name, head in derived.classes.items()}
    whole = {head.cls for head in derived.classes.values() if not unresolved(head)}
    named = _auto_names()
    own = [cls for name in (kind.name, *kind.shared) for cls in named.get(name, {}).values()]
    public = list(further_classes(config, set()))
    everywhere = {cls: head for heads in named.values() for head, cls in heads.items()}
    for cls in dict.fromkeys([*own, *(cls for cls in public if further or cls in everywhere)]):
        taken = {name: known for name, known in taken.items() if known != cls or cls in whole}
        if cls in whole or cls in skipped or getattr(transformers, cls).config_class is not config:
            continue
        head = everywhere.get(cls, "")
        head = head if head and head not in taken else own_name(cls, derived.cls, taken)
        taken[head] = cls
        yield head, cls


_names: list[dict[str, dict[str, str]]] = []


def _auto_names() -> dict[str, dict[str, str]]:
    if not _names:
        _names.append(auto_heads())
    return _names[0]


def _with_head(derived: Derived, head: str, cls: str, seed: int, limit: int, *, whole: bool) -> Derived:
    """Return the entry with one more class, tried again at fresh samples; raise the reason if that fails."""
    try:
        with limited(limit):
            oracle = BuildOracle(worker(), cls, {}, with_lists=bool(derived.layer_lists))
            extension = HeadExtension(derived, oracle, Random(seed), DERIVE_TRIALS, seed)
            found = add_head(derived, head, extension.derive())
            return _confirmed(_told(derived, found, head, oracle), head, oracle, seed)
    except (CannotDerive, TimeoutError):
        if not whole:
            raise
    with limited(limit):
        found = add_head(derived, head, one(cls, seed))
        oracle = BuildOracle(worker(), cls, {}, with_lists=bool(derived.layer_lists))
        return _confirmed(_told(derived, found, head, oracle), head, oracle, seed)


def _told(before: Derived, derived: Derived, head: str, oracle: BuildOracle) -> Derived:
    """Return the entry with the spellings of its new fields, and the fields of the head that are not numbers."""
    spellings: dict[str, tuple[str, ...]] = {}
    for own, common in names(derived.cls):
        spellings[own] = (*spellings.get(own, ()), common)
    fields = {
        symbol: field if symbol in before.fields else replace(field, aliases=spellings.get(field.path, ()))
        for symbol, field in derived.fields.items()
    }
    added = derived.heads[head]
    found = {**held(added.cls, derived, _small(oracle)), **added.fixed}
    # A field that differs from layer to layer is refused in every file.
    fixed = {path: at for path, at in found.items() if not path.startswith("per_layer_config.")}
    return replace(derived, fields=fields, heads={**derived.heads, head: replace(added, fixed=fixed)})


def _small(oracle: BuildOracle) -> dict[str, int | float] | None:
    """Return the sizes of the smallest build so far, None if there is none."""
    smallest = min(oracle.accepted(), key=oracle.tensor_count, default=None)
    if smallest is None:
        return None
    return {name: float(n) if isinstance(n, Fraction) else n for name, n in smallest.items()}


def _confirmed(derived: Derived, head: str, oracle: BuildOracle, seed: int) -> Derived:
    """Return the entry if the head's count at the defaults and fresh builds agree; raise the reason if not."""
    added = derived.heads[head]
    if unresolved(added):
        first = unresolved(added)[0]
        raise CannotDerive(added.cls, f"no formula for {first.tensor}, {first.part}: {first.reason}")
    if added.evidence is not None and added.evidence.parameters is not None:
        model = derived.model(head=head)
        number = count(model.with_sizes(model.architecture.sizes[model.architecture.base].values))
        if number != added.evidence.parameters:
            problem = f"{number:,} at the code's own sizes, where it has {added.evidence.parameters:,}"
            raise CannotDerive(added.cls, problem)
    read = parsed(json.loads(text(derived)), Path(f"{derived.name}.json"))
    wrong = recheck(read, head, oracle, Random(seed + 1), TRIALS, MAX_BOUNDARIES)
    if wrong is not None:
        raise CannotDerive(added.cls, f"a check found it wrong: {wrong}")
    return read
