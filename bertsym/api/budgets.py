"""The target and the budgets of `Model.solve`, read exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from bertsym import arguments
from bertsym.answers.compute_optimal import Allocation, allocated
from bertsym.errors import Conflict, Missing
from bertsym.solving.requirements import Limit
from bertsym.values import replace

if TYPE_CHECKING:
    from sympy import Symbol

    from bertsym.algebra import Value
    from bertsym.api.model import Model
    from bertsym.costs import Settings
    from bertsym.model import Model as Spec
    from bertsym.solving.budgets import Measured


def allocation_by_law(target: int | str | None, compute: int | str | None, law: str | None) -> Allocation | None:
    """Return the best size by a law, None without a law.

    Raises `Missing` for a law without compute, or the reverse. Raises `Conflict` for a target besides.
    """
    if (compute is None) != (law is None):
        raise Missing("compute" if compute is None else "law", "compute='1e21', law='besiroglu'")
    if compute is None or law is None:
        if target is None:
            raise Missing("target", "a number such as '110M', or 'max'")
        return None
    if target is not None:
        raise Conflict(f"target {target}", f"compute {compute}", "the law chooses the target")
    return allocated(arguments.text(law, "law"), compute)


def limits_of(
    model: Model, budgets: Mapping[str, int | str] | None, beside: Mapping[str, Measured], *, most: bool
) -> tuple[Limit, ...]:
    """Return the budgets, of the model's own entries or of another quantity's."""
    from bertsym.solving.budgets import own_convention

    limits = []
    for name, amount in (budgets or {}).items():
        meant = own_convention(name, model.quantity)
        convention = beside[name].convention if name in beside else model.convention(name if meant is None else meant)
        number = arguments.count(amount, name, convention.unit)
        quantity = name if name in beside else ""
        limits.append(Limit(convention, number if most else None, None if most else number, quantity))
    return tuple(limits)


def with_budgets(
    model: Model, names: Iterable[str], settings: Settings, at: Mapping[str | Symbol, Value | str] | None
) -> tuple[Spec, dict[str, Measured]]:
    """Return the model at more sizes with the entries of each budget of another quantity, and these by name."""
    from bertsym.costs import within_positions
    from bertsym.solving.budgets import check_settings, is_beside, measured, with_inventory

    loaded = model.spec if model.measure is None else model.measure.model
    quantities = [name for name in dict.fromkeys(names) if is_beside(name, model.quantity)]
    check_settings(settings, quantities)
    beside = {name: measured(loaded, name, settings) for name in quantities}
    spec = model.spec
    for budget in beside.values():
        spec = with_inventory(spec, budget)
    spec = spec if at is None else replace(model, spec=spec).at(at).spec
    return (within_positions(spec, loaded) if beside else spec), beside
