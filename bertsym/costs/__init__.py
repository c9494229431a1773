"""Quantities beside parameters: each is an inventory of named entries, so that every answer is a filtered sum.

`QUANTITIES` names the module of each. A module has `READS`, the settings that it reads, and `quantity(settings)`.
"""

from __future__ import annotations

from importlib import import_module

from bertsym.costs.quantity import Account, Measure, Quantity, measured, sized, within_positions
from bertsym.costs.settings import Settings
from bertsym.errors import Conflict, UnknownName

QUANTITIES = {
    "flops": "bertsym.costs.flops",
    "cache": "bertsym.costs.cache",
    "states": "bertsym.costs.states",
    "memory": "bertsym.costs.memory",
    "lora": "bertsym.costs.lora",
}

NO_SETTINGS = Settings()

__all__ = [
    "NO_SETTINGS",
    "QUANTITIES",
    "Account",
    "Measure",
    "Quantity",
    "Settings",
    "measured",
    "quantity",
    "sized",
    "within_positions",
]


def quantity(name: str, settings: Settings = NO_SETTINGS) -> Quantity:
    """Return the quantity of that name; raises `UnknownName`, and `Conflict` for a setting that it does not read."""
    if name not in QUANTITIES:
        raise UnknownName("quantity", name, ["parameters", *QUANTITIES])
    module = import_module(QUANTITIES[name])
    for setting in settings.given:
        if setting not in module.READS:
            raise Conflict(f"--{setting}", f"--of {name}", f"{name} does not depend on it")
    result: Quantity = module.quantity(settings)
    return result
