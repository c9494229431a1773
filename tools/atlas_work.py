"""What a worker of the atlas does: derives a model type with its heads, or tries an entry again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import atlas_index as shelf
from atlas_held import held, names
from atlas_types import Kind, library

from bertsym.derive.again import tried_again
from bertsym.derive.deriving import derive_in
from bertsym.derive.joining import joined
from bertsym.derive.process import Builder, CannotDerive, Worker
from bertsym.derive.proof import parameters
from bertsym.derive.recording import recorded
from bertsym.errors import BertsymError
from bertsym.sources.derived import Derived, DerivedHead, Evidence, Refused, refusals
from bertsym.sources.saved import parsed
from bertsym.sources.saving import text
from bertsym.values import replace

SECONDS = 20.0
LONGEST_REASON = 200
WORKER = Worker(SECONDS)


def entry(kind: Kind, seed: int) -> tuple[str | None, str]:
    """The text of an entry and what is to be said of it, or None and why there is none."""
    try:
        first = one(kind.cls, seed)
    except (BertsymError, TimeoutError) as error:
        return None, reason(error)
    heads: dict[str, Derived] = {}
    failed: dict[str, DerivedHead] = {}
    notes = []
    for head, cls in kind.heads:
        try:
            heads[head] = one(cls, seed)
        except (BertsymError, TimeoutError) as error:
            nothing = (Refused("all of them", "class", reason(error)),)
            failed[head] = DerivedHead(cls, (), Evidence(0, 0, 0, seed, 0, None, nothing))
            notes.append(f"no {head}: {reason(error)}")
    whole = joined(first, heads)
    whole = replace(whole, name=kind.name, source=library(), heads={**whole.heads, **failed})
    whole = told(kind, whole)
    written = text(whole)
    read = parsed(json.loads(written), shelf.path(kind.name))
    notes += [f"{len(refusals(found))} of {found.cls} refused" for found in read.classes.values() if refusals(found)]
    return written, "; ".join(notes)


def told(kind: Kind, derived: Derived) -> Derived:
    """The entry with what the configuration class says of itself: further spellings, and fields that are no numbers."""
    spellings: dict[str, tuple[str, ...]] = {}
    for own, common in names(kind.cls):
        spellings[own] = (*spellings.get(own, ()), common)
    places = {s: replace(place, aliases=spellings.get(place.field, ())) for s, place in derived.places.items()}
    stuck: dict[str, Any] = {}
    for cls in (kind.cls, *(head.cls for head in derived.heads.values())):
        stuck |= held(cls, derived)
    return replace(derived, places=places, held=stuck)


def one(cls: str, seed: int) -> Derived:
    """One class, with the number that the code itself has at its own sizes."""
    found = derive_in(WORKER, cls, {}, seed=seed)
    builder = Builder(WORKER, cls, {})
    there = builder.build(builder.description.fields)
    return recorded(found, None if there is None else parameters(there))


def reason(error: Exception) -> str:
    """What went wrong, on one line, without what changes from run to run."""
    said = error.problem if isinstance(error, CannotDerive) else f"{type(error).__name__}: {error}"
    return " ".join(said.split())[:LONGEST_REASON]


def disagreements(kind: Kind, seed: int, draws: int) -> Iterator[str]:
    """The classes of an entry that the code builds otherwise, each with where."""
    content = shelf.path(kind.name).read_bytes()
    derived = parsed(json.loads(content), shelf.path(kind.name))
    for place, (name, head) in enumerate(derived.classes.items()):
        if refusals(head):
            continue
        random = Random(seed * 1_000_003 + place)
        try:
            wrong = tried_again(derived, name, Builder(WORKER, head.cls, {}), random, draws)
        except (BertsymError, TimeoutError) as error:
            wrong = reason(error)
        if wrong is not None:
            yield f"{head.cls}: {wrong}"
