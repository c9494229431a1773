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
    "read_by",
    "sized",
    "within_positions",
]


def read_by(name: str) -> frozenset[str]:
    """Return the settings that a quantity depends on; none for parameters."""
    if name not in QUANTITIES:
        return frozenset()
    reads: frozenset[str] = import_module(QUANTITIES[name]).READS
    return reads


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
