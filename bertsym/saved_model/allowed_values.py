"""The values that a field may take, given the values of other fields: one class for each kind of rule.

The derivation samples with these classes, and a saved model keeps them. A sample gives each field a number of steps.
The field's `AllowedValues` turn steps into a value, from the values of the fields that they depend on: 3 steps of a
multiple of `heads` are 36 if there are 12 heads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import lcm, prod

from bertsym.algebra import Value
from bertsym.values import value

Fields = Mapping[str, Value]
"""Values by the paths of fields; a field that bounds another need not be a size with a symbol."""


@value
class Free:
    """All multiples of a constant."""

    stride: Value = 1

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Return the fields whose values must be known first."""
        return ()

    def step_at(self, fields: Fields) -> Value:
        """Return the distance between two neighbouring values."""
        del fields
        return self.stride

    def value_at(self, steps: int, fields: Fields, min_steps: int) -> Value:
        """Return the value after this number of steps."""
        del fields, min_steps
        return self.stride * steps

    def steps_of(self, number: Value, fields: Fields) -> int | None:
        """Return the number of steps to a value, None if the value is not allowed."""
        del fields
        return _exact_quotient(number, self.stride)

    def describe(self, first: int, last: int, guard: str) -> str:
        """Return the values from the first to the last number of steps in words."""
        steps = "" if self.stride == 1 else f" in steps of {in_words(self.stride)}"
        return f"{in_words(first * self.stride)} to {in_words(last * self.stride)}{steps}{guard}"


@value
class MultipleOf:
    """Multiples of other fields, and of a constant: the steps count their least common multiple."""

    multiple_of: tuple[str, ...]
    stride: Value = 1

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Return the fields whose values must be known first."""
        return self.multiple_of

    def step_at(self, fields: Fields) -> Value:
        """Return the distance between two neighbouring values."""
        return self.stride * lcm(*(int(fields[name]) for name in self.multiple_of))

    def value_at(self, steps: int, fields: Fields, min_steps: int) -> Value:
        """Return the value after this number of steps."""
        del min_steps
        return self.step_at(fields) * steps

    def steps_of(self, number: Value, fields: Fields) -> int | None:
        """Return the number of steps to a value, None if the value is not allowed."""
        return _exact_quotient(number, self.step_at(fields))

    def describe(self, first: int, last: int, guard: str) -> str:
        """Return the values from the first to the last number of steps in words."""
        return f"{first} to {last} times {_product(self.stride, self.multiple_of)}{guard}; others are refused"


@value
class Bounded:
    """Free values or multiples between the values of other fields: over `greater_than`, not over `at_most`.

    Steps count from `greater_than` up. Steps past `at_most` begin again at the least, so that every number is valid.
    """

    inner: Free | MultipleOf
    at_most: str | None = None
    greater_than: str | None = None

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Return the fields whose values must be known first."""
        bounds = (self.at_most, self.greater_than)
        return (*self.inner.depends_on, *(name for name in bounds if name is not None))

    def step_at(self, fields: Fields) -> Value:
        """Return the distance between two neighbouring values."""
        return self.inner.step_at(fields)

    def value_at(self, steps: int, fields: Fields, min_steps: int) -> Value:
        """Return the value after this number of steps."""
        step = self.step_at(fields)
        if self.at_most is not None and steps >= min_steps:
            last = int(fields[self.at_most] // step) if step else 0
            steps = min_steps + (steps - min_steps) % max(last - min_steps + 1, 1)
        return self._start(fields) + step * steps

    def steps_of(self, number: Value, fields: Fields) -> int | None:
        """Return the number of steps to a value, None if the value is not allowed."""
        return _exact_quotient(number - self._start(fields), self.step_at(fields))

    def describe(self, first: int, last: int, guard: str) -> str:
        """Return the values from the first to the last number of steps in words."""
        start = f"{self.greater_than} and " if self.greater_than is not None else ""
        end = f", at most {self.at_most}" if self.at_most is not None else ""
        return start + self.inner.describe(first, last, f"{end}{guard}")

    def _start(self, fields: Fields) -> Value:
        return fields[self.greater_than] if self.greater_than is not None else 0


@value
class Determined:
    """The one value that other fields determine: stride * product of `multiple_of` // `divided_by`."""

    multiple_of: tuple[str, ...]
    stride: Value = 1
    divided_by: str | None = None

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Return the fields whose values must be known first."""
        return (*self.multiple_of, *((self.divided_by,) if self.divided_by is not None else ()))

    def step_at(self, fields: Fields) -> Value:
        """Return the value itself, which is the only one."""
        product = self.stride * prod(fields[name] for name in self.multiple_of)
        return product if self.divided_by is None else product // max(fields[self.divided_by], 1)

    def value_at(self, steps: int, fields: Fields, min_steps: int) -> Value:
        """Return the value, the same after any number of steps."""
        del steps, min_steps
        return self.step_at(fields)

    def steps_of(self, number: Value, fields: Fields) -> int | None:
        """Return the quotient of a number and the value, None if it is not whole; 1 if the number is the value."""
        return _exact_quotient(number, self.step_at(fields))

    def describe(self, first: int, last: int, guard: str) -> str:
        """Return the formula of the value."""
        del first, last
        divided = f"/{self.divided_by}" if self.divided_by is not None else ""
        return f"{_product(self.stride, self.multiple_of)}{divided}{guard}; others are refused"


@value
class Choice:
    """A list of values that follow no known rule. The number of steps, modulo their number, is the index."""

    options: tuple[Value, ...]

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Return the fields whose values must be known first."""
        return ()

    def value_at(self, steps: int, fields: Fields, min_steps: int) -> Value:
        """Return the value after this number of steps."""
        del fields, min_steps
        return self.options[steps % len(self.options)]

    def steps_of(self, number: Value, fields: Fields) -> int | None:
        """Return the number of steps to a value, None if the value is not allowed."""
        del fields
        return self.options.index(number) if number in self.options else None

    def describe(self, first: int, last: int, guard: str) -> str:
        """Return the values in words."""
        del first, last
        return f"{', '.join(map(in_words, sorted(self.options)))}{guard}"


@value
class Switch:
    """A field that is True or False: even numbers of steps are False, odd ones True."""

    options: tuple[Value, ...] = (False, True)

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Return the fields whose values must be known first."""
        return ()

    def value_at(self, steps: int, fields: Fields, min_steps: int) -> Value:
        """Return the value after this number of steps."""
        del fields, min_steps
        return self.options[steps % len(self.options)]

    def steps_of(self, number: Value, fields: Fields) -> int | None:
        """Return the number of steps to a value, None if the value is not allowed."""
        del fields
        return self.options.index(number) if number in self.options else None

    def describe(self, first: int, last: int, guard: str) -> str:
        """Return the values in words."""
        del first, last
        return f"yes and no{guard}"


AllowedValues = Free | MultipleOf | Bounded | Determined | Choice | Switch


def _exact_quotient(number: Value, divisor: Value) -> int | None:
    return int(number // divisor) if divisor and number % divisor == 0 else None


def _product(stride: Value, names: Sequence[str]) -> str:
    return "*".join([*([in_words(stride)] if stride != 1 else []), *names])


def in_words(number: Value) -> str:
    """Return a value as people write it."""
    return str(number).lower()
