"""Helpers of the tests of concolic execution: symbols for a target, its trace, and the shapes that it builds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Symbol

from bertsym.algebra import evaluate
from bertsym.derive.concolic.trace import ConcolicTrace, decode_trace
from bertsym.derive.oracle.module_inventory import inventory
from bertsym.derive.oracle.targets import Target
from bertsym.symbols import Kind, Own

HERE = "tests.derive.models_concolic"
FORKS = "ignore:.*fork:DeprecationWarning"

Fields = dict[str, Any]


def symbols(fields: Mapping[str, Any]) -> dict[str, Symbol]:
    """Return a symbol for each field that looks like a size."""
    sizes = [name for name, value in fields.items() if not isinstance(value, bool | float) and value > 1]
    return {name: Own(name, Kind.WIDTH) for name in sizes if not name.endswith(("layers", "layer", "_id", "_labels"))}


def trace_of(code: Target) -> ConcolicTrace:
    """Return the trace of the target at its defaults, over `symbols(code.fields)`."""
    from bertsym.derive.concolic.run import trace_in_child

    known = symbols(code.fields)
    return decode_trace(trace_in_child(code.build, code.fields, list(known), 20), known)


def build_shapes(code: Target, fields: Fields) -> dict[str, tuple[int, ...]] | None:
    """Return the shapes at these fields, or None if the model code rejects them."""
    try:
        module = code.build(fields)
    except (ValueError, RuntimeError, AssertionError, IndexError, ArithmeticError):
        return None
    return {name: tuple(shape) for name, shape, _, _ in inventory(module)}


def predict_shapes(trace: ConcolicTrace, sizes: Mapping[Symbol, int]) -> Any:
    return {name: tuple(evaluate(side, sizes) for side in shape if side) for name, shape in trace.shapes.items()}


class Names:
    """Symbols by attribute, for formulas written by hand."""

    def __init__(self, code: Target) -> None:
        self.known = symbols(code.fields)

    def __getattr__(self, name: str) -> Symbol:
        return self.known[name]

    def __getitem__(self, path: str) -> Symbol:
        return self.known[path]
