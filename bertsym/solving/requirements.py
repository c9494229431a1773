"""The requirements on an answer besides the target: constraints, budgets, a tolerance, a range."""

from __future__ import annotations

from fractions import Fraction

from bertsym.convention import Convention
from bertsym.errors import BertsymError
from bertsym.quantities import decimal
from bertsym.solving.constraints import Constraint
from bertsym.values import value


@value
class NothingFits(BertsymError):
    """No configuration that was tried meets the requirements; `standing` are the sizes that were fixed."""

    tried: str
    why: str
    standing: str = ""

    def __str__(self) -> str:
        return f"{self.tried} satisfies {self.why}" + (f" (at {self.standing})" if self.standing else "")


@value
class Limit:
    """A budget: the largest or the smallest count under a convention.

    `quantity` names the head that has the entries of another quantity than the target's, as `budgets.with_inventory`
    adds it. It is empty for a budget over the target's own entries.
    """

    convention: Convention
    most: int | None = None
    least: int | None = None
    quantity: str = ""

    @property
    def title(self) -> str:
        """Return the budget in words."""
        bound = f"at most {self.most:,}" if self.most is not None else f"at least {self.least:,}"
        return f"{self.quantity or self.convention.title} {bound}"


@value
class Demand:
    """Constraints, budgets, the range of the unknown, and the tolerance: a share of the target."""

    constraints: tuple[Constraint, ...] = ()
    limits: tuple[Limit, ...] = ()
    tolerance: Fraction | None = None
    range: tuple[int, int] | None = None

    def in_words(self, target: int | None) -> str:
        """Return the requirements as the end of a sentence."""
        wanted = [constraint.text for constraint in self.constraints] + [limit.title for limit in self.limits]
        if self.tolerance is not None and target is not None:
            percent = decimal(self.tolerance * 100, 6).rstrip("0").rstrip(".")
            wanted.append(f"within {percent}% of {target:,}")
        if self.range is not None:
            wanted.append(f"from {self.range[0]:,} to {self.range[1]:,}")
        return " and ".join(wanted) or "the divisibility of its sizes"
