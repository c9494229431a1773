"""The comparison of an index without its shards with a model: names and a total size, but no shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.answers.answer_context import subject
from bertsym.checking.names import NameOutcome, compare_names
from bertsym.checking.verify import Expected
from bertsym.checkpoints.contents import Checkpoint, IndexOnly
from bertsym.checkpoints.renaming import Renaming
from bertsym.checkpoints.tensor_types import BITS
from bertsym.convention import EXACT
from bertsym.document import Code, Column, Count, Document, Element, Inline, Paragraph, Remark, Sizes, Table
from bertsym.errors import BadFile
from bertsym.model import Model
from bertsym.quantities import TENSORS
from bertsym.report import Record
from bertsym.values import value

MAX_SHOWN = 50
DTYPES = {
    "float64": "F64",
    "double": "F64",
    "float32": "F32",
    "float": "F32",
    "bfloat16": "BF16",
    "float16": "F16",
    "half": "F16",
}
"""The types of weights as a `config.json` names them in `dtype` or `torch_dtype`."""


@value
class NameVerification:
    """A comparison by name. `dtype` is the type that the configuration declares, or None."""

    checkpoint: Checkpoint
    index: IndexOnly
    found: NameOutcome
    source: str
    model: Model | None
    dtype: str | None

    @property
    def ok(self) -> bool:
        """Return True if names and totals agree, as far as the index tells."""
        return self.found.named and not self.contradicted

    @property
    def count(self) -> int | None:
        """None: an index tells no number of parameters."""
        return None

    @property
    def contradicted(self) -> bool:
        """Return True if a total of the index contradicts the shapes that the class declares."""
        return bool(self._contradictions)

    @property
    def _contradictions(self) -> tuple[str, ...]:
        """The sentences about totals that differ from those of the class."""
        if not self.found.sizes_known:
            return ()
        sentences = []
        size, parameters = self.index.total_size, self.index.total_parameters
        if size is not None and self._type is None:
            tried = ", ".join(
                f"{BITS[dtype] * self.found.entries(copies=False) // 8:,} at {dtype}"
                for dtype in dict.fromkeys((*((self.dtype,) if self.dtype else ()), "F32", "BF16"))
            )
            sentences.append(
                f"total_size is {size:,}, but the declared shapes take {tried}: another size, or several types"
            )
        counts = {self.found.entries(copies=False), self.found.entries(copies=True)}
        if parameters is not None and parameters not in counts:
            sentences.append(f"total_parameters is {parameters:,}, but the class has {min(counts):,}")
        return tuple(sentences)

    @property
    def _type(self) -> str | None:
        size = self.index.total_size
        return None if size is None else self.found.type_of(size, self.dtype)

    def document(self) -> Document:
        """Return what was compared, a summary, the findings one by one, and the verdict."""
        outcome = self.found.outcome
        parts: list[Element] = [
            Remark((f"{self.checkpoint.path}: the index alone, {self.checkpoint.bytes_read:,} bytes",)),
            Remark((f"not read: shapes and types, because {self.index.reason}",)),
            Remark((f"compared with {outcome.expected.cls}: {self.source}",)),
        ]
        if self.at:
            parts.append(Remark(("at ", Sizes(self.at))))
        if outcome.renaming.parts:
            parts.append(Remark((outcome.renaming.sentence,)))
        parts += [self._summary(), *self._findings()]
        parts += [Paragraph((sentence,)) for sentence in (*self._totals(), self._verdict())]
        parts += [Paragraph((f"note: {note}",)) for note in self._notes()]
        return tuple(parts)

    @property
    def at(self) -> Mapping[Symbol, Value]:
        """Return the sizes, if they are known."""
        return subject(self.model, EXACT).at if self.model is not None else {}

    def _summary(self) -> Table:
        outcome = self.found.outcome
        rows: list[tuple[str, int, int | None]] = [
            (f"declared by {outcome.expected.cls}", outcome.expected.tensors, outcome.expected.count),
            ("named in the index", len(self.index.names), None),
            ("missing", len(outcome.missing), None),
            ("extra", len(self.found.extra), None),
            ("tied, named again", len(outcome.copies), None),
            ("buffers, not parameters", len(self.found.buffers), None),
            ("parts of packed weights", len(self.found.packed), None),
        ]
        cells = [
            (name, Count(number, unit=TENSORS), "" if size is None else Count(size))
            for place, (name, number, size) in enumerate(rows)
            if number or place < 2
        ]
        return Table((Column("tensors"), Column("number", right=True), Column("parameters", right=True)), tuple(cells))

    def _findings(self) -> Iterator[Element]:
        rows: list[tuple[Inline, ...]] = [("missing", Code(name)) for name in self.found.outcome.missing]
        rows += [("extra", Code(name)) for name in self.found.extra]
        if rows:
            yield Table((Column("finding"), Column("tensor")), tuple(rows[:MAX_SHOWN]))
        if len(rows) > MAX_SHOWN:
            yield Paragraph((f"and {len(rows) - MAX_SHOWN:,} more: --json lists them all",))

    def _totals(self) -> Iterator[str]:
        """Yield what the totals of the index say about the shapes."""
        size = self.index.total_size
        if not self.found.sizes_known:
            unknown = (
                ("the findings", bool(self.found.outcome.missing or self.found.extra)),
                ("buffers", bool(self.found.buffers)),
                ("packed weights", bool(self.found.packed)),
            )
            why = " and ".join(name for name, there in unknown if there)
            if size is not None:
                yield f"total_size: {size:,} bytes, which cannot be compared without the shapes of {why}"
            return
        if self._contradictions:
            yield from self._contradictions
            return
        if size is not None:
            same = self._type == self.dtype
            declared = f"; the configuration declares {self.dtype}" if self.dtype and not same else ""
            width = BITS[str(self._type)] // 8
            yield f"total_size: {size:,} bytes, as the declared shapes take at {width} bytes an entry{declared}"
        if self.index.total_parameters is not None:
            yield f"total_parameters: {self.index.total_parameters:,}, as the class has"
        if size is None and self.index.total_parameters is None:
            yield "the index gives no total, so only names were compared"

    def _notes(self) -> Iterator[str]:
        yield from self.checkpoint.notes
        yield from self.model.notes if self.model is not None else ()

    def _verdict(self) -> str:
        kinds = (("missing", self.found.outcome.missing), ("extra", self.found.extra))
        parts = [f"{len(names):,} {kind}" for kind, names in kinds if names]
        if self.contradicted:
            parts.append("the names agree, a total does not")
        if parts:
            return f"not equal: {', '.join(parts)}"
        return f"equal by name: every tensor of {self.found.outcome.expected.cls} is named, and nothing else"

    def record(self) -> Record:
        """Return the comparison for programs; `count` is null because an index has no shapes."""
        outcome = self.found.outcome
        return {
            "ok": self.ok,
            "compared": "names",
            "class": outcome.expected.cls,
            "count": None,
            "expected": outcome.expected.count,
            "tensors": outcome.matched,
            "missing": list(outcome.missing),
            "extra": list(self.found.extra),
            "tied": list(outcome.copies),
            "buffers": list(self.found.buffers),
            "packed": list(self.found.packed),
            "total_size": self.index.total_size,
            "total_parameters": self.index.total_parameters,
            "dtype": self._type if self.found.sizes_known else None,
            "source": self.source,
            "model": None if self.model is None else self.model.architecture.name,
            "at": {str(symbol): value for symbol, value in self.at.items()},
            "renaming": renaming_record(outcome.renaming),
            "notes": [*self._totals(), *self._notes()],
            "files": self.checkpoint.files,
            "bytes_read": self.checkpoint.bytes_read,
        }


def renaming_record(renaming: Renaming) -> Record:
    """Return a renaming with its evidence for programs."""
    return {
        "dropped": renaming.dropped,
        "added": renaming.added,
        "inner": list(renaming.inner),
        "known": renaming.known,
        "direct": renaming.direct,
        "total": renaming.total,
    }


def name_verification(
    checkpoint: Checkpoint, index: IndexOnly, expected: Expected | None, source: str, model: Model | None, dtype: object
) -> NameVerification:
    """Compare the names of an index; raise BadFile if no class is known, because an index has no shapes."""
    if expected is None:
        why = f"{index.reason}, and an index has no shapes to infer sizes from"
        raise BadFile(str(checkpoint.path), f"{why}; pass --model, or add its config.json or the shards")
    declared = DTYPES.get(str(dtype).removeprefix("torch."))
    return NameVerification(checkpoint, index, compare_names(expected, index), source, model, declared)
