"""Write the generated parts of docs/atlas.md: the coverage of the atlas, and the reason for each gap."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import atlas_index as shelf
import variant_index

PAGE = Path(__file__).resolve().parent.parent / "docs" / "atlas.md"
PART = re.compile(r"(?<=<!-- atlas: )(\w+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)
LONGEST = 160
MOST_HEADS = 8
# Entries keep the reasons of the engine that made them. The page shows the older ones in the words of docs/glossary.md.
PLAIN = (
    (r"left as it is, for no formula was found with others", "no formula at other values"),
    (r"no other value was accepted", "the code accepted no other value"),
    (r"only its own value is accepted", "the code accepts its default only"),
    (r"refused together with (.*)", r"the code rejects other values together with \1"),
    (r"it follows (.*), which stands still", r"determined by \1, which is fixed"),
    (r"its indices have gaps that no constant step explains", "no constant step gives its indices, which have gaps"),
    (r"no simple condition tells when", "no simple condition says when the tensor exists"),
    (r"it differs from index to index, by no rule that was tried", "no rule that was tried gives it for each index"),
    (r"a condition of it happened to hold at .*", "a condition held in all samples by accident"),
    (r"the formula that was found was wrong", "the formula was wrong"),
    (r"it hangs on how", "it depends on how"),
    (r"(?:it|the code) refuses (\d+) draws in a row, the last for",
     r"the code rejected \1 samples in a row, the last by"),
    (r"no formula gives what (\d+) builds have, such as (\S+), which depend on (.*)",
     r"no formula in \3 fits all \1 builds (first value \2)"),
    (r"TimeoutError: not done within", "not derived within"),
    (r"it did not finish within (\d+) seconds; .*", r"one build took more than \1 seconds"),
    (r"importing it raised", "the code raised"),
)  # fmt: skip


def main(*, check: bool) -> int:
    """Rewrite the parts; with `check`, change nothing and return 1 if a part is stale."""
    text = PAGE.read_text(encoding="utf-8")
    parts = {
        "coverage": coverage,
        "variants": variants,
        "partly": partly,
        "fixed": fixed,
        "missing": missing,
        "classes": classes,
        "without": without,
    }
    new = PART.sub(lambda found: found[1] + found[2] + "\n".join(parts[found[1]]()) + "\n", text)
    if new != text and not check:
        PAGE.write_text(new, encoding="utf-8")
    if new != text:
        print(f"docs/atlas.md: {'stale, run `make golden`' if check else 'refreshed'}", file=sys.stderr)
    return 1 if check and new != text else 0


def index() -> dict[str, Any]:
    """Return the index; `entries` leaves out the types that share the entry of another type."""
    found: dict[str, Any] = json.loads(shelf.INDEX.read_bytes())
    found["entries"] = {name: line for name, line in found["models"].items() if "entry" not in line}
    return found


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the JSON of every entry."""
    for name in sorted(index()["entries"]):
        yield name, json.loads(shelf.path(name).read_bytes())


def coverage() -> Iterator[str]:
    """Yield the table of figures."""
    found = index()
    entries = found["entries"].values()
    whole = [line for line in entries if "model" in line["heads"]]
    same = len(found["models"]) - len(found["entries"])
    built = len(entries) + same
    heads = Counter(head for line in entries for head in line["heads"])
    folders = (shelf.ENTRIES, shelf.VARIANT_ENTRIES)
    files = [file for folder in folders for file in folder.glob("*.json")]
    size = sum(file.stat().st_size for file in [*files, shelf.INDEX, variant_index.INDEX])
    rows = [
        (f"model types of {found['source']} with a model class", built + len(found["missing"])),
        (
            "of these that build with their default configuration",
            built + sum(_is_built(why) for why in found["missing"].values()),
        ),
        (
            "model types with a whole formula (every tensor has one)",
            len(whole) + sum("model" in found["models"][n]["heads"] for n in _same(found)),
        ),
        ("of these without a field that derive fixed", _unfrozen(found)),
        ("of these with a text, a list, its length or an empty field that stays at its default", _held(found)),
        ("of these with a number or switch that the code accepts at no other value", _only()),
        ("model types with formulas of some tensors only", sum("model" not in line["heads"] for line in entries)),
        ("classes with a whole formula in entries", sum(heads.values())),
        *(
            (f"of these, `--head {name}`" if name != "model" else "of these, the model class itself", n)
            for name, n in heads.most_common(MOST_HEADS)
        ),
        ("size of the atlas in bytes", size),
    ]
    yield from _table(("what", "number"), [(what, f"{number:,}") for what, number in rows])


def variants() -> Iterator[str]:
    """Yield the table of variants, with the reason for each that has no formula."""
    rows = [
        (
            f"`{line['type']}`",
            ", ".join(f"`{path}: {json.dumps(setting)}`" for path, setting in line["settings"].items()),
            line["checkpoint"],
            _short(line.get("missing") or ", ".join(head for head in line.get("heads", {}))),
        )
        for _, line in sorted(variant_index.wanted().items())
    ]
    yield from _table(("model type", "settings", "checkpoint", "heads, or why there are none"), rows)


def _same(found: dict[str, Any]) -> list[str]:
    return [name for name, line in found["models"].items() if "entry" in line]


def _unfrozen(found: dict[str, Any]) -> int:
    return sum("model" in line["heads"] and not line.get("fixed_by_derivation") for line in found["models"].values())


def _held(found: dict[str, Any]) -> int:
    return sum("model" in line["heads"] and "fixed_by_code" in line for line in found["models"].values())


def _only() -> int:
    whole = (entry for _, entry in contents() if not shelf.unresolved(entry["heads"]["model"]))
    return sum(any(isinstance(one, int | float) for one in entry.get("fixed_by_code", {}).values()) for entry in whole)


def _is_built(why: str) -> bool:
    return not why.startswith(
        (
            "its own sizes do not build",
            "no model type or class",
            "building it as it is configured",
            "importing it raised",
        )
    )


def classes() -> Iterator[str]:
    """Yield the table of the classes of each auto mapping, and of all together."""
    found = dict(index().get("coverage", {}))
    total = found.pop("all", [0, 0])
    rows = [(f"`{head}`", f"{wanted:,}", f"{covered:,}") for head, (wanted, covered) in sorted(found.items())]
    rows.append(("all mappings, each class once", f"{total[0]:,}", f"{total[1]:,}"))
    yield from _table(("auto mapping", "classes", "with a whole formula"), rows)


def without() -> Iterator[str]:
    """Yield the table of the classes without a formula."""
    rows = [(f"`{cls}`", _short(why)) for cls, why in sorted(index().get("classes", {}).items())]
    yield from _table(("class", "reason"), rows)


def partly() -> Iterator[str]:
    """Yield the table of classes with tensors that have no formula."""
    rows = []
    for name, content in contents():
        for head, found in content["heads"].items():
            missing = shelf.unresolved(found)
            if missing:
                tensor, part, why = missing[0]
                first = f"`{tensor}`, {part}: {why}"
                count = str(len(missing))
                if tensor == "all of them":
                    first, count = why, "all"
                rows.append((f"`{name}`", head, count, _short(first)))
    yield from _table(("model type", "head", "tensors without a formula", "the first of these, and the reason"), rows)


def fixed() -> Iterator[str]:
    """Yield the table of fixed fields that are numbers or switches."""
    rows = [
        (f"`{name}`", f"`{path}` = `{json.dumps(at['value'])}`", _short(at["reason"]))
        for name, content in contents()
        for path, at in content.get("fixed_by_derivation", {}).items()
    ]
    yield from _table(("model type", "field and its value", "reason"), rows)


def missing() -> Iterator[str]:
    """Yield the table of model types without an entry."""
    rows = [(f"`{name}`", _short(why)) for name, why in sorted(index()["missing"].items())]
    yield from _table(("model type", "reason"), rows)


def plain(reason: str) -> str:
    """Return a reason in the words of the glossary."""
    for old, new in PLAIN:
        reason = re.sub(old, new, reason)
    return reason


def _short(text: str) -> str:
    safe = plain(text).replace("|", "\\|").replace("<", "&lt;").replace("][", "]\\[")  # a[1][1] is no link
    return safe if len(safe) <= LONGEST else safe[: LONGEST - 3] + "..."


def _table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        yield "None."
        return
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
