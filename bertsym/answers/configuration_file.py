"""The configuration of a model at chosen sizes, as the fields of a `config.json` that counts the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from sympy import Symbol

from bertsym import atlas
from bertsym.algebra import Value, free
from bertsym.arrangements import apportioned
from bertsym.config.configfile import entry_of_file, read_config
from bertsym.config.layer_lists import MAX_LAYERS
from bertsym.config.model_types import is_covered
from bertsym.config.written_fields import is_of_zoo, written_fields
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.existence import obstacles
from bertsym.files.jsonfile import Json
from bertsym.model import Model
from bertsym.resolve import chosen_entry, is_path
from bertsym.saved_model.composites import SEPARATOR
from bertsym.saved_model.layer_lists import LayerList
from bertsym.symbols import BY_SYMBOL, heads, in_order, kv_heads
from bertsym.values import replace, value


@value
class NoConfiguration(BertsymError):
    """A model that no `config.json` describes.

    >>> print(NoConfiguration("mine.json", "its code is its own", "pass the name of a model type"))
    mine.json: no config.json describes it (its code is its own); pass the name of a model type
    """

    model: str
    reason: str
    step: str

    def __str__(self) -> str:
        return f"{self.model}: no config.json describes it ({self.reason}); {self.step}"


@value
class ConfigurationFile:
    """The fields of a configuration, what they count, and the sizes that nobody gave, as in the `base` model.

    `obstacles` say why the class is built and does not run: a quotient of sizes that is not whole, an embedding without
    rows, or fewer experts than a router chooses.
    """

    fields: Mapping[str, Json]
    cls: str
    count: int
    assumed: Mapping[Symbol, Value]
    base: str
    obstacles: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the file, indented as transformers writes it."""
        return json.dumps(self.fields, indent=2) + "\n"


def configuration_file(model: Model) -> ConfigurationFile:
    """Return the configuration of a model under its head; open sizes are those of the architecture's base.

    The fields are read again, and have to give the same sizes and the same count. Raises `NoConfiguration`,
    `NotWritten`, `BadField`, `BadFile`, and what `count` raises.
    """
    file, base = Path(model.name), model.configuration
    chosen = None if base is not None else chosen_entry(model.label)
    start = base or chosen or {}
    kind = _model_type(model, start)
    if not is_covered(kind) or (base is None and is_path(model.label)):
        step = "pass the name of a model type, or a config.json"
        raise NoConfiguration(model.name, "its code is not known to have a configuration class of transformers", step)
    named: dict[str, Json] = {"architectures": [model.cls], "model_type": kind}
    sized, fields = _written(model, {**named, **start, **named}, file, whole=base is None)
    read = read_config(fields, file)
    number, counted = count(_with_lists(sized, read)), count(read)
    if number != counted:
        reason = f"the one with these sizes counts {counted:,} parameters, and the formula {number:,}"
        raise NoConfiguration(model.name, reason, "choose other sizes")
    assumed = _assumed(model, _with_lists(sized, read))
    return ConfigurationFile(fields, model.cls, counted, assumed, model.architecture.base, tuple(obstacles(read)))


def _written(model: Model, start: Mapping[str, Json], file: Path, *, whole: bool) -> tuple[Model, dict[str, Json]]:
    """Return the model with its open sizes filled in, and the fields, by the first way that the reader accepts.

    If `whole`, all sizes are written, else those alone that `start` does not give. The second is tried after the first:
    a class may make a default that it refuses in a file.
    """
    refused: BertsymError | None = None
    derived = None if is_of_zoo(model) else entry_of_file(start, file)
    lists = () if derived is None else derived.layer_lists
    for filled in (_filled_by_class, _filled_by_base) if whole else (_as_it_is,):
        for every in dict.fromkeys((whole, False)):
            try:
                sized = filled(model, lists)
                return sized, written_fields(sized, start, file, whole=every)
            except BertsymError as error:
                refused = refused or error
    raise refused or AssertionError("no way was tried")


def _as_it_is(model: Model, _: tuple[LayerList, ...]) -> Model:
    """Return the model of a file, which says all sizes on which its count depends."""
    return model


def _filled_by_class(model: Model, lists: tuple[LayerList, ...]) -> Model:
    """Return the model with open sizes as in its base, except lists with an entry a layer, which the class makes."""
    architecture = model.architecture
    base = Model(architecture).with_sizes(architecture.sizes[architecture.base].values)
    open_counts = {symbol for listed in _open(model, lists) for symbol in listed.symbols}
    sizes = {symbol: number for symbol, number in base.given.items() if symbol not in open_counts}
    if heads in model.given and sizes.get(kv_heads) == base.given.get(heads):  # no groups, so none at other heads
        sizes[kv_heads] = model.given[heads]
    lengths = (_length(model, listed) for listed in _open(model, lists))
    sizes |= {length: base.number(length) for length in lengths if length is not None}
    return replace(model, given=Model(architecture).with_sizes(sizes).with_sizes(model.given).given)


def _filled_by_base(model: Model, lists: tuple[LayerList, ...]) -> Model:
    """Return the model with open sizes as in its base, with layers of each kind in the proportions of the base."""
    sized = _filled_by_class(model, lists)
    amounts: dict[Symbol, Value] = {}
    for listed in _open(model, lists):
        length = _length(model, listed)
        number = len(listed.default) if length is None else int(sized.number(length))
        if number <= MAX_LAYERS:
            usual = [listed.default.count(kind) for kind in range(len(listed.kinds))]
            shares = apportioned(usual, number)
            amounts |= {kind.count: share for kind, share in zip(listed.kinds, shares, strict=True)}
    return sized.with_sizes(amounts)


def _open(model: Model, lists: tuple[LayerList, ...]) -> Iterator[LayerList]:
    """Yield the lists of which the model says nothing but how long they are."""
    return (listed for listed in lists if model.given.keys().isdisjoint(listed.symbols))


def _length(model: Model, listed: LayerList) -> Symbol | None:
    """Return the size that is the number of all layers in a list, None if it has no name."""
    amounts = {kind.count for kind in listed.kinds}
    for definition in model.architecture.definitions:
        others = {definition.symbol, *free(definition.value)}
        if amounts <= others and len(others - amounts) == 1:
            (length,) = others - amounts
            return length
    return None


def _with_lists(sized: Model, read: Model) -> Model:
    """Return the model with the layers of each kind that the class makes."""
    made = {symbol: number for symbol, number in read.given.items() if symbol in sized.symbols - sized.given.keys()}
    return sized.with_sizes(made) if made else sized


def _assumed(model: Model, sized: Model) -> Mapping[Symbol, Value]:
    """Return the sizes that nobody gave and that have no default of their own."""
    architecture = model.architecture
    said = {*model.given, *architecture.defaults}
    said |= {one.adjusts for one in architecture.definitions if one.symbol in model.given}
    shown = (s for s in in_order(sized.given) if s not in said and BY_SYMBOL[s].default is None)
    return {symbol: sized.given[symbol] for symbol in shown}


def _model_type(model: Model, base: Mapping[str, Json]) -> str:
    """Return the model type: that of the file or the name if it is counted by this formula, else that of the formula.

    Types with the same class and configuration share an entry, so that the entry may have the name of another type.
    """
    of_formula = model.architecture.schema.model_type.partition(SEPARATOR)[0]
    name = model.label.removeprefix(atlas.PREFIX).removesuffix(atlas.SUFFIX)
    for named in (base.get("model_type"), name):
        listed = atlas.index().get(named) if isinstance(named, str) else None
        if listed is not None and of_formula in (listed.name, listed.entry):
            return listed.name
    return of_formula
