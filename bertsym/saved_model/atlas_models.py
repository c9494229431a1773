"""The models of the atlas by name, each read from its file when it is first asked for."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from bertsym import atlas
from bertsym.atlas import variants
from bertsym.files.jsonfile import parse_object, read_bytes
from bertsym.model import Model
from bertsym.saved_model import decode as saved
from bertsym.saved_model.composites import is_composite, named_composite
from bertsym.saved_model.derived import Derived


def stored(name: str, head: str | None = None) -> Model | None:
    """Return the model type of that name with all sizes open, or with `-default` at the code's defaults.

    Returns None if the atlas has no such model type. A name may begin with `atlas:`, and may be that of a variant.
    Raises `PartialFormula` and `UnknownName` for a head.

    >>> model = stored("atlas:bert-default")
    >>> model.cls, model.given[next(s for s in model.symbols if str(s) == "H")]
    ('BertModel', 768)
    """
    bare = name.removeprefix(atlas.PREFIX)
    entry = bare if atlas.path(bare) is not None else bare.removesuffix(atlas.SUFFIX)
    derived = variant_entry(entry) if "+" in entry and variants.is_variant(entry) else entry_of(entry)
    if derived is None:
        return None
    base = f"{entry}{atlas.SUFFIX}"
    model = saved.model(derived, f"{atlas.PREFIX}{entry}", head, label=name, base=base)
    return model if entry == bare else model.with_sizes(model.architecture.sizes[base].values)


@lru_cache(maxsize=16)
def entry_of(name: str) -> Derived | None:
    """Return the entry of a model type or the composite of that name; None if there is neither."""
    if is_composite(name):
        return named_composite(name, entry_of)
    file = atlas.path(name)
    if file is None:
        return None
    return saved.parsed(parse_object(read_bytes(file), Path(f"{atlas.PREFIX}{name}")), file)


@lru_cache(maxsize=16)
def variant_entry(name: str) -> Derived:
    """Return the entry of a variant by the name of its file."""
    file = variants.path(name)
    return saved.parsed(parse_object(read_bytes(file), Path(f"{atlas.PREFIX}{name}")), file)
