"""Forms in place of names: numbers and definitions put into a formula as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sympy import Symbol

from bertsym.formulas.tree import (
    Bracket,
    Condition,
    Conjunction,
    Disjunction,
    Form,
    Name,
    Negation,
    children,
    rebuild,
)

Node = TypeVar("Node", bound=Form | Condition)


def put_in(written: Node, values: Mapping[Symbol, Form]) -> Node:
    """Return the form with other forms in place of names, and compute nothing: 12LH^2 becomes 12 * 12 * 768^2."""
    if isinstance(written, Name):
        return values.get(written.symbol, written)  # type: ignore[return-value]  # a form takes the place of a name
    logical = isinstance(written, Bracket | Negation | Conjunction | Disjunction)
    # A name that is a condition by itself is a switch. It stays, because no number can replace it.
    parts = [part if logical and isinstance(part, Name) else put_in(part, values) for part in children(written)]
    rebuilt: Node = rebuild(written, parts)
    return rebuilt
