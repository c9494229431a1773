"""The tensors of a model and the ways to count them, laid out once for all formulas about the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.claims.interpretations import Counting, countings
from bertsym.claims.parts import named_parts
from bertsym.claims.tensor_polynomials import Part, known_sizes, number, parts
from bertsym.errors import BertsymError
from bertsym.model import Model
from bertsym.values import value

# The steps of judging one text. A formula takes two for each of its terms, at least 16. The tensors under a head take
# 64, for each choice of sizes that a formula leaves out.
MAX_JUDGING_STEPS = 32_000
# A formula is judged under each head with three choices of what is put in: bert has nine heads.
MAX_CACHED_INVENTORIES = 96
MAX_CACHED_NUMBERS = 50_000

Fill = tuple[tuple[Symbol, Value | Symbol], ...]
"""Values for symbols: a number each, or a symbol that is assumed to be equal."""


@value
class TooManyJudged(BertsymError):
    """Formulas or sides of formulas beyond what is judged for one question.

    >>> print(TooManyJudged("different sides of a formula", 2_500, 32))
    different sides of a formula: 2,500; the limit is 32: ask about fewer at a time
    """

    what: str
    size: int
    limit: int

    def __str__(self) -> str:
        return f"{self.what}: {self.size:,}; the limit is {self.limit:,}: ask about fewer at a time"


class Ledger:
    """The tensors of a model and their countings under each head, laid out once for all formulas about it."""

    def __init__(self, model: Model, heads: Sequence[str]) -> None:
        self.model = model
        self.heads = tuple(heads)
        self.steps = 0
        self.weighed: dict[int, tuple[Counting, Fraction | None]] = {}
        self.inventory = lru_cache(MAX_CACHED_INVENTORIES)(self._inventory)
        self.countings = lru_cache(MAX_CACHED_INVENTORIES)(self._countings)
        self.named_parts = lru_cache(MAX_CACHED_INVENTORIES)(self._named_parts)

    @cached_property
    def base(self) -> Ledger:
        """Return a ledger at the sizes that the model's paper calls base."""
        return Ledger(at_base(self.model), self.heads)

    def step(self, steps: int) -> None:
        """Note that so much more was done; raises `TooManyJudged`."""
        self.steps += steps
        if self.steps > MAX_JUDGING_STEPS:
            raise TooManyJudged("steps of judging formulas", self.steps, MAX_JUDGING_STEPS)

    def number(self, counting: Counting, sizes: Mapping[Symbol, Value]) -> Fraction | None:
        """Return the value of a counting at the sizes of the question, evaluated once."""
        entry = self.weighed.get(id(counting))
        if entry is None or entry[0] is not counting:
            if len(self.weighed) > MAX_CACHED_NUMBERS:
                self.weighed.clear()
            entry = self.weighed[id(counting)] = (counting, number(counting.terms, sizes))
        return entry[1]

    @cached_property
    def sizes(self) -> Mapping[Symbol, Value]:
        """Return the model's sizes, with those that follow from them; those of the base model if none is given."""
        return known_sizes(self.model if self.model.given else at_base(self.model))

    def _named_parts(self, keep: frozenset[Symbol], fill: Fill) -> tuple[Counting, ...]:
        cls = self.model.architecture.heads[self.heads[0]].cls
        return tuple(named_parts(cls, self.inventory(self.heads[0], keep, fill)))

    def _inventory(self, head: str, keep: frozenset[Symbol], fill: Fill) -> tuple[Part, ...]:
        self.step(64)
        headed = self.model.with_head(head)
        return parts(headed, keep & headed.symbols, dict(fill))

    def _countings(self, head: str, keep: frozenset[Symbol], fill: Fill) -> tuple[Counting, ...]:
        cls = self.model.architecture.heads[head].cls
        return tuple(countings(cls, self.inventory(head, keep, fill), whole=head != self.heads[0]))


def at_base(model: Model) -> Model:
    """Return the model at the sizes that its paper calls base, under their name."""
    base = model.architecture.base
    return Model(model.architecture, model.head, label=base).with_sizes(model.architecture.sizes[base].values)
