"""The comparison of an adapter with its configuration and its base: what it adds, and if the file holds that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.answers.answer_context import subject
from bertsym.answers.findings import findings_of, stored_types, summary_of, verdict_of
from bertsym.answers.name_verification import renaming_record
from bertsym.checking.adapters import AdaptedModule, AdapterInventory, adapter_inventory
from bertsym.checking.verify import Outcome, compare
from bertsym.checkpoints.adapter import Adapter
from bertsym.checkpoints.contents import Checkpoint
from bertsym.convention import EXACT
from bertsym.document import Code, Column, Count, Document, Element, Inline, Paragraph, Remark, Shape, Sizes, Table
from bertsym.formulas.styles import form
from bertsym.formulas.tree import Number
from bertsym.model import Model
from bertsym.quantities import Unit
from bertsym.report import Record
from bertsym.values import value
from bertsym.wording import said

Row = tuple[str, int, tuple[int, ...], int, int]


@value
class AdapterVerification:
    """A comparison of an adapter's file with the tensors that its configuration asks for on its base."""

    checkpoint: Checkpoint
    config: Path
    adapter: Adapter
    base: Model
    inventory: AdapterInventory
    outcome: Outcome

    @property
    def ok(self) -> bool:
        """Return True if the file holds exactly the tensors that the configuration asks for."""
        return self.outcome.ok

    @property
    def count(self) -> int:
        """The number of parameters in the file."""
        return self.outcome.count

    @property
    def at(self) -> Mapping[Symbol, Value]:
        """Return the sizes of the base."""
        return subject(self.base, EXACT).at

    def document(self) -> Document:
        """Return what was compared, what the adapter adds, the findings, and the verdict."""
        parts: list[Element] = [
            Remark((f"{self.checkpoint.path}: an adapter, header only, {self.checkpoint.bytes_read:,} bytes",)),
            Remark((f"compared with {self.outcome.expected.cls}: {self.config}, at the sizes of {self.base.label}",)),
            Remark(("at ", Sizes(self.at))),
            Remark((f"stored: {', '.join(stored_types(self.checkpoint.arrays))}",)),
        ]
        if self.outcome.renaming.parts:
            parts.append(Remark((self.outcome.renaming.sentence,)))
        parts += [self._targets(), *self._formula(), summary_of(self.outcome), *findings_of(self.outcome)]
        return (*parts, Paragraph((verdict_of(self.outcome),)), *(Paragraph((f"note: {n}",)) for n in self._notes()))

    def _rows(self) -> Iterator[tuple[Row, int]]:
        """Yield each kind of module with its number; a kind has one last word, sides and rank."""
        yield from Counter(_kind(module) for module in self.inventory.modules).items()

    def _targets(self) -> Table:
        rows: list[tuple[Inline, ...]] = [
            (
                Code(name),
                Count(number, unit=Unit("modules")),
                Shape(tuple(Number(Fraction(side)) for side in (outputs, *inputs))),
                str(rank) if rank else "",
                Count(number * each),
            )
            for (name, outputs, inputs, rank, each), number in self._rows()
        ]
        columns = (
            Column("adapted"),
            Column("modules", right=True),
            Column("outputs × inputs", right=True),
            Column("r", right=True),
            Column("adds", right=True),
        )
        return Table(columns, tuple(rows), ("together", "", "", "", Count(self.inventory.added)))

    def _formula(self) -> Iterator[Element]:
        if self.inventory.formula is not None:
            number = Count(self.inventory.added)
            yield Paragraph(("adds ", form(self.inventory.formula), " = ", number, f" at r = {self.adapter.rank}"))
        if self.inventory.saved:
            yield Paragraph((f"also holds {self.inventory.saved:,} parameters of whole modules of the base",))

    def _notes(self) -> Iterator[str]:
        if self.adapter.targets is None and not self.adapter.all_linear:
            yield "target_modules is a regular expression, which is not run: the modules are those of the header"
        if self.adapter.ranks_unknown:
            yield "rank_pattern has regular expressions, which are not run: the ranks are those of the header"
        yield from self.checkpoint.notes
        yield from self.base.notes

    def record(self) -> Record:
        """Return the comparison for programs."""
        outcome = self.outcome
        return {
            "ok": outcome.ok,
            "compared": "adapter",
            "class": outcome.expected.cls,
            "base": self.base.cls,
            "count": outcome.count,
            "expected": outcome.expected.count,
            "adds": self.inventory.added,
            "saved": self.inventory.saved,
            "formula": None if self.inventory.formula is None else said(self.inventory.formula),
            "rank": self.adapter.rank or None,
            "adapted": [
                {
                    "module": name,
                    "modules": number,
                    "shape": [outputs, *inputs],
                    "rank": rank or None,
                    "adds": number * each,
                }
                for (name, outputs, inputs, rank, each), number in self._rows()
            ],
            "missing": list(outcome.missing),
            "extra": [name for name, _ in outcome.extra],
            "mismatched": [
                {"name": one.name, "expected": list(one.expected), "found": list(one.found), "dtype": one.dtype}
                for one in outcome.mismatched
            ],
            "mistyped": [{"name": one.name, "dtype": one.dtype} for one in outcome.mistyped],
            "tensors": outcome.matched,
            "model": self.base.architecture.name,
            "at": {str(symbol): value for symbol, value in self.at.items()},
            "renaming": renaming_record(outcome.renaming),
            "notes": list(self._notes()),
            "files": self.checkpoint.files,
            "bytes_read": self.checkpoint.bytes_read,
        }


def _kind(module: AdaptedModule) -> Row:
    return (module.name.rpartition(".")[2], module.outputs, module.inputs, module.rank, module.added)


def adapter_verification(
    checkpoint: Checkpoint, config: Path, adapter: Adapter, bases: Sequence[Model]
) -> AdapterVerification:
    """Compare an adapter with the base under the head that leaves the fewest findings."""

    def compared(base: Model) -> AdapterVerification:
        inventory = adapter_inventory(adapter, base, checkpoint.arrays)
        outcome = compare(inventory.expected, checkpoint.arrays)
        return AdapterVerification(checkpoint, config, adapter, base, inventory, outcome)

    return min(
        (compared(base) for base in bases), key=lambda one: (one.outcome.findings, bool(one.outcome.renaming.parts))
    )
