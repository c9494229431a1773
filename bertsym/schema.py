"""The spelling of sizes in a family's `config.json`, as data that each model declares and `config` reads."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from sympy import Expr, Symbol

from bertsym.values import value


@value
class Field:
    """A field that sets a size or a switch, with the value that the library takes if a file omits it.

    Null stands for `otherwise`, in terms of the other sizes, or else leaves the size to the model's definition of it;
    `aliases` are further spellings of the key; `needs` is a switch that must be on wherever this one is.
    """

    key: str
    symbol: Symbol
    default: int | bool | Fraction | None
    otherwise: Expr | None = None
    aliases: tuple[str, ...] = ()
    needs: str = ""

    @property
    def null(self) -> bool:
        """Return True if null is a value of the field."""
        return self.default is None or self.otherwise is not None


@value
class Mention:
    """A switch that is on if a list, or a text such as `c2p|p2c`, contains the word."""

    key: str
    symbol: Symbol
    word: str
    default: str | None
    separator: str = "|"


@value
class FirstPositive:
    """A size set by the first of several fields that is positive; each with the library's default."""

    symbol: Symbol
    keys: Mapping[str, int]


AnyField = Field | Mention | FirstPositive


@value
class Schema:
    """The fields of one `model_type` that decide the parameters.

    `fixed` lists fields that would change the tensors and that the formula covers at these values only, an expression
    standing for its value at the file's sizes; the first one is what the library takes where a file leaves it out.
    """

    model_type: str
    fields: tuple[AnyField, ...]
    fixed: Mapping[str, tuple[object, ...]] = MappingProxyType({})
