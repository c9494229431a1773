"""Rules about the fields of a configuration beyond the sizes: spellings, fixed values, and kinds of values to refuse.

A configuration class takes undeclared names out of its keyword arguments, replaces null by a value of its own, and
gives the parts of a nested configuration their own defaults. The rules say which of these the reader counts as the
class does. `tools/atlas_fields.py` records them: it builds the class from files with such values.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from bertsym.files.jsonfile import Json
from bertsym.values import value


class ValueKind(Enum):
    """A kind of value that a file may give to a field, or `ABSENT` if a file omits the field."""

    ABSENT = "absent"
    NULL = "null"
    FALSE = "false"
    TRUE = "true"
    ZERO = "zero"
    SMALLER = "smaller"  # a number below the default of the field
    LARGER = "larger"  # a number above it
    NUMBER = "number"  # a number of a field without a size
    TEXT = "text"
    LIST = "list"
    EMPTY = "empty"  # an object without fields
    OBJECT = "object"
    ANY = "any"  # every value but null, false, zero and an absent one, which code may take for nothing


DEFAULT_LABELS = 2
NOTHING = frozenset({ValueKind.ABSENT, ValueKind.NULL, ValueKind.FALSE, ValueKind.ZERO})


@value
class LayerSizes:
    """The sizes that a table of a configuration may give single layers.

    - `length` is the path of the field with the number of layers.
    - `names` are the fields that the model code reads for a single layer.
    - `keywords` has the fields from which the class makes the table if a file has none. Each has the field that it
      replaces in some layers: `global_head_dim` has `head_dim`. A table makes them idle.
    """

    length: str
    names: frozenset[str]
    keywords: Mapping[str, str] = MappingProxyType({})


@value
class FieldRules:
    """The rules of one entry: targets of `aliases`, `fixed` fields, and `refused` kinds of values, by path.

    - A target in another part, as `text_config.hidden_size` of `hidden_size`, holds for a file without that part.
    - `equal` has, for a fixed field, other values at which the class builds the same, as false instead of null.
    - `prevailing` has, for a name, the field that the class overwrites with it if a file gives both.
    - `unless` has, for a refused field, the field that makes it idle.
    - `products` has, for a size that the class computes if a file omits it, the size and the ratio that it multiplies:
      SAM's `mlp_dim` has `hidden_size` and `mlp_ratio`. The ratio is idle in a file that gives the size.
    - `layer_sizes` has the tables with sizes of single layers, by their paths.
    - `labels` is the number of labels that the class takes if a file gives none.
    - Rules that are not `recorded` know nothing about the class; the reader then refuses what the class may read.
    """

    aliases: Mapping[str, str] = MappingProxyType({})
    fixed: Mapping[str, Json] = MappingProxyType({})
    refused: Mapping[str, frozenset[ValueKind]] = MappingProxyType({})
    unless: Mapping[str, str] = MappingProxyType({})
    labels: int = DEFAULT_LABELS
    recorded: bool = True
    equal: Mapping[str, tuple[Json, ...]] = MappingProxyType({})
    prevailing: Mapping[str, str] = MappingProxyType({})
    layer_sizes: Mapping[str, LayerSizes] = MappingProxyType({})
    products: Mapping[str, tuple[str, str]] = MappingProxyType({})

    def refuses(self, path: str, kind: ValueKind) -> bool:
        """Return True if the reader refuses values of the kind at the path."""
        kinds = self.refused.get(path, frozenset())
        return kind in kinds or (ValueKind.ANY in kinds and kind not in NOTHING)


NOT_RECORDED = FieldRules(recorded=False)


def value_kind(found: Json, default: object = None) -> ValueKind:
    """Return the kind of a value; a number is compared with the default of a size.

    >>> value_kind(0).value, value_kind(12, default=24).value, value_kind({}).value
    ('zero', 'smaller', 'empty')
    """
    match found:
        case None:
            return ValueKind.NULL
        case bool():
            return ValueKind.TRUE if found else ValueKind.FALSE
        case int() | float():
            if found == 0:
                return ValueKind.ZERO
            if default is None or isinstance(default, bool):
                return ValueKind.NUMBER
            return ValueKind.SMALLER if found < default else ValueKind.LARGER  # type: ignore[operator]
        case str():
            return ValueKind.TEXT
        case list():
            return ValueKind.LIST
        case dict():
            return ValueKind.OBJECT if found else ValueKind.EMPTY
