"""The domain of one field: the values that the model code accepts, and how many of them are sampled.

A sample gives each field a number of steps. The field's `AllowedValues` turn steps into a value, from the values of
the fields that they depend on: 3 steps of a multiple of `heads` are 36 if there are 12 heads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from random import Random

from bertsym.derive.limits import MAX_DEPTH_VALUES, MAX_DIVISOR_VALUES, MAX_WIDTH_VALUES
from bertsym.derive.types import Fields, Number
from bertsym.saved_model.allowed_values import (
    AllowedValues,
    Bounded,
    Choice,
    Determined,
    Free,
    MultipleOf,
    Switch,
    in_words,
)
from bertsym.values import replace, value

__all__ = [
    "AllowedValues", "Bounded", "Choice", "Determined", "FieldDomain", "Free", "MultipleOf", "Switch",
    "alternative_values",
]  # fmt: skip


@value
class FieldDomain:
    """The values of one field: `allowed` values, a range of steps through them, and a guard.

    This is a product of small parts and no flat sum type, because the parts occur together. Mask2Former's heads are a
    `Choice` with a guard, and Swin2SR's width is a multiple of its heads and bounded.

    - `base` is the field's value in the base of the space, from which the domain was inferred.
    - Sampling begins at `min_steps`, and chooses from `sampled_values` values, 0 for the usual number of such a field.
    - `only_if` is the guard: unless each of these fields has this value, the field stays at `base`.
    - `is_depth`: the field decides how many tensors there are. It is sampled from few values, as builds take time.
    - `is_divisor`: another field is a multiple of this one. It is sampled from few values too.
    - `no_effect`: no trial with this field changed alone changed the inventory.
    """

    name: str
    base: Number
    allowed: AllowedValues = Free()
    min_steps: int = 1
    sampled_values: int = 0
    only_if: tuple[tuple[str, Number], ...] = ()
    is_depth: bool = False
    is_divisor: bool = False
    no_effect: bool = False

    @property
    def is_switch(self) -> bool:
        """Return True if the field is True or False."""
        return isinstance(self.allowed, Switch)

    @property
    def is_ratio(self) -> bool:
        """Return True if the field may be a fraction."""
        return isinstance(self.base, Fraction)

    @property
    def is_determined(self) -> bool:
        """Return True if other fields determine the value."""
        return isinstance(self.allowed, Determined)

    @property
    def is_listed(self) -> bool:
        """Return True if the values are listed one by one."""
        return isinstance(self.allowed, Choice | Switch)

    @property
    def is_stepped(self) -> bool:
        """Return True if more steps give another value, of an open end."""
        return isinstance(self.allowed, Free | MultipleOf | Bounded)

    @property
    def is_free(self) -> bool:
        """Return True if every whole multiple of a constant is allowed, whatever the other fields are."""
        return isinstance(self.allowed, Free) and not self.only_if and not self.is_ratio

    @property
    def is_limited(self) -> bool:
        """Return True if sampling must not go further than `max_steps`."""
        return bool(self.sampled_values or self.is_divisor or self.at_most is not None)

    @property
    def options(self) -> tuple[Number, ...]:
        """Return the values that are listed one by one, if they are."""
        return self.allowed.options if isinstance(self.allowed, Choice | Switch) else ()

    @property
    def stride(self) -> Number:
        """Return the constant that every value is a multiple of."""
        match self.allowed:
            case Free(stride) | MultipleOf(stride=stride) | Determined(stride=stride):
                return stride
            case Bounded(inner):
                return inner.stride
            case Choice() | Switch():
                return 1

    @property
    def multiple_of(self) -> tuple[str, ...]:
        """Return the fields that every value is a multiple of, for a quotient of fields its numerator."""
        match self.allowed:
            case MultipleOf(names) | Determined(names) | Bounded(MultipleOf(names)):
                return names
            case _:
                return ()

    @property
    def divided_by(self) -> str | None:
        """Return the field that the value is a quotient by."""
        return self.allowed.divided_by if isinstance(self.allowed, Determined) else None

    @property
    def at_most(self) -> str | None:
        """Return the field that the value may not exceed."""
        return self.allowed.at_most if isinstance(self.allowed, Bounded) else None

    @property
    def greater_than(self) -> str | None:
        """Return the field that the value begins above."""
        return self.allowed.greater_than if isinstance(self.allowed, Bounded) else None

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Return the fields whose values must be known first."""
        return (*self.allowed.depends_on, *(name for name, _ in self.only_if))

    @property
    def value_count(self) -> int:
        """Return the number of values that sampling chooses from."""
        if self.is_determined:
            return 1
        if self.options:
            return len(self.options)
        usual = MAX_DIVISOR_VALUES if self.is_divisor or self.multiple_of else MAX_WIDTH_VALUES
        return self.sampled_values or (MAX_DEPTH_VALUES if self.is_depth else usual)

    @property
    def max_steps(self) -> int:
        """Return the number of steps at which sampling ends."""
        return self.min_steps + self.value_count - 1

    def sample(self, random: Random) -> int:
        """Draw a number of steps, each with the same probability."""
        return random.randint(self.min_steps, self.max_steps)

    def step_at(self, fields: Fields) -> Number:
        """Return the distance between two values, and the value itself if other fields determine it."""
        return 1 if isinstance(self.allowed, Choice | Switch) else self.allowed.step_at(fields)

    def value_at(self, steps: int, fields: Fields) -> Number:
        """Return the value after this number of steps; `fields` has the fields that the domain depends on."""
        if self.only_if and not self.is_active(fields):
            return self.base
        return self.allowed.value_at(steps, fields, self.min_steps)

    def steps_of(self, fields: Fields) -> int | None:
        """Return the number of steps to the field's value in `fields`, None if it is not an allowed one."""
        return self.allowed.steps_of(fields[self.name], fields)

    def is_active(self, fields: Fields) -> bool:
        """Return True if the guard holds."""
        return all(fields[name] == wanted for name, wanted in self.only_if)

    def default_steps_outside_range(self, fields: Fields) -> int | None:
        """Return the number of steps to the value in `fields`, if sampling does not get that far."""
        steps = self.steps_of(fields) if self.is_free else None
        return steps if steps is not None and steps > self.max_steps else None

    def reaches(self, number: Number, fields: Fields) -> bool:
        """Return True if sampling may give the field this value, all other fields being as in `fields`."""
        if fields[self.name] == number:
            return True
        if self.is_determined or not self.is_active(fields):
            return False
        steps = self.steps_of({**fields, self.name: number})
        if steps is None or steps < self.min_steps or (self.at_most is not None and number > fields[self.at_most]):
            return False
        return steps <= self.max_steps or not (self.sampled_values or self.is_depth or self.is_divisor or self.options)

    def alignment_stride(self, fields: Fields) -> int:
        """Return the distance between two values, 0 if the values are no multiples of it."""
        return int(self.step_at(fields)) if self.is_stepped and self.greater_than is None else 0

    @property
    def own_degree(self) -> int:
        """Return the degree of the value in the field's own number of steps."""
        return 0 if self.is_determined else 1

    def describe(self) -> str:
        """Return the values that sampling chooses from in words."""
        guard = "".join(f", if {name} is {in_words(wanted)}" for name, wanted in self.only_if)
        return self.allowed.describe(self.min_steps, self.max_steps, guard)

    def as_multiple_of(self, names: Sequence[str], **changes: object) -> FieldDomain:
        """Return the domain with its values multiples of these fields; bounds and stride stay."""
        multiple = MultipleOf(tuple(names), self.stride)
        allowed = replace(self.allowed, inner=multiple) if isinstance(self.allowed, Bounded) else multiple
        return replace(self, allowed=allowed, **changes)

    def with_stride(self, stride: Number, **changes: object) -> FieldDomain:
        """Return the domain with its values multiples of another constant."""
        if isinstance(self.allowed, Bounded):
            allowed: AllowedValues = replace(self.allowed, inner=replace(self.allowed.inner, stride=stride))
        else:
            allowed = replace(self.allowed, stride=stride)
        return replace(self, allowed=allowed, **changes)

    def with_bounds(self, **bounds: str) -> FieldDomain:
        """Return the domain with `at_most` or `greater_than` set to a field."""
        if isinstance(self.allowed, Free | MultipleOf):
            return replace(self, allowed=Bounded(self.allowed, **bounds))
        return replace(self, allowed=replace(self.allowed, **bounds))


def alternative_values(default: Number) -> Iterator[Number]:
    """Yield other values of a field, near its default and far from it."""
    if isinstance(default, bool):
        yield not default
    elif isinstance(default, Fraction):
        yield from {default + 1, default / 2, default * 2, Fraction(1, 2), Fraction(1, 8)} - {default}
    else:
        near = {default + 1, default - 1, 2 * default, default // 2, 3 * default, default + 8, 1, 2, 4, 8}
        yield from sorted(number for number in near - {default} if number >= 0)
