"""What symbolic execution reads, beside what is built: helpers of the tests, and symbols for formulas by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Symbol

from bertsym.algebra import evaluate
from bertsym.derive.concolic.trace import ConcolicTrace, decode_trace
from bertsym.derive.oracle.module_inventory import inventory
from bertsym.derive.oracle.targets import Target
from bertsym.symbols import Kind, Own

HERE = "tests.derive.traceable"
FORKS = "ignore:.*fork:DeprecationWarning"

Fields = dict[str, Any]


def symbols(fields: Mapping[str, Any]) -> dict[str, Symbol]:
    """A symbol for everything that looks like a size."""
    sizes = [name for name, found in fields.items() if not isinstance(found, bool | float) and found > 1]
    return {name: Own(name, Kind.WIDTH) for name in sizes if not name.endswith(("layers", "layer", "_id", "_labels"))}


def proposed(code: Target) -> ConcolicTrace:
    from bertsym.derive.concolic.run import trace_in_child

    known = symbols(code.fields)
    return decode_trace(trace_in_child(code.build, code.fields, list(known), 20), known)


def built(code: Target, fields: Fields) -> dict[str, tuple[int, ...]] | None:
    """The shapes at these fields, or None where the code refuses them."""
    try:
        module = code.build(fields)
    except (ValueError, RuntimeError, AssertionError, IndexError, ArithmeticError):
        return None
    return {name: tuple(shape) for name, shape, _, _ in inventory(module)}


def followed(found: ConcolicTrace, sizes: Mapping[Symbol, int]) -> Any:
    return {name: tuple(evaluate(side, sizes) for side in shape if side) for name, shape in found.shapes.items()}


class Names:
    """Symbols by attribute, for formulas written by hand."""

    def __init__(self, code: Target) -> None:
        self.known = symbols(code.fields)

    def __getattr__(self, name: str) -> Symbol:
        return self.known[name]

    def __getitem__(self, path: str) -> Symbol:
        return self.known[path]
