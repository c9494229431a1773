"""The named parts that a claim leaves out of a counting that people use: `all but the final norm, 2H = 1,536`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.claims.interpretations import OMISSIONS, Counting
from bertsym.claims.tensor_polynomials import Part, add, number
from bertsym.formulas.monomial_order import Terms
from bertsym.values import value

NEGLIGIBLE = Fraction(1, 100)
"""The share of a counting up to which one part that a claim leaves out is negligible."""


@value
class Omission:
    """A named part that a claim leaves out, and what it adds."""

    name: str
    terms: Terms


@value
class Omissions:
    """A counting that people use, and the parts of it that a claim leaves out."""

    counting: Counting
    parts: tuple[Omission, ...]

    def share(self, sizes: Mapping[Symbol, Value]) -> Fraction | None:
        """Return the share of the counting that is left out, at some sizes; None while a size is open."""
        missing = number(add(omission.terms for omission in self.parts), sizes)
        whole = number(self.counting.terms, sizes)
        return None if missing is None or not whole else missing / whole

    def negligible(self, sizes: Mapping[Symbol, Value]) -> bool:
        """Return True if one small part of a whole model is left out."""
        share = self.share(sizes)
        whole = self.counting.custom is not None and self.counting.custom.name == "exact"
        return whole and len(self.parts) == 1 and share is not None and abs(share) <= NEGLIGIBLE


def omissions(counting: Counting, known: Iterable[Counting]) -> Omissions | None:
    """Return the usual counting that becomes `counting` without some parts, with these parts; None if there is none.

    `known` are countings of the same class. Of several usual ones, the one that lacks least is chosen.
    """
    if not counting.without or counting.stored:
        return None
    left_out = set(counting.without)

    def fits(usual: Counting) -> bool:
        same = (usual.cls, usual.scope, usual.each, usual.active) == (
            counting.cls,
            counting.scope,
            counting.each,
            counting.active,
        )
        return same and usual.sound and not usual.stored and set(usual.without) < left_out

    usual = max((other for other in known if fits(other)), key=lambda other: len(other.without), default=None)
    if usual is None:
        return None
    remaining = list(usual.parts)
    chosen = []
    for name in counting.without:
        if name in usual.without:
            continue
        members = [part for part in remaining if OMISSIONS[name](part.tensor)] if name in OMISSIONS else []
        remaining = [part for part in remaining if part not in members]
        chosen.append(Omission(part_name(name, members, usual.parts), add(usual.amount(part) for part in members)))
    return Omissions(usual, tuple(chosen))


def part_name(name: str, members: Sequence[Part], whole: Sequence[Part]) -> str:
    """Return the name of some tensors: that of their component if they are all of it, such as the final norm."""
    components = {part.tensor.component for part in members}
    if len(components) == 1:
        component = components.pop()
        if sum(part.tensor.component == component for part in whole) == len(members):
            return component.replace("-", " ")
    return name
