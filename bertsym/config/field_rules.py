"""Apply the rules of an atlas entry to a configuration: rename aliases, refuse untested values, note unread sizes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from bertsym.algebra import Value
from bertsym.config.fields import alike
from bertsym.config.unread_sizes import looks_like_a_size, note_on
from bertsym.errors import BadField, echo
from bertsym.files.jsonfile import Json
from bertsym.saved_model.allowed_values import Determined
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.field_rules import FieldRules, ValueKind, value_kind

PER_LAYER = "per_layer_config"
"""The base class of all configurations takes sizes for single layers from this field, in any part."""

EXACT = 2**53
"""The class multiplies in double precision, which has every whole number so far."""


def renamed(config: Mapping[str, Json], rules: FieldRules, file: Path) -> dict[str, Any]:
    """Return the configuration with each alias under the name of its target.

    Raise `BadField` if an alias contradicts its target and does not prevail. An alias whose target lies in another part
    contradicts that part, unless the file omits the part or gives the same value there.
    """
    result: dict[str, Any] = dict(config)
    for name, target in rules.prevailing.items():
        if _prevails(result, name, target):
            result = without_field(with_field(result, target.split("."), _value_at(result, name)), name.split("."))
    for alias, target in rules.aliases.items():
        source, name = holder_of(result, alias)
        if source is None or name not in source:
            continue
        found = source[name]
        part, last = holder_of(
            result if alias.rpartition(".")[0] == target.rpartition(".")[0] else dict(config), target
        )
        if part is not None and last in part:
            if part[last] != found:
                raise BadField(str(file), alias, f"{echo(found)}, but {target} says {echo(part[last])}")
        elif part is not None and part is not source:
            raise BadField(str(file), alias, f"{echo(found)}, and {target} is missing beside it; move it there")
        else:
            result = with_field(result, target.split("."), found)
        result = without_field(result, alias.split("."))
    return result


def contradicted(config: Mapping[str, Json], rules: FieldRules) -> tuple[str, ...]:
    """Return a note on each field that another name of the file prevails over."""
    return tuple(
        f"{echo(target)} is overwritten with {echo(name)}, as the configuration class does"
        for name, target in rules.prevailing.items()
        if _prevails(config, name, target) and _value_at(config, target) not in (..., _value_at(config, name))
    )


def _prevails(config: Mapping[str, Json], name: str, target: str) -> bool:
    """Return True if the file gives a prevailing name a value; a null overwrites no part."""
    found = _value_at(config, name)
    return found is not ... and (found is not None or not isinstance(_value_at(config, target), dict))


def _value_at(config: Mapping[str, Json], path: str) -> Any:
    """Return the value at the path, an ellipsis if there is none."""
    part, last = holder_of(dict(config), path)
    return ... if part is None else part.get(last, ...)


def with_products(fields: Mapping[str, Json], derived: Derived, file: Path) -> Mapping[str, Json]:
    """Return the fields with the sizes that the class computes as a size times a ratio of the file.

    `fields` are flattened and renamed. Raise `BadField` for a product that is not whole: the class would round it.
    """
    products = {path: factors for path, factors in derived.rules.products.items() if factors[1] in fields}
    if not products:
        return fields
    spellings = {field.path: (field.path, *field.aliases) for field in derived.fields.values()}
    defaults = {field.path: derived.defaults[symbol] for symbol, field in derived.fields.items()}
    computed: dict[str, Json] = {}
    for path, (size, ratio) in products.items():
        if any(fields.get(name) is not None for name in spellings.get(path, (path,))):
            continue
        factor = next((fields[name] for name in spellings.get(size, (size,)) if name in fields), defaults.get(size))
        found = fields[ratio]
        if isinstance(found, bool) or not isinstance(found, int | float | Fraction) or type(factor) is not int:
            raise BadField(str(file), ratio, f"{echo(found)}: only a number is covered")
        product = Fraction(found) * factor
        if product.denominator != 1 or not 0 <= product <= EXACT:
            raise BadField(str(file), ratio, f"{echo(found)}: times {size} = {factor:,} it is no whole number")
        computed[path] = int(product)
    return {**fields, **computed}


def check_rules(fields: Mapping[str, Json], derived: Derived, file: Path) -> None:
    """Raise `BadField` for a value that differs from a fixed one, or of a kind that the rules refuse.

    `fields` are flattened and renamed.
    """
    for path, found in fields.items():
        if path.endswith(f".{PER_LAYER}") and path not in derived.rules.fixed and found not in ({}, None):
            raise BadField(str(file), path, "sizes for single layers change the parameters and are not covered")
    _check_tables(fields, derived, file)
    for path, value in derived.rules.fixed.items():
        determined = _determined(path, fields, derived) if path in derived.no_effect else None
        options = (value, *derived.rules.equal.get(path, ())) if determined is None else (determined,)
        found = fields.get(path, value)
        if path not in derived.list_paths and not any(alike(found, option) for option in options):
            said = echo(found) if path in fields else f"missing, and {echo(found)} by default"
            raise BadField(str(file), path, f"{said}: only {echo(options[0])} is covered")
    spellings = {field.path: (field.path, *field.aliases) for field in derived.fields.values()}
    defaults = {field.path: derived.defaults[symbol] for symbol, field in derived.fields.items()}
    for path in derived.rules.refused:
        if fields.get(derived.rules.unless.get(path, "")) is not None:
            continue
        name = next((name for name in spellings.get(path, (path,)) if name in fields), None)
        if name is not None:
            found = fields[name]
            kind = value_kind(found, defaults.get(path))
            if found != defaults.get(path, ...) and derived.rules.refuses(path, kind):
                raise BadField(
                    str(file), name, f"{echo(found)}: the model code reads it, and no formula covers such a value"
                )
        elif derived.rules.refuses(path, ValueKind.ABSENT):
            part = path.rpartition(".")[0]
            if not part or isinstance(fields.get(part), dict):
                raise BadField(str(file), path, "missing, and no formula covers the value that the code takes; add it")


def _check_tables(fields: Mapping[str, Json], derived: Derived, file: Path) -> None:
    """Raise `BadField` for a list of layers without the table of their sizes.

    Dots 3's class makes the table of its pyramid of experts only if a file has neither of them.
    """
    for path, table in derived.rules.fixed.items():
        part, _, name = path.rpartition(".")
        if name == PER_LAYER and table and fields.get(path) is None:
            for listed, found in fields.items():
                if listed.rpartition(".")[0] == part and listed in derived.fixed_by_code and isinstance(found, list):
                    missing = f"a list, and {PER_LAYER} is missing beside it; leave out both, or give both"
                    raise BadField(str(file), listed, missing)


def _determined(path: str, fields: Mapping[str, Json], derived: Derived) -> Value | None:
    """Return the one value that others determine of a field, as n_head and d_head determine XLNet's `d_model`."""
    domain = derived.no_effect[path].domain
    if domain is None or not isinstance(domain.allowed, Determined):
        return None
    defaults = {field.path: derived.defaults[symbol] for symbol, field in derived.fields.items()}
    defaults |= {name: idle.default for name, idle in derived.no_effect.items() if idle.default is not None}
    values = {name: fields.get(name, defaults.get(name)) for name in domain.allowed.depends_on}
    numbers = {name: number for name, number in values.items() if type(number) is int}
    return domain.allowed.step_at(numbers) if len(numbers) == len(values) else None


def unread_fields(fields: Mapping[str, Json], derived: Derived, read: Collection[str] = ()) -> tuple[str, ...]:
    """Return a note about the fields that look like sizes and that nothing reads; none if there are none.

    `read` are paths of fields that the model code reads although no rule names them.
    """
    return note_on(path for path in _unread(fields, derived) if path not in read)


def _unread(fields: Mapping[str, Json], derived: Derived) -> Iterator[str]:
    rules = derived.rules
    known = {name for field in derived.fields.values() for name in (field.path, *field.aliases)}
    known |= {*derived.no_effect, *derived.fixed_by_derivation, *derived.fixed_by_code}
    known |= {*rules.aliases, *rules.prevailing, *rules.fixed, *rules.refused}
    known |= {ratio for _, ratio in rules.products.values()}
    known |= {name for path in derived.list_paths for name in (path, f"{path}[]")}
    parts = {"", *(path.rpartition(".")[0] for path in known)}
    for path, found in fields.items():
        part, _, last = path.rpartition(".")
        if part in parts and path not in known and looks_like_a_size(last, found):
            yield path


def holder_of(config: Mapping[str, Any], path: str) -> tuple[Mapping[str, Any] | None, str]:
    """Return the object that holds the field at the path, None if there is none, and the name of the field in it."""
    *parts, last = path.split(".")
    part: Any = config
    for name in parts:
        part = part.get(name)
        if not isinstance(part, dict):
            return None, last
    return part, last


def with_field(config: Mapping[str, Json], path: list[str], found: Json) -> dict[str, Any]:
    """Return the configuration with a value at a path, whose parts are made if they are missing."""
    if len(path) == 1:
        return {**config, path[0]: found}
    inner = config.get(path[0])
    return {**config, path[0]: with_field(inner if isinstance(inner, dict) else {}, path[1:], found)}


def without_field(config: Mapping[str, Any], path: list[str]) -> dict[str, Any]:
    """Return the configuration without the field at a path; the parts on the path have to exist."""
    if len(path) == 1:
        return {name: found for name, found in config.items() if name != path[0]}
    return {**config, path[0]: without_field(config[path[0]], path[1:])}
