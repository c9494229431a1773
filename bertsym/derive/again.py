"""A stored formula tried again: sizes drawn anew from its own rules, and what the code builds there."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from bertsym.algebra import Value
from bertsym.derive.families import Sample
from bertsym.derive.process import Builder
from bertsym.derive.proof import disagreement
from bertsym.sources.derived import Derived, Tried

MOST_REFUSED = 40


def tried_again(derived: Derived, head: str, builder: Builder, random: Random, draws: int) -> str | None:
    """The first tensor that the code has otherwise at one of so many draws, and where; None where all agree.

    A head of which some tensors have no formula is not compared.
    """
    tensors = derived.classes[head].tensors
    for _ in range(draws):
        for _ in range(MOST_REFUSED):
            fields = drawn(derived, random)
            inventory = builder.build(fields)
            if inventory is not None:
                break
        else:
            return f"the code refuses {MOST_REFUSED} draws in a row: {builder.raised}"
        sizes = {symbol: fields[place.field] for symbol, place in derived.places.items()}
        wrong = disagreement(tensors, Sample(sizes, inventory))
        if wrong is not None:
            at = ", ".join(f"{name}={found}" for name, found in fields.items())
            return f"{wrong} at {at}"
    return None


def drawn(derived: Derived, random: Random) -> dict[str, Value]:
    """Every field that a size stands for, all at once, each after those that it follows."""
    fields: dict[str, Value] = {}
    rules = {place.field: (place.tried, derived.base[symbol]) for symbol, place in derived.places.items()}
    rules |= {name: (idle.tried, idle.base) for name, idle in derived.idle.items() if idle.base is not None}
    waiting = list(rules)
    while waiting:
        ready = [field for field in waiting if not _leaders(rules[field][0]) & set(waiting)] or waiting[:1]
        for field in ready:
            fields[field] = _value(*rules[field], fields, random)
            waiting.remove(field)
    return fields


def _leaders(tried: Tried | None) -> set[str]:
    if tried is None:
        return set()
    return {*tried.of, tried.within, tried.above, *(name for name, _ in tried.needs)} - {""}


def _value(tried: Tried | None, base: Value, fields: Mapping[str, Value], random: Random) -> Value:
    if tried is None:
        return random.random() < 0.5 if isinstance(base, bool) else base
    if any(name in fields and fields[name] != wanted for name, wanted in tried.needs):
        return base
    if tried.values:
        return random.choice(tried.values)
    unit = tried.unit
    for name in tried.of:
        unit *= fields[name]
    most = tried.most
    if tried.within:
        most = min(most, int(fields[tried.within] // unit)) if unit else most
    steps = 1 if tried.exact else random.randint(tried.low, max(most, tried.low))
    return (fields[tried.above] if tried.above else 0) + unit * steps
