"""Write a model back as the fields of a `config.json` that builds the class at the same sizes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from fractions import Fraction
from itertools import cycle, islice
from math import gcd
from pathlib import Path
from typing import Any

from sympy import Symbol

from bertsym.algebra import Value, free
from bertsym.arrangements import arranged, spread
from bertsym.atlas.configurations import is_padded
from bertsym.config.configfile import entry_of_file, read_config
from bertsym.config.layer_lists import MAX_LAYERS
from bertsym.config.paths import put, remove, value_at
from bertsym.config.unmodelled_fields import COPY
from bertsym.errors import BertsymError
from bertsym.files.jsonfile import Json
from bertsym.model import Model
from bertsym.saved_model.allowed_values import Choice, Determined, MultipleOf, Switch
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.derived import Derived, Domain
from bertsym.saved_model.layer_lists import LayerList
from bertsym.schema import AnyField, Field, FirstPositive, Mention
from bertsym.symbols import BY_SYMBOL, Kind, labels
from bertsym.values import value
from bertsym.zoo import ARCHITECTURES


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


def written_fields(model: Model, base: Mapping[str, Json], file: Path, *, whole: bool = False) -> dict[str, Json]:
    """Return the fields of `base`, changed if a field sets another size than the model has.

    If `whole`, every known size is written, also where the class would take it by itself. The result is read again,
    and each known size of the model has to be the same. Raises `NotWritten` if one is not, and what `read_config`
    raises.
    """
    fields: dict[str, Any] = {**deepcopy(dict(base)), "architectures": [model.cls]}
    fields.setdefault("model_type", model.architecture.schema.model_type)
    derived = None if is_of_zoo(model) else entry_of_file(fields, file)
    schema = model.architecture.schema
    # ModernBERT's window has no field here: only a mask depends on it, and no tensor.
    own = model.symbols - (model.architecture.accepted - set(_set_by(schema.fields)))
    sizes = {symbol: number for symbol in own if (number := _number(model, symbol)) is not None}
    changed = {field.symbol for field in schema.fields} & sizes.keys()
    names = fields.get("id2label")
    if isinstance(names, dict) and sizes.get(labels, len(names)) != len(names):
        fields.pop("id2label")
        fields.pop("label2id", None)
    if not whole:
        before = _read(model, fields, file)
        changed = {symbol for symbol in changed if sizes[symbol] != _number(before, symbol)}
        _write_idle_lists(fields, before, {symbol: sizes[symbol] for symbol in changed}, derived)
    writer = _Writer(model.cls, fields, sizes, schema.fields, derived)
    for field in schema.fields:
        if field.symbol in changed:
            writer.write(field)
    if derived is not None:
        _write_lists(model, fields, derived, file)
        _write_followers(writer, derived)
        _write_guards(fields, derived, changed)
        _write_fixed(fields, derived, {} if whole else base)
    _write_padding(model, fields, derived, file)
    after = _read(model, fields, file)
    if labels in sizes and sizes[labels] != _number(after, labels):
        fields["num_labels"] = int(sizes[labels])
        after = _read(model, fields, file)
    for symbol, number in sizes.items():
        if _number(after, symbol) != number and not _is_idle_order(model, symbol):
            is_switch = BY_SYMBOL[symbol].kind is Kind.SWITCH
            raise NotWritten(model.cls, str(symbol), ("yes" if number else "no") if is_switch else number)
    return fields


def is_of_zoo(model: Model) -> bool:
    """Return True if somebody wrote the architecture from its paper, and no code was run to derive it."""
    name = model.architecture.name
    return name in ARCHITECTURES and ARCHITECTURES[name].paper == model.architecture.paper


def _read(model: Model, fields: Mapping[str, Json], file: Path) -> Model:
    """Read the fields as the model was read: a type of the zoo from the zoo or from the atlas."""
    return read_config(fields, file, model.head, atlas_only=not is_of_zoo(model))


def _set_by(fields: tuple[AnyField, ...]) -> Iterator[Symbol]:
    return (field.symbol for field in fields)


def _is_idle_order(model: Model, symbol: Symbol) -> bool:
    """Return True for an arrangement of layers that the user did not choose: any has the same count."""
    return BY_SYMBOL[symbol].kind is Kind.ORDER and symbol not in model.pinned


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


_OF_LAYERS = re.compile(r"layer|block")
"""The words in the names of fields that list something of each layer."""
FEWEST_EQUAL = 2
"""A longer list of equal entries, as Longformer's `attention_window`, has an entry a layer under any name."""
LONGEST_PERIOD = 64
"""Stacks repeat after 2 to 8 layers; a stranger's list is not searched for longer periods."""


class _Writer:
    """The fields of a configuration while sizes are written into them; a type of the zoo has no `derived` entry."""

    def __init__(
        self,
        cls: str,
        fields: dict[str, Any],
        sizes: Mapping[Symbol, Fraction],
        siblings: tuple[AnyField, ...],
        derived: Derived | None,
    ) -> None:
        self.cls, self.fields, self.sizes, self.siblings = cls, fields, sizes, siblings
        self.defaults = {} if derived is None else _defaults(derived)
        self.further = {} if derived is None else _further_names(derived)
        self.had = frozenset(fields)

    def write(self, field: AnyField) -> None:
        """Write one size under the spelling that the configuration uses already, or else the usual one."""
        number = self.sizes[field.symbol]
        match field:
            case Field(key=key, aliases=aliases, default=default, otherwise=otherwise, needs=needs):
                plain = _json(number, is_ratio=BY_SYMBOL[field.symbol].kind is Kind.RATIO)
                if otherwise is not None and otherwise == number:  # a window of 0 tokens is null in a file
                    plain = None
                for spelling in self._spellings(key, aliases):
                    self.put(spelling, bool(number) if isinstance(default, bool) else plain)
                if needs and number:
                    put(self.fields, needs, found=True)
            case Mention(key=key, separator=separator, default=default):
                words = [
                    f.usual or f.word
                    for f in self.siblings
                    if isinstance(f, Mention) and f.key == key and self.sizes.get(f.symbol, Fraction(0))
                ]
                put(self.fields, key, separator.join(words) if words else default)
            case FirstPositive(keys=keys):
                put(self.fields, next(iter(keys)), int(number))

    def put(self, path: str, found: Json) -> None:
        """Put a value into its field; a list that the configuration leaves out gets all entries of the class first."""
        stem, bracket, index = path.partition("[")
        if bracket and not isinstance(value_at(self.fields, stem), list):
            for entry, default in self.defaults.items():
                if entry.startswith(f"{stem}["):
                    put(self.fields, entry, default)
            if _has_gaps(value_at(self.fields, stem)):
                raise NotWritten(self.cls, path, found)
        entries = value_at(self.fields, stem)
        if index != "]":
            put(self.fields, path, found)
        elif isinstance(entries, list) and entries:
            put(self.fields, stem, list(islice(cycle(entries), int(self.sizes[self._length(path)]))))

    def _spellings(self, key: str, aliases: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names under which the configuration has the size; else the one that fits its other names."""
        further = self.further.get(key, ())
        written = tuple(name for name in (key, *aliases, *further) if value_at(self.fields, name) is not ...)
        head, dot, rest = key.partition(".")
        if dot and isinstance(value_at(self.fields, f"{head}{COPY}"), dict):
            written = (*(written or (key,)), f"{head}{COPY}.{rest}")
        # A file without a part may have the fields of the part beside it, as Qwen2-VL's have those of the text.
        part = key.partition(".")[0]
        flat = next((name for name in further if "." not in name), None)
        beside = part != key and part not in self.had and flat is not None and self._has_beside(part)
        return written or ((flat,) if beside and flat is not None else (key,))

    def _has_beside(self, part: str) -> bool:
        """Return True if the configuration has a field of the part beside it."""
        names = (name for key, further in self.further.items() if key.startswith(f"{part}.") for name in further)
        return any(name in self.had for name in names)

    def _length(self, path: str) -> Symbol:
        return next(field.symbol for field in self.siblings if isinstance(field, Field) and field.key == path)


def _further_names(derived: Derived) -> dict[str, tuple[str, ...]]:
    """Return the names that stand for a field by the rules of the entry, by the path of the field."""
    names: dict[str, tuple[str, ...]] = {}
    for name, target in (*derived.rules.aliases.items(), *derived.rules.prevailing.items()):
        names[target] = (*names.get(target, ()), name)
    return names


def _has_gaps(entries: Json) -> bool:
    """Return True for a list of which the defaults of some entries are not known."""
    return entries is None or (isinstance(entries, list) and any(map(_has_gaps, entries)))


def _defaults(derived: Derived) -> dict[str, Json]:
    """Return what the class has in each entry of a list by itself."""
    found: dict[str, Json] = {
        field.path: _json(derived.defaults[symbol], is_ratio=BY_SYMBOL[symbol].kind is Kind.RATIO)
        for symbol, field in derived.fields.items()
    }
    found |= {path: _json(at.default) for path, at in derived.no_effect.items() if at.default is not None}
    found |= {path: at.value for path, at in derived.fixed_by_derivation.items()}
    found |= derived.fixed_by_code
    return {path: default for path, default in found.items() if "[" in path and not path.endswith("[]")}


def _json(number: Value, *, is_ratio: bool = False) -> Json:
    """Return an exact number as JSON has it; a class that declares a ratio as float refuses an integer."""
    if isinstance(number, bool):
        return number
    return int(number) if number.denominator == 1 and not is_ratio else float(number)


def _write_lists(model: Model, fields: dict[str, Any], derived: Derived, file: Path) -> None:
    """Write each list with an entry a layer, unless the class makes one with the same layers by itself."""
    for listed in derived.layer_lists:
        known = [_number(model, kind.count) for kind in listed.kinds]
        amounts = tuple(int(number) for number in known if number is not None)
        if len(amounts) < len(known):  # the class makes the list
            continue
        order = model.pinned.get(listed.order)
        if _agrees(model, fields, listed, amounts, order, file):
            continue
        if sum(amounts) > MAX_LAYERS:
            raise NotWritten(model.cls, listed.length_path, sum(amounts))
        kinds = spread(amounts) if order is None else arranged(int(order), amounts)
        for path in (*listed.aliases, *listed.letters, *listed.index_fields):
            remove(fields, path)
        if listed.is_indices:
            put(fields, listed.path, [layer for layer, kind in enumerate(kinds) if kind == 0])
        else:
            put(fields, listed.path, [listed.kinds[kind].words[0] for kind in kinds])


def _write_followers(writer: _Writer, derived: Derived) -> None:
    """Write each field without effect that the class refuses beside these sizes, at a value that it accepts.

    XLNet's `d_model` follows from the heads, and a number of heads without effect divides the width.
    """
    numbers = {field.path: derived.defaults[symbol] for symbol, field in derived.fields.items()}
    numbers |= {path: idle.default for path, idle in derived.no_effect.items() if idle.default is not None}
    numbers |= {path: found for path in numbers if isinstance(found := value_at(writer.fields, path), int)}
    without = {path: (at.domain, at.default) for path, at in derived.no_effect.items() if path in numbers}
    without |= {
        field.path: (field.domain, derived.defaults[symbol])
        for symbol, field in derived.fields.items()
        if symbol not in writer.sizes and BY_SYMBOL[symbol].kind is not Kind.SWITCH
    }
    idle = {path: domain for path, (domain, _) in without.items() if domain is not None}
    before = {path: numbers[path] for path in idle}
    for field in derived.fields.values():
        allowed = None if field.domain is None else field.domain.allowed
        for name in allowed.multiple_of if isinstance(allowed, MultipleOf) else ():
            if name in idle and numbers[name] and numbers[field.path] % numbers[name]:
                numbers[name] = gcd(int(numbers[field.path]), int(numbers[name]))
    for path, domain in idle.items():
        if domain.allowed.depends_on and all(name in numbers for name in domain.allowed.depends_on):
            numbers[path] = _nearest(domain, numbers[path], numbers)
    for path in idle:
        if numbers[path] != before[path]:
            writer.put(path, _json(numbers[path]))


def _write_guards(fields: dict[str, Any], derived: Derived, changed: Collection[Symbol]) -> None:
    """Write the fields beside which alone a size has an effect, as `is_decoder` for cross attention."""
    sizes = {field.path for field in derived.fields.values()}
    for symbol, field in derived.fields.items():
        guard = () if field.domain is None or symbol not in changed else field.domain.only_if
        found = value_at(fields, field.path)
        for name, needed in guard:
            if name not in sizes and found not in (..., None, derived.defaults[symbol]):
                put(fields, name, _json(needed))


def _write_fixed(fields: dict[str, Any], derived: Derived, base: Mapping[str, Json]) -> None:
    """Write what is fixed in each part that is new: its type, and settings such as `out_features`.

    The class of the whole may set them in a part that a file leaves out, and the class of the part others.
    """
    depths: dict[str, set[Value]] = {}
    for symbol, field in derived.fields.items():
        if BY_SYMBOL[symbol].kind is Kind.DEPTH:
            depths.setdefault(field.path.rpartition(".")[0], set()).add(derived.defaults[symbol])
    for path, still in derived.fixed_by_derivation.items():
        part, _, last = path.rpartition(".")
        # A depth may stand still, as that of Dots 3's vision tower.
        if _OF_LAYERS.search(last) is not None and isinstance(still.value, int):
            depths.setdefault(part, set()).add(still.value)
    for path, found in derived.fixed_by_code.items():
        part, _, last = path.rpartition(".")
        is_new = part and isinstance(value_at(fields, part), dict) and not isinstance(value_at(base, part), dict)
        if (
            is_new
            and value_at(fields, path) is ...
            and "[" not in last
            and found not in (None, "")
            and not _follows_depth(found, depths.get(part, ()))
        ):
            put(fields, path, deepcopy(found))


def _write_padding(model: Model, fields: dict[str, Any], derived: Derived | None, file: Path) -> None:
    """Write null for the padding token if its index is beyond the vocabulary: torch refuses a row that is not there.

    Write 0 if the class refuses null, as ModernBERT's decoder does.
    """
    entry = entry_of(model.architecture.schema.model_type) if derived is None else derived
    before = deepcopy(fields)
    for path, idle in {} if entry is None else entry.no_effect.items():
        part, _, last = path.rpartition(".")
        vocabulary = value_at(fields, f"{part}.vocab_size".lstrip("."))
        index = idle.default if value_at(fields, path) is ... else value_at(fields, path)
        if last == "pad_token_id" and isinstance(index, int) and isinstance(vocabulary, int) and index >= vocabulary:
            kind = value_at(fields, f"{part}.model_type".lstrip("."))
            put(fields, path, 0 if isinstance(kind, str) and is_padded(kind) else None)
    if fields != before:
        try:
            _read(model, fields, file)
        except BertsymError:  # the model code reads the index
            fields.clear()
            fields.update(before)


def _follows_depth(found: Json, depths: Collection[Value]) -> bool:
    """Return True for a list with an entry a layer, or a stage and the stem, and for the last stage alone."""
    if not isinstance(found, list):
        return False
    return any(len(found) in (depth, depth + 1) or found == [f"stage{depth}"] for depth in depths)


def _nearest(domain: Domain, number: Value, numbers: Mapping[str, Value]) -> Value:
    """Return the number if it is valid beside the others, else the next smaller valid one or the least."""
    allowed = domain.allowed
    if isinstance(allowed, Determined):
        return allowed.step_at(numbers)
    if isinstance(allowed, Choice | Switch) or not allowed.step_at(numbers):
        return number
    start = allowed.value_at(0, numbers, 0)
    steps = max(domain.min_steps, int((number - start) // allowed.step_at(numbers)))
    return allowed.value_at(steps, numbers, domain.min_steps)


def _write_idle_lists(
    fields: dict[str, Any], before: Model, changed: Mapping[Symbol, Fraction], derived: Derived | None
) -> None:
    """Fit lists with an entry a layer that no tensor depends on, as GPT-OSS's `layer_types`, to a new number of layers.

    The class refuses a list of another length. A longer one goes on with the period of the list.
    """
    known = frozenset() if derived is None else derived.list_paths
    for field in before.architecture.schema.fields:
        if (
            field.symbol not in changed
            or BY_SYMBOL[field.symbol].kind is not Kind.DEPTH
            or not isinstance(field, Field)
        ):
            continue
        layers, part = _number(before, field.symbol), field.key.rpartition(".")[0]
        holder = value_at(fields, part) if part else fields
        for name, found in holder.items() if isinstance(holder, dict) else ():
            is_list = isinstance(found, list) and len(found) == layers and f"{part}.{name}".lstrip(".") not in known
            if not is_list or changed[field.symbol] > MAX_LAYERS:
                continue
            period = _period(found)
            if _OF_LAYERS.search(name) is not None or (period == 1 and len(found) > FEWEST_EQUAL):
                holder[name] = [found[index % period] for index in range(int(changed[field.symbol]))]


def _period(entries: Sequence[Json]) -> int:
    """Return the least number after which a list repeats itself, its length if there is no small one.

    >>> _period(["a", "b", "a", "b", "a"]), _period(["a", "b", "b"])
    (2, 3)
    """
    lengths = range(1, min(len(entries), LONGEST_PERIOD))
    repeats = (n for n in lengths if all(entry == entries[index % n] for index, entry in enumerate(entries)))
    return next(repeats, len(entries))


def _agrees(
    model: Model,
    fields: Mapping[str, Json],
    listed: LayerList,
    amounts: tuple[int, ...],
    order: object,
    file: Path,
) -> bool:
    """Return True if the fields give the list already: so many layers of each kind, in the chosen order if any."""
    try:
        read = _read(model, fields, file)
    except BertsymError:  # the list that stands there has another length
        return False
    found = [_number(read, symbol) for symbol in listed.symbols]
    return found == [*amounts, found[-1] if order is None else order]
