"""From a name to a model: explore, settle, derive; where that is not enough, again, or with fields left standing."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from random import Random

from bertsym.derive.cegis import ROUNDS, Cegis, Derivation
from bertsym.derive.domain.constraint_acquisition import settle
from bertsym.derive.domain.fallback import suspects
from bertsym.derive.domain.infer_domain import explore
from bertsym.derive.domain.space import FixedBy, Space
from bertsym.derive.domain.unfreeze import reconsidered
from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.derive.sampling.depth_policy import causes
from bertsym.derive.types import CannotDerive, Fields
from bertsym.values import replace

FEWEST_TRIALS = 12
PAIR = 2


def derive(
    target: str,
    sizes: Fields,
    *,
    trials: int = 16,
    seed: int = 0,
    seconds: float = 20.0,
    keep_names: bool = False,
) -> Derivation:
    """The closed form of a transformers model type or class, or of `package.module:callable` at those sizes.

    Runs the code, in another process. Raises `CannotDerive`.
    """
    with Worker(seconds) as worker:
        return derive_in(worker, target, sizes, trials=trials, seed=seed, keep_names=keep_names)


def derive_in(
    worker: Worker, target: str, sizes: Fields, *, trials: int = 16, seed: int = 0, keep_names: bool = False
) -> Derivation:
    """As `derive`, in a worker that has already imported what one target after another needs.

    A draw may hide what another shows: where something has no formula or stands still, all is done again with other
    draws, and the better is taken. Only then are fields left standing.
    """
    trials = max(trials, FEWEST_TRIALS)
    oracle = BuildOracle(worker, target, sizes)
    first, again = (Random(number) for number in (seed, seed + 1))  # noqa: S311  # the seed is printed, to be repeated
    attempts = [_Attempt(oracle, first, trials, seed, keep_names=keep_names)]
    if any(attempts[0].left):
        with suppress(CannotDerive):
            attempts.append(_Attempt(oracle, again, trials, seed, keep_names=keep_names))
    found = min(attempts, key=lambda attempt: attempt.left).stood()
    # Whichever is taken, a wrong formula had a chance in each search that was made, and in every round of it.
    searches = 1 + ROUNDS * (sum(attempt.searches for attempt in attempts) - 1)
    return replace(found, chance=min(Fraction(1), found.chance * searches))


class _Attempt:
    """What one stream of draws shows, None if nothing; raises `CannotDerive` where the code does not build at all."""

    def __init__(self, oracle: BuildOracle, random: Random, trials: int, seed: int, *, keep_names: bool) -> None:
        self.oracle, self.random, self.trials, self.seed, self.keep_names = oracle, random, trials, seed, keep_names
        self.space = reconsidered(oracle, settle(oracle, explore(oracle, random), random), random)
        self.searches = 0
        self.found: Derivation | None = None
        try:
            self.found = self.within(self.space)
        except CannotDerive as problem:
            self.problem = problem

    @property
    def left(self) -> tuple[bool, int, int]:
        """What it leaves to be wished for: all of it, tensors without a formula, fields that stand still."""
        if self.found is None:
            return True, 0, 0
        return (
            False,
            len(self.found.refused),
            sum(still.fixed_by is FixedBy.DERIVATION for still in self.found.space.fixed),
        )

    def within(self, space: Space) -> Derivation:
        """The formulas over a space; raises `CannotDerive`."""
        self.searches += 1
        deriver = Cegis(self.oracle, space, self.random, keep_names=self.keep_names)
        return deriver.derivation(self.trials, self.seed)

    def standing(self, names: list[str]) -> Derivation | None:
        """The whole formula with these fields as the code has them, if there is one."""
        with suppress(CannotDerive):
            attempt = self.within(self.space.with_fixed({name: self.oracle.description.fields[name] for name in names}))
            return attempt if attempt.whole else None
        return None

    def stood(self) -> Derivation:
        """What was found, whole if leaving fields standing can make it so; raises `CannotDerive`."""
        named = ":" in self.oracle.target  # a size that somebody named is to be in the formula, or refused
        found = self.found
        if found is None:
            every = [axis.name for axis in self.space.axes if axis.is_depth]
            stood = self.standing(every) if every and not named else None
            if stood is None:
                raise self.problem
            return stood
        if found.whole or named:
            return found
        groups = suspects(found.space, found.fields, causes(found.refused, found.space, found.symbols))
        # All together first: where that does not help, none of them alone will.
        together = self.standing([name for group in groups for name in group]) if groups else None
        alone = map(self.standing, groups) if together is not None and len(groups) == PAIR else iter(())
        return next(filter(None, alone), together) or found
