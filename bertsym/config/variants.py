"""Choose the variant of a model type whose settings a configuration has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bertsym.atlas.variants import variants
from bertsym.config.field_rules import renamed, with_field
from bertsym.config.flatten import flattened
from bertsym.files.jsonfile import Json
from bertsym.saved_model.atlas_models import variant_entry
from bertsym.saved_model.derived import Derived


def fitting(entry: Derived, config: Mapping[str, Json], file: Path) -> tuple[Derived, Mapping[str, Json]]:
    """Return the entry of the variant whose settings the configuration has, else the `entry` of its type.

    Of several the one with the most settings counts. The configuration that is returned beside it has the settings as
    the entry spells them. Raises `BadField` for aliases that contradict each other.
    """
    listed = variants(entry.name)
    if not listed:
        return entry, config
    fields = flattened(renamed(config, entry.rules, file))
    for field in entry.fields.values():
        alias = next((alias for alias in field.aliases if alias in fields), None)
        if alias is not None:
            fields.setdefault(field.path, fields[alias])
    chosen = next((variant for variant in listed if variant.fits(fields)), None)
    if chosen is None:
        return entry, config
    spelled = {path: setting for path, setting in chosen.settings.items() if chosen.is_spelling(path, fields[path])}
    for path, setting in spelled.items():
        config = with_field(config, path.split("."), setting)
    return variant_entry(chosen.name), config
