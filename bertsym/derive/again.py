"""A stored formula tried again: sizes drawn anew from its own rules, and what the code builds there."""

from __future__ import annotations

from random import Random

from bertsym.algebra import Value
from bertsym.derive.infer import Sample
from bertsym.derive.process import Builder
from bertsym.derive.proof import disagreement
from bertsym.sources.derived import Derived, Tried
from bertsym.symbols import BY_SYMBOL, Kind

MOST_REFUSED = 40


def tried_again(derived: Derived, head: str, builder: Builder, random: Random, draws: int) -> str | None:
    """The first tensor that the code has otherwise at one of so many draws, and where; None where all agree.

    A head of which some tensors have no formula is not compared.
    """
    model = derived.model(head=head)
    for _ in range(draws):
        for _ in range(MOST_REFUSED):
            fields = drawn(derived, random)
            inventory = builder.build(fields)
            if inventory is not None:
                break
        else:
            return f"the code refuses {MOST_REFUSED} draws in a row: {builder.raised}"
        sizes = {symbol: fields[place.field] for symbol, place in derived.places.items()}
        wrong = disagreement(model, Sample(sizes, inventory))
        if wrong is not None:
            at = ", ".join(f"{name}={found}" for name, found in fields.items())
            return f"{wrong} at {at}"
    return None


def drawn(derived: Derived, random: Random) -> dict[str, int | bool]:
    """Every field that a size stands for, all at once, each after those that it follows."""
    fields: dict[str, Value] = {name: idle.base for name, idle in derived.idle.items() if idle.base is not None}
    rules = {place.field: (symbol, place.tried) for symbol, place in derived.places.items()}
    waiting = list(rules)
    while waiting:
        ready = [field for field in waiting if not _leaders(rules[field][1]) & set(waiting)] or waiting[:1]
        for field in ready:
            symbol, tried = rules[field]
            switch = BY_SYMBOL[symbol].kind is Kind.SWITCH
            fields[field] = _value(tried, fields, derived.base[symbol], random, switch=switch)
            waiting.remove(field)
    return fields  # type: ignore[return-value]  # fractions come with the engine that draws them


def _leaders(tried: Tried | None) -> set[str]:
    if tried is None:
        return set()
    return {*tried.of, tried.within, tried.above, *(name for name, _ in tried.needs)} - {""}


def _value(tried: Tried | None, fields: dict[str, Value], base: Value, random: Random, *, switch: bool) -> Value:
    if tried is None:
        return random.random() < 0.5 if switch else base
    if any(fields[name] != wanted for name, wanted in tried.needs):
        return base
    if tried.values:
        return random.choice(tried.values)
    unit = tried.unit
    for name in tried.of:
        unit *= fields[name]
    most = tried.most
    if tried.within:
        most = min(most, int(fields[tried.within] // unit))
    steps = 1 if tried.exact else random.randint(tried.low, max(most, tried.low))
    return (fields[tried.above] if tried.above else 0) + unit * steps
