"""A target by its name, loaded in the worker: a callable of the user, or a class or model type of transformers.

Loading closes the network and disables weight initialisation. That keeps accidents away. It is no sandbox: whoever
derives a target runs its code.
"""

from __future__ import annotations

import importlib
import inspect
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, NoReturn

from bertsym.derive.layer_list_field import ListField, kind_letter
from bertsym.derive.oracle.config_codec import ConfigCodec
from bertsym.derive.oracle.keyword_fields import add_keyword_fields
from bertsym.derive.oracle.layer_lists import ListSearch, keyword_numbers
from bertsym.derive.oracle.legal_configurations import legal_fields
from bertsym.derive.oracle.module_inventory import NoParameters, UnusableTarget, inventory
from bertsym.derive.oracle.null_fields import NullFields

Fields = dict[str, Any]
NO_SETTINGS: Mapping[str, Any] = MappingProxyType({})
PythonSocket = socket.socket  # model code may replace the name in `socket`, but not this one


class Target:
    """A constructor of torch modules from fields. `fields` holds the defaults of those that may vary."""

    def __init__(self, cls: str, source: str, fields: Fields, construct: Callable[[Fields], Any]) -> None:
        self.cls, self.source, self.fields, self.construct = cls, source, fields, construct
        self.defaults: Callable[[Fields, list[str]], Fields] = lambda *_: {}
        self.lists: Sequence[ListField] = ()

    def description(self) -> dict[str, Any]:
        """Return the class, the source and the fields, ready for JSON."""
        lists = [field.to_json() for field in self.lists]
        described = {"class": self.cls, "source": self.source, "fields": self.fields}
        return described | ({"lists": lists} if lists else {})

    def inventory(self, fields: Fields) -> list[list[Any]]:
        """Return the inventory at these fields; raise whatever the model code raises."""
        return inventory(self.build(fields))

    def build(self, fields: Fields) -> Any:
        """Return the module on torch's meta device, which allocates no weights; raise whatever the model code raises.

        Raise `UnusableTarget` if the target returns something else.
        """
        import torch  # noqa: PLC0415  # half of a start, and the first request may be refused without it

        with torch.device("meta"):
            module = self.construct(fields)
        if not isinstance(module, torch.nn.Module):
            raise UnusableTarget(f"it returned {type(module).__name__!r}, not a torch module")
        return module


class ListRuleTarget(Target):
    """The list that a configuration class makes of its other fields: an entry of the inventory is a layer of a kind."""

    def __init__(self, target: Target, codec: ConfigCodec, path: str) -> None:
        field = next((field for field in codec.all_lists() if field.path == path), None)
        if field is None:
            raise UnusableTarget(f"no list of layers at {path}")
        owner = codec
        for part in path.split(".")[:-1]:
            owner = owner.nested[part]
        codec.omit_lists()
        # qwen3_next takes the period of its layers out of the keyword arguments, and keeps no field of that name.
        owner.numeric |= {
            name: number for name, number in keyword_numbers(owner.cls).items() if name not in owner.numeric
        }
        super().__init__(target.cls, target.source, {}, target.construct)
        self.codec, self.field = codec, field
        numbers = codec.to_numbers()
        self.fields = {name: number for name, number in numbers.items() if self._has_effect(name, numbers)}

    def _has_effect(self, name: str, numbers: Fields) -> bool:
        """Return True if another value of a field changes the list, so that few fields are left to derive it in."""
        number = numbers[name]
        others = [not number] if isinstance(number, bool) else [number + 1, 2 * number, number // 2, 1, 0]
        return any(self._made(numbers | {name: other}) not in (self._made(numbers), None) for other in others)

    def _made(self, fields: Fields) -> list[list[Any]] | None:
        try:
            return self.inventory(fields)
        except Exception:  # noqa: BLE001  # whatever the class raises
            return None

    def inventory(self, fields: Fields) -> list[list[Any]]:
        """Return an entry `layers.7.b` for each layer of the list that the class makes."""
        config: Any = self.codec.to_config(fields)
        for name in self.field.path.split("."):
            config = getattr(config, name)
        names = [
            f"layers.{layer}.{kind_letter(kind)}"
            for layer, kind in enumerate(self.field.kinds_of(list(config), fields))
        ]
        if not names:
            raise NoParameters("the list is empty")
        return [[name, [], name, "matrix"] for name in names]

    def build(self, fields: Fields) -> Any:
        """Raise `UnusableTarget`, because a list is no module."""
        del fields
        raise UnusableTarget("a list of layers is no module")


def load_target(target: str, sizes: Fields, *, lists: bool = True, rule: str = "") -> Target:
    """Load a target by name and prepare this process for its builds; raise `UnusableTarget`.

    `sizes` are the arguments of a callable, or the settings at which a class of transformers is configured. If `lists`,
    fields with an entry a layer vary too. If `rule` is the path of such a field, the target is the list that the
    configuration class makes without it.
    """
    try:
        disable_init_and_network()
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UnusableTarget("torch is not installed: pip install 'bertsym[hf]'") from None
    return resolve_target(target, sizes, lists=lists, rule=rule)


def resolve_target(target: str, sizes: Fields, *, lists: bool = True, rule: str = "") -> Target:
    """Return the target `package.module:callable` at the sizes, or a model type or class of transformers."""
    if ":" in target:
        return load_callable(target, sizes)
    return load_transformers(target, sizes, lists=lists, rule=rule)


def disable_init_and_network() -> None:
    """Make weight initialisation do nothing, which takes most of a build, and refuse connections."""
    import torch  # noqa: PLC0415

    PythonSocket.connect = refuse_connection  # type: ignore[method-assign]
    for name, function in vars(torch.nn.init).items():
        if name.endswith("_") and not name.startswith("_") and callable(function):
            setattr(torch.nn.init, name, identity_init)


def refuse_connection(*_: Any) -> NoReturn:
    """Raise `OSError`, as a socket does without a network."""
    raise OSError("the network is closed while a model is derived")


def identity_init(tensor: Any, *_: Any, **__: Any) -> Any:
    """Return the tensor as it is, in place of an initialisation of `torch.nn.init`."""
    return tensor


def load_callable(target: str, sizes: Fields) -> Target:
    """Load `package.module:callable`, which is called with the sizes as keywords; raise `UnusableTarget`."""
    module_name, _, attribute = target.partition(":")
    sys.path.insert(0, os.getcwd())  # noqa: PTH109  # pathlib would give the same string
    try:
        resolved: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise UnusableTarget(f"no module named {error.name}, looked for from the current folder") from None
    for name in attribute.split("."):
        if not hasattr(resolved, name):
            raise UnusableTarget(f"{module_name} has no {attribute}")
        resolved = getattr(resolved, name)
    if not callable(resolved):
        raise UnusableTarget(f"{attribute} cannot be called")
    return Target(attribute, f"{target}, called with its sizes", sizes, lambda fields: resolved(**fields))


def load_transformers(
    target: str, settings: Mapping[str, Any] = NO_SETTINGS, *, lists: bool = True, rule: str = ""
) -> Target:
    """Load a model type or a class of transformers, with the numbers of its configuration as fields.

    `settings` are values of the configuration, by path; all else has its default. Raise `UnusableTarget` with similar
    names if there is none of this name.
    """
    try:
        import transformers  # noqa: PLC0415
        from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES  # noqa: PLC0415
    except ImportError:
        raise UnusableTarget("transformers is not installed: pip install 'bertsym[hf]'") from None
    # Validation writes every nested configuration into a message that is hardly ever read.
    transformers.PreTrainedConfig.__repr__ = lambda self: type(self).__name__
    config_classes = dict(transformers.CONFIG_MAPPING.items()) if target in transformers.CONFIG_MAPPING else {}
    if config_classes:
        name = MODEL_MAPPING_NAMES.get(target)
        cls: Any = getattr(transformers, name if isinstance(name, str) else name[0], None) if name else None
    else:
        cls = getattr(transformers, target, None)
    config_class: Any = getattr(cls, "config_class", None) if inspect.isclass(cls) else None
    if config_class is None:
        names = [*MODEL_MAPPING_NAMES, *filter(None, map(str, MODEL_MAPPING_NAMES.values()))]
        similar = get_close_matches(target, names)
        advice = f"; did you mean {' or '.join(similar)}?" if similar else ""
        # tools/atlas_page.py recognises an unknown name by the beginning of this text.
        raise UnusableTarget(f"no model type or class of transformers{advice}")
    source = f"transformers {transformers.__version__}, {cls.__name__}"
    return _configured_target(cls, config_classes.get(target, config_class), settings, source, lists=lists, rule=rule)


def default_configuration(config_class: Any, settings: Mapping[str, Any] = NO_SETTINGS) -> Any:
    """Return the default configuration at these settings, legal if the library's classes do not build at the defaults.

    Raise whatever the class raises at the settings.
    """
    return config_class(**legal_fields(config_class.model_type, settings))


def _configured_target(
    cls: Any, config_class: Any, settings: Mapping[str, Any], source: str, *, lists: bool, rule: str
) -> Target:
    """Return a target whose fields are the numbers of the default configuration.

    The codec leaves out a number if the class builds another inventory once that number is passed explicitly.
    """
    codec = ConfigCodec(default_configuration(config_class, settings))
    for path, setting in settings.items():
        if setting == 0 and not isinstance(setting, bool):
            codec.hold(path)  # at another number of experts the class builds other layers

    def construct(fields: Fields) -> Any:
        return cls(codec.to_config(fields))

    target = Target(cls.__name__, source, {}, construct)
    as_configured = Target("", "", {}, lambda _: cls(default_configuration(config_class, settings)))
    default_inventory = inventory(as_configured.build({}))

    def build(config: Any) -> list[list[Any]]:
        return inventory(Target("", "", {}, lambda _: cls(config)).build({}))

    def builds_defaults() -> bool:
        try:
            return inventory(target.build({})) == default_inventory
        except Exception:  # noqa: BLE001  # whatever a class raises at numbers that it does not take
            return False

    codec.omit_unstable(builds_defaults)
    if lists:
        ListSearch(codec, build, cls).run()
        if not builds_defaults():
            return _configured_target(cls, config_class, settings, source, lists=False, rule=rule)
        target.lists = tuple(codec.all_lists())
    if rule:
        return ListRuleTarget(target, codec, rule)
    add_keyword_fields(codec, build)
    nulls = NullFields(codec, build, cls)
    nulls.run()
    target.fields = {**codec.to_numbers(), "num_labels": 2}
    target.defaults = lambda fields, names: {**codec.defaults(fields, names), **nulls.defaults(fields, names)}
    return target
