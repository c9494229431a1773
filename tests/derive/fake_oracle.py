"""A membership oracle over a Python function: stages run against it without torch and without a process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from bertsym.derive.types import Description, Entry, Fields, Inventory, Number, Rejection

Shapes = Mapping[str, tuple[Number, ...]]


def inventory(shapes: Shapes) -> Inventory:
    """Return untied tensors of these shapes."""
    return {name: Entry(tuple(map(int, shape)), name, "") for name, shape in shapes.items()}


class FakeOracle:
    """An oracle that accepts the fields at which `shapes` returns shapes, and rejects those at which it raises.

    `builds` counts the different configurations that were asked for.
    """

    def __init__(self, shapes: Callable[..., Shapes], target: str = "fake", /, **defaults: Number) -> None:
        self.shapes, self.target = shapes, target
        self.description = Description("Fake", "fake.py", MappingProxyType(defaults))
        self.cache: dict[frozenset[tuple[str, Number]], Inventory | Rejection] = {}

    @property
    def builds(self) -> int:
        """Return the number of different configurations that were asked for."""
        return len(self.cache)

    def build(self, fields: Fields) -> Inventory | None:
        """Return the inventory, None for a rejection."""
        outcome = self._outcome(fields)
        return None if isinstance(outcome, Rejection) else outcome

    def tensor_count(self, fields: Fields) -> int:
        """Return the number of tensors of a build, 0 for a rejection."""
        outcome = self._outcome(fields)
        return 0 if isinstance(outcome, Rejection) else len(outcome)

    def rejection(self, fields: Fields) -> Rejection | None:
        """Return the rejection, None if the fields are accepted."""
        outcome = self._outcome(fields)
        return outcome if isinstance(outcome, Rejection) else None

    def prefetch(self, configurations: Iterable[Fields]) -> None:
        """Build all of these."""
        for fields in configurations:
            self._outcome(fields)

    def accepted(self) -> Iterator[Fields]:
        """Yield the accepted fields, the last build first."""
        return (dict(key) for key, outcome in reversed(self.cache.items()) if not isinstance(outcome, Rejection))

    def speculate(self, _configurations: Iterable[Fields]) -> None:
        """Build nothing: what nobody asks for leaves nothing behind."""

    def traces(self, configurations: Iterable[Fields], _symbols: object) -> list[None]:
        """Return no traces, because the function takes no symbols."""
        return [None for _ in configurations]

    def _outcome(self, fields: Fields) -> Inventory | Rejection:
        key = frozenset(fields.items())
        if key not in self.cache:
            self.cache[key] = self._run(fields)
        return self.cache[key]

    def _run(self, fields: Fields) -> Inventory | Rejection:
        try:
            shapes = self.shapes(**fields)
        except TimeoutError as error:
            return Rejection(str(error), timed_out=True)
        except (ValueError, ZeroDivisionError, ImportError) as error:
            return Rejection(f"{type(error).__name__}: {error}")
        return inventory(shapes)


def require(condition: object, reason: str = "rejected") -> None:
    """Raise the error of a model code that checks its fields, unless the condition holds."""
    if not condition:
        raise ValueError(reason)
