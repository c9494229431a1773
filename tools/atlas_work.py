"""Derive a model type with its heads, or recheck an entry; runs in a worker of tools/atlas.py."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.util import Finalize
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any, NoReturn

import atlas_index as shelf
from absent_switches import with_absent_switches
from atlas_fields import field_rules
from atlas_held import held, names
from atlas_types import Kind, library
from class_builds import Builds, at
from list_lengths import with_list_lengths
from part_defaults import with_part_defaults

from bertsym.count import count
from bertsym.derive.domain.stored_space import stored_space
from bertsym.derive.export import recorded, with_omission
from bertsym.derive.head_extension.extend import extend_head
from bertsym.derive.merge_heads import add_head
from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.derive.oracle.legal_configurations import LEGAL, legal_fields
from bertsym.derive.pipeline import derive_in, with_list_rules
from bertsym.derive.synthesis.definitions import Defaults
from bertsym.derive.types import CannotDerive
from bertsym.derive.verification.check import built_count
from bertsym.derive.verification.recheck import recheck
from bertsym.errors import BertsymError
from bertsym.saved_model.decode import parsed
from bertsym.saved_model.derived import FIRST, Derived, DerivedHead, Evidence, UnresolvedTensor, unresolved
from bertsym.saved_model.encode import text
from bertsym.saved_model.field_rules import FieldRules, ValueKind
from bertsym.values import replace

NO_SETTINGS: Mapping[str, Any] = MappingProxyType({})
SECONDS = 120.0
LONGEST_REASON = 200
MOST_IN_ONE = 40
SECONDS_OF_CHECK = 300
THOROUGH = 40
TRIALS = 10
_workers: list[Worker] = []
_since: list[int] = []


def entry(kind: Kind, seed: int, limit: int, *, with_rules: bool = True) -> tuple[str | None, str]:
    """Return the text of an entry and notes about it, or None and the reason; `limit` is in seconds a class.

    An earlier entry that is better, and that the code still agrees with, is kept.
    """
    try:
        written, why = made(kind, seed, limit, with_rules=with_rules)
    except Exception as error:  # noqa: BLE001  # one model type is not worth the run of all
        written, why = None, reason(error)
    there = earlier(kind)
    if there is None or left(there) >= left(written):
        return written, why
    read = parsed(json.loads(there), Path(f"{kind.name}.json"))
    return (written, why) if dict(disagreements(read, kind, seed + 2, THOROUGH)) else (there, f"kept; now {why}")


def earlier(kind: Kind) -> str | None:
    """Return the text of the stored entry if it is from the same library, whichever engine made it."""
    if not shelf.path(kind.name).exists():
        return None
    there = shelf.path(kind.name).read_text(encoding="utf-8")
    return there if json.loads(there)["source"] == library() else None


def left(written: str | None) -> tuple[bool, int, int, int]:
    """Return a sort key, best first: no entry, unresolved tensors of the class, incomplete heads, fixed fields."""
    if written is None:
        return True, 0, 0, 0
    found = json.loads(written)
    missing = {name: len(shelf.unresolved(head)) for name, head in found["heads"].items()}
    return False, missing[FIRST], sum(map(bool, missing.values())), len(found.get("fixed_by_derivation", {}))


def made(kind: Kind, seed: int, limit: int, *, with_rules: bool = True) -> tuple[str | None, str]:
    """Return the text of a new entry with notes, or None and the reason if the class itself has no formula."""
    refreshed()
    try:
        with limited(limit):
            first = one(kind.target, seed, kind.settings)
    except (BertsymError, TimeoutError) as error:
        return None, reason(error)
    failed: dict[str, DerivedHead] = {}
    notes = []
    whole = replace(first, name=kind.model_type, source=library())
    for head, cls in ((head, cls) for head, cls in kind.heads if takes(cls, kind)):
        try:
            with limited(limit):
                whole = add_head(whole, head, _head(whole, cls, seed, kind.settings))
        except (BertsymError, TimeoutError) as error:
            nothing = (UnresolvedTensor("all of them", "class", reason(error)),)
            failed[head] = DerivedHead(cls, (), Evidence(0, 0, 0, seed, 0, None, nothing))
            notes.append(f"no {head}: {reason(error)}")
    whole = replace(whole, heads={**whole.heads, **failed})
    whole = counted(with_part_defaults(Builds(kind.name), told(kind, whole)))
    try:
        if with_rules:
            with limited(limit):
                whole = with_field_rules(kind, whole, seed)
    except Exception as error:  # noqa: BLE001  # `tell` tries again
        notes.append(f"no rules of fields: {reason(error)}")
    written = text(whole)
    read = parsed(json.loads(written), Path(f"{kind.name}.json"))
    wrong = dict(disagreements(read, kind, seed + 1, TRIALS))
    if wrong:
        written = text(without(read, wrong))
        read = parsed(json.loads(written), Path(f"{kind.name}.json"))
    notes += [f"{len(unresolved(head))} of {head.cls} unresolved" for head in read.classes.values() if unresolved(head)]
    return written, "; ".join(notes)


def _head(base: Derived, cls: str, seed: int, settings: Mapping[str, Any]) -> Derived:
    """Return a head over its base, derived alone if the base does not explain it."""
    if not unresolved(base.classes[FIRST]):
        with suppress(CannotDerive):
            return extend_head(base, worker(), cls, settings, seed=seed)
    return one(cls, seed, settings)


def retold(kind: Kind, seed: int, seconds: int) -> str:
    """Return the text of an entry with its facts from the configuration class renewed; its formulas stay.

    Raise TimeoutError if the search for the rules of its fields takes longer than `seconds`.
    """
    refreshed()
    derived = parsed(json.loads(shelf.path(kind.name).read_bytes()), Path(f"{kind.name}.json"))
    symbols = {field.path: symbol for symbol, field in derived.fields.items()}
    with limited(SECONDS_OF_CHECK):
        oracle = BuildOracle(worker(), kind.target, kind.settings, with_lists=bool(derived.layer_lists))
        absences = Defaults(oracle, stored_space(derived), symbols, Random(seed)).absences()
    fields = {symbol: with_omission(field, absences) for symbol, field in derived.fields.items()}
    renewed = with_part_defaults(Builds(kind.name), told(kind, replace(derived, fields=fields)))
    with limited(seconds):
        ruled = with_field_rules(kind, renewed, seed)
        return text(with_list_rules(ruled, worker(), kind.target, kind.settings, seed=seed))


def with_field_rules(kind: Kind, derived: Derived, seed: int) -> Derived:
    """Return the entry with the rules about the files of its model type; raise `NoAgreement`."""
    derived = with_absent_switches(kind, derived, seed)
    ruled = replace(derived, rules=with_required(kind, field_rules(kind, derived, seed)))
    return with_list_lengths(kind, ruled, seed)


def with_required(kind: Kind, rules: FieldRules) -> FieldRules:
    """Return the rules with the fields refused as missing without which alone the class does not build."""
    legal = legal_fields(kind.model_type, kind.settings)
    missing = {
        path: rules.refused.get(path, frozenset()) | {ValueKind.ABSENT}
        for path in LEGAL.get(kind.model_type, {})
        if not _builds(kind, {name: found for name, found in legal.items() if name != path})
    }
    return replace(rules, refused={**rules.refused, **missing})


def _builds(kind: Kind, fields: Mapping[str, Any]) -> bool:
    """Return True if the class builds with these fields of its configuration."""
    import torch  # noqa: PLC0415  # the workers' alone
    import transformers  # noqa: PLC0415

    with suppress(Exception), torch.device("meta"):
        getattr(transformers, kind.cls)(getattr(transformers, kind.config)(**fields))
        return True
    return False


def told(kind: Kind, derived: Derived) -> Derived:
    """Return the entry with facts from the configuration class: spellings, and fields that are not numbers."""
    spellings: dict[str, tuple[str, ...]] = {}
    for own, common in names(kind.cls):
        spellings[own] = (*spellings.get(own, ()), common)
    fields = {s: replace(field, aliases=spellings.get(field.path, ())) for s, field in derived.fields.items()}
    fixed = held(kind.cls, derived, settings=kind.settings)
    base = replace(derived, fields=fields, fixed_by_code={**derived.fixed_by_code, **fixed})
    heads = {
        name: replace(head, fixed={**held(head.cls, base, settings=kind.settings), **head.fixed})
        for name, head in derived.heads.items()
    }
    return replace(base, heads=heads)


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in this process if the block runs longer."""

    def over(*_: object) -> NoReturn:
        raise TimeoutError(f"not done within {seconds} seconds")

    signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def one(target: str, seed: int, settings: Mapping[str, Any] = NO_SETTINGS) -> Derived:
    """Derive one class, with the number of parameters that the code builds at its defaults and the settings."""
    found = derive_in(worker(), target, settings, seed=seed)
    oracle = BuildOracle(worker(), target, settings, with_lists=bool(found.derived.layer_lists))
    there = oracle.build(found.fields)
    return recorded(found, None if there is None else built_count(there))


def counted(derived: Derived) -> Derived:
    """Return the entry without the formulas that miss the number that the code builds at its defaults."""
    heads = {name: _counted(derived, name, head) for name, head in derived.classes.items()}
    return replace(derived, evidence=heads.pop(FIRST).evidence, heads=heads)


def _counted(derived: Derived, name: str, head: DerivedHead) -> DerivedHead:
    if head.evidence is None or head.evidence.parameters is None or unresolved(head):
        return head
    model = derived.model(head=name)
    number = count(model.with_sizes(model.architecture.sizes[model.architecture.base].values))
    if number == head.evidence.parameters:
        return head
    return refused(head, "total", f"{number:,} at the code's own sizes, where it has {head.evidence.parameters:,}")


def without(derived: Derived, wrong: Mapping[str, str]) -> Derived:
    """Return the entry without the formulas that a recheck refuted."""
    heads = {
        name: refused(head, "trial", wrong[name]) if name in wrong else head for name, head in derived.classes.items()
    }
    return replace(derived, evidence=heads.pop(FIRST).evidence, heads=heads)


def refused(head: DerivedHead, part: str, why: str) -> DerivedHead:
    """Return the class without a formula, with the reason."""
    assert head.evidence is not None  # noqa: S101  # it was derived just now
    return replace(head, evidence=replace(head.evidence, unresolved=(UnresolvedTensor("all of them", part, why),)))


def takes(cls: str, kind: Kind) -> bool:
    """Return True if the class takes the configuration of this model type; types may share model code."""
    import transformers  # noqa: PLC0415  # the workers' alone

    return getattr(transformers, cls).config_class.__name__ == kind.config


def defaults(kind: Kind) -> dict[str, Any]:
    """Return what the configuration class has by default at the settings of a variant."""
    import transformers  # noqa: PLC0415  # the workers' alone

    file: dict[str, Any] = json.loads(getattr(transformers, kind.config)().to_json_string(use_diff=False))
    return {path: at(file, path) for path in kind.settings}


def worker() -> Worker:
    """Return the process that runs the model code; it is started at the first call."""
    if not _workers:
        _workers.append(Worker(SECONDS, parallel=False))  # there is one a processor
        Finalize(None, _workers[0].close, exitpriority=10)
    return _workers[0]


def refreshed() -> None:
    """Start a new process after some model types, because imported modules stay in memory."""
    _since.append(1)
    if len(_since) > MOST_IN_ONE:
        _since.clear()
        worker().close()


def reason(error: Exception) -> str:
    """Return an error as one line, cut before details that change from run to run."""
    said = error.problem if isinstance(error, CannotDerive) else f"{type(error).__name__}: {error}"
    return " ".join(said.split()).partition(". ")[0][:LONGEST_REASON]


def checked(kind: Kind, seed: int, draws: int) -> Iterator[str]:
    """Yield the classes of a stored entry that the code builds otherwise, each with the first difference."""
    refreshed()
    derived = parsed(json.loads(shelf.path(kind.name).read_bytes()), Path(f"{kind.name}.json"))
    for name, wrong in disagreements(derived, kind, seed, draws):
        yield f"{derived.classes[name].cls}: {wrong}"


def disagreements(derived: Derived, kind: Kind, seed: int, draws: int) -> Iterator[tuple[str, str]]:
    """Yield the heads that the code builds otherwise, with the first difference; skip incomplete heads."""
    for place, (name, head) in enumerate(derived.classes.items()):
        if unresolved(head):
            continue
        random = Random(seed * 1_000_003 + place)
        try:
            with limited(SECONDS_OF_CHECK):
                code = kind.target if name == FIRST else head.cls
                oracle = BuildOracle(worker(), code, kind.settings, with_lists=bool(derived.layer_lists))
                wrong = recheck(derived, name, oracle, random, draws)
        except (BertsymError, TimeoutError) as error:
            wrong = reason(error)
        if wrong is not None:
            yield name, " ".join(wrong.split())[:LONGEST_REASON]
