"""A codec between a transformers configuration and the numbers in it, used in the worker.

A number's path is the name of its field, through nested configurations and lists: `hidden_size`,
`vision_config.depths[0]`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import cycle, islice
from typing import Any

from bertsym.derive.layer_list_field import ListField, own_length
from bertsym.derive.limits import MAX_LIST_LENGTH

# Fields that no model code reads to build a tensor.
UNUSED_SETTINGS = frozenset({"id2label", "label2id", "transformers_version", "dtype", "architectures", "model_type"})

Number = int | float
Settings = dict[str, Any]


def settings(config: Any) -> Settings:
    """Return the fields of a configuration, nested configurations as objects."""
    shown = {
        name: v for name, v in config.to_dict().items() if not name.startswith("_") and name not in UNUSED_SETTINGS
    }
    return {name: _attribute(config, name, value) for name, value in shown.items()}


def _attribute(config: Any, name: str, shown: Any) -> Any:
    """Return the attribute, or the value that `to_dict` shows if the attribute cannot be read or is of another type.

    A configuration whose fields may differ from layer to layer raises an error, or returns another object.
    """
    try:
        value = getattr(config, name, shown)
    except Exception:  # noqa: BLE001  # it is no AttributeError
        return shown
    return value if is_config(value) or isinstance(value, type(shown)) else shown


def is_config(value: Any) -> bool:
    """Return True if the value is a nested configuration."""
    return hasattr(value, "to_dict") and hasattr(value, "model_type")


def numbers_in(path: str, value: Any) -> Iterator[tuple[str, Number]]:
    """Yield the numbers of a field with their paths; nothing if it is neither a number nor a list of numbers.

    >>> list(numbers_in("depths", [2, 6])), list(numbers_in("act", "gelu"))
    ([('depths[0]', 2), ('depths[1]', 6)], [])
    """
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        yield path, value
    elif isinstance(value, list | tuple) and 0 < len(value) <= MAX_LIST_LENGTH:
        items = [list(numbers_in(f"{path}[{index}]", item)) for index, item in enumerate(value)]
        if all(items):
            yield from (pair for pairs in items for pair in pairs)


class ConfigCodec:
    """The parts of a configuration, from which it can be made again at other numbers.

    - `nested` holds a codec for each nested configuration.
    - `numeric` holds the fields that are numbers or lists of them.
    - `texts` holds the other fields, except those that the class sets to the same value by itself. So a list with an
      entry a layer, such as `layer_types`, follows the number of layers.
    - `omitted` holds the paths of numbers that are left to the class.
    - `lists` holds the fields with an entry a layer that change tensors; a number chooses the list of each.
    - `nulls` holds the fields that are null unless a number is given, with the number that builds the same.
    - `null_keywords` holds the keywords of the class that are null by default, and no field of it.
    - `given` holds the values of fields in trials, whatever the numbers are.
    """

    def __init__(self, config: Any) -> None:
        self.cls = type(config)
        fields = settings(config)
        self.nested = {name: ConfigCodec(value) for name, value in fields.items() if is_config(value)}
        plain = {name: value for name, value in fields.items() if name not in self.nested}
        self._null = tuple(name for name, value in plain.items() if value is None)
        self.numeric = {name: value for name, value in plain.items() if list(numbers_in(name, value))}
        self.omitted: frozenset[str] = frozenset()
        self.lists: dict[str, ListField] = {}
        self.nulls: dict[str, int] = {}
        self.null_keywords: tuple[str, ...] = ()
        self.given: Settings = {}
        self.texts: Settings = {}
        self.texts = self._without_defaults({n: value for n, value in plain.items() if n not in self.numeric})
        for name in self._derived_lists():
            del self.numeric[name]

    def _without_defaults(self, texts: Settings) -> Settings:
        try:
            defaults = settings(self.to_config({}))
        except Exception:  # noqa: BLE001  # whatever the class raises without its texts
            return texts
        return {name: value for name, value in texts.items() if defaults.get(name) != value}

    def _derived_lists(self) -> list[str]:
        """Return the lists that the class computes from other numbers, such as one with an entry a layer.

        Omit the list: the class must give the same one, and another one after some other number changed by 1.
        """
        lists = {name: value for name, value in self.numeric.items() if isinstance(value, list | tuple)}
        derived: list[str] = []
        for list_name, default in lists.items():
            rest = {name: value for name, value in self.numeric.items() if name != list_name}
            changes = ({name: value + 1} for name, value in rest.items() if type(value) is int)
            if self._chosen_by_class(list_name, rest) == default and any(
                self._chosen_by_class(list_name, rest | change) not in (default, None) for change in changes
            ):
                derived.append(list_name)
        return derived

    def _chosen_by_class(self, name: str, rest: Settings) -> Any:
        try:
            return settings(self.cls(**{**self.texts, **rest})).get(name)
        except Exception:  # noqa: BLE001  # whatever the class raises at these numbers
            return None

    def to_numbers(self) -> dict[str, Number]:
        """Return every number by its path, except omitted ones."""
        own = {path: number for name, value in self.numeric.items() for path, number in numbers_in(name, value)}
        inner = {
            f"{name}.{p}": number for name, codec in self.nested.items() for p, number in codec.to_numbers().items()
        }
        lists = dict.fromkeys(self.lists, 0) | {
            own_length(name): len(field.default)
            for name, field in self.lists.items()
            if field.length == field.own_length
        }
        numbers = own | lists | self.nulls | inner
        return {path: number for path, number in numbers.items() if path not in self.omitted}

    def to_config(self, numbers: Mapping[str, Number]) -> Any:
        """Return the configuration with these numbers at their paths and the defaults elsewhere."""
        own = {
            name: _replaced(name, value, numbers) for name, value in self.numeric.items() if self._given(name, value)
        }
        inner = {name: codec.to_config(_below(f"{name}.", numbers)) for name, codec in self.nested.items()}
        extra = {
            name: number
            for name, number in numbers.items()
            if name == "num_labels" or (name in self.nulls and name not in self.omitted)
        }
        lists = {
            name: field.written(int(numbers.get(name, 0)), self._length(name, field, numbers))
            for name, field in self.lists.items()
        }
        return self.cls(**{**self.texts, **own, **lists, **inner, **extra, **self.given})

    def add_list(self, name: str, field: ListField) -> None:
        """Let a number choose the list of this field."""
        self.lists[name] = field
        self.texts.pop(name, None)
        self.numeric.pop(name, None)

    def hold(self, path: str) -> None:
        """Leave a number at its value in every configuration."""
        name, dot, rest = path.partition(".")
        if dot:
            self.nested[name].hold(rest)
        elif name in self.numeric:
            self.texts[name] = self.numeric.pop(name)

    def null_names(self) -> Iterator[str]:
        """Yield the names of the fields that are null by default."""
        yield from self._null

    def omit_lists(self) -> None:
        """Leave all lists with an entry a layer to the classes."""
        self.lists = {}
        for codec in self.nested.values():
            codec.omit_lists()

    def all_lists(self) -> Iterator[ListField]:
        """Yield the lists of this configuration and of the nested ones."""
        yield from self.lists.values()
        for codec in self.nested.values():
            yield from codec.all_lists()

    def _length(self, name: str, field: ListField, numbers: Mapping[str, Number]) -> int:
        length = own_length(name) if field.length == field.own_length else field.length.rpartition(".")[2]
        return int(numbers.get(length, self.numeric.get(length, len(field.default))))

    def defaults(self, numbers: Mapping[str, Number], paths: Iterable[str]) -> dict[str, Number]:
        """Return the integer that the class chooses at each path if that one is omitted and the others are given."""
        chosen: dict[str, Number] = {}
        own = self.to_numbers()
        for path in [path for path in paths if type(own.get(path)) is int and "[" not in path]:
            self._set_omitted(path, omitted=True)
            try:
                value: Any = self.to_config(numbers)
                for name in path.split("."):
                    value = getattr(value, name)
            except Exception:  # noqa: BLE001, S112  # whatever the class raises without this one
                continue
            finally:
                self._set_omitted(path, omitted=False)
            if type(value) is int:
                chosen[path] = value
        return chosen

    def _given(self, name: str, value: Any) -> bool:
        return not any(path in self.omitted for path, _ in numbers_in(name, value))

    def omit_unstable(self, is_faithful: Callable[[], bool]) -> None:
        """Omit the numbers without which alone the class is faithful to its defaults.

        Some classes compute other values from a number that is given than from their own default. Omit all numbers.
        Then give back halves, and halves of halves, that keep the class faithful. That is delta debugging (Zeller and
        Hildebrandt 2002).
        """
        if is_faithful():
            return
        paths = list(self.to_numbers())
        for name, codec in self.nested.items():
            nested = list(codec.to_numbers())
            codec.omitted = frozenset(nested)
            paths = [path for path in paths if not path.startswith(f"{name}.")] + [f"{name}.{path}" for path in nested]
        self.omitted = frozenset(self.to_numbers())
        self._give_if_faithful(paths, is_faithful)

    def _give_if_faithful(self, paths: list[str], is_faithful: Callable[[], bool]) -> None:
        for path in paths:
            self._set_omitted(path, omitted=False)
        if is_faithful():
            return
        for path in paths:
            self._set_omitted(path, omitted=True)
        if len(paths) > 1:
            self._give_if_faithful(paths[: len(paths) // 2], is_faithful)
            self._give_if_faithful(paths[len(paths) // 2 :], is_faithful)

    def _set_omitted(self, path: str, *, omitted: bool) -> None:
        name, dot, rest = path.partition(".")
        if dot and name in self.nested:
            self.nested[name]._set_omitted(rest, omitted=omitted)  # noqa: SLF001  # of this class
        else:
            self.omitted = self.omitted | {path} if omitted else self.omitted - {path}


def _below(prefix: str, numbers: Mapping[str, Number]) -> dict[str, Number]:
    return {path.removeprefix(prefix): number for path, number in numbers.items() if path.startswith(prefix)}


def _replaced(path: str, value: Any, numbers: Mapping[str, Number]) -> Any:
    """Return the field with the given numbers in place of its own; `depths[]` is the length of a list."""
    if isinstance(value, list | tuple):
        length = numbers.get(f"{path}[]")
        if length is not None and value:
            value = type(value)(islice(cycle(value), int(length)))
        return type(value)([_replaced(f"{path}[{index}]", item, numbers) for index, item in enumerate(value)])
    return numbers.get(path, value)
