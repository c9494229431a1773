"""Budgets in other quantities than the target: a model that has the entries of each of them.

A budget is a further head of the architecture, with the same sizes and other entries. So all that counts a head under a
convention counts a budget too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bertsym import costs
from bertsym.convention import CONVENTIONS, EXACT, Convention, named_convention
from bertsym.costs import NO_SETTINGS, Settings
from bertsym.errors import Conflict
from bertsym.model import Model
from bertsym.quantities import BYTES, parse_amount
from bertsym.solving.requirements import Limit
from bertsym.values import replace, value

PARAMETERS = "parameters"
_BYTES = re.compile(r"([KMGTP]i?B|bytes?)\s*$")


@value
class Measured:
    """A model whose entries are those of a quantity, the convention that sums them, and the quantity's name."""

    model: Model
    convention: Convention
    name: str


def own_convention(name: str, of: str) -> str | None:
    """Return the convention of the target's quantity that a budget's name means, None for another quantity.

    The text is empty for the convention that is counted.

    >>> own_convention("cache", "cache"), own_convention("cache:bytes", "cache"), own_convention("flops:train", "cache")
    ('', 'bytes', None)
    """
    if name in ("", of):
        return ""
    known = own_names(of)
    title, _, convention = name.partition(":")
    if title == of and convention in known:
        return convention
    return name if name in known else None


def is_beside(name: str, of: str) -> bool:
    """Return True if a budget's name means another quantity than the target's, as `flops` and `flops:train` may."""
    return own_convention(name, of) is None and name.partition(":")[0] in (PARAMETERS, *costs.QUANTITIES)


def with_unit(name: str, amount: object) -> str:
    """Add the convention `bytes` to the name of a budget in bytes whose quantity has another unit by default.

    >>> with_unit("cache", "24GiB"), with_unit("cache", "1e9"), with_unit("flops", "1e18"), with_unit("memory", "24GiB")
    ('cache:bytes', 'cache', 'flops', 'memory')
    """
    if name not in costs.QUANTITIES or not isinstance(amount, str) or not _BYTES.search(amount):
        return name
    accounts = {account.convention.name: account.convention.unit for account in costs.quantity(name).accounts}
    usual = costs.quantity(name).account(None).convention.unit
    return f"{name}:bytes" if usual != BYTES and accounts.get("bytes") == BYTES else name


def own_names(of: str) -> list[str]:
    """Return the conventions of a quantity."""
    return (
        list(CONVENTIONS) if of == PARAMETERS else [account.convention.name for account in costs.quantity(of).accounts]
    )


def read_by(name: str) -> frozenset[str]:
    """Return the settings that a quantity depends on."""
    return costs.read_by(name.partition(":")[0])


def measured(loaded: Model, name: str, settings: Settings = NO_SETTINGS) -> Measured:
    """Return a model as a quantity counts it; settings that the quantity does not depend on have no effect.

    Raises `UnknownName`, and `NotKnownOf` for a model of which the quantity is not known.
    """
    title, _, convention = name.partition(":")
    if title == PARAMETERS:
        return Measured(loaded, named_convention(convention) if convention else EXACT, name)
    unread = dict.fromkeys(set(settings.given) - read_by(name))
    quantity = costs.quantity(title, replace(settings, **unread))
    account = quantity.account(convention or None)
    return Measured(costs.measured(loaded, quantity, account), account.convention, name)


def with_inventory(model: Model, budget: Measured) -> Model:
    """Return the model with the entries of a budget as a further head."""
    ours, its = model.architecture, budget.model.architecture
    joined = replace(
        ours,
        heads={**ours.heads, budget.name: its.heads[budget.model.head]},
        accepted=ours.accepted | its.symbols,
        most={**its.most, **ours.most},
    )
    return replace(model, architecture=joined)


def limit_of(budget: Measured, amount: str, option: str) -> Limit:
    """Return the budget as a limit, `--at-most` or `--at-least` an amount in its unit; raises `Unreadable`."""
    number = parse_amount(amount, budget.convention.unit, option)
    most, least = (number, None) if option == "--at-most" else (None, number)
    return Limit(budget.convention, most, least, budget.name)


def check_settings(settings: Settings, names: Iterable[str]) -> None:
    """Raise `Conflict` for a setting on which no budget depends."""
    read = {setting for name in names for setting in read_by(name)}
    for setting in settings.given:
        if setting not in read:
            raise Conflict(setting, "the budgets", "no budget depends on it")


def settings_of_target(settings: Settings, of: str, names: Iterable[str]) -> Settings:
    """Return the settings without those that only a budget depends on; one that nothing depends on stays."""
    elsewhere = {setting for name in names for setting in read_by(name)} - read_by(of)
    return replace(settings, **dict.fromkeys(elsewhere))
