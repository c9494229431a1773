"""The tables and sentences in which a comparison of a checkpoint is written: numbers, findings, verdict, types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import prod

from bertsym.checking.verify import Outcome
from bertsym.checkpoints.tensor_types import Array
from bertsym.document import Code, Column, Count, Element, Inline, Paragraph, Shape, Table
from bertsym.formulas.tree import Number
from bertsym.quantities import TENSORS

MAX_SHOWN = 50


def summary_of(outcome: Outcome) -> Table:
    """Return the numbers of tensors of each kind."""
    wanted = outcome.expected
    missing = [wanted.slots[name].shape for name in outcome.missing]
    rows: list[tuple[str, int, int | None]] = [
        (f"declared by {wanted.cls}", wanted.tensors, wanted.count),
        ("found, with that shape", outcome.matched, None),
        ("of these packed", len(outcome.packed), sum(prod(finding.shape) for finding in outcome.packed)),
        ("missing", len(outcome.missing), sum(map(prod, missing))),
        ("extra", len(outcome.extra), sum(array.numel for _, array in outcome.extra)),
        ("of another shape", len(outcome.mismatched), sum(prod(finding.found) for finding in outcome.mismatched)),
        ("of another type", len(outcome.mistyped), sum(prod(finding.found) for finding in outcome.mistyped)),
        ("tied, stored again", len(outcome.copies), None),
        ("buffers, not parameters", len(outcome.buffers), sum(array.numel for _, array in outcome.buffers)),
        ("scales of quantised weights", len(outcome.companions), None),
    ]
    shown = [row for index, row in enumerate(rows) if row[1] or index < 2]
    cells = [(name, Count(tensors, unit=TENSORS), "" if size is None else Count(size)) for name, tensors, size in shown]
    columns = (Column("tensors"), Column("number", right=True), Column("parameters", right=True))
    footer = ("in the checkpoint", "", Count(outcome.count))
    return Table(columns, tuple(cells), footer)


def findings_of(outcome: Outcome) -> Iterator[Element]:
    """Yield the table of the findings, if there are any."""
    guesses = {new_name: name for name, new_name in outcome.renamed.items()}
    slots = outcome.expected.slots
    rows: list[tuple[Inline, ...]] = [
        ("missing", Code(name), _shape(slots[name].shape), "", "") for name in outcome.missing
    ]
    for name, array in outcome.extra:
        guess = f"renamed from {guesses[name]}?" if name in guesses else ""
        rows.append(("extra", Code(name), "", _shape(array.shape), guess))
    for finding in outcome.mismatched:
        why = (
            ", ".join(filter(None, ("transposed" * finding.transposed, finding.reason))) or f"stored as {finding.dtype}"
        )
        rows.append(("shape", Code(finding.name), _shape(finding.expected), _shape(finding.found), why))
    rows += [
        ("type", Code(finding.name), _shape(finding.expected), _shape(finding.found), finding.reason)
        for finding in outcome.mistyped
    ]
    if rows:
        columns = tuple(map(Column, ("finding", "tensor", "declared", "stored", "remark")))
        yield Table(columns, tuple(rows[:MAX_SHOWN]))
    if len(rows) > MAX_SHOWN:
        yield Paragraph((f"and {len(rows) - MAX_SHOWN:,} more: --json lists them all",))


def verdict_of(outcome: Outcome) -> str:
    """Return the verdict as one sentence."""
    types = ", ".join(f"{dtype} ({number:,})" for dtype, number in outcome.dtypes.items())
    stored = f"; stored as {types if len(outcome.dtypes) > 1 else next(iter(outcome.dtypes), 'nothing')}"
    if outcome.ok:
        return f"equal: every tensor of {outcome.expected.cls} is there with its shape, and nothing else{stored}"
    kinds = (
        ("missing", outcome.missing),
        ("extra", outcome.extra),
        ("of another shape", outcome.mismatched),
        ("of another type", outcome.mistyped),
    )
    return f"not equal: {', '.join(f'{len(ones):,} {kind}' for kind, ones in kinds if ones)}{stored}"


def types_of(arrays: Mapping[str, Array]) -> Mapping[str, tuple[int, int]]:
    """Return every type in the file with its tensors and their bytes, the most bytes first."""
    types: dict[str, tuple[int, int]] = {}
    for array in arrays.values():
        tensors, bits = types.get(array.dtype, (0, 0))
        types[array.dtype] = (tensors + 1, bits + array.bits)
    return {
        dtype: (tensors, bits // 8)
        for dtype, (tensors, bits) in sorted(types.items(), key=lambda item: (-item[1][1], item[0]))
    }


def stored_types(arrays: Mapping[str, Array]) -> Iterator[str]:
    """Yield each type in a file with the number of its tensors and of their bytes."""
    for dtype, (tensors, size) in types_of(arrays).items():
        yield f"{dtype} ({tensors:,} tensor{'s' * (tensors != 1)}, {size:,} byte{'s' * (size != 1)})"


def _shape(sides: tuple[int, ...]) -> Inline:
    return Shape(tuple(Number(Fraction(side)) for side in sides)) if sides else "scalar"
