"""Rounding in a formula: `int(...)`, floors, ceilings and `//`, read if the rounded quotient is one of the model's."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import sympy
from sympy import Expr

from bertsym.algebra import monomials
from bertsym.claims.polynomial import expand, expression
from bertsym.formulas.monomial_order import Terms
from bertsym.formulas.tree import Floor, Form, Number, product, symbols
from bertsym.model import Model
from bertsym.values import value

FLOORS = frozenset({"int", "floor"})
CEILINGS = frozenset({"ceil", "ceiling"})

_MINUS = Number(Fraction(-1))


@value
class Rounding:
    """The quotients that may be rounded in a formula about a model; without a model, every quotient may."""

    model: Model | None = None

    def floor(self, inside: Form) -> Form | None:
        """Return the form of the largest integer not over `inside`; None if the model rounds no such quotient.

        The quotient itself is returned if it is an integer in the model, as H/heads is.

        >>> from bertsym.symbols import H
        >>> from bertsym.formulas.tree import Name, Quotient
        >>> Rounding().floor(Number(Fraction(7, 2)))
        Number(value=Fraction(3, 1))
        """
        terms = expand(inside)
        if not symbols(inside):
            return Number(Fraction(floor(terms.get((), Fraction(0)))))
        if _is_integral(terms) or self._is_whole(terms):
            return inside
        return Floor(inside) if self.model is None or self._rounds(terms) else None

    def ceiling(self, inside: Form) -> Form | None:
        """Return the form of the smallest integer not under `inside`; None if the model rounds no such quotient."""
        form = self.floor(product([_MINUS, inside]))
        return None if form is None else product([_MINUS, form])

    def _is_whole(self, terms: Terms) -> bool:
        """Return True if the model's definitions or conditions make the quotient an integer."""
        if self.model is None:
            return False
        architecture = self.model.architecture
        quotients = (*architecture.whole, *(definition.value for definition in architecture.definitions))
        return any(terms == monomials(quotient) for quotient in quotients)

    def _rounds(self, terms: Terms) -> bool:
        rounded = sympy.floor(expression(terms))
        return bool(rounded.atoms(sympy.floor)) and rounded.atoms(sympy.floor) <= self._floors()

    def _floors(self) -> set[Expr]:
        tensors = () if self.model is None else self.model.tensors
        sides = (side for tensor in tensors for side in (*tensor.shape, tensor.times, tensor.own))
        return {atom for side in sides for atom in side.atoms(sympy.floor)}


def _is_integral(terms: Terms) -> bool:
    """Return True for a polynomial with integer coefficients."""
    powers = (power for monomial in terms for _, power in monomial)
    return all(value.denominator == 1 for value in terms.values()) and all(power > 0 for power in powers)
