"""From a name or a path to a model: the zoo, the atlas, a `config.json` or its folder, a saved derivation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bertsym import atlas
from bertsym.errors import BadFile, Missing, UnknownName
from bertsym.model import Model
from bertsym.zoo import ARCHITECTURES, named

if TYPE_CHECKING:
    from bertsym.checkpoints.contents import Checkpoint


def load(target: str, head: str | None = None) -> Model:
    """Return the model of that name, or of the file at that path, under a task head.

    A path ends in `.json`, begins with `.`, `/` or `~`, or exists. Any other text is a name of the zoo or the atlas.
    `head` replaces the head that a file names. Raises `Missing`, `UnknownName`, `BadFile` or `BadField`.

    >>> load("bert-large-uncased").cls
    'BertModel'
    """
    path = Path(target)
    if not target:
        raise Missing("model", "bert, bert-base-uncased or the path of a config.json")
    if _is_path(target) or ("/" in target and _exists(path)):
        return load_file(path, head)
    if target in ARCHITECTURES:
        return _under_head(named(target), head)
    from bertsym.config.configfile import why_missing  # noqa: PLC0415  # a name of the zoo needs no reader of files, and starts up sooner
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


def load_file(path: Path, head: str | None = None) -> Model:
    """Return the model that a `config.json`, the one in a folder, a GGUF file or a saved derivation describes.

    Raises `BadFile` or `BadField`.
    """
    if path.suffix.casefold() == ".gguf":
        return _load_gguf(path, head)
    from bertsym.config.configfile import read_config  # noqa: PLC0415  # a name of the zoo needs no reader of files, and starts up sooner
    from bertsym.files.jsonfile import parse_object, read_bytes  # noqa: PLC0415
    from bertsym.files.reading import unreadable  # noqa: PLC0415
    from bertsym.saved_model import decode  # noqa: PLC0415

    try:
        folder = path.is_dir()
        file = path / "config.json" if folder else path
        if folder and not file.exists():
            raise BadFile(str(path), "a folder without a config.json")
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    fields = parse_object(read_bytes(file), file)
    if fields.get("bertsym") == decode.MARK:
        return decode.parse(fields, file, head)
    return read_config(fields, file, head)


def _load_gguf(path: Path, head: str | None) -> Model:
    """Return the model that the metadata of a GGUF file describe."""
    from bertsym.checkpoints.gguf_files import read_gguf_files  # noqa: PLC0415

    return load_metadata(read_gguf_files(path, path, alone=True), head)


def load_metadata(checkpoint: Checkpoint, head: str | None = None) -> Model:
    """Return the model that the metadata of a GGUF checkpoint describe; raise BadFile or BadField."""
    from bertsym.checkpoints.gguf_config import description  # noqa: PLC0415
    from bertsym.config.configfile import read_config  # noqa: PLC0415

    found = description(checkpoint.metadata or {}, checkpoint.arrays, checkpoint.path)
    return read_config(found.fields, checkpoint.path, head or found.head)


def _under_head(model: Model, head: str | None) -> Model:
    return model if head is None else model.with_head(head)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _is_path(target: str) -> bool:
    return target.endswith((".json", ".gguf")) or target.startswith((".", "/", "~")) or "\\" in target
