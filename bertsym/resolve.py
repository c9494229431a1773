"""From a name or a path to a model: the zoo, the atlas, a published model, a `config.json`, a saved derivation."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from bertsym import atlas
from bertsym.errors import AmbiguousModel, BadFile, Conflict, Missing, UnknownHead, UnknownModel, UnknownName
from bertsym.model import Model
from bertsym.names.catalogue import BARE, Published, counted, published
from bertsym.names.reading import read, verbatim
from bertsym.quantities import rounded
from bertsym.symbols import labels
from bertsym.values import replace
from bertsym.zoo import ARCHITECTURES, named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bertsym.checkpoints.contents import Checkpoint
    from bertsym.files.jsonfile import Json

MOST_ENTRIES = 10_000
"""The number of entries of a folder among which a configuration is looked for."""


def load(target: str, head: str | None = None, model_type: str | None = None) -> Model:
    """Return the model of that name, or of the file at that path, under a task head.

    A path ends in `.json`, begins with `.`, `/` or `~`, or exists. Any other text is the name of a model type or of a
    published model, in any spelling. A name means the class that its papers count: a decoder's is the language model.
    `head` replaces that class or the one that a file names, and `model_type` the type of a file. Raises `Missing`,
    `UnknownName`, `AmbiguousModel`, `UnknownHead`, `BadFile`, `BadField`, or `Conflict` for a name with a `model_type`.

    >>> load("bert-large-uncased").cls, load("LLaMA 7B").cls, load("llama-7b", "model").cls
    ('BertModel', 'LlamaForCausalLM', 'LlamaModel')
    """
    path = Path(target)
    if not target:
        raise Missing("model", "bert, bert-base-uncased or the path of a config.json")
    if is_path(target) or (model_type is not None and _exists(path)):
        return load_file(path, head, model_type)
    if model_type is not None:
        raise Conflict(
            f"model type {model_type}", target, "a name has its own model type; pass the path of a config.json"
        )
    model = _named(target, head)
    if model is None and _exists(path):
        return load_file(path, head)
    return _spelled(target, head) if model is None else model


def _named(target: str, head: str | None) -> Model | None:
    """Return the model of that very name: a type of the zoo, a published model, or a type of the atlas; else None."""
    if target in ARCHITECTURES:
        return _counted(named(target), target, head)
    if (known := verbatim(target)) is not None:
        return published_model(known, head)
    from bertsym.saved_model.atlas_models import stored  # noqa: PLC0415  # a name of the zoo needs no reader of files, and starts up sooner

    derived = stored(target, head)
    if derived is None and not target.islower():
        from bertsym.config.library_classes import may_name_a_class, model_of_class  # noqa: PLC0415  # it reads the index

        return model_of_class(target, head) if may_name_a_class(target) else None
    if derived is None or head is not None:
        return derived
    kind = target.removeprefix(atlas.PREFIX)
    return _counted(derived, kind if atlas.path(kind) is not None else kind.removesuffix(atlas.SUFFIX), None)


def _spelled(target: str, head: str | None) -> Model:
    """Return the model that another spelling of a name means; raises `UnknownName` or `AmbiguousModel`."""
    from bertsym.config.model_types import why_missing  # noqa: PLC0415  # an exact name does not need it
    from bertsym.names.mistaken import advice  # noqa: PLC0415

    types = (*ARCHITECTURES, *atlas.index())
    reading = read(target, types)
    kind = reading.architecture
    model = None if kind is None else _named(kind, head)
    if model is not None:
        return replace(model, label=str(kind), typed=target)
    if reading.model is not None:
        return replace(published_model(reading.model, head), typed=target)
    if reading.ambiguous or reading.longer:
        models = reading.models or reading.longer
        raise AmbiguousModel(target, tuple(f"{model.name} ({rounded(model.count)})" for model in models))
    raise UnknownModel("model", target, reading.near, why_missing(target, advice(target)))


def published_model(known: Published, head: str | None = None) -> Model:
    """Return a published model at its sizes, under a head, or else the one that its papers count.

    Raises `UnknownHead`, and `BadField` or `BadFile` if the formula of its type does not cover its sizes.
    """
    kind = known.family.type
    if known.in_zoo:
        model = named(known.name if known.name in ARCHITECTURES[kind].sizes else known.hub)
        return _counted(model, kind, head)
    from bertsym.config.configfile import read_config  # noqa: PLC0415  # the zoo's own sizes need no reader of files

    model = read_config(known.config, Path(known.name), known.family.head if head is None else head)
    sizes = {symbol: size for symbol, size in model.given.items() if symbol is not labels}
    reason = known.family.reason if head is None and model.head != BARE else ""
    return replace(model, given=sizes, label=known.name, head_reason=reason)


def examples(name: str) -> list[Model]:
    """Return the published models of a model type, or the one of a name in any spelling; raises `UnknownName`."""
    types = list(dict.fromkeys(known.family.type for known in published()))
    reading = read(name, types)
    models = [known for known in published() if known.family.type == reading.architecture]
    if not models and reading.model is not None:
        models = [reading.model]
    if not models:
        raise UnknownName("published model or family", name, [*types, *(known.name for known in published())])
    return [published_model(known) for known in models]


def _counted(model: Model, kind: str, head: str | None) -> Model:
    """Return the model under a head, or else under the one that the papers of its type count."""
    if head is not None:
        try:
            return model.with_head(head)
        except UnknownHead:
            from bertsym.config.library_classes import beyond_zoo  # noqa: PLC0415  # a head of the zoo does not need it

            beyond = beyond_zoo(model, kind, head) if kind in ARCHITECTURES else None
            if beyond is None:
                raise
            return beyond
    meant = counted(kind, model.architecture.heads)
    if meant.head == BARE:
        return model
    return replace(model.with_head(meant.head), head_reason=meant.reason)


def load_file(path: Path, head: str | None = None, model_type: str | None = None) -> Model:
    """Return the model that a `config.json`, the one in a folder, a GGUF file or a saved derivation describes.

    A folder without a `config.json` may have one file such as `bert_config.json`. Raises `BadFile`, `BadField`, or
    `Conflict` for a saved derivation with a `model_type`.
    """
    if path.suffix.casefold() == ".gguf":
        return _load_gguf(path, head, model_type)
    from bertsym.files.jsonfile import read_bytes  # noqa: PLC0415  # a name of the zoo needs no reader of files, and starts up sooner
    from bertsym.files.reading import unreadable  # noqa: PLC0415

    try:
        folder = path.is_dir()
        file = _configuration_in(path) if folder else path
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    return load_json(read_bytes(file), file, head, model_type)


def load_json(data: bytes, file: Path, head: str | None = None, model_type: str | None = None) -> Model:
    """Return the model of the content of a `config.json` or of a saved derivation; errors name `file`.

    Raises `BadFile`, `BadField`, or `Conflict` for a saved derivation with a `model_type`.
    """
    from bertsym.config.configfile import read_config  # noqa: PLC0415
    from bertsym.files.jsonfile import CONFIGURATION, parse_object  # noqa: PLC0415
    from bertsym.saved_model import decode  # noqa: PLC0415

    fields = parse_object(data, file, CONFIGURATION)
    if fields.get("bertsym") == decode.MARK:
        if model_type is not None:
            raise Conflict(f"model type {model_type}", str(file), "a saved derivation has its own model type")
        return decode.parse(parse_object(data, file), file, head)
    return read_config(fields, file, head, model_type)


def chosen_entry(target: str) -> Mapping[str, Json] | None:
    """Return the fields that choose a variant or the parts of a composite, None for any other name."""
    from bertsym.atlas import variants  # noqa: PLC0415  # a name of the zoo needs no entry
    from bertsym.saved_model.composites import types_of_parts  # noqa: PLC0415

    name = target.removeprefix(atlas.PREFIX).removesuffix(atlas.SUFFIX)
    types = types_of_parts(name)
    if types is not None:
        kind = name.partition(":")[0]
        return {"model_type": kind, **{part: {"model_type": named} for part, named in types.items()}}
    listed = (variant for variant in variants.variants(name.partition("+")[0]) if variant.name == name)
    variant = next(listed, None)
    if variant is None:
        return None
    from bertsym.config.paths import put  # noqa: PLC0415

    fields: dict[str, Json] = {"model_type": variant.model_type}
    for setting, found in variant.settings.items():
        put(fields, setting, found)
    return fields


def _configuration_in(folder: Path) -> Path:
    """Return the `config.json` of a folder, else its one file such as `bert_config.json`; raises `BadFile`."""
    usual = folder / "config.json"
    if usual.exists():
        return usual
    from bertsym.config.model_types import names_a_type  # noqa: PLC0415  # few folders need it

    named = sorted(entry.name for entry in islice(folder.iterdir(), MOST_ENTRIES) if names_a_type(entry.name))
    if len(named) > 1:
        raise BadFile(str(folder), f"no config.json, but {len(named)} other configurations; pass {named[0]} or another")
    if not named:
        raise BadFile(str(folder), "a folder without a config.json")
    return folder / named[0]


def _load_gguf(path: Path, head: str | None, model_type: str | None) -> Model:
    """Return the model that the metadata of a GGUF file describe."""
    from bertsym.checkpoints.gguf_files import read_gguf_files  # noqa: PLC0415

    return load_metadata(read_gguf_files(path, path, alone=True), head, model_type)


def load_metadata(checkpoint: Checkpoint, head: str | None = None, model_type: str | None = None) -> Model:
    """Return the model that the metadata of a GGUF checkpoint describe; raise BadFile or BadField."""
    from bertsym.checkpoints.gguf_config import description  # noqa: PLC0415
    from bertsym.config.configfile import read_config  # noqa: PLC0415

    found = description(checkpoint.metadata or {}, checkpoint.arrays, checkpoint.path)
    return read_config(found.fields, checkpoint.path, head or found.head, model_type)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_path(target: str) -> bool:
    """Return True if the text names a file or folder rather than a model."""
    spelled = target.endswith((".json", ".gguf")) or target.startswith((".", "/", "~")) or "\\" in target
    return spelled or ("/" in target and _exists(Path(target)))
