"""A stored formula tried again: sizes drawn anew from its own rules, and what the code builds there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain, islice
from random import Random

from sympy import Symbol

from bertsym.derive.concolic.path_conditions import boundaries
from bertsym.derive.domain.space import Space
from bertsym.derive.domain.stored_space import stored_space
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.sampling.boundary import aimed
from bertsym.derive.sampling.equality_patterns import coinciding, groupings
from bertsym.derive.types import CannotDerive, Number, Observation
from bertsym.derive.verification.check import counted, disagreement, parameters
from bertsym.saved_model.derived import Derived

MOST_REFUSED = 40
KINDS = ("uniform", "small", "equal", "near", "deep", "edge")
DEEPEST, LESS = 100, 3
GROUPINGS = 4  # what is equal in the code itself, and what happens to be


def recheck(derived: Derived, head: str, oracle: BuildOracle, random: Random, draws: int) -> str | None:
    """The first tensor that the code has otherwise at a draw, or the total, and where; None if none.

    There are so many draws of all kinds, and those that the formula's own conditions and roundings, or what the code
    compares, ask for. A head of which some tensors have no formula is not compared.
    """
    tensors, model = derived.classes[head].tensors, derived.model(head=head)
    there, symbols = stored_space(derived), {field.path: symbol for symbol, field in derived.fields.items()}
    compared = boundaries(filter(None, [oracle.trace(there.base, _numbers(there, symbols))]))
    borderline = aimed(tensors, there, symbols, random, compared)
    many = chain(_accepted(there, oracle, random, draws), map(there.fields, borderline))
    for place, fields in enumerate(many):
        inventory = oracle.build(fields)
        if inventory is None:
            continue
        sample = Observation({symbol: fields[name] for name, symbol in symbols.items()}, inventory)
        wrong = disagreement(tensors, sample)
        if wrong is None and KINDS[place % len(KINDS)] == "small":
            wrong = None if counted(model, sample) in (None, parameters(inventory)) else "total"
        if wrong is not None:
            at = ", ".join(f"{name}={found}" for name, found in fields.items())
            return f"{wrong} at {at}"
    return None


def _numbers(there: Space, symbols: Mapping[str, Symbol]) -> dict[str, Symbol]:
    return {axis.name: symbols[axis.name] for axis in there.axes if not axis.is_switch and axis.name in symbols}


def _accepted(there: Space, oracle: BuildOracle, random: Random, draws: int) -> Iterator[dict[str, Number]]:
    """So many draws that the code accepts, by turns of each of the `KINDS`; raises `CannotDerive`."""
    for place in range(draws):
        for attempt in range(MOST_REFUSED):
            fields = drawn(there, random, KINDS[place % len(KINDS)] if 2 * attempt < MOST_REFUSED else "uniform")
            if oracle.build(fields) is not None:
                yield fields
                break
        else:
            rejection = oracle.rejection(fields)
            why = f", the last for {rejection.reason}" if rejection is not None else ""
            raise CannotDerive(oracle.target, f"it refuses {MOST_REFUSED} draws in a row{why}")


def drawn(there: Space, random: Random, kind: str) -> dict[str, Number]:
    """Every field that a size stands for, and those without effect, all at once, in a draw of one of the `KINDS`.

    A deep one is as deep as the code is, or nearly.
    """
    steps = {"small": there.sample_small, "near": there.sample_near_default}.get(
        kind, partial(there.sample, edge=kind == "edge")
    )(random)
    if kind == "equal":
        steps = coinciding(there, steps, random.choice([[], *islice(groupings(there, random), GROUPINGS)]))
    for axis in there.axes if kind == "deep" else ():
        own = axis.default_steps_outside_range(there.base)
        if own is not None and own <= DEEPEST:
            steps[axis.name] = max(own - random.randint(0, LESS), axis.min_steps)
    return there.fields(steps)
