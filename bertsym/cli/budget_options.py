"""The budgets of `solve`, as typed: upper and lower bounds by a convention or of another quantity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bertsym.convention import Convention
    from bertsym.costs import Settings
    from bertsym.model import Model
    from bertsym.solving.budgets import Measured
    from bertsym.solving.requirements import Limit

Conventions = Callable[[str | None], "Convention"]


@dataclass(frozen=True)
class BudgetOptions:
    """The options that bound a count."""

    at_most: Annotated[
        list[str] | None,
        typer.Option(
            "--at-most",
            metavar="[NAME=]AMOUNT",
            help="Bound a convention or a quantity from above: active=13B, memory=24GiB; repeatable.",
        ),
    ] = None
    at_least: Annotated[
        list[str] | None,
        typer.Option(
            "--at-least",
            metavar="[NAME=]AMOUNT",
            help="Bound a convention or a quantity from below: parameters=100M; repeatable.",
        ),
    ] = None

    @property
    def typed(self) -> list[tuple[str, str, str]]:
        """Return the option, the name and the amount of each budget; the name is empty if none is given."""
        pairs = (("--at-most", self.at_most), ("--at-least", self.at_least))
        budgets = []
        for option, texts in pairs:
            for text in texts or ():
                from bertsym.solving.budgets import with_unit

                name, _, amount = map(str.strip, text.rpartition("="))
                budgets.append((option, with_unit(name, amount), amount))
        return budgets

    def quantities(self, of: str) -> list[str]:
        """Return the names that mean another quantity than the target's."""
        from bertsym.solving.budgets import is_beside

        return list(dict.fromkeys(name for _, name, _ in self.typed if name and is_beside(name, of)))

    def first_quantity(self) -> str:
        """Return the quantity of the first upper bound; parameters if it names none."""
        from bertsym.solving.budgets import PARAMETERS, is_beside

        names = (name for option, name, _ in self.typed if option == "--at-most" and is_beside(name, PARAMETERS))
        return next(names, PARAMETERS)

    def measured(self, loaded: Model, names: list[str], settings: Settings) -> dict[str, Measured]:
        """Return the model as each of the quantities counts it; raises `UnknownName` or `NotKnownOf`."""
        from bertsym.solving.budgets import measured

        return {name: measured(loaded, name, settings) for name in names}

    def limits(
        self, beside: dict[str, Measured], of: str, model: Model, chosen: Convention, conventions: Conventions
    ) -> tuple[Limit, ...]:
        """Return the budgets; one without a name, or of the target's quantity, is by the convention that is chosen.

        Raises `Unreadable`, and `UnknownName` for a name that is neither a convention nor a quantity.
        """
        if not self.typed:
            return ()
        from bertsym import costs
        from bertsym.convention import select
        from bertsym.errors import UnknownName
        from bertsym.quantities import parse_amount
        from bertsym.solving.budgets import PARAMETERS, limit_of, own_convention, own_names
        from bertsym.solving.requirements import Limit

        limits = []
        for option, name, amount in self.typed:
            if name in beside:
                limits.append(limit_of(beside[name], amount, option))
                continue
            own = own_convention(name, of)
            if own is None:
                raise UnknownName("convention or quantity", name, [*own_names(of), PARAMETERS, *costs.QUANTITIES])
            counted = select(conventions(own), model.tensors) if own else chosen
            value = parse_amount(amount, counted.unit, option)
            most, least = (value, None) if option == "--at-most" else (None, value)
            limits.append(Limit(counted, most, least))
        return tuple(limits)
