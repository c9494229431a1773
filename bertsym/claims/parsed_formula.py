"""A parsed formula: its sides, the symbol of each name, and the use of every token."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from sympy import Symbol

from bertsym.claims.tokens import Token
from bertsym.formulas.tree import Form
from bertsym.values import value


class Use(Enum):
    """The purpose for which the parser used a token."""

    MATHS = "mathematics"
    LAYOUT = "layout"
    LABEL = "label"
    ANNOTATION = "annotation"
    REMAINDER = "remainder"


@value
class Side:
    """One side of a chain of equalities; `about` if an approximation sign stands before it.

    `annotated` are its terms with the words that stood under or beside them.
    """

    form: Form
    about: bool
    column: int
    annotated: tuple[tuple[Form, str], ...] = ()


@value
class Reading:
    """A formula as it was read; together, the tokens are the text, and each has one use.

    `remainders` are the arguments of its O(...), left out of the sides.
    """

    text: str
    sides: tuple[Side, ...]
    label: str
    remainders: tuple[Form, ...]
    names: Mapping[str, Symbol]
    notes: tuple[str, ...]
    tokens: tuple[tuple[Token, Use], ...]

    @property
    def main(self) -> Side:
        """Return the side with the most detailed formula: the longest when written out."""
        return max(self.sides, key=lambda side: _length(side.form))

    @property
    def about(self) -> bool:
        """Return True if the text says that it is an approximation."""
        return bool(self.remainders) or any(side.about for side in self.sides)

    def left_out(self) -> dict[Use, tuple[str, ...]]:
        """Return the pieces of the text that are not mathematics, without spaces."""
        pieces_by_use: dict[Use, list[str]] = {}
        for token, use in self.tokens:
            if use is not Use.MATHS and token.text.strip():
                pieces_by_use.setdefault(use, []).append(token.text.strip())
        return {use: tuple(pieces) for use, pieces in pieces_by_use.items()}


def _length(form: Form) -> int:
    parts = [getattr(form, name, ()) for name in ("factors", "terms")]
    return 1 + sum(_length(part) for group in parts for part in group)
