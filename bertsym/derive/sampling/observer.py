"""Build samples: from numbers of steps to observations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sympy import Symbol

from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.domain.space import Space, Steps
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.types import CannotDerive, Fields, Number, Observation
from bertsym.saved_model.layer_lists import LayerList


class Observer:
    """The oracle together with the domain of its fields and a symbol for each of them.

    `symbols` maps the names of fields to symbols; an observation has the sizes of these fields, and the numbers of
    layers of each kind in `lists`. `traces` collects the concolic runs.
    """

    def __init__(
        self, oracle: BuildOracle, space: Space, symbols: Mapping[str, Symbol], lists: Sequence[LayerList] = ()
    ) -> None:
        self.oracle, self.space, self.symbols, self.lists = oracle, space, symbols, lists
        self.traces: list[ConcolicTrace] = []

    def observe(self, steps: Steps) -> Observation | None:
        """Build a sample; return None if the model code rejects it."""
        return self.observe_fields(self.space.fields(steps))

    def observe_fields(self, fields: Fields) -> Observation | None:
        """Build at these values of the fields; return None if the model code rejects them."""
        inventory = self.oracle.build(fields)
        if inventory is None:
            return None
        return Observation(self.sizes(fields), inventory)

    def sizes(self, fields: Fields) -> dict[Symbol, Number]:
        """Return the sizes at these values of the fields."""
        sizes = {symbol: fields[name] for name, symbol in self.symbols.items()}
        for layer_list in self.lists:
            field = self.oracle.description.list_at(layer_list.path)
            if field is not None:
                kinds = field.kinds_at(int(fields[field.path]), int(fields[field.length]))
                sizes |= layer_list.sizes(kinds)
        return sizes

    def observe_all(self, samples: Iterable[Steps]) -> list[Observation]:
        """Build samples in parallel and return the observations of those that the model code accepts."""
        chosen = list(samples)
        self.prefetch(chosen)
        return [observation for steps in chosen if (observation := self.observe(steps)) is not None]

    def prefetch(self, samples: Iterable[Steps]) -> None:
        """Build samples in parallel, so that observing them later takes no time."""
        self.oracle.prefetch(map(self.space.fields, samples))

    def first_accepted(self, samples: Iterable[Steps]) -> tuple[Steps, Observation]:
        """Return the first of the samples that the model code accepts; raise CannotDerive if it rejects all."""
        rejected, reason = 0, ""
        for steps in samples:
            observation = self.observe(steps)
            if observation is not None:
                return steps, observation
            rejection = self.oracle.rejection(self.space.fields(steps))
            rejected, reason = rejected + 1, rejection.reason if rejection is not None else ""
        cause = f", the last for {reason}" if reason else ""
        raise CannotDerive(self.oracle.target, f"it rejects {rejected} samples in a row{cause}")

    def first_different(self, background: Observation, samples: Iterable[Steps]) -> Observation | None:
        """Return the first accepted sample with another inventory than the background, or None."""
        observations = (self.observe(steps) for steps in samples)
        return next((o for o in observations if o is not None and o.inventory != background.inventory), None)

    def trace(self, configurations: Iterable[Fields]) -> None:
        """Run the model code at each of these with symbols for the numbers among the fields; keep the traces."""
        lists = {layer_list.path for layer_list in self.lists}
        numbers = (axis.name for axis in self.space.axes if not axis.is_switch and axis.name not in lists)
        symbols = {name: self.symbols[name] for name in numbers if name in self.symbols}
        self.traces += [trace for trace in self.oracle.traces(configurations, symbols) if trace is not None]
