"""The comparison of a checkpoint with a model: equal, or the tensors that are missing, extra or different."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.answers.adapter_verification import AdapterVerification, adapter_verification
from bertsym.answers.answer_context import subject
from bertsym.answers.findings import findings_of, stored_types, summary_of, types_of, verdict_of
from bertsym.answers.name_verification import NameVerification, name_verification, renaming_record
from bertsym.checking.inference import Fit
from bertsym.checking.inference import infer as inferred
from bertsym.checking.transformers_reference import build
from bertsym.checking.verify import Expected, Outcome, Slot, compare, declared
from bertsym.checkpoints.adapter import HEADS, Adapter, read_adapter
from bertsym.checkpoints.checkpoint import adapter_config, adapter_weights, read_checkpoint
from bertsym.checkpoints.contents import Checkpoint, IndexOnly
from bertsym.checkpoints.tensor_types import Array
from bertsym.convention import EXACT
from bertsym.document import Document, Element, Paragraph, Remark, Sizes
from bertsym.errors import BadField, BadFile, BertsymError, Conflict, NothingFits
from bertsym.files.jsonfile import CONFIGURATION, parse_object, read_bytes
from bertsym.files.reading import is_file, is_folder
from bertsym.model import Model
from bertsym.report import Record
from bertsym.resolve import load, load_file, load_metadata
from bertsym.saved_model.atlas_models import entry_of
from bertsym.values import value
from bertsym.zoo import ARCHITECTURES

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

    @property
    def count(self) -> int | None:
        """The number of parameters in the checkpoint."""
        return self.outcome.count

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
        parts.append(Remark((f"stored: {', '.join(stored_types(self.checkpoint.arrays))}",)))
        if self.checkpoint.metadata is not None:
            parts.append(Remark((self._bits(),)))
        if self.outcome.renaming.parts:
            parts.append(Remark((self.outcome.renaming.sentence,)))
        parts += [
            *self._inferred(),
            summary_of(self.outcome),
            *findings_of(self.outcome),
            Paragraph((verdict_of(self.outcome),)),
        ]
        parts += [Paragraph((f"the tensors are exactly those of {cls_of_head}",)) for cls_of_head in self.others]
        return (*parts, *(Paragraph((f"note: {note}",)) for note in self._notes()))

    @property
    def at(self) -> Mapping[Symbol, Value]:
        """Return the sizes, if they are known."""
        return subject(self.model, EXACT).at if self.model is not None else {}

    def _bits(self) -> str:
        """Return the bits of a parameter in a GGUF file, rounded to hundredths."""
        bits = sum(array.bits for array in self.checkpoint.arrays.values())
        count = max(sum(array.numel for array in self.checkpoint.arrays.values()), 1)
        hundredths = (200 * bits + count) // (2 * count)
        return f"{hundredths // 100}.{hundredths % 100:02} bits an entry: {bits // 8:,} bytes for {count:,} entries"

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

    @property
    def types(self) -> Mapping[str, tuple[int, int]]:
        """Return every type in the file with its tensors and their bytes, the most bytes first."""
        return types_of(self.checkpoint.arrays)

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
        unstored = self.outcome.expected.unstored
        if unstored:
            size = sum(prod(slot.shape) for slot in unstored.values())
            names = ", ".join(list(unstored)[:3]) + ", ..." * (len(unstored) > 3)
            yield f"llama.cpp drops {len(unstored):,} tensors of the class ({size:,} parameters): {names}"
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
            "renaming": renaming_record(outcome.renaming),
            "unconverted": list(outcome.expected.unstored),
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
) -> Verification | NameVerification | AdapterVerification:
    """Compare a checkpoint with a model, or with the one that the `config.json` beside the checkpoint describes.

    A checkpoint without a `config.json` is compared with the model that its names and shapes fit best; `infer` does
    so whatever the configuration says. `framework` has transformers build the class and compares with that one.
    `sizes` are put into the model. `header_only` accepts files of which only the beginning was fetched. `model_type`
    is the type as which a configuration is read.

    Raises `Conflict` for two choices that exclude each other, `UnknownName`, `BadFile` or `BadField`.
    """
    _check_choices(model, sizes, model_type, framework=framework, infer=infer)
    config = adapter_config(source)
    if config is not None:
        if framework or infer:
            raise Conflict("framework" if framework else "infer", str(config), "an adapter is compared with its base")
        checkpoint = read_checkpoint(adapter_weights(source), alone=header_only)
        adapter = read_adapter(config)
        return adapter_verification(checkpoint, config, adapter, _bases(config, adapter, model, head, sizes or {}))
    checkpoint = read_checkpoint(source, alone=header_only)
    if checkpoint.index is not None:
        if framework:
            return _framework_by_name(checkpoint, checkpoint.index, None if model is None else str(model), head)
        target = checkpoint.config if model is None and not infer else model
        loaded = None if target is None else _loaded(target, head, model_type).with_sizes(sizes or {})
        return _by_name(checkpoint, checkpoint.index, loaded, target)
    if not checkpoint.arrays:
        raise BadFile(str(source), "holds no tensors")
    if framework:
        return _by_framework(checkpoint, None if model is None else str(model), head)
    if model is None and not infer and checkpoint.metadata is not None:
        return _by_formulas(checkpoint, load_metadata(checkpoint, head, model_type), sizes or {})
    beside = None if infer else checkpoint.config
    target = beside if model is None else model
    if target is None:
        return _by_shapes(checkpoint, head)
    return _by_formulas(checkpoint, _loaded(target, head, model_type), sizes or {})


def _check_choices(
    model: Model | str | None,
    sizes: Mapping[Symbol, Value] | None,
    model_type: str | None,
    *,
    framework: bool,
    infer: bool,
) -> None:
    """Raise Conflict for two choices that exclude each other."""
    if infer and (model is not None or framework):
        raise Conflict("infer", "framework" if model is None else "model", "inference reads the shapes alone")
    if sizes and (framework or infer):
        raise Conflict("sizes", "framework" if framework else "infer", "the sizes come from there")
    if model_type is not None and (infer or framework or isinstance(model, Model)):
        source_of_type = "infer" if infer else "framework" if framework else "a loaded model"
        raise Conflict(f"model type {model_type}", source_of_type, "it is for a config.json that the formulas read")
    if framework and isinstance(model, Model):
        raise Conflict("framework", "a loaded model", "transformers builds from a config.json, so pass its path")


def _bases(
    config: Path, adapter: Adapter, model: Model | str | None, head: str | None, sizes: Mapping[Symbol, Value]
) -> tuple[Model, ...]:
    """Return the base of an adapter under the heads that its task allows; raise BadField if the base is not known."""
    if model is None and adapter.base is None:
        raise BadField(str(config), "base_model_name_or_path", "missing: pass the base as --model")
    try:
        base = _loaded(adapter.base or "" if model is None else model, head, None).with_sizes(sizes)
    except BertsymError as error:
        if model is not None:
            raise
        raise BadField(str(config), "base_model_name_or_path", f"{error}; or pass the base as --model") from None
    if head is not None:
        return (base,)
    chosen = HEADS.get(adapter.task or "")
    heads = base.architecture.heads
    return tuple(base.with_head(name) for name in ([chosen] if chosen in heads else list(heads)) if name is not None)


def _loaded(target: Model | str | Path, head: str | None, model_type: str | None) -> Model:
    if isinstance(target, Path):
        return load_file(target, head, model_type)
    if isinstance(target, str):
        return load(target, head, model_type)
    return target if head is None else target.with_head(head)


def _by_shapes(checkpoint: Checkpoint, head: str | None) -> Verification:
    """Compare with the model that names and shapes fit best."""
    source = "the formulas, at the sizes that the shapes ask for"
    described = _described(checkpoint)
    if described is not None:
        try:
            fits = inferred(str(checkpoint.path), checkpoint.arrays, head or described.head, described.architecture)
        except NothingFits:
            why = f"the sizes of {described.cls} do not follow from its shapes alone"
            raise BadFile(str(checkpoint.path), f"{why}; the metadata have them: leave out --infer") from None
        source = f"{source}; general.architecture names the class"
    else:
        fits = inferred(str(checkpoint.path), checkpoint.arrays, head)
    return Verification(checkpoint, fits[0].outcome, source, fits[0].model, fits, ())


def _described(checkpoint: Checkpoint) -> Model | None:
    """Return the model that the metadata of a GGUF file describe, or None if they describe none that is covered."""
    if checkpoint.metadata is None:
        return None
    try:
        return load_metadata(checkpoint)
    except BertsymError:
        return None


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
    expected, file = _framework_class(checkpoint, target, head)
    outcome = compare(expected, checkpoint.arrays)
    return Verification(checkpoint, outcome, f"as transformers builds it from {file}", None, (), ())


def _framework_class(checkpoint: Checkpoint, target: str | None, head: str | None) -> tuple[Expected, Path]:
    """Return the class that transformers builds from a configuration, and the file of the configuration."""
    file = checkpoint.config if target is None else Path(target)
    if file is None:
        raise BadFile(
            str(checkpoint.path), "no config.json beside it, which --framework builds from: pass --model PATH"
        )
    file = file / "config.json" if is_folder(file) else file
    config = parse_object(read_bytes(file), file, CONFIGURATION)
    cls = None if head is None else _classes(str(config.get("model_type"))).get(head, head)
    built = build(config, file, cls)
    slots = {name: Slot(shape, built.ties.get(name)) for name, shape in built.shapes.items()}
    return Expected(built.cls, slots, built.buffers), file


def _framework_by_name(
    checkpoint: Checkpoint, index: IndexOnly, target: str | None, head: str | None
) -> NameVerification:
    expected, file = _framework_class(checkpoint, target, head)
    return name_verification(
        checkpoint, index, expected, f"as transformers builds it from {file}", None, _declared_type(file)
    )


def _by_name(
    checkpoint: Checkpoint, index: IndexOnly, model: Model | None, target: Model | str | Path | None
) -> NameVerification:
    """Compare the names of an index with a model; infer none, because an index has no shapes."""
    source = "" if model is None else f"the formulas, at the sizes of {model.label}"
    expected = None if model is None else declared(model)
    return name_verification(checkpoint, index, expected, source, model, _declared_type(target))


def _declared_type(target: Model | str | Path | None) -> object:
    """Return the type of weights that a configuration declares, or None if the target is none."""
    if target is None or isinstance(target, Model):
        return None
    path = Path(target)
    file = path / "config.json" if is_folder(path) else path
    if file.suffix != ".json" or not is_file(file):
        return None
    config = parse_object(read_bytes(file), file, CONFIGURATION)
    text = config.get("text_config")
    parts = (config, text) if isinstance(text, dict) else (config,)
    return next((part[key] for part in parts for key in ("dtype", "torch_dtype") if part.get(key)), None)
