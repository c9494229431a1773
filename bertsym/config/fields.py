"""Read the fields of a configuration as sizes, by the rules of a schema."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import isfinite
from pathlib import Path
from types import MappingProxyType

from sympy import Expr, Symbol

from bertsym.algebra import Value, evaluate, free
from bertsym.errors import MAX_ECHO, BadField, DivisionByZero, Unreadable, clipped, echo
from bertsym.files.jsonfile import Json
from bertsym.model import Model, check_value
from bertsym.schema import AnyField, Field, FirstPositive, Mention, Overridden, Schema
from bertsym.symbols import BY_SYMBOL, Kind

EMPTY: Mapping[str, tuple[Json, ...]] = MappingProxyType({})
LONGEST_INDEX = 9
"""The most digits of a layer's index as the key of a table."""
WITH_WEIGHTS = frozenset({"prelu", "xielu"})
EVERYWHERE: Mapping[str, tuple[object, ...]] = {
    "pruned_heads": ({}, None),
    "per_layer_config": ({}, None),
}


def sizes(config: Mapping[str, Json], schema: Schema, file: Path) -> dict[Symbol, Value]:
    """Return the sizes that the fields give, with the library's default for each missing field; raise BadField."""
    given: dict[Symbol, Value] = {}
    later: list[Field] = []
    for field in schema.fields:
        if isinstance(field, Field) and field.null and _raw(config, field, file) is None:
            later.append(field)
        else:
            given[field.symbol] = _value(config, field, file)
    waiting = {field: field.otherwise for field in later if field.otherwise is not None}
    while waiting:
        ready = {field: value for field, value in waiting.items() if free(value) <= given.keys()}
        if not ready:
            raise BadField(str(file), next(iter(waiting)).key, "missing, and so are the fields that it is derived from")
        for field, value in ready.items():
            given[field.symbol] = _checked(_followed(value, field.symbol, given), field.key, field.symbol, file)
            del waiting[field]
    for field in schema.fields:
        if isinstance(field, Field) and field.needs and given.get(field.symbol) and config.get(field.needs) is not True:
            raise BadField(str(file), field.key, f"the library builds it only with {field.needs} true")
    return given


def overridden(config: Mapping[str, Json], model: Model) -> tuple[str, ...]:
    """Return a note on each field that the library overrides, if the count of the model depends on it."""
    used = frozenset().union(*(free(tensor.own) | free(tensor.when) for tensor in model.tensors))
    return tuple(
        f"field {echo(field.key)}: {field.note}"
        for field in model.architecture.schema.fields
        if isinstance(field, Overridden)
        and field.symbol in used
        and config.get(field.key, field.setting) != field.setting
    )


def _followed(value: Expr, symbol: Symbol, given: Mapping[Symbol, Value]) -> Value | None:
    """Return the value of the expression that a missing size follows from, or None if it divides by 0."""
    try:
        found = evaluate(value, given)
    except DivisionByZero:
        return None
    if BY_SYMBOL[symbol].kind is Kind.SWITCH and found in (0, 1):
        return bool(found)
    return found.numerator if found.denominator == 1 else found


def check_covered(
    config: Mapping[str, Json],
    schema: Schema,
    given: Mapping[Symbol, Value],
    file: Path,
    equal: Mapping[str, tuple[Json, ...]] = EMPTY,
) -> None:
    """Raise BadField if a field changes the tensors in a way that no formula covers.

    `equal` has further values of fixed fields that the class builds alike.
    """
    for key, values in {**schema.fixed, **EVERYWHERE}.items():
        allowed = [_fixed(option, given) for option in (*values, *equal.get(key, ()))]
        value = config.get(key, allowed[0])
        if not any(alike(value, option) for option in allowed):
            named = [clipped(repr(option), MAX_ECHO) for option in allowed if option not in (None, {})]
            covered = (
                f"only {' or '.join(named)} is covered" if named else "it changes the parameters and is not covered"
            )
            raise BadField(str(file), key, f"{echo(value)}: {covered}")

    for key, value in config.items():
        if isinstance(value, str) and value in WITH_WEIGHTS and key not in schema.fixed:
            raise BadField(str(file), key, f"{echo(value)}: an activation with weights of its own is not covered")


def alike(value: object, option: object) -> bool:
    """Return True if a value equals a covered option; a list that repeats one word may have any length."""
    if isinstance(value, list) and isinstance(option, list) and isinstance(next(iter(option), None), str):
        return value == option or (len(set(option)) == 1 and all(one == option[0] for one in value))
    if isinstance(value, Mapping) and isinstance(option, Mapping):
        return _rows(value) == _rows(option)
    return value == option and type(value) is type(option)


def _rows(table: Mapping[str, object]) -> dict[str | int, object]:
    """Return the rows of a table; the library writes the index of a layer as `05`, and reads `5` too."""
    rows: dict[str | int, object] = {}
    for key, row in table.items():
        is_index = key.isdecimal() and len(key) <= LONGEST_INDEX
        rows[int(key) if is_index else key] = _rows(row) if isinstance(row, Mapping) else (type(row), row)
    return rows


def _fixed(option: object, given: Mapping[Symbol, Value]) -> object:
    """Return an allowed value of a schema as JSON has it; an expression is evaluated at the sizes of the file."""
    if isinstance(option, Symbol) and isinstance(given.get(option), bool):
        return given[option]
    return int(evaluate(option, given)) if isinstance(option, Expr) else option


def _value(config: Mapping[str, Json], field: AnyField, file: Path) -> Value:
    match field:
        case Mention(key=key, word=word, default=default, separator=separator):
            return word in _words(config.get(key, default), key, separator, file)
        case FirstPositive(symbol=symbol, keys=keys):
            found = {key: config.get(key, default) for key, default in keys.items()}
            for key, value in found.items():
                if isinstance(value, bool) or not isinstance(value, int):
                    raise BadField(str(file), key, f"expected an integer, got {echo(value)}")
            key = next((key for key, value in found.items() if isinstance(value, int) and value > 0), list(found)[-1])
            return _checked(found[key], key, symbol, file)
        case Overridden(key=key, symbol=symbol, setting=setting):
            _checked(config.get(key, setting), key, symbol, file)
            return setting
        case Field(key=key, symbol=symbol):
            return _checked(_raw(config, field, file), key, symbol, file)


def _raw(config: Mapping[str, Json], field: Field, file: Path) -> object:
    """Return the value of a field under any of its spellings; raise BadField if two spellings disagree."""
    found: dict[str, object] = {key: config[key] for key in (field.key, *field.aliases) if key in config}
    for key, value in found.items():
        # NaN differs from itself.
        if key != field.key and value != found.get(field.key, value):
            raise BadField(str(file), key, f"{echo(value)}, but {field.key} says {echo(found[field.key])}")
    return next(iter(found.values()), field.default)


def _checked(value: object, key: str, symbol: Symbol, file: Path) -> Value:
    size = BY_SYMBOL[symbol]
    try:
        return check_value(size, _fraction(value) if size.kind is Kind.RATIO else value)
    except Unreadable as error:
        expected = "true or false" if size.kind is Kind.SWITCH else error.expected
        raise BadField(str(file), key, f"expected {expected}, got {_shown(value)}") from None


def _shown(value: object) -> str:
    """Return a value as JSON writes it; the text "768" is no number.

    >>> _shown("768"), _shown(None), _shown(768.5)
    ("the text '768'", 'null', "'768.5'")
    """
    if isinstance(value, str):
        return f"the text {echo(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return echo(value)


def _words(value: Json, key: str, separator: str, file: Path) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return [word.strip() for word in value.lower().split(separator)]
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return [str(word) for word in value]
    raise BadField(str(file), key, f"expected a text or a list of words, got {echo(value)}")


def _fraction(value: object) -> object:
    """Return a decimal number as the exact fraction that the file writes."""
    return Fraction(str(value)) if isinstance(value, float) and isfinite(value) else value
