"""Record how an entry's configuration files are read: spellings, and the values that the reader must refuse.

The class is built from files with values that people and accidents give, and bertsym counts the same files. Where the
two disagree, or where the library rejects all values of a kind, the reader refuses that kind from now on. Groups of
changes are tried together, and the ones that disagree are isolated by halves (group testing, Dorfman 1943).
"""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import class_builds
import field_values
from atlas_types import Kind
from class_builds import BuildError, Builds, File, at, changed

from bertsym.config.configfile import read_config
from bertsym.config.field_rules import PER_LAYER
from bertsym.count import count
from bertsym.derive.domain.stored_space import stored_space
from bertsym.derive.search import isolate_failing
from bertsym.derive.verification.recheck import strategy_sample
from bertsym.errors import BertsymError
from bertsym.saved_model.derived import FIRST, Derived, unresolved
from bertsym.saved_model.field_rules import DEFAULT_LABELS, FieldRules, ValueKind
from bertsym.saved_model.json_node import PATH
from bertsym.saved_model.presentation import PresentedEntry
from bertsym.symbols import BY_SYMBOL
from bertsym.symbols import Kind as SizeKind
from bertsym.values import replace

# Full files at sampled sizes; the file that names the model type alone is a further base. Each multiplies the builds.
SAMPLES = 2
# Files with several changes for the bare model, and for each of its heads, which share its configuration.
TRIALS, HEAD_TRIALS = 24, 8
# A default that takes more processor seconds gets one of the small depths, if that takes less than this share of them.
SLOW, SMALL, FASTER = 0.03, (2, 3, 4, 6), 0.8
# Processor seconds of the search; afterwards a group that fails is refused as a whole.
BUDGET = 90.0
# A class with more sizes is nested, and has no keyword for each of them.
MOST_ALIAS_CANDIDATES = 40
# Lists with an entry a layer are tried for stacks of at most so many layers.
MOST_LAYERS = 100
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

Changes = tuple[tuple[str, Any], ...]


class NoAgreement(Exception):
    """An entry whose formulas fit no file of its type."""


class FieldSearch:
    """The search for the rules of one entry."""

    def __init__(self, kind: Kind, derived: Derived, seed: int) -> None:
        self.kind, self.seed = kind, seed
        self.derived = replace(derived, rules=FieldRules())
        self.entry = PresentedEntry(self.derived)
        self.random = Random(f"{kind.name} {seed}")
        self.builds = Builds(kind.name)
        self.classes = {name: head.cls for name, head in derived.classes.items() if not unresolved(head)}
        self.aliases: dict[str, str] = {}
        self.fixed: dict[str, Any] = {}
        self.refused: dict[str, set[ValueKind]] = defaultdict(set)
        self.unless: dict[str, str] = {}
        self.agreed: dict[str, set[ValueKind]] = defaultdict(set)
        self.rejected: dict[str, set[ValueKind]] = defaultdict(set)
        self.labels = DEFAULT_LABELS
        self.equal: dict[str, list[Any]] = defaultdict(list)
        self.deadline = time.process_time() + BUDGET
        self.log: list[str] = []
        parts = self.builds.parts()
        self.suspects: set[str] = set()
        self.configs = {path: config for path, config in parts.items() if path}
        self.source = self.builds.sources()
        self.words = class_builds.words(self.source)
        self.sizes = {field.path: derived.defaults[s] for s, field in derived.fields.items() if "[" not in field.path}
        self.depths = sorted(
            {
                int(derived.defaults[s])
                for s in derived.fields
                if BY_SYMBOL[s].kind is SizeKind.DEPTH and derived.defaults[s] <= MOST_LAYERS
            }
        )[:2]
        self.relevant = {
            path
            for path in (*self.sizes, *derived.list_paths, *derived.fixed_by_code, *derived.fixed_by_derivation)
            if PATH.fullmatch(path)
        }
        self.full = {"model_type": kind.name, **self.builds.default}
        self.bare: File = {"model_type": kind.name, **self.builds.legal}
        self.sparse = self.flat = self.bare
        self.counts: dict[str, int | None] = {}

    # The two sides of a comparison.

    def rules(self) -> FieldRules:
        """Return the rules as they stand."""
        return FieldRules(
            dict(sorted(self.aliases.items())),
            dict(sorted(self.fixed.items())),
            {path: frozenset(kinds) for path, kinds in sorted(self.refused.items()) if kinds},
            dict(sorted(self.unless.items())),
            self.labels,
            equal={path: tuple(values) for path, values in sorted(self.equal.items()) if values},
        )

    def ours(self, file: File, head: str = FIRST) -> int | None:
        """Return the count of the reader, None if it refuses the file."""
        try:
            return count(read_config(file, FILE, head, entry=self.entry.with_rules(self.rules())))
        except BertsymError:
            return None

    def theirs(self, file: File, head: str = FIRST) -> int | None:
        """Return the count of the class, None if the library refuses the file."""
        try:
            return self.builds.count(file, self.classes[head])
        except BuildError:
            return None

    def outcome(self, base: File, changes: Changes, head: str = FIRST) -> str:
        """Return `refused` by the reader, `rejected` by the library, `agree` or `disagree`."""
        file = changed(base, dict(changes))
        counted = self.ours(file, head)
        if counted is None:
            return "refused"
        built = self.theirs(file, head)
        return "rejected" if built is None else "agree" if built == counted else "disagree"

    # The search.

    def run(self) -> FieldRules:
        """Return the rules of the entry."""
        if FIRST not in self.classes:
            return FieldRules()
        self.labels = self.builds.default_config().num_labels
        self.find_sparse()
        self.limit_depth()
        samples = self.samples(SAMPLES)
        if len(samples) < SAMPLES and self.outcome(self.full, ()) == "agree":
            samples.append(self.full)
        self.bases = [file for file in (self.sparse, *samples) if self.outcome(file, ()) == "agree"]
        if not self.bases:
            raise NoAgreement(f"no file of {self.kind.name} is counted as the class builds it")
        steps = (
            self.known_aliases, self.undeclared, self.declared, self.layer_lists, self.size_values, self.parts,
            self.equal_values,
        )  # fmt: skip
        for step in (*steps, self.several):
            began, seen = time.process_time(), len(self.refused) + len(self.fixed)
            step()
            self.log.append(
                f"{step.__name__} {time.process_time() - began:.1f}s +{len(self.refused) + len(self.fixed) - seen}"
            )
        return self.rules()

    def find_sparse(self) -> None:
        """Refuse the files that omit a field, if the class and the reader then take different defaults."""
        if self.outcome(self.sparse, ()) != "disagree" or self.outcome(self.full, ()) != "agree":
            return
        items = [(name, ...) for name in self.full if name not in self.bare]
        needed = self.isolate(items, lambda some: self.outcome(self.full, tuple(some)) != "disagree")
        for name, _ in needed:
            self.refused[name].add(ValueKind.ABSENT)
        self.sparse = {**self.bare, **{name: self.full[name] for name, _ in needed}}

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
        space = stored_space(self.derived)
        agreeing: list[File] = []
        for attempt in range(6 * number):
            steps = strategy_sample(space, self.random, ("small", "uniform")[attempt % 2])
            try:
                file = {"model_type": self.kind.name, **self.builds.sample(space.fields(steps))}
            except BuildError:
                continue
            if self.outcome(file, ()) == "agree":
                agreeing.append(file)
            if len(agreeing) == 2 * number:
                break
        return sorted(agreeing, key=self.seconds)[:number]

    def isolate(self, items: Sequence[Any], passes: Callable[[Sequence[Any]], bool]) -> list[Any]:
        """Return the items without which all the others pass together."""
        return isolate_failing(items, passes, lambda: time.process_time() > self.deadline)

    def disagreeing(self, base: File, items: Sequence[tuple[str, Any]], head: str = FIRST) -> list[tuple[str, Any]]:
        """Return the changes that the reader counts and the class does not build alike.

        Fields that failed before are tried one by one, so that the rest passes at once.
        """
        group = [item for item in items if item[0] not in self.suspects]
        accepted = self.isolated(group, lambda some: self.ours(changed(base, dict(some)), head) is not None)
        built = self.isolated(accepted, lambda some: self.outcome(base, tuple(some), head) != "rejected")
        bad = self.isolate(built, lambda some: self.outcome(base, tuple(some), head) != "disagree")
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

    # Steps.

    def known_aliases(self) -> None:
        """Take the `attribute_map` of each configuration as aliases, where the class agrees."""
        spelled = {alias for field in self.derived.fields.values() for alias in field.aliases}
        for part, config in {"": self.builds.config_class, **self.configs}.items():
            for alias, name in sorted(config.attribute_map.items()):
                prefix = f"{part}." if part else ""
                source, target = prefix + alias, prefix + name
                if source not in spelled and PATH.fullmatch(source) and target in self.relevant:
                    self.try_alias(source, target)

    def try_alias(self, alias: str, target: str) -> bool:
        """Take an alias if the class counts it, on its own and in full files, as it counts its target."""
        cases = [(changed(base, {target: ...}), value) for base in self.bases[:2] for value in self.values(target)[:3]]
        return self.taken(alias, target, cases)

    def try_flat(self, alias: str, target: str) -> bool:
        """Take an alias of a field in a part if the class agrees for files without that part."""
        part = target.rpartition(".")[0]
        values = self.values(target)[:3]
        return self.taken(alias, target, [(changed(self.flat, {part: ...}), value) for value in values])

    def values(self, path: str) -> list[Any]:
        """Return other values of a field than null and zero."""
        default = self.sizes.get(path, at(self.full, path))
        values = field_values.sizes(default) if path in self.sizes else field_values.others(default, ())
        return [value for value in values if value is not None and value != 0]

    def taken(self, alias: str, target: str, cases: Sequence[tuple[File, Any]]) -> bool:
        """Take an alias if no file disagrees, and if one that agrees differs from the file without the alias."""
        before = self.refused.pop(alias, None)
        self.aliases[alias] = target
        is_shown = target not in self.sizes
        for file, value in cases:
            outcome = self.outcome(file, ((alias, value),))
            if outcome == "disagree" or (
                outcome == "rejected" and self.theirs(changed(file, {target: value})) is not None
            ):
                is_shown = False
                break
            if outcome == "agree" and not is_shown:
                is_shown = self.ours(changed(file, {alias: value})) != self.ours(file)
        if not is_shown:
            del self.aliases[alias]
            if before is not None:
                self.refused[alias] = before
        return is_shown

    def undeclared(self) -> None:
        """Refuse the undeclared names that the class or the model code reads, unless they are aliases."""
        if self.configs:
            self.flat_names()
        names = self.builds.names(self.source)
        items = [path for path in self.undeclared_paths(names) if path not in self.aliases and path not in self.refused]
        bad: list[str] = []
        for index, value in enumerate(field_values.UNDECLARED):
            for base in self.tried_at(index):
                trial = [(path, value) for path in items if path not in bad]
                bad += [path for path, _ in self.disagreeing(base, trial)]
        for path in bad:
            if self.only_rejected(path):
                continue
            companion = self.companion(path, field_values.UNDECLARED)
            self.refused[path].add(ValueKind.ANY)
            if companion is not None:
                self.unless[path] = companion
            elif not self.keyword_alias(path):
                self.refuse_nothing(path)

    def only_rejected(self, path: str) -> bool:
        """Return True if no value of a name makes the class build otherwise; refuse the kinds that it never takes."""
        outcomes: dict[ValueKind, set[str]] = defaultdict(set)
        for value in (*field_values.UNDECLARED, *field_values.HARMLESS):
            kind = field_values.kind_at(value, None)
            outcomes[kind] |= {self.outcome(base, ((path, value),)) for base in self.bases[:2]}
        if any("disagree" in seen for seen in outcomes.values()):
            return False
        self.refused[path] |= {kind for kind, seen in outcomes.items() if "agree" not in seen}
        return True

    def refuse_nothing(self, path: str) -> None:
        """Refuse null, false or zero at a name that is read, if the class does not take it for an absent field."""
        for value in field_values.HARMLESS:
            if any(self.outcome(base, ((path, value),)) in ("disagree", "rejected") for base in self.bases[:2]):
                self.refused[path].add(field_values.kind_at(value, None))

    def companion(self, path: str, values: Sequence[Any]) -> str | None:
        """Return the list of the same part that makes a field idle, as `indexer_types` does for its rule.

        In full files no value may have an effect, and one must have an effect if the list is left out.
        """
        part = path.rpartition(".")[0]
        _, *full = self.bases
        seen = {self.outcome(base, ((path, value),)) for base in full for value in values}
        if "agree" not in seen or "disagree" in seen:
            return None
        for name, found in field_values.leaves(self.full, frozenset(self.configs)).items():
            if name != path and name.rpartition(".")[0] == part and isinstance(found, list) and at(full[-1], name):
                without = changed(full[-1], {name: ...})
                if self.outcome(without, ()) == "agree" and any(
                    self.outcome(without, ((path, value),)) in ("disagree", "rejected") for value in values
                ):
                    return name
        return None

    def undeclared_paths(self, names: Iterable[str]) -> Iterator[str]:
        """Yield the names in every part of the full file that the part does not declare."""
        parts = {"": self.full} | {
            path: part for path, part in field_values.leaves(self.full, frozenset()).items() if isinstance(part, dict)
        }
        for path, part in sorted(parts.items()):
            if SETTINGS.search(path) or PER_LAYER in path or not PATH.fullmatch(path or "x"):
                continue
            config = (
                self.builds.config_class if not path else type(self.configs[path]) if path in self.configs else None
            )
            for name in sorted(names):
                inner = f"{path}.{name}" if path else name
                if name in part or SETTINGS.search(inner) or callable(getattr(config, name, None)):
                    continue
                if inner not in self.sizes and inner not in self.derived.no_effect and PATH.fullmatch(inner):
                    yield inner

    def flat_names(self) -> None:
        """Take names of the root as aliases of sizes in a part, or refuse them, if the class hands them on to the part.

        Such a class reads a flat file, without the part, as the file of the part.
        """
        by_name: dict[str, list[str]] = defaultdict(list)
        for path in field_values.leaves(self.full, frozenset(self.configs)):
            part, _, name = path.rpartition(".")
            if part in self.configs and name not in self.full and path in self.relevant and not SETTINGS.search(name):
                by_name[name].append(path)
        if not self.disagree_flat(tuple((name, 2) for name in by_name)):
            return
        depths = {f.path for s, f in self.derived.fields.items() if BY_SYMBOL[s].kind is SizeKind.DEPTH}
        taking = ""
        for name in sorted(by_name, key=lambda name: (not depths.intersection(by_name[name]), name)):
            targets = [path for path in by_name[name] if path.startswith(taking)]
            target = next((target for target in targets if self.try_flat(name, target)), None)
            if target is None:
                if any(self.disagree_flat(((name, value),)) for value in (2, True, 3, [1])):
                    self.refused[name].add(ValueKind.ANY)
            elif target in depths and not taking:
                part = target.rpartition(".")[0]
                taking = f"{part}."
                self.flat = changed(self.sparse, {part: ..., name: 2})

    def disagree_flat(self, changes: Changes) -> bool:
        """Return True if changes to a file without parts matter, or if the library rejects them."""
        return bool(changes) and self.outcome(self.flat, changes) in ("disagree", "rejected")

    def keyword_alias(self, path: str) -> bool:
        """Return True if the class takes a keyword for a size of the same part, and note it as an alias."""
        part, _, name = path.rpartition(".")
        if not re.search(rf"[\"']{name}[\"']", self.source):
            return False
        targets = [
            size for size in self.sizes if size.rpartition(".")[0] == part and not isinstance(self.sizes[size], bool)
        ]
        for target in targets[:MOST_ALIAS_CANDIDATES]:
            value = next((v for v in field_values.sizes(self.sizes[target])[2:]), None)
            counted = self.ours(changed(self.sparse, {target: value}))
            if counted is None or counted == self.ours(self.sparse):
                continue
            if self.theirs(changed(self.sparse, {path: value})) == counted and self.try_alias(path, target):
                return True
        return False

    def declared(self) -> None:
        """Try other values at the declared fields that are no sizes."""
        parts = frozenset(self.configs)
        fields = {
            path: found
            for path, found in field_values.leaves(self.full, parts).items()
            if path not in self.sizes.keys() | self.derived.list_paths
            and not SETTINGS.search(path)
            and PATH.fullmatch(path)
        }
        values = {
            path: field_values.others(found, self.words.get(path.rpartition(".")[2], ()), self.depths)
            for path, found in fields.items()
        }
        for index in range(max(map(len, values.values()), default=0)):
            items = [(path, those[index]) for path, those in values.items() if index < len(those)]
            for base in self.tried_at(index):
                trial = [(path, value) for path, value in items if not self.is_refused(path, value, fields[path])]
                failing = self.disagreeing(base, trial)
                for path, value in trial:
                    if (path, value) not in failing and field_values.shows_kind(value, fields[path]):
                        self.agreed[path].add(field_values.kind_at(value, None))
                for path, value in failing:
                    self.refuse(path, value, fields[path], base)
        for path, kinds in self.rejected.items():
            self.refused[path] |= kinds - self.agreed[path]
        removed = [(path, ...) for path in fields if not self.is_refused(path, ..., None)]
        for base in self.bases[1:]:
            for path, value in self.disagreeing(base, removed):
                self.refuse(path, value, fields[path], base)

    def layer_lists(self) -> None:
        """Refuse the lists with an entry a layer that the class reads otherwise than the formulas."""
        for path in sorted(self.derived.list_paths - self.sizes.keys()):
            default = at(self.full, path)
            for base in self.bases[:2]:
                entries = at(base, path) if isinstance(at(base, path), list) else default
                for value in (*field_values.others(entries, self.words.get(path.rpartition(".")[2], ())), ...):
                    kind = field_values.kind_at(value, None)
                    if kind not in self.refused[path] and self.outcome(base, ((path, value),)) == "disagree":
                        self.refused[path].add(kind)

    def tried_at(self, index: int) -> list[File]:
        """Return the files in which the value of that index is tried: all for the first, else the sparse and another.

        What a full file says may hide what the class makes of a field.
        """
        _, *full = self.bases
        return self.bases if index == 0 or not full else [self.sparse, full[index % len(full)]]

    def is_refused(self, path: str, value: Any, default: Any) -> bool:
        """Return True if the rules refuse the value already."""
        if path in self.fixed and value is not ...:
            return True
        return self.rules().refuses(path, field_values.kind_at(value, default if path in self.sizes else None))

    def refuse(self, path: str, value: Any, default: Any, base: File) -> None:
        """Refuse the kind of a value; fix the field at its default if the kind is that of the default."""
        kind = field_values.kind_at(value, default if path in self.sizes else None)
        if self.outcome(base, ((path, value),)) == "rejected":
            if kind is not ValueKind.ABSENT and kind is not field_values.kind_at(default, None):
                self.rejected[path].add(kind)
        elif path in self.sizes or default is None or kind in (ValueKind.ABSENT, ValueKind.NULL):
            if default is None and path not in self.refused:
                companion = self.companion(path, field_values.INSTEAD_OF_NOTHING)
                if companion is not None:
                    self.unless[path] = companion
            elif base is not self.sparse:
                self.unless.pop(path, None)
            self.refused[path].add(kind)
        else:
            self.fixed[path] = default

    def size_values(self) -> None:
        """Try null, zero and numbers on both sides of the default at every size, and leave each out."""
        for path, default in sorted(self.sizes.items()):
            outcomes: dict[ValueKind, set[str]] = defaultdict(set)
            for index, base in enumerate(self.bases[:2]):
                for value in (*(field_values.sizes(default) if index else field_values.sizes(default)[:4]), ...):
                    part = path.rpartition(".")[0]
                    if not self.is_refused(path, value, default) and not (
                        value is ... and part and at(base, part) is None
                    ):
                        outcomes[field_values.kind_at(value, default)].add(self.outcome(base, ((path, value),)))
            for kind, seen in outcomes.items():
                untested = "rejected" in seen and "agree" not in seen and kind in (ValueKind.NULL, ValueKind.ZERO)
                if "disagree" in seen or untested:
                    self.refused[path].add(kind)

    def parts(self) -> None:
        """Try parts that are null, empty or partial, and lists of sizes."""
        for part, config in sorted(self.configs.items()):
            named = {"model_type": config.model_type} if config.model_type else {}
            for base in self.bases:
                for value in (None, {}, named, ...):
                    kind = field_values.kind_at(value, None)
                    if kind not in self.refused[part] and self.outcome(base, ((part, value),)) == "disagree":
                        self.refused[part].add(kind) if value != named or not named else self.absent(part, base)

    def absent(self, part: str, base: File) -> None:
        """Refuse files that leave out fields of a part whose absence the reader does not count as the class does."""
        inner = at(self.full, part)
        items = [
            (f"{part}.{name}", ...) for name in inner if name != "model_type" and not isinstance(inner[name], dict)
        ]
        whole = changed(base, {part: inner})
        for path, _ in self.disagreeing(whole, items):
            self.refused[path].add(ValueKind.ABSENT)

    def equal_values(self) -> None:
        """Accept the words and switches that the class builds as it builds the value of a fixed field."""
        for path, value in {**self.derived.fixed_by_code, **self.fixed}.items():
            if path in self.derived.list_paths or not PATH.fullmatch(path) or path.rpartition(".")[2] == "model_type":
                continue
            for other in field_values.others(value, self.words.get(path.rpartition(".")[2], ())):
                if (other is None or isinstance(other, bool | str)) and self.builds_alike(path, other):
                    self.equal[path].append(other)

    def builds_alike(self, path: str, value: Any) -> bool:
        """Return True if a value changes nothing in any of the files."""
        counts = [(self.theirs(base), self.theirs(changed(base, {path: value}))) for base in self.bases]
        return all(plain == other and plain is not None for plain, other in counts)

    # The check, drawn otherwise.

    def several(self) -> None:
        """Change several fields at once for every class, and refuse one of the changes that disagree together."""
        random = Random(f"{self.kind.name} {self.seed} several")
        samples = self.samples(2)
        for head in self.classes:
            for _ in range(TRIALS if head == FIRST else HEAD_TRIALS):
                if time.process_time() > self.deadline + BUDGET:
                    return
                base = random.choice([self.sparse, self.sparse, self.full, *samples])
                changes = dict(self.random_change(random) for _ in range(random.choice([1, 2, 2, 3, 4])))
                while changes and self.outcome(base, tuple(changes.items()), head) == "disagree":
                    if not self.blame(base, changes, head):
                        break

    def random_change(self, random: Random) -> tuple[str, Any]:
        """Return a random field with a random value of it."""
        pool = random.random()
        fields = [path for path in field_values.leaves(self.full, frozenset(self.configs)) if not SETTINGS.search(path)]
        if pool < 0.45 and self.sizes:
            path = random.choice(sorted(self.sizes))
            return path, random.choice([*field_values.sizes(self.sizes[path]), ..., random.randint(1, 64)])
        if pool < 0.55 and self.aliases:
            alias = random.choice(sorted(self.aliases))
            return alias, random.choice(self.values(self.aliases[alias]) or [1])
        if pool < 0.65 and self.configs:
            part = random.choice(sorted(self.configs))
            return part, random.choice([None, {}, {"model_type": self.configs[part].model_type}, ...])
        path = random.choice(fields or ["x"])
        return path, random.choice(
            [*field_values.others(at(self.full, path), self.words.get(path.rpartition(".")[2], ())), ...]
        )

    def blame(self, base: File, changes: dict[str, Any], head: str) -> bool:
        """Refuse a change from a smallest set that disagrees; remove it from the changes."""
        smallest = dict(changes)
        for path in list(smallest):
            fewer = {name: value for name, value in smallest.items() if name != path}
            if self.outcome(base, tuple(fewer.items()), head) == "disagree":
                smallest = fewer
        if not smallest:
            self.log.append(f"{head}: the file itself disagrees")
            return False
        order = lambda path: (path in self.aliases, path not in self.sizes, smallest[path] is None, path)  # noqa: E731
        equal = next((name for name, value in smallest.items() if value in self.equal.get(name, ())), None)
        path = max(smallest, key=order) if equal is None else equal
        self.log.append(f"{head}: {smallest} disagree")
        if equal is not None:
            self.equal[path].remove(smallest[path])
        elif path in self.aliases:
            del self.aliases[path]
            self.refused[path].add(ValueKind.ANY)
        else:
            default = self.sizes.get(path, at(self.full, path))
            before = self.rules()
            self.refuse(path, smallest[path], default, base)
            if self.rules() == before:
                self.refused[path].add(field_values.kind_at(smallest[path], default))
        del changes[path]
        return True


def field_rules(kind: Kind, derived: Derived, seed: int) -> FieldRules:
    """Return the rules of an entry about the files of its model type."""
    return FieldSearch(kind, derived, seed).run()


if __name__ == "__main__":
    import sys

    import atlas_index as shelf
    from atlas_types import kinds

    from bertsym.saved_model.decode import parsed
    from bertsym.saved_model.encode import text

    for name in sys.argv[1:]:
        (kind,) = (kind for kind in kinds() if kind.name == name)
        read = parsed(json.loads(shelf.path(name).read_bytes()), Path(name))
        began = time.process_time()
        search = FieldSearch(kind, read, 0)
        rules = search.run()
        print(name, f"{time.process_time() - began:.1f}", *search.log, sep="\n  ")
        out = json.loads(text(replace(read, rules=rules)))
        print(json.dumps(out.get("fields"))[:3000])
