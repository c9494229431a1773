"""Spaces written by hand, for tests of sampling."""

from __future__ import annotations

from sympy import Symbol

from bertsym.derive.domain.field_domain import Bounded, Determined, FieldDomain, Free, MultipleOf, Switch
from bertsym.derive.domain.space import Space
from bertsym.symbols import E, H, L, N, V, heads

AXES = (
    FieldDomain("heads", 12, is_divisor=True),
    FieldDomain("layers", 4, is_depth=True),
    FieldDomain("text", 768, MultipleOf(("heads",))),
    FieldDomain("groups", 6, is_divisor=True),
    FieldDomain("image", 512, MultipleOf(("groups",), 4)),
    FieldDomain("patch", 16, Free(2)),
    FieldDomain("window", 8, Bounded(Free(), at_most="patch")),
    FieldDomain("twice", 1536, Determined(("text",), 2)),
    FieldDomain("biased", True, Switch()),
)
SPACE = Space({axis.name: axis.base for axis in AXES}, AXES, ())
SYMBOLS: dict[str, Symbol] = {"heads": heads, "layers": L, "text": H, "image": E, "patch": N, "window": V}


def free_space(**defaults: int) -> Space:
    """Return a space of free widths; a field called `layers` is a depth."""
    axes = tuple(FieldDomain(name, default, is_depth=name == "layers") for name, default in defaults.items())
    return Space(dict(defaults), axes, ())
