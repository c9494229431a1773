"""The variants of model types: classes derived at other settings of the fields that choose their structure.

`variants.json` lists them, each with the checkpoint that has these settings and the state of its entry. The entries are
in the folder `variant_models`; `tools/atlas.py variants` writes both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bertsym.files.jsonfile import Json
from bertsym.values import value

_FOLDER = Path(__file__).parent
ENTRIES = _FOLDER / "variant_models"


@value
class Variant:
    """A variant with an entry: its `settings` by path, and the `defaults` of the class in their place.

    `name` is that of the file of its entry, `checkpoint` a published model with the settings. `heads` are the classes
    with a whole formula, by the names of heads. `spellings` are further values that the class takes for a setting.
    """

    name: str
    model_type: str
    settings: Mapping[str, Json]
    defaults: Mapping[str, Json]
    checkpoint: str
    heads: Mapping[str, str]
    spellings: Mapping[str, tuple[Json, ...]] = MappingProxyType({})

    def fits(self, fields: Mapping[str, Json]) -> bool:
        """Return True if flattened fields have values of the settings' kinds, other than the defaults of the class.

        >>> deepseek = variants("deepseek_v2")[0]
        >>> deepseek.fits({"q_lora_rank": None}), deepseek.fits({"q_lora_rank": 512}), deepseek.fits({})
        (True, False, False)
        """
        return all(
            path in fields
            and (_is_alike(fields[path], setting) or self.is_spelling(path, fields[path]))
            and not _equals(fields[path], self.defaults[path])
            for path, setting in self.settings.items()
        )

    def is_spelling(self, path: str, found: Json) -> bool:
        """Return True if a value is a further spelling of the setting, as `"c2p|p2c"` is of `["c2p", "p2c"]`."""
        return any(_equals(found, spelling) for spelling in self.spellings.get(path, ()))


def variants(model_type: str) -> tuple[Variant, ...]:
    """Return the variants of a model type, those with the most settings first."""
    return _by_type().get(model_type, ())


def variant_with(cls: str) -> Variant | None:
    """Return the first variant that has a class of transformers, or None.

    >>> variant_with("PerceiverForMaskedLM").checkpoint, variant_with("NoSuchModel")
    ('deepmind/language-perceiver', None)
    """
    listed = (variant for kind in sorted(_by_type()) for variant in _by_type()[kind])
    return next((variant for variant in listed if cls in variant.heads.values()), None)


def is_variant(name: str) -> bool:
    """Return True if a variant of this name has an entry."""
    return any(variant.name == name for variant in variants(name.partition("+")[0]))


def path(name: str) -> Path:
    """Return the file of a variant's entry."""
    return ENTRIES / f"{name}.json"


def _is_alike(found: Json, setting: Json) -> bool:
    """Return True for a value that the variant may count: switches, positive numbers and objects vary in it.

    So do the numbers of a list, whose length is that of the setting.
    """
    match setting:
        case bool() | dict():
            return type(found) is type(setting)
        case int() if setting > 0:
            return isinstance(found, int) and not isinstance(found, bool) and found > 0
        case [*entries] if entries and all(type(entry) is int for entry in entries):
            return isinstance(found, list) and [type(entry) for entry in found] == [int] * len(entries)
    return _equals(found, setting)


def _equals(found: Json, other: Json) -> bool:
    return type(found) is type(other) and found == other


@cache
def _by_type() -> Mapping[str, tuple[Variant, ...]]:
    content: dict[str, Any] = json.loads((_FOLDER / "variants.json").read_bytes())
    types: dict[str, list[Variant]] = {}
    for name, entry in content["variants"].items():
        if "model" in entry.get("heads", {}):
            spellings = {path: tuple(values) for path, values in entry.get("spellings", {}).items()}
            facts = (entry["settings"], entry["defaults"], entry["checkpoint"], entry["heads"], spellings)
            variant = Variant(name, entry["type"], *facts)
            types.setdefault(variant.model_type, []).append(variant)
    return {kind: tuple(sorted(listed, key=lambda v: -len(v.settings))) for kind, listed in types.items()}
