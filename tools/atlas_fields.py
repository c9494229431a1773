"""Record how an entry's configuration files are read: spellings, and the values that the reader must refuse.

The class is built from files with values that people and accidents give, and bertsym counts the same files. Where the
two disagree, or where the library rejects all values of a kind, the reader refuses that kind from now on. Groups of
changes are tried together, and the ones that disagree are isolated by halves (group testing, Dorfman 1943).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any

import field_values
from atlas_types import Kind
from class_builds import File, at, changed
from field_aliases import AliasSearch
from field_trials import BUDGET, SETTINGS, FieldTrials
from layer_tables import LayerTables

from bertsym.config.field_rules import PER_LAYER
from bertsym.saved_model.derived import FIRST, Derived
from bertsym.saved_model.field_rules import FieldRules, ValueKind
from bertsym.saved_model.json_node import PATH
from bertsym.symbols import BY_SYMBOL
from bertsym.symbols import Kind as SizeKind

# Files with several changes for the bare model, and for each of its heads, which share its configuration.
TRIALS, HEAD_TRIALS = 24, 8
# Lists with an entry a layer are tried for stacks of at most so many layers.
MOST_LAYERS = 100
# A name that no class reads.
NO_FIELD = "no_such_field"


class FieldSearch:
    """The search for the rules of one entry."""

    def __init__(self, kind: Kind, derived: Derived, seed: int) -> None:
        self.trials = FieldTrials(kind, derived, seed)
        self.draft = self.trials.draft
        self.aliases = AliasSearch(self.trials)
        self.agreed: dict[str, set[ValueKind]] = defaultdict(set)
        self.rejected: dict[str, set[ValueKind]] = defaultdict(set)
        self.spelled = {alias for field in derived.fields.values() for alias in field.aliases}
        self.controls: dict[tuple[str, int], dict[ValueKind, set[str]]] = {}
        depths = {int(derived.defaults[s]) for s in derived.fields if BY_SYMBOL[s].kind is SizeKind.DEPTH}
        self.depths = sorted(depth for depth in depths if depth <= MOST_LAYERS)[:2]

    def run(self) -> FieldRules:
        """Return the rules of the entry; raise `NoAgreement` if its formulas fit no file."""
        if FIRST not in self.trials.classes:
            return FieldRules()
        self.draft.labels = self.trials.builds.configuration().num_labels
        LayerTables(self.trials).take()
        self.trials.prepare()
        steps = (
            self.aliases.take_declared, self.aliases.take_copies, self.undeclared, self.aliases.take_prevailing,
            self.aliases.take_part_dicts,
            self.declared, self.products, self.lengths, self.layer_lists, self.size_values, self.parts,
            self.equal_values, self.several,
        )  # fmt: skip
        for step in steps:
            began = time.process_time()
            step()
            self.trials.log.append(f"{step.__name__} {time.process_time() - began:.1f}s")
        return self.draft.rules()

    def undeclared(self) -> None:
        """Refuse the undeclared names that the class or the model code reads, unless they are aliases."""
        if self.trials.configs:
            self.aliases.take_flat()
        names = self.trials.builds.names(self.trials.source)
        items = [
            path
            for path in self.undeclared_paths(names)
            if path not in self.draft.aliases and path not in self.draft.refused
        ]
        bad: list[str] = []
        for index, value in enumerate(field_values.UNDECLARED):
            for base in self.trials.bases_at(index):
                trial = [(path, value) for path in items if path not in bad]
                bad += [path for path, _ in self.trials.disagreeing(base, trial)]
        for path in bad:
            if self.is_only_rejected(path):
                self.aliases.take_keyword(path)  # few widths divide by Falcon's 71 heads
                continue
            self.draft.refused[path].add(ValueKind.ANY)
            if self.aliases.take_keyword(path):
                continue
            companion = self.companion(path, field_values.UNDECLARED)
            if companion is not None:
                self.draft.unless[path] = companion
            else:
                self.refuse_nothing(path)

    def outcomes_by_kind(self, path: str, base: File) -> dict[ValueKind, set[str]]:
        """Return the outcomes of values at an undeclared name by the kind of the value."""
        outcomes: dict[ValueKind, set[str]] = defaultdict(set)
        for value in (*field_values.UNDECLARED, *field_values.HARMLESS):
            outcomes[field_values.kind_at(value, None)].add(self.trials.outcome(base, ((path, value),)))
        return outcomes

    def is_only_rejected(self, path: str) -> bool:
        """Return True if no value of a name makes the class build otherwise; refuse the kinds that it never takes.

        A kind is refused if one of the files takes no value of it: the class reads it there, in words of its own, as
        DeepSeek-V4 reads `compress_ratios`. A list that makes the name idle in the other files is noted.
        """
        part = path.rpartition(".")[0]
        never: set[ValueKind] = set()
        for index, base in enumerate(self.trials.bases):
            outcomes = self.outcomes_by_kind(path, base)
            if any("disagree" in seen for seen in outcomes.values()):
                return False
            # Some parts take no undeclared name at all, or none beside fields that are left out.
            if (part, index) not in self.controls:
                self.controls[part, index] = self.outcomes_by_kind(f"{part}.{NO_FIELD}".lstrip("."), base)
            control = self.controls[part, index]
            never |= {kind for kind, seen in outcomes.items() if "agree" not in seen and "agree" in control[kind]}
        # The spelling of a size takes numbers as the size does, few of which were tried.
        self.draft.refused[path] |= never - ({ValueKind.NUMBER} if path in self.spelled else set())
        companion = self.companion(path, field_values.UNDECLARED)
        if companion is not None:
            self.draft.unless[path] = companion
        return True

    def refuse_nothing(self, path: str) -> None:
        """Refuse null, false or zero at a name that is read, if the class does not take it for an absent field."""
        for value in field_values.HARMLESS:
            if any(
                self.trials.outcome(base, ((path, value),)) in ("disagree", "rejected")
                for base in self.trials.bases[:2]
            ):
                self.draft.refused[path].add(field_values.kind_at(value, None))

    def companion(self, path: str, values: Sequence[Any]) -> str | None:
        """Return the list of the same part that makes a field idle, as `indexer_types` does for its rule.

        In full files no value may have an effect, and one must have an effect if the list is left out.
        """
        part = path.rpartition(".")[0]
        _, *full = self.trials.bases
        seen = {self.trials.outcome(base, ((path, value),)) for base in full for value in values}
        if "agree" not in seen or "disagree" in seen:
            return None
        for name, found in field_values.leaves(self.trials.full, frozenset(self.trials.configs)).items():
            if name != path and name.rpartition(".")[0] == part and isinstance(found, list) and at(full[-1], name):
                without = changed(full[-1], {name: ...})
                if self.trials.outcome(without, ()) == "agree" and any(
                    self.trials.outcome(without, ((path, value),)) in ("disagree", "rejected") for value in values
                ):
                    return name
        return None

    def undeclared_paths(self, names: Iterable[str]) -> Iterator[str]:
        """Yield the names in every part of the full file that the part does not declare."""
        parts = {"": self.trials.full} | {
            path: part
            for path, part in field_values.leaves(self.trials.full, frozenset()).items()
            if isinstance(part, dict)
        }
        for path, part in sorted(parts.items()):
            if SETTINGS.search(path) or PER_LAYER in path or not PATH.fullmatch(path or "x"):
                continue
            config = (
                self.trials.builds.config_class
                if not path
                else type(self.trials.configs[path])
                if path in self.trials.configs
                else None
            )
            for name in sorted(names):
                inner = f"{path}.{name}" if path else name
                if name in part or SETTINGS.search(inner) or callable(getattr(config, name, None)):
                    continue
                if (
                    inner not in self.trials.sizes.keys() | self.trials.derived.list_paths
                    and inner not in self.trials.derived.no_effect
                    and PATH.fullmatch(inner)
                ):
                    yield inner

    def declared(self) -> None:
        """Try other values at the declared fields that are no sizes."""
        parts = frozenset(self.trials.configs)
        fields = {
            path: found
            for path, found in field_values.leaves(self.trials.full, parts).items()
            if path not in self.trials.sizes.keys() | self.trials.derived.list_paths
            and not SETTINGS.search(path)
            and PATH.fullmatch(path)
        }
        values = {
            path: field_values.others(found, self.trials.words_of(path), self.depths) for path, found in fields.items()
        }
        for index in range(max(map(len, values.values()), default=0)):
            items = [(path, those[index]) for path, those in values.items() if index < len(those)]
            for base in self.trials.bases_at(index):
                trial = [(path, value) for path, value in items if not self.is_refused(path, value, fields[path])]
                failing = self.trials.disagreeing(base, trial)
                for path, value in trial:
                    if (path, value) not in failing and field_values.shows_kind(value, fields[path]):
                        self.agreed[path].add(field_values.kind_at(value, None))
                for path, value in failing:
                    self.refuse(path, value, fields[path], base)
        for path, kinds in self.rejected.items():
            self.draft.refused[path] |= kinds - self.agreed[path]
        removed = [(path, ...) for path in fields if not self.is_refused(path, ..., None)]
        for base in self.trials.bases[1:]:
            for path, value in self.trials.disagreeing(base, removed):
                self.refuse(path, value, fields[path], base)

    def layer_lists(self) -> None:
        """Refuse the lists with an entry a layer that the class reads otherwise than the formulas."""
        for path in sorted(self.trials.derived.list_paths - self.trials.sizes.keys()):
            default = at(self.trials.full, path)
            for base in self.trials.bases[:2]:
                entries = at(base, path) if isinstance(at(base, path), list) else default
                for value in (*field_values.others(entries, self.trials.words_of(path)), ...):
                    kind = field_values.kind_at(value, None)
                    if (
                        kind not in self.draft.refused[path]
                        and self.trials.outcome(base, ((path, value),)) == "disagree"
                    ):
                        self.draft.refused[path].add(kind)

    def is_refused(self, path: str, value: Any, default: Any) -> bool:
        """Return True if the rules refuse the value already."""
        if path in self.draft.fixed and value is not ...:
            return True
        return self.draft.rules().refuses(
            path, field_values.kind_at(value, default if path in self.trials.sizes else None)
        )

    def refuse(self, path: str, value: Any, default: Any, base: File) -> None:
        """Refuse the kind of a value; fix the field at its default if the kind is that of the default."""
        kind = field_values.kind_at(value, default if path in self.trials.sizes else None)
        if self.trials.outcome(base, ((path, value),)) == "rejected":
            if kind is not ValueKind.ABSENT and kind is not field_values.kind_at(default, None):
                self.rejected[path].add(kind)
        elif path in self.trials.sizes or default is None or kind in (ValueKind.ABSENT, ValueKind.NULL):
            if default is None and path not in self.draft.refused:
                companion = self.companion(path, field_values.INSTEAD_OF_NOTHING)
                if companion is not None:
                    self.draft.unless[path] = companion
            elif base is not self.trials.sparse:
                self.draft.unless.pop(path, None)
            self.draft.refused[path].add(kind)
        elif kind is not field_values.kind_at(default, None) and not isinstance(default, dict):
            self.draft.refused[path].add(kind)
        else:
            self.draft.fixed[path] = default

    def products(self) -> None:
        """Free the fixed ratios that only say what the class computes for a size that a file omits."""
        for path, default in list(self.draft.fixed.items()):
            if type(default) not in (int, float) or PER_LAYER in path:
                continue
            part = path.rpartition(".")[0]
            beside = [size for size in self.trials.sizes if size.rpartition(".")[0] == part]
            del self.draft.fixed[path]
            if not any(self.is_product(path, target, size) for target in beside for size in beside if size != target):
                self.draft.fixed[path] = default
                continue
            for value in (*field_values.HARMLESS, *field_values.UNDECLARED):
                kind = field_values.kind_at(value, None)
                if kind is not ValueKind.NUMBER:
                    outcomes = {self.trials.outcome(base, ((path, value),)) for base in self.trials.bases[:2]}
                    if outcomes & {"disagree", "rejected"}:
                        self.draft.refused[path].add(kind)

    def is_product(self, ratio: str, target: str, size: str) -> bool:
        """Take a ratio if files without the target are counted as the class builds them, at every ratio and size."""
        self.draft.products[target] = (size, ratio)
        outcomes, effects = set(), set()
        ratios = {at(self.trials.full, ratio), *field_values.RATIOS}
        for base in [*self.trials.bases, self.trials.full]:
            for value in sorted(ratios):
                for without in (True, False):
                    file = changed(base, {ratio: value} | ({target: ...} if without else {}))
                    outcomes.add(self.trials.outcome(file, ()))
                    effects.add(self.trials.theirs(file) if without and base is self.trials.full else None)
        if "disagree" in outcomes or "agree" not in outcomes or len(effects - {None}) < len(ratios):
            del self.draft.products[target]
            return False
        return True

    def lengths(self) -> None:
        """Fix the length alone of a list of numbers whose numbers matter to no tensor, as Qwen3-VL's deepstack has."""
        for path, default in list(self.draft.fixed.items()):
            is_list = isinstance(default, list) and default and all(type(entry) is int for entry in default)
            if not is_list or not self.is_length_only(path, default):
                continue
            del self.draft.fixed[path]
            self.draft.fixed[f"{path}[]"] = len(default)
            for value in (None, *field_values.INSTEAD_OF_A_LIST):
                if not self.builds_alike(path, value):
                    self.draft.refused[path].add(field_values.kind_at(value, None))

    def is_length_only(self, path: str, default: Sequence[int]) -> bool:
        """Return True if the class builds every list of that length alike, those with an entry twice included."""
        random = Random(f"{self.trials.kind.name} {path}")
        lists = [[entry] * len(default) for entry in (0, default[-1])]
        lists += [[random.randint(0, 2 * max(default) + 2) for _ in default] for _ in range(4)]
        bases = [base for base in (*self.trials.bases, self.trials.full) if at(base, path) in (None, default)]
        pairs = [(base, self.trials.theirs(changed(base, {path: entries}))) for base in bases for entries in lists]
        built = [(self.trials.theirs(base), count) for base, count in pairs if count is not None]
        return bool(built) and all(plain == count for plain, count in built)

    def size_values(self) -> None:
        """Try null, zero and numbers on both sides of the default at every size, and leave each out."""
        for path, default in sorted(self.trials.sizes.items()):
            outcomes: dict[ValueKind, set[str]] = defaultdict(set)
            for index, base in enumerate(self.trials.bases[:2]):
                for value in (*(field_values.sizes(default) if index else field_values.sizes(default)[:4]), ...):
                    part = path.rpartition(".")[0]
                    if not self.is_refused(path, value, default) and not (
                        value is ... and part and at(base, part) is None
                    ):
                        outcomes[field_values.kind_at(value, default)].add(self.trials.outcome(base, ((path, value),)))
            for kind, seen in outcomes.items():
                untested = "rejected" in seen and "agree" not in seen and kind in (ValueKind.NULL, ValueKind.ZERO)
                if "disagree" in seen or untested:
                    self.draft.refused[path].add(kind)

    def parts(self) -> None:
        """Try parts that are null, empty or partial, and lists of sizes."""
        for part, config in sorted(self.trials.configs.items()):
            named = {"model_type": config.model_type} if config.model_type else {}
            for base in self.trials.bases:
                for value in (None, {}, named, ...):
                    kind = field_values.kind_at(value, None)
                    if (
                        kind not in self.draft.refused[part]
                        and self.trials.outcome(base, ((part, value),)) == "disagree"
                    ):
                        self.draft.refused[part].add(kind) if value != named or not named else self.absent(part, base)
                if named and self.trials.outcome(base, ((part, named),)) == "disagree":
                    self.require_sizes(part)

    def absent(self, part: str, base: File) -> None:
        """Refuse files that leave out fields of a part whose absence the reader does not count as the class does."""
        inner = at(self.trials.full, part)
        items = [
            (f"{part}.{name}", ...)
            for name in inner
            if not isinstance(inner[name], dict) and not SETTINGS.search(f"{part}.{name}")
        ]
        whole = changed(base, {part: inner})
        for path, _ in self.trials.disagreeing(whole, items):
            self.draft.refused[path].add(ValueKind.ABSENT)

    def require_sizes(self, part: str) -> None:
        """Refuse files that give a part without all of its sizes."""
        for path in self.trials.sizes.keys() | {field.path for field in self.trials.derived.fields.values()}:
            if path.startswith(f"{part}."):
                self.draft.refused[path.partition("[")[0]].add(ValueKind.ABSENT)

    def equal_values(self) -> None:
        """Accept the words and switches that the class builds as it builds the value of a fixed field."""
        for path, value in {**self.trials.derived.fixed_by_code, **self.draft.fixed}.items():
            if (
                path in self.trials.derived.list_paths
                or not PATH.fullmatch(path)
                or path.endswith("[]")
                or path.rpartition(".")[2] == "model_type"
            ):
                continue
            for other in field_values.others(value, self.trials.words_of(path)):
                if (other is None or isinstance(other, bool | str)) and self.builds_alike(path, other):
                    self.draft.equal[path].append(other)

    def builds_alike(self, path: str, value: Any) -> bool:
        """Return True if a value changes nothing in any of the files."""
        counts = [
            (self.trials.theirs(base), self.trials.theirs(changed(base, {path: value}))) for base in self.trials.bases
        ]
        return all(plain == other and plain is not None for plain, other in counts)

    # The check, drawn otherwise.

    def several(self) -> None:
        """Change several fields at once for every class, and refuse one of the changes that disagree together."""
        random = Random(f"{self.trials.kind.name} {self.trials.seed} several")
        samples = self.trials.samples(2)
        for head in self.trials.classes:
            for _ in range(TRIALS if head == FIRST else HEAD_TRIALS):
                if time.process_time() > self.trials.deadline + BUDGET:
                    return
                base = random.choice([self.trials.sparse, self.trials.sparse, self.trials.full, *samples])
                changes = dict(self.random_change(random) for _ in range(random.choice([1, 2, 2, 3, 4])))
                while changes and self.trials.outcome(base, tuple(changes.items()), head) == "disagree":
                    if not self.blame(base, changes, head):
                        break

    def random_change(self, random: Random) -> tuple[str, Any]:
        """Return a random field with a random value of it."""
        pool = random.random()
        fields = [
            path
            for path in field_values.leaves(self.trials.full, frozenset(self.trials.configs))
            if not SETTINGS.search(path)
        ]
        if pool < 0.45 and self.trials.sizes:
            path = random.choice(sorted(self.trials.sizes))
            return path, random.choice([*field_values.sizes(self.trials.sizes[path]), ..., random.randint(1, 64)])
        if pool < 0.55 and self.draft.aliases:
            alias = random.choice(sorted(self.draft.aliases))
            return alias, random.choice(self.aliases.values(self.draft.aliases[alias]) or [1])
        if pool < 0.65 and self.trials.configs:
            part = random.choice(sorted(self.trials.configs))
            return part, random.choice([None, {}, {"model_type": self.trials.configs[part].model_type}, ...])
        path = random.choice(fields or ["x"])
        return path, random.choice([*field_values.others(at(self.trials.full, path), self.trials.words_of(path)), ...])

    def blame(self, base: File, changes: dict[str, Any], head: str) -> bool:
        """Refuse a change from a smallest set that disagrees; remove it from the changes."""
        smallest = dict(changes)
        for path in list(smallest):
            fewer = {name: value for name, value in smallest.items() if name != path}
            if self.trials.outcome(base, tuple(fewer.items()), head) == "disagree":
                smallest = fewer
        if not smallest:
            self.trials.log.append(f"{head}: the file itself disagrees")
            return False
        prevailing = next((name for name in smallest if name in self.draft.prevailing), None)
        if prevailing is not None:
            del self.draft.prevailing[prevailing], changes[prevailing]
            return True
        order = lambda path: (path in self.draft.aliases, path not in self.trials.sizes, smallest[path] is None, path)  # noqa: E731
        equal = next((name for name, value in smallest.items() if value in self.draft.equal.get(name, ())), None)
        path = max(smallest, key=order) if equal is None else equal
        self.trials.log.append(f"{head}: {smallest} disagree")
        if equal is not None:
            self.draft.equal[path].remove(smallest[path])
        elif path in self.draft.aliases:
            del self.draft.aliases[path]
            self.draft.refused[path].add(ValueKind.ANY)
        else:
            default = self.trials.sizes.get(path, at(self.trials.full, path))
            before = self.draft.rules()
            self.refuse(path, smallest[path], default, base)
            if self.draft.rules() == before:
                self.draft.refused[path].add(field_values.kind_at(smallest[path], default))
        del changes[path]
        return True


def field_rules(kind: Kind, derived: Derived, seed: int) -> FieldRules:
    """Return the rules of an entry about the files of its model type."""
    return FieldSearch(kind, derived, seed).run()
