"""A stored formula tried again: sizes drawn anew from its own rules, and what the code builds there."""

from __future__ import annotations

from itertools import islice
from random import Random

from bertsym.derive.families import Sample
from bertsym.derive.process import Builder, Number
from bertsym.derive.proof import counted, disagreement, parameters
from bertsym.derive.recording import space
from bertsym.sources.derived import Derived

MOST_REFUSED = 40
KINDS = ("uniform", "small", "equal", "deep", "edge")
DEEPEST, LESS = 100, 3
BOTH = 2  # what is equal in the code itself, and what happens to be


def tried_again(derived: Derived, head: str, builder: Builder, random: Random, draws: int) -> str | None:
    """The first tensor that the code has otherwise at one of so many draws, or the total, and where; None if none.

    A head of which some tensors have no formula is not compared.
    """
    tensors, model = derived.classes[head].tensors, derived.model(head=head)
    for place in range(draws):
        for attempt in range(MOST_REFUSED):
            fields = drawn(derived, random, KINDS[place % len(KINDS)] if 2 * attempt < MOST_REFUSED else "uniform")
            inventory = builder.build(fields)
            if inventory is not None:
                break
        else:
            return f"the code refuses {MOST_REFUSED} draws in a row, the last for {builder.raised}"
        sample = Sample({symbol: fields[place.field] for symbol, place in derived.places.items()}, inventory)
        wrong = disagreement(tensors, sample)
        if wrong is None and KINDS[place % len(KINDS)] == "small":
            wrong = None if counted(model, sample) in (None, parameters(inventory)) else "total"
        if wrong is not None:
            at = ", ".join(f"{name}={found}" for name, found in fields.items())
            return f"{wrong} at {at}"
    return None


def drawn(derived: Derived, random: Random, kind: str) -> dict[str, Number]:
    """Every field that a size stands for, and those without effect, all at once, in a draw of one of the `KINDS`.

    A deep one is as deep as the code is, or nearly.
    """
    there = space(derived)
    steps = there.small(random) if kind == "small" else there.steps(random, edge=kind == "edge")
    if kind == "equal":
        steps = there.equal(steps, random.choice(list(islice(there.rounds(random), BOTH))))
    for axis in there.axes if kind == "deep" else ():
        own = axis.beyond(there.base)
        if own is not None and own <= DEEPEST:
            steps[axis.name] = max(own - random.randint(0, LESS), axis.low)
    return there.fields(steps)
