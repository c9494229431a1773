"""What a configuration does not say, where the code takes another value than it comes with; what it says beside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.errors import BadField, echo
from bertsym.files.jsonfile import Json
from bertsym.saved_model.derived import Derived
from bertsym.spellings import fields as fields_of

HEAD_SIZE = "head_dim"

_TOKENS = re.compile(r"token|_ids?$")


def completed(fields: Mapping[str, Json], derived: Derived, file: Path) -> dict[str, Json]:
    """The fields with null for those that a part which is there leaves out, and that the code then takes from others.

    A part that is not there is what the code comes with, and so is what follows from sizes that nobody changed. Raises
    `BadField` where nobody knows what the code takes.
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
            raise BadField(str(file), place.field, "missing, and what the code takes instead depends on other fields")
        if place.absent is not None:
            found[place.field] = None
    return found


def check_unknown(fields: Mapping[str, Json], derived: Derived, given: Mapping[Symbol, Value], file: Path) -> None:
    """Refuse what the code may look at though its configuration does not have it; raises `BadField`.

    Much code asks for a head size wherever there is one; and a number that changed nothing may as a list.
    """
    numbers = {place.field: given.get(symbol) for symbol, place in derived.places.items()}
    numbers |= {alias: given.get(symbol) for symbol, place in derived.places.items() for alias in place.aliases}
    known = {*numbers, *derived.idle, *derived.frozen, *derived.held}
    for path, found in fields.items():
        if path.rpartition(".")[2] == HEAD_SIZE and path not in known and found is not None:
            part = path.removesuffix(HEAD_SIZE)
            width, heads = (
                next((numbers[part + name] for name in names if numbers.get(part + name)), None)
                for names in (fields_of("H"), fields_of("heads"))
            )
            whole = isinstance(found, int) and isinstance(heads, int) and found * heads == width
            if width is not None and not whole:
                raise BadField(str(file), path, f"{echo(found)}: the formula holds for H/heads alone")
    for path in derived.idle:
        if isinstance(fields.get(path), list | dict | str) and not _TOKENS.search(path):
            raise BadField(str(file), path, f"{echo(fields[path])}: it was tried as a number, which changed nothing")
