"""From a name to a model: explore, settle, derive; where that is not enough, with fields left standing."""

from __future__ import annotations

from contextlib import suppress
from random import Random

from bertsym.derive.depths import causes
from bertsym.derive.derivation import Derivation, Deriver
from bertsym.derive.explore import explore
from bertsym.derive.only import reconsidered
from bertsym.derive.process import Builder, CannotDerive, Fields, Worker
from bertsym.derive.settle import settle
from bertsym.derive.space import Space
from bertsym.derive.standing import suspects

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
    """As `derive`, in a worker that has already imported what one target after another needs."""
    builder = Builder(worker, target, sizes)
    random = Random(seed)  # noqa: S311  # the seed is printed so that a run can be repeated
    space = reconsidered(builder, settle(builder, explore(builder, random), random), random)

    def within(space: Space) -> Derivation:
        return Deriver(builder, space, random, keep_names=keep_names).derivation(max(trials, FEWEST_TRIALS), seed)

    def standing(names: list[str]) -> Derivation | None:
        with suppress(CannotDerive):
            attempt = within(space.standing({name: builder.description.fields[name] for name in names}))
            return attempt if attempt.whole else None
        return None

    try:
        found = within(space)
    except CannotDerive:
        every = [axis.name for axis in space.axes if axis.deep]
        stood = standing(every) if every and ":" not in target else None
        if stood is None:
            raise
        return stood
    if found.whole or ":" in target:
        return found  # a size that somebody named is to be in the formula, or the tensor without one is to be told
    groups = suspects(found.space, found.fields, causes(found.refused, found.space, found.symbols))
    # All together first: where that does not help, none of them alone will.
    together = standing([name for group in groups for name in group]) if groups else None
    alone = map(standing, groups) if together is not None and len(groups) == PAIR else iter(())
    return next(filter(None, alone), together) or found
