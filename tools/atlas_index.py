"""Store the atlas: a file for each entry, and an index of all entries, which is rewritten after each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from atlas_types import VARIANT, Kind

FOLDER = Path(__file__).resolve().parent.parent / "bertsym" / "atlas"
INDEX = FOLDER / "index.json"
ENTRIES = FOLDER / "models"
VARIANT_ENTRIES = FOLDER / "variant_models"


def path(name: str) -> Path:
    """Return the file of the entry of a model type or of a variant."""
    return (VARIANT_ENTRIES if VARIANT in name else ENTRIES) / f"{name}.json"


def kept(source: str) -> dict[str, Any]:
    """Return the stored state of each model type: its line of the index, or the reason why it has no entry.

    An index of another library version counts as empty.
    """
    if not INDEX.exists():
        return {}
    index = json.loads(INDEX.read_bytes())
    models = {name: line for name, line in index["models"].items() if path(line.get("entry", name)).exists()}
    return {**models, **index["missing"]} if index["source"] == source else {}


def part_of(source: str, name: str) -> dict[str, Any]:
    """Return a part of the stored index, nothing if it was written for another release of the library.

    `classes` has the reason for each class without a formula, `coverage` the numbers of classes by mapping.
    """
    if not INDEX.exists():
        return {}
    index = json.loads(INDEX.read_bytes())
    return dict(index.get(name, {})) if index["source"] == source else {}


def settled(found: dict[str, Any] | str) -> bool:
    """Return True if this engine made the entry. A reason for a missing entry counts until `--retry` asks again."""
    from bertsym.derive.export import ENGINE  # noqa: PLC0415

    return isinstance(found, str) or found["engine"] == ENGINE


def line(content: dict[str, Any]) -> dict[str, Any]:
    """Return the line of the index for an entry."""
    heads = content["heads"]
    first = heads["model"]
    entry: dict[str, Any] = {"class": first["class"], "parameters": first["evidence"].get("parameters", 0)}
    entry["heads"] = {name: head["class"] for name, head in heads.items() if not unresolved(head)}
    partly = {name: head["class"] for name, head in heads.items() if unresolved(head)}
    entry |= {"partly": partly} if partly else {}
    entry |= {"unresolved": len(unresolved(first))} if unresolved(first) else {}
    entry |= {key: len(content[key]) for key in ("fixed_by_derivation", "fixed_by_code") if key in content}
    entry["engine"] = content["engine"]
    return entry


def unresolved(head: dict[str, Any]) -> list[list[str]]:
    """Return the tensors of a stored class that have no formula: name, part and reason."""
    missing: list[list[str]] = head["evidence"].get("unresolved", [])
    return missing


class State:
    """The index during a build; it is written after every change."""

    def __init__(self, source: str, everything: list[Kind], kept: dict[str, Any]) -> None:
        self.source, self.everything = source, everything
        self.models = {name: found for name, found in kept.items() if isinstance(found, dict)}
        self.missing = {name: found for name, found in kept.items() if isinstance(found, str)}
        self.classes = part_of(source, "classes")
        self.coverage = part_of(source, "coverage")
        ENTRIES.mkdir(exist_ok=True)

    def put(self, kind: Kind, text: str | None, why: str) -> None:
        """Store the entry of a model type, or the reason why it has none."""
        self.models.pop(kind.name, None)
        self.missing.pop(kind.name, None)
        if text is None:
            path(kind.name).unlink(missing_ok=True)
            self.missing[kind.name] = why
        else:
            path(kind.name).write_text(text, encoding="utf-8", newline="\n")
            self.models[kind.name] = line(json.loads(text))
        self.write()

    def put_heads(self, kind: Kind, text: str, without: dict[str, str]) -> None:
        """Store an entry with further heads, and the reasons for the classes that have no formula."""
        path(kind.name).write_text(text, encoding="utf-8", newline="\n")
        self.models[kind.name] = line(json.loads(text))
        covered = set(self.models[kind.name]["heads"].values())
        self.classes = {cls: why for cls, why in {**self.classes, **without}.items() if cls not in covered}
        self.write()

    def write(self) -> None:
        """Write the index, a line for each model type, atomically."""
        for kind in self.everything:
            if kind.same and kind.same in self.models:
                self.models[kind.name] = {"entry": kind.same, **self.models[kind.same]}
        parts = {"models": self.models, "missing": self.missing, "classes": self.classes, "coverage": self.coverage}
        _write({"source": self.source}, parts)

    def finish(self) -> None:
        """Remove the entries of model types that the library no longer has."""
        names = {kind.name for kind in self.everything if not kind.same}
        for file in ENTRIES.glob("*.json"):
            if file.stem not in names:
                file.unlink()
        self.models = {name: found for name, found in self.models.items() if found.get("entry", name) in names}
        self.missing = {name: why for name, why in self.missing.items() if name in names}
        self.write()

    def summary(self) -> str:
        """Return the numbers of complete, partial and missing entries as a sentence."""
        whole = sum("model" in found["heads"] for found in self.models.values())
        free = sum("model" in found["heads"] and not found.get("fixed_by_derivation") for found in self.models.values())
        heads = sum(len(found["heads"]) for found in self.models.values())
        return (
            f"{whole} model types with a whole formula, {free} of them without a fixed field, {heads} classes; "
            f"{len(self.models) - whole} in part, {len(self.missing)} without"
        )


def refresh() -> None:
    """Write the index again from the entries; reasons of missing types stay, but for types that have an entry."""
    state = State("", [], {})
    index = json.loads(INDEX.read_bytes())
    state.source, state.missing, state.classes = index["source"], index["missing"], index.get("classes", {})
    state.coverage = index.get("coverage", {})
    for name, old in index["models"].items():
        alias = {"entry": old["entry"]} if "entry" in old else {}
        state.models[name] = {**alias, **line(json.loads(path(old.get("entry", name)).read_bytes()))}
    for file in sorted(ENTRIES.glob("*.json")):
        state.models.setdefault(file.stem, line(json.loads(file.read_bytes())))
        state.missing.pop(file.stem, None)
    state.models = dict(sorted(state.models.items()))
    state.write()


def rewrite(index: dict[str, Any], **changes: Any) -> None:
    """Write the index with other parts, atomically."""
    parts = {**index, **changes}
    _write({"source": parts.pop("source")}, parts)


def _write(start: dict[str, Any], parts: dict[str, dict[str, Any]]) -> None:
    """Write the index with a line for each entry of a part."""
    lines = [f"{json.dumps(key)}: {json.dumps(found)}" for key, found in start.items()]
    lines += [f"{json.dumps(key)}: {_lines(part)}" for key, part in parts.items() if part]
    beside = INDEX.with_suffix(".new")
    beside.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")
    beside.replace(INDEX)


def _lines(found: dict[str, Any]) -> str:
    lines = (f"{json.dumps(name)}: {json.dumps(found[name], ensure_ascii=False)}" for name in sorted(found))
    return "{\n" + ",\n".join(lines) + "\n}"
