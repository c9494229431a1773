"""The bounds on what a document may hold: it may come from a stranger."""

from __future__ import annotations

from bertsym.errors import BertsymError
from bertsym.values import value

MAX_FORMULAS = 5_000
MAX_NUMBERS = 1_000
MAX_COSTS = 300
"""The different claims about costs of one document; each is held against some fifty ways to count."""


@value
class TooMany(BertsymError):
    """A text with more claims that differ than anybody has written down.

    >>> print(TooMany("formulas", 20_000, 5_000))
    the text has 20,000 different formulas; the limit is 5,000: split it
    """

    what: str
    size: int
    limit: int

    def __str__(self) -> str:
        return f"the text has {self.size:,} different {self.what}; the limit is {self.limit:,}: split it"
