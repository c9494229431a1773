"""Trials around a base configuration: builds with a few fields changed, and the values that these fields are given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction

from bertsym.derive.domain.field_path import field_name
from bertsym.derive.limits import MAX_LAYER_COUNT, MAX_SHRUNK_DEPTH
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.types import Fields, Inventory, Number

Changes = Mapping[str, Number]

# Names that say how deep a stack is. They only decide which fields are tried as depths.
_DEPTH_NAME = re.compile(r"layers?$|layers?\[|depth|_blocks|n_layer|num_block|num_flows|stage_repeats")


def is_depth_name(path: str) -> bool:
    """Return True if the field's own name says that it is a number of layers.

    >>> is_depth_name("text_config.num_hidden_layers"), is_depth_name("depths[1]"), is_depth_name("hidden_size")
    (True, True, False)
    """
    return bool(_DEPTH_NAME.search(field_name(path)))


class BaseTrials:
    """The builds at changes to `base`, which inferring a domain moves to where builds are small and tensors rich.

    The fields by kind are those of the target's defaults: `integers` from 0 up, `negative` ones, `ratios`, `numbers`
    (integers and ratios), `switches`. `lists` are the fields with an entry a layer, of which a number chooses the list.
    No move of the base changes the `held` fields.
    """

    def __init__(self, oracle: BuildOracle, base: dict[str, Number], held: frozenset[str] = frozenset()) -> None:
        self.oracle, self.base, self.held = oracle, base, held
        self.lists = [field for field in oracle.description.lists if field.path in base]
        listed = {field.path for field in self.lists}
        numbers = {name: number for name, number in base.items() if name not in listed}
        whole = [name for name, number in numbers.items() if isinstance(number, int) and not isinstance(number, bool)]
        self.integers = [name for name in whole if base[name] >= 0]
        self.negative = [name for name in whole if base[name] < 0]
        self.ratios = [name for name, number in base.items() if isinstance(number, Fraction)]
        self.numbers = [*self.integers, *self.ratios]
        self.switches = [name for name, number in base.items() if isinstance(number, bool)]

    @property
    def defaults(self) -> Fields:
        """Return the values that the target comes with."""
        return self.oracle.description.fields

    def build(self, changes: Changes) -> Inventory | None:
        """Return the inventory at the base with these changes, None if the model code rejects it."""
        return self.oracle.build({**self.base, **changes})

    def move(self, changes: Changes) -> None:
        """Move the base to these values, unless one of the fields is held."""
        if self.held.isdisjoint(changes):
            self.base |= changes

    def prefetch(self, trials: Iterable[Changes]) -> None:
        """Build the base with each of these changes, so that `build` finds the inventories in the cache."""
        self.oracle.prefetch({**self.base, **changes} for changes in trials)

    def speculate(self, trials: Iterable[Changes]) -> None:
        """Build as `prefetch` does, although `build` may not ask for each of these."""
        self.oracle.speculate({**self.base, **changes} for changes in trials)

    def is_shrunk(self, name: str) -> bool:
        """Return True if the field is a depth that was made small in the base."""
        return is_depth_name(name) and self.base[name] == MAX_SHRUNK_DEPTH < self.defaults[name]

    def alternative(self, name: str) -> Number:
        """Return another value that the model code probably accepts: one more, half a ratio, token number 1."""
        number = self.base[name]
        if isinstance(number, Fraction):
            return number / 2 if number else Fraction(1, 2)
        return 1 if name.endswith(("_token_id", "_token_index")) and number != 1 else number + 1

    def fewer(self, name: str) -> Number:
        """Return half of a small number, which shows what counts within something else."""
        number = self.base[name]
        return number // 2 if isinstance(number, int) and 0 < number <= MAX_LAYER_COUNT else number

    def double(self, name: str) -> Number:
        """Return twice the value, which most divisors of the value still divide."""
        return self.alternative(name) if "token" in name else 2 * self.base[name]

    def far(self, name: str) -> Number:
        """Return a much larger value."""
        number = self.base[name]
        return (
            number * 4
            if isinstance(number, Fraction)
            else self.alternative(name)
            if "token" in name
            else 3 * number + 64
        )

    def zero(self, name: str) -> Number:
        """Return 0, as an integer or a fraction."""
        return self.base[name] * 0

    def one_more(self, name: str) -> int:
        """Return the next integer."""
        return int(self.base[name]) + 1

    def coprime(self, name: str) -> int:
        """Return one more than twice the value, which has no divisor in common with it."""
        return 2 * int(self.base[name]) + 1

    def near_and_far(self, name: str) -> tuple[Number, ...]:
        """Return further values, near the base and far from it."""
        number = self.base[name]
        if isinstance(number, Fraction):
            return (number / 2, number * 2, number + 1)
        return (number + 1, 2 * number, number // 2, number + 8, 3 * number, number + 64, max(number - 1, 0))

    def affects_only_at_zero(self, name: str) -> bool:
        """Return True if the field has an effect at 0 only, as an optional scale has."""
        unchanged = self.build({})
        at_zero = self.build({name: self.zero(name)})
        same = all(
            self.build({name: number}) in (unchanged, None) for number in (self.alternative(name), self.far(name))
        )
        return same and at_zero is not None and at_zero != unchanged

    def affects_inventory(self, name: str, values: Iterable[Number] = ()) -> bool:
        """Return True if one of these values, or of those around the base, changes the inventory."""
        unchanged = self.build({})
        inventories = (self.build({name: number}) for number in (*values, *self.near_and_far(name)))
        return any(inventory is not None and inventory != unchanged for inventory in inventories)

    def constrained_fields(self, names: Iterable[str]) -> list[str]:
        """Return the fields of which the model code rejects another value, all other fields being as in the base."""
        names = list(names)
        self.prefetch({name: self.one_more(name)} for name in names)
        free = [name for name in names if self.build({name: self.one_more(name)}) is not None]
        self.prefetch({name: self.coprime(name)} for name in free)
        return [name for name in names if name not in free or self.build({name: self.coprime(name)}) is None]
