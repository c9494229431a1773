"""Fill in fields that a config.json omits and the model code derives; reject unknown fields that it may read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.errors import BadField, echo
from bertsym.files.jsonfile import Json
from bertsym.saved_model.derived import Derived

HEAD_SIZE, WIDTHS, HEADS = "head_dim", ("hidden_size", "d_model"), ("num_attention_heads", "n_heads")

_TOKENS = re.compile(r"token|_ids?$")


def completed(fields: Mapping[str, Json], derived: Derived, file: Path) -> dict[str, Json]:
    """Return the fields with null for each omitted field whose value the model code takes from other fields.

    A missing sub-configuration keeps its defaults. So does a field that is derived from unchanged sizes. Raise BadField
    if the value that the code would take is unknown.
    """
    found = dict(fields)
    own = ((key, derived.base[s]) for s, place in derived.places.items() for key in (place.field, *place.aliases))
    changed = any(fields.get(key) not in (None, base) for key, base in own)
    defined = {definition.symbol for definition in derived.definitions if definition.adjusts is None}
    for place in (place for symbol, place in derived.places.items() if symbol not in defined):
        part = place.field.rpartition(".")[0]
        said = any(fields.get(key) is not None for key in (place.field, *place.aliases))
        if said or (part and part not in fields):
            continue
        if place.needed and changed:
            raise BadField(
                str(file),
                place.field,
                "missing, and the model code derives its value from other fields in an unknown way; add it",
            )
        if place.absent is not None:
            found[place.field] = None
    return found


def check_unknown(fields: Mapping[str, Json], derived: Derived, given: Mapping[Symbol, Value], file: Path) -> None:
    """Raise BadField for a field that the configuration class does not declare and the model code may read.

    Much code reads `head_dim` if any configuration has it. A field without effect as a number may have one as a list.
    """
    numbers = {place.field: given.get(symbol) for symbol, place in derived.places.items()}
    numbers |= {alias: given.get(symbol) for symbol, place in derived.places.items() for alias in place.aliases}
    known = {*numbers, *derived.idle, *derived.frozen, *derived.held}
    for path, found in fields.items():
        if path.rpartition(".")[2] == HEAD_SIZE and path not in known and found is not None:
            part = path.removesuffix(HEAD_SIZE)
            width, heads = (
                next((numbers[part + name] for name in names if numbers.get(part + name)), None)
                for names in (WIDTHS, HEADS)
            )
            whole = isinstance(found, int) and isinstance(heads, int) and found * heads == width
            if width is not None and not whole:
                raise BadField(str(file), path, f"{echo(found)}: the formula holds only if {HEAD_SIZE} is H/heads")
    for path in derived.idle:
        if isinstance(fields.get(path), list | dict | str) and not _TOKENS.search(path):
            raise BadField(
                str(file),
                path,
                f"{echo(fields[path])}: only numbers were tested, without effect; others are not covered",
            )
