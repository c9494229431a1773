"""Build a configuration with transformers on torch's meta device, which allocates no weights."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bertsym.errors import BadField, BadFile, MissingExtra, echo
from bertsym.files.jsonfile import Json
from bertsym.values import value

MOST_REPEATS = 10_000
LARGEST_SIZE = 10**8
_DROPPED = ("quantization_config", "auto_map", "torch_dtype", "dtype")


@value
class Built:
    """The parameters of a class by name, their ties, and the names of its buffers."""

    cls: str
    shapes: Mapping[str, tuple[int, ...]]
    ties: Mapping[str, str]
    buffers: frozenset[str]


def build(config: Mapping[str, Json], file: Path, cls: str | None = None) -> Built:
    """Build the class that the configuration names, or `cls`; errors name `file`.

    Nothing is downloaded and no code of the checkpoint runs. Raise MissingExtra if torch or transformers is not
    installed, BadField if transformers lacks the class or type, and BadFile if transformers raises an error.
    """
    module = module_of(config, file, cls)
    return _built(type(module).__name__, module)


def module_of(config: Mapping[str, Json], file: Path, cls: str | None = None, **settings: object) -> Any:
    """Return the class as a module on the meta device; `settings` are attributes of its configuration, set last.

    Raise what `build` raises.
    """
    torch, transformers = installed()
    kind = config.get("model_type")
    known = transformers.models.auto.configuration_auto.CONFIG_MAPPING
    if not isinstance(kind, str) or kind not in known:
        raise BadField(
            str(file), "model_type", f"{echo(kind)} is not a type of transformers {transformers.__version__}"
        )
    _check_sizes(config, file)
    fields = {key: value for key, value in config.items() if key not in _DROPPED}
    builder = _class(transformers, config, known[kind], file, cls)
    try:
        configuration = known[kind].from_dict(fields)
        for name, setting in settings.items():
            setattr(configuration, name, setting)
        with torch.device("meta"):
            return builder(configuration)
    except Exception as error:  # noqa: BLE001  # model code may raise anything at a stranger's configuration
        why = f"{type(error).__name__} {echo(error)}"
        raise BadFile(str(file), f"transformers builds no {builder.__name__} of it: {why}") from None


def installed() -> tuple[Any, Any]:
    """Return torch and transformers; raise MissingExtra if one is not installed."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        import torch  # noqa: PLC0415  # takes seconds, and few commands need it
        import transformers  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtra("--framework", error.name or "transformers", "hf") from None
    transformers.logging.set_verbosity_error()
    return torch, transformers


def _check_sizes(config: Mapping[str, Json], file: Path) -> None:
    """Raise BadField for a size at which transformers would build for hours: a module per layer, expert or label."""
    for key, size in config.items():
        if isinstance(size, bool) or not isinstance(size, int):
            continue
        repeats = key.startswith(("num_", "n_")) or key.endswith(("_layers", "_layer", "_groups", "_num"))
        limit = MOST_REPEATS if repeats else LARGEST_SIZE
        if size > limit and not key.endswith(("_id", "_theta")):
            raise BadField(str(file), key, f"{echo(size)}: nothing above {limit:,} is built")


def _class(transformers: Any, config: Mapping[str, Json], of: Any, file: Path, cls: str | None) -> Any:
    named = config.get("architectures")
    first = named[0] if isinstance(named, list) and named else None
    name = cls or (first if isinstance(first, str) else None)
    if name is None:
        mapping = transformers.MODEL_MAPPING
        if of not in mapping:
            raise BadField(str(file), "architectures", "missing, and the type has no bare model: pass --head")
        return mapping[of] if not isinstance(mapping[of], tuple) else mapping[of][0]
    found: Any = getattr(transformers, name, None) if name.isidentifier() else None
    if not _is_model(transformers, found) or found.config_class is not of:
        raise BadField(
            str(file), "architectures", f"{echo(name)} is no class of transformers for model_type {echo(of.model_type)}"
        )
    return found


def _is_model(transformers: Any, found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, transformers.PreTrainedModel)


def _built(cls: str, module: Any) -> Built:
    shapes: dict[str, tuple[int, ...]] = {}
    ties: dict[str, str] = {}
    first: dict[int, str] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        shapes[name] = tuple(int(side) for side in parameter.shape)
        owner = first.setdefault(id(parameter), name)
        if owner != name:
            ties[name] = owner
    return Built(cls, shapes, ties, frozenset(name for name, _ in module.named_buffers()))
