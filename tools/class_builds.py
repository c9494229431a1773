"""Build the classes of a model type from configuration files, as a user's program does, and count their parameters."""

from __future__ import annotations

import contextlib
import copy
import inspect
import json
import os
import re
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import variant_index

from bertsym.derive.oracle.config_codec import ConfigCodec, is_config
from bertsym.derive.oracle.legal_configurations import legal_fields
from bertsym.derive.oracle.targets import disable_init_and_network

File = dict[str, Any]

# A build that takes longer is refused, since each field costs several builds.
SECONDS = 8.0
LEFT_OUT = ("transformers_version", "architectures", "id2label", "label2id", "dtype", "_name_or_path")
_NAME = re.compile(r"\.\s*([A-Za-z_][A-Za-z0-9_]{1,60})\b(?!\()|[\"']([A-Za-z_][A-Za-z0-9_]{1,60})[\"']")
_WORD = re.compile(r"[\"']([A-Za-z0-9_.|-]{1,40})[\"']")


class BuildError(Exception):
    """A file that the library does not build."""


class Builds:
    """The classes of one model type or variant, built on torch's meta device from files, as `AutoConfig` reads them."""

    def __init__(self, name: str) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        import torch  # noqa: PLC0415  # the workers' alone
        import transformers  # noqa: PLC0415

        disable_init_and_network()
        transformers.logging.set_verbosity(transformers.logging.CRITICAL)
        torch.set_num_threads(1)
        # The library writes every configuration into a message that is hardly ever read.
        transformers.PreTrainedConfig.__repr__ = lambda config: type(config).__name__
        self.torch, self.transformers = torch, transformers
        self.seconds: dict[tuple[str, str], float] = {}
        self.known: dict[tuple[str, str], int | str] = {}
        variant = variant_index.wanted().get(name)
        self.model_type = name if variant is None else variant["type"]
        self.given = legal_fields(self.model_type, {} if variant is None else variant["settings"])
        self.config_class = transformers.CONFIG_MAPPING[self.model_type]
        self.folder = tempfile.TemporaryDirectory(prefix="bertsym-")
        self.codec = ConfigCodec(self.configuration())
        self.default = self.as_file(self.configuration())

    def configuration(self) -> Any:
        """Return the default configuration, legal and with the settings of a variant."""
        return self.config_class(**copy.deepcopy(self.given))

    def as_file(self, config: Any) -> File:
        """Return the file that a configuration is saved as, with all its fields."""
        fields: File = json.loads(config.to_json_string(use_diff=False))
        return {name: found for name, found in fields.items() if name not in LEFT_OUT}

    def sample(self, numbers: Mapping[str, Any]) -> File:
        """Return the file of the class's own configuration with these numbers; raise BuildError if it refuses them."""
        exact = {path: float(n) if isinstance(n, Fraction) else n for path, n in numbers.items()}
        try:
            return self.as_file(self.codec.to_config(exact))
        except Exception as error:  # noqa: BLE001  # whatever a configuration class raises
            raise BuildError(str(error)) from None

    def count(self, file: File, cls: str) -> int:
        """Return the number of parameters of the class; raise BuildError if the library refuses the file.

        A file without the fields of the legal configuration gets them, and that of a variant the settings.
        """
        key = json.dumps(file), cls
        if key not in self.known:
            began = time.process_time()
            self.known[key] = self._built(*key)
            self.seconds[key] = time.process_time() - began
        counted = self.known[key]
        if isinstance(counted, str):
            raise BuildError(counted)
        return counted

    def _built(self, text: str, cls: str) -> int | str:
        """Return the number of parameters, or the reason why the library refuses the file."""
        try:
            parameters = self._module(json.loads(text), cls).parameters()
            return sum({id(parameter): parameter.numel() for parameter in parameters}.values())
        except (Exception, Timeout) as error:  # noqa: BLE001  # whatever model code raises is its answer
            return f"{type(error).__name__}: {error}"[:200]

    def shapes(self, file: File, cls: str) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter by its name, tied ones included; raise BuildError as `count` does."""
        try:
            named = self._module(file, cls).named_parameters(remove_duplicate=False)
            return {name: tuple(parameter.shape) for name, parameter in named}
        except (Exception, Timeout) as error:  # noqa: BLE001  # whatever model code raises is its answer
            raise BuildError(f"{type(error).__name__}: {error}"[:200]) from None

    def saved(self, file: File) -> File:
        """Return the configuration that the class makes of a file, with all its fields; raise BuildError."""
        try:
            return self.as_file(self._read(file))
        except (Exception, Timeout) as error:  # noqa: BLE001  # whatever a configuration class raises
            raise BuildError(f"{type(error).__name__}: {error}"[:200]) from None

    def _module(self, file: File, cls: str) -> Any:
        """Return the class at a file on torch's meta device; raise whatever the library raises, and `Timeout`."""
        config = self._read(file)
        with limited(), self.torch.device("meta"):
            return getattr(self.transformers, cls)(config)

    def _read(self, file: File) -> Any:
        """Return the configuration of a file; raise whatever the library raises."""
        written = json.dumps({**self.given, **file, "model_type": self.model_type})
        Path(self.folder.name, "config.json").write_text(written, encoding="utf-8")
        with limited():
            config = self.transformers.AutoConfig.from_pretrained(self.folder.name)
        if config.__class__ is not self.config_class:
            raise BuildError("another configuration class")
        return config

    def parts(self) -> dict[str, Any]:
        """Return the default configuration and each configuration in it, by path."""
        return dict(_parts("", self.configuration()))

    def sources(self) -> str:
        """Return the source of the modules that configure and build the model, nested configurations included."""
        files: dict[Path, None] = {}
        for config in self.parts().values():
            for cls in type(config).__mro__:
                if cls.__module__.startswith("transformers.models"):
                    folder = Path(inspect.getfile(cls)).parent
                    for file in sorted((*folder.glob("configuration_*.py"), *folder.glob("modeling_*.py"))):
                        files[file] = None
        return "\n".join(file.read_text(encoding="utf-8") for file in files)

    def names(self, source: str) -> set[str]:
        """Return the names that the code may ask of a configuration: attributes, and texts that look like names."""
        written = {first or second for first, second in _NAME.findall(source)}
        with self._recorded() as asked, contextlib.suppress(Exception), self.torch.device("meta"):
            self.transformers.AutoModel.from_config(self.configuration())
        # A name that a property takes: LongCat's `num_hidden_layers` sets `num_layers`.
        classes = {type(config) for config in self.parts().values()}
        properties = {name for cls in classes for name in dir(cls) if _is_settable(cls, name)}
        return {name for name in written | asked | properties if not name.startswith("__")}

    @contextlib.contextmanager
    def _recorded(self) -> Iterator[set[str]]:
        """Record the attributes that are asked of configurations in the block, also those that they do not have."""
        asked: set[str] = set()
        base = self.transformers.PreTrainedConfig
        original = base.__getattribute__

        def recording(config: Any, name: str) -> Any:
            asked.add(name)
            return original(config, name)

        base.__getattribute__ = recording
        try:
            yield asked
        finally:
            base.__getattribute__ = original


class Timeout(BaseException):
    """A build that takes too long; no `Exception`, because model code catches those."""


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Raise `Timeout` in this process if the block takes longer than a build may; an outer limit goes on after it."""

    def over(*_: object) -> NoReturn:
        raise Timeout("it takes too long")

    began = time.monotonic()
    before = signal.signal(signal.SIGALRM, over)
    outer, _ = signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)
        rest = max(outer - (time.monotonic() - began), 0.001)
        signal.setitimer(signal.ITIMER_REAL, rest if outer else 0)


def _is_settable(cls: type, name: str) -> bool:
    found = inspect.getattr_static(cls, name, None)
    return isinstance(found, property) and found.fset is not None


def words(source: str) -> dict[str, list[str]]:
    """Return the texts in the lines of code that mention a name, by the name."""
    near: dict[str, dict[str, None]] = {}
    for line in source.splitlines():
        texts = _WORD.findall(line)
        if texts and not line.lstrip().startswith("#"):
            for name in re.findall(r"\.([a-z_][a-zA-Z0-9_]*)", line):
                near.setdefault(name, {}).update(dict.fromkeys(texts))
    return {name: list(texts) for name, texts in near.items()}


def _parts(path: str, config: Any) -> Iterator[tuple[str, Any]]:
    yield path, config
    for name, found in vars(config).items():
        if is_config(found) and path.count(".") < 3:
            yield from _parts(f"{path}.{name}" if path else name, found)


def at(file: File, path: str) -> Any:
    """Return the value at a path, None if there is none."""
    found: Any = file
    for name in path.split("."):
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found


def changed(file: File, changes: Mapping[str, Any]) -> File:
    """Return the file with values at paths; `...` stands for a field that is left out."""
    result = copy.deepcopy(file)
    for path, found in changes.items():
        *parts, last = path.split(".")
        part = result
        for name in parts:
            inner = part.get(name)
            if not isinstance(inner, dict):
                if found is ...:
                    break
                inner = part[name] = {}
            part = inner
        else:
            if found is ...:
                part.pop(last, None)
            else:
                part[last] = copy.deepcopy(found)
    return result
