"""In the other process: the model's code, built on torch's meta device, and the names and shapes that come of it.

Sockets are refused and initialisation does nothing. That is order, not a sandbox: whoever derives runs the code.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, NoReturn

from bertsym.derive.oracle.config_codec import ConfigCodec

MOST_TENSORS = 60_000
LEAST, TIMES = 2.0, 5.0  # processor seconds that a build may take, and how many times as many as one before it took
IDLE = 4  # how many times as long code may take that waits, as for a lock or in its sleep
RINGS = {signal.ITIMER_PROF: signal.SIGPROF, signal.ITIMER_REAL: signal.SIGALRM}
PythonSocket = socket.socket  # whatever the code makes of that name

Fields = dict[str, Any]


class Unusable(Exception):
    """The code cannot be derived from, whatever its sizes."""


class TooSlow(BaseException):
    """A build that is given up; what a model's code catches are its own errors."""


class Session:
    """Requests about one target after another; what the code raises is an answer too."""

    def __init__(self) -> None:
        self.target: Target | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request."""
        try:
            return self.reply(request)
        except Empty as error:
            return {"raised" if self.target is not None and self.target.built else "unusable": str(error)}
        except Unusable as error:
            return {"unusable": str(error)}
        except BaseException as error:  # noqa: BLE001  # whatever the code raises is its answer
            return {"raised": said(error)}

    def reply(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request that nothing goes wrong with."""
        if "target" in request:
            self.target = None
            self.target = opened(request["target"], request["sizes"])
            gc.freeze()  # what was imported is not gone through again each time a module is thrown away
            return self.target.description()
        if self.target is None:
            raise Unusable("nothing is open")
        if "defaults" in request:
            return {"defaults": self.target.defaults(request["defaults"], request["names"])}
        if "symbolic" in request:
            return {"proposal": proposal(self.target, **request["symbolic"])}
        began = time.process_time()
        with within(self.target.patience):
            tensors = inventory(self.target.build(request["build"]))
        self.target.patience = max(self.target.patience or LEAST, TIMES * (time.process_time() - began))
        self.target.built = True
        return {"tensors": tensors}


def said(error: BaseException) -> str:
    """Return the text of an error, or its type if the code's own text fails."""
    try:
        return f"{type(error).__name__}: {error}"[:300]
    except BaseException:  # noqa: BLE001  # its text is the code's too
        return type(error).__name__


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Limit the processor time of code that has shown how much it takes: at other sizes its loops may not end.

    Processor time is the same on a machine under load. Code that waits is given `IDLE` times as long.
    """

    def over(*_: object) -> NoReturn:
        raise TooSlow(f"it takes longer than {seconds:.0f} seconds there")

    limits = {} if seconds is None else {signal.ITIMER_PROF: seconds, signal.ITIMER_REAL: IDLE * seconds}
    for which, limit in limits.items():
        signal.signal(RINGS[which], over)
        signal.setitimer(which, limit)
    try:
        yield
    finally:
        for which in RINGS:
            signal.setitimer(which, 0)


class Empty(Unusable):
    """There are no parameters: that may be so at some sizes."""


class Target:
    """Something that builds a module from fields."""

    def __init__(self, cls: str, source: str, fields: Fields, construct: Callable[[Fields], Any]) -> None:
        self.cls, self.source, self.fields, self.construct = cls, source, fields, construct
        self.built = False
        self.patience: float | None = None
        self.defaults: Callable[[Fields, list[str]], Fields] = lambda *_: {}

    def description(self) -> dict[str, Any]:
        """The fields that may vary, and what does not."""
        return {"class": self.cls, "source": self.source, "fields": self.fields}

    def build(self, fields: Fields) -> Any:
        """The module, without weights."""
        import torch  # noqa: PLC0415  # half of a start, and the first request may be refused without it

        with torch.device("meta"):
            module = self.construct(fields)
        if not isinstance(module, torch.nn.Module):
            raise Unusable(f"it returned {type(module).__name__!r}, not a torch module")
        return module


def opened(target: str, sizes: Fields) -> Target:
    """The target by name; raises `Unusable`."""
    try:
        quiet()
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise Unusable("torch is not installed: pip install 'bertsym[hf]'") from None
    return own(target, sizes) if ":" in target else listed(target)


def quiet() -> None:
    """Initialisation does nothing, and nothing is fetched."""
    import torch  # noqa: PLC0415

    PythonSocket.connect = refused  # type: ignore[method-assign]
    for name, function in vars(torch.nn.init).items():
        if name.endswith("_") and not name.startswith("_") and callable(function):
            setattr(torch.nn.init, name, untouched)


def refused(*_: Any) -> NoReturn:
    """What a socket does here."""
    raise OSError("the network is closed while a model is derived")


def untouched(tensor: Any, *_: Any, **__: Any) -> Any:
    """An initialisation that leaves the tensor alone."""
    return tensor


def own(target: str, sizes: Fields) -> Target:
    """`package.module:callable`, called with the sizes as keywords."""
    name, _, attribute = target.partition(":")
    sys.path.insert(0, os.getcwd())  # noqa: PTH109  # pathlib would give the same string
    try:
        found: Any = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise Unusable(f"no module named {error.name}, looked for from the current folder") from None
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise Unusable(f"{name} has no {attribute}")
        found = getattr(found, part)
    if not callable(found):
        raise Unusable(f"{attribute} cannot be called")
    return Target(attribute, f"{target}, called with its sizes", sizes, lambda fields: found(**fields))


def listed(target: str) -> Target:
    """A transformers model type or class."""
    try:
        import transformers  # noqa: PLC0415
        from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES  # noqa: PLC0415
    except ImportError:
        raise Unusable("transformers is not installed: pip install 'bertsym[hf]'") from None
    # Validation writes every nested configuration into a message that is hardly ever read.
    transformers.PreTrainedConfig.__repr__ = lambda self: type(self).__name__
    types = dict(transformers.CONFIG_MAPPING.items()) if target in transformers.CONFIG_MAPPING else {}
    if types:
        name = MODEL_MAPPING_NAMES.get(target)
        cls: Any = getattr(transformers, name if isinstance(name, str) else name[0], None) if name else None
    else:
        cls = getattr(transformers, target, None) if target[:1].isupper() else None
    config: Any = getattr(cls, "config_class", None) if inspect.isclass(cls) else None
    if config is None:
        close = get_close_matches(target, [*MODEL_MAPPING_NAMES, *filter(None, map(str, MODEL_MAPPING_NAMES.values()))])
        advice = f"; did you mean {' or '.join(close)}?" if close else ""
        raise Unusable(f"no model type or class of transformers{advice}")
    return configured(cls, types.get(target, config), f"transformers {transformers.__version__}, {cls.__name__}")


def configured(build: Any, config_class: Any, source: str) -> Target:
    """A class of the library in the numbers of its configuration, where it takes them back as it gave them."""
    recipe = ConfigCodec(config_class())

    def construct(fields: Fields) -> Any:
        return build(recipe.make(fields))

    target = Target(build.__name__, source, {}, construct)
    own = inventory(Target("", "", {}, lambda _: build(config_class())).build({}))

    def accepted() -> bool:
        try:
            return inventory(target.build({})) == own
        except Exception:  # noqa: BLE001  # whatever a class raises at numbers that it does not take
            return False

    recipe.settle(accepted)
    target.fields = {**recipe.leaves(), "num_labels": 2}
    target.defaults = recipe.defaults
    return target


def proposal(target: Target, fields: Fields, symbols: list[str], seconds: float) -> dict[str, Any]:
    """What one build with symbols in the place of these fields says of the shapes."""
    from bertsym.derive.concolic.run import symbolic  # noqa: PLC0415  # torch is not imported before it is needed

    return symbolic(target.build, fields, symbols, seconds)


def inventory(module: Any) -> list[list[Any]]:
    """Every parameter under each of its names: name, shape, the first of its names, role."""
    outputs = output_weights(module)
    entries: list[list[Any]] = []
    first: dict[int, str] = {}
    for owner, name, parameter in parameters(module):
        if len(entries) >= MOST_TENSORS:
            raise Unusable(f"more than {MOST_TENSORS} tensors")
        if "{" in name or "}" in name:
            raise Unusable("a parameter's name has braces, which stand for indices here")
        shape = [int(side) for side in parameter.shape]
        role = "embedding" if id(parameter) in outputs else role_of(owner, name, len(shape))
        entries.append([name, shape, first.setdefault(id(parameter), name), role])
    if not entries:
        raise Empty("the module has no parameters")
    return entries


def parameters(module: Any) -> Iterator[tuple[Any, str, Any]]:
    """The module that owns each parameter, the full name, the parameter."""
    for path, owner in module.named_modules(remove_duplicate=False):
        for name, parameter in owner.named_parameters(recurse=False):
            yield owner, f"{path}.{name}" if path else name, parameter


def output_weights(module: Any) -> set[int]:
    """The matrix that turns features back into tokens, where a library class says which it is."""
    find = getattr(module, "get_output_embeddings", None)
    try:
        found = find() if find is not None else None
    except (AttributeError, NotImplementedError, TypeError):
        return set()
    weight = getattr(found, "weight", None)
    return set() if weight is None else {id(weight)}


def role_of(owner: Any, name: str, sides: int) -> str:
    """What the tensor is for: a one-dimensional one that is no bias scales features, as a norm does."""
    kind = type(owner).__name__
    if "Norm" in kind:
        return "norm"
    if "Embedding" in kind and sides == 2 and name.endswith("weight"):
        return "embedding"
    if "bias" in name.rpartition(".")[2]:
        return "bias"
    return "matrix" if sides >= 2 else "norm"
