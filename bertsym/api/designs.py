"""The arguments of `Model.sweep` and `Model.tradeoff`, read exactly, and their answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sympy import Symbol

from bertsym import arguments
from bertsym.algebra import Value
from bertsym.answers import sweep as sweeping
from bertsym.answers import tradeoff as trading
from bertsym.convention import Convention
from bertsym.solving.constraints import parse_constraint, parse_ties
from bertsym.values import replace

if TYPE_CHECKING:
    from bertsym.api.model import Model
    from bertsym.costs import Settings


def swept(
    model: Model,
    over: Mapping[str | Symbol, Sequence[int]],
    of: str | Iterable[str],
    settings: Settings,
    at: Mapping[str | Symbol, Value | str] | None,
    ties: str | Iterable[str],
    where: str | Iterable[str],
) -> sweeping.Sweep:
    """Return the table of counts and costs over a lattice of sizes; raises what `answers.sweep` raises."""
    loaded, names = model.plain_spec("sweep"), arguments.texts(of, "of")
    joined, quantities, left_out = sweeping.with_quantities(loaded, names, settings)
    spec = joined if at is None else replace(model, spec=joined).at(at).spec
    axes = [
        sweeping.Axis(spec.setting(name).symbol, arguments.wholes(values, f"over[{name!r}]", sweeping.MOST_ROWS))
        for name, values in arguments.sizes_by_name(over, "over").items()
    ]
    return sweeping.sweep(
        loaded,
        spec,
        axes,
        quantities,
        ties=parse_ties(arguments.texts(ties, "ties"), spec.size),
        conditions=tuple(parse_constraint(text, spec.size) for text in arguments.texts(where, "where")),
        left_out=left_out,
        named=bool(names),
    )


def traded(
    model: Model,
    names: tuple[str | Symbol, str | Symbol],
    total: int | str | None,
    convention: Convention,
    values: Iterable[int] | None,
    ties: str | Iterable[str],
) -> trading.Tradeoff:
    """Return what each value of the first size leaves of the second; raises what `answers.tradeoff` raises."""
    varied, against = (model.spec.setting(arguments.name(name, "a size")).symbol for name in names)
    return trading.tradeoff(
        model.spec,
        varied,
        against,
        None if total is None else arguments.count(total, "total", convention.unit),
        convention,
        values=None if values is None else arguments.wholes(values, "values", trading.MOST_ROWS),
        ties=parse_ties(arguments.texts(ties, "ties"), model.spec.size),
    )
