"""An oracle without a worker: model code is a Python function from fields to an inventory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from bertsym.derive.types import Description, Entry, Inventory, Rejection

Shapes = Mapping[str, tuple[int, ...]]


def inventory(shapes: Shapes) -> Inventory:
    """Return untied tensors of these shapes."""
    return {name: Entry(shape, name, "matrix") for name, shape in shapes.items()}


class FakeOracle:
    """Builds a function; a function that raises ValueError rejects its fields."""

    def __init__(self, function: Callable[..., Shapes], target: str = "fake:build", **defaults: Any) -> None:
        self.function, self.target = function, target
        self.description = Description("Fake", "by hand", MappingProxyType(defaults))
        self.cache: dict[frozenset[tuple[str, Any]], Inventory | Rejection] = {}

    def outcome(self, fields: Mapping[str, Any]) -> Inventory | Rejection:
        key = frozenset(fields.items())
        if key not in self.cache:
            try:
                self.cache[key] = inventory(self.function(**fields))
            except ValueError as error:
                self.cache[key] = Rejection(f"ValueError: {error}")
        return self.cache[key]

    def build(self, fields: Mapping[str, Any]) -> Inventory | None:
        outcome = self.outcome(fields)
        return None if isinstance(outcome, Rejection) else outcome

    def rejection(self, fields: Mapping[str, Any]) -> Rejection | None:
        outcome = self.outcome(fields)
        return outcome if isinstance(outcome, Rejection) else None

    def prefetch(self, configurations: Iterable[Mapping[str, Any]]) -> None:
        for fields in configurations:
            self.outcome(fields)

    def accepted(self) -> Iterator[dict[str, Any]]:
        return (dict(key) for key, outcome in reversed(self.cache.items()) if not isinstance(outcome, Rejection))

    def trace(self, _fields: object, _symbols: object) -> None:
        """Return no trace: the function takes no symbols."""
