"""Find the fields whose null stands for a number, such as GPT-2's `n_inner` for the width 4*n_embd; in the worker.

Two numbers are tried in place of null. A dimension that is a constant multiple of both shows what null stands for: the
same dimension at null, divided by the constant. The number counts if it builds the inventory that null builds.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from bertsym.derive.limits import MAX_SHRUNK_DEPTH, NULL_PROBES
from bertsym.derive.oracle.config_codec import ConfigCodec
from bertsym.derive.oracle.layer_lists import codecs, is_depth

Inventory = Sequence[Any]
Build = Callable[[Any], Inventory]


class NullFields:
    """Builds with a number in place of null, for all configurations below one root."""

    def __init__(self, root: ConfigCodec, build: Build, model_class: Any) -> None:
        self.root, self.build = root, build
        self.module = sys.modules[model_class.__module__]
        self.shallow = {
            path: min(int(number), MAX_SHRUNK_DEPTH)
            for path, number in root.to_numbers().items()
            if is_depth(path) and type(number) is int
        }

    def run(self) -> None:
        """Give each codec its fields that null is a number of, with the number at the default configuration."""
        for prefix, codec in codecs("", self.root):
            for name in list(self._candidates(codec)):
                number = self.equal_number(codec, name, self.shallow)
                if number is None and self._inventory(codec, name, None, self.shallow) is None:
                    number = self.equal_number(codec, name, {})
                if number is not None:
                    codec.nulls[name] = number
            for name in codec.null_keywords:
                tried = (self.equal_number(codec, name, {**self.shallow, **on}) for on in _switched(prefix, codec))
                number = next((number for number in tried if number is not None), None)
                if number is not None:
                    codec.nulls[name] = number

    def defaults(self, numbers: Mapping[str, Any], paths: Iterable[str]) -> dict[str, int]:
        """Return the number that null stands for beside the other numbers, for each of the paths that may be null."""
        chosen: dict[str, int] = {}
        for prefix, codec in codecs("", self.root):
            for name in codec.nulls:
                path = f"{prefix}{name}"
                if path in paths:
                    others = {other: number for other, number in numbers.items() if other != path}
                    number = self.equal_number(codec, name, others)
                    if number is not None:
                        chosen[path] = number
        return chosen

    def equal_number(self, codec: ConfigCodec, name: str, numbers: Mapping[str, Any]) -> int | None:
        """Return the number with which a field builds what it builds at null; None if it is no such field."""
        unset = self._inventory(codec, name, None, numbers)
        for probe in NULL_PROBES if unset is not None else ():
            single = self._inventory(codec, name, probe, numbers)
            double = None if single is None else self._inventory(codec, name, 2 * probe, numbers)
            if unset is not None and single is not None and double is not None:
                candidates = sorted(set(_proportional(unset, single, double, probe)))
                return next((n for n in candidates if self._inventory(codec, name, n, numbers) == unset), None)
        return None

    def _candidates(self, codec: ConfigCodec) -> Iterator[str]:
        """Yield the fields that are null by default and that the model code names."""
        own = sys.modules.get(codec.cls.__module__.replace("configuration_", "modeling_"))
        code = "\n".join(inspect.getsource(module) for module in (self.module, own) if module is not None)
        for name in codec.null_names():
            if re.search(rf"\b{re.escape(name)}\b", code):
                yield name

    def _inventory(
        self, codec: ConfigCodec, name: str, value: int | None, numbers: Mapping[str, Any]
    ) -> Inventory | None:
        codec.given[name] = value
        try:
            return self.build(self.root.to_config(numbers))
        except Exception:  # noqa: BLE001  # whatever the model code raises at a number in place of null
            return None
        finally:
            del codec.given[name]


def _switched(prefix: str, codec: ConfigCodec) -> Iterator[Mapping[str, bool]]:
    """Yield no change, then the other value of each switch: Gemma 4 reads a keyword only with `attention_k_eq_v`."""
    yield {}
    yield from ({f"{prefix}{name}": not value} for name, value in codec.numeric.items() if isinstance(value, bool))


def _proportional(unset: Inventory, single: Inventory, double: Inventory, probe: int) -> Iterator[int]:
    """Yield what dimensions have at null, divided by the constant that two numbers show; double is twice the probe.

    >>> weight = lambda width: [["fc.weight", [4 * width, 8], "fc.weight", "matrix"]]
    >>> list(_proportional(weight(3), weight(10), weight(20), 10))
    [3]
    """
    shapes, doubled = ({name: shape for name, shape, *_ in entries} for entries in (unset, double))
    for name, shape, *_ in single:
        if len(shapes.get(name, ())) == len(shape) == len(doubled.get(name, ())):
            for before, one, two in zip(shapes[name], shape, doubled[name], strict=True):
                factor = one // probe
                if two == 2 * one and one == factor * probe and factor and before and before % factor == 0:
                    yield before // factor
