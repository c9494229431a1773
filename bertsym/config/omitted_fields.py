"""Fill in fields that a config.json omits and the model code derives; reject unknown fields that it may read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.atlas.configurations import HeadSizeUse
from bertsym.errors import BadField, Unreadable, echo
from bertsym.files.jsonfile import Json
from bertsym.model import check_value
from bertsym.saved_model.derived import Derived
from bertsym.spellings import fields as fields_of
from bertsym.symbols import BY_SYMBOL, d

HEAD_SIZE = "head_dim"

_TOKENS = re.compile(r"token|_ids?$")


def completed(fields: Mapping[str, Json], derived: Derived, file: Path) -> dict[str, Json]:
    """Return the fields with null for each omitted field whose value the model code takes from other fields.

    A missing sub-configuration keeps its defaults. So does a field that is derived from unchanged sizes. Raise BadField
    if the value that the code would take is unknown.
    """
    found = dict(fields)
    own = ((key, derived.defaults[s]) for s, at in derived.fields.items() for key in (at.path, *at.aliases))
    changed = any(fields.get(key) not in (None, base) for key, base in own)
    defined = {definition.symbol for definition in derived.definitions if definition.adjusts is None}
    for field in (field for symbol, field in derived.fields.items() if symbol not in defined):
        part = field.path.rpartition(".")[0]
        said = any(fields.get(key) is not None for key in (field.path, *field.aliases))
        if said or (part and part not in fields):
            continue
        if field.omission_unknown and changed:
            raise BadField(
                str(file),
                field.path,
                "missing, and the model code derives its value from other fields in an unknown way; add it",
            )
        if field.if_omitted is not None:
            found[field.path] = None
    return found


def head_size(fields: Mapping[str, Json], derived: Derived, use: HeadSizeUse | None, file: Path) -> dict[Symbol, Value]:
    """Return the size that an undeclared `head_dim` sets, if the model code reads it; raises `BadField`."""
    found = fields.get(HEAD_SIZE)
    if (
        use is not HeadSizeUse.READ
        or found is None
        or d not in {definition.symbol for definition in derived.definitions}
    ):
        return {}
    try:
        return {d: check_value(BY_SYMBOL[d], found)}
    except Unreadable as error:
        raise BadField(str(file), HEAD_SIZE, f"expected {error.expected}, got {echo(found)}") from None


def check_unknown(
    fields: Mapping[str, Json],
    derived: Derived,
    given: Mapping[Symbol, Value],
    file: Path,
    use: HeadSizeUse | None = None,
) -> None:
    """Raise BadField for a field that the configuration class does not declare and the model code may read.

    Much code reads `head_dim` if any configuration has it; `use` is what the atlas recorded. A field without effect as
    a number may have one as a list.
    """
    numbers = {field.path: given.get(symbol) for symbol, field in derived.fields.items()}
    numbers |= {alias: given.get(symbol) for symbol, field in derived.fields.items() for alias in field.aliases}
    settled = () if use is None else (HEAD_SIZE,)
    known = {*settled, *numbers, *derived.no_effect, *derived.fixed_by_derivation, *derived.fixed_by_code}
    for path, found in fields.items():
        if path.rpartition(".")[2] == HEAD_SIZE and path not in known and found is not None:
            part = path.removesuffix(HEAD_SIZE)
            width, heads = (
                next((numbers[part + name] for name in names if numbers.get(part + name)), None)
                for names in (fields_of("H"), fields_of("heads"))
            )
            whole = isinstance(found, int) and isinstance(heads, int) and found * heads == width
            if width is not None and not whole:
                raise BadField(str(file), path, f"{echo(found)}: the formula holds only if {HEAD_SIZE} is H/heads")
    # Recorded rules say themselves which lists are read.
    untested = dict | str if derived.rules.recorded else list | dict | str
    for path in derived.no_effect:
        if isinstance(fields.get(path), untested) and not _TOKENS.search(path):
            raise BadField(
                str(file),
                path,
                f"{echo(fields[path])}: only numbers were tested, without effect; others are not covered",
            )
