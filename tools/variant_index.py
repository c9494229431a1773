"""Store the variants of model types: a file for the entry of each, and bertsym/atlas/variants.json with their list."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import atlas_index as shelf
from atlas_classes import auto_heads
from atlas_types import Kind

INDEX = shelf.FOLDER / "variants.json"
# A part that a file gives in part has other defaults than a part that it leaves out; only recorded rules know them.
UNTOLD = "derived, and its rules of fields are not recorded yet"
STATE = (
    "defaults",
    "class",
    "parameters",
    "heads",
    "partly",
    "engine",
    "unresolved",
    "fixed_by_derivation",
    "fixed_by_code",
)


def wanted() -> dict[str, dict[str, Any]]:
    """Return the listed variants by name, derived or not: type, settings, checkpoint, and the state of the entry."""
    listed: dict[str, dict[str, Any]] = json.loads(INDEX.read_bytes())["variants"]
    return listed


def name_of(model_type: str, settings: Mapping[str, Any]) -> str:
    """Return the name of a variant, which is that of its file.

    >>> name_of("wav2vec2", {"feat_extract_norm": "layer"}), name_of("gemma4", {"vision_config": {}})
    ('wav2vec2+feat_extract_norm=layer', 'gemma4+vision_config=object')
    """
    said = (f"{path}={_word(setting)}" for path, setting in sorted(settings.items()))
    return re.sub(r"[^A-Za-z0-9_.+=-]", "", "+".join((model_type, *said)))


def _word(setting: Any) -> str:
    if isinstance(setting, dict):
        return "object"
    return setting if isinstance(setting, str) else json.dumps(setting)


def variant_kinds(everything: list[Kind]) -> list[Kind]:
    """Return a kind for each listed variant; its heads are the classes of its type, in the entry and the mappings."""
    mapped = auto_heads()
    by_name = {kind.name: kind for kind in everything}
    found = []
    for name, listed in wanted().items():
        kind = by_name[listed["type"]]
        main = json.loads(shelf.path(kind.name).read_bytes())["heads"] if shelf.path(kind.name).exists() else {}
        heads = {head: entry["class"] for head, entry in main.items() if not shelf.unresolved(entry)}
        known = {kind.cls, *heads.values()}
        heads |= {head: cls for head, cls in mapped[kind.name].items() if cls not in known and head not in heads}
        own = tuple((head, cls) for head, cls in heads.items() if cls != kind.cls)
        found.append(kind._replace(name=name, heads=own, shared=(), settings=listed["settings"]))
    return found


def is_due(line: Mapping[str, Any], *, retry: bool) -> bool:
    """Return True for a new variant, one of an older engine, and with `retry` one without a whole formula."""
    from bertsym.derive.export import ENGINE  # noqa: PLC0415

    if line.get("missing") == UNTOLD:
        return False
    return retry if "missing" in line else line.get("engine") != ENGINE or (retry and "partly" in line)


def put(kind: Kind, text: str | None, why: str, defaults: Mapping[str, Any]) -> None:
    """Store the entry of a variant with its line, or the reason why it has none."""
    content = json.loads(INDEX.read_bytes())
    listed = {key: found for key, found in content["variants"][kind.name].items() if key not in (*STATE, "missing")}
    if text is None:
        shelf.path(kind.name).unlink(missing_ok=True)
        listed["missing"] = why
    else:
        shelf.path(kind.name).parent.mkdir(exist_ok=True)
        shelf.path(kind.name).write_text(text, encoding="utf-8", newline="\n")
        listed |= {"defaults": dict(defaults), **_line(json.loads(text))}
    content["variants"][kind.name] = listed
    write(content)


def _line(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of an entry; one with parts counts as missing until its rules are recorded."""
    has_parts = any("." in size.get("field", "") for size in entry["sizes"].values())
    line = shelf.line(dict(entry))
    if has_parts and "fields" not in entry:
        return {"missing": UNTOLD, "engine": line["engine"]}
    return line


def write(content: dict[str, Any]) -> None:
    """Write the list with a line for each variant, atomically."""
    lines = (f"{json.dumps(name)}: {json.dumps(line)}" for name, line in sorted(content["variants"].items()))
    body = ",\n".join(lines)
    beside = INDEX.with_suffix(".new")
    beside.write_text(
        f'{{\n"source": {json.dumps(content["source"])},\n"variants": {{\n{body}\n}}\n}}\n',
        encoding="utf-8",
        newline="\n",
    )
    Path(beside).replace(INDEX)
