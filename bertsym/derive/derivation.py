"""The result of a derivation: the formulas, the domain in which they hold, and the evidence for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from sympy import Expr, Symbol

from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.domain.space import Space
from bertsym.derive.synthesis.observations import LayerLists
from bertsym.derive.types import Candidate, Failure, Fields, Observation
from bertsym.saved_model.derived import Derived
from bertsym.values import value


@value
class SynthesisInput:
    """The arguments of one synthesis: everything that a formula is inferred from.

    `active` are the sizes that were seen to change a tensor, `lists` the lists of the configuration that may say which
    layers are alike.
    """

    observations: Sequence[Observation]
    active: Collection[Symbol]
    traces: Sequence[ConcolicTrace]
    lists: LayerLists


@value
class Derivation:
    """A closed form and its evidence. `derived` covers every tensor except those in `refused`.

    `trials` counts the random observations that tested the formulas, `edges` the further ones, `builds` all builds.
    `chance` bounds the probability that a wrong polynomial passed (Schwartz 1980, Zippel 1979). `absences` says what
    the code takes if a configuration omits a field. `rounded` is True if a dimension rounds, which the bound does not
    cover. `evidence` is the last synthesis, from which the formulas come.
    """

    derived: Derived
    refused: tuple[Failure, ...]
    space: Space
    fields: Fields
    symbols: Mapping[str, Symbol]
    absences: Mapping[str, Expr | None]
    trials: int
    edges: int
    builds: int
    chance: Fraction
    seed: int
    rounded: bool
    evidence: SynthesisInput

    @property
    def whole(self) -> bool:
        """Return True if every tensor has a formula."""
        return not self.refused

    @property
    def candidate(self) -> Candidate:
        """The formulas and the failures of the last synthesis."""
        return Candidate(self.derived.tensors, self.refused)
