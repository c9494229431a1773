"""Find the fields with an entry a layer, such as `layer_types`, and the words that make a difference; in the worker.

A word is tried at the first, the middle and the last layer of a small stack. Two words are of one kind if the tensors
are the same wherever both are accepted. A list of which all words are of one kind needs no formula, and stays as it is.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from bertsym.derive.layer_list_field import ListField, own_length
from bertsym.derive.limits import (
    MAX_LIST_LENGTH_IN_LAYERS,
    MAX_LIST_WORDS,
    MAX_SHRUNK_DEPTH,
    MIN_LIST_LAYERS,
)
from bertsym.derive.oracle.config_codec import ConfigCodec, settings

_DEPTH = re.compile(r"(^|_)(layers?|depth|blocks)$")
_WORD = re.compile(r"[\w.+*-]{1,60}", re.ASCII)
_NO_LAYERS = re.compile(r"(^|_)(stage_names|label_names|out_features|out_indices|architectures|lang\w*)$")

Inventory = Sequence[Any]
Build = Callable[[Any], Inventory]


class ListSearch:
    """Builds of small stacks with a list given, for all configurations below one root."""

    def __init__(self, root: ConfigCodec, build: Build, model_class: Any) -> None:
        self.root, self.build, self.model_class = root, build, model_class
        numbers = root.to_numbers()
        small = {
            path: min(number, MAX_SHRUNK_DEPTH)
            for path, number in numbers.items()
            if is_depth(path) and isinstance(number, int) and not isinstance(number, bool)
        }
        self.small, self.defaults = {**numbers, **small}, numbers
        self.numbers = self.small

    def run(self) -> None:
        """Give each codec the lists of its configuration that change tensors."""
        for prefix, codec in codecs("", self.root):
            for name, length in list(_word_lists(codec)):
                self._add(codec, self._word_list(prefix, codec, name, length))
            for name, default, length in list(_index_lists(codec)):
                self._add(codec, self._index_list(prefix, codec, name, default, length))

    @staticmethod
    def _add(codec: ConfigCodec, field: ListField | None) -> None:
        if field is not None:
            codec.add_list(field.path.rpartition(".")[2], field)

    def inventory(self, numbers: Mapping[str, Any]) -> Inventory | None:
        """Return the inventory at these numbers, None for a rejection."""
        try:
            return self.build(self.root.to_config(numbers))
        except Exception:  # noqa: BLE001  # whatever the model code raises at a word that it does not know
            return None

    def with_list(self, codec: ConfigCodec, name: str, entries: Sequence[Any], length: str) -> Inventory | None:
        """Return the inventory with a list given, as long as the list is."""
        codec.given[name] = list(entries)
        try:
            return self.inventory(self.numbers | ({length: self._layers(length)} if length else {}))
        finally:
            del codec.given[name]

    def _layers(self, length: str) -> int:
        """Return the number of layers in the trials of lists."""
        return max(int(self.numbers[length]), MIN_LIST_LAYERS) if length else MIN_LIST_LAYERS

    def _word_list(self, prefix: str, codec: ConfigCodec, name: str, length: str) -> ListField | None:
        """Return the field with its kinds of words, None if no word makes a difference."""
        default = list(settings(codec.to_config({}))[name])
        full_length = f"{prefix}{length}" if length else ""
        own = list(dict.fromkeys(default))
        start = self._start(codec, name, full_length, own)
        layers = len(start)
        if not length and not self._counts_layers(codec, name, start):
            return None
        last = _last_word(codec, name, start, length)
        places = sorted({0, layers // 2, layers - (1 if last is None else 2)})
        tensors: dict[str, list[Inventory | None]] = {}
        for word in dict.fromkeys([*own, *self._words(codec, name, start)]):
            lists = ([*start[:place], word, *start[place + 1 :]] for place in places)
            built = [self.with_list(codec, name, entries, full_length) for entries in lists]
            if any(inventory is not None for inventory in built):
                tensors[word] = built
        kinds: list[list[str]] = []
        for word, built in tensors.items():
            alike = (kind for kind in kinds if _are_alike(tensors[kind[0]], built))
            known = next(alike, None)
            if known is None:
                kinds.append([word])
            else:
                known.append(word)
        # A word that the library allows elsewhere may build a layer without attention here, which nobody means.
        meant = {*own, *self._literals(codec)}
        named = [words for words in kinds if not meant.isdisjoint(words)]
        kinds = named if len(named) > 1 else kinds
        if len(kinds) < 2 or not set(own) <= set().union(*kinds):
            return None
        places_of = {word: kind for kind, words in enumerate(kinds) for word in words}
        return ListField(
            prefix + name,
            tuple(map(tuple, kinds)),
            tuple(places_of[word] for word in default),
            full_length or own_length(prefix + name),
            aliases=tuple(f"{prefix}{alias}" for alias in _aliases(codec, name)),
            letters={
                f"{prefix}{field}": letters
                for field, letters in (*_letters(codec, name, length, kinds), *_numbers(codec, name, length, places_of))
            },
            index_fields={f"{prefix}{field}": pair for field, pair in _index_fields(codec, name, length, places_of)},
            last=None if last is None else places_of.get(last),
        )

    def _start(self, codec: ConfigCodec, name: str, length: str, words: Sequence[str]) -> list[str]:
        """Return a list of the default's words in turn, in a small stack if the model code builds one.

        Zamba has a list for 54 layers, so a small stack builds only with a list of its own.
        """
        for numbers in (self.small, self.defaults):
            self.numbers = numbers
            start = [words[layer % len(words)] for layer in range(self._layers(length))]
            if self.with_list(codec, name, start, length) is not None:
                break
        return start

    def _counts_layers(self, codec: ConfigCodec, name: str, start: Sequence[str]) -> bool:
        """Return True if a list without a field for its length says how many layers there are."""
        names = [
            {entry[0] for entry in inventory}
            for entries in (start, [*start, start[-1]], [*start, start[-1], start[-1]])
            if (inventory := self.with_list(codec, name, entries, "")) is not None
        ]
        return len(names) == 3 and names[0] < names[1] < names[2]

    def _words(self, codec: ConfigCodec, name: str, start: Sequence[str]) -> list[str]:
        """Return the words that the configuration class may accept: those of the library and of the model's code."""
        accepted: list[str] = []
        for word in dict.fromkeys([*library_words(), *self._literals(codec)]):
            if _WORD.fullmatch(word) and len(accepted) < MAX_LIST_WORDS and _is_accepted(codec, name, word, start):
                accepted.append(word)
        return accepted

    def _literals(self, codec: ConfigCodec) -> list[str]:
        """Return the texts that the configuration class and the model's code compare with something."""
        modules = (sys.modules.get(cls.__module__) for cls in (codec.cls, self.model_class))
        return [word for module in modules if module is not None for word in compared_texts(module)]

    def _index_list(
        self, prefix: str, codec: ConfigCodec, name: str, default: Sequence[int], length: str
    ) -> ListField | None:
        """Return the field if the layers that it lists by their indices have other tensors."""
        full_length = f"{prefix}{length}"
        self.numbers = self.small if self.inventory(self.small) is not None else self.defaults
        lists = ([0], [1], [0, 1])
        first, second, both = (self.with_list(codec, name, entries, full_length) for entries in lists)
        if None in (first, second, both) or first == second or both in (first, second):
            return None
        layers = int(codec.numeric[length])
        kinds = tuple(0 if layer in default else 1 for layer in range(layers))
        aliases = tuple(f"{prefix}{alias}" for alias in _aliases(codec, name))
        return ListField(
            prefix + name,
            ((), ()),
            kinds,
            full_length,
            is_indices=True,
            aliases=aliases,
            is_constant=name in codec.numeric,
        )


def codecs(prefix: str, codec: ConfigCodec) -> Iterator[tuple[str, ConfigCodec]]:
    """Yield the codec of a configuration and those of its parts, each with the prefix of its paths."""
    yield prefix, codec
    for name, nested in codec.nested.items():
        yield from codecs(f"{prefix}{name}.", nested)


def is_depth(path: str) -> bool:
    """Return True if a field has the name of a number of layers."""
    return bool(_DEPTH.search(path.rpartition(".")[2]))


def _depths(codec: ConfigCodec) -> dict[str, int]:
    """Return the numbers of layers of a configuration, the usual name first."""
    depths = {
        name: number
        for name, number in codec.numeric.items()
        if isinstance(number, int) and not isinstance(number, bool) and is_depth(name)
    }
    return dict(sorted(depths.items(), key=lambda item: item[0] != "num_hidden_layers"))


def _word_lists(codec: ConfigCodec) -> Iterator[tuple[str, str]]:
    """Yield the lists of words that may have one a layer, each with the field that has its length, if there is one."""
    try:
        fields = settings(codec.to_config({}))
    except Exception:  # noqa: BLE001  # whatever the class raises
        return
    depths = _depths(codec)
    for name, value in fields.items():
        is_words = isinstance(value, list | tuple) and all(isinstance(word, str) for word in value)
        if is_words and 0 < len(value) <= MAX_LIST_LENGTH_IN_LAYERS and not _NO_LAYERS.search(name):
            yield name, next((depth for depth, number in depths.items() if number == len(value)), "")


def _index_lists(codec: ConfigCodec) -> Iterator[tuple[str, Sequence[int], str]]:
    """Yield the lists of ascending integers that may be indices of layers, each with the field of their number.

    A class may make the list of other fields, as Llama 4 makes `moe_layers` of `interleave_moe_layer_step`.
    """
    try:
        made = settings(codec.to_config({}))
    except Exception:  # noqa: BLE001  # whatever the class raises at its defaults
        made = {}
    for name, value in {**made, **codec.numeric}.items():
        if not isinstance(value, list | tuple) or not value or not all(type(index) is int for index in value):
            continue
        depth = next((depth for depth, number in _depths(codec).items() if number > max(value)), "")
        if depth and value[0] >= 0 and all(first < second for first, second in pairwise(value)):
            yield name, list(value), depth


def _are_alike(first: Sequence[Inventory | None], second: Sequence[Inventory | None]) -> bool:
    """Return True if two words give the same tensors at every place where both are accepted, and at one at least."""
    common = [(one, other) for one, other in zip(first, second, strict=True) if one is not None and other is not None]
    return bool(common) and all(one == other for one, other in common)


def _is_accepted(codec: ConfigCodec, name: str, word: str, start: Sequence[str]) -> bool:
    codec.given[name] = [word, *start[1:]]
    try:
        length = {depth: len(start) for depth, number in _depths(codec).items()}
        codec.to_config(length)
    except Exception:  # noqa: BLE001  # whatever the class raises at the word
        return False
    finally:
        del codec.given[name]
    return True


def _last_word(codec: ConfigCodec, name: str, start: Sequence[str], length: str) -> str | None:
    """Return the word that the class always gives the last layer, None if the list decides it."""
    last: set[str] = set()
    for word in dict.fromkeys(start):
        codec.given[name] = [*start[:-1], word]
        try:
            last.add(settings(codec.to_config({length: len(start)} if length else {}))[name][-1])
        except Exception:  # noqa: BLE001  # whatever the class raises at the list
            return None
        finally:
            del codec.given[name]
    return last.pop() if len(last) == 1 < len(set(start)) else None


def library_words() -> tuple[str, ...]:
    """Return the words that transformers allows in lists with an entry a layer, and their older names."""
    from transformers import configuration_utils as common  # noqa: PLC0415  # imported by the target already

    allowed = getattr(common, "ALLOWED_LAYER_TYPES", ())
    return (*map(str, allowed), *map(str, getattr(common, "_LEGACY_LAYER_TYPE_REMAP", {})))


def compared_texts(module: Any) -> list[str]:
    """Return the texts that a module compares with something, or that are keys of its dictionaries."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError):
        return []
    nodes: list[ast.expr | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for side in (node.left, *node.comparators):
                nodes += side.elts if isinstance(side, ast.List | ast.Tuple | ast.Set) else [side]
        elif isinstance(node, ast.Dict):
            nodes += node.keys
    return list(
        dict.fromkeys(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    )


def _aliases(codec: ConfigCodec, name: str) -> list[str]:
    """Return the other names that the configuration class has for a field."""
    return [alias for alias, own in getattr(codec.cls, "attribute_map", {}).items() if own == name]


def _letters(
    codec: ConfigCodec, name: str, length: str, kinds: Sequence[Sequence[str]]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the properties that write the list as a text with a letter a layer, if the class reads that text too."""
    words = [choices[0] for choices in kinds]
    layers = {length: len(words)} if length else {}
    codec.given[name] = words
    try:
        config = codec.to_config(layers)
    except Exception:  # noqa: BLE001  # whatever the class raises
        return
    finally:
        del codec.given[name]
    for attribute, member in inspect.getmembers(type(config), lambda member: isinstance(member, property)):
        try:
            text = member.__get__(config)
            read = codec.cls(**{attribute: text, **layers}) if isinstance(text, str) else None
        except Exception:  # noqa: BLE001, S112  # a property of another use
            continue
        if read is not None and len(text) == len(words) == len(set(text)) and settings(read).get(name) == words:
            yield attribute, dict(zip(text, words, strict=True))


def _numbers(
    codec: ConfigCodec, name: str, length: str, kinds: Mapping[str, int]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the keywords for a list with a number a layer, of which the class makes the list, with the word of each.

    DeepSeek-V4 makes its list of `compress_ratios`, of which later entries than the last layer's are left out.
    """
    tables = (table for table in vars(sys.modules[codec.cls.__module__]).values() if isinstance(table, dict))
    for words in (dict(table) for table in tables if table and length):
        if not all(type(number) is int and word in kinds for number, word in words.items()):
            continue
        numbers = list(words)
        for keyword in keyword_names(codec.cls):
            try:
                lists = ({keyword: [*numbers, *more], length: len(numbers)} for more in ([], numbers[:1]))
                made = [settings(codec.cls(**fields))[name] for fields in lists]
            except Exception:  # noqa: BLE001, S112  # whatever the class raises at a list
                continue
            if made == [list(words.values())] * 2 and len(words) > 1:
                yield keyword, {str(number): word for number, word in words.items()}


def _index_fields(
    codec: ConfigCodec, name: str, length: str, kinds: Mapping[str, int]
) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the fields from whose indices the class makes the list, with the kinds of both sorts of layers.

    LFM2 takes the layers with attention out of `full_attn_idxs`, unless it has a list.
    """
    layers = MIN_LIST_LAYERS + 1
    trials = ([1], [0, 2], [1, layers])  # an index beyond the last layer counts for nothing
    for keyword in keyword_names(codec.cls) if length else ():
        pairs = set()
        for indices in trials:
            try:
                words = settings(codec.cls(**{keyword: indices, length: layers}))[name]
                made = [kinds[word] for word in words]
            except Exception:  # noqa: BLE001  # whatever the class raises at a list
                break
            listed = {kind for layer, kind in enumerate(made) if layer in indices}
            others = {kind for layer, kind in enumerate(made) if layer not in indices}
            if len(made) != layers or len(listed) != 1 or len(others) != 1 or listed == others:
                break
            pairs.add((listed.pop(), others.pop()))
        else:
            if len(pairs) == 1:
                yield keyword, pairs.pop()


def keyword_names(cls: Any) -> list[str]:
    """Return the names of lists of integers, and those that a class takes out of its keyword arguments."""
    declared: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        declared |= {name: str(kind) for name, kind in inspect.get_annotations(base).items()}
    return [*(name for name, kind in declared.items() if "list[int]" in kind), *(name for name, _ in keywords(cls))]


def keyword_numbers(cls: Any) -> dict[str, int]:
    """Return the numbers that a configuration class takes out of its keyword arguments, with their defaults."""
    return {name: default for name, default in keywords(cls) if isinstance(default, int)}


def keywords(cls: Any) -> Iterator[tuple[str, object]]:
    """Yield the names that a class takes out of its keyword arguments, with constant defaults, else None."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="kwargs"), attr="pop" | "get"),
                args=[ast.Constant(value=str(name)), *defaults],
            ):
                constant = defaults[0] if defaults else None
                yield name, constant.value if isinstance(constant, ast.Constant) else None
