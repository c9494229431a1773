"""The comparison of a checkpoint with a model: equal, or the tensors that are missing, extra or different."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import prod
from pathlib import Path

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.answers.answer_context import subject
from bertsym.checking.inference import Fit
from bertsym.checking.inference import infer as inferred
from bertsym.checking.transformers_reference import build
from bertsym.checking.verify import Expected, Outcome, Slot, compare, declared
from bertsym.checkpoints.checkpoint import Checkpoint, read_checkpoint
from bertsym.checkpoints.safetensors import Array
from bertsym.convention import EXACT
from bertsym.document import Code, Column, Count, Document, Element, Inline, Paragraph, Remark, Shape, Sizes, Table
from bertsym.errors import BadFile, Conflict
from bertsym.files.jsonfile import CONFIGURATION, parse_object, read_bytes
from bertsym.formulas.tree import Number
from bertsym.model import Model
from bertsym.report import Record
from bertsym.resolve import load, load_file
from bertsym.saved_model.atlas_models import entry_of
from bertsym.values import value
from bertsym.zoo import ARCHITECTURES

MAX_SHOWN = 50
MAX_RETRIED_TENSORS = 20_000


@value
class Verification:
    """A comparison. `model` is None if the framework declares the tensors; `fits` are inferred candidates."""

    checkpoint: Checkpoint
    outcome: Outcome
    source: str
    model: Model | None
    fits: tuple[Fit, ...]
    others: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Return True if the checkpoint holds exactly the declared tensors."""
        return self.outcome.ok

    def document(self) -> Document:
        """Return what was compared, a summary, the findings one by one, and the verdict."""
        read = f"{self.checkpoint.files:,} file{'s' * (self.checkpoint.files > 1)}, headers only"
        cls = self.outcome.expected.cls
        parts: list[Element] = [
            Remark((f"{self.checkpoint.path}: {read}, {self.checkpoint.bytes_read:,} bytes",)),
            Remark((f"compared with {cls}: {self.source}",)),
        ]
        if self.at:
            parts.append(Remark(("at ", Sizes(self.at))))
        parts.append(Remark((f"stored: {', '.join(self._types())}",)))
        parts += [*self._inferred(), self._summary(), *self._findings(), Paragraph((self._verdict(),))]
        parts += [Paragraph((f"the tensors are exactly those of {cls_of_head}",)) for cls_of_head in self.others]
        return (*parts, *(Paragraph((f"note: {note}",)) for note in self._notes()))

    @property
    def at(self) -> Mapping[Symbol, Value]:
        """Return the sizes, if they are known."""
        return subject(self.model, EXACT).at if self.model is not None else {}

    def _inferred(self) -> Iterator[Element]:
        for index, fit in enumerate(self.fits):
            names = f" ({', '.join(fit.names)})" if fit.names else ""
            first = index == 0
            line = f"{'inferred' if first else 'fits as well'}: {fit.model.architecture.name}, {fit.model.cls}{names}"
            yield Remark((line,))
        if self.fits and self.fits[0].assumed:
            yield Remark(("assumed, as the shapes do not fix them: ", _names(self.fits[0].assumed)))
        if self.fits and self.fits[0].hidden:
            yield Remark(("not in the shapes: ", _names(self.fits[0].hidden)))

    def _summary(self) -> Table:
        outcome = self.outcome
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
        cells = [(name, Count(tensors), "" if size is None else Count(size)) for name, tensors, size in shown]
        columns = (Column("tensors"), Column("number", right=True), Column("parameters", right=True))
        footer = ("in the checkpoint", "", Count(outcome.count))
        return Table(columns, tuple(cells), footer)

    def _findings(self) -> Iterator[Element]:
        outcome = self.outcome
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
                ", ".join(filter(None, ("transposed" * finding.transposed, finding.reason)))
                or f"stored as {finding.dtype}"
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

    def _verdict(self) -> str:
        outcome = self.outcome
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

    @property
    def types(self) -> Mapping[str, tuple[int, int]]:
        """Return every type in the file with its tensors and their bytes, the most bytes first."""
        types: dict[str, tuple[int, int]] = {}
        for array in self.checkpoint.arrays.values():
            tensors, bits = types.get(array.dtype, (0, 0))
            types[array.dtype] = (tensors + 1, bits + array.bits)
        return {
            dtype: (tensors, bits // 8)
            for dtype, (tensors, bits) in sorted(types.items(), key=lambda item: (-item[1][1], item[0]))
        }

    def _types(self) -> Iterator[str]:
        for dtype, (tensors, size) in self.types.items():
            yield f"{dtype} ({tensors:,} tensor{'s' * (tensors != 1)}, {size:,} byte{'s' * (size != 1)})"

    def _notes(self) -> Iterator[str]:
        if self.outcome.packed:
            widths = sorted({packed.width for packed in self.outcome.packed})
            bits = " or ".join(map(str, widths))
            schemes = ", ".join(sorted({packed.scheme for packed in self.outcome.packed}))
            yield f"packed weights ({schemes}) hold {bits} bits an entry and are counted by their declared shape"
        if self.fits and self.outcome.copies:
            slots = self.outcome.expected.slots
            untied = self.outcome.count + sum(prod(slots[name].shape) for name in self.outcome.copies)
            yield f"tied tensors are stored under both names; if they differ, which no header tells, it is {untied:,}"
        yield from self.checkpoint.notes
        yield from self.model.notes if self.model is not None else ()

    def record(self) -> Record:
        """Return the comparison for programs.

        `count` is what the checkpoint holds, `expected` what the class declares; they are equal if `ok`.
        """
        outcome = self.outcome
        return {
            "ok": outcome.ok,
            "class": outcome.expected.cls,
            "count": outcome.count,
            "missing": list(outcome.missing),
            "extra": [name for name, _ in outcome.extra],
            "mismatched": [
                {
                    "name": finding.name,
                    "expected": list(finding.expected),
                    "found": list(finding.found),
                    "dtype": finding.dtype,
                }
                for finding in outcome.mismatched
            ],
            "mistyped": [
                {"name": finding.name, "shape": list(finding.found), "dtype": finding.dtype, "reason": finding.reason}
                for finding in outcome.mistyped
            ],
            "reasons": {
                finding.name: finding.reason for finding in (*outcome.mismatched, *outcome.mistyped) if finding.reason
            },
            "expected": outcome.expected.count,
            "tensors": outcome.matched,
            "source": self.source,
            "model": None if self.model is None else self.model.architecture.name,
            "at": {str(symbol): value for symbol, value in self.at.items()},
            "renamed": dict(outcome.renamed),
            "tied": list(outcome.copies),
            "buffers": [name for name, _ in outcome.buffers],
            "packed": [
                {
                    "name": finding.name,
                    "shape": list(finding.shape),
                    "stored": list(finding.stored.shape),
                    "bits": finding.width,
                    "scheme": finding.scheme,
                }
                for finding in outcome.packed
            ],
            "schemes": dict(outcome.schemes),
            "dtypes": dict(outcome.dtypes),
            "types": {dtype: {"tensors": tensors, "bytes": size} for dtype, (tensors, size) in self.types.items()},
            "fits": [_fit(fit) for fit in self.fits],
            "notes": list(self._notes()),
            "files": self.checkpoint.files,
            "bytes_read": self.checkpoint.bytes_read,
        }


def _fit(fit: Fit) -> Record:
    return {
        "model": fit.model.architecture.name,
        "head": fit.model.head,
        "class": fit.model.cls,
        "ok": fit.outcome.ok,
        "at": {str(symbol): value for symbol, value in subject(fit.model, EXACT).at.items()},
        "named": list(fit.names),
        "assumed": list(map(str, fit.assumed)),
        "hidden": list(map(str, fit.hidden)),
    }


def _names(symbols: tuple[Symbol, ...]) -> str:
    return ", ".join(map(str, symbols))


def _shape(sides: tuple[int, ...]) -> Inline:
    return Shape(tuple(Number(Fraction(side)) for side in sides)) if sides else "scalar"


def verification(
    source: Path,
    model: Model | str | None = None,
    head: str | None = None,
    sizes: Mapping[Symbol, Value] | None = None,
    *,
    framework: bool = False,
    infer: bool = False,
    header_only: bool = False,
    model_type: str | None = None,
) -> Verification:
    """Compare a checkpoint with a model, or with the one that the `config.json` beside the checkpoint describes.

    A checkpoint without a `config.json` is compared with the model that its names and shapes fit best; `infer` does
    so whatever the configuration says. `framework` has transformers build the class and compares with that one.
    `sizes` are put into the model. `header_only` accepts files of which only the beginning was fetched. `model_type`
    is the type as which a configuration is read.

    Raises `Conflict` for two choices that exclude each other, `UnknownName`, `BadFile` or `BadField`.
    """
    if infer and (model is not None or framework):
        raise Conflict("infer", "framework" if model is None else "model", "inference reads the shapes alone")
    if sizes and (framework or infer):
        raise Conflict("sizes", "framework" if framework else "infer", "the sizes come from there")
    if model_type is not None and (infer or framework or isinstance(model, Model)):
        source_of_type = "infer" if infer else "framework" if framework else "a loaded model"
        raise Conflict(f"model type {model_type}", source_of_type, "it is for a config.json that the formulas read")
    if framework and isinstance(model, Model):
        raise Conflict("framework", "a loaded model", "transformers builds from a config.json, so pass its path")
    checkpoint = read_checkpoint(source, alone=header_only)
    if not checkpoint.arrays:
        raise BadFile(str(source), "holds no tensors")
    if framework:
        return _by_framework(checkpoint, None if model is None else str(model), head)
    beside = None if infer else checkpoint.config
    target = beside if model is None else model
    if target is None:
        return _by_shapes(checkpoint, head)
    return _by_formulas(checkpoint, _loaded(target, head, model_type), sizes or {})


def _loaded(target: Model | str | Path, head: str | None, model_type: str | None) -> Model:
    if isinstance(target, Path):
        return load_file(target, head, model_type)
    if isinstance(target, str):
        return load(target, head, model_type)
    return target if head is None else target.with_head(head)


def _by_shapes(checkpoint: Checkpoint, head: str | None) -> Verification:
    """Compare with the model that names and shapes fit best."""
    fits = inferred(str(checkpoint.path), checkpoint.arrays, head)
    source = "the formulas, at the sizes that the shapes ask for"
    return Verification(checkpoint, fits[0].outcome, source, fits[0].model, fits, ())


def _by_formulas(checkpoint: Checkpoint, model: Model, sizes: Mapping[Symbol, Value]) -> Verification:
    """Compare with the inventory of a model at its sizes and those given."""
    model = model.with_sizes(sizes) if sizes else model
    outcome = compare(declared(model), checkpoint.arrays)
    others = () if outcome.ok else tuple(_other_heads(model, checkpoint.arrays))
    return Verification(checkpoint, outcome, f"the formulas, at the sizes of {model.label}", model, (), others)


def _other_heads(model: Model, arrays: Mapping[str, Array]) -> Iterator[str]:
    """Yield the classes of the same sizes that have exactly these tensors."""
    if len(arrays) > MAX_RETRIED_TENSORS:
        return
    for head in model.architecture.heads.keys() - {model.head}:
        headed = model.with_head(head)
        if compare(declared(headed), arrays).ok:
            yield f"{headed.cls}: --head {head} compares with it"


def _classes(kind: str) -> dict[str, str]:
    """Return the framework's classes of a model type by the names of heads."""
    if kind in ARCHITECTURES:
        return {name: head.cls for name, head in ARCHITECTURES[kind].heads.items()}
    derived = entry_of(kind)
    return {} if derived is None else {name: head.cls for name, head in derived.classes.items()}


def _by_framework(checkpoint: Checkpoint, target: str | None, head: str | None) -> Verification:
    file = checkpoint.config if target is None else Path(target)
    if file is None:
        raise BadFile(
            str(checkpoint.path), "no config.json beside it, which --framework builds from: pass --model PATH"
        )
    file = file / "config.json" if file.is_dir() else file
    config = parse_object(read_bytes(file), file, CONFIGURATION)
    cls = None if head is None else _classes(str(config.get("model_type"))).get(head, head)
    built = build(config, file, cls)
    slots = {name: Slot(shape, built.ties.get(name)) for name, shape in built.shapes.items()}
    outcome = compare(Expected(built.cls, slots, built.buffers), checkpoint.arrays)
    return Verification(checkpoint, outcome, f"as transformers builds it from {file}", None, (), ())
