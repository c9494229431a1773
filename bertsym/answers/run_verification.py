"""The comparison of a formula of costs with a run of the class: equal, or by how much they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bertsym.answers.answer_context import Subject, subject
from bertsym.checking.framework_run import (
    Batch,
    Measurement,
    NotMeasured,
    cached,
    forward_work,
    multiply_adds,
    runnable,
    states,
    step_work,
)
from bertsym.config.written_fields import written_fields
from bertsym.costs import Measure, Settings
from bertsym.count import count
from bertsym.document import Code, Column, Count, Document, Element, Paragraph, Remark, Table
from bertsym.model import Model
from bertsym.quantities import Unit
from bertsym.report import Record
from bertsym.symbols import B, S, S_source
from bertsym.values import value

Run = Callable[[Any, Batch, Settings], Measurement]
LONG_NAMES = {"fp64": "float64", "fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}

RUNS: Mapping[str, Mapping[str, Run]] = {
    "flops": {
        "flops": lambda module, size, _: forward_work(module, size),
        "macs": lambda module, size, _: multiply_adds(module, size),
        "train": lambda module, size, _: step_work(module, size),
    },
    "cache": {
        "elements": lambda module, size, _: cached(module, size),
        "bytes": lambda module, size, settings: cached(module, size, _torch_type(settings.dtype or "bfloat16")),
    },
    "states": {
        "pure": lambda module, _, settings: states(
            module, settings.optimizer or "adamw", _torch_type(settings.dtype or "float32")
        ),
    },
}
"""For each quantity, the conventions that a run of the class measures."""


@value
class RunVerification:
    """A formula at sizes of a model and of a run, and what the run measured."""

    subject: Subject
    quantity: str
    formula: int
    measurement: Measurement

    @property
    def ok(self) -> bool:
        """Return True if the run came to the number of the formula, and torch's counter differs in known gaps only."""
        return self.formula == self.measurement.number and self.measurement.explained

    @property
    def count(self) -> int:
        """Return the number that was measured."""
        return self.measurement.number

    def document(self) -> Document:
        """Return what was compared, the operations of the run, and the verdict."""
        measurement, unit = self.measurement, self.subject.convention.unit
        parts: list[Element] = [*self.subject.remarks()]
        parts.append(Remark((f"measured: {measurement.cls} on the meta device, {measurement.how}",)))
        if measurement.operations:
            parts.append(self._operations())
        gaps = [operation for operation in measurement.operations if operation.gap]
        parts += [Paragraph((f"gap of torch's counter: {gap.name}: {gap.gap}",)) for gap in gaps]
        parts += [
            Paragraph((f"torch's counter differs in {operation.name}, and no gap is known",))
            for operation in measurement.operations
            if not operation.gap and operation.recorded != operation.counted
        ]
        parts.append(Paragraph((self._verdict(unit),)))
        return tuple(parts)

    def _verdict(self, unit: Unit) -> str:
        formula, measured = self.formula, self.measurement.number
        if formula == measured:
            return f"equal: the formula and the run come to {formula:,} {unit.title}"
        return f"not equal: formula {formula:,}, run {measured:,} {unit.title}, difference {formula - measured:+,}"

    def _operations(self) -> Table:
        columns = (Column("operation"), Column("recorder", right=True), Column("torch's counter", right=True))
        rows = tuple((Code(o.name), Count(o.recorded), Count(o.counted)) for o in self.measurement.operations)
        recorded = sum(operation.recorded for operation in self.measurement.operations)
        return Table(columns, rows, ("FLOPs", Count(recorded), Count(self.measurement.counted)))

    def record(self) -> Record:
        """Return the comparison for programs."""
        return {
            **self.subject.record(),
            "ok": self.ok,
            "of": self.quantity,
            "at": self.subject.sizes(),
            "formula": self.formula,
            "measured": self.measurement.number,
            "how": self.measurement.how,
            "operations": [
                {"name": o.name, "recorder": o.recorded, "torch": o.counted, "gap": o.gap}
                for o in self.measurement.operations
            ],
        }


def run_verification(measure: Measure, sized: Model) -> RunVerification:
    """Compare the formula of a quantity with a run of the class at the same sizes.

    `sized` is the measured model at sizes of the model and of the run. Raises `NotMeasured`, `NotRun`, `NotWritten`,
    `MissingSize`, `MissingExtra`, `BadFile`, or `Conflict` for more tokens than learned positions serve.
    """
    convention, quantity = measure.account.convention, measure.quantity
    runs = RUNS.get(quantity.name, {})
    if convention.name not in runs:
        raise NotMeasured(f"{quantity.name} under {convention.name}", _all_measured(runs))
    formula = count(measure.within_positions(sized), convention)
    loaded = measure.model
    model = loaded.with_sizes({symbol: number for symbol, number in sized.given.items() if symbol in loaded.symbols})
    # A model type has no fields of its own: the library's defaults hold.
    file, base = Path(model.name), model.configuration or {}
    module = runnable(written_fields(model, base, file), file, model.cls)
    tokens, sequences, source = (int(sized.given.get(symbol, 1)) for symbol in (S, B, S_source))
    measurement = runs[convention.name](module, Batch(sequences, tokens, source), measure.settings)
    return RunVerification(subject(sized, convention), quantity.name, formula, measurement)


def _all_measured(runs: Mapping[str, Run]) -> str:
    """Return the names of the conventions in `runs`; if there are none, those of every quantity."""
    if runs:
        return ", ".join(runs)
    return "; ".join(f"{name} ({', '.join(conventions)})" for name, conventions in RUNS.items())


def _torch_type(dtype: str) -> str:
    """Return torch's name of a type of numbers that can be trained; raises `NotMeasured`."""
    name = LONG_NAMES.get(dtype, dtype)
    if name not in LONG_NAMES.values():
        raise NotMeasured(f"numbers of {dtype}", ", ".join(LONG_NAMES.values()))
    return name
