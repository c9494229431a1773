"""The ranges, steps and rules of `Model.solve`, read exactly."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Symbol

from bertsym import arguments
from bertsym.model import Model
from bertsym.resolve import examples
from bertsym.solving import shapes
from bertsym.solving.constraints import Constraint
from bertsym.solving.tensor_parallel import divided


def ranges_of(model: Model, given: Mapping[str, tuple[int, int]] | None) -> dict[Symbol, tuple[int, int]]:
    """Return the ranges of sizes; raises `UnknownName` or `Unreadable`."""
    ranges = {}
    for name, ends in arguments.sizes_by_name(given, "ranges", "{'H': (64, 1024)}").items():
        size = model.setting(name)
        ranges[size.symbol] = arguments.interval(ends, f"ranges of {name}", size.minimum)
    return ranges


def steps_of(model: Model, given: Mapping[str, int] | int | None) -> tuple[dict[Symbol, int], int | None]:
    """Return the step of each size, and that of all widths and vocabularies.

    Raises `UnknownName` or `Unreadable`.
    """
    if not isinstance(given, Mapping):
        return {}, None if given is None else arguments.whole(given, "multiple_of")
    steps = arguments.sizes_by_name(given, "multiple_of", "{'H': 64}")
    return {
        model.setting(name).symbol: arguments.whole(step, f"multiple_of {name}") for name, step in steps.items()
    }, None


def rules_of(model: Model, like: str | None, tp: int | None) -> tuple[Constraint, ...]:
    """Return the rules of the shapes of a published model or family, and of so many devices."""
    rules = () if like is None else shapes.like(model, like, examples(arguments.text(like, "like")))
    return rules if tp is None else rules + divided(model, arguments.whole(tp, "tp"))
