"""Screening: the fields that change the inventory, found by changing many at once (factor screening, Dorfman 1943)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bertsym.derive.domain.base_trials import BaseTrials
from bertsym.derive.domain.depths import choose_rich_base, find_depths, tensor_names
from bertsym.derive.limits import EXTENDED_SCREENING_DEPTH, MAX_TIED_VALUES, SMALLEST_COUNTS
from bertsym.derive.search import isolate_effective
from bertsym.derive.types import Inventory, Number

NewValue = Callable[[str], Number]

# Names of fields that seldom have an effect. They are tried together first, which only saves builds.
_SELDOM_EFFECTIVE = re.compile(
    r"token|_id$|_index$|beam|length|window|seed|top_k|chunk|num_labels|interval|eps|size_divisor"
)


class Screening:
    """The numbers of a target by their effect: `active` ones, those `rejecting` the first other value, and the rest.

    `depths` are the active fields that decide how many tensors there are. Screening makes these small in the base.
    """

    def __init__(self, trials: BaseTrials) -> None:
        self.trials = trials
        self.active: list[str] = []
        self.rejecting: list[str] = []
        self.depths: list[str] = []

    def run(self) -> None:
        """Screen all numbers: at the defaults, again in each smaller base, and at special values."""
        self.screen_defaults()
        trials = self.trials
        # More fields may have an effect, or be rejected, in a smaller model than in that of the defaults.
        for new_value in (trials.alternative, trials.fewer, trials.alternative):
            self.screen_depths()
            self.screen_rest(new_value)
        self.active += self.effective_elsewhere()

    @property
    def unclassified(self) -> list[str]:
        """Return the numbers that have shown no effect so far."""
        return [name for name in self.trials.numbers if name not in (*self.active, *self.rejecting)]

    def screen_defaults(self) -> None:
        """Give each number another value, the numbers that seldom have an effect all at once."""
        trials = self.trials
        seldom = [name for name in trials.integers if _SELDOM_EFFECTIVE.search(name)]
        often = [name for name in trials.integers if name not in seldom]
        trials.prefetch({name: trials.alternative(name)} for name in often)
        for group in (seldom, trials.ratios, *([name] for name in often)):
            self._classify(group, trials.alternative)
        effective = [name for name in self.rejecting if trials.affects_inventory(name)]
        self.active += effective
        self.rejecting = [name for name in self.rejecting if name not in effective]

    def screen_depths(self) -> None:
        """Find further depths among the active fields, and move the base to small and rich stacks."""
        naming = self.affecting_names([name for name in self.active if name not in self.depths])
        depths = find_depths(self.trials, naming)
        choose_rich_base(self.trials, depths)
        self.depths += depths

    def screen_rest(self, new_value: NewValue) -> None:
        """Give the numbers without an effect so far another value, all at once."""
        self._classify(self.unclassified, new_value)

    def _classify(self, names: Sequence[str], new_value: NewValue) -> None:
        for name in self.isolate(names, new_value):
            rejected = self.trials.build({name: new_value(name)}) is None
            (self.rejecting if rejected else self.active).append(name)

    def affecting_names(self, names: Sequence[str]) -> list[str]:
        """Return the integers at whose other values there are other tensor names, or nothing builds."""
        integers = [name for name in self.trials.integers if name in names]
        affecting: set[str] = set()
        for new_value in (self.trials.alternative, self.trials.fewer, lambda _: 1):
            rest = [name for name in integers if name not in affecting]
            affecting |= set(self.isolate(rest, new_value, tensor_names))
        return [name for name in integers if name in affecting]

    def effective_elsewhere(self) -> list[str]:
        """Return the fields without effect so far that have one at special values.

        - A least width has an effect where it is large, an optional scale at 0.
        - A period of layers has one where it is small and the stack deep.
        - A size that the model code compares with another has one where the two are equal.

        A rejection at such a value shows no effect.
        """
        trials, rest = self.trials, self.unclassified
        counts = dict.fromkeys((*SMALLEST_COUNTS, *(int(trials.base[n]) for n in self.active if n in trials.integers)))
        ties: list[NewValue] = [partial(self._tied, number) for number in [*counts][:MAX_TIED_VALUES]]
        deeper: dict[str, Number] = {
            name: min(EXTENDED_SCREENING_DEPTH, int(trials.defaults[name]))
            for name in trials.integers
            if trials.is_shrunk(name)
        }
        shallow: dict[str, Number] = {}
        settings = [(new_value, shallow) for new_value in (trials.double, trials.far, trials.zero, *ties)]
        settings += [(new_value, deeper) for new_value in ties[: len(SMALLEST_COUNTS)] if deeper]
        effective: set[str] = set()
        # Most models have no such field, and then each setting takes one build.
        trials.speculate({**beside, **{name: new_value(name) for name in rest}} for new_value, beside in settings)
        for new_value, beside in settings:
            if len(effective) == len(rest):
                break
            for name in self.isolate([name for name in rest if name not in effective], new_value, beside=beside):
                if trials.build({**beside, name: new_value(name)}) is not None:
                    effective.add(name)
        return [name for name in rest if name in effective]

    def _tied(self, number: int, name: str) -> Number:
        """Return the number for a field that counts something, the field's own value for any other."""
        return self.trials.base[name] if name in self.trials.ratios or "token" in name else number

    def isolate(
        self,
        names: Sequence[str],
        new_value: NewValue,
        observe: Callable[[Inventory | None], object] = lambda inventory: inventory,
        beside: Mapping[str, Number] | None = None,
    ) -> Sequence[str]:
        """Return the fields whose new values change `observe(inventory)`, the base being changed `beside` them."""
        around = dict(beside or {})

        def changes(group: Sequence[str]) -> dict[str, Number]:
            return {**around, **{name: new_value(name) for name in group}}

        def has_effect(group: Sequence[str]) -> bool:
            changed = observe(self.trials.build(changes(group)))
            return changed != observe(self.trials.build(around))

        return list(isolate_effective(names, has_effect, lambda groups: self.trials.prefetch(map(changes, groups))))
