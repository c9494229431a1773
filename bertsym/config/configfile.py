"""Read a Hugging Face `config.json` as a model: the class that it names, at its sizes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from sympy import Symbol

from bertsym import atlas
from bertsym.atlas.configurations import default_labels, fixed_parts, has_class, head_size_use, similar_class
from bertsym.config.field_rules import check_rules, contradicted, renamed, unread_fields, with_products
from bertsym.config.fields import check_covered, overridden, sizes
from bertsym.config.flatten import flattened, without_idle_nulls, without_ignored_types, without_null_parts
from bertsym.config.idle_zeros import check_idle, without_zeros
from bertsym.config.layer_lists import list_sizes
from bertsym.config.layer_sizes import with_layer_sizes
from bertsym.config.library_classes import in_atlas_alone, present_name
from bertsym.config.model_types import Reading, class_names, own_classes, reading, without_framework
from bertsym.config.omitted_fields import check_unknown, completed, head_size, head_sizes_read
from bertsym.config.parts import with_parts
from bertsym.config.unmodelled_fields import check_omissions, check_unmodelled, check_untried
from bertsym.config.unread_sizes import unread_sizes
from bertsym.config.variants import fitting
from bertsym.errors import (
    BadField,
    BadFile,
    BertsymError,
    InvalidModel,
    PartialFormula,
    UnknownName,
    echo,
    listed,
    suggestion,
)
from bertsym.files.jsonfile import Json
from bertsym.model import Model
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.composites import configured_composite
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.field_rules import DEFAULT_LABELS
from bertsym.saved_model.presentation import PresentedEntry, presented_entry
from bertsym.symbols import labels
from bertsym.values import replace
from bertsym.zoo import ARCHITECTURES


def read_config(
    config: Mapping[str, Json],
    file: Path,
    head: str | None = None,
    model_type: str | None = None,
    *,
    atlas_only: bool = False,
    entry: PresentedEntry | None = None,
) -> Model:
    """Read the model from the fields of a configuration; errors name `file`.

    `model_type` replaces the type that the file names. If `atlas_only`, a type of the zoo is read as the atlas has it.
    `entry` replaces what the zoo or the atlas has for the type. The model's notes say what was inferred or ignored.
    """
    written = config
    read_as = reading(config, file, model_type) if entry is None else Reading(entry.derived.name)
    kind = read_as.model_type
    wanted = class_names(config) if head is None else (head,)
    in_zoo = kind in ARCHITECTURES and not atlas_only and not in_atlas_alone(kind, wanted)
    if entry is None and not in_zoo:
        stored, config = _entry(config, kind, file)
        entry = None if stored is None else presented_entry(stored)
    if entry is not None and entry.derived.rules.layer_sizes:
        stored, config = with_layer_sizes(entry.stored, config, file)
        entry = presented_entry(stored)
    derived = None if entry is None else entry.derived
    architecture = ARCHITECTURES[kind] if entry is None else entry.architecture
    classes = {one.cls: name for name, one in (architecture.heads if derived is None else derived.classes).items()}
    chosen, head_notes = _head(config, classes, file) if head is None else (head, ())
    notes: tuple[str, ...] = ()
    fields = named = config
    zeros: Mapping[Symbol, str] = {}
    if derived is not None:
        named = without_ignored_types(flattened(renamed(config, derived.rules, file)), _fixed_parts(kind, derived))
        named = _checked(named, derived, file)
        use = head_size_use(kind)
        notes = (
            *contradicted(config, derived.rules),
            *unread_fields(named, derived, head_sizes_read(derived, use)),
        )
        named = without_idle_nulls(without_null_parts(named, derived), derived, chosen)
        fields, zeros = without_zeros(completed(named, derived, file), architecture.schema)
    given = sizes(fields, architecture.schema, file)
    equal = {} if derived is None else derived.rules.equal
    check_covered(fields, architecture.schema, given, file, equal)
    if derived is not None:
        check_unknown(fields, derived, given, file, use)
        check_unmodelled(named, derived, architecture.schema, file)
        check_untried(named, derived, file)
        check_omissions(named, derived, file)
        given |= head_size(fields, derived, use, file)
        given |= list_sizes(fields, derived, given, file)
    number = _labels(config, file, _usual_labels(kind, derived))
    model = Model(architecture).with_head(chosen) if entry is None else entry.model(chosen)
    if derived is not None:
        own = {path: (at,) for path, at in derived.classes[model.head].fixed.items()}
        check_covered(fields, replace(architecture.schema, fixed=own), given, file, equal)
    unread = unread_sizes(config, architecture.schema) if derived is None else notes
    model = replace(
        model,
        label=str(file),
        configuration=written,
        notes=(*read_as.notes, *head_notes, *_ignored(config, model.cls), *overridden(config, model), *unread),
    )
    if labels in model.symbols:
        given[labels] = number
    try:
        model = model.with_sizes({symbol: found for symbol, found in given.items() if symbol in model.symbols})
    except BertsymError as error:
        raise BadFile(str(file), str(error)) from None
    check_idle(model, zeros, file)
    return model


def entry_of_file(config: Mapping[str, Json], file: Path) -> Derived | None:
    """Return the entry of the atlas by which a configuration is read, in the words of answers; None if it has none.

    Raises what `read_config` raises of a type or a part.
    """
    stored, _ = _entry(config, reading(config, file).model_type, file)
    return None if stored is None else presented_entry(stored).derived


def _checked(fields: Mapping[str, Json], derived: Derived, file: Path) -> Mapping[str, Json]:
    """Return the fields with the sizes that follow from ratios; raise `BadField` for one that the rules refuse."""
    for part in dict.fromkeys(field.path.rpartition(".")[0] for field in derived.fields.values()):
        if not isinstance(found := fields.get(part, {}), dict | None):
            raise BadField(str(file), part, f"expected a configuration, got {echo(found)}")
    whole = with_products(fields, derived, file)
    check_rules(whole, derived, file)
    return whole


def _entry(config: Mapping[str, Json], kind: str, file: Path) -> tuple[Derived | None, Mapping[str, Json]]:
    """Return the entry of a type or of its variant, with the parts that the file names, and the configuration for it.

    The entry of a composite type is that of its parts.
    """
    if kind not in atlas.COMPOSITES:
        stored = entry_of(kind)
        if stored is None:
            return None, config
        chosen, config = fitting(stored, config, file)
        return with_parts(chosen, config, file), config
    try:
        return configured_composite(kind, config, str(file), partial(_part_entry, file)), config
    except (InvalidModel, PartialFormula, UnknownName) as problem:
        raise BadFile(str(file), str(problem)) from None


def _fixed_parts(kind: str, derived: Derived) -> tuple[str, ...]:
    """Return the paths of the parts whose `model_type` decides nothing, or has decided already."""
    within = (f"{path}.{below}" for path, part in derived.parts.items() for below in fixed_parts(part.model_type))
    return (*fixed_parts(kind), *derived.parts, *within)


def _part_entry(file: Path, kind: str, part: Mapping[str, Json]) -> Derived | None:
    """Return the entry of a part's type, or that of the variant whose settings the part has."""
    stored = entry_of(kind)
    return None if stored is None else fitting(stored, part, file)[0]


def _ignored(config: Mapping[str, Json], cls: str) -> tuple[str, ...]:
    """Return notes on the fields that say that the checkpoint differs from the class of the library."""
    notes = []
    if config.get("auto_map"):
        notes.append(f"field 'auto_map': the checkpoint has code of its own; counted as {cls} of transformers")
    if config.get("quantization_config"):
        notes.append(f"field 'quantization_config': counted as {cls} before it is quantised")
    return tuple(notes)


def _usual_labels(kind: str, derived: Derived | None) -> int:
    """Return the number of labels of a file that gives none; an entry without recorded rules does not know it."""
    recorded = DEFAULT_LABELS if derived is None else derived.rules.labels
    return recorded if recorded != DEFAULT_LABELS else default_labels(kind)


def _labels(config: Mapping[str, Json], file: Path, usual: int) -> int:
    """Return the number of labels: the length of `id2label`, else `num_labels`, else the `usual` one of the class."""
    names = config.get("id2label")
    number = config.get("num_labels")
    if names is not None and not isinstance(names, dict):
        raise BadField(str(file), "id2label", f"expected an object of labels, got {echo(names)}")
    if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 0):
        raise BadField(str(file), "num_labels", f"expected an integer of at least 0, got {echo(number)}")
    if names is not None and number is not None and len(names) != number:
        raise BadField(str(file), "num_labels", f"{number}, but id2label names {len(names)}")
    return len(names) if names is not None else number if isinstance(number, int) else usual


def _head(config: Mapping[str, Json], by_class: Mapping[str, str], file: Path) -> tuple[str, tuple[str, ...]]:
    """Return the head whose class `architectures` names, with notes, or the bare model if the field is absent.

    Of several classes the first covered one is chosen, as vLLM does. A class for TensorFlow or JAX is counted as the
    PyTorch class of its name, and somebody's own class as the bare model. A class that `auto_map` names is somebody's
    own, if the library has none of exactly that name.
    """
    classes = config.get("architectures")
    if classes is None or classes == []:
        return "model", ()
    if not isinstance(classes, list) or not all(isinstance(cls, str) for cls in classes):
        raise BadField(str(file), "architectures", f"expected a list of class names, got {echo(classes)}; pass --head")
    names = [str(cls) for cls in classes]
    own = own_classes(config)
    former = [name for name in map(without_framework, names) if name not in by_class and name not in own]
    by_class = {**by_class, **{name: by_class[now] for name in former if (now := present_name(name)) in by_class}}
    chosen = next((name for name in names if without_framework(name) in by_class), None)
    if chosen is None and not any(has_class(without_framework(name)) for name in names):
        near = similar_class(names[0])
        advice = f" (did you mean {near}?)" if near is not None else ""
        bare = next(cls for cls, head in by_class.items() if head == "model")
        note = f"transformers has no class {echo(names[0])}{advice}; counted as {bare}, without its own layers"
        return "model", (f"field 'architectures': {note}",)
    if chosen is None:
        near = suggestion(names[0], by_class)
        advice = near if near.startswith("did you mean") else listed(by_class.values(), 60, "--head has ")
        raise BadField(str(file), "architectures", f"the class {echo(names[0])} is not covered; {advice}")
    cls = without_framework(chosen)
    if len(names) > 1 or cls != chosen:
        return by_class[cls], (f"field 'architectures': {echo(', '.join(names))}; counted as {cls}",)
    return by_class[cls], ()
