"""Find the parts of a configuration whose layers may have sizes of their own, in the table `per_layer_config`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from class_builds import File, at, changed
from field_trials import FieldTrials

from bertsym.config.field_rules import PER_LAYER
from bertsym.saved_model.field_rules import LayerSizes

# Files at sampled sizes in which every field of a table must be counted as the class builds it.
SAMPLES = 3
# A stack of so many layers has layers with and without sizes of their own.
LAYERS = 4


class LayerTables:
    """The search for the tables of one entry, by files in which single layers differ."""

    def __init__(self, trials: FieldTrials) -> None:
        self.trials = trials

    def take(self) -> None:
        """Add a rule for each table that the model code reads."""
        if PER_LAYER not in self.trials.source:
            return
        for part, config in {"": self.trials.builds.configuration(), **self.trials.configs}.items():
            length = _below(part, config.attribute_map.get("num_hidden_layers", "num_hidden_layers"))
            if length in self.trials.sizes or length in self.trials.derived.list_lengths:
                self._take(part, length)

    def _take(self, part: str, length: str) -> None:
        own = {
            path.removeprefix(_below(part, "")): default
            for path, default in self.trials.sizes.items()
            if path.rpartition(".")[0] == part and path != length
        }
        switches = [_below(part, name) for name, default in own.items() if isinstance(default, bool)]
        files = self._files(part, length, switches)
        saved: Any = self.trials.full
        for name in part.split(".") if part else ():
            saved = saved.get(name, {})
        keywords = [name for name in own if name not in saved]
        declared = [name for name in own if name in saved]
        table = _below(part, PER_LAYER)
        numbers = [name for name in declared if not isinstance(own[name], bool)]
        for chosen in product(numbers, repeat=len(keywords)):
            meant = {_below(part, name): _below(part, field) for name, field in zip(keywords, chosen, strict=True)}
            rule = LayerSizes(length, frozenset(), meant)
            if files and all(self._agree(table, rule, changed(file, {table: {}})) for file in files):
                names = frozenset(name for name in declared if self._is_own(table, rule, name, own[name], files))
                if names:
                    self.trials.draft.layer_sizes[table] = LayerSizes(length, names, meant)
                return

    def _files(self, part: str, length: str, switches: Sequence[str]) -> list[File]:
        """Return full files at sampled sizes that the class builds with an empty table, with each switch turned too.

        Gemma 4 asks for `num_global_key_value_heads` only with `attention_k_eq_v`.
        """
        table = _below(part, PER_LAYER)
        samples = self.trials.sampled(4 * SAMPLES)
        files = [changed(file, {length: LAYERS, table: {}, **self._lists(length)}) for file in samples]
        plain = [file for file in files if self.trials.theirs(file) is not None][:SAMPLES]
        turned = [changed(file, {path: not at(file, path)}) for file in plain for path in switches]
        return [*plain, *(file for file in turned if self.trials.theirs(file) is not None)]

    def _lists(self, length: str) -> Mapping[str, Any]:
        """Return the lists with an entry a layer at that many layers, with layers of each kind."""
        return {
            one.path: [one.kinds[layer % len(one.kinds)].words[0] for layer in range(LAYERS)][::-1]
            for one in self.trials.derived.layer_lists
            if one.length == length and not one.is_indices
        }

    def _is_own(self, table: str, rule: LayerSizes, name: str, default: Any, files: list[File]) -> bool:
        """Return True if a layer may have a value of its own at the field, and the formulas then count it."""
        wider = LayerSizes(rule.length, rule.names | {name}, rule.keywords)
        path = _below(table.removesuffix(PER_LAYER).rstrip("."), name)
        counted = 0
        for file in files:
            for value in _others(at(file, path), default):
                other = changed(file, {table: {"1": {name: value}}})
                if self.trials.theirs(other) in (None, self.trials.theirs(file)):
                    continue
                if not self._agree(table, wider, other):
                    return False
                counted += 1
        return counted >= SAMPLES

    def _agree(self, table: str, rule: LayerSizes, file: File) -> bool:
        before = dict(self.trials.draft.layer_sizes)
        self.trials.draft.layer_sizes[table] = rule
        try:
            return self.trials.outcome(file, ()) == "agree"
        finally:
            self.trials.draft.layer_sizes = before


def _others(found: Any, default: Any) -> Iterator[Any]:
    value = default if found is None else found
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (2 * value, 3 * value, value + 1, max(1, value // 2))


def _below(part: str, name: str) -> str:
    return f"{part}.{name}" if part else name
