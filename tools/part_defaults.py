"""Correct what follows if a file omits a field of a part: a class may give the part defaults of its own.

A derivation leaves a field out of the part's configuration, which then has the defaults of its own class. Voxtral's
class completes the `text_config` of a file with other ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from class_builds import BuildError, Builds, at, changed
from sympy import Symbol

from bertsym.algebra import Value, evaluate, free
from bertsym.errors import DivisionByZero
from bertsym.saved_model.derived import ConfigField, Derived
from bertsym.values import replace


def with_part_defaults(builds: Builds, derived: Derived) -> Derived:
    """Return the entry with the values that the configuration class takes for fields that a file's part omits."""
    symbols = {field.path: symbol for symbol, field in derived.fields.items()}
    fields = {symbol: _corrected(builds, derived, symbols, symbol) for symbol in derived.fields}
    return replace(derived, fields=fields)


def _corrected(builds: Builds, derived: Derived, symbols: Mapping[str, Symbol], symbol: Symbol) -> ConfigField:
    field = derived.fields[symbol]
    part = field.path.rpartition(".")[0]
    if field.if_omitted is None or not part or "[" in field.path:
        return field
    beside = [path for path in symbols if path.rpartition(".")[0] == part and path != field.path and "[" not in path]
    files = [{path: _file_value(derived.defaults[symbols[path]])} for path in beside]
    files += [{path: 2 * found} for change in files for path, found in change.items() if type(found) is int]
    own = _file_value(derived.defaults[symbol])
    seen = set()
    for change in files:
        made = _made(builds, change, field.path)
        if made is None:  # the model code computes it
            continue
        given = {symbols[path]: found for path, found in change.items()}
        expected = _evaluated(field, {**derived.defaults, **given})
        seen |= {"default"} if made == own != expected else {"other"} if made != expected else set()
    return replace(field, if_omitted=None) if seen == {"default"} else field


def _made(builds: Builds, change: Mapping[str, Any], path: str) -> Any:
    """Return the value of a field in the configuration that the class makes of a file, None if it refuses the file."""
    try:
        return at(builds.saved(changed({}, change)), path)
    except BuildError:
        return None


def _evaluated(field: ConfigField, sizes: Mapping[Symbol, Value]) -> Value | None:
    if field.if_omitted is None or not free(field.if_omitted) <= sizes.keys():
        return None
    try:
        return evaluate(field.if_omitted, sizes)
    except DivisionByZero:
        return None


def _file_value(found: Value) -> Any:
    return found if isinstance(found, int) else float(found)
