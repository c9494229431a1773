"""Count files with the reader and build them with the class: the two sides of the search for the rules of an entry."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from atlas_types import Kind
from class_builds import BuildError, Builds, File, changed, words

from bertsym.config.configfile import read_config
from bertsym.count import count
from bertsym.derive.domain.stored_space import stored_space
from bertsym.derive.search import isolate_failing
from bertsym.derive.verification.recheck import strategy_sample
from bertsym.errors import BertsymError
from bertsym.saved_model.derived import FIRST, Derived, unresolved
from bertsym.saved_model.field_rules import DEFAULT_LABELS, FieldRules, LayerSizes, ValueKind
from bertsym.saved_model.presentation import PresentedEntry
from bertsym.symbols import BY_SYMBOL
from bertsym.symbols import Kind as SizeKind
from bertsym.values import replace

# Full files at sampled sizes; the file that names the model type alone is a further base. Each multiplies the builds.
SAMPLES = 2
# A default that takes more processor seconds gets one of the small depths, if that takes less than this share of them.
SLOW, SMALL, FASTER = 0.006, (2, 3, 4, 6), 0.8
# Processor seconds of the search; afterwards a group that fails is refused as a whole.
BUDGET = 240.0
FILE = Path("config.json")
SETTINGS = re.compile(
    r"(^|\.)(model_type|architectures|transformers_version|id2label|label2id|auto_map|quantization_config|num_labels|"
    r"_?name_or_path|pruned_heads|(torch_)?dtype|rope_scaling|rope_parameters|rope_theta|"
    r"_?(attn|experts)_implementation\w*|base_model_\w+_plan|\w*token_(id|ids|index)|"
    r"sub_configs|attribute_map|configuration_files|is_heterogeneous|_heterogeneity_spec|self|default_theta|"
    r"is_composition|base_config_key|keys_to_ignore_at_inference|_auto_class|has_no_defaults_at_init|generator|"
    r"mtp_layer_types|_rope_type_labels|ignore_keys_at_rope_validation)($|\.)"
)
"""Fields that the reader treats by rules of its own, and those of the base class of all configurations."""

Change = tuple[str, Any]


class NoAgreement(Exception):
    """An entry whose formulas fit no file of its type."""


class RuleDraft:
    """The rules of an entry while they are searched for."""

    def __init__(self) -> None:
        self.aliases: dict[str, str] = {}
        self.fixed: dict[str, Any] = {}
        self.refused: dict[str, set[ValueKind]] = defaultdict(set)
        self.unless: dict[str, str] = {}
        self.labels = DEFAULT_LABELS
        self.equal: dict[str, list[Any]] = defaultdict(list)
        self.prevailing: dict[str, str] = {}
        self.layer_sizes: dict[str, LayerSizes] = {}
        self.products: dict[str, tuple[str, str]] = {}

    def rules(self) -> FieldRules:
        """Return the rules as they stand."""
        return FieldRules(
            dict(sorted(self.aliases.items())),
            dict(sorted(self.fixed.items())),
            {path: frozenset(kinds) for path, kinds in sorted(self.refused.items()) if kinds},
            dict(sorted(self.unless.items())),
            self.labels,
            equal={path: tuple(values) for path, values in sorted(self.equal.items()) if values},
            prevailing=dict(sorted(self.prevailing.items())),
            layer_sizes=dict(sorted(self.layer_sizes.items())),
            products=dict(sorted(self.products.items())),
        )


class FieldTrials:
    """Files of one model type, and what the reader and the class make of them.

    `full` has every field at its default, `sparse` names little more than the model type. `bases` are the files that
    are changed: the sparse one and full ones at sampled sizes, as far as both sides count them alike.
    """

    def __init__(self, kind: Kind, derived: Derived, seed: int) -> None:
        self.kind, self.seed = kind, seed
        self.derived = replace(derived, rules=FieldRules())
        self.entry = PresentedEntry(self.derived)
        self.draft = RuleDraft()
        self.random = Random(f"{kind.name} {seed}")
        self.builds = Builds(kind.name)
        self.classes = {name: head.cls for name, head in derived.classes.items() if not unresolved(head)}
        self.deadline = time.process_time() + BUDGET
        self.log: list[str] = []
        self.suspects: set[str] = set()
        self.configs = {path: config for path, config in self.builds.parts().items() if path}
        self.source = self.builds.sources()
        self.words = words(self.source)
        self.sizes = {field.path: derived.defaults[s] for s, field in derived.fields.items() if "[" not in field.path}
        self.full: File = {"model_type": kind.name, **self.builds.default}
        self.sparse: File = {"model_type": kind.name}
        self.bases: list[File] = []

    def ours(self, file: File, head: str = FIRST) -> int | None:
        """Return the count of the reader, None if it refuses the file."""
        try:
            return count(read_config(file, FILE, head, entry=self.entry.with_rules(self.draft.rules())))
        except BertsymError:
            return None

    def theirs(self, file: File, head: str = FIRST) -> int | None:
        """Return the count of the class, None if the library refuses the file."""
        try:
            return self.builds.count(file, self.classes[head])
        except BuildError:
            return None

    def outcome(self, base: File, changes: Sequence[Change], head: str = FIRST) -> str:
        """Return `refused` by the reader, `rejected` by the library, `agree` or `disagree`."""
        file = changed(base, dict(changes))
        counted = self.ours(file, head)
        if counted is None:
            return "refused"
        built = self.theirs(file, head)
        return "rejected" if built is None else "agree" if built == counted else "disagree"

    def prepare(self) -> None:
        """Choose the bases; raise `NoAgreement` if the two sides agree about none."""
        self.find_sparse()
        self.limit_depth()
        samples = self.samples(SAMPLES)
        if len(samples) < SAMPLES and self.outcome(self.full, ()) == "agree":
            samples.append(self.full)
        self.bases = [file for file in (self.sparse, *samples) if self.outcome(file, ()) == "agree"]
        if not self.bases:
            raise NoAgreement(f"no file of {self.kind.name} is counted as the class builds it")

    def bases_at(self, index: int) -> list[File]:
        """Return the bases in which the value of that index is tried: all for the first, else the sparse and another.

        What a full file says may hide what the class makes of a field.
        """
        first, *full = self.bases
        return self.bases if index == 0 or not full else [first, full[index % len(full)]]

    def find_sparse(self) -> None:
        """Refuse the files that omit a field, if the class and the reader then take different defaults."""
        if self.outcome(self.sparse, ()) != "disagree" or self.outcome(self.full, ()) != "agree":
            return
        items = [(name, ...) for name in self.full if name not in self.sparse]
        needed = self.isolate(items, lambda some: self.outcome(self.full, tuple(some)) != "disagree")
        for name, _ in needed:
            self.draft.refused[name].add(ValueKind.ABSENT)
        self.sparse = {**self.sparse, **{name: self.full[name] for name, _ in needed}}

    def limit_depth(self) -> None:
        """Give the sparse file small depths if the default takes long to build."""
        if self.seconds(self.sparse) < SLOW:
            return
        for symbol, field in self.derived.fields.items():
            if BY_SYMBOL[symbol].kind in (SizeKind.DEPTH, SizeKind.EXPERTS) and "[" not in field.path:
                for depth in SMALL:
                    shallow = changed(self.sparse, {field.path: depth})
                    is_faster = self.outcome(shallow, ()) == "agree" and self.seconds(shallow) < FASTER * self.seconds(
                        self.sparse
                    )
                    if is_faster and self.effective(shallow) >= self.effective(self.sparse):
                        self.sparse = shallow
                        break

    def effective(self, file: File) -> set[str]:
        """Return the sizes whose double changes the count; a file without expert layers hides sizes of experts."""
        doubles = {
            path: 2 * default for path, default in self.sizes.items() if default and not isinstance(default, bool)
        }
        plain = self.ours(file)
        return {
            path for path, double in doubles.items() if self.ours(changed(file, {path: double})) not in (plain, None)
        }

    def seconds(self, file: File) -> float:
        """Return the time that the class takes to build."""
        self.theirs(file)
        return self.builds.seconds[json.dumps(file), self.classes[FIRST]]

    def samples(self, number: int) -> list[File]:
        """Return full files at sampled sizes that the reader and the class count alike, those that build soonest."""
        agreeing: list[File] = []
        for file in self.sampled(6 * number):
            if self.outcome(file, ()) == "agree":
                agreeing.append(file)
            if len(agreeing) == 2 * number:
                break
        return sorted(agreeing, key=self.seconds)[:number]

    def sampled(self, attempts: int) -> Iterator[File]:
        """Yield full files at sampled sizes that the configuration class takes."""
        space = stored_space(self.derived)
        for attempt in range(attempts):
            steps = strategy_sample(space, self.random, ("small", "uniform")[attempt % 2])
            with suppress(BuildError):
                yield {"model_type": self.kind.name, **self.builds.sample(space.fields(steps))}

    def isolate(self, items: Sequence[Any], passes: Callable[[Sequence[Any]], bool]) -> list[Any]:
        """Return the items without which all the others pass together."""
        return isolate_failing(items, passes, lambda: time.process_time() > self.deadline)

    def disagreeing(self, base: File, items: Sequence[tuple[str, Any]], head: str = FIRST) -> list[tuple[str, Any]]:
        """Return the changes that the reader counts and the class does not build alike.

        Fields that failed before are tried one by one, so that the rest passes at once.
        """
        group = [item for item in items if item[0] not in self.suspects]
        accepted = self.isolated(group, lambda some: self.ours(changed(base, dict(some)), head) is not None)
        built = self.isolated(accepted, lambda some: self.outcome(base, some, head) != "rejected")
        bad = self.isolate(built, lambda some: self.outcome(base, some, head) != "disagree")
        alone = [item for item in items if item not in built]
        bad += [item for item in alone if self.outcome(base, (item,), head) in ("disagree", "rejected")]
        self.suspects |= {path for path, _ in (*bad, *alone)}
        return bad

    def isolated(
        self, items: Sequence[tuple[str, Any]], passes: Callable[[Sequence[Any]], bool]
    ) -> list[tuple[str, Any]]:
        """Return the items that pass together."""
        bad = self.isolate(items, passes)
        return [item for item in items if item not in bad]

    def words_of(self, path: str) -> Sequence[str]:
        """Return the texts that the code has beside the name of a field."""
        return self.words.get(path.rpartition(".")[2], ())
