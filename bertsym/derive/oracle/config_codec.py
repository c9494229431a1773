"""In the other process: a transformers configuration as the numbers in it, and back.

A number's path is its field, through nested configurations and lists: `hidden_size`, `vision_config.depths[0]`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

LONGEST_LIST = 64
UNUSED = frozenset({"id2label", "label2id", "transformers_version", "dtype", "architectures", "model_type"})

Number = int | float
Settings = dict[str, Any]


def settings(config: Any) -> Settings:
    """The fields of a configuration as they are held, nested configurations as themselves."""
    told = {name: t for name, t in config.to_dict().items() if not name.startswith("_") and name not in UNUSED}
    return {name: _held(config, name, found) for name, found in told.items()}


def _held(config: Any, name: str, told: Any) -> Any:
    """The field itself, or what the configuration tells of it.

    It refuses to say, or shows another object, where fields may differ from layer to layer.
    """
    try:
        held = getattr(config, name, told)
    except Exception:  # noqa: BLE001  # it is no AttributeError
        return told
    return held if is_config(held) or isinstance(held, type(told)) else told


def is_config(found: Any) -> bool:
    """Whether it is a configuration of its own."""
    return hasattr(found, "to_dict") and hasattr(found, "model_type")


def numbers(path: str, found: Any) -> Iterator[tuple[str, Number]]:
    """The numbers of a plain field or of a list, with their paths; nothing for what holds anything else."""
    if isinstance(found, int) or (isinstance(found, float) and math.isfinite(found)):
        yield path, found
    elif isinstance(found, list | tuple) and 0 < len(found) <= LONGEST_LIST:
        inner = [list(numbers(f"{path}[{place}]", part)) for place, part in enumerate(found)]
        if all(inner):
            yield from (pair for pairs in inner for pair in pairs)


class ConfigCodec:
    """What makes a configuration again at other numbers.

    Texts are given only where the numbers do not imply them, so that a list with an entry a layer follows the number of
    layers.
    """

    def __init__(self, config: Any) -> None:
        self.cls = type(config)
        held = settings(config)
        self.parts = {name: ConfigCodec(found) for name, found in held.items() if is_config(found)}
        plain = {name: found for name, found in held.items() if name not in self.parts}
        self.lists = {name: found for name, found in plain.items() if list(numbers(name, found))}
        self.left_out: frozenset[str] = frozenset()
        self.texts: Settings = {}
        self.texts = self._not_implied({name: found for name, found in plain.items() if name not in self.lists})
        for name in self._following():
            del self.lists[name]

    def _not_implied(self, texts: Settings) -> Settings:
        try:
            implied = settings(self.make({}))
        except Exception:  # noqa: BLE001  # whatever the class raises without its texts
            return texts
        return {name: found for name, found in texts.items() if implied.get(name) != found}

    def _following(self) -> list[str]:
        """The lists that, left out, are what they are because of other numbers, such as one with an entry a layer."""
        lists = {name: found for name, found in self.lists.items() if isinstance(found, list | tuple)}
        follows: list[str] = []
        for list_name, held in lists.items():
            rest = {name: found for name, found in self.lists.items() if name != list_name}
            changed = ({name: found + 1} for name, found in rest.items() if type(found) is int)
            if self._left_to_class(list_name, rest) == held and any(
                self._left_to_class(list_name, rest | change) not in (held, None) for change in changed
            ):
                follows.append(list_name)
        return follows

    def _left_to_class(self, name: str, rest: Settings) -> Any:
        try:
            return settings(self.cls(**{**self.texts, **rest})).get(name)
        except Exception:  # noqa: BLE001  # whatever the class raises at these numbers
            return None

    def leaves(self) -> dict[str, Number]:
        """Every number by its path."""
        own = {path: leaf for name, found in self.lists.items() for path, leaf in numbers(name, found)}
        nested = {f"{name}.{path}": leaf for name, part in self.parts.items() for path, leaf in part.leaves().items()}
        return {path: leaf for path, leaf in (own | nested).items() if path not in self.left_out}

    def make(self, given: Mapping[str, Number]) -> Any:
        """The configuration with these numbers at their paths."""
        own = {name: _filled(name, found, given) for name, found in self.lists.items() if self._passed(name, found)}
        nested = {name: part.make(_below(f"{name}.", given)) for name, part in self.parts.items()}
        extra = {name: found for name, found in given.items() if name == "num_labels"}
        return self.cls(**{**self.texts, **own, **nested, **extra})

    def defaults(self, given: Mapping[str, Number], paths: Iterable[str]) -> dict[str, Number]:
        """What each of these integers becomes where it is left to the class and the others are as given."""
        found: dict[str, Number] = {}
        leaves = self.leaves()
        for path in [path for path in paths if type(leaves.get(path)) is int and "[" not in path]:
            self.leave(path, out=True)
            try:
                held: Any = self.make(given)
                for name in path.split("."):
                    held = getattr(held, name)
            except Exception:  # noqa: BLE001, S112  # whatever the class raises without this one
                continue
            finally:
                self.leave(path, out=False)
            if type(held) is int:
                found[path] = held
        return found

    def _passed(self, name: str, found: Any) -> bool:
        return not any(path in self.left_out for path, _ in numbers(name, found))

    def settle(self, accepted: Callable[[], bool]) -> None:
        """Leave out the numbers that the class does not take back as it gave them."""
        if accepted():
            return
        paths = list(self.leaves())
        for name, part in self.parts.items():
            part.left_out = frozenset(part.leaves())
            paths = [path for path in paths if not path.startswith(f"{name}.")] + [f"{name}.{p}" for p in part.left_out]
        self.left_out = frozenset(self.leaves())
        self._let_in(paths, accepted)

    def _let_in(self, paths: list[str], accepted: Callable[[], bool]) -> None:
        for path in paths:
            self.leave(path, out=False)
        if accepted():
            return
        for path in paths:
            self.leave(path, out=True)
        if len(paths) > 1:
            self._let_in(paths[: len(paths) // 2], accepted)
            self._let_in(paths[len(paths) // 2 :], accepted)

    def leave(self, path: str, *, out: bool) -> None:
        """Whether the number at a path is given or left to the class."""
        name, dot, rest = path.partition(".")
        if dot and name in self.parts:
            self.parts[name].leave(rest, out=out)
        else:
            self.left_out = self.left_out | {path} if out else self.left_out - {path}


def _below(prefix: str, given: Mapping[str, Number]) -> dict[str, Number]:
    return {path.removeprefix(prefix): found for path, found in given.items() if path.startswith(prefix)}


def _filled(path: str, found: Any, given: Mapping[str, Number]) -> Any:
    """The field with the numbers that are given put into it."""
    if isinstance(found, list | tuple):
        return type(found)([_filled(f"{path}[{place}]", part, given) for place, part in enumerate(found)])
    return given.get(path, found)
