"""How tightly a text holds together, which decides what stands in parentheses; the same in every syntax."""

from __future__ import annotations

from enum import IntEnum

from bertsym.forms import Form, Number


class Binding(IntEnum):
    """The kinds of texts, loosest first; a text in a place that wants a tighter one gets parentheses."""

    OR = 0
    AND = 1
    NOT = 2
    RELATION = 3
    SUM = 4
    MINUS = 5
    QUOTIENT = 6
    PRODUCT = 7
    POWER = 8
    ATOM = 9


def of_first(factor: Form, *, minus: bool) -> Binding:
    """Return what the first factor of a product must hold; a number needs no parentheses there, nor does its sign.

    After a minus a second one would read as two.
    """
    if not isinstance(factor, Number):
        return Binding.PRODUCT
    return Binding.QUOTIENT if minus else Binding.MINUS
