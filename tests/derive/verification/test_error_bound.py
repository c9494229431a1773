"""The bound on a wrong formula's chance is that of Schwartz and Zippel."""

from __future__ import annotations

from fractions import Fraction

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Iverson
from bertsym.derive.domain.field_domain import Bounded, Determined, FieldDomain, Free, MultipleOf, Switch
from bertsym.derive.domain.space import Space
from bertsym.derive.verification.error_bound import error_bound
from bertsym.layers import Role
from bertsym.symbols import E, H, N, V, heads, tied
from bertsym.tree import Loop, Tensor


def bound(*shape: Expr | int, samples: int = 1, axes: tuple[FieldDomain, ...], symbols: dict[str, Symbol]) -> Fraction:
    tensor = Tensor("w", tuple(map(sympy.S, shape)), Role.MATRIX, "", "w")
    space = Space({axis.name: axis.base for axis in axes}, axes, ())
    return error_bound([tensor], space, symbols, samples)


WIDTHS = (FieldDomain("hidden", 8, sampled_values=100), FieldDomain("vocab", 8, sampled_values=200))
NAMES: dict[str, Symbol] = {"hidden": H, "vocab": V}


def test_a_dimension_adds_its_degree_over_the_values_of_the_smallest_size() -> None:
    assert bound(H, axes=WIDTHS, symbols=NAMES) == Fraction(1, 100)
    assert bound(H**2 * V, axes=WIDTHS, symbols=NAMES) == Fraction(3, 100)
    assert bound(H, V, axes=WIDTHS, symbols=NAMES) == Fraction(2, 100)  # union bound
    assert bound(H**2, samples=3, axes=WIDTHS, symbols=NAMES) == Fraction(2, 100) ** 3


def test_a_constant_counts_as_linear_because_it_may_be_wrong() -> None:
    assert bound(7, axes=WIDTHS, symbols=NAMES) == Fraction(1, 100)


def test_floors_count_as_their_argument_and_conditions_not_at_all() -> None:
    assert bound(sympy.floor(H**2 / 3), axes=WIDTHS, symbols=NAMES) == Fraction(2, 100)
    assert bound(H * Iverson(V > 4), axes=WIDTHS, symbols=NAMES) == Fraction(1, 100)


def test_a_multiple_brings_the_degree_of_its_factor() -> None:
    axes = (
        FieldDomain("heads", 4, sampled_values=100),
        FieldDomain("hidden", 8, MultipleOf(("heads",)), sampled_values=100),
        FieldDomain("twice", 16, Determined(("hidden",), 2)),
    )
    symbols: dict[str, Symbol] = {"heads": heads, "hidden": H, "twice": E}
    assert bound(H, axes=axes, symbols=symbols) == Fraction(2, 100)
    assert bound(E * heads, axes=axes, symbols=symbols) == Fraction(3, 100)


def test_a_bounded_size_has_a_likeliest_value() -> None:
    axes = (
        FieldDomain("positions", 64, sampled_values=100),
        FieldDomain("window", 8, Bounded(Free(), at_most="positions"), sampled_values=100),
    )
    assert bound(V, axes=axes, symbols={"positions": N, "window": V}) == Fraction(8, 100)  # 100 < 2^7


def test_switches_and_fields_without_effect_do_not_limit_the_bound() -> None:
    axes = (*WIDTHS, FieldDomain("tied", True, Switch()), FieldDomain("idle", 3, sampled_values=2, no_effect=True))
    assert bound(H, axes=axes, symbols={**NAMES, "tied": tied, "idle": E}) == Fraction(1, 100)


def test_loops_are_tested_too_and_the_bound_is_at_most_one() -> None:
    space = Space({axis.name: axis.base for axis in WIDTHS}, WIDTHS, ())
    tensor = Tensor("layer.{}.w", (H,), Role.MATRIX, "", "layer", (Loop(sympy.S.Zero, V**2),))
    assert error_bound([tensor], space, NAMES, 1) == Fraction(1 + 1 + 2, 100)
    high = Tensor("w", (H**200,), Role.MATRIX, "", "w")
    assert error_bound([high], space, NAMES, 1) == 1
