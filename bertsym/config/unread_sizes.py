"""Notes on fields that look like sizes and that neither the configuration class nor the model code reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from bertsym.atlas.configurations import declares
from bertsym.errors import echo
from bertsym.files.jsonfile import Json
from bertsym.schema import Field, FirstPositive, Schema

MOST_NOTED = 4

_PREFIXES = ("num", "n", "d")
_WORDS = ("sizes?", "dims?", "widths?", "depths?", "rank", "layers?", "heads?", "experts?", "channels?", "features?")
_SIZE = re.compile(rf"(^|_)({'|'.join(_PREFIXES)})_|(^|_)({'|'.join(_WORDS)})($|_)")
_HARMLESS = frozenset({"num_labels"})


def looks_like_a_size(name: str, found: Json) -> bool:
    """Return True for a positive integer under a name such as `num_experts` or `embedding_size`."""
    return isinstance(found, int) and not isinstance(found, bool) and found > 0 and _SIZE.search(name) is not None


def note_on(paths: Iterable[str]) -> tuple[str, ...]:
    """Return a note about the fields at the paths; none if there are none."""
    names = sorted(paths)
    if not names:
        return ()
    more = f" and {len(names) - MOST_NOTED} more" if len(names) > MOST_NOTED else ""
    return (f"no parameter depends on {', '.join(map(echo, names[:MOST_NOTED]))}{more}: the count leaves it out",)


def unread_sizes(config: Mapping[str, Json], schema: Schema) -> tuple[str, ...]:
    """Return a note about the sizes in a file that a type of the zoo does not read."""
    likely = [name for name, found in config.items() if looks_like_a_size(name, found)]
    known = keys(schema) | _HARMLESS
    return note_on(name for name in likely if name not in known and not declares(schema.model_type, name))


def keys(schema: Schema) -> set[str]:
    """Return every key of a configuration that the schema reads or refuses."""
    names = {*schema.fixed, *schema.idle}
    for field in schema.fields:
        names |= set(field.keys) if isinstance(field, FirstPositive) else {field.key}
        names |= set(field.aliases) if isinstance(field, Field) else set()
    return names
