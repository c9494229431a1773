"""Observations written by hand: a function of the sizes stands for the model code, so that no test needs torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from sympy import Symbol

from bertsym.derive.evaluator import Evaluator
from bertsym.derive.synthesis.observations import NO_LISTS, LayerLists, ObservationTable
from bertsym.derive.synthesis.synthesize import synthesize
from bertsym.derive.types import Candidate, Entry, Observation
from bertsym.tree import Tensor

Sizes = Mapping[Symbol, Any]
Shapes = Mapping[str, tuple[int, ...]]
Code = Callable[[Sizes], Shapes]


def built(code: Code, sizes: Sizes, ties: Mapping[str, str] | None = None) -> Observation:
    """Return what the code builds; `ties` maps the name of a tied tensor to its target."""
    targets = ties or {}
    shapes = code(sizes)
    entries = {name: Entry(shape, targets.get(name, name), "matrix") for name, shape in shapes.items()}
    return Observation(dict(sizes), entries)


def observe(code: Code, samples: Sequence[Sizes], changed_samples: int = 3, change: int = 1) -> list[Observation]:
    """Return the builds of the samples, and for the first few the builds with one size changed at a time."""
    observations = [built(code, sizes) for sizes in samples]
    for background in observations[:changed_samples]:
        for symbol, number in background.sizes.items():
            changed = {**background.sizes, symbol: not number if isinstance(number, bool) else number + change}
            inventory = built(code, changed).inventory
            observations.append(Observation(changed, inventory, background, symbol))
    return observations


def draw(symbols: Sequence[Symbol], random: Random, count: int, low: int = 1, high: int = 40) -> list[Sizes]:
    """Return samples with every size drawn from the same range."""
    return [{symbol: random.randint(low, high) for symbol in symbols} for _ in range(count)]


def table_of(observations: Sequence[Observation], layer_lists: LayerLists = NO_LISTS) -> ObservationTable:
    """Return the table of these observations, every size active."""
    return ObservationTable(observations, list(observations[0].sizes), (), layer_lists)


def synthesized(
    code: Code, samples: Sequence[Sizes], layer_lists: LayerLists = NO_LISTS, changed_samples: int = 3, change: int = 1
) -> Candidate:
    """Return the candidate for a code that is observed at these samples, every size active."""
    observations = observe(code, samples, changed_samples, change)
    return synthesize(observations, list(samples[0]), (), layer_lists)


def inventory(tensors: Sequence[Tensor], sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """Return the tensors that a candidate gives at some sizes, by evaluation of its formulas alone."""
    evaluator = Evaluator(sizes)
    found: dict[str, tuple[int, ...]] = {}
    for tensor in tensors:
        if not evaluator.holds(tensor.when):
            continue
        shape = tuple(evaluator.integer(dimension) for dimension in tensor.shape)
        names = [tensor.name]
        for loop in tensor.loops:
            start, stop, step, *listed = (evaluator.integer(bound) for bound in loop.bounds)
            names = [name.replace("{}", str(i), 1) for name in names for i in loop.indices(start, stop, step, *listed)]
        for name in names:
            assert name not in found, f"{name} is given twice"
            found[name] = shape
    return found


def assert_same(candidate: Candidate, code: Code, samples: Sequence[Sizes]) -> None:
    """Assert that a candidate has no failure, and gives what the code builds at each of these samples."""
    assert candidate.refused == ()
    for sizes in samples:
        assert inventory(candidate.tensors, sizes) == code(sizes), sizes
