"""Write a model back as the fields of a `config.json` that builds the class at the same sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from fractions import Fraction
from pathlib import Path
from typing import Any

from sympy import Symbol

from bertsym.algebra import free
from bertsym.config.configfile import read_config
from bertsym.errors import BertsymError
from bertsym.files.jsonfile import Json
from bertsym.model import Model
from bertsym.schema import AnyField, Field, FirstPositive, Mention
from bertsym.symbols import BY_SYMBOL, Kind, labels
from bertsym.values import value


@value
class NotWritten(BertsymError):
    """A size of a model that no field of its configuration sets, or that a field cannot hold.

    >>> print(NotWritten("GPTNeoXModel", "H", 770))
    GPTNeoXModel: no config.json of its type says H=770, so transformers cannot build it; choose another size
    """

    cls: str
    size: str
    number: object

    def __str__(self) -> str:
        why = f"no config.json of its type says {self.size}={self.number}, so transformers cannot build it"
        return f"{self.cls}: {why}; choose another size"


def written_fields(model: Model, base: Mapping[str, Json], file: Path) -> dict[str, Json]:
    """Return the fields of `base`, changed if a field sets another size than the model has.

    The result is read again, and each known size of the model has to be the same. Raises `NotWritten` if one is not,
    and what `read_config` raises.
    """
    fields: dict[str, Any] = {**deepcopy(dict(base)), "architectures": [model.cls]}
    fields.setdefault("model_type", model.architecture.schema.model_type)
    before = read_config(fields, file, model.head)
    schema = model.architecture.schema
    # ModernBERT's window has no field here: only a mask depends on it, and no tensor.
    own = model.symbols - (model.architecture.accepted - set(_set_by(schema.fields)))
    sizes = {symbol: number for symbol in own if (number := _number(model, symbol)) is not None}
    changed = {symbol for symbol in _set_by(schema.fields) if sizes.get(symbol, _MISSING) != _number(before, symbol)}
    for field in schema.fields:
        if field.symbol in changed and field.symbol in sizes:
            _write(field, sizes, schema.fields, fields)
    if labels in sizes and sizes[labels] != _number(before, labels):
        fields.pop("id2label", None)
        fields.pop("label2id", None)
        fields["num_labels"] = int(sizes[labels])
    after = read_config(fields, file, model.head)
    for symbol, number in sizes.items():
        if _number(after, symbol) != number:
            raise NotWritten(model.cls, str(symbol), number)
    return fields


_MISSING = object()


def _set_by(fields: tuple[AnyField, ...]) -> Iterator[Symbol]:
    return (field.symbol for field in fields)


def _number(model: Model, symbol: Symbol) -> Fraction | None:
    """Return a size of the model, if it is known; a switch is 1 or 0."""
    if BY_SYMBOL[symbol].kind is Kind.SWITCH:
        default = model.architecture.defaults.get(symbol, BY_SYMBOL[symbol].default)
        switch = model.given.get(symbol, default)
        return None if switch is None else Fraction(bool(switch))
    public = model.public(symbol)
    if not free(public) <= set(model.given):
        return None
    return Fraction(model.number(symbol))


def _write(
    field: AnyField, sizes: Mapping[Symbol, Fraction], siblings: tuple[AnyField, ...], fields: dict[str, Any]
) -> None:
    """Write one size under the spelling that the configuration uses already, or else the usual one."""
    number = sizes[field.symbol]
    match field:
        case Field(key=key, aliases=aliases, default=default, otherwise=otherwise, needs=needs):
            spelling = next((name for name in (key, *aliases) if _parent(fields, name) is not None), key)
            plain: Json = int(number) if number.denominator == 1 else float(number)
            if otherwise is not None and otherwise == number:  # a window of 0 tokens is null in a file
                plain = None
            _put(fields, spelling, bool(number) if isinstance(default, bool) else plain)
            if needs and number:
                _put(fields, needs, plain=True)
        case Mention(key=key, separator=separator):
            words = [
                f.word for f in siblings if isinstance(f, Mention) and f.key == key and sizes.get(f.symbol, Fraction(0))
            ]
            _put(fields, key, separator.join(words))
        case FirstPositive(keys=keys):
            _put(fields, next(iter(keys)), int(number))


def _parent(fields: Mapping[str, Any], path: str) -> Any:
    """Return the object that holds a field, or None if the field is absent."""
    first, dot, rest = path.partition(".")
    if not dot:
        return fields if first in fields else None
    below = fields.get(first)
    return _parent(below, rest) if isinstance(below, dict) else None


def _put(fields: dict[str, Any], path: str, plain: Json) -> None:
    first, dot, rest = path.partition(".")
    if not dot:
        fields[first] = plain
        return
    below = fields.setdefault(first, {})
    if isinstance(below, dict):
        _put(below, rest, plain)
