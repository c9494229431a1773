"""Find the further names of sizes: those that a class declares, takes out of its keywords, or hands on to a part."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import field_values
from class_builds import File, at, changed
from field_trials import SETTINGS, Change, FieldTrials

from bertsym.saved_model.field_rules import ValueKind
from bertsym.saved_model.json_node import PATH
from bertsym.symbols import BY_SYMBOL, Kind

# A class with more sizes is nested, and has no keyword for each of them.
MOST_CANDIDATES = 40


class AliasSearch:
    """The search for the aliases of one entry."""

    def __init__(self, trials: FieldTrials) -> None:
        self.trials, self.draft = trials, trials.draft
        # A file with a part, even a partial one, hides what the class makes of names beside it.
        self.flat: File = {"model_type": trials.kind.name}
        derived = trials.derived
        covered = (*trials.sizes, *derived.list_paths, *derived.fixed_by_code, *derived.fixed_by_derivation)
        self.targets = {path for path in covered if PATH.fullmatch(path)}

    def take_declared(self) -> None:
        """Take the `attribute_map` of each configuration as aliases, where the class agrees."""
        spelled = {alias for field in self.trials.derived.fields.values() for alias in field.aliases}
        for part, config in {"": self.trials.builds.config_class, **self.trials.configs}.items():
            for alias, name in sorted(config.attribute_map.items()):
                prefix = f"{part}." if part else ""
                source, target = prefix + alias, prefix + name
                if source not in spelled and PATH.fullmatch(source) and target in self.targets:
                    self.try_alias(source, target)

    def take_prevailing(self) -> None:
        """Take the aliases that the class reads in place of a field that the file gives too, in either order."""
        spelled = {alias: at.path for at in self.trials.derived.fields.values() for alias in at.aliases}
        for alias, target in sorted({**spelled, **self.draft.aliases}.items()):
            if alias.rpartition(".")[0] == target.rpartition(".")[0] and PATH.fullmatch(alias):
                self.try_prevailing(alias, target, self.trials.bases)

    def take_part_dicts(self) -> None:
        """Take the objects that the class completes with defaults and reads in place of a part: `text_config_dict`."""
        for part in sorted(self.trials.configs):
            name = f"{part}_dict"
            if name.rpartition(".")[2] in self.trials.source:
                sizes = [path for path in self.trials.sizes if path.rpartition(".")[0] == part]
                values = [{path.rpartition(".")[2]: value} for path in sizes for value in self.values(path)[:1]]
                self.try_part_dict(name, part, [{}, *values])

    def try_part_dict(self, name: str, part: str, values: Sequence[File]) -> None:
        """Take a name that prevails over a part if the class agrees, with the part and without it."""
        before = self.draft.refused.pop(name, None)
        self.draft.prevailing[name] = part
        cases = [(base, ((name, value),)) for base in self.trials.bases[:2] for value in values]
        outcomes = [self.shown(base, changes) for base, changes in cases]
        if "disagree" in outcomes or "agree" not in outcomes:
            del self.draft.prevailing[name]
            self.draft.refused[name] |= before or {ValueKind.OBJECT, ValueKind.EMPTY}

    def take_copies(self) -> None:
        """Take the numbers in an object that the class makes of fields beside it, and reads in place of them.

        FastSpeech2 makes `encoder_config` of `encoder_layers` and its kin, and saves both.
        """
        plain = self.trials.theirs(self.trials.full)
        for path, default in field_values.leaves(self.trials.full, frozenset(self.trials.configs)).items():
            part, _, name = path.rpartition(".")
            is_number = isinstance(default, int) and not isinstance(default, bool) and default > 0
            if not (part and is_number and PATH.fullmatch(path)) or part in self.trials.configs or path in self.targets:
                continue
            if self.trials.theirs(changed(self.trials.full, {path: 2 * default})) in (plain, None):
                continue
            beside = f"{part.rpartition('.')[0]}.".lstrip(".")
            alike = [
                size for size, number in self.trials.sizes.items() if number == default and size.startswith(beside)
            ]
            # Encoder and decoder are often alike, so that the count does not tell their sizes apart.
            words = [word for word in part.rpartition(".")[2].split("_") if word != "config"]
            alike.sort(key=lambda size: (not all(word in size for word in words), not size.endswith(name)))
            for size in alike[:MOST_CANDIDATES]:
                if self.try_prevailing(path, size, [self.trials.full]):
                    break

    def try_prevailing(self, name: str, target: str, bases: Sequence[File]) -> bool:
        """Take a name that prevails over a field of the file if the class agrees, wherever the two stand."""
        self.draft.prevailing[name] = target
        both = [base for base in bases if at(base, target) is not None] or [
            changed(bases[0], {target: self.trials.sizes.get(target)})
        ]
        outcomes = []
        for base in both[:2]:
            first = changed(base, {target: ...})
            for value in self.values(target)[:3]:
                if value != at(base, target):
                    outcomes.append(self.shown(base, ((name, value),)))
                    outcomes.append(self.shown(first, ((name, value), (target, at(base, target)))))
        if "disagree" in outcomes or "agree" not in outcomes:
            del self.draft.prevailing[name]
            return False
        return True

    def shown(self, base: File, changes: Sequence[Change]) -> str:
        """Return the outcome of changes, `idle` if both sides agree and the changes have no effect."""
        outcome = self.trials.outcome(base, changes)
        is_idle = outcome == "agree" and self.trials.ours(changed(base, dict(changes))) == self.trials.ours(base)
        return "idle" if is_idle else outcome

    def try_alias(self, alias: str, target: str) -> bool:
        """Take an alias if the class counts it, on its own and in full files, as it counts its target."""
        cases = [
            (changed(base, {target: ...}), value) for base in self.trials.bases[:2] for value in self.values(target)[:3]
        ]
        return self.taken(alias, target, cases)

    def try_flat(self, alias: str, target: str) -> bool:
        """Take an alias of a field in a part if the class agrees for files without that part."""
        part = target.rpartition(".")[0]
        values = self.values(target)[:3]
        return self.taken(alias, target, [(changed(self.flat, {part: ...}), value) for value in values])

    def values(self, path: str) -> list[Any]:
        """Return other values of a field than null and zero."""
        default = self.trials.sizes.get(path, at(self.trials.full, path))
        values = field_values.sizes(default) if path in self.trials.sizes else field_values.others(default, ())
        return [value for value in values if value is not None and value != 0]

    def taken(self, alias: str, target: str, cases: Sequence[tuple[File, Any]]) -> bool:
        """Take an alias if no file disagrees, and if one that agrees differs from the file without the alias."""
        before = self.draft.refused.pop(alias, None)
        self.draft.aliases[alias] = target
        is_shown = target not in self.trials.sizes
        for file, value in cases:
            outcome = self.trials.outcome(file, ((alias, value),))
            if outcome == "disagree" or (
                outcome == "rejected" and self.trials.theirs(changed(file, {target: value})) is not None
            ):
                is_shown = False
                break
            if outcome == "agree" and not is_shown:
                is_shown = self.trials.ours(changed(file, {alias: value})) != self.trials.ours(file)
        if not is_shown:
            del self.draft.aliases[alias]
            if before is not None:
                self.draft.refused[alias] = before
        return is_shown

    def take_flat(self) -> None:
        """Take names of the root as aliases of sizes in a part, or refuse them, if the class hands them on to the part.

        Such a class reads a flat file, without the part, as the file of the part.
        """
        by_name: dict[str, list[str]] = defaultdict(list)
        for path in field_values.leaves(self.trials.full, frozenset(self.trials.configs)):
            part, _, name = path.rpartition(".")
            if (
                part in self.trials.configs
                and name not in self.trials.full
                and path in self.targets
                and not SETTINGS.search(name)
            ):
                by_name[name].append(path)
        if not self.disagree_flat(tuple((name, 2) for name in by_name)):
            return
        depths = {f.path for s, f in self.trials.derived.fields.items() if BY_SYMBOL[s].kind is Kind.DEPTH}
        taking = ""
        for name in sorted(by_name, key=lambda name: (not depths.intersection(by_name[name]), name)):
            targets = [path for path in by_name[name] if path.startswith(taking)]
            target = next((target for target in targets if self.try_flat(name, target)), None)
            if target is None:
                if any(self.disagree_flat(((name, value),)) for value in (2, True, 3, [1])):
                    self.draft.refused[name].add(ValueKind.ANY)
            elif target in depths and not taking:
                taking = f"{target.rpartition('.')[0]}."
                self.flat = {**self.flat, name: 2}

    def disagree_flat(self, changes: Sequence[Change]) -> bool:
        """Return True if changes to a file without parts matter, or if the library rejects them."""
        return bool(changes) and self.trials.outcome(self.flat, changes) in ("disagree", "rejected")

    def take_keyword(self, path: str) -> bool:
        """Return True if the class takes a keyword for a size of the same part, and note it as an alias."""
        part, _, name = path.rpartition(".")
        if not re.search(rf"[\"']{name}[\"']", self.trials.source):
            return False
        targets = [
            size
            for size in self.trials.sizes
            if size.rpartition(".")[0] == part and not isinstance(self.trials.sizes[size], bool)
        ]
        # A file of little more than the model type may lack a list without which nothing is counted.
        bases = [self.trials.sparse, *(base for base in self.trials.bases[:1] if base is not self.trials.sparse)]
        return any(self.try_keyword(path, target, base) for target in targets[:MOST_CANDIDATES] for base in bases)

    def try_keyword(self, path: str, target: str, base: File) -> bool:
        """Take a keyword as an alias of its target if the class counts the two alike."""
        value = next((v for v in field_values.sizes(self.trials.sizes[target])[2:]), None)
        counted = self.trials.ours(changed(base, {target: value}))
        return (
            counted not in (None, self.trials.ours(base))
            and self.trials.theirs(changed(base, {target: ..., path: value})) == counted
            and self.try_alias(path, target)
        )
