"""The events of a derivation's trace: what a stage concluded, from which observations, as values.

`bertsym/derive/README.md` lists the events and their fields, which are the names in the lines of a trace file.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bertsym.derive.types import Number
from bertsym.values import value

TRACE_VERSION = 1
STAGES = ("oracle", "domain", "sampling", "concolic", "synthesis", "verification", "pipeline")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@value
class BuildCount:
    """The new builds of a stage; a build that the oracle remembers counts once, when it was made."""

    accepted: int = 0
    rejected: int = 0
    timed_out: int = 0

    @property
    def total(self) -> int:
        """The number of builds."""
        return self.accepted + self.rejected + self.timed_out


@value
class Begun:
    """The first event: which target is derived, and how."""

    version: int
    target: str
    seed: int
    trials: int
    class_name: str
    source: str
    defaults: Mapping[str, Number]


@value
class Observed:
    """An observation that later events refer to by its `id`: the sizes, and how the sampler came to choose them.

    `changed` is the one size in which it differs from the observation `changed_from`.
    """

    id: int
    strategy: str
    sizes: Mapping[str, Number]
    tensors: int
    changed: str | None = None
    changed_from: int | None = None


@value
class Rejected:
    """A build that raised an error: the fields that differ from the defaults, and the error."""

    fields: Mapping[str, Number]
    error: str


@value
class Constraint:
    """The values that a field may take, in words, and the builds so far that speak for and against it.

    A true constraint excludes rejected builds and no accepted ones, except values that stand for something else, as 0
    often does. `before` is the constraint that the step replaced.
    """

    field: str
    values: str
    before: str | None = None
    excluded_rejections: int = 0
    first_rejection: Rejected | None = None
    excluded_accepted: int = 0
    first_accepted: Mapping[str, Number] | None = None


@value
class Fixed:
    """A field that stays at its default, by whom, and why."""

    field: str
    by: str
    why: str


@value
class DomainFound:
    """The domain as a step of the domain stage leaves it.

    `constraints` are those that the step learned. `rejections` are builds of the step that the domain contains.
    """

    with_effect: tuple[str, ...]
    without_effect: tuple[str, ...]
    constraints: tuple[Constraint, ...]
    fixed: tuple[Fixed, ...]
    rejections: tuple[Rejected, ...]

    def summary(self) -> str:
        """Return the conclusion in a few words."""
        return f"{_counted(len(self.with_effect), 'field')} with an effect, {len(self.fixed)} fixed"


@value
class PathSeen:
    """The relations that runs with symbols went through, and how many tensors showed their shapes."""

    runs: int
    conditions: tuple[str, ...]
    shapes: int

    def summary(self) -> str:
        """Return the conclusion in a few words."""
        return f"{len(self.conditions)} relations in {self.runs} runs"


@value
class Sampled:
    """The observations that the stage made: how many by each strategy, and the ids of those for the synthesizer."""

    counts: Mapping[str, int]
    ids: Mapping[str, tuple[int, ...]] = MappingProxyType({})

    def summary(self) -> str:
        """Return the conclusion in a few words."""
        return f"{sum(self.counts.values())} observations"


@value
class Formula:
    """A tensor of the candidate: its loops, its dimensions, its conditions, and in how many observations it exists."""

    tensor: str
    loops: tuple[str, ...]
    dimensions: tuple[str, ...]
    exists_if: str
    tied_to: str | None
    tied_if: str | None
    observations: int


@value
class Refuted:
    """A formula that fits so many builds, and the sizes of a build that refutes it, with both values."""

    formula: str
    fits: int
    sizes: Mapping[str, Number]
    predicted: str
    actual: str


@value
class Unsolved:
    """A part of a tensor without a formula: the sizes that affect it, its first values, and the best candidates."""

    tensor: str
    part: str
    why: str
    sizes: tuple[str, ...]
    builds: int = 0
    values: tuple[str, ...] = ()
    refuted: tuple[Refuted, ...] = ()


@value
class Counterexample:
    """An observation that refutes the candidate: the first tensor that differs, as predicted and as built."""

    observation: int
    tensor: str
    predicted: str
    actual: str


@value
class Synthesized:
    """The candidate that the synthesizer makes of so many observations.

    `contradicted` are observations that the formulas get wrong although the synthesizer had them. If there are any, the
    synthesizer itself is wrong.
    """

    observations: int
    templates: int
    formulas: tuple[Formula, ...]
    unsolved: tuple[Unsolved, ...]
    contradicted: tuple[Counterexample, ...] = ()

    def summary(self) -> str:
        """Return the conclusion in a few words."""
        unsolved = f", {_counted(len(self.unsolved), 'tensor')} without a formula" if self.unsolved else ""
        wrong = ", which CONTRADICT their own observations" if self.contradicted else ""
        return f"{_counted(len(self.formulas), 'formula')} from {self.observations} observations{wrong}{unsolved}"


@value
class Checked:
    """The fresh observations that the candidate was tried at, and those that refute it."""

    observations: int
    counterexamples: tuple[Counterexample, ...]
    refuted: int

    def summary(self) -> str:
        """Return the conclusion in a few words."""
        return f"{self.refuted} of {self.observations} observations refute the candidate"


@value
class Fallback:
    """Fields that the pipeline fixes at their defaults, because tensors have no formula otherwise."""

    fields: tuple[str, ...]
    why: str

    def summary(self) -> str:
        """Return the conclusion in a few words."""
        return f"fix {', '.join(self.fields)} at the default, because {self.why}"


@value
class Concluded:
    """The end: how many tensors have formulas, and the bound on the error."""

    formulas: int
    unsolved: int
    error_at_most: str
    seed: int

    def summary(self) -> str:
        """Return the conclusion in a few words."""
        return f"{_counted(self.formulas, 'formula')}, {_counted(self.unsolved, 'tensor')} without one"


@value
class Problem:
    """The error that ended a stage."""

    error: str

    def summary(self) -> str:
        """Return the conclusion in a few words."""
        return self.error


Conclusion = DomainFound | PathSeen | Sampled | Synthesized | Checked | Fallback | Concluded | Problem


@value
class StageEnded:
    """A stage as it ends. `attempt` and `round` count from 1; they are 0 before the first attempt or round.

    `stage` is the package of `bertsym.derive` that worked, `step` its function in a word.
    """

    stage: str
    step: str
    attempt: int
    seed: int
    round: int
    builds: BuildCount
    seconds: str
    concluded: Conclusion


Event = Begun | Observed | StageEnded
