"""From a name to a model: explore, settle, derive; then in deeper stacks, and with fields left standing."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from random import Random

from sympy.core.relational import Relational

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
        deep = _depths(found)
        if deep:
            # What layers are like may follow another rule in deeper stacks, and a rule that shows in these alone.
            found = within(found.space.deepened(deep))
    except CannotDerive:
        every = [axis.name for axis in space.axes if axis.deep]
        stood = standing(every) if every and ":" not in target else None
        if stood is None:
            raise
        return stood
    if found.whole or ":" in target:
        return found  # a size that somebody named is to be in the formula, or the tensor without one is to be told
    groups = suspects(found.space, found.fields, _causes(found))
    # All together first: where that does not help, none of them alone will.
    together = standing([name for group in groups for name in group]) if groups else None
    alone = map(standing, groups) if together is not None and len(groups) == PAIR else iter(())
    return next(filter(None, alone), together) or found


def _depths(found: Derivation) -> list[str]:
    """The depths that may be why tensors have no formula, or that a rule of layers is about, if they are few."""
    causes = _causes(found)
    tensors = found.derived.tensors
    ruled = [loop.stop for tensor in tensors for loop in tensor.loops if not loop.plain]
    ruled += [
        one for tensor in tensors for one in tensor.when.atoms(Relational) if one.rhs.is_Integer and one.rhs > PAIR
    ]
    about = set().union(*(one.free_symbols for one in ruled))
    axes = [axis for axis in found.space.axes if axis.deep and axis.free and axis.unit == 1]
    most = max((causes[axis.name] for axis in axes), default=0)
    deep = [a.name for a in axes if found.symbols[a.name] in about or 0 < causes[a.name] == most]
    return deep if len(deep) <= PAIR else []


def _causes(found: Derivation) -> Counter[str]:
    """How many tensors without a formula each field may be the cause of."""
    times = Counter(symbol for refusal in found.refused for symbol in refusal.sizes)
    return Counter({axis.name: times[found.symbols[axis.name]] for axis in found.space.axes})
