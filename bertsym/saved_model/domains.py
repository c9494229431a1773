"""The domain of a field as a saved model keeps it: the values from which the sampler chose, and nothing about why.

The variants are those of `bertsym.derive.domain`. Fields go by their paths in the configuration, because a field that
bounds another may have no symbol.
"""

from __future__ import annotations

from bertsym.algebra import Value
from bertsym.values import value

Guard = tuple[tuple[str, Value], ...]
"""Fields and the values that they must have; if one has another value, the sampler left the guarded field alone."""


@value
class Steps:
    """A range of whole numbers of steps, each step being one stride."""

    minimum: int = 1
    maximum: int = 1
    stride: Value = 1


@value
class Free:
    """The multiples of a constant stride."""

    steps: Steps


@value
class MultipleOf:
    """The multiples of stride times the least common multiple of other fields.

    The values start from the field `greater_than` instead of 0, and do not exceed the field `at_most`.
    """

    steps: Steps
    fields: tuple[str, ...]
    at_most: str = ""
    greater_than: str = ""


@value
class Bounded:
    """The multiples of a constant stride that start from the field `greater_than`, or do not exceed `at_most`."""

    steps: Steps
    at_most: str = ""
    greater_than: str = ""


@value
class Determined:
    """One value, which follows from other fields: `factor` times their product, divided by the field `divided_by`."""

    fields: tuple[str, ...]
    factor: Value = 1
    divided_by: str = ""


@value
class Choice:
    """A list of values."""

    values: tuple[Value, ...]


@value
class Switch:
    """Both values of a switch."""


Domain = Free | MultipleOf | Bounded | Determined | Choice | Switch
