"""Read the parts of a configuration that are of another model type than the entry was derived with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bertsym.atlas.slots import RecordedSlot, slots
from bertsym.config.variants import fitting
from bertsym.errors import BadField, InvalidModel, PartialFormula, echo
from bertsym.files.jsonfile import Json
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.replace_part import Holder, Replacement, with_part


def with_parts(derived: Derived, config: Mapping[str, Json], file: Path, within: str = "") -> Derived:
    """Return the entry with the parts that the configuration names in the place of its own.

    A part of a type that no recorded slot takes stays as it is; the reader then refuses its `model_type`. `within` is
    the path of the configuration in its file. Raise `BadField` if a part does not fit.
    """
    replaced: list[str] = []
    for slot in slots(derived.name):
        part = _at(config, slot.path)
        named = part.get("model_type", slot.model_type)
        own = derived.fixed_by_code.get(f"{slot.path}.model_type", slot.model_type)
        if not isinstance(named, str) or named == own or named not in slot.types:
            continue
        if slot.path.startswith(tuple(replaced)):
            continue
        path = f"{within}{slot.path}"
        new = _replacement(slot, named, part, file, f"{path}.")
        if new is None:
            continue
        try:
            derived = with_part(derived, new)
        except PartialFormula as problem:
            raise _refused(file, path, named, f"no formula, {problem.part}: {problem.why}") from None
        except InvalidModel as problem:
            raise _refused(file, path, named, problem.problem) from None
        replaced.append(f"{slot.path}.")
    return derived


def _replacement(slot: RecordedSlot, named: str, part: Mapping[str, Json], file: Path, path: str) -> Replacement | None:
    """Return the entry of a type as a part for the slot; None if the atlas lacks the type or its class."""
    entry, default = entry_of(named), entry_of(slot.model_type)
    if entry is None or default is None:
        return None
    entry, part = fitting(entry, part, file)
    entry = with_parts(entry, part, file, path)
    holders: dict[str, Holder | None] = {}
    for name, prefix in slot.prefixes.items():
        head = next((head for head in slot.heads.get(name, ()) if head in entry.classes), None)
        if prefix is None:
            holders[name] = None
        elif head is not None:
            holders[name] = Holder(prefix, head)
    spellings = {field.path: field.aliases for field in default.fields.values()}
    return Replacement(slot.path, entry, holders, spellings)


def _at(config: Mapping[str, Any], path: str) -> Mapping[str, Json]:
    """Return the part of a configuration at a path, empty if there is none."""
    found: Any = config
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _refused(file: Path, path: str, named: Json, reason: str) -> BadField:
    return BadField(str(file), f"{path}.model_type", f"{echo(named)} is not covered here: {reason}")
