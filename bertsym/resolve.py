"""From a name or a path to a model: the zoo, the atlas, a `config.json` or its folder, a saved derivation."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from bertsym import atlas
from bertsym.errors import BadFile, Conflict, Missing, UnknownName
from bertsym.model import Model
from bertsym.zoo import ARCHITECTURES, named

MOST_ENTRIES = 10_000
"""The number of entries of a folder among which a configuration is looked for."""


def load(target: str, head: str | None = None, model_type: str | None = None) -> Model:
    """Return the model of that name, or of the file at that path, under a task head.

    A path ends in `.json`, begins with `.`, `/` or `~`, or exists. Any other text is a name of the zoo or the atlas.
    `head` replaces the head that a file names, and `model_type` its type. Raises `Missing`, `UnknownName`, `BadFile`,
    `BadField`, or `Conflict` for a name with a `model_type`.

    >>> load("bert-large-uncased").cls
    'BertModel'
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
    if target in ARCHITECTURES:
        return _under_head(named(target), head)
    from bertsym.config.model_types import why_missing  # noqa: PLC0415  # a name of the zoo needs no reader of files, and starts up sooner
    from bertsym.saved_model.atlas_models import stored  # noqa: PLC0415

    derived = stored(target, head)
    if derived is not None:
        return derived
    try:
        model = named(target)
    except UnknownName as unknown:
        if _exists(path):
            return load_file(path, head)
        hint = why_missing(target, unknown.hint)
        raise UnknownName("model", target, [*unknown.known, *atlas.index()], hint) from None
    return _under_head(model, head)


def load_file(path: Path, head: str | None = None, model_type: str | None = None) -> Model:
    """Return the model that a `config.json`, the one in a folder, or a saved derivation describes.

    A folder without a `config.json` may have one file such as `bert_config.json`. Raises `BadFile`, `BadField`, or
    `Conflict` for a saved derivation with a `model_type`.
    """
    from bertsym.config.configfile import read_config  # noqa: PLC0415  # a name of the zoo needs no reader of files, and starts up sooner
    from bertsym.files.jsonfile import parse_object, read_bytes  # noqa: PLC0415
    from bertsym.files.reading import unreadable  # noqa: PLC0415
    from bertsym.saved_model import decode  # noqa: PLC0415

    try:
        folder = path.is_dir()
        file = _configuration_in(path) if folder else path
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    fields = parse_object(read_bytes(file), file)
    if fields.get("bertsym") == decode.MARK:
        if model_type is not None:
            raise Conflict(f"model type {model_type}", str(file), "a saved derivation has its own model type")
        return decode.parse(fields, file, head)
    return read_config(fields, file, head, model_type)


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


def _under_head(model: Model, head: str | None) -> Model:
    return model if head is None else model.with_head(head)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_path(target: str) -> bool:
    """Return True if the text names a file or folder rather than a model."""
    spelled = target.endswith(".json") or target.startswith((".", "/", "~")) or "\\" in target
    return spelled or ("/" in target and _exists(Path(target)))
