"""Read a Hugging Face `config.json` as a model: the class that it names, at its sizes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bertsym import atlas
from bertsym.config.field_rules import check_rules, renamed, unread_sizes
from bertsym.config.fields import check_covered, sizes
from bertsym.config.flatten import flattened
from bertsym.config.omitted_fields import check_unknown, completed
from bertsym.errors import BadField, BadFile, BertsymError, echo, suggestion
from bertsym.files.jsonfile import Json
from bertsym.model import Model
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.code_names import with_code_names
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.head_size_rewrite import in_head_size
from bertsym.symbols import labels
from bertsym.values import replace
from bertsym.zoo import ARCHITECTURES

DERIVE = "`bertsym derive` finds the formula of model code"


def why_missing(target: str, usual: str) -> str:
    """Return why the atlas has no formula for a model type of transformers, else the `usual` advice."""
    why = atlas.missing().get(target.removeprefix(atlas.PREFIX))
    return usual if why is None else f"transformers has it, but no formula was found: {why}"


def read_config(config: Mapping[str, Json], file: Path, head: str | None = None, entry: Derived | None = None) -> Model:
    """Read the model from the fields of a configuration; errors name `file`.

    `entry` replaces what the zoo or the atlas has for the model type.
    """
    kind = _model_type(config, file)
    stored_as = entry_of(kind) if entry is None and kind not in ARCHITECTURES else entry
    derived = None if stored_as is None else in_head_size(with_code_names(stored_as))
    base = f"{kind}{atlas.SUFFIX}"
    architecture = ARCHITECTURES[kind] if derived is None else derived.architecture(base)
    classes = {one.cls: name for name, one in (architecture.heads if derived is None else derived.classes).items()}
    notes: tuple[str, ...] = ()
    fields = config
    if derived is not None:
        named = flattened(renamed(config, derived.rules, file))
        check_rules(named, derived, file)
        notes = unread_sizes(named, derived)
        fields = completed(named, derived, file)
    given = sizes(fields, architecture.schema, file)
    check_covered(fields, architecture.schema, given, file)
    if derived is not None:
        check_unknown(fields, derived, given, file)
    number = _labels(config, file)
    chosen = _head(config, classes, file) if head is None else head
    model = Model(architecture).with_head(chosen) if derived is None else derived.model(base=base, head=chosen)
    model = replace(model, label=str(file), notes=notes)
    if labels in model.symbols:
        given[labels] = number
    try:
        return model.with_sizes({symbol: found for symbol, found in given.items() if symbol in model.symbols})
    except BertsymError as error:
        raise BadFile(str(file), str(error)) from None


def _model_type(config: Mapping[str, Json], file: Path) -> str:
    kind = config.get("model_type")
    if kind is None:
        raise BadField(str(file), "model_type", f"missing; covered: {', '.join(sorted(ARCHITECTURES))}, and the atlas")
    if isinstance(kind, str) and (kind in ARCHITECTURES or atlas.path(kind) is not None):
        return kind
    near = suggestion(str(kind), [*ARCHITECTURES, *atlas.index()])
    advice = "; ".join(part for part in (near, why_missing(str(kind), DERIVE)) if part)
    raise BadField(str(file), "model_type", f"{echo(kind)} is not covered; {advice}")


def _labels(config: Mapping[str, Json], file: Path) -> int:
    """Return the number of labels: the length of `id2label`, else `num_labels`, else 2, the default of transformers."""
    names = config.get("id2label")
    number = config.get("num_labels")
    if names is not None and not isinstance(names, dict):
        raise BadField(str(file), "id2label", f"expected an object of labels, got {echo(names)}")
    if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 0):
        raise BadField(str(file), "num_labels", f"expected an integer of at least 0, got {echo(number)}")
    if names is not None and number is not None and len(names) != number:
        raise BadField(str(file), "num_labels", f"{number}, but id2label names {len(names)}")
    return len(names) if names is not None else number if isinstance(number, int) else 2


def _head(config: Mapping[str, Json], by_class: Mapping[str, str], file: Path) -> str:
    """Return the head whose class `architectures` names, or the bare model if the field is absent."""
    classes = config.get("architectures")
    if classes is None or classes == []:
        return "model"
    if not isinstance(classes, list) or len(classes) != 1 or not isinstance(classes[0], str):
        raise BadField(
            str(file), "architectures", f"expected a list of one class name, got {echo(classes)}; pass --head"
        )
    if classes[0] not in by_class:
        advice = suggestion(classes[0], by_class)
        raise BadField(
            str(file), "architectures", f"the class {echo(classes[0])} is not covered ({advice}); pass --head to choose"
        )
    return by_class[classes[0]]
