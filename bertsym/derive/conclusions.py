"""The conclusions of the stages as events: read from a space, a candidate, observations, and never fed back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import sympy
from sympy import Expr

from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.derivation import SynthesisInput
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space
from bertsym.derive.events import (
    Checked,
    Constraint,
    Counterexample,
    DomainFound,
    Fixed,
    Formula,
    PathSeen,
    Refuted,
    Rejected,
    Synthesized,
    Unsolved,
)
from bertsym.derive.limits import (
    MAX_EXPLAINED_FAILURES,
    MAX_TRACED_COUNTEREXAMPLES,
    MAX_TRACED_REJECTIONS,
    MAX_TRACED_VALUES,
)
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.synthesis.evidence import explain_tensor
from bertsym.derive.synthesis.name_templates import mine_templates
from bertsym.derive.synthesis.runners_up import PartFormula
from bertsym.derive.trace import Trace
from bertsym.derive.types import Candidate, Failure, Fields, Number, Observation, Rejection
from bertsym.derive.verification.check import built_count, first_mismatch, prediction, public_count
from bertsym.expressions.writer import write, write_condition
from bertsym.saved_model.derived import Derived
from bertsym.tree import Loop, Tensor


def domain_found(space: Space, oracle: BuildOracle, before: Space | None = None) -> DomainFound:
    """Return the domain with each constraint that the step learned and the builds for and against it.

    `before` is the domain with which the step began; without it every constraint is new.
    """
    rejected = [(dict(key), found) for key, found in oracle.cache.items() if isinstance(found, Rejection)]
    accepted = [dict(key) for key, found in oracle.cache.items() if not isinstance(found, Rejection)]
    old = {} if before is None else {axis.name: axis for axis in before.axes}
    changed = [axis for axis in space.axes if old.get(axis.name) != axis and (before is not None or _constrained(axis))]
    return DomainFound(
        tuple(axis.name for axis in space.axes if not axis.no_effect),
        tuple(axis.name for axis in space.axes if axis.no_effect),
        tuple(_constraint(axis, old.get(axis.name), space.base, rejected, accepted) for axis in changed),
        tuple(Fixed(fixed.name, fixed.fixed_by.name.lower(), fixed.why) for fixed in space.fixed),
        _unexplained(space, rejected),
    )


def _constrained(axis: FieldDomain) -> bool:
    return bool(axis.depends_on) or axis.stride != 1


def _constraint(
    axis: FieldDomain,
    before: FieldDomain | None,
    base: Fields,
    rejected: Sequence[tuple[Fields, Rejection]],
    accepted: Sequence[Fields],
) -> Constraint:
    excluded = [(fields, rejection) for fields, rejection in rejected if _excludes(axis, fields)]
    against = [fields for fields in accepted if _excludes(axis, fields)]
    first = Rejected(_differences(excluded[0][0], base), excluded[0][1].reason) if excluded else None
    return Constraint(
        axis.name,
        axis.describe(),
        None if before is None else before.describe(),
        len(excluded),
        first,
        len(against),
        _differences(against[0], base) if against else None,
    )


def _excludes(axis: FieldDomain, fields: Fields) -> bool:
    """Return True if the domain of the field does not contain its value, the other fields being as they are."""
    if not axis.is_active(fields):
        return fields[axis.name] != axis.base
    steps = axis.steps_of(fields)
    if steps is None or (steps < axis.min_steps and axis.is_stepped):
        return True
    return axis.value_at(steps, fields) != fields[axis.name]


def _unexplained(space: Space, rejected: Sequence[tuple[Fields, Rejection]]) -> tuple[Rejected, ...]:
    """Return rejected builds that the domain contains, the first with each error."""
    first: dict[str, Fields] = {}
    for fields, rejection in rejected:
        if rejection.reason not in first and space.contains(fields):
            first[rejection.reason] = fields
    shown = list(first.items())[:MAX_TRACED_REJECTIONS]
    return tuple(Rejected(_differences(fields, space.base), error) for error, fields in shown)


def _differences(fields: Fields, base: Fields) -> Mapping[str, Number]:
    return {name: number for name, number in fields.items() if base.get(name) != number}


def path_seen(runs: Sequence[ConcolicTrace]) -> PathSeen:
    """Return the path conditions of runs with symbols, each once."""
    conditions = dict.fromkeys(condition_text(condition) for run in runs for condition in run.conditions)
    return PathSeen(len(runs), tuple(conditions), max((len(run.shapes) for run in runs), default=0))


def synthesized(candidate: Candidate, given: SynthesisInput, ignored: re.Pattern[str], trace: Trace) -> Synthesized:
    """Return the formulas of a candidate and its failures, with the evidence for each failure.

    `ignored` matches the names of tensors without a formula.
    """
    templates = mine_templates(given.observations)
    seen = {template.pattern: len(template.entries) for template in templates}
    formulas = tuple(_formula(tensor, seen.get(tensor.name, 0)) for tensor in candidate.tensors)
    return Synthesized(
        len(given.observations),
        len(templates),
        formulas,
        tuple(
            _unsolved(failure, given) if number < MAX_EXPLAINED_FAILURES else _unexplained_failure(failure)
            for number, failure in enumerate(candidate.refused)
        ),
        tuple(islice(_contradictions(candidate, given, ignored, trace), MAX_TRACED_COUNTEREXAMPLES)),
    )


def _contradictions(
    candidate: Candidate, given: SynthesisInput, ignored: re.Pattern[str], trace: Trace
) -> Iterator[Counterexample]:
    """Yield the observations that the formulas get wrong although the synthesizer had them."""
    for observation in given.observations:
        name = first_mismatch(candidate.tensors, observation, ignored)
        if name is not None:
            both = _both(candidate.tensors, observation, name)
            yield Counterexample(trace.id_of(observation, "synthesis"), name, *both)


def _formula(tensor: Tensor, observations: int) -> Formula:
    tied_if = None if tensor.tied_to is None else condition_text(tensor.tied_when)
    return Formula(
        tensor.name,
        tuple(map(loop_text, tensor.loops)),
        tuple(str(write(dimension)) for dimension in tensor.shape),
        condition_text(tensor.when),
        tensor.tied_to,
        tied_if,
        observations,
    )


def loop_text(loop: Loop) -> str:
    """Return the indices of a loop as text.

    >>> loop_text(Loop(sympy.Integer(0), sympy.Symbol("L"), sympy.Integer(2)))
    '0..L step 2'
    """
    text = f"{write(loop.start)}..{write(loop.stop)}"
    text += "" if loop.step == 1 else f" step {write(loop.step)}"
    text += f" listed {', '.join(str(write(index)) for index in loop.listed)}" if loop.listed else ""
    return f"all of them but {text}" if loop.others else text


def condition_text(condition: sympy.Basic) -> str:
    """Return a condition in the syntax of saved models, or in sympy's if a saved model cannot hold it."""
    try:
        return write_condition(condition)
    except (TypeError, ValueError, KeyError, AttributeError):  # a relation of the model code that no file may hold
        return str(condition)


def _unsolved(failure: Failure, given: SynthesisInput) -> Unsolved:
    """Return a failure with the best candidates for the part that failed, each with the build that refutes it."""
    first = explain_tensor(failure.tensor, given.observations, given.active, given.traces, given.lists)[0]
    part = first.failed_part
    refuted = tuple(
        Refuted(
            formula_text(one.formula),
            one.fits,
            {str(symbol): number for symbol, number in one.sizes.items()},
            str(one.predicted),
            str(one.actual),
        )
        for one in (part.runners_up if part is not None else ())
    )
    sizes = part.affecting if part is not None else sorted(failure.sizes, key=str)
    values = dict.fromkeys(str(one.value) for one in (part.observations if part is not None else ()))
    return Unsolved(
        failure.tensor,
        failure.part,
        failure.reason,
        tuple(map(str, sizes)),
        part.builds if part is not None else 0,
        tuple(islice(values, MAX_TRACED_VALUES)),
        refuted,
    )


def _unexplained_failure(failure: Failure) -> Unsolved:
    sizes = tuple(sorted(map(str, failure.sizes)))
    return Unsolved(failure.tensor, failure.part, failure.reason, sizes)


def formula_text(formula: PartFormula) -> str:
    """Return a formula, a condition or a loop in the syntax of saved models."""
    if isinstance(formula, Loop):
        return loop_text(formula)
    return str(write(formula)) if isinstance(formula, Expr) else condition_text(formula)


def checked(
    derived: Derived,
    fresh: Sequence[Observation],
    refuting: Sequence[Observation],
    ignored: re.Pattern[str],
    trace: Trace,
) -> Checked:
    """Return the counterexamples of a check, each with the first tensor that differs."""
    few = refuting[:MAX_TRACED_COUNTEREXAMPLES]
    found = tuple(Counterexample(trace.id_of(one, "check"), *mismatch(derived, one, ignored)) for one in few)
    return Checked(len(fresh), found, len(refuting))


def mismatch(derived: Derived, observation: Observation, ignored: re.Pattern[str]) -> tuple[str, str, str]:
    """Return the first tensor that the formulas get wrong at an observation, as predicted and as built.

    If every tensor agrees, the count that a user gets differs from the count that was built.
    """
    name = first_mismatch(derived.tensors, observation, ignored)
    if name is None:
        return "total", str(public_count(derived.model(), observation)), str(built_count(observation.inventory))
    return name, *_both(derived.tensors, observation, name)


def _both(tensors: Sequence[Tensor], observation: Observation, name: str) -> tuple[str, str]:
    """Return a tensor as predicted and as built."""
    ours, built = prediction(tensors, observation, name), observation.inventory.get(name)
    predicted = "no such tensor" if ours is None else _tensor_text(*ours, name)
    return predicted, "no such tensor" if built is None else _tensor_text(built.shape, built.first, name)


def _tensor_text(shape: tuple[int, ...], owner: str, name: str) -> str:
    tie = f", tied to {owner}" if owner not in ("", name) else ""
    return (f"shape {shape}" if owner else "a fraction as a dimension or a bound") + tie
